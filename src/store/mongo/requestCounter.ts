/**
 * Counts requests of all processes together: one atomic update each. A count that is lost in a failover lets a few
 * requests more through, which is worth less than waiting for a majority on every request.
 */
import type { MongoClient } from 'mongodb';
import { RateLimiterMongo } from 'rate-limiter-flexible';
import type { RequestCount } from '../../domain/rateLimit.js';
import { REQUEST_COUNTS } from './schema.js';

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
    const counted = await this.#limiter.penalty(bucket, 1, options);
    return { count: counted.consumedPoints, resetAt: Date.now() + counted.msBeforeNext };
  }
}
