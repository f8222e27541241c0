/**
 * How many requests a caller may send. Requests are counted in windows; a window begins with the first request that is
 * counted in it.
 */
import type { Instant } from './period.js';
import type { Plan } from './plan.js';
import { isCovering, stateAt } from './subscription.js';
import type { Subscription } from './subscription.js';

/** Requests a minute of those for whom no plan speaks; `null`: any number. */
export interface RateLimitSettings {
  /** From one address, without a key. */
  readonly keyless: number | null;
  /** Of a key where no plan says. */
  readonly keyed: number | null;
  /** From one address, with keys that are no good: not known, expired or revoked. */
  readonly badKeys: number | null;
  /** In how long a window requests are counted. */
  readonly windowSeconds: number;
}

export interface RequestQuota {
  readonly requests: number;
  readonly windowSeconds: number;
}

/** How many requests came in the present window, and when it ends. */
export interface RequestCount {
  readonly count: number;
  readonly resetAt: Instant;
}

const SECONDS_PER_MINUTE = 60;
/** The largest integer of a structured header field (RFC 9651, 3.3.1). */
const REQUESTS_MAX = 999_999_999_999_999;

/**
 * What so many requests a minute come to in windows of this length, rounded down. Where that would be less than one
 * request, the window is as much longer.
 */
export const requestQuota = (perMinute: number, windowSeconds: number): RequestQuota => {
  const requests = Math.min(REQUESTS_MAX, Math.floor((perMinute * windowSeconds) / SECONDS_PER_MINUTE));
  return requests >= 1
    ? { requests, windowSeconds }
    : { requests: 1, windowSeconds: Math.ceil(SECONDS_PER_MINUTE / perMinute) };
};

/** Whether the last request that was counted was one too many. */
export const isOverQuota = ({ requests }: RequestQuota, { count }: RequestCount): boolean => count > requests;

export const requestsLeft = ({ requests }: RequestQuota, { count }: RequestCount): number =>
  Math.max(0, requests - count);

/** What the plan allows a minute; `null`: it says nothing, or no longer covers. */
export const requestsPerMinuteAt = (
  subscription: Subscription | null,
  plan: Plan | null,
  now: Instant,
): number | null =>
  subscription !== null && plan !== null && isCovering(stateAt(subscription, plan, now))
    ? plan.requestsPerMinute
    : null;
