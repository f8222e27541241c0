/** Resolvers of the types that the admin API answers: from what is stored to what is shown. */
import { GraphQLDateTime, GraphQLJSON, GraphQLSafeInt } from 'graphql-scalars';
import { effectiveAt, stateAt } from '../../domain/subscription.js';
import type { Subscription } from '../../domain/subscription.js';
import { emptyWallet } from '../../domain/wallet.js';
import { viewAt } from '../../domain/walletView.js';
import type { AccountId } from '../../domain/ids.js';
import type { Plan } from '../../domain/plan.js';
import type { Resolvers } from '../../generated/adminTypes.js';
import { grantIfDue } from '../../accounts/caller.js';
import { dateOf, dateOrNull, limitsOf } from '../billing.js';
import type { AdminContext } from '../../admin/adminContext.js';
import { findApiKeys } from './queries.js';

const planOf = async ({ engine }: AdminContext, { planId, planVersion }: Subscription): Promise<Plan | null> => {
  const known = (await engine.shelf.current()).find(planId, planVersion);
  if (known !== null) return known;
  // One that was published by another process a moment ago.
  engine.shelf.forget();
  return (await engine.shelf.current()).find(planId, planVersion);
};

const loadSubscribed = async (context: AdminContext, accountId: AccountId) => {
  const [stored] = await context.engine.store.findSubscriptions([accountId]);
  if (stored == null) return { subscription: null, plan: null };
  const subscription = effectiveAt(stored, context.now);
  return { subscription, plan: await planOf(context, subscription) };
};

/** What the wallet would be if it were used now: looking at it changes nothing. */
const loadView = async (context: AdminContext, accountId: AccountId) => {
  const { engine, now } = context;
  const [{ subscription, plan }, [wallet]] = await Promise.all([
    loadSubscribed(context, accountId),
    engine.store.findWallets([accountId]),
  ]);
  const funded = grantIfDue(wallet ?? emptyWallet(accountId), subscription, plan, now);
  return { subscription, plan, view: viewAt(funded, now) };
};

export const adminTypes: Resolvers = {
  DateTime: GraphQLDateTime,
  SafeInt: GraphQLSafeInt,
  JSON: GraphQLJSON,
  Account: {
    createdAt: ({ createdAt }) => dateOf(createdAt),
    suspendedAt: ({ suspendedAt }) => dateOrNull(suspendedAt),
    subscription: async ({ id }, _args, context) => (await loadSubscribed(context, id)).subscription,
    balance: async ({ id }, _args, context) => (await loadView(context, id)).view,
    limits: async ({ id }, _args, context) => {
      const { subscription, plan, view } = await loadView(context, id);
      return subscription === null || plan === null ? [] : limitsOf(plan, subscription, view, context.now);
    },
    apiKeys: ({ id }, args, context) => findApiKeys(context, id, args),
  },
  ApiKey: {
    createdAt: ({ createdAt }) => dateOf(createdAt),
    expiresAt: ({ expiresAt }) => dateOrNull(expiresAt),
    revokedAt: ({ revokedAt }) => dateOrNull(revokedAt),
    lastUsedAt: async ({ secretHash }, _args, { engine }) => {
      const [usedAt = null] = await engine.store.findKeyUses([secretHash]);
      return dateOrNull(usedAt);
    },
  },
  Plan: {
    amountMinor: ({ price }) => price.amountMinor,
    currency: ({ price }) => price.currency,
  },
  PlanFeature: {
    limit: ({ limit }) => limit?.units ?? null,
    per: ({ limit }) => limit?.per ?? null,
  },
  PlanSubscription: {
    plan: (subscription, _args, context) => planOf(context, subscription),
    state: (subscription, _args, { now }) => stateAt(subscription, now),
    startsAt: ({ startsAt }) => dateOf(startsAt),
    trialEndsAt: ({ trialEndsAt }) => dateOrNull(trialEndsAt),
    paidUntil: ({ paidUntil }) => dateOf(paidUntil),
    cancelsAt: ({ cancelsAt }) => dateOrNull(cancelsAt),
    paymentFailureCause: ({ paymentFailure }) => paymentFailure?.cause ?? null,
    change: ({ change }) => change ?? null,
  },
  PlanChange: { at: ({ at }) => dateOf(at) },
  Grant: {
    grantedAt: ({ grantedAt }) => dateOf(grantedAt),
    expiresAt: ({ expiresAt }) => dateOrNull(expiresAt),
  },
  LimitUsage: { resetAt: ({ resetAt }) => dateOf(resetAt) },
  LedgerEntry: {
    at: ({ at }) => dateOf(at),
    operation: ({ operation }) => operation ?? null,
    coordinate: ({ coordinate }) => coordinate ?? null,
    reason: ({ reason }) => reason ?? null,
    holdId: ({ holdId }) => holdId ?? null,
  },
  Operator: {
    createdAt: ({ createdAt }) => dateOf(createdAt),
    removedAt: ({ removedAt }) => dateOrNull(removedAt),
  },
  AuditEntry: { at: ({ at }) => dateOf(at) },
};
