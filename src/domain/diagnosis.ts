/**
 * Why a field was refused and whether it still would be: every check in the order in which an operation passes them, each
 * with the figures it looked at, and what puts it right. What was decided then is read off the record, what would be
 * decided now off `decide`: there is one set of rules.
 */
import type { KeyState } from './account.js';
import { decide, KEY_REASONS, meansAfter } from './admission.js';
import type { Requirement, Standing } from './admission.js';
import type { AccountId, PlanId } from './ids.js';
import type { Instant } from './period.js';
import { REASONS } from './refusal.js';
import type { RefusalReason, Remedy } from './refusal.js';
import type { RecordedRefusal, RefusalRecord } from './refusalRecord.js';
import { isCovering, stateAt } from './subscription.js';
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
  'STORE',
] as const;

export type Check = (typeof CHECKS)[number];

const CHECK_OF: Readonly<Record<RefusalReason, Check>> = {
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
  STORE_UNAVAILABLE: 'STORE',
};

/** What came of a field: the reason why not, or what paid for it. `NOT_ASKED`: the key is good, and no field was named. */
export type Outcome = RefusalReason | 'COVERED' | 'PAID' | 'NOT_ASKED';

/** What is known of one field's way through the checks, then or now. */
export interface Finding {
  readonly outcome: Outcome;
  readonly key: KeyState | null;
  readonly subscriptionState: SubscriptionState | null;
  readonly planId: PlanId | null;
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
  const { reason, feature, required, available, plans, resetAt } = refusal;
  const { subscriptionState, planId } = record;
  const figures = { feature, scopes: null, required, available, plans, resetAt };
  return { outcome: reason, key: keyThen(reason), subscriptionState, planId, ...figures };
};

const keyThen = (reason: RefusalReason): KeyState | null => {
  const found = Object.entries(KEY_REASONS).find(([, each]) => each === reason);
  if (found !== undefined) return found[0] as KeyState;
  return reason === 'STORE_UNAVAILABLE' ? null : 'VALID';
};

/** A field to look at now; without a requirement the key alone is looked at. */
export interface FieldAsked {
  readonly requirement: Requirement | null;
  readonly units: number;
}

/** What would come of these fields now, each on what the ones before it leave. */
export const findingsNow = (fields: readonly FieldAsked[], standing: Standing, now: Instant): readonly Finding[] => {
  let { means } = standing;
  return fields.map(({ requirement, units }) => {
    const { key, scopes } = standing;
    const subscription = means?.subscription ?? null;
    const known = {
      key,
      scopes,
      subscriptionState: subscription === null ? null : stateAt(subscription, now),
      planId: subscription?.planId ?? null,
      feature: requirement?.feature ?? null,
    };
    const figures = { required: null, available: means?.credits ?? null, plans: [], resetAt: null };
    if (requirement === null) return { ...known, ...figures, outcome: KEY_REASONS[key] ?? 'NOT_ASKED' };
    const decision = decide(requirement, units, { ...standing, means }, now);
    if (decision.outcome === 'refused') {
      const { reason, required, available, plans, resetAt } = decision.refusal;
      return { ...known, outcome: reason, required, available, plans, resetAt };
    }
    means = means === null ? null : meansAfter(means, decision);
    if (decision.outcome === 'covered') return { ...known, ...figures, outcome: 'COVERED' };
    return { ...known, ...figures, outcome: 'PAID', required: decision.credits };
  });
};

/**
 * Whether a check was passed. `null`: it was not looked at, or it does not matter. Where a plan does not cover, credits may
 * pay all the same, so that a check which was not passed need not be the reason of a refusal.
 */
export const isPassed = (check: Check, finding: Finding): boolean | null => {
  const { outcome } = finding;
  if (outcome === 'NOT_ASKED') return check === 'KEY' ? true : null;
  if (outcome === 'COVERED') return check === 'BALANCE' ? null : true;
  const failed = outcome === 'PAID' ? null : CHECK_OF[outcome];
  if (check === failed) return false;
  if (failed === 'STORE') return null;
  const isBarred = failed === 'KEY' || failed === 'AUTHORISATION' || failed === 'RATE';
  if (isBarred) return CHECKS.indexOf(check) < CHECKS.indexOf(failed) ? true : null;
  return isMet(check, finding);
};

/** Of a caller whom nothing bars: what the plan and the credits came to. */
const isMet = (check: Check, { outcome, subscriptionState: state, required }: Finding): boolean | null => {
  const covers = state !== null && isCovering(state);
  switch (check) {
    case 'PAYMENT_METHOD':
      return state !== 'UNPAID';
    case 'SUBSCRIPTION':
      return state === 'UNPAID' ? null : covers;
    case 'PLAN':
      // What credits paid for may have been in the plan, with a limit that was used up.
      if (!covers || outcome === 'PAID') return null;
      return outcome === 'LIMIT_REACHED';
    case 'LIMIT':
      return null;
    case 'BALANCE':
      if (outcome === 'PAID') return true;
      return outcome === 'LIMIT_REACHED' || required === null ? null : false;
    case 'KEY':
    case 'AUTHORISATION':
    case 'RATE':
    case 'STORE':
      return true;
  }
};

/** A figure by its name, as a number, a word, or an instant in ISO 8601. */
export type Figures = Readonly<Record<string, string | number | null>>;

/** What a check looked at. */
export const figuresOf = (check: Check, finding: Finding): Figures => {
  const { outcome, key, subscriptionState, planId, feature, scopes, required, available, plans, resetAt } = finding;
  const reset = resetAt === null ? null : new Date(resetAt).toISOString();
  switch (check) {
    case 'KEY':
      return { key };
    case 'AUTHORISATION':
      return { feature, scopes: scopes === null ? null : scopes.join(', ') };
    case 'RATE':
      return { resetAt: outcome === 'RATE_LIMITED' ? reset : null };
    case 'PAYMENT_METHOD':
    case 'SUBSCRIPTION':
      return { subscriptionState, plan: planId };
    case 'PLAN':
      return { plan: planId, feature, plansThatCover: plans.length === 0 ? null : plans.join(', ') };
    case 'LIMIT':
      return outcome === 'LIMIT_REACHED' ? { required, available, resetAt: reset } : {};
    case 'BALANCE':
      return outcome === 'LIMIT_REACHED' ? {} : { required, available };
    case 'STORE':
      return {};
  }
};

/** A mutation of the admin API, by its name, with arguments. `null` stands for what only the operator can know. */
export interface RemedyCall {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

export interface RemedyAdvice {
  readonly remedy: Remedy;
  /** What an operator does, in a sentence. */
  readonly advice: string;
  /** What carries it out; `null` where time or a look at the machines does. */
  readonly call: RemedyCall | null;
}

export interface RemedyTerms {
  readonly accountId: AccountId | null;
  /** Credits that all refused fields of the operation lack together. */
  readonly shortfall: number;
  /** A plan on offer that allows more requests a minute, if any. */
  readonly fasterPlan: PlanId | null;
}

/** What puts right a check that is not passed. */
export const remedyOf = (check: Check, finding: Finding, terms: RemedyTerms): RemedyAdvice => {
  const { accountId } = terms;
  const { outcome, plans, feature, scopes, subscriptionState } = finding;
  const [plan = null] = plans;
  switch (check) {
    case 'KEY':
      return {
        remedy: 'USE_VALID_KEY',
        advice:
          'A key that is over stays so. Issue a new one for the account, and have the client send it in place of this one.',
        call: { name: 'issueApiKey', arguments: { accountId, scopes } },
      };
    case 'AUTHORISATION':
      return outcome === 'SCOPE_MISSING'
        ? {
            remedy: 'CONTACT_SUPPORT',
            advice: 'The key lacks the scope. Issue one that has it, if the client may have it.',
            call: { name: 'issueApiKey', arguments: { accountId, scopes: [...(scopes ?? []), feature] } },
          }
        : {
            remedy: 'CONTACT_SUPPORT',
            advice: 'The account is suspended. Resume it once what led to that is settled.',
            call: { name: 'resumeAccount', arguments: { accountId } },
          };
    case 'RATE':
      return {
        remedy: 'SLOW_DOWN',
        advice: 'The client has to wait, or needs a plan that allows more requests a minute.',
        call: subscribing(terms.fasterPlan, accountId, subscriptionState),
      };
    case 'PAYMENT_METHOD':
      return {
        remedy: 'UPDATE_PAYMENT_METHOD',
        advice: 'Have the customer give a card that works, charge it, and record the payment.',
        call: { name: 'recordPayment', arguments: { accountId } },
      };
    case 'SUBSCRIPTION':
      return outcome === 'SUBSCRIPTION_EXPIRED'
        ? {
            remedy: 'RENEW_SUBSCRIPTION',
            advice: 'The subscription has ended. Renewed, it begins anew with a first period that counts as paid.',
            call: { name: 'renewSubscription', arguments: { accountId } },
          }
        : {
            remedy: 'SUBSCRIBE',
            advice: adviceOnPlans('Subscribe the account to a plan that covers it.', plan),
            call: subscribing(plan, accountId, null),
          };
    case 'PLAN':
    case 'LIMIT':
      return {
        remedy: 'UPGRADE_PLAN',
        advice: adviceOnPlans('Change the subscription to a plan that covers it.', plan),
        call: subscribing(plan, accountId, subscriptionState),
      };
    case 'BALANCE':
      return {
        remedy: 'ADD_FUNDS',
        advice: 'Add credits: what the operation lacks at least.',
        call:
          terms.shortfall > 0
            ? { name: 'grantCredits', arguments: { accountId, credits: terms.shortfall, reason: 'Bought' } }
            : null,
      };
    case 'STORE':
      return {
        remedy: REASONS.STORE_UNAVAILABLE.remedy,
        advice: 'Look after the database: /readyz and the log say what is wrong. The client sends it again.',
        call: null,
      };
  }
};

const adviceOnPlans = (advice: string, plan: PlanId | null): string =>
  plan === null ? 'No plan on offer covers it: publish one that does.' : advice;

/** A subscription that runs is changed; without one, or after its end, another one is started. */
const subscribing = (
  planId: PlanId | null,
  accountId: AccountId | null,
  state: SubscriptionState | null,
): RemedyCall | null => {
  if (planId === null) return null;
  const runs = state !== null && isCovering(state);
  return runs
    ? { name: 'changeSubscription', arguments: { accountId, planId, when: 'NOW' } }
    : { name: 'startSubscription', arguments: { accountId, planId } };
};

/** Credits that these fields lack together; 0 where none lacks any, or more than any account can have. */
export const shortfallOf = (findings: readonly Finding[]): number => {
  const lacking = findings.filter(({ outcome }) => outcome === 'INSUFFICIENT_FUNDS');
  const required = lacking.reduce((sum, each) => sum + (each.required ?? Number.NaN), 0);
  const available = Math.max(0, ...lacking.map((each) => each.available ?? 0));
  return Number.isSafeInteger(required) ? Math.max(0, required - available) : 0;
};
