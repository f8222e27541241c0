/** graphql-rate-limit-directive, with points for credits. Its limit is the schema's, not the account's. */
import { makeExecutableSchema } from '@graphql-tools/schema';
import { execute } from 'graphql';
import { rateLimitDirective } from 'graphql-rate-limit-directive';
import { RateLimiterSQLite } from 'rate-limiter-flexible';
import type { IRateLimiterStoreOptions } from 'rate-limiter-flexible';
import { freeResolvers, pricedTypeDefs } from '../world.js';
import type { AccountBook } from './accountBook.js';
import { PRICES } from './contender.js';
import type { Contender, Context } from './contender.js';

const WEEKS_IN_SECONDS = 3 * 7 * 24 * 60 * 60;

/** Every account has so many credits in three weeks: near a balance. They are counted where the others keep balances. */
export const rateLimited = (book: AccountBook, credits: number): Contender => {
  const spent = new Map<string, number>();
  const { rateLimitDirectiveTypeDefs, rateLimitDirectiveTransformer } = rateLimitDirective<
    Context,
    IRateLimiterStoreOptions
  >({
    limiterClass: RateLimiterSQLite,
    limiterOptions: { storeClient: book.database, storeType: 'better-sqlite3', tableName: 'points' },
    keyGenerator: (_limit, _source, _args, { account }) => account,
    pointsCalculator: async (_limit, _source, args, { account }, { parentType, fieldName }) => {
      const price = PRICES[`${parentType.name}.${fieldName}`];
      return price === undefined || (await book.isCovered(account, price.feature)) ? 0 : price.of(args);
    },
    setState: ({ consumedPoints }, _limit, _source, _args, { account }) => {
      spent.set(account, Math.min(credits, consumedPoints));
    },
  });
  const limit = `@rateLimit(limit: ${credits}, duration: ${WEEKS_IN_SECONDS})`;
  const schema = rateLimitDirectiveTransformer(
    makeExecutableSchema({ typeDefs: [rateLimitDirectiveTypeDefs, pricedTypeDefs(limit)], resolvers: freeResolvers() }),
  );
  return {
    name: 'graphql-rate-limit-directive',
    run: async (account, document) => execute({ schema, document, contextValue: { account } }),
    creditsOf: async (account) => credits - (spent.get(account) ?? 0),
    remark: 'no journal',
  };
};
