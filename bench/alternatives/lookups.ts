/** Paid fields that look up subscription and balance for themselves, and debit before they resolve. */
import DataLoader from 'dataloader';
import { execute } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import type { AccountBook } from './accountBook.js';
import { paymentRequired, wrapPaid } from './contender.js';
import type { Contender, Context } from './contender.js';

/** Each paid field by itself: what one writes first. */
export const naiveLookups = (free: GraphQLSchema, book: AccountBook): Contender => {
  const schema = wrapPaid(free, (resolve, { feature, of }) => async (source, args: object, context, info) => {
    const { account } = context;
    if (!(await book.isCovered(account, feature))) {
      const price = of({ ...args });
      if ((await book.findCredits(account)) < price || !(await book.debit(account, price))) throw paymentRequired();
    }
    return resolve(source, args, context, info);
  });
  return {
    name: 'lookups in each field',
    run: async (account, document) => execute({ schema, document, contextValue: { account } }),
    creditsOf: (account) => book.findCredits(account),
    remark: 'no journal',
  };
};

interface LoadingContext extends Context {
  /** By feature. */
  readonly isCovered: DataLoader<string, boolean>;
  readonly credits: DataLoader<string, number>;
  readonly debits: DataLoader<number, boolean>;
}

/** One lookup of each kind and one debit for all paid fields of one turn. Where they don't suffice for all, each is tried alone. */
export const loadedLookups = (free: GraphQLSchema, book: AccountBook): Contender => {
  const schema = wrapPaid(free, (resolve, { feature, of }) => async (source, args: object, context, info) => {
    const { account, isCovered, credits, debits } = context as LoadingContext;
    if (!(await isCovered.load(feature))) {
      const price = of({ ...args });
      if ((await credits.load(account)) < price || !(await debits.load(price))) throw paymentRequired();
    }
    return resolve(source, args, context, info);
  });
  const contextOf = (account: string): LoadingContext => ({
    account,
    isCovered: new DataLoader((features) => Promise.all(features.map((each) => book.isCovered(account, each)))),
    credits: new DataLoader((accounts) => Promise.all(accounts.map((each) => book.findCredits(each)))),
    debits: new DataLoader((prices) => debitAll(book, account, prices), { cache: false }),
  });
  return {
    name: 'lookups with DataLoader',
    run: async (account, document) => execute({ schema, document, contextValue: contextOf(account) }),
    creditsOf: (account) => book.findCredits(account),
    remark: 'no journal',
  };
};

const debitAll = async (book: AccountBook, account: string, prices: readonly number[]): Promise<boolean[]> => {
  const sum = prices.reduce((total, price) => total + price, 0);
  if (await book.debit(account, sum)) return prices.map(() => true);
  const debited: boolean[] = [];
  for (const price of prices) debited.push(await book.debit(account, price));
  return debited;
};
