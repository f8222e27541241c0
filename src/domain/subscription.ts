/**
 * An account's agreement to one plan version, as dates. The state at an instant is derived from the dates alone: a
 * stored status word would be wrong from the moment a date passes without anybody writing.
 */
import type { ActsRemembered } from './act.js';
import type { AccountId, PlanId, SubscriptionId } from './ids.js';
import { DAY_MS, HOUR_MS, isInstant, periodAt, periodOf } from './period.js';
import type { Instant, Interval, LimitPer, Period, Window } from './period.js';
import type { Plan } from './plan.js';
import { windowAt } from './timeZone.js';
import type { TimeZone } from './timeZone.js';
import type { GrantCommand } from './walletCredits.js';

export type PaymentFailureCause = 'CARD_EXPIRED' | 'OTHER';

export interface PaymentFailure {
  readonly failedAt: Instant;
  readonly cause: PaymentFailureCause;
}

/** Credits that were given ahead: so many for a span of time that ends then, evenly. */
export interface CreditsAhead {
  readonly credits: number;
  readonly spanMs: number;
  readonly endsAt: Instant;
  /** When they were counted. A window of credits that had begun by then gives none of its own any more. */
  readonly since: Instant;
}

/** A plan that takes over at an instant, under an id of its own: its periods and their grants are counted anew. */
export interface PlanChange {
  readonly at: Instant;
  readonly id: SubscriptionId;
  readonly planId: PlanId;
  readonly planVersion: number;
}

/** A subscription of a provider of payments. */
export interface KeptBy {
  readonly provider: string;
  /** The provider's own id. */
  readonly id: string;
  /** Of several that an account has there, the newest one that runs counts. */
  readonly createdAt: Instant;
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
  /** The most that plans before this one gave ahead of time. What it still comes to is not given once more. */
  readonly creditsAhead?: CreditsAhead | null;
  /** What is left of grants whose ids begin with this has ended before its time. Absent or `null`: none has. */
  readonly ended?: string | null;
  /** Whether the account had its trial before this subscription. Absent: it had not. */
  readonly hadTrial?: boolean;
  /** The provider of payments that keeps it: its dates are set from there, and changed there alone. Absent or `null`: none. */
  readonly keptBy?: KeptBy | null;
  /** Raised by one at each write; the store compares and sets it. */
  readonly version: number;
  readonly acts?: ActsRemembered;
}

/** The subscription as it is at `now`: a change that was agreed on takes over by its date, whether anybody writes or not. */
export const effectiveAt = (subscription: Subscription, now: Instant): Subscription => {
  const { change } = subscription;
  if (change == null || now < change.at) return subscription;
  const { at, id, planId, planVersion } = change;
  const hadTrial = hasHadTrial(subscription, now);
  const toPlan = { id, planId, planVersion, startsAt: at, trialEndsAt: null };
  return { ...subscription, ...toPlan, change: null, added: null, hadTrial };
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

/** The window of a limit of a plan that is subscribed to at this instant. */
export const firstWindowAt = (per: LimitPer, interval: Interval, timeZone: TimeZone, now: Instant): Window => {
  if (per !== 'BILLING_PERIOD') return windowAt(per, timeZone, now);
  const { startsAt, endsAt } = periodOf(now, interval, 0);
  return { startsAt, endsAt };
};

/** The window of a limit of this subscription's plan that `now` lies in. */
export const limitWindowAt = (
  per: LimitPer,
  subscription: Subscription,
  interval: Interval,
  timeZone: TimeZone,
  now: Instant,
): Window => {
  if (per !== 'BILLING_PERIOD') return windowAt(per, timeZone, now);
  const { startsAt, endsAt } = billingPeriodAt(subscription, interval, now);
  return { startsAt, endsAt };
};

export type SubscriptionState = 'SCHEDULED' | 'TRIALING' | 'ACTIVE' | 'PAST_DUE' | 'UNPAID' | 'CANCELED' | 'EXPIRED';

/** What the state depends on of a plan; `null`: its version can't be found, and gives no grace. */
export type Grace = Pick<Plan, 'graceDays'> | null;

/**
 * How long a provider takes to renew: it drafts the invoice for an hour, charges, and tells of it. Until then a period that
 * has begun there is served, also under a plan without grace.
 */
const RENEWAL_MS = 3 * HOUR_MS;

/** Up to then a subscription that is to be renewed covers, whether a payment failed or has not come yet. */
const graceEndsAt = ({ paidUntil, paymentFailure, keptBy }: Subscription, plan: Grace): Instant => {
  const graceMs = (plan?.graceDays ?? 0) * DAY_MS;
  return paidUntil + (keptBy != null && paymentFailure === null ? Math.max(graceMs, RENEWAL_MS) : graceMs);
};

/** Ended by choice comes first, and what is paid for is served, whatever failed meanwhile. `plan` is that of the subscription. */
export const stateAt = (subscription: Subscription, plan: Grace, now: Instant): SubscriptionState => {
  const { startsAt, trialEndsAt, paidUntil, cancelsAt, paymentFailure } = subscription;
  if (cancelsAt !== null && now >= cancelsAt) return 'CANCELED';
  if (now < startsAt) return 'SCHEDULED';
  if (now < paidUntil) return trialEndsAt !== null && now < trialEndsAt ? 'TRIALING' : 'ACTIVE';
  if (now < graceEndsAt(subscription, plan)) return 'PAST_DUE';
  return paymentFailure === null ? 'EXPIRED' : 'UNPAID';
};

/** Whether a subscription in this state covers what its plan includes. */
export const isCovering = (state: SubscriptionState): boolean =>
  state === 'TRIALING' || state === 'ACTIVE' || state === 'PAST_DUE';

/** Whether there was an instant before `now` at which it covered anything: not if it was canceled before its start. */
export const hasBegun = ({ startsAt, cancelsAt }: Subscription, now: Instant): boolean =>
  now >= startsAt && (cancelsAt === null || cancelsAt > startsAt);

/** Whether a trial of the account has begun, with this subscription or before it, though it ended at once. */
export const hasHadTrial = ({ hadTrial, startsAt, trialEndsAt, cancelsAt }: Subscription, now: Instant): boolean =>
  hadTrial === true || (trialEndsAt !== null && now >= startsAt && (cancelsAt ?? startsAt) >= startsAt);

export type SubscriptionFault =
  | 'DATES_OUT_OF_ORDER'
  | 'ALREADY_ENDED'
  | 'NOT_STARTED'
  /** What was paid for is over: there is no end to wait for. */
  | 'PAYMENT_DUE'
  | 'TRIAL_USED';
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

/** An account's first subscription. With a trial it is covered for the plan's trial days, else for its first period. */
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

export interface BeginTerms {
  readonly plan: Plan;
  /** Another one, since periods and their grants are counted anew. */
  readonly id: SubscriptionId;
}

/**
 * The subscription with periods of its own, of which the first counts as paid. Grace that was served before is the
 * beginning of it, so that whoever pays late pays for the time that was served, and for none in which nothing was.
 */
export const beginAnew = (
  before: Subscription,
  { plan, id }: BeginTerms,
  grace: Grace,
  now: Instant,
): Subscription | null => {
  const servedUntil = Math.min(graceEndsAt(before, grace), before.cancelsAt ?? now, now);
  const startsAt = now - Math.max(0, servedUntil - before.paidUntil);
  const paidUntil = periodOf(startsAt, plan.interval, 0).endsAt;
  if (!isInstant(now) || !isInstant(paidUntil)) return null;
  return {
    ...before,
    id,
    planId: plan.id,
    planVersion: plan.version,
    startsAt,
    trialEndsAt: null,
    paidUntil,
    cancelsAt: null,
    paymentFailure: null,
    change: null,
    added: null,
    hadTrial: hasHadTrial(before, now),
  };
};

const hasEnded = ({ cancelsAt }: Subscription, now: Instant): boolean => cancelsAt !== null && now >= cancelsAt;

export interface CancelTerms {
  readonly plan: Plan;
  /** Whether the credits of the running period end as well. Those of a trial always do. */
  readonly endCredits: boolean;
}

/** Ends it at once. */
export const cancelNow = (subscription: Subscription, terms: CancelTerms, now: Instant): SubscriptionChange => {
  if (hasEnded(subscription, now)) return fault('ALREADY_ENDED');
  const isTrial = stateAt(subscription, terms.plan, now) === 'TRIALING';
  const ended = terms.endCredits || isTrial ? grantsOfPeriod(subscription, terms.plan.interval, now) : null;
  return changed({ ...subscription, cancelsAt: now, ...(ended === null ? {} : { ended }) });
};

/** How the ids of all grants begin that the period gave which `now` lies in. */
export const grantsOfPeriod = (subscription: Subscription, interval: Interval, now: Instant): string =>
  `${subscription.id}/period/${billingPeriodAt(subscription, interval, now).index}`;

/** Ends it when what was paid for is over; too late where it is over already. */
export const cancelAtPeriodEnd = (subscription: Subscription, plan: Grace, now: Instant): SubscriptionChange => {
  if (hasEnded(subscription, now)) return fault('ALREADY_ENDED');
  if (now < subscription.paidUntil) return changed({ ...subscription, cancelsAt: subscription.paidUntil });
  return fault(stateAt(subscription, plan, now) === 'PAST_DUE' ? 'PAYMENT_DUE' : 'ALREADY_ENDED');
};

/**
 * A payment was made: covered to the end of the period in which what was paid so far ends. Where grace is over too, and
 * nothing is served any more, a period of its own begins, which grace counts into. An open failure is settled by it. A
 * cancellation at the period's end stays, and moves to the new end: what is paid for is served, and no more. `plan` is the
 * one in force at the end of what was paid so far.
 */
export const recordPayment = (subscription: Subscription, terms: BeginTerms, now: Instant): SubscriptionChange => {
  if (hasEnded(subscription, now)) return fault('ALREADY_ENDED');
  const { plan } = terms;
  const { paidUntil: from, cancelsAt } = subscription;
  if (now > graceEndsAt(subscription, plan)) {
    const begun = beginAnew(subscription, terms, plan, now);
    return begun === null ? fault('DATES_OUT_OF_ORDER') : changed(begun);
  }
  const paidUntil = periodAt(anchorOf(effectiveAt(subscription, from)), plan.interval, from).endsAt;
  if (!isInstant(paidUntil)) return fault('DATES_OUT_OF_ORDER');
  return changed({
    ...subscription,
    paidUntil,
    cancelsAt: cancelsAt === from ? paidUntil : cancelsAt,
    paymentFailure: null,
  });
};

/** A payment failed. What is paid for is served all the same, and grace counts from its end, however often one fails. */
export const recordPaymentFailure = (
  subscription: Subscription,
  cause: PaymentFailureCause,
  now: Instant,
): SubscriptionChange => {
  if (hasEnded(subscription, now)) return fault('ALREADY_ENDED');
  if (now < subscription.startsAt) return fault('NOT_STARTED');
  const failedAt = subscription.paymentFailure?.failedAt ?? now;
  return changed({ ...subscription, paymentFailure: { failedAt, cause } });
};
