/** Subscriptions. Each is decided on the version that was read, and who was too late gets `CONFLICT`. */
import { subscriptionId } from '../../domain/ids.js';
import type { Plan } from '../../domain/plan.js';
import {
  cancelAtPeriodEnd,
  cancelNow,
  effectiveAt,
  payingFrom,
  recordPayment,
  recordPaymentFailure,
  startSubscription,
  stateAt,
} from '../../domain/subscription.js';
import type { Subscription, SubscriptionFault } from '../../domain/subscription.js';
import { changeAtPeriodEnd, changeNow, renewSubscription } from '../../domain/subscriptionChange.js';
import type { ChangeFault, ChangeTerms } from '../../domain/subscriptionChange.js';
import type { MutationResolvers } from '../../generated/adminTypes.js';
import { grantIfDue } from '../../accounts/standing.js';
import { OperatorError } from '../../admin/operator.js';
import type { AdminContext } from '../../admin/adminContext.js';
import { accountOf, offerOf, subscriptionOf, versionOf } from '../../admin/found.js';
import { badInput, futureOf } from '../../admin/input.js';

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

type Decided =
  | { readonly ok: true; readonly subscription: Subscription }
  | { readonly ok: false; readonly fault: SubscriptionFault | ChangeFault };

const save = async ({ engine, act }: AdminContext, before: Subscription | null, decided: Decided) => {
  if (!decided.ok) throw conflict(decided.fault);
  const { subscription } = decided;
  const [outcome] = await engine.store.saveSubscriptions([subscription]);
  if (outcome !== 'WON') {
    throw new OperatorError('CONFLICT', 'The subscription was changed at the same moment. Try again.', 'accountId');
  }
  const stored = { ...subscription, version: subscription.version + 1 };
  act.note({ target: `account/${stored.accountId}`, before, after: stored });
  return { subscription: stored };
};

/** The subscription as it is now and its plan. */
const loadCurrent = async ({ engine, now }: AdminContext, accountId: string) => {
  const { id } = await accountOf(engine, accountId);
  const subscription = await subscriptionOf(engine, id, now);
  return { subscription, plan: await versionOf(engine, subscription.planId, subscription.planVersion) };
};

/** Gives what is due to a subscription at this moment. Whatever becomes of the mutation, it is due. */
const grantDueNow = async ({ engine }: AdminContext, subscription: Subscription, plan: Plan): Promise<void> => {
  await engine.keeper.apply<void, null>(subscription.accountId, {
    decide: (wallet, at) => ({ wallet: grantIfDue(wallet, { subscription, plan }, at), outcome: null }),
  });
};

const changeAtOnce = async (context: AdminContext, before: Subscription, terms: ChangeTerms) => {
  const changed = changeNow(before, terms, context.now);
  if (!changed.ok) throw conflict(changed.fault);
  // The credits of the plan so far first: afterwards nothing tells any more that they were due.
  await grantDueNow(context, before, terms.from);
  const saved = await save(context, before, changed);
  await grantDueNow(context, saved.subscription, terms.to);
  return { ...saved, proration: changed.proration };
};

export const subscriptionMutations: MutationResolvers = {
  startSubscription: async (_root, args, context) => {
    const { engine, act, now } = context;
    const startsAt = args.startsAt == null ? now : futureOf('startsAt', args.startsAt, now);
    const account = await accountOf(engine, args.accountId);
    const plan = await offerOf(engine, args.planId);
    if (args.withTrial && plan.trialDays === 0) throw badInput('withTrial', 'can’t be: this plan has no trial.');
    const [current = null] = await engine.store.findSubscriptions([account.id]);
    const id = subscriptionId(act.id('subscription'));
    const state = current === null ? null : stateAt(current, now);
    if (state !== null && state !== 'CANCELED' && state !== 'EXPIRED') {
      throw new OperatorError('CONFLICT', `The account has a subscription that is ${state}.`, 'accountId');
    }
    const started = startSubscription({ id, accountId: account.id, plan, startsAt, withTrial: args.withTrial });
    const version = current?.version ?? 0;
    const decided = started.ok ? ({ ok: true, subscription: { ...started.subscription, version } } as const) : started;
    return save(context, current, decided);
  },

  changeSubscription: async (_root, { accountId, planId, when }, context) => {
    const { subscription, plan } = await loadCurrent(context, accountId);
    const to = await offerOf(context.engine, planId);
    const terms: ChangeTerms = { from: plan, to, id: subscriptionId(context.act.id('subscription')) };
    if (when !== 'PERIOD_END') return changeAtOnce(context, subscription, terms);
    const agreed = changeAtPeriodEnd(subscription, terms, context.now);
    return { ...(await save(context, subscription, agreed)), proration: null };
  },

  cancelSubscription: async (_root, { accountId, when }, context) => {
    const { subscription } = await loadCurrent(context, accountId);
    const cancel = when === 'NOW' ? cancelNow : cancelAtPeriodEnd;
    return save(context, subscription, cancel(subscription, context.now));
  },

  renewSubscription: async (_root, { accountId }, context) => {
    const { subscription, plan } = await loadCurrent(context, accountId);
    const id = subscriptionId(context.act.id('subscription'));
    return save(context, subscription, renewSubscription(subscription, plan, id, context.now));
  },

  recordPayment: async (_root, { accountId }, context) => {
    const { engine, now } = context;
    const { subscription } = await loadCurrent(context, accountId);
    const paid = effectiveAt(subscription, payingFrom(subscription, now));
    const plan = await versionOf(engine, paid.planId, paid.planVersion);
    return save(context, subscription, recordPayment(subscription, plan, now));
  },

  recordPaymentFailure: async (_root, { accountId, cause }, context) => {
    const { subscription, plan } = await loadCurrent(context, accountId);
    return save(context, subscription, recordPaymentFailure(subscription, plan, cause, context.now));
  },
};
