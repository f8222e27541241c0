import { describe, expect, it } from 'vitest';
import { isOverQuota, requestQuota, requestsLeft, requestsPerMinuteAt } from '../../../src/domain/rateLimit.js';
import { at, NOW, plan, subscription } from '../../support/domain.js';

describe('a quota', () => {
  it.each([
    [600, 60, { requests: 600, windowSeconds: 60 }],
    [600, 1, { requests: 10, windowSeconds: 1 }],
    [90, 1, { requests: 1, windowSeconds: 1 }],
    [20, 5, { requests: 1, windowSeconds: 5 }],
    [1, 60, { requests: 1, windowSeconds: 60 }],
    // Less than one request a window: the window is longer, since half a request can't be sent.
    [7, 5, { requests: 1, windowSeconds: 9 }],
    [1, 1, { requests: 1, windowSeconds: 60 }],
    [Number.MAX_SAFE_INTEGER, 60, { requests: 999_999_999_999_999, windowSeconds: 60 }],
  ])('of %d a minute, counted in windows of %d s', (perMinute, windowSeconds, quota) => {
    expect(requestQuota(perMinute, windowSeconds)).toEqual(quota);
  });

  it('never lets more through in a minute than there are requests a minute', () => {
    for (const windowSeconds of [1, 2, 3, 5, 10, 60]) {
      for (let perMinute = 1; perMinute <= 200; perMinute += 1) {
        const quota = requestQuota(perMinute, windowSeconds);
        expect(Math.floor(60 / quota.windowSeconds) * quota.requests).toBeLessThanOrEqual(perMinute);
      }
    }
  });

  it('is used up by its last request, and exceeded by the next', () => {
    const quota = requestQuota(2, 60);
    const after = (count: number) => ({ count, resetAt: NOW });
    expect([0, 1, 2, 3, 9].map((count) => requestsLeft(quota, after(count)))).toEqual([2, 1, 0, 0, 0]);
    expect([0, 1, 2, 3, 9].map((count) => isOverQuota(quota, after(count)))).toEqual([false, false, false, true, true]);
  });
});

describe('a plan’s requests a minute', () => {
  const ninety = plan({ requestsPerMinute: 90 });

  it('hold while the subscription covers', () => {
    expect(requestsPerMinuteAt(subscription(), ninety, NOW)).toBe(90);
    expect(requestsPerMinuteAt(subscription(), plan(), NOW)).toBeNull();
  });

  it('say nothing without a subscription, without its plan, and once it has ended', () => {
    expect(requestsPerMinuteAt(null, null, NOW)).toBeNull();
    expect(requestsPerMinuteAt(subscription(), null, NOW)).toBeNull();
    expect(requestsPerMinuteAt(subscription(), ninety, at('2025-03-01T00:00:00.000Z'))).toBeNull();
  });
});
