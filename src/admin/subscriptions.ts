/** Subscriptions. Each verb decides on the version that was read, and who was too late gets `CONFLICT`. */
import { timeZoneOf } from '../domain/account.js';
import { subscriptionId } from '../domain/ids.js';
import type { Instant } from '../domain/period.js';
import type { Price } from '../domain/plan.js';
import {
  cancelAtPeriodEnd,
  cancelNow as cancelNowIn,
  effectiveAt,
  recordPayment as recordPaymentIn,
  recordPaymentFailure as recordPaymentFailureIn,
  startSubscription as startSubscriptionIn,
  stateAt,
} from '../domain/subscription.js';
import type { PaymentFailureCause, Subscription, SubscriptionFault } from '../domain/subscription.js';
import {
  changeAtPeriodEnd,
  changeNow,
  renewSubscription as renewSubscriptionIn,
  startAgain,
  unusedAt,
} from '../domain/subscriptionChange.js';
import type { ChangeFault, ChangeTerms, Proration } from '../domain/subscriptionChange.js';
import type { Act, Acting } from './acting.js';
import { carryOutWrites } from './carryOut.js';
import type { Decision } from './carryOut.js';
import { checkFuture, inIso } from './checkInput.js';
import { loadAccount, loadCurrent, loadOffer, loadVersion, loadVersions } from './loadCurrent.js';
import type { Current } from './loadCurrent.js';
import { badInput, OperatorError } from './operatorError.js';
import { written } from './writeAll.js';
import type { Lost, Subscriber, Write } from './writeAll.js';

const FAULTS: Readonly<Record<SubscriptionFault | ChangeFault, string>> = {
  DATES_OUT_OF_ORDER: 'Its dates would be beyond all that can be written down.',
  ALREADY_ENDED: 'The subscription has ended.',
  NOT_STARTED: 'The subscription has not begun.',
  NOT_RUNNING: 'No subscription runs: it has not begun, has ended, or is unpaid.',
  SAME_PLAN: 'The subscription is to this version of the plan already.',
  PAYMENT_DUE: 'What was paid for is over: record a payment first.',
  CHANGE_PAID: 'Another plan was paid for and takes over at the period’s end. Change it from then on.',
  TRIAL_USED: 'The account has had its trial. Start it without one.',
  CANCELLATION_PENDING: 'The subscription ends with its period. Renew it first.',
  STILL_RUNNING: 'The subscription runs, and nothing ends it.',
  PAYMENT_OWED: 'The subscription is unpaid. Record a payment.',
};

const ARGUMENTS: Readonly<Partial<Record<SubscriptionFault | ChangeFault, string>>> = {
  SAME_PLAN: 'planId',
  TRIAL_USED: 'withTrial',
};

const conflict = (fault: SubscriptionFault | ChangeFault): OperatorError =>
  new OperatorError('CONFLICT', FAULTS[fault], ARGUMENTS[fault] ?? 'accountId');

const LOST: Lost = {
  argument: 'accountId',
  message: 'The subscription was changed at the same moment. Try again.',
};

/** When a change takes place. */
export type When = 'NOW' | 'PERIOD_END';

export interface SubscriptionAnswer {
  readonly subscription: Subscription;
  /** What was paid ahead and is not used, where it was ended at once. */
  readonly unused?: readonly Price[];
}

/** What a provider keeps is changed there, and comes here by itself: what was written here would be lost. */
const checkOwn = ({ keptBy }: Subscription): void => {
  if (keptBy == null) return;
  const { provider, id } = keptBy;
  const message = `${provider} keeps this subscription (${id}). Change it there, or let the customer do it with billingPortal.`;
  throw new OperatorError('CONFLICT', message, 'accountId');
};

const loadOwn = async (acting: Acting, accountId: string): Promise<Current> => {
  const current = await loadCurrent(acting, accountId);
  checkOwn(current.subscription);
  return current;
};

type Decided =
  | { readonly ok: true; readonly subscription: Subscription }
  | { readonly ok: false; readonly fault: SubscriptionFault | ChangeFault };

const decisionOn = (before: Subscription | null, decided: Decided): Decision<SubscriptionAnswer> => {
  if (!decided.ok) throw conflict(decided.fault);
  const subscription = written(decided.subscription);
  return {
    writes: [{ kind: 'subscription', record: decided.subscription, lost: LOST }],
    change: { target: `account/${subscription.accountId}`, before, after: subscription },
    answer: { subscription },
  };
};

export interface SubscriberNamed {
  readonly accountId: string;
}

const carryOutChange = (
  acting: Acting,
  key: string | null,
  verb: string,
  args: SubscriberNamed,
  decide: (act: Act) => Promise<Decision<SubscriptionAnswer>>,
): Promise<SubscriptionAnswer> => carryOutWrites(acting, key, { verb, role: 'ADMIN', args: { ...args }, decide });

export interface NewSubscription {
  readonly accountId: string;
  readonly planId: string;
  /** Without one the first period counts as paid. */
  readonly withTrial: boolean;
  /** Absent: now. */
  readonly startsAt?: Instant | null | undefined;
}

export const startSubscription = (
  acting: Acting,
  { accountId, planId, withTrial, startsAt = null }: NewSubscription,
  key: string | null,
): Promise<SubscriptionAnswer> => {
  const args = { accountId, planId, withTrial, startsAt: inIso(startsAt) };
  return carryOutChange(acting, key, 'startSubscription', args, async ({ idOf, now }) => {
    checkFuture('startsAt', startsAt, now);
    const { bank } = acting;
    const account = await loadAccount(bank, accountId);
    const plan = await loadOffer(bank, planId);
    if (withTrial && plan.trialDays === 0) {
      throw badInput('withTrial', 'can’t be: this plan has no trial.');
    }
    const id = subscriptionId(idOf('subscription'));
    const terms = { id, accountId: account.id, plan, startsAt: startsAt ?? now, withTrial };
    const [stored = null] = await bank.store.findSubscriptions([account.id]);
    if (stored === null) return decisionOn(null, startSubscriptionIn(terms));
    const subscription = effectiveAt(stored, now);
    const versions = await loadVersions(bank, subscription.planId);
    const former = versions.find(({ version }) => version === subscription.planVersion) ?? null;
    const state = stateAt(subscription, former, now);
    // One that is only late may be paid at its provider yet.
    if (state === 'EXPIRED') checkOwn(subscription);
    if (state !== 'CANCELED' && state !== 'EXPIRED') {
      throw new OperatorError('CONFLICT', `The account has a subscription that is ${state}.`, 'accountId');
    }
    const before = { account, subscription, plan: former };
    const started = startAgain(before, { ...terms, timeZone: timeZoneOf(account) }, now);
    return settledFirst(before, decisionOn(stored, started), now);
  });
};

/** What is due to the subscription so far comes first: afterwards nothing tells any more that it was. */
const settledFirst = <Answer>(before: Subscriber, decision: Decision<Answer>, at: Instant): Decision<Answer> => ({
  ...decision,
  writes: [{ kind: 'credits', ...subscriberOf(before), at }, ...decision.writes],
});

/** Plain data and no more of it than is needed: it is kept until the act is done. */
const subscriberOf = ({ account, subscription, plan }: Subscriber): Subscriber => ({ account, subscription, plan });

export interface SubscriptionChanged extends SubscriptionAnswer {
  readonly proration: Proration | null;
}

export const changeSubscription = (
  acting: Acting,
  args: { readonly accountId: string; readonly planId: string; readonly when: When },
  key: string | null,
): Promise<SubscriptionChanged> =>
  carryOutWrites(acting, key, {
    verb: 'changeSubscription',
    role: 'ADMIN',
    args: { ...args },
    decide: async ({ idOf, now }) => {
      const current = await loadOwn(acting, args.accountId);
      const { subscription, plan: from, waiting, timeZone } = current;
      const plan = await loadOffer(acting.bank, args.planId);
      const terms = { from, plan, waiting, id: subscriptionId(idOf('subscription')), timeZone };
      if (args.when === 'NOW') return changedAtOnce(current, terms, now);
      const decided = decisionOn(subscription, changeAtPeriodEnd(subscription, terms, now));
      return { ...decided, answer: { ...decided.answer, proration: null } };
    },
  });

const changedAtOnce = (before: Current, terms: ChangeTerms, at: Instant): Decision<SubscriptionChanged> => {
  const changed = changeNow(before.subscription, terms, at);
  if (!changed.ok) throw conflict(changed.fault);
  const { writes, change, answer } = decisionOn(before.subscription, changed);
  const { subscription } = answer;
  const dueAfter: Write = { kind: 'credits', account: before.account, subscription, plan: terms.plan, at };
  const decision = { writes: [...writes, dueAfter], change, answer: { subscription, proration: changed.proration } };
  return settledFirst(before, decision, at);
};

export interface Cancellation extends SubscriberNamed {
  readonly when: When;
  /** Whether what is left of the running period's credits ends with it. */
  readonly endCredits: boolean;
}

export const cancelSubscription = (
  acting: Acting,
  args: Cancellation,
  key: string | null,
): Promise<SubscriptionAnswer> =>
  carryOutChange(acting, key, 'cancelSubscription', args, async ({ now }) => {
    const { account, subscription, plan, waiting } = await loadOwn(acting, args.accountId);
    const { when, endCredits } = args;
    if (when === 'PERIOD_END') {
      if (endCredits) throw badInput('endCredits', 'goes with "when: NOW": they end with the period anyway.');
      return decisionOn(subscription, cancelAtPeriodEnd(subscription, plan, now));
    }
    const { writes, change, answer } = decisionOn(subscription, cancelNowIn(subscription, { plan, endCredits }, now));
    const ended: Write = { kind: 'credits', account, subscription: answer.subscription, plan, at: now };
    const unused = unusedAt(subscription, { from: plan, waiting }, now);
    return { writes: [...writes, ended], change, answer: { ...answer, unused } };
  });

export const renewSubscription = (
  acting: Acting,
  args: SubscriberNamed,
  key: string | null,
): Promise<SubscriptionAnswer> =>
  carryOutChange(acting, key, 'renewSubscription', args, async ({ idOf, now }) => {
    const current = await loadOwn(acting, args.accountId);
    const { subscription, plan, timeZone } = current;
    const terms = { plan, id: subscriptionId(idOf('subscription')), timeZone };
    return settledFirst(current, decisionOn(subscription, renewSubscriptionIn(subscription, terms, now)), now);
  });

export const recordPayment = (acting: Acting, args: SubscriberNamed, key: string | null): Promise<SubscriptionAnswer> =>
  carryOutChange(acting, key, 'recordPayment', args, async ({ idOf, now }) => {
    const { subscription } = await loadOwn(acting, args.accountId);
    const { planId, planVersion } = effectiveAt(subscription, subscription.paidUntil);
    const terms = {
      plan: await loadVersion(acting.bank, planId, planVersion),
      id: subscriptionId(idOf('subscription')),
    };
    return decisionOn(subscription, recordPaymentIn(subscription, terms, now));
  });

export const recordPaymentFailure = (
  acting: Acting,
  args: SubscriberNamed & { readonly cause: PaymentFailureCause },
  key: string | null,
): Promise<SubscriptionAnswer> =>
  carryOutChange(acting, key, 'recordPaymentFailure', args, async ({ now }) => {
    const { subscription } = await loadOwn(acting, args.accountId);
    return decisionOn(subscription, recordPaymentFailureIn(subscription, args.cause, now));
  });

/** Writes a subscription as it was decided elsewhere, on the version that it has; 0 is an account's first. */
export const writeSubscription = (
  acting: Acting,
  subscription: Subscription,
  key: string | null,
): Promise<SubscriptionAnswer> => {
  const { accountId, planId, planVersion } = subscription;
  const args = { accountId, planId, planVersion };
  return carryOutChange(acting, key, 'saveSubscription', args, async () => {
    const [before = null] = await acting.bank.store.findSubscriptions([accountId]);
    if (before !== null && subscription.keptBy == null) checkOwn(before);
    return decisionOn(before, { ok: true, subscription });
  });
};
