/**
 * Why a paid field is not admitted: a closed set, in order of precedence, each with its remedy. The table is the
 * contract with client developers; codes and statuses are derived from it at the edge.
 */
import type { AccountId, PlanId } from './ids.js';
import type { Instant } from './period.js';

export const REFUSAL_REASONS = [
  'KEY_REQUIRED',
  'KEY_UNKNOWN',
  'KEY_EXPIRED',
  'KEY_REVOKED',
  'ACCOUNT_SUSPENDED',
  'SCOPE_MISSING',
  'RATE_LIMITED',
  'PAYMENT_METHOD_EXPIRED',
  'PAYMENT_FAILED',
  'SUBSCRIPTION_EXPIRED',
  'KEY_BUDGET_REACHED',
  'LIMIT_REACHED',
  'INSUFFICIENT_FUNDS',
  'PLAN_UPGRADE_REQUIRED',
  'SUBSCRIPTION_REQUIRED',
  'STORE_UNAVAILABLE',
] as const;

export type RefusalReason = (typeof REFUSAL_REASONS)[number];

export type Remedy =
  | 'USE_VALID_KEY'
  | 'CONTACT_SUPPORT'
  | 'SLOW_DOWN'
  | 'UPDATE_PAYMENT_METHOD'
  | 'RENEW_SUBSCRIPTION'
  | 'RAISE_BUDGET'
  | 'UPGRADE_PLAN'
  | 'ADD_FUNDS'
  | 'SUBSCRIBE'
  | 'RETRY_LATER';

export type RefusalCode = 'UNAUTHENTICATED' | 'FORBIDDEN' | 'RATE_LIMITED' | 'PAYMENT_REQUIRED' | 'SERVICE_UNAVAILABLE';

/** The causes that users of APIs report, as a person would name them: each has a page of that name in docs/errors. */
export const REFUSAL_CAUSES = [
  'incorrect-api-key',
  'unauthorised-access',
  'excessive-requests',
  'payment-method-expired',
  'subscription-expired',
  'key-budget-reached',
  'insufficient-funds',
  'paid-content',
  'gateway-failing',
] as const;

export type RefusalCause = (typeof REFUSAL_CAUSES)[number];

interface ReasonRow {
  readonly remedy: Remedy;
  readonly code: RefusalCode;
  readonly cause: RefusalCause;
}

export const REASONS: Readonly<Record<RefusalReason, ReasonRow>> = {
  KEY_REQUIRED: { remedy: 'USE_VALID_KEY', code: 'UNAUTHENTICATED', cause: 'incorrect-api-key' },
  KEY_UNKNOWN: { remedy: 'USE_VALID_KEY', code: 'UNAUTHENTICATED', cause: 'incorrect-api-key' },
  KEY_EXPIRED: { remedy: 'USE_VALID_KEY', code: 'UNAUTHENTICATED', cause: 'incorrect-api-key' },
  KEY_REVOKED: { remedy: 'USE_VALID_KEY', code: 'UNAUTHENTICATED', cause: 'incorrect-api-key' },
  ACCOUNT_SUSPENDED: { remedy: 'CONTACT_SUPPORT', code: 'FORBIDDEN', cause: 'unauthorised-access' },
  SCOPE_MISSING: { remedy: 'CONTACT_SUPPORT', code: 'FORBIDDEN', cause: 'unauthorised-access' },
  RATE_LIMITED: { remedy: 'SLOW_DOWN', code: 'RATE_LIMITED', cause: 'excessive-requests' },
  PAYMENT_METHOD_EXPIRED: {
    remedy: 'UPDATE_PAYMENT_METHOD',
    code: 'PAYMENT_REQUIRED',
    cause: 'payment-method-expired',
  },
  PAYMENT_FAILED: { remedy: 'UPDATE_PAYMENT_METHOD', code: 'PAYMENT_REQUIRED', cause: 'payment-method-expired' },
  SUBSCRIPTION_EXPIRED: { remedy: 'RENEW_SUBSCRIPTION', code: 'PAYMENT_REQUIRED', cause: 'subscription-expired' },
  KEY_BUDGET_REACHED: { remedy: 'RAISE_BUDGET', code: 'PAYMENT_REQUIRED', cause: 'key-budget-reached' },
  LIMIT_REACHED: { remedy: 'UPGRADE_PLAN', code: 'PAYMENT_REQUIRED', cause: 'paid-content' },
  INSUFFICIENT_FUNDS: { remedy: 'ADD_FUNDS', code: 'PAYMENT_REQUIRED', cause: 'insufficient-funds' },
  PLAN_UPGRADE_REQUIRED: { remedy: 'UPGRADE_PLAN', code: 'PAYMENT_REQUIRED', cause: 'paid-content' },
  SUBSCRIPTION_REQUIRED: { remedy: 'SUBSCRIBE', code: 'PAYMENT_REQUIRED', cause: 'paid-content' },
  STORE_UNAVAILABLE: { remedy: 'RETRY_LATER', code: 'SERVICE_UNAVAILABLE', cause: 'gateway-failing' },
};

/** A paid field that was not admitted, and the figures that decided it. */
export interface Refusal {
  readonly reason: RefusalReason;
  /** `null` where the key bars the caller from everything. */
  readonly coordinate: string | null;
  readonly feature: string | null;
  /**
   * What one position needs and what there is: limit units for `LIMIT_REACHED`, what is left of the key's budget for
   * `KEY_BUDGET_REACHED`, else credits. Both `null` where credits can't buy it; `required` alone where its price is more
   * than 2^53 - 1 credits.
   */
  readonly required: number | null;
  readonly available: number | null;
  /** As `available`: what operations under way hold of it, where that would suffice if it came back; left out where not. */
  readonly held?: number;
  /** Plans on offer that would cover it, cheapest first. */
  readonly plans: readonly PlanId[];
  /** When the window of the limit or budget, or the rate limit, begins anew. */
  readonly resetAt: Instant | null;
  /** Whether the same request can succeed later without anybody paying. */
  readonly retryable: boolean;
}

/** What the address at which a person carries a remedy out may depend on. */
export interface RemedyOccasion {
  readonly remedy: Remedy;
  /** `null`: an operator asks about what nobody has met. */
  readonly refusal: Refusal | null;
  /** `null`: nobody knows whose key it was. */
  readonly accountId: AccountId | null;
  /** `null`: the operation was not sent, and nothing is recorded of it. */
  readonly refusalId: string | null;
}

/** Whether one reason stands above another in the order of precedence. */
export const precedes = (a: RefusalReason, b: RefusalReason): boolean =>
  REFUSAL_REASONS.indexOf(a) < REFUSAL_REASONS.indexOf(b);

/** The first of these in order of precedence: what answers for a whole operation. Of equals the first given. */
export const firstOf = (refusals: readonly [Refusal, ...Refusal[]]): Refusal =>
  refusals.reduce((first, each) => (precedes(each.reason, first.reason) ? each : first));
