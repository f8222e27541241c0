/** Counts requests in the memory of this process: all there is to count where it has its store to itself. */
import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { RequestCount } from '../domain/rateLimit.js';

export class MemoryRequestCounter {
  /** Only counts: how many are allowed depends on the caller. */
  readonly #limiter = new RateLimiterMemory({ points: 0, duration: 1 });

  async count(bucket: string, windowSeconds: number): Promise<RequestCount> {
    const counted = await this.#limiter.penalty(bucket, 1, { customDuration: windowSeconds });
    return { count: counted.consumedPoints, resetAt: Date.now() + counted.msBeforeNext };
  }
}
