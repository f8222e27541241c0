/**
 * The credits that a plan gives: once a billing period, or for each month of the account's calendar. What plans before it
 * gave ahead is not given once more, so that no way through plans gives more than the largest of them.
 */
import { grantId } from './ids.js';
import type { Instant, Window } from './period.js';
import type { Plan } from './plan.js';
import { shareOf } from './price.js';
import { billingPeriodAt, grantsOfPeriod, isCovering, stateAt } from './subscription.js';
import type { CreditsAhead, Subscription } from './subscription.js';
import { monthNameAt, windowAt } from './timeZone.js';
import type { TimeZone } from './timeZone.js';
import type { GrantCommand } from './walletCredits.js';

/** What the credits of an account depend on. */
export interface CreditTerms {
  readonly plan: Plan;
  readonly timeZone: TimeZone;
}

interface CreditWindow extends Window {
  /** The id of its grant. */
  readonly id: string;
  /** How long the whole is of which it may be a part. */
  readonly spanMs: number;
  readonly name: string;
}

/** A month that begins or ends outside of the billing period is one in part: a year has twelve, wherever it begins. */
const creditWindowAt = (subscription: Subscription, { plan, timeZone }: CreditTerms, now: Instant): CreditWindow => {
  const { index, startsAt, endsAt } = billingPeriodAt(subscription, plan.interval, now);
  const id = grantsOfPeriod(subscription, plan.interval, now);
  if (plan.creditsPer !== 'MONTH') {
    return { id, startsAt, endsAt, spanMs: endsAt - startsAt, name: `its period ${index}` };
  }
  const month = windowAt('MONTH', timeZone, now);
  const name = monthNameAt(timeZone, now);
  return {
    id: `${id}/${name}`,
    startsAt: Math.max(startsAt, month.startsAt),
    endsAt: Math.min(endsAt, month.endsAt),
    spanMs: month.endsAt - month.startsAt,
    name,
  };
};

/** What credits that were given ahead come to for the time from this instant on. */
export const comesTo = (ahead: Omit<CreditsAhead, 'since'> | null | undefined, at: Instant): number =>
  ahead == null || at >= ahead.endsAt ? 0 : shareOf(ahead.credits, ahead.endsAt - at, ahead.spanMs);

/**
 * The grant that this subscription's plan gives for the current period or month, or `null` where none is due. Its id is
 * made of both, so that it is given once however often it is asked for.
 */
const grantOfWindow = (subscription: Subscription, terms: CreditTerms, now: Instant): GrantCommand | null => {
  const { plan } = terms;
  const state = stateAt(subscription, plan, now);
  if (plan.creditsPerPeriod === 0 || (state !== 'ACTIVE' && state !== 'TRIALING')) return null;
  const { id, startsAt, endsAt, spanMs, name } = creditWindowAt(subscription, terms, now);
  const { creditsAhead } = subscription;
  if (creditsAhead != null && startsAt < creditsAhead.since) return null;
  const whole = { credits: plan.creditsPerPeriod, spanMs, endsAt };
  const credits = comesTo(whole, startsAt) - comesTo(creditsAhead, startsAt);
  if (credits <= 0) return null;
  const reason = `Credits of plan ${plan.id} for ${name}`;
  return { kind: 'grant', id: grantId(id), credits, expiresAt: endsAt, priority: 0, reason };
};

/**
 * The grants that are due now: the credits of the current period or month, and those that a change of plan added. Each has
 * an id of its own, so that it is given once however often it is asked for.
 */
export const grantsDue = (subscription: Subscription, terms: CreditTerms, now: Instant): readonly GrantCommand[] => {
  const ofWindow = grantOfWindow(subscription, terms, now);
  const { added } = subscription;
  const isRunning = isCovering(stateAt(subscription, terms.plan, now));
  return [ofWindow, isRunning ? (added ?? null) : null].filter((grant) => grant !== null);
};

/** The most that was given ahead for the time from now on: by this plan, or by those before it. */
export const creditsAheadAt = (
  subscription: Subscription,
  terms: CreditTerms,
  now: Instant,
  since: Instant = now,
): CreditsAhead | null => {
  const { startsAt, trialEndsAt, paidUntil, cancelsAt, creditsAhead = null } = subscription;
  // Credits outlive a cancellation, but for those of a trial.
  const isCanceled = cancelsAt !== null && now >= cancelsAt;
  const at = isCanceled ? cancelsAt : now;
  const isTrialOver = isCanceled && trialEndsAt !== null && at < trialEndsAt;
  if (at < startsAt || at >= paidUntil || isTrialOver) return creditsAhead;
  const own = aheadOf(subscription, terms, at);
  const isAheadMore = creditsAhead !== null && comesTo(creditsAhead, now) > comesTo(own, now);
  return { ...(isAheadMore ? creditsAhead : own), since };
};

/** What the window that `at` lies in gives of its own. */
export const aheadOf = (subscription: Subscription, terms: CreditTerms, at: Instant): Omit<CreditsAhead, 'since'> => {
  const { spanMs, endsAt } = creditWindowAt(subscription, terms, at);
  return { credits: terms.plan.creditsPerPeriod, spanMs, endsAt };
};

/** Credits on top of those that were given ahead, for a plan that takes over within a period; `null`: none are missing. */
export const grantOfChange = (
  subscription: Subscription,
  terms: CreditTerms,
  ahead: CreditsAhead | null,
  now: Instant,
): GrantCommand | null => {
  const { plan } = terms;
  const { id, name, endsAt } = creditWindowAt(subscription, terms, now);
  const credits = comesTo(aheadOf(subscription, terms, now), now) - comesTo(ahead, now);
  if (credits <= 0) return null;
  const reason = `Credits of plan ${plan.id} for the rest of ${name}`;
  const ofPlan = grantId(`${id}/${plan.id}@${plan.version}`);
  return { kind: 'grant', id: ofPlan, credits, expiresAt: endsAt, priority: 0, reason };
};
