/** Resolvers of the types that the admin API answers: from what is stored to what is shown. */
import { GraphQLDateTime, GraphQLJSON, GraphQLSafeInt } from 'graphql-scalars';
import { timeZoneOf } from '../../domain/account.js';
import type { ApiKey } from '../../domain/account.js';
import { actorOf } from '../../domain/audit.js';
import { stateAt } from '../../domain/subscription.js';
import type { Subscription } from '../../domain/subscription.js';
import type { Plan } from '../../domain/plan.js';
import type { Engine } from '../../paywall/engine.js';
import type { Resolvers } from '../../generated/adminTypes.js';
import { loadStanding, viewOf } from '../../accounts/accountStanding.js';
import { budgetUsageOf, dateOf, dateOrNull, limitsOf } from '../billingResolvers.js';
import type { AdminContext } from './adminContext.js';
import { findApiKeys } from './adminQueries.js';

const planOf = async ({ engine }: AdminContext, { planId, planVersion }: Subscription): Promise<Plan | null> => {
  const known = (await engine.shelf.current()).find(planId, planVersion);
  if (known !== null) return known;
  // One that was published by another process a moment ago.
  engine.shelf.forget();
  return (await engine.shelf.current()).find(planId, planVersion);
};

/** A feature that no price names covers nothing here: mistyped, or of another server on the same store. */
const warningsOf = ({ priced }: Engine, plan: Plan): readonly string[] => {
  const named = new Set([...priced.requirements.paid.values()].map(({ feature }) => feature));
  return plan.features
    .filter(({ feature }) => !named.has(feature))
    .map(({ feature }) => `No price of this server names the feature "${feature}".`);
};

const KINDS = { operator: 'OPERATOR', provider: 'PROVIDER', system: 'SYSTEM' } as const;

/** A scope that names neither a paid feature nor a paid field of this server. */
const scopeWarningsOf = ({ priced }: Engine, { scopes }: ApiKey): readonly string[] => {
  const paid = [...priced.requirements.paid.values()];
  const named = new Set(paid.flatMap(({ feature, coordinate }) => [feature, coordinate]));
  return (scopes ?? [])
    .filter((scope) => !named.has(scope))
    .map((scope) => `No price of this server names "${scope}", so that this scope allows nothing.`);
};

export const adminTypes: Resolvers = {
  DateTime: GraphQLDateTime,
  SafeInt: GraphQLSafeInt,
  JSON: GraphQLJSON,
  Account: {
    createdAt: ({ createdAt }) => dateOf(createdAt),
    suspendedAt: ({ suspendedAt }) => dateOrNull(suspendedAt),
    timeZone: timeZoneOf,
    subscription: async ({ id }, _args, context) => (await loadStanding(context.engine, id, context.now)).subscription,
    balance: async ({ id }, _args, context) => viewOf(await loadStanding(context.engine, id, context.now), context.now),
    limits: async ({ id }, _args, context) => {
      const account = await loadStanding(context.engine, id, context.now);
      return limitsOf(account, viewOf(account, context.now), context.now);
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
    budget: async (key, _args, context) => {
      if (key.budget == null) return null;
      return budgetUsageOf(key.budget, await loadStanding(context.engine, key.accountId, context.now), context.now);
    },
  },
  Plan: {
    amountMinor: ({ price }) => price.amountMinor,
    currency: ({ price }) => price.currency,
    creditsPer: ({ creditsPer }) => creditsPer ?? 'BILLING_PERIOD',
  },
  Pack: { amountMinor: ({ price }) => price.amountMinor, currency: ({ price }) => price.currency },
  PlanFeature: {
    limit: ({ limit }) => limit?.units ?? null,
    per: ({ limit }) => limit?.per ?? null,
  },
  PlanSubscription: {
    plan: (subscription, _args, context) => planOf(context, subscription),
    state: async (subscription, _args, context) =>
      stateAt(subscription, await planOf(context, subscription), context.now),
    startsAt: ({ startsAt }) => dateOf(startsAt),
    trialEndsAt: ({ trialEndsAt }) => dateOrNull(trialEndsAt),
    paidUntil: ({ paidUntil }) => dateOf(paidUntil),
    cancelsAt: ({ cancelsAt }) => dateOrNull(cancelsAt),
    paymentFailureCause: ({ paymentFailure }) => paymentFailure?.cause ?? null,
    change: ({ change }) => change ?? null,
  },
  PlanPayload: { warnings: ({ plan }, _args, { engine }) => warningsOf(engine, plan) },
  SubscriptionPayload: { unused: ({ unused }) => unused ?? [] },
  PlanChange: { at: ({ at }) => dateOf(at) },
  Grant: {
    grantedAt: ({ grantedAt }) => dateOf(grantedAt),
    expiresAt: ({ expiresAt }) => dateOrNull(expiresAt),
  },
  LimitUsage: { resetAt: ({ resetAt }) => dateOf(resetAt) },
  KeyBudget: { resetAt: ({ resetAt }) => dateOf(resetAt) },
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
  AuditEntry: { at: ({ at }) => dateOf(at), actor: actorOf },
  Actor: {
    kind: ({ kind }) => KINDS[kind],
    id: (actor) => (actor.kind === 'operator' ? actor.id : actor.name),
    event: (actor) => (actor.kind === 'provider' ? actor.event : null),
  },
  IssuedApiKeyPayload: { warnings: ({ apiKey }, _args, { engine }) => scopeWarningsOf(engine, apiKey) },
};
