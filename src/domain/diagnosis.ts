/**
 * Why a field was refused and whether it still would be: every check in the order in which an operation passes them, each
 * with the figures it looked at, and what puts it right. What was decided then is read off the record, what would be
 * decided now off `decide`: there is one set of rules.
 */
import type { Means, Standing } from './admission.js';
import type { Budget } from './budget.js';
import { CHECK_OF, CHECKS } from './finding.js';
import type { Check, Finding } from './finding.js';
import type { AccountId, ApiKeyId, PlanId } from './ids.js';
import type { Instant } from './period.js';
import { cheapestFirst } from './plan.js';
import { requestsPerMinuteAt } from './rateLimit.js';
import type { RefusalReason, Remedy } from './refusal.js';
import { isCovering } from './subscription.js';
import type { SubscriptionState } from './subscription.js';

/**
 * Whether a check was passed. `null`: it was not looked at, or it does not matter. Where a plan does not cover, credits may
 * pay all the same, so that a check which was not passed need not be the reason of a refusal.
 */
const isPassed = (check: Check, finding: Finding): boolean | null => {
  const { outcome } = finding;
  if (outcome === 'NOT_ASKED') {
    // The record of it was read, so the store answers.
    if (check === 'STORE') return true;
    return isBar(check) && finding.key === 'VALID' ? true : null;
  }
  if (outcome === 'COVERED') return check === 'BALANCE' || check === 'BUDGET' ? null : true;
  const failed = outcome === 'PAID' ? null : CHECK_OF[outcome];
  if (check === failed) return false;
  if (failed === 'STORE') return null;
  if (failed !== null && isBar(failed)) return CHECKS.indexOf(check) < CHECKS.indexOf(failed) ? true : null;
  return isMet(check, finding);
};

/** What stands in the way whatever the caller could pay. */
const isBar = (check: Check): boolean => check === 'KEY' || check === 'AUTHORISATION' || check === 'RATE';

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
      if (!covers || outcome === 'PAID' || outcome === 'KEY_BUDGET_REACHED') return null;
      return outcome === 'LIMIT_REACHED';
    case 'LIMIT':
      return null;
    case 'BALANCE':
      if (outcome === 'PAID' || outcome === 'KEY_BUDGET_REACHED') return true;
      return outcome === 'LIMIT_REACHED' || required === null ? null : false;
    case 'BUDGET':
      return outcome === 'PAID' ? true : null;
    case 'KEY':
    case 'AUTHORISATION':
    case 'RATE':
    case 'STORE':
      return true;
  }
};

/** A figure by its name, as a number, a word, or an instant in ISO 8601. */
type Figures = Readonly<Record<string, string | number | null>>;

/** What a check looked at. */
const figuresOf = (check: Check, finding: Finding): Figures => {
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
      return outcome === 'LIMIT_REACHED' || outcome === 'KEY_BUDGET_REACHED' ? {} : { required, available };
    case 'BUDGET':
      return outcome === 'KEY_BUDGET_REACHED' ? { required, available, resetAt: reset } : {};
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
  /** The key that is sent; `null`: nobody knows, or it is not stored. */
  readonly keyId: ApiKeyId | null;
  /** Credits that all refused fields of the operation lack together. */
  readonly shortfall: number;
  /** With which the key's budget would suffice for them; `null`: it has none. */
  readonly budget: Budget | null;
  /** The cheapest plan on offer that allows more requests a minute than theirs; `null`: there is none. */
  readonly fasterPlan: PlanId | null;
}

export const remedyTermsOf = (
  { accountId, keyId }: Pick<RemedyTerms, 'accountId' | 'keyId'>,
  findings: readonly Finding[],
  { means }: Standing,
  rate: RateTerms,
): RemedyTerms => ({
  accountId,
  keyId,
  shortfall: shortfallOf(findings, 'INSUFFICIENT_FUNDS'),
  budget: budgetFor(findings, means?.budget ?? null),
  fasterPlan: means === null ? null : fasterPlanOf(means, rate),
});

export interface RateTerms {
  readonly now: Instant;
  /** Of a key where no plan says; `null`: any number. */
  readonly keyRequestsPerMinute: number | null;
}

const budgetFor = (findings: readonly Finding[], budget: Budget | null): Budget | null =>
  budget === null ? null : { credits: budget.credits + shortfallOf(findings, 'KEY_BUDGET_REACHED'), per: budget.per };

const fasterPlanOf = (
  { subscription, plan, offers }: Means,
  { now, keyRequestsPerMinute }: RateTerms,
): PlanId | null => {
  const rateOf = (said: number | null): number => said ?? keyRequestsPerMinute ?? Number.POSITIVE_INFINITY;
  const theirs = rateOf(requestsPerMinuteAt(subscription, plan, now));
  const faster = offers.filter(({ requestsPerMinute }) => rateOf(requestsPerMinute) > theirs);
  return faster.toSorted(cheapestFirst(plan?.price.currency ?? null))[0]?.id ?? null;
};

type FindRemedy = (finding: Finding, terms: RemedyTerms) => RemedyAdvice;

const changePlan: FindRemedy = ({ plans: [plan = null], subscriptionState }, { accountId }) => ({
  remedy: 'UPGRADE_PLAN',
  advice: adviceOnPlans('Change the subscription to a plan that covers it.', plan),
  call: subscribing(plan, accountId, subscriptionState),
});

/** What puts right a check that is not passed. */
const REMEDY_OF: Readonly<Record<Check, FindRemedy>> = {
  KEY: ({ scopes }, { accountId }) => ({
    remedy: 'USE_VALID_KEY',
    advice: 'A key that is over stays so. Issue a new one for the account, and have the client send that.',
    call: { name: 'issueApiKey', arguments: { accountId, scopes } },
  }),
  AUTHORISATION: ({ outcome, scopes, coordinate, feature }, { accountId }) =>
    outcome === 'SCOPE_MISSING'
      ? {
          remedy: 'CONTACT_SUPPORT',
          advice: 'The key lacks the scope. Issue one that has it, if the client may have it.',
          call: { name: 'issueApiKey', arguments: { accountId, scopes: [...(scopes ?? []), feature ?? coordinate] } },
        }
      : {
          remedy: 'CONTACT_SUPPORT',
          advice: 'The account is suspended. Resume it once what led to that is settled.',
          call: { name: 'resumeAccount', arguments: { accountId } },
        },
  RATE: ({ subscriptionState }, { accountId, fasterPlan }) => ({
    remedy: 'SLOW_DOWN',
    advice:
      fasterPlan === null
        ? 'The client has to wait. No plan on sale allows more requests a minute.'
        : 'The client has to wait, or needs a plan that allows more requests a minute.',
    call: subscribing(fasterPlan, accountId, subscriptionState),
  }),
  PAYMENT_METHOD: (_finding, { accountId }) => ({
    remedy: 'UPDATE_PAYMENT_METHOD',
    advice: 'Have the customer give a card that works, charge it, and record the payment.',
    call: { name: 'recordPayment', arguments: { accountId } },
  }),
  SUBSCRIPTION: ({ outcome, plans: [plan = null] }, { accountId }) =>
    outcome === 'SUBSCRIPTION_EXPIRED'
      ? {
          remedy: 'RENEW_SUBSCRIPTION',
          advice: 'The subscription has ended. Renewed, it begins anew with a first period that counts as paid.',
          call: { name: 'renewSubscription', arguments: { accountId } },
        }
      : {
          remedy: 'SUBSCRIBE',
          advice: adviceOnPlans('Subscribe the account to a plan that covers it.', plan),
          call: subscribing(plan, accountId, null),
        },
  PLAN: changePlan,
  LIMIT: changePlan,
  BALANCE: (_finding, { accountId, shortfall: credits }) => ({
    remedy: 'ADD_FUNDS',
    advice: 'Add credits: what the operation lacks at least.',
    call: credits > 0 ? { name: 'grantCredits', arguments: { accountId, credits, reason: 'Bought' } } : null,
  }),
  BUDGET: (_finding, { keyId, budget }) => ({
    remedy: 'RAISE_BUDGET',
    advice: 'The key has spent what it may. Raise its budget, or wait until it begins anew.',
    call:
      keyId === null || budget === null
        ? null
        : { name: 'setApiKeyBudget', arguments: { keyId, budget: { ...budget } } },
  }),
  STORE: () => ({
    remedy: 'RETRY_LATER',
    advice: 'Look after the database: /readyz and the log say what is wrong. The client sends it again.',
    call: null,
  }),
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
const shortfallOf = (findings: readonly Finding[], reason: RefusalReason): number => {
  const lacking = findings.filter(({ outcome }) => outcome === reason);
  const required = lacking.reduce((sum, each) => sum + (each.required ?? Number.NaN), 0);
  const available = Math.max(0, ...lacking.map((each) => each.available ?? 0));
  return Number.isSafeInteger(required) ? Math.max(0, required - available) : 0;
};

export interface CheckResult {
  readonly check: Check;
  readonly passedThen: boolean | null;
  readonly passedNow: boolean | null;
  readonly figures: readonly CheckFigure[];
  /** `null` where the field would be served now, or the check is passed. */
  readonly remedy: RemedyAdvice | null;
}

export interface CheckFigure {
  readonly name: string;
  readonly then: string | number | null;
  readonly now: string | number | null;
}

/** The reason of a refusal; `null` where nothing was refused. */
export const reasonOf = ({ outcome }: Finding): RefusalReason | null =>
  outcome === 'COVERED' || outcome === 'PAID' || outcome === 'NOT_ASKED' ? null : outcome;

/** Every check in order. `then` is `null` for what was never sent. */
export const checksOf = (then: Finding | null, now: Finding, terms: RemedyTerms): readonly CheckResult[] =>
  CHECKS.map((check) => {
    const [before, after] = [then === null ? {} : figuresOf(check, then), figuresOf(check, now)];
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    const passedNow = isPassed(check, now);
    return {
      check,
      passedThen: then === null ? null : isPassed(check, then),
      passedNow,
      figures: names.map((name) => ({ name, then: before[name] ?? null, now: after[name] ?? null })),
      remedy: passedNow === false && reasonOf(now) !== null ? REMEDY_OF[check](now, terms) : null,
    };
  });

/** What puts the reason itself right; `null` where the field would be served now. */
export const remedyFor = (now: Finding, terms: RemedyTerms): RemedyAdvice | null => {
  const reason = reasonOf(now);
  return reason === null ? null : REMEDY_OF[CHECK_OF[reason]](now, terms);
};
