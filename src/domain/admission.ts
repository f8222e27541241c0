/**
 * Whether a paid field is covered by a plan, paid with credits, or refused, and why. Both gates ask `decide`: before
 * the operation runs with the account's means, and while it runs with what the tab holds.
 */
import type { KeyState } from './account.js';
import { priceOf } from './credits.js';
import type { PlanId } from './ids.js';
import { windowAt } from './period.js';
import type { Instant } from './period.js';
import { allowanceFor, plansCovering } from './plan.js';
import type { Allowance, Plan } from './plan.js';
import type { Refusal, RefusalReason } from './refusal.js';
import { anchorOf, isCovering, stateAt } from './subscription.js';
import type { Subscription, SubscriptionState } from './subscription.js';
import { countUnits, leftOf } from './wallet.js';
import type { Counter, LimitClaim } from './wallet.js';

/** What `@requiresPayment` says of one field. */
export interface Requirement {
  /** The schema coordinate, as in `Query.nearest`. */
  readonly coordinate: string;
  /** `null`: every plan covers it. */
  readonly feature: string | null;
  /** Credits for one unit where no plan covers it. `null`: only a subscription will do. */
  readonly cost: number | null;
}

/** What an account can pay with. */
export interface Means {
  readonly subscription: Subscription | null;
  /** The plan version that the subscription is to. */
  readonly plan: Plan | null;
  /** Credits that can be spent. */
  readonly credits: number;
  readonly counters: readonly Counter[];
  /** The plans that can be bought. */
  readonly offers: readonly Plan[];
}

/** Everything about the caller that a decision depends on. */
export interface Standing {
  readonly key: KeyState;
  readonly suspended: boolean;
  /** The features that the key may ask for; `null`: all. */
  readonly scopes: readonly string[] | null;
  /** Set where the caller has sent more requests than allowed. */
  readonly rateLimitedUntil: Instant | null;
  /** `null`: the store could not be asked. */
  readonly means: Means | null;
}

export type Decision =
  | {
      readonly outcome: 'covered';
      readonly planId: PlanId;
      /** What it draws of a limit; `null`: unlimited. */
      readonly draws: LimitClaim | null;
    }
  | { readonly outcome: 'paid'; readonly credits: number }
  | { readonly outcome: 'refused'; readonly refusal: Refusal };

/** Decides about one position. `units` is whole and not negative. */
export const decide = (requirement: Requirement, units: number, standing: Standing, now: Instant): Decision => {
  const barred = barredBy(requirement, standing);
  if (barred !== null) {
    const resetAt = barred === 'RATE_LIMITED' ? standing.rateLimitedUntil : null;
    const retryable = barred === 'RATE_LIMITED' || barred === 'STORE_UNAVAILABLE';
    return refuse(requirement, barred, { resetAt, retryable });
  }
  const { means } = standing;
  if (means === null) return refuse(requirement, 'STORE_UNAVAILABLE', { retryable: true });

  const coverage = coverageOf(requirement, units, means, now);
  if (coverage.kind === 'covered') return { outcome: 'covered', planId: coverage.planId, draws: coverage.draws };

  const price = requirement.cost === null ? null : priceOf(requirement.cost, units);
  const mayBuy = requirement.cost !== null && !(coverage.kind === 'exhausted' && coverage.whenExhausted === 'REFUSE');
  if (mayBuy && price !== null && price <= means.credits) return { outcome: 'paid', credits: price };

  if (coverage.kind === 'exhausted') {
    const { window, limit } = coverage.draws;
    return refuse(requirement, 'LIMIT_REACHED', {
      required: units,
      available: coverage.left,
      plans: plansCovering(means.offers, requirement.feature, Math.max(units, limit + 1)),
      resetAt: window.endsAt,
      retryable: units <= limit,
    });
  }
  return refuse(requirement, coverage.reason, {
    ...(requirement.cost === null ? {} : { required: price, available: means.credits }),
    plans: plansCovering(means.offers, requirement.feature, units),
  });
};

/** The means that are left after a decision: what the next position is decided against. */
export const meansAfter = (means: Means, decision: Decision): Means => {
  switch (decision.outcome) {
    case 'paid':
      return { ...means, credits: means.credits - decision.credits };
    case 'covered':
      return decision.draws === null ? means : { ...means, counters: countUnits(means.counters, decision.draws) };
    case 'refused':
      return means;
  }
};

type Figures = Partial<Pick<Refusal, 'required' | 'available' | 'plans' | 'resetAt' | 'retryable'>>;

const refuse = ({ coordinate, feature }: Requirement, reason: RefusalReason, figures: Figures): Decision => ({
  outcome: 'refused',
  refusal: {
    reason,
    coordinate,
    feature,
    required: null,
    available: null,
    plans: [],
    resetAt: null,
    retryable: false,
    ...figures,
  },
});

const KEY_REASONS: Readonly<Record<KeyState, RefusalReason | null>> = {
  MISSING: 'KEY_REQUIRED',
  UNKNOWN: 'KEY_UNKNOWN',
  EXPIRED: 'KEY_EXPIRED',
  REVOKED: 'KEY_REVOKED',
  UNVERIFIED: null,
  VALID: null,
};

/** What stands in the way whatever the caller could pay. */
const barredBy = ({ feature }: Requirement, standing: Standing): RefusalReason | null => {
  const keyReason = KEY_REASONS[standing.key];
  if (keyReason !== null) return keyReason;
  if (standing.suspended) return 'ACCOUNT_SUSPENDED';
  if (feature !== null && standing.scopes !== null && !standing.scopes.includes(feature)) return 'SCOPE_MISSING';
  if (standing.rateLimitedUntil !== null) return 'RATE_LIMITED';
  return standing.key === 'UNVERIFIED' ? 'STORE_UNAVAILABLE' : null;
};

type Coverage =
  | { readonly kind: 'covered'; readonly planId: PlanId; readonly draws: LimitClaim | null }
  | {
      readonly kind: 'exhausted';
      readonly draws: LimitClaim;
      readonly left: number;
      readonly whenExhausted: Allowance['whenExhausted'];
    }
  /** Not covered; the reason if credits can't or don't take over. */
  | { readonly kind: 'uncovered'; readonly reason: RefusalReason };

const coverageOf = (requirement: Requirement, units: number, means: Means, now: Instant): Coverage => {
  const { subscription, plan } = means;
  if (subscription === null || plan === null) return uncovered(requirement, 'SUBSCRIPTION_REQUIRED');
  const state = stateAt(subscription, now);
  const allowance = allowanceFor(plan, requirement.feature);
  if (allowance === null) {
    const isSubscribed = isCovering(state) || state === 'UNPAID';
    return uncovered(requirement, isSubscribed ? 'PLAN_UPGRADE_REQUIRED' : 'SUBSCRIPTION_REQUIRED');
  }
  if (!isCovering(state)) return lapsed(requirement, state, subscription);
  return drawOn(allowance, units, plan, subscription, means, now);
};

/** A field that credits can buy is short of credits, not of a subscription. */
const uncovered = ({ cost }: Requirement, otherwise: 'PLAN_UPGRADE_REQUIRED' | 'SUBSCRIPTION_REQUIRED'): Coverage => ({
  kind: 'uncovered',
  reason: cost === null ? otherwise : 'INSUFFICIENT_FUNDS',
});

/** A subscription that would cover it does not at this instant: mending it is the remedy. */
const lapsed = (requirement: Requirement, state: SubscriptionState, { paymentFailure }: Subscription): Coverage => {
  switch (state) {
    case 'UNPAID':
      return {
        kind: 'uncovered',
        reason: paymentFailure?.cause === 'CARD_EXPIRED' ? 'PAYMENT_METHOD_EXPIRED' : 'PAYMENT_FAILED',
      };
    case 'CANCELED':
    case 'EXPIRED':
      return { kind: 'uncovered', reason: 'SUBSCRIPTION_EXPIRED' };
    default:
      return uncovered(requirement, 'SUBSCRIPTION_REQUIRED');
  }
};

const drawOn = (
  { feature, limit, whenExhausted }: Allowance,
  units: number,
  plan: Plan,
  subscription: Subscription,
  { counters }: Means,
  now: Instant,
): Coverage => {
  if (limit === null) return { kind: 'covered', planId: plan.id, draws: null };
  const window = windowAt(limit.per, anchorOf(subscription), plan.interval, now);
  const draws = { key: limitKey(feature, limit.per), window, units, limit: limit.units };
  const left = leftOf(counters, draws);
  return units <= left
    ? { kind: 'covered', planId: plan.id, draws }
    : { kind: 'exhausted', draws, left, whenExhausted };
};

/** Names a limit among the counters of a wallet. */
export const limitKey = (feature: string, per: string): string => `${feature}:${per}`;
