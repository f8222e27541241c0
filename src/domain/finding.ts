/** What is known of one field's way through the checks: read off the record of a refusal, or decided now. */
import type { KeyState } from './account.js';
import { barredBy, decide, KEY_REASONS } from './admission.js';
import { meansAfter } from './demand.js';
import type { Decision, Requirement, Standing } from './admission.js';
import type { AccountId, PlanId } from './ids.js';
import type { Instant } from './period.js';
import type { RefusalReason } from './refusal.js';
import type { RecordedRefusal, RefusalRecord } from './refusalRecord.js';
import { stateAt } from './subscription.js';
import type { SubscriptionState } from './subscription.js';

export const CHECKS = [
  'KEY',
  'AUTHORISATION',
  'RATE',
  'PAYMENT_METHOD',
  'SUBSCRIPTION',
  'PLAN',
  'LIMIT',
  'BALANCE',
  'BUDGET',
  'STORE',
] as const;

export type Check = (typeof CHECKS)[number];

/** By which check each reason is found. */
export const CHECK_OF: Readonly<Record<RefusalReason, Check>> = {
  KEY_REQUIRED: 'KEY',
  KEY_UNKNOWN: 'KEY',
  KEY_EXPIRED: 'KEY',
  KEY_REVOKED: 'KEY',
  ACCOUNT_SUSPENDED: 'AUTHORISATION',
  SCOPE_MISSING: 'AUTHORISATION',
  RATE_LIMITED: 'RATE',
  PAYMENT_METHOD_EXPIRED: 'PAYMENT_METHOD',
  PAYMENT_FAILED: 'PAYMENT_METHOD',
  SUBSCRIPTION_EXPIRED: 'SUBSCRIPTION',
  SUBSCRIPTION_REQUIRED: 'SUBSCRIPTION',
  PLAN_UPGRADE_REQUIRED: 'PLAN',
  LIMIT_REACHED: 'LIMIT',
  INSUFFICIENT_FUNDS: 'BALANCE',
  KEY_BUDGET_REACHED: 'BUDGET',
  STORE_UNAVAILABLE: 'STORE',
};

/** What came of a field: the reason why not, or what paid for it. `NOT_ASKED`: nothing bars, and no field was looked at. */
export type Outcome = RefusalReason | 'COVERED' | 'PAID' | 'NOT_ASKED';

/** What is known of one field's way through the checks, then or now. */
export interface Finding {
  readonly outcome: Outcome;
  readonly key: KeyState | null;
  readonly subscriptionState: SubscriptionState | null;
  readonly planId: PlanId | null;
  readonly coordinate: string | null;
  readonly feature: string | null;
  readonly scopes: readonly string[] | null;
  /** As in `Refusal`: limit units for `LIMIT_REACHED`, else credits. */
  readonly required: number | null;
  readonly available: number | null;
  readonly plans: readonly PlanId[];
  readonly resetAt: Instant | null;
}

/** What the record says of one refused field. */
export const findingThen = (record: RefusalRecord, refusal: RecordedRefusal): Finding => {
  const { reason, coordinate, feature, required, available, plans, resetAt } = refusal;
  const { subscriptionState, planId } = record;
  const figures = { coordinate, feature, scopes: null, required, available, plans, resetAt };
  return { outcome: reason, key: keyThen(reason, record.accountId), subscriptionState, planId, ...figures };
};

/** `null`: the record does not say. */
const keyThen = (reason: RefusalReason, accountId: AccountId | null): KeyState | null => {
  const found = Object.entries(KEY_REASONS).find(([, each]) => each === reason);
  if (found !== undefined) return found[0] as KeyState;
  return accountId === null ? null : 'VALID';
};

const NO_MEANS = { subscription: null, plan: null, credits: null };

/** What is known of a caller now, whatever is asked for. */
const knownOf = (standing: Standing, now: Instant) => {
  const { key, scopes, means } = standing;
  const { subscription, plan, credits } = means ?? NO_MEANS;
  return {
    key,
    scopes,
    subscriptionState: subscription === null ? null : stateAt(subscription, plan, now),
    planId: subscription?.planId ?? null,
    required: null,
    available: credits,
    plans: [],
    resetAt: null,
  };
};

/** What a decision on a field says. */
export const findingOf = (
  { coordinate, feature }: Pick<Requirement, 'coordinate' | 'feature'>,
  decision: Decision,
  standing: Standing,
  now: Instant,
): Finding => {
  const known = { ...knownOf(standing, now), coordinate, feature };
  switch (decision.outcome) {
    case 'refused': {
      const { reason, required, available, plans, resetAt } = decision.refusal;
      return { ...known, outcome: reason, required, available, plans, resetAt };
    }
    case 'covered':
      return { ...known, outcome: 'COVERED' };
    case 'split':
    case 'paid':
      return { ...known, outcome: 'PAID', required: decision.credits };
  }
};

/** A field to look at now; without a requirement only what bars the caller from everything is looked at. */
export interface FieldAsked {
  readonly requirement: Requirement | null;
  readonly units: number;
}

/** What would come of these fields now, each on what the ones before it leave. */
export const findingsNow = (fields: readonly FieldAsked[], standing: Standing, now: Instant): readonly Finding[] => {
  let left = standing;
  return fields.map(({ requirement, units }) => {
    if (requirement === null) {
      const outcome = barredBy(null, standing, now) ?? 'NOT_ASKED';
      const asked = { coordinate: null, feature: null };
      return { ...knownOf(standing, now), ...asked, outcome, resetAt: standing.rateLimitedUntil };
    }
    const decision = decide(requirement, units, left, now);
    const finding = findingOf(requirement, decision, left, now);
    if (left.means !== null) left = { ...left, means: meansAfter(left.means, decision) };
    return finding;
  });
};
