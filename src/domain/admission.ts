/**
 * Whether a paid field is covered by a plan, paid with credits, or refused, and why. Both gates ask `decide`: before
 * the operation runs with the account's means, and while it runs with what the tab holds.
 */
import type { KeyState } from './account.js';
import { budgetClaim } from './budget.js';
import type { KeyBudget } from './budget.js';
import type { PlanId } from './ids.js';
import { InvariantError } from './invariant.js';
import type { Instant } from './period.js';
import { allowanceFor, plansCovering } from './plan.js';
import type { Allowance, Plan } from './plan.js';
import { precedes } from './refusal.js';
import type { Refusal, RefusalReason } from './refusal.js';
import type { TimeZone } from './timeZone.js';
import { firstWindowAt, hasBegun, isCovering, limitWindowAt, stateAt } from './subscription.js';
import type { Subscription } from './subscription.js';
import { heldOf, leftOf, limitKey } from './wallet.js';
import type { Counter, Hold, LimitClaim } from './wallet.js';

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
  /** The plan version that the subscription is to; `null` only without a subscription. */
  readonly plan: Plan | null;
  /** Of the account: in which its days and months are counted. */
  readonly timeZone: TimeZone;
  /** Credits that can be spent. */
  readonly credits: number;
  /** Credits that operations under way have set aside: what they don't use comes back. */
  readonly held: number;
  readonly counters: readonly Counter[];
  /** Of those, what is only held is told apart by them where something is refused. */
  readonly holds: readonly Pick<Hold, 'units'>[];
  /** Of the key that was sent; `null`: it may spend all credits. */
  readonly budget: KeyBudget | null;
  /** The plans that can be bought. */
  readonly offers: readonly Plan[];
}

/** Everything about the caller that a decision depends on. */
export interface Standing {
  readonly key: KeyState;
  readonly suspended: boolean;
  /** The features and coordinates that the key may ask for, and nothing else that is paid; `null`: all. */
  readonly scopes: readonly string[] | null;
  /** Until when the caller, who has sent more requests than allowed, must wait. */
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
  /** What is left of a limit covers some of its units, and credits pay for the others. */
  | {
      readonly outcome: 'split';
      readonly planId: PlanId;
      readonly draws: LimitClaim;
      readonly credits: number;
      readonly budget?: LimitClaim;
    }
  /** `budget`: what it takes of the key's; left out where there is none. */
  | { readonly outcome: 'paid'; readonly credits: number; readonly budget?: LimitClaim }
  | { readonly outcome: 'refused'; readonly refusal: Refusal };

/** Decides about one position. `units` is whole and not negative: anything else is a bug of the caller, and thrown. */
export const decide = (requirement: Requirement, units: number, standing: Standing, now: Instant): Decision => {
  if (!Number.isSafeInteger(units) || units < 0)
    throw new InvariantError(`Tollgate has a bug: ${requirement.coordinate} was priced with ${units} units`);
  const barred = barredBy(requirement, standing, now);
  if (barred !== null) {
    const resetAt = barred === 'RATE_LIMITED' ? standing.rateLimitedUntil : null;
    return refuse(requirement, barred, { resetAt, retryable: barred === 'RATE_LIMITED' });
  }
  const { means } = standing;
  // A subscription whose plan was not found might cover it: neither free nor to be paid for again.
  const isUnknown = means === null || (means.subscription !== null && means.plan === null);
  if (isUnknown || standing.key === 'UNVERIFIED') {
    return refuse(requirement, 'STORE_UNAVAILABLE', { retryable: true });
  }
  // Who has nothing can't run a paid resolver by asking for no units: the means of one must be there, and stay.
  return units === 0
    ? forNothing(decideOnMeans(requirement, 1, means, now))
    : decideOnMeans(requirement, units, means, now);
};

const forNothing = (one: Decision): Decision => {
  if (one.outcome === 'refused') return one;
  return one.outcome === 'covered' ? { ...one, draws: null } : { outcome: 'paid', credits: 0 };
};

/** A subscription is tried first, then what is left of its limit together with credits, then credits. */
const decideOnMeans = (requirement: Requirement, units: number, means: Means, now: Instant): Decision => {
  const { cost } = requirement;
  const coverage = coverageOf(requirement, units, means, now);
  if (coverage.kind === 'covered') return { outcome: 'covered', planId: coverage.planId, draws: coverage.draws };

  const isForSale = coverage.kind === 'uncovered' || coverage.whenExhausted === 'CREDITS';
  const left = coverage.kind === 'uncovered' ? 0 : coverage.left;
  const price = cost === null ? null : priceOf(cost, units - left);
  const lack = { requirement, units, coverage, means, now };
  if (isForSale && price !== null && price <= means.credits) {
    const budget = means.budget === null || price === 0 ? null : budgetClaim(means.budget, price, means.timeZone, now);
    if (budget !== null && price > leftOf(means.counters, budget)) return refuseByBudget(lack, budget);
    const spent = budget === null ? { credits: price } : { credits: price, budget };
    return coverage.kind === 'exhausted' && left > 0
      ? { outcome: 'split', planId: coverage.planId, draws: { ...coverage.draws, units: left }, ...spent }
      : { outcome: 'paid', ...spent };
  }
  return refuseForLack(lack, price);
};

interface Lack {
  readonly requirement: Requirement;
  readonly units: number;
  readonly coverage: Exclude<Coverage, { readonly kind: 'covered' }>;
  readonly means: Means;
  readonly now: Instant;
}

const refuseForLack = ({ requirement, units, coverage, means, now }: Lack, price: number | null): Decision => {
  const plans = remediesAmong(requirement, units, means, now);
  if (coverage.kind === 'exhausted') {
    return refuse(requirement, 'LIMIT_REACHED', { ...figuresOfWindow(coverage.draws, means), plans });
  }
  if (requirement.cost === null) return refuse(requirement, coverage.reason, { plans });
  const reason = precedes(coverage.reason, 'INSUFFICIENT_FUNDS') ? coverage.reason : 'INSUFFICIENT_FUNDS';
  const figures = { required: price, available: means.credits, plans };
  const isHeld = price !== null && price <= means.credits + means.held;
  return refuse(requirement, reason, isHeld ? { ...figures, held: means.held, retryable: true } : figures);
};

/** The account could pay, and this key has spent what it may. What keeps the plan from covering it may come first. */
const refuseByBudget = ({ requirement, units, coverage, means, now }: Lack, budget: LimitClaim): Decision => {
  const isFirst = coverage.kind === 'exhausted' || precedes('KEY_BUDGET_REACHED', coverage.reason);
  const figures = figuresOfWindow(budget, means);
  const plans = remediesAmong(requirement, units, means, now);
  return refuse(requirement, isFirst ? 'KEY_BUDGET_REACHED' : coverage.reason, { ...figures, plans });
};

/** What was asked of a limit or a budget, and what there is of it. What is held may come back before its window is over. */
const figuresOfWindow = (claim: LimitClaim, { counters, holds }: Means): Figures => {
  const { window, limit, units } = claim;
  const left = leftOf(counters, claim);
  const held = heldOf(holds, claim);
  const figures = { required: units, available: left, resetAt: window.endsAt, retryable: units <= limit };
  return held > 0 && units <= left + held ? { ...figures, held } : figures;
};

/** `cost × units`, or `null` where the product is more than `CREDITS_MAX`. Both are whole and not negative. */
export const priceOf = (cost: number, units: number): number | null => {
  const price = cost * units;
  return Number.isSafeInteger(price) ? price : null;
};

type Figures = Partial<Pick<Refusal, 'required' | 'available' | 'held' | 'plans' | 'resetAt' | 'retryable'>>;

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

/** What the key alone is refused for. */
export const KEY_REASONS: Readonly<Record<KeyState, RefusalReason | null>> = {
  MISSING: 'KEY_REQUIRED',
  UNKNOWN: 'KEY_UNKNOWN',
  EXPIRED: 'KEY_EXPIRED',
  REVOKED: 'KEY_REVOKED',
  UNVERIFIED: null,
  VALID: null,
};

/** What stands in the way whatever the caller could pay. `null`: no field is asked for. */
export const barredBy = (
  asked: Pick<Requirement, 'coordinate' | 'feature'> | null,
  standing: Standing,
  now: Instant,
): RefusalReason | null => {
  const keyReason = KEY_REASONS[standing.key];
  if (keyReason !== null) return keyReason;
  if (standing.suspended) return 'ACCOUNT_SUSPENDED';
  const { scopes } = standing;
  if (asked !== null && scopes !== null) {
    const isInScope = scopes.includes(asked.coordinate) || (asked.feature !== null && scopes.includes(asked.feature));
    if (!isInScope) return 'SCOPE_MISSING';
  }
  if (standing.rateLimitedUntil !== null && now < standing.rateLimitedUntil) return 'RATE_LIMITED';
  return null;
};

type Coverage =
  | { readonly kind: 'covered'; readonly planId: PlanId; readonly draws: LimitClaim | null }
  | {
      readonly kind: 'exhausted';
      readonly planId: PlanId;
      readonly draws: LimitClaim;
      readonly left: number;
      readonly whenExhausted: Allowance['whenExhausted'];
    }
  /** Not covered; the reason if credits can't take over. */
  | { readonly kind: 'uncovered'; readonly reason: RefusalReason };

const uncovered = (reason: RefusalReason): Coverage => ({ kind: 'uncovered', reason });

const coverageOf = (requirement: Requirement, units: number, means: Means, now: Instant): Coverage => {
  const { subscription, plan } = means;
  if (subscription === null || plan === null) return uncovered('SUBSCRIPTION_REQUIRED');
  const state = stateAt(subscription, plan, now);
  if (state === 'UNPAID') {
    const isCardExpired = subscription.paymentFailure?.cause === 'CARD_EXPIRED';
    return uncovered(isCardExpired ? 'PAYMENT_METHOD_EXPIRED' : 'PAYMENT_FAILED');
  }
  const allowance = allowanceFor(plan, requirement.feature);
  if (isCovering(state)) {
    return allowance === null ? uncovered('PLAN_UPGRADE_REQUIRED') : drawOn(allowance, units, plan, means, now);
  }
  const hasCovered = allowance !== null && hasBegun(subscription, now);
  return uncovered(hasCovered ? 'SUBSCRIPTION_EXPIRED' : 'SUBSCRIPTION_REQUIRED');
};

const drawOn = (
  { feature, limit, whenExhausted }: Allowance,
  units: number,
  plan: Plan,
  { subscription, counters, timeZone }: Means,
  now: Instant,
): Coverage => {
  if (limit === null) return { kind: 'covered', planId: plan.id, draws: null };
  const window =
    subscription === null
      ? firstWindowAt(limit.per, plan.interval, timeZone, now)
      : limitWindowAt(limit.per, subscription, plan.interval, timeZone, now);
  const draws = { key: limitKey(feature, limit.per), window, units, limit: limit.units };
  const left = leftOf(counters, draws);
  return units <= left
    ? { kind: 'covered', planId: plan.id, draws }
    : { kind: 'exhausted', planId: plan.id, draws, left, whenExhausted };
};

/** The plans on offer that would cover these units now, with what is used of their limits already. */
const remediesAmong = ({ feature }: Requirement, units: number, means: Means, now: Instant): readonly PlanId[] => {
  const covers = (offer: Plan): boolean => {
    const allowance = allowanceFor(offer, feature);
    return allowance !== null && drawOn(allowance, units, offer, means, now).kind === 'covered';
  };
  return plansCovering(means.offers.filter(covers), feature, units, means.plan?.price.currency ?? null);
};
