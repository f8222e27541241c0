/** graphql-rate-limit-directive, with points for credits. It counts in memory, and its limit is the schema's, not the account's. */
import { makeExecutableSchema } from '@graphql-tools/schema';
import { execute } from 'graphql';
import { rateLimitDirective } from 'graphql-rate-limit-directive';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { freeResolvers, pricedTypeDefs } from '../world.js';
import type { AccountBook } from './accountBook.js';
import type { Contender, Context } from './contender.js';

const WEEKS_IN_SECONDS = 3 * 7 * 24 * 60 * 60;

/** Every account has so many credits in three weeks: near a balance, and as long as its timers can wait. */
export const rateLimited = (book: AccountBook, credits: number): Contender => {
  const spent = new Map<string, number>();
  const { rateLimitDirectiveTypeDefs, rateLimitDirectiveTransformer } = rateLimitDirective<Context>({
    limiterClass: RateLimiterMemory,
    keyGenerator: (_limit, _source, _args, { account }) => account,
    pointsCalculator: async (_limit, _source, { first }, { account }, { fieldName }) => {
      if (await book.isCovered(account)) return 0;
      return fieldName === 'distance' ? 2 : Number(first);
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
    remark: 'in memory: a restart forgets what was spent',
  };
};
