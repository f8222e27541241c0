/**
 * An account's agreement to one plan version, as dates. The state at an instant is derived from the dates alone: a
 * stored status word would be wrong from the moment a date passes without anybody writing.
 */
import type { ActsRemembered } from './act.js';
import type { AccountId, PlanId, SubscriptionId } from './ids.js';
import { grantId } from './ids.js';
import { DAY_MS, isInstant, periodAt, periodOf, windowAt } from './period.js';
import type { Instant, Interval, LimitPer, Period, Window } from './period.js';
import type { Plan } from './plan.js';
import type { GrantCommand } from './walletCredits.js';

export type PaymentFailureCause = 'CARD_EXPIRED' | 'OTHER';

export interface PaymentFailure {
  readonly failedAt: Instant;
  readonly cause: PaymentFailureCause;
  /** Until then the subscription is past due and still covers. */
  readonly graceEndsAt: Instant;
}

/** A plan that takes over at an instant, under an id of its own: its periods and their grants are counted anew. */
export interface PlanChange {
  readonly at: Instant;
  readonly id: SubscriptionId;
  readonly planId: PlanId;
  readonly planVersion: number;
}

export interface Subscription {
  readonly id: SubscriptionId;
  readonly accountId: AccountId;
  readonly planId: PlanId;
  readonly planVersion: number;
  readonly startsAt: Instant;
  readonly trialEndsAt: Instant | null;
  /** Covered up to this instant: the end of the trial or of the last period that was paid for. */
  readonly paidUntil: Instant;
  /** From then on it has ended by choice. */
  readonly cancelsAt: Instant | null;
  readonly paymentFailure: PaymentFailure | null;
  /** Another plan that it is to from an instant on. Absent or `null`: none is agreed. */
  readonly change?: PlanChange | null;
  /**
   * Credits on top for the rest of a period in which the plan was changed. They are part of the subscription, so that plan
   * and credits change together, and are given like those of a period. Absent or `null`: none.
   */
  readonly added?: GrantCommand | null;
  /** Raised by one at each write; the store compares and sets it. */
  readonly version: number;
  readonly acts?: ActsRemembered;
}

/** The subscription as it is at `now`: a change that was agreed on takes over by its date, whether anybody writes or not. */
export const effectiveAt = (subscription: Subscription, now: Instant): Subscription => {
  const { change } = subscription;
  if (change == null || now < change.at) return subscription;
  const { at, id, planId, planVersion } = change;
  return { ...subscription, id, planId, planVersion, startsAt: at, trialEndsAt: null, change: null, added: null };
};

/**
 * Where all periods are counted from: the start of what is paid for. A trial comes before it, so that it takes nothing
 * off the first paid period.
 */
export const anchorOf = (subscription: Subscription): Instant => subscription.trialEndsAt ?? subscription.startsAt;

/**
 * The billing period that `now` lies in. A trial is one, however long, with the index -1: counted in months back from
 * the anchor, a trial of 30 days could lie in two of them, and get the credits and the limits of both.
 */
export const billingPeriodAt = (subscription: Subscription, interval: Interval, now: Instant): Period => {
  const { startsAt, trialEndsAt } = subscription;
  return trialEndsAt !== null && now < trialEndsAt
    ? { index: -1, startsAt, endsAt: trialEndsAt }
    : periodAt(anchorOf(subscription), interval, now);
};

/** The window of a limit of this subscription's plan that `now` lies in. */
export const limitWindowAt = (per: LimitPer, subscription: Subscription, interval: Interval, now: Instant): Window => {
  if (per !== 'BILLING_PERIOD') return windowAt(per, anchorOf(subscription), interval, now);
  const { startsAt, endsAt } = billingPeriodAt(subscription, interval, now);
  return { startsAt, endsAt };
};

export type SubscriptionState = 'SCHEDULED' | 'TRIALING' | 'ACTIVE' | 'PAST_DUE' | 'UNPAID' | 'CANCELED' | 'EXPIRED';

/** Ended by choice comes before owed money, and owed money before a period that was simply not renewed. */
export const stateAt = (subscription: Subscription, now: Instant): SubscriptionState => {
  const { startsAt, trialEndsAt, paidUntil, cancelsAt, paymentFailure } = subscription;
  if (cancelsAt !== null && now >= cancelsAt) return 'CANCELED';
  if (now < startsAt) return 'SCHEDULED';
  if (paymentFailure !== null && now >= paymentFailure.failedAt) {
    return now < paymentFailure.graceEndsAt ? 'PAST_DUE' : 'UNPAID';
  }
  if (now >= paidUntil) return 'EXPIRED';
  return trialEndsAt !== null && now < trialEndsAt ? 'TRIALING' : 'ACTIVE';
};

/** Whether a subscription in this state covers what its plan includes. */
export const isCovering = (state: SubscriptionState): boolean =>
  state === 'TRIALING' || state === 'ACTIVE' || state === 'PAST_DUE';

/** Whether there was an instant before `now` at which it covered anything: not if it was canceled before its start. */
export const hasBegun = ({ startsAt, cancelsAt }: Subscription, now: Instant): boolean =>
  now >= startsAt && (cancelsAt === null || cancelsAt > startsAt);

export type SubscriptionFault = 'DATES_OUT_OF_ORDER' | 'ALREADY_ENDED' | 'NOT_STARTED';
export type SubscriptionChange =
  | { readonly ok: true; readonly subscription: Subscription }
  | { readonly ok: false; readonly fault: SubscriptionFault };

const changed = (subscription: Subscription): SubscriptionChange => ({ ok: true, subscription });
const fault = (why: SubscriptionFault): SubscriptionChange => ({ ok: false, fault: why });

export interface StartTerms {
  readonly id: SubscriptionId;
  readonly accountId: AccountId;
  readonly plan: Plan;
  /** In the future: scheduled until then. */
  readonly startsAt: Instant;
  /** Without one the first period counts as paid. */
  readonly withTrial: boolean;
}

/** A new subscription. With a trial it is covered for the plan's trial days, else for its first period. */
export const startSubscription = ({ id, accountId, plan, startsAt, withTrial }: StartTerms): SubscriptionChange => {
  if (!isInstant(startsAt)) return fault('DATES_OUT_OF_ORDER');
  const trialEndsAt = withTrial && plan.trialDays > 0 ? startsAt + plan.trialDays * DAY_MS : null;
  const paidUntil = trialEndsAt ?? periodOf(startsAt, plan.interval, 0).endsAt;
  if (!isInstant(paidUntil)) return fault('DATES_OUT_OF_ORDER');
  return changed({
    id,
    accountId,
    planId: plan.id,
    planVersion: plan.version,
    startsAt,
    trialEndsAt,
    paidUntil,
    cancelsAt: null,
    paymentFailure: null,
    version: 0,
  });
};

const hasEnded = (subscription: Subscription, now: Instant): boolean => stateAt(subscription, now) === 'CANCELED';

/** Ends it at once. */
export const cancelNow = (subscription: Subscription, now: Instant): SubscriptionChange =>
  hasEnded(subscription, now) ? fault('ALREADY_ENDED') : changed({ ...subscription, cancelsAt: now });

/** Ends it when what was paid for is over; too late where it is over already. */
export const cancelAtPeriodEnd = (subscription: Subscription, now: Instant): SubscriptionChange =>
  now >= subscription.paidUntil || hasEnded(subscription, now)
    ? fault('ALREADY_ENDED')
    : changed({ ...subscription, cancelsAt: subscription.paidUntil });

/** From where on a payment pays: the end of what was paid for, or `now` where that is over. */
export const payingFrom = (subscription: Subscription, now: Instant): Instant => Math.max(subscription.paidUntil, now);

/**
 * A payment was made: covered to the end of the period in which what was paid so far ends, or, where that is over
 * already, of the period that `now` lies in. An open failure is settled by it. A cancellation at the period's end
 * stays, and moves to the new end: what is paid for is served, and no more. `plan` is the one of `payingFrom`.
 */
export const recordPayment = (subscription: Subscription, plan: Plan, now: Instant): SubscriptionChange => {
  if (hasEnded(subscription, now)) return fault('ALREADY_ENDED');
  const from = payingFrom(subscription, now);
  const paidUntil = periodAt(anchorOf(effectiveAt(subscription, from)), plan.interval, from).endsAt;
  if (!isInstant(paidUntil)) return fault('DATES_OUT_OF_ORDER');
  const cancelsAt = subscription.cancelsAt === subscription.paidUntil ? paidUntil : subscription.cancelsAt;
  return changed({ ...subscription, paidUntil, cancelsAt, paymentFailure: null });
};

/**
 * A payment failed: past due for the plan's grace, unpaid after it. Grace counts from when the payment was due, or from
 * the failure where that is earlier, so that neither a late attempt nor a further failure prolongs it.
 */
export const recordPaymentFailure = (
  subscription: Subscription,
  plan: Plan,
  cause: PaymentFailureCause,
  now: Instant,
): SubscriptionChange => {
  if (hasEnded(subscription, now)) return fault('ALREADY_ENDED');
  if (now < subscription.startsAt) return fault('NOT_STARTED');
  const first = subscription.paymentFailure;
  return changed({
    ...subscription,
    paymentFailure: {
      failedAt: first?.failedAt ?? now,
      cause,
      graceEndsAt: first?.graceEndsAt ?? Math.min(now, subscription.paidUntil) + plan.graceDays * DAY_MS,
    },
  });
};

/**
 * The grant that this subscription's plan gives for the current period, or `null` where none is due. Its id is made of
 * the subscription and the period, so that it is given once however often it is asked for.
 */
export const grantDue = (subscription: Subscription, plan: Plan, now: Instant): GrantCommand | null => {
  const state = stateAt(subscription, now);
  if (plan.creditsPerPeriod === 0 || (state !== 'ACTIVE' && state !== 'TRIALING')) return null;
  const { index, endsAt } = billingPeriodAt(subscription, plan.interval, now);
  return {
    kind: 'grant',
    id: grantId(`${subscription.id}/period/${index}`),
    credits: plan.creditsPerPeriod,
    expiresAt: endsAt,
    priority: 0,
    reason: `Credits of plan ${plan.id} for its period ${index}`,
  };
};

/**
 * The grants that are due now: the credits of the current period, and those that a change of plan added to it. Each has an
 * id of its own, so that it is given once however often it is asked for.
 */
export const grantsDue = (subscription: Subscription, plan: Plan, now: Instant): readonly GrantCommand[] => {
  const ofPeriod = grantDue(subscription, plan, now);
  const { added } = subscription;
  const isRunning = isCovering(stateAt(subscription, now));
  return [ofPeriod, isRunning ? (added ?? null) : null].filter((grant) => grant !== null);
};
