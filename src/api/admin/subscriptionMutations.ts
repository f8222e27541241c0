/** Subscriptions. Each is decided on the version that was read, and who was too late gets `CONFLICT`. */
import type { AccountId } from '../../domain/ids.js';
import { subscriptionId } from '../../domain/ids.js';
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
import type { Changed, ChangeFault, ChangeTerms } from '../../domain/subscriptionChange.js';
import { applyCommand } from '../../domain/walletCommands.js';
import type { GrantCommand } from '../../domain/walletCommands.js';
import type { MutationResolvers } from '../../generated/adminTypes.js';
import { grantIfDue } from '../../paywall/caller.js';
import { OperatorError } from '../operator.js';
import type { AdminContext } from './adminContext.js';
import { accountOf, offerOf, subscriptionOf, versionOf } from './found.js';
import { badInput, futureOf } from './input.js';

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

/** The credits of the period so far are given first, so that those on top come on top. `null`: none are given. */
const grantOnTop = async (
  { engine }: AdminContext,
  { accountId }: Subscription,
  {
    before,
    from,
    grant,
  }: { readonly before: Subscription; readonly from: ChangeTerms['from']; readonly grant: GrantCommand },
): Promise<void> => {
  await engine.keeper.apply<void, null>(accountId, {
    decide: (wallet, at) => {
      const funded = grantIfDue(wallet, before, from, at);
      // Refused where they were given before, in the same period: they are not given twice.
      return { wallet: applyCommand(funded, grant, at).wallet, outcome: null };
    },
  });
};

/** Takes back what was given for a change that lost the race. What is spent already stays spent. */
const takeBack = async ({ engine, act }: AdminContext, account: AccountId, grant: GrantCommand): Promise<void> => {
  await engine.keeper.apply<void, null>(account, {
    decide: (wallet, at) => {
      const left = wallet.grants.find(({ id }) => id === grant.id);
      const credits = (left?.remaining ?? 0) - (left?.held ?? 0);
      const command = { kind: 'adjust', id: act.id('takeBack'), credits: -credits, grantId: grant.id } as const;
      const reason = 'The change of plan came to nothing';
      return { wallet: applyCommand(wallet, { ...command, reason }, at).wallet, outcome: null };
    },
  });
};

const changeAtOnce = async (context: AdminContext, before: Subscription, terms: ChangeTerms) => {
  const changed: Changed = changeNow(before, terms, context.now);
  if (!changed.ok) throw conflict(changed.fault);
  const { grant, proration, subscription } = changed;
  // The credits first: a process that dies in between is asked again, and gives the same grant no second time.
  if (grant !== null) await grantOnTop(context, subscription, { before, from: terms.from, grant });
  try {
    return { ...(await save(context, before, changed)), proration };
  } catch (error) {
    if (grant !== null && error instanceof OperatorError) await takeBack(context, before.accountId, grant);
    throw error;
  }
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
