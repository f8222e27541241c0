/** Another plan for a subscription that runs, now or at its period's end; and a new beginning for one that has ended. */
import type { Instant } from './period.js';
import { comesTo, creditsAheadAt, aheadOf, grantOfChange, grantsDue } from './grantsDue.js';
import type { Plan, Price } from './plan.js';
import { priceOfTime } from './price.js';
import {
  anchorOf,
  beginAnew,
  grantsOfPeriod,
  hasHadTrial,
  isCovering,
  startSubscription,
  stateAt,
} from './subscription.js';
import type { BeginTerms, StartTerms, Subscription, SubscriptionChange } from './subscription.js';
import { DAY_MS } from './period.js';
import type { TimeZone } from './timeZone.js';

export type ChangeFault =
  /** It has not begun, has ended, or is unpaid: nothing runs that could be changed. */
  | 'NOT_RUNNING'
  | 'SAME_PLAN'
  /** What was paid for is over: there is no end to wait for, and nothing more before it is paid. */
  | 'PAYMENT_DUE'
  /** Another plan was paid for, and takes over at the period's end. */
  | 'CHANGE_PAID'
  | 'CANCELLATION_PENDING'
  /** It runs, and nothing ends it. */
  | 'STILL_RUNNING'
  /** It is unpaid: a payment mends it. */
  | 'PAYMENT_OWED'
  | 'DATES_OUT_OF_ORDER';

/** What of all that was paid ahead is not used, what the other plan costs for it, and the credits it adds. */
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

export interface ChangeTerms extends BeginTerms {
  /** The plan version that the subscription is to. */
  readonly from: Plan;
  /** The plan of a change that waits for the period's end. */
  readonly waiting: Plan | null;
  readonly timeZone: TimeZone;
}

const isSamePlan = ({ from, plan }: Pick<ChangeTerms, 'from' | 'plan'>): boolean =>
  from.id === plan.id && from.version === plan.version;

/** Whether a change that waits was paid for: payments go to the plan that is in force when they begin to count. */
const isChangePaid = ({ change, paidUntil }: Subscription): boolean => change != null && paidUntil > change.at;

/**
 * Another plan from this instant on. All that was paid ahead is prorated. A plan that is paid as often keeps the period,
 * any other begins one of its own; of credits what is missing is added, and nothing is taken away. A trial goes on in a plan
 * whose own is as long, and ends with its credits in any other. What is due to it so far must have been granted before
 * (`grantsDue`).
 */
export const changeNow = (subscription: Subscription, terms: ChangeTerms, now: Instant): Changed => {
  const { from, plan, waiting } = terms;
  const state = stateAt(subscription, from, now);
  if (!isCovering(state)) return fault('NOT_RUNNING');
  if (isSamePlan(terms)) return fault('SAME_PLAN');
  if (state === 'PAST_DUE') return changeUnpaid(subscription, terms, now);
  const isOtherMoney = waiting?.price.currency !== from.price.currency;
  if (isChangePaid(subscription) && isOtherMoney) return fault('CHANGE_PAID');
  const isPaidAsOften = from.interval === plan.interval && !isChangePaid(subscription);
  const { startsAt, trialEndsAt, paidUntil } = subscription;
  const goesOn =
    state === 'TRIALING' && trialEndsAt !== null
      ? startsAt + plan.trialDays * DAY_MS >= trialEndsAt && (isPaidAsOften || paidUntil === trialEndsAt)
      : isPaidAsOften;
  return (goesOn ? keepPeriod : beginPeriod)(subscription, terms, now);
};

/** Of what was paid ahead: what is not used at this instant, in each currency that it was paid in. */
export const unusedAt = (
  subscription: Subscription,
  { from, waiting }: Pick<ChangeTerms, 'from' | 'waiting'>,
  now: Instant,
): readonly Price[] => {
  const { change, paidUntil } = subscription;
  const anchor = anchorOf(subscription);
  const takesOverAt = change != null && waiting !== null && paidUntil > change.at ? change.at : paidUntil;
  const parts = [
    { currency: from.price.currency, amountMinor: priceUntil(from, anchor, Math.max(now, anchor), takesOverAt) },
    ...(waiting === null
      ? []
      : [{ currency: waiting.price.currency, amountMinor: priceUntil(waiting, takesOverAt, takesOverAt, paidUntil) }]),
  ];
  const currencies = [...new Set(parts.map(({ currency }) => currency))];
  return currencies.flatMap((currency) => {
    const amounts = parts.filter((part) => part.currency === currency).map((part) => part.amountMinor);
    const amountMinor = amounts.reduce((sum, each) => sum + each, 0);
    return amountMinor === 0 ? [] : [{ amountMinor, currency }];
  });
};

const priceUntil = (plan: Plan, anchor: Instant, from: Instant, until: Instant): number =>
  from < until ? priceOfTime(plan, anchor, from, until) : 0;

const keepPeriod = (subscription: Subscription, terms: ChangeTerms, now: Instant): Changed => {
  const { from, plan, timeZone } = terms;
  const anchor = anchorOf(subscription);
  // A window that begins at this very instant has begun: what it gives comes with the change.
  const ahead = creditsAheadAt(subscription, { plan: from, timeZone }, now, now + 1);
  const added = grantOfChange(subscription, { plan, timeZone }, ahead, now);
  const proration = {
    ...unusedOf(subscription, terms, now),
    dueMinor: priceUntil(plan, anchor, Math.max(now, anchor), subscription.paidUntil),
    dueCurrency: plan.price.currency,
    unusedCredits: comesTo(aheadOf(subscription, { plan: from, timeZone }, now), now),
    addedCredits: added?.credits ?? 0,
  };
  const toPlan = { planId: plan.id, planVersion: plan.version };
  return {
    ok: true,
    subscription: { ...subscription, ...toPlan, change: null, added, creditsAhead: ahead },
    proration,
  };
};

const unusedOf = (subscription: Subscription, terms: ChangeTerms, now: Instant) => ({
  unusedMinor: unusedAt(subscription, terms, now)[0]?.amountMinor ?? 0,
  unusedCurrency: terms.from.price.currency,
});

const beginPeriod = (subscription: Subscription, terms: ChangeTerms, now: Instant): Changed => {
  const { from, plan, timeZone } = terms;
  const isTrial = stateAt(subscription, from, now) === 'TRIALING';
  const ofPlan = { plan: from, timeZone };
  const begun = beginAnew(subscription, terms, from, now);
  if (begun === null) return fault('DATES_OUT_OF_ORDER');
  const changed: Subscription = {
    ...begun,
    creditsAhead: isTrial ? (subscription.creditsAhead ?? null) : creditsAheadAt(subscription, ofPlan, now),
    ended: isTrial ? grantsOfPeriod(subscription, from.interval, now) : null,
  };
  const proration = {
    ...unusedOf(subscription, terms, now),
    dueMinor: plan.price.amountMinor,
    dueCurrency: plan.price.currency,
    unusedCredits: isTrial ? 0 : comesTo(aheadOf(subscription, ofPlan, now), now),
    addedCredits: grantsDue(changed, { plan, timeZone }, now)[0]?.credits ?? 0,
  };
  return { ok: true, subscription: changed, proration };
};

/** While the period is not paid only a plan is to be had that is no more: what was served so far costs what it cost. */
const changeUnpaid = (subscription: Subscription, { from, plan }: ChangeTerms, now: Instant): Changed => {
  const isSameKind =
    from.interval === plan.interval &&
    from.price.currency === plan.price.currency &&
    from.creditsPer === plan.creditsPer;
  const isMore = plan.price.amountMinor > from.price.amountMinor || plan.creditsPerPeriod > from.creditsPerPeriod;
  if (!isSameKind || isMore) return fault('PAYMENT_DUE');
  const served = (of: Plan) => priceUntil(of, anchorOf(subscription), subscription.paidUntil, now);
  const proration = {
    unusedMinor: 0,
    unusedCurrency: from.price.currency,
    dueMinor: served(from) - served(plan),
    dueCurrency: plan.price.currency,
    unusedCredits: 0,
    addedCredits: 0,
  };
  const toPlan = { planId: plan.id, planVersion: plan.version };
  return { ok: true, subscription: { ...subscription, ...toPlan, change: null, added: null }, proration };
};

export type Agreed =
  { readonly ok: true; readonly subscription: Subscription } | { readonly ok: false; readonly fault: ChangeFault };

/** Another plan when what was paid for is over, or the trial. The plan that it is to already takes back what waits. */
export const changeAtPeriodEnd = (
  subscription: Subscription,
  terms: Pick<ChangeTerms, 'from' | 'plan' | 'id'>,
  now: Instant,
): Agreed => {
  if (!isCovering(stateAt(subscription, terms.from, now))) return fault('NOT_RUNNING');
  if (isChangePaid(subscription)) return fault('CHANGE_PAID');
  if (isSamePlan(terms)) {
    return subscription.change == null
      ? fault('SAME_PLAN')
      : { ok: true, subscription: { ...subscription, change: null } };
  }
  if (now >= subscription.paidUntil) return fault('PAYMENT_DUE');
  if (subscription.cancelsAt !== null) return fault('CANCELLATION_PENDING');
  const { plan, id } = terms;
  const change = { at: subscription.paidUntil, id, planId: plan.id, planVersion: plan.version };
  return { ok: true, subscription: { ...subscription, change } };
};

/**
 * Goes on with a subscription: takes a cancellation that has not happened yet back, and begins one that has ended or
 * expired anew, to the same plan version, with a first period that counts as paid.
 */
export const renewSubscription = (
  subscription: Subscription,
  terms: BeginTerms & Pick<ChangeTerms, 'timeZone'>,
  now: Instant,
): Agreed => {
  const { plan } = terms;
  const state = stateAt(subscription, plan, now);
  switch (state) {
    case 'CANCELED':
    case 'EXPIRED': {
      const begun = beginAnew(subscription, terms, plan, now);
      if (begun === null) return fault('DATES_OUT_OF_ORDER');
      return { ok: true, subscription: { ...begun, creditsAhead: creditsAheadAt(subscription, terms, now) } };
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

/** The subscription that an account had before, with its plan, as far as that can be found. */
export interface Former {
  readonly subscription: Subscription;
  readonly plan: Plan | null;
}

/** A subscription after one that has ended or expired. An account has one trial, and credits that it got ahead count. */
export const startAgain = (
  { subscription: before, plan }: Former,
  terms: StartTerms & Pick<ChangeTerms, 'timeZone'>,
  now: Instant,
): SubscriptionChange => {
  const hadTrial = hasHadTrial(before, now);
  if (terms.withTrial && hadTrial) return { ok: false, fault: 'TRIAL_USED' };
  const started = startSubscription(terms);
  if (!started.ok) return started;
  const ahead = plan === null ? null : creditsAheadAt(before, { plan, timeZone: terms.timeZone }, now);
  const { version, acts = [], ended = null } = before;
  return { ok: true, subscription: { ...started.subscription, version, acts, hadTrial, creditsAhead: ahead, ended } };
};
