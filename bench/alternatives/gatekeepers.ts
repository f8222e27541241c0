/**
 * Tools that allow or deny and know nothing of amounts: graphql-shield and @envelop/generic-auth. They let an account in
 * that is covered or has credits; what its fields cost is noted as they resolve and taken when the operation is over.
 */
import { envelop, useEngine, useSchema } from '@envelop/core';
import { useGenericAuth } from '@envelop/generic-auth';
import { execute, GraphQLError, parse, specifiedRules, subscribe, validate } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import { applyMiddleware } from 'graphql-middleware';
import { rule, shield } from 'graphql-shield';
import type { AccountBook } from './accountBook.js';
import { paymentRequired, PRICES, wrapPaid } from './contender.js';
import type { Contender, Context } from './contender.js';

interface TallyContext extends Context {
  /** Those that the account's plan includes, as far as they were asked for. */
  readonly covered: Set<string>;
  spent: number;
}

const REMARK = 'no journal, charges only after it has served';

/** Notes what each field costs once it has resolved: what fails is not charged. */
const tallied = (free: GraphQLSchema): GraphQLSchema =>
  wrapPaid(free, (resolve, { feature, of }) => (source, args: object, context, info) => {
    const value: unknown = resolve(source, args, context, info);
    const tally = context as TallyContext;
    if (!tally.covered.has(feature)) tally.spent += of({ ...args });
    return value;
  });

const take = async (book: AccountBook, { account, spent }: TallyContext): Promise<void> => {
  if (spent > 0) await book.drain(account, spent);
};

export const shielded = (free: GraphQLSchema, book: AccountBook): Contender => {
  const mayPay = (feature: string) =>
    rule({ cache: 'contextual' })(async (_source, _args, context: TallyContext) => {
      const isCovered = await book.isCovered(context.account, feature);
      if (isCovered) context.covered.add(feature);
      return isCovered || (await book.findCredits(context.account)) > 0 || paymentRequired();
    });
  const rules = {
    Query: { nearest: mayPay('geocoding') },
    Country: { cities: mayPay('cities') },
    City: { distance: mayPay('distance') },
  };
  const schema = applyMiddleware(tallied(free), shield(rules, { allowExternalErrors: true }));
  return {
    name: 'graphql-shield',
    run: async (account, document) => {
      const contextValue: TallyContext = { account, covered: new Set(), spent: 0 };
      const result = await execute({ schema, document, contextValue });
      await take(book, contextValue);
      return result;
    },
    creditsOf: (account) => book.findCredits(account),
    remark: REMARK,
  };
};

interface User {
  readonly features: ReadonlySet<string>;
  readonly credits: number;
}

const FEATURE_OF = new Map(Object.entries(PRICES).map(([at, { feature }]) => [at.split('.')[1], feature]));

export const authorized = (free: GraphQLSchema, book: AccountBook): Contender => {
  const getEnveloped = envelop({
    plugins: [
      useEngine({ parse, validate, specifiedRules, execute, subscribe }),
      useSchema(tallied(free)),
      useGenericAuth<User, TallyContext & Record<string, unknown>>({
        mode: 'protect-all',
        resolveUserFn: async (context) => {
          const features = await book.findFeatures(context.account);
          for (const feature of features) context.covered.add(feature);
          return { features, credits: await book.findCredits(context.account) };
        },
        validateUser: ({ user, fieldNode }) => {
          const feature = FEATURE_OF.get(fieldNode.name.value);
          const isFree = feature === undefined || user.features.has(feature);
          return isFree || user.credits > 0 ? undefined : paymentRequired();
        },
      }),
    ],
  });
  return {
    name: '@envelop/generic-auth',
    run: async (account, document) => {
      const tally: TallyContext = { account, covered: new Set(), spent: 0 };
      const enveloped = getEnveloped(tally);
      const contextValue = (await enveloped.contextFactory()) as TallyContext;
      const schema = enveloped.schema as GraphQLSchema;
      const result: unknown = await enveloped.execute({ schema, document, contextValue });
      await take(book, contextValue);
      if (typeof result !== 'object' || result === null) throw new GraphQLError('There is no result.');
      return result;
    },
    creditsOf: (account) => book.findCredits(account),
    remark: REMARK,
  };
};
