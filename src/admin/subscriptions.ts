/** Subscriptions. Each verb decides on the version that was read, and who was too late gets `CONFLICT`. */
import { subscriptionId } from '../domain/ids.js';
import type { Instant } from '../domain/period.js';
import {
  cancelAtPeriodEnd,
  cancelNow as cancelNowIn,
  effectiveAt,
  payingFrom,
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
} from '../domain/subscriptionChange.js';
import type { ChangeFault, ChangeTerms, Proration } from '../domain/subscriptionChange.js';
import type { Act, Acting } from './acting.js';
import { carryOutWrites } from './carryOut.js';
import type { Decision } from './carryOut.js';
import { checkFuture, inIso } from './checkInput.js';
import { loadAccount, loadOffer, loadSubscribed, loadVersion } from './load.js';
import { badInput, OperatorError } from './operatorError.js';
import { written } from './writes.js';
import type { Lost, Write } from './writes.js';

const FAULTS: Readonly<Record<SubscriptionFault | ChangeFault, string>> = {
  DATES_OUT_OF_ORDER: 'Its dates would be beyond all that can be written down.',
  ALREADY_ENDED: 'The subscription has ended.',
  NOT_STARTED: 'The subscription has not begun.',
  NOT_RUNNING: 'No subscription runs: it has not begun, has ended, or is unpaid.',
  SAME_PLAN: 'The subscription is to this version of the plan already.',
  PAYMENT_DUE: 'What was paid for is over: change it now, or record a payment first.',
  CANCELLATION_PENDING: 'The subscription ends with its period. Renew it first.',
  STILL_RUNNING: 'The subscription runs, and nothing ends it.',
  PAYMENT_OWED: 'The subscription is unpaid. Record a payment.',
};

const conflict = (fault: SubscriptionFault | ChangeFault): OperatorError =>
  new OperatorError('CONFLICT', FAULTS[fault], fault === 'SAME_PLAN' ? 'planId' : 'accountId');

const LOST: Lost = {
  argument: 'accountId',
  message: 'The subscription was changed at the same moment. Try again.',
};

/** When a change takes place. */
export type When = 'NOW' | 'PERIOD_END';

export interface SubscriptionAnswer {
  readonly subscription: Subscription;
}

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
    const [current = null] = await bank.store.findSubscriptions([account.id]);
    const state = current === null ? null : stateAt(current, now);
    if (state !== null && state !== 'CANCELED' && state !== 'EXPIRED') {
      throw new OperatorError('CONFLICT', `The account has a subscription that is ${state}.`, 'accountId');
    }
    const started = startSubscriptionIn({
      id: subscriptionId(idOf('subscription')),
      accountId: account.id,
      plan,
      startsAt: startsAt ?? now,
      withTrial,
    });
    return decisionOn(current, started.ok ? inPlaceOf(current, started.subscription) : started);
  });
};

/** One subscription per account: the new one is the next version of the record. */
const inPlaceOf = (before: Subscription | null, subscription: Subscription): Decided => ({
  ok: true,
  subscription: before === null ? subscription : { ...subscription, version: before.version, acts: before.acts ?? [] },
});

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
      const { subscription, plan } = await loadSubscribed(acting, args.accountId);
      const to = await loadOffer(acting.bank, args.planId);
      const terms = { from: plan, to, id: subscriptionId(idOf('subscription')) };
      if (args.when === 'NOW') return changedAtOnce(subscription, terms, now);
      const decided = decisionOn(subscription, changeAtPeriodEnd(subscription, terms, now));
      return { ...decided, answer: { ...decided.answer, proration: null } };
    },
  });

const changedAtOnce = (before: Subscription, terms: ChangeTerms, at: Instant): Decision<SubscriptionChanged> => {
  const changed = changeNow(before, terms, at);
  if (!changed.ok) throw conflict(changed.fault);
  const { writes, change, answer } = decisionOn(before, changed);
  const { subscription } = answer;
  // The credits of the plan so far first: afterwards nothing tells any more that they were due.
  const dueBefore: Write = { kind: 'credits', subscription: before, plan: terms.from, at };
  const dueAfter: Write = { kind: 'credits', subscription, plan: terms.to, at };
  return {
    writes: [dueBefore, ...writes, dueAfter],
    change,
    answer: { subscription, proration: changed.proration },
  };
};

export const cancelSubscription = (
  acting: Acting,
  args: { readonly accountId: string; readonly when: When },
  key: string | null,
): Promise<SubscriptionAnswer> =>
  carryOutChange(acting, key, 'cancelSubscription', args, async ({ now }) => {
    const { subscription } = await loadSubscribed(acting, args.accountId);
    const cancel = args.when === 'NOW' ? cancelNowIn : cancelAtPeriodEnd;
    return decisionOn(subscription, cancel(subscription, now));
  });

export const renewSubscription = (
  acting: Acting,
  args: SubscriberNamed,
  key: string | null,
): Promise<SubscriptionAnswer> =>
  carryOutChange(acting, key, 'renewSubscription', args, async ({ idOf, now }) => {
    const { subscription, plan } = await loadSubscribed(acting, args.accountId);
    const id = subscriptionId(idOf('subscription'));
    return decisionOn(subscription, renewSubscriptionIn(subscription, plan, id, now));
  });

export const recordPayment = (acting: Acting, args: SubscriberNamed, key: string | null): Promise<SubscriptionAnswer> =>
  carryOutChange(acting, key, 'recordPayment', args, async ({ now }) => {
    const { subscription } = await loadSubscribed(acting, args.accountId);
    const paid = effectiveAt(subscription, payingFrom(subscription, now));
    const plan = await loadVersion(acting.bank, paid.planId, paid.planVersion);
    return decisionOn(subscription, recordPaymentIn(subscription, plan, now));
  });

export const recordPaymentFailure = (
  acting: Acting,
  args: SubscriberNamed & { readonly cause: PaymentFailureCause },
  key: string | null,
): Promise<SubscriptionAnswer> =>
  carryOutChange(acting, key, 'recordPaymentFailure', args, async ({ now }) => {
    const { subscription, plan } = await loadSubscribed(acting, args.accountId);
    return decisionOn(subscription, recordPaymentFailureIn(subscription, plan, args.cause, now));
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
    return decisionOn(before, { ok: true, subscription });
  });
};
