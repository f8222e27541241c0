/**
 * Counts requests of all processes together: one atomic update each. A count that is lost in a failover lets a few
 * requests more through, which is worth less than waiting for a majority on every request.
 */
import { setTimeout } from 'node:timers/promises';
import type { MongoClient } from 'mongodb';
import { RateLimiterMongo } from 'rate-limiter-flexible';
import type { RequestCount } from '../../domain/rateLimit.js';
import { StoreError } from '../storeError.js';
import { REQUEST_COUNTS } from './collections.js';
import { isOutcomeUnknown } from './storeErrorOf.js';

const ATTEMPTS_MAX = 5;
const PAUSE_MS = 10;

export class RequestCounter {
  readonly #limiter: RateLimiterMongo;

  constructor(client: MongoClient, databaseName: string) {
    this.#limiter = new RateLimiterMongo({
      storeClient: client.db(databaseName, { writeConcern: { w: 1 } }),
      tableName: REQUEST_COUNTS,
      keyPrefix: '',
      // Only counts: how many are allowed depends on the caller.
      points: 0,
      duration: 1,
      // Made at start, with the others.
      disableIndexesCreation: true,
    });
  }

  async count(bucket: string, windowSeconds: number): Promise<RequestCount> {
    // Its types know nothing of this option, which all limiters take.
    const options = { customDuration: windowSeconds, attrs: {} };
    for (let attempt = 1; ; attempt += 1) {
      try {
        const counted = await this.#limiter.penalty(bucket, 1, options);
        return { count: counted.consumedPoints, resetAt: Date.now() + counted.msBeforeNext };
      } catch (error) {
        // Where several begin a window at once the server may turn all but one away. They find it begun a moment later.
        if (attempt === ATTEMPTS_MAX || isOutcomeUnknown(error)) throw error;
        await setTimeout(attempt * PAUSE_MS);
      }
    }
  }
}

/** A request must not wait long for being counted: it may be a free one, which needs no store. */
export const COUNT_TIMEOUT_MS = 1_000;

export const notCounted = (): never => {
  throw new StoreError('UNREACHABLE', `MongoDB did not count a request within ${COUNT_TIMEOUT_MS} ms.`);
};
