/**
 * What a provider's subscription makes of an account's. Dates are set as the provider has them and never counted up; what
 * comes out depends on the provider's object and on what is kept, not on when or how often somebody looks.
 */
import { creditsAheadAt, grantOfChange } from './grantsDue.js';
import { subscriptionId } from './ids.js';
import type { AccountId } from './ids.js';
import type { Instant } from './period.js';
import type { Plan } from './plan.js';
import type { ProvidedSubscription } from './provided.js';
import { anchorOf, hasHadTrial, isCovering, stateAt } from './subscription.js';
import type { Subscription } from './subscription.js';
import type { TimeZone } from './timeZone.js';

export interface ProjectionTerms {
  /** As in `stripe`. */
  readonly provider: string;
  readonly accountId: AccountId;
  /** That the provided subscription is to; `null`: its price is none of ours. */
  readonly plan: Plan | null;
  /** That the account's present subscription is to; `null`: it can't be found. */
  readonly from: Plan | null;
  readonly timeZone: TimeZone;
}

/**
 * The account's subscription, `current` as it is in force; the very same where nothing is new. Of several that it has at the
 * provider, the one that is linked counts until a newer one runs, or until it has ended and another one runs.
 */
export const projectSubscription = (
  current: Subscription | null,
  provided: ProvidedSubscription,
  terms: ProjectionTerms,
  now: Instant,
): Subscription | null => {
  const before: Before = { current, linked: linkedTo(current, provided, terms) };
  const plan = before.linked === null ? terms.plan : planAfter(provided, terms);
  if (plan === null || !counts(before, provided, terms, now)) return current;
  const planned = { ...terms, plan };
  const next = withDates(before, provided, planned, now);
  const after =
    before.linked === null ? replacing(current, next) : goingOn(before.linked, next, provided, planned, now);
  return current !== null && JSON.stringify(after) === JSON.stringify(current) ? current : after;
};

/** What is there: the account's subscription, and the same where it is the one that is provided. */
interface Before {
  readonly current: Subscription | null;
  readonly linked: Subscription | null;
}

type Planned = ProjectionTerms & { readonly plan: Plan };

const linkedTo = (
  current: Subscription | null,
  { id }: ProvidedSubscription,
  { provider }: ProjectionTerms,
): Subscription | null => (current?.keptBy?.provider === provider && current.keptBy.id === id ? current : null);

/**
 * The plan of a linked subscription. One that is more waits while something is not paid: what is open may be its price. Of a
 * price that is none of ours nothing is known, and the plan stays.
 */
const planAfter = ({ status }: ProvidedSubscription, { plan, from }: ProjectionTerms): Plan | null => {
  if (plan === null || from === null) return plan ?? from;
  return isUnpaid(status) && isMore(plan, from) ? from : plan;
};

const isMore = (plan: Plan, from: Plan): boolean =>
  plan.interval !== from.interval ||
  plan.price.amountMinor > from.price.amountMinor ||
  plan.creditsPerPeriod > from.creditsPerPeriod;

/** Whether the provided subscription is the one that counts. One whose first payment is due has not begun. */
const counts = (
  before: Before,
  { status, createdAt }: ProvidedSubscription,
  { from }: ProjectionTerms,
  now: Instant,
): boolean => {
  const { current, linked } = before;
  if (status === 'INCOMPLETE') return false;
  if (current === null) return true;
  // An account has one trial: a second one counts when it is paid for.
  if (status === 'TRIALING' && hadTrialBefore(before, now)) return false;
  if (linked !== null) return true;
  const isRunning = status === 'TRIALING' || status === 'ACTIVE' || status === 'PAST_DUE';
  const state = stateAt(current, from, now);
  const isCurrentRunning = isCovering(state) || state === 'SCHEDULED';
  if (isRunning !== isCurrentRunning) return isRunning;
  return createdAt > (current.keptBy?.createdAt ?? current.startsAt);
};

/** Whether the account had its trial with another subscription, or with this one before its periods began anew. */
const hadTrialBefore = ({ current, linked }: Before, now: Instant): boolean =>
  linked === null ? current !== null && hasHadTrial(current, now) : linked.hadTrial === true;

const withDates = (
  before: Before,
  provided: ProvidedSubscription,
  { provider, accountId, plan }: Planned,
  now: Instant,
): Subscription => {
  const { id, createdAt } = provided;
  const { current, linked } = before;
  const { startsAt, trialEndsAt } = beginningOf(provided, now);
  // Periods that are counted anew have ids of their own, and so do their credits.
  const isFirst = trialEndsAt !== null || startsAt === provided.startsAt;
  const isTrialOver = trialEndsAt === null && provided.trialEndsAt !== null;
  return {
    id: subscriptionId(isFirst ? `${provider}:${id}` : `${provider}:${id}@${startsAt}`),
    accountId,
    planId: plan.id,
    planVersion: plan.version,
    startsAt,
    trialEndsAt,
    paidUntil: Math.max(trialEndsAt ?? startsAt, provided.paidUntil ?? startsAt),
    cancelsAt: cancelsAtOf(linked, provided, now),
    paymentFailure: failureOf(linked, provided, now),
    change: null,
    hadTrial: hadTrialBefore(before, now) || isTrialOver,
    keptBy: { provider, id, createdAt },
    version: current?.version ?? 0,
    acts: current?.acts ?? [],
  };
};

/**
 * Where its periods are counted from: the end of its trial, or what the provider counts them from. While that is to come,
 * they are counted from its start.
 */
const beginningOf = (
  { status, startsAt, anchorAt, trialEndsAt }: ProvidedSubscription,
  now: Instant,
): Pick<Subscription, 'startsAt' | 'trialEndsAt'> =>
  status === 'TRIALING' || trialEndsAt === anchorAt
    ? { startsAt, trialEndsAt }
    : { startsAt: anchorAt <= now ? anchorAt : startsAt, trialEndsAt: null };

const cancelsAtOf = (
  linked: Subscription | null,
  { status, cancelsAt, endedAt, pausedAt }: ProvidedSubscription,
  now: Instant,
): Instant | null => {
  if (status !== 'ENDED' && status !== 'PAUSED') return cancelsAt;
  const noticedAt = Math.min(linked?.cancelsAt ?? now, now);
  return (status === 'ENDED' ? endedAt : pausedAt) ?? noticedAt;
};

const failureOf = (
  linked: Subscription | null,
  { status, failure }: ProvidedSubscription,
  now: Instant,
): Subscription['paymentFailure'] =>
  isUnpaid(status) ? (failure ?? linked?.paymentFailure ?? { failedAt: now, cause: 'OTHER' }) : null;

const isUnpaid = (status: ProvidedSubscription['status']): boolean => status === 'PAST_DUE' || status === 'UNPAID';

/** What was there before has ended, with its trial's credits; what it gave otherwise was paid for, and stays. */
const replacing = (before: Subscription | null, next: Subscription): Subscription => ({
  ...next,
  added: null,
  creditsAhead: null,
  ended: before?.trialEndsAt != null && next.startsAt < before.trialEndsAt ? trialOf(before) : null,
});

/** How the ids of the credits of a trial begin. */
const trialOf = ({ id }: Subscription): string => `${id}/period/-1`;

const goingOn = (
  before: Subscription,
  next: Subscription,
  { planSince }: ProvidedSubscription,
  { plan, from, timeZone }: Planned,
  now: Instant,
): Subscription => {
  const { added = null, creditsAhead = null } = before;
  const ended = isTrialCutShort(before, next, now) ? trialOf(before) : (before.ended ?? null);
  const kept: Subscription = { ...next, added, creditsAhead, ended };
  if (from === null) return kept;
  const anchorAt = anchorOf(next);
  if (anchorAt !== anchorOf(before)) {
    // Periods of its own: what is missing to what was given ahead, but for a trial.
    const isTrial = before.trialEndsAt !== null && anchorAt <= before.trialEndsAt;
    const ahead = isTrial ? creditsAhead : creditsAheadAt(before, { plan: from, timeZone }, anchorAt);
    return { ...kept, added: null, creditsAhead: ahead };
  }
  if (plan.id === from.id && plan.version === from.version) return kept;
  const since = Math.min(planSince ?? now, now);
  // Of a period that was not paid for under the plan before nothing was given.
  if (since >= before.paidUntil) return { ...kept, added: null };
  const ahead = creditsAheadAt(before, { plan: from, timeZone }, since, since + 1);
  return { ...kept, added: grantOfChange(next, { plan, timeZone }, ahead, since), creditsAhead: ahead };
};

/** Whether its trial has ended earlier than it was to: with all that it gave. */
const isTrialCutShort = ({ trialEndsAt }: Subscription, next: Subscription, now: Instant): boolean => {
  if (trialEndsAt === null) return false;
  const endedAt = Math.min(next.trialEndsAt ?? next.startsAt, next.cancelsAt ?? trialEndsAt);
  return endedAt < trialEndsAt && endedAt <= now;
};
