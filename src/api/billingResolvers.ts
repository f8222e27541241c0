/** Resolvers of `billing`: what the caller has, and what things cost. It is free, and speaks of the caller alone. */
import { GraphQLError } from 'graphql';
import { GraphQLDateTime, GraphQLJSONObject, GraphQLSafeInt } from 'graphql-scalars';
import { timeZoneOf } from '../domain/account.js';
import type { Account } from '../domain/account.js';
import { budgetClaim } from '../domain/budget.js';
import type { KeyBudget } from '../domain/budget.js';
import { limitKey, usedOf } from '../domain/wallet.js';
import type { LogCursor } from '../domain/logCursor.js';
import type { Instant } from '../domain/period.js';
import type { Plan } from '../domain/plan.js';
import { plansCovering } from '../domain/plan.js';
import { providerLinkId } from '../domain/providerLink.js';
import { checkoutUrlOf } from '../domain/purchase.js';
import type { Purchase } from '../domain/purchase.js';
import { limitWindowAt, stateAt } from '../domain/subscription.js';
import { viewAt } from '../domain/walletView.js';
import type { WalletView } from '../domain/walletView.js';
import type { BillingResolvers, Resolvers } from '../generated/billingTypes.js';
import { grantIfDue, loadStanding } from '../accounts/accountStanding.js';
import type { AccountStanding, Subscribed } from '../accounts/accountStanding.js';
import type { PaywallContext } from '../paywall/callerContext.js';
import type { BalanceSource, BillingSource, BudgetUsageSource, LimitUsageSource } from './billingSource.js';
import type { PaidField } from '../paywall/price/requirements.js';
import { cursorsByTime, findConnection } from './connection.js';
import type { Cursors } from './connection.js';
import { findUsage } from './findUsage.js';
import { findLedgerConnection } from './findLedgerConnection.js';
import { packsOnSale } from './packsOnSale.js';
import { counterOf } from './paymentDesk.js';

/** A place is when a purchase began. */
const PURCHASES: Cursors<Purchase, LogCursor> = {
  ...cursorsByTime(),
  keyOf: ({ createdAt, id }) => ({ at: createdAt, id }),
};

const NOTHING: BalanceSource = { available: 0, held: 0, grants: [] };

/** `null` without an account. */
const loadAccount = async (
  { caller, now }: BillingSource,
  { tollgate: { paywall } }: PaywallContext,
): Promise<AccountStanding | null> => {
  const { accountId, loaders } = caller;
  return accountId === null ? null : loadStanding({ loaders, shelf: paywall.engine.shelf }, accountId, now);
};

/** The wallet as it is now. Credits that the plan gives for this period are granted first, so that the ledger has them. */
const currentView = async (
  account: AccountStanding,
  { now }: BillingSource,
  { tollgate: { paywall } }: PaywallContext,
): Promise<WalletView> => {
  const { keeper } = paywall.engine;
  if (grantIfDue(account.wallet, account, now) === account.wallet) return viewAt(account.wallet, now);
  keeper.know(account.wallet);
  return keeper.apply<void, WalletView>(account.wallet.accountId, {
    decide: (fresh, at) => {
      const funded = grantIfDue(fresh, account, at);
      return { wallet: funded, outcome: viewAt(funded, at) };
    },
  });
};

const Billing: BillingResolvers = {
  account: async ({ caller: { accountId, loaders } }): Promise<Account | null> =>
    accountId === null ? null : (await loaders.accounts.load(accountId)).account,
  subscription: async (billing, _args, context) => {
    const account = await loadAccount(billing, context);
    const { subscription = null, plan = null } = account ?? {};
    return subscription === null ? null : { subscription, plan, now: billing.now };
  },
  apiKey: async (billing, _args, context) => {
    const { sentKey, budget } = billing.caller;
    const account = await loadAccount(billing, context);
    if (account === null || sentKey?.keyId == null) return null;
    return { id: sentKey.keyId, budget: budget === null ? null : budgetUsageOf(budget, account, billing.now) };
  },
  balance: async (billing, _args, context) => {
    const account = await loadAccount(billing, context);
    return account === null ? NOTHING : currentView(account, billing, context);
  },
  limits: async (billing, _args, context) => {
    const account = await loadAccount(billing, context);
    return account === null ? [] : limitsOf(account, await currentView(account, billing, context), billing.now);
  },
  ledger: async (billing, args, context) => {
    const account = await loadAccount(billing, context);
    // The credits that are due are granted before the ledger is read, so that it agrees with the balance.
    if (account !== null) await currentView(account, billing, context);
    return findLedgerConnection(billing.caller.loaders, billing.caller.accountId, args);
  },
  usage: ({ caller }, args, { tollgate: { paywall } }) => findUsage(paywall.engine, caller.accountId, args),
  terms: async (_billing, { coordinates }, { tollgate: { paywall } }) => {
    const { requirements } = paywall.engine.priced;
    const { offers } = await paywall.engine.shelf.current();
    const asked = coordinates == null ? [...requirements.paid.values()] : paidAt(requirements.paid, coordinates);
    return asked.map((paid) => ({ paid, plans: covering(offers, paid) }));
  },
  quote: async ({ caller }, { document, variables, operationName }, { tollgate: { paywall } }) => {
    const quote = await paywall.quote({ document, variables, operationName, caller });
    const refusals = quote.refusals.map((each) => ({
      ...each,
      resetAt: each.resetAt === null ? null : new Date(each.resetAt),
    }));
    return { ...quote, refusals };
  },
  plans: async (_billing, _args, { tollgate: { paywall } }) => (await paywall.engine.shelf.current()).offers,
  packs: async (_billing, _args, { tollgate: { paywall } }) => packsOnSale(await paywall.engine.store.findPacks()),
  purchases: ({ caller: { accountId } }, args, { tollgate: { paywall } }) =>
    findConnection(args, PURCHASES, (page) =>
      accountId === null ? [] : paywall.engine.store.findPurchasePage(accountId, page),
    ),
  autoTopUp: async ({ caller: { accountId } }, _args, { tollgate: { paywall } }) => {
    const provider = counterOf(paywall.engine)?.desk.provider;
    if (accountId === null || provider === undefined) return null;
    const key = providerLinkId({ provider, accountId });
    const [link = null] = await paywall.engine.store.findPayments('providerLinks', [key]);
    return link?.autoTopUp ?? null;
  },
};

const COORDINATES_MAX = 1_000;

/** Each once, however often it is named. */
const paidAt = (all: ReadonlyMap<string, PaidField>, coordinates: readonly string[]): readonly PaidField[] => {
  if (coordinates.length > COORDINATES_MAX) {
    throw new GraphQLError(`The argument "coordinates" may name at most ${COORDINATES_MAX} fields.`, {
      extensions: { code: 'BAD_USER_INPUT', argument: 'coordinates' },
    });
  }
  return [...new Set(coordinates)].flatMap((coordinate) => all.get(coordinate) ?? []);
};

const covering = (offers: readonly Plan[], paid: PaidField): readonly Plan[] =>
  plansCovering(offers, paid.feature, 1).flatMap((id) => offers.filter((plan) => plan.id === id));

export const limitsOf = (
  { account, subscription, plan }: Subscribed,
  view: WalletView,
  now: Instant,
): readonly LimitUsageSource[] => {
  if (subscription === null || plan === null) return [];
  return plan.features.flatMap(({ feature, limit }) => {
    if (limit === null) return [];
    const window = limitWindowAt(limit.per, subscription, plan.interval, timeZoneOf(account), now);
    const used = usedOf(view.counters, { key: limitKey(feature, limit.per), window });
    return [{ feature, used, limit: limit.units, per: limit.per, resetAt: window.endsAt }];
  });
};

/** What was spent of a key's budget in its present window. */
export const budgetUsageOf = (
  budget: KeyBudget,
  { account, wallet }: Pick<AccountStanding, 'account' | 'wallet'>,
  now: Instant,
): BudgetUsageSource => {
  const claim = budgetClaim(budget, 0, timeZoneOf(account), now);
  const { credits, per } = budget;
  return { credits, per, spent: usedOf(viewAt(wallet, now).counters, claim), resetAt: claim.window.endsAt };
};

export const dateOf = (instant: Instant): Date => new Date(instant);
export const dateOrNull = (instant: Instant | null): Date | null => (instant === null ? null : new Date(instant));

/** Of purchases, in both APIs. */
const purchaseTypes: Pick<Resolvers, 'Purchase' | 'Pack' | 'AutoTopUp'> = {
  Purchase: {
    planId: ({ bought }) => (bought.kind === 'PLAN' ? bought.planId : null),
    packId: ({ bought }) => (bought.kind === 'PACK' ? bought.packId : null),
    amountMinor: ({ price }) => price.amountMinor,
    currency: ({ price }) => price.currency,
    refundedMinor: ({ money }) => money.refundedMinor,
    disputedMinor: ({ money }) => money.disputedMinor,
    createdAt: ({ createdAt }) => dateOf(createdAt),
    paidAt: ({ paidAt }) => dateOrNull(paidAt),
    checkoutUrl: (purchase, _args, { tollgate: { paywall } }) => checkoutUrlOf(purchase, paywall.engine.settings.now()),
  },
  Pack: { amountMinor: ({ price }) => price.amountMinor, currency: ({ price }) => price.currency },
  AutoTopUp: {
    stoppedAt: ({ stopped }) => dateOrNull(stopped?.at ?? null),
    stoppedBecause: ({ stopped }) => stopped?.why ?? null,
  },
};

/** Free whatever the author says of the type that it is in: who is refused must be able to ask why. */
const billing = {
  resolve: (_root: unknown, _args: unknown, { tollgate: { caller, paywall } }: PaywallContext): BillingSource => ({
    caller,
    now: paywall.engine.settings.now(),
  }),
  extensions: { directives: { free: {} } },
};

/** Merge them with the resolvers of your own schema. */
export const billingResolvers: Resolvers = {
  DateTime: GraphQLDateTime,
  SafeInt: GraphQLSafeInt,
  JSONObject: GraphQLJSONObject,
  Query: { billing },
  Billing,
  ...purchaseTypes,
  Account: { suspendedAt: ({ suspendedAt }) => dateOrNull(suspendedAt), timeZone: timeZoneOf },
  PlanSubscription: {
    id: ({ subscription }) => subscription.id,
    plan: ({ plan }) => plan,
    state: ({ subscription, plan, now }) => stateAt(subscription, plan, now),
    startsAt: ({ subscription }) => dateOf(subscription.startsAt),
    trialEndsAt: ({ subscription }) => dateOrNull(subscription.trialEndsAt),
    paidUntil: ({ subscription }) => dateOf(subscription.paidUntil),
    cancelsAt: ({ subscription }) => dateOrNull(subscription.cancelsAt),
  },
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
  },
  PaymentTerms: {
    coordinate: ({ paid }) => paid.coordinate,
    feature: ({ paid }) => paid.feature,
    cost: ({ paid }) => paid.cost,
    multipliers: ({ paid }) => paid.multipliers.map((path) => path.join('.')),
    chargeEmpty: ({ paid }) => paid.chargeEmpty,
  },
  Plan: {
    amountMinor: ({ price }) => price.amountMinor,
    currency: ({ price }) => price.currency,
    creditsPer: ({ creditsPer }) => creditsPer ?? 'BILLING_PERIOD',
  },
  PlanFeature: {
    limit: ({ limit }) => limit?.units ?? null,
    per: ({ limit }) => limit?.per ?? null,
  },
};
