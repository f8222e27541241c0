/** Another plan for a subscription that runs, now or at its period's end; and a new beginning for one that has ended. */
import type { SubscriptionId } from './ids.js';
import { grantId } from './ids.js';
import { isInstant, periodOf } from './period.js';
import type { Instant } from './period.js';
import type { Plan } from './plan.js';
import { billingPeriodAt, isCovering, stateAt } from './subscription.js';
import type { Subscription } from './subscription.js';
import type { GrantCommand } from './walletCredits.js';

export type ChangeFault =
  /** It has not begun, has ended, or is unpaid: nothing runs that could be changed. */
  | 'NOT_RUNNING'
  | 'SAME_PLAN'
  /** What was paid for is over: there is no end to wait for. */
  | 'PAYMENT_DUE'
  | 'CANCELLATION_PENDING'
  /** It runs, and nothing ends it. */
  | 'STILL_RUNNING'
  /** It is unpaid: a payment mends it. */
  | 'PAYMENT_OWED'
  | 'DATES_OUT_OF_ORDER';

/** What of the running period is not used, what the other plan costs for the rest of it, and the credits it adds. */
export interface Proration {
  readonly unusedMinor: number;
  readonly unusedCurrency: string;
  readonly dueMinor: number;
  readonly dueCurrency: string;
  /** Of the credits that the plan so far gives for a period: the part for the rest of this one. They are kept. */
  readonly unusedCredits: number;
  /** Credits that come on top. */
  readonly addedCredits: number;
}

export type Changed =
  | {
      readonly ok: true;
      readonly subscription: Subscription;
      readonly proration: Proration;
    }
  | { readonly ok: false; readonly fault: ChangeFault };

const fault = (why: ChangeFault): { readonly ok: false; readonly fault: ChangeFault } => ({ ok: false, fault: why });

export interface ChangeTerms {
  /** The plan version that the subscription is to. */
  readonly from: Plan;
  readonly to: Plan;
  /** For a subscription whose periods begin anew. */
  readonly id: SubscriptionId;
}

const isSamePlan = ({ from, to }: ChangeTerms): boolean => from.id === to.id && from.version === to.version;

/**
 * Another plan from this instant on. A plan that is paid as often keeps the period, for the rest of which the
 * difference is due and credits are added in proportion; nothing is taken away. What is due to it so far must have been
 * granted before (`grantsDue`). Any other begins a period of its own.
 */
export const changeNow = (subscription: Subscription, terms: ChangeTerms, now: Instant): Changed => {
  if (!isCovering(stateAt(subscription, now))) return fault('NOT_RUNNING');
  if (isSamePlan(terms)) return fault('SAME_PLAN');
  return terms.from.interval === terms.to.interval
    ? keepPeriod(subscription, terms, now)
    : beginPeriod(subscription, terms, now);
};

const keepPeriod = (subscription: Subscription, { from, to }: ChangeTerms, now: Instant): Changed => {
  const period = billingPeriodAt(subscription, from.interval, now);
  const share = (amount: number) => shareOf(amount, period.endsAt - now, period.endsAt - period.startsAt);
  const isPaid = isPaidAt(subscription, now);
  const addedCredits = Math.max(0, share(to.creditsPerPeriod) - share(from.creditsPerPeriod));
  const proration: Proration = {
    unusedMinor: isPaid ? share(from.price.amountMinor) : 0,
    unusedCurrency: from.price.currency,
    dueMinor: isPaid ? share(to.price.amountMinor) : 0,
    dueCurrency: to.price.currency,
    unusedCredits: share(from.creditsPerPeriod),
    addedCredits,
  };
  const grant: GrantCommand = {
    kind: 'grant',
    // Once a period and plan version, so that going to and fro adds nothing.
    id: grantId(`${subscription.id}/period/${period.index}/${to.id}@${to.version}`),
    credits: addedCredits,
    expiresAt: period.endsAt,
    priority: 0,
    reason: `Credits of plan ${to.id} for the rest of period ${period.index}`,
  };
  const added = addedCredits > 0 ? grant : null;
  const changed: Subscription = { ...subscription, planId: to.id, planVersion: to.version, change: null, added };
  return { ok: true, subscription: changed, proration };
};

const beginPeriod = (subscription: Subscription, { from, to, id }: ChangeTerms, now: Instant): Changed => {
  const period = billingPeriodAt(subscription, from.interval, now);
  const share = (amount: number) => shareOf(amount, period.endsAt - now, period.endsAt - period.startsAt);
  const begun = begin(subscription, to, id, now);
  if (begun === null) return fault('DATES_OUT_OF_ORDER');
  const proration: Proration = {
    unusedMinor: isPaidAt(subscription, now) ? share(from.price.amountMinor) : 0,
    unusedCurrency: from.price.currency,
    dueMinor: to.price.amountMinor,
    dueCurrency: to.price.currency,
    unusedCredits: share(from.creditsPerPeriod),
    addedCredits: to.creditsPerPeriod,
  };
  return { ok: true, subscription: begun, proration };
};

const isPaidAt = ({ paidUntil, trialEndsAt }: Subscription, now: Instant): boolean =>
  now < paidUntil && (trialEndsAt === null || now >= trialEndsAt);

/** Whole numbers all the way: the product can be more than a double holds exactly. */
const shareOf = (amount: number, part: number, whole: number): number =>
  Number((BigInt(amount) * BigInt(part)) / BigInt(whole));

/** A subscription whose first period begins now and counts as paid. */
const begin = (before: Subscription, plan: Plan, id: SubscriptionId, now: Instant): Subscription | null => {
  const paidUntil = periodOf(now, plan.interval, 0).endsAt;
  if (!isInstant(now) || !isInstant(paidUntil)) return null;
  return {
    ...before,
    id,
    planId: plan.id,
    planVersion: plan.version,
    startsAt: now,
    trialEndsAt: null,
    paidUntil,
    cancelsAt: null,
    paymentFailure: null,
    change: null,
    added: null,
  };
};

export type Agreed =
  { readonly ok: true; readonly subscription: Subscription } | { readonly ok: false; readonly fault: ChangeFault };

/** Another plan when what was paid for is over, or the trial. */
export const changeAtPeriodEnd = (subscription: Subscription, terms: ChangeTerms, now: Instant): Agreed => {
  if (!isCovering(stateAt(subscription, now))) return fault('NOT_RUNNING');
  if (isSamePlan(terms)) return fault('SAME_PLAN');
  if (now >= subscription.paidUntil) return fault('PAYMENT_DUE');
  if (subscription.cancelsAt !== null) return fault('CANCELLATION_PENDING');
  const { to, id } = terms;
  const change = { at: subscription.paidUntil, id, planId: to.id, planVersion: to.version };
  return { ok: true, subscription: { ...subscription, change } };
};

/**
 * Goes on with a subscription: takes a cancellation that has not happened yet back, and begins one that has ended or
 * expired anew, to the same plan version, with a first period that counts as paid.
 */
export const renewSubscription = (subscription: Subscription, plan: Plan, id: SubscriptionId, now: Instant): Agreed => {
  const state = stateAt(subscription, now);
  switch (state) {
    case 'CANCELED':
    case 'EXPIRED': {
      const begun = begin(subscription, plan, id, now);
      return begun === null ? fault('DATES_OUT_OF_ORDER') : { ok: true, subscription: begun };
    }
    case 'UNPAID':
      return fault('PAYMENT_OWED');
    case 'SCHEDULED':
    case 'TRIALING':
    case 'ACTIVE':
    case 'PAST_DUE':
      return subscription.cancelsAt === null
        ? fault('STILL_RUNNING')
        : { ok: true, subscription: { ...subscription, cancelsAt: null } };
  }
};
