/** What operators look at. */
import type { Account, ApiKey } from '../../domain/account.js';
import type { AuditEntry } from '../../domain/audit.js';
import { accountId, apiKeyId, operatorId, planId } from '../../domain/ids.js';
import type { AccountId, ApiKeyId, OperatorId, PlanId } from '../../domain/ids.js';
import type { Operator } from '../../domain/operator.js';
import type { Plan } from '../../domain/plan.js';
import { newestOf, publishedOf, stepPlan } from '../../domain/stepPlan.js';
import { effectOf, fieldsLost, planDifferences } from '../../domain/planDifferences.js';
import type { LostField, PlanEffect } from '../../domain/planDifferences.js';
import { effectiveAt, isCovering, stateAt } from '../../domain/subscription.js';
import type { Subscription } from '../../domain/subscription.js';
import type { QueryResolvers } from '../../generated/adminTypes.js';
import { loadStanding, meansOf } from '../../accounts/accountStanding.js';
import { badInput, OperatorError } from '../../admin/operatorError.js';
import type { AdminContext } from './adminContext.js';
import { cursorsById, cursorsByTime, findConnection, pageOfList } from '../connection.js';
import type { PageArguments } from '../connection.js';
import { findUsage } from '../findUsage.js';
import { findLedgerConnection } from '../findLedgerConnection.js';
import { loadAccount, loadVersions } from '../../admin/loadCurrent.js';
import { planContentOf } from '../../admin/checkInput.js';
import { refusalQueries } from './refusalQueries.js';

const ACCOUNTS = cursorsById<Account, AccountId>(({ id }) => id, accountId);
const KEYS = cursorsById<ApiKey, ApiKeyId>(({ id }) => id, apiKeyId);
const SUBSCRIPTIONS = cursorsById<Subscription, AccountId>((each) => each.accountId, accountId);
const PLANS = cursorsById<Plan, PlanId>(({ id }) => id, planId);
const OPERATORS = cursorsById<Operator, OperatorId>(({ id }) => id, operatorId);
const AUDIT = cursorsByTime<AuditEntry>();

export const findApiKeys = ({ engine }: AdminContext, account: AccountId, args: PageArguments) =>
  findConnection(args, KEYS, (page) => engine.store.findApiKeyPage(account, page));

/** The newest version of each plan, in the order of their ids. */
const newestPlans = async ({ engine }: AdminContext): Promise<readonly Plan[]> => {
  const plans = await engine.store.findPlans();
  const ids = [...new Set(plans.map(({ id }) => id))].sort();
  return ids.flatMap((id) => newestOf(plans.filter((plan) => plan.id === id)) ?? []);
};

export const adminQueries: QueryResolvers = {
  ...refusalQueries,

  me: (_root, _args, { operator }) => operator,

  account: async (_root, { id }, { engine }) => {
    const [account] = await engine.store.findAccounts([accountId(id)]);
    return account ?? null;
  },

  accounts: (_root, args, { engine }) => findConnection(args, ACCOUNTS, (page) => engine.store.findAccountPage(page)),

  plan: async (_root, { id, version }, { engine }) => {
    const versions = await loadVersions(engine, id);
    if (version == null) return newestOf(versions);
    return versions.find((each) => each.version === version) ?? null;
  },

  plans: async (_root, args, context) => {
    const plans = await newestPlans(context);
    return findConnection(args, PLANS, (page) => pageOfList(plans, ({ id }) => id, page));
  },

  packs: async (_root, _args, { engine }) => {
    const packs = await engine.store.findPacks();
    const ids = [...new Set(packs.map(({ id }) => id))].sort();
    return ids.flatMap((id) => newestOf(packs.filter((pack) => pack.id === id)) ?? []);
  },

  subscriptions: (_root, { planId: id, planVersion, ...args }, { engine, now }) => {
    if (planVersion != null && id == null) throw badInput('planVersion', 'goes with "planId".');
    const to = { planId: id == null ? null : planId(id), planVersion: planVersion ?? null, at: now };
    return findConnection(args, SUBSCRIPTIONS, async (page) => {
      const found = await engine.store.findSubscriptionPage(to, page);
      return found.map((each) => effectiveAt(each, now));
    });
  },

  ledger: async (_root, { accountId: id, ...args }, { engine }) => {
    const account = await loadAccount(engine, id);
    return findLedgerConnection(engine.loaders, account.id, args);
  },

  usage: async (_root, { accountId: id, ...args }, { engine }) =>
    findUsage(engine, (await loadAccount(engine, id)).id, args),

  auditLog: (_root, { target, ...args }, { engine }) =>
    findConnection(args, AUDIT, (page) => engine.store.findAuditPage(target ?? null, page)),

  operators: async (_root, args, { engine }) => {
    const operators = [...(await engine.store.findOperators())].sort((a, b) => (a.id < b.id ? -1 : 1));
    return findConnection(args, OPERATORS, (page) => pageOfList(operators, ({ id }) => id, page));
  },

  previewPlanEdit: async (_root, { planId: id, plan, accountId: account }, context) => {
    const versions = await loadVersions(context.engine, id);
    const published = publishedOf(versions);
    if (published === null) throw new OperatorError('NOT_FOUND', 'There is no such plan on sale.', 'planId');
    const stepped = stepPlan([published], { kind: 'EDIT', base: published.version, content: planContentOf(plan) });
    if (!stepped.ok) throw badInput('plan', stepped.fault === 'UNSOUND' ? stepped.faults[0].message : stepped.fault);
    const next = stepped.plan;
    const counts = await countEffects(context, versions, next);
    const lostFields = account == null ? null : await lostBy(context, account, next);
    return { differences: planDifferences(published, next), ...counts, lostFields };
  },
};

const COUNT_BATCH = 500;

/** Counts the subscriptions that run, a batch at a time: exact, and in bounded memory. */
const countEffects = async (
  { engine, now }: AdminContext,
  versions: readonly Plan[],
  next: Plan,
): Promise<{ readonly stay: number; readonly gain: number; readonly lose: number }> => {
  const effects = new Map(versions.map((each) => [each.version, effectOf(planDifferences(each, next))]));
  const counts: Record<PlanEffect, number> = { STAY: 0, GAIN: 0, LOSE: 0 };
  for (let after: AccountId | null = null; ;) {
    const page = { count: COUNT_BATCH, after, isBackward: false };
    const found: readonly Subscription[] = await engine.store.findSubscriptionPage(
      { planId: next.id, planVersion: null, at: now },
      page,
    );
    for (const subscription of found.map((each) => effectiveAt(each, now))) {
      const plan = versions.find(({ version }) => version === subscription.planVersion) ?? null;
      const effect = effects.get(subscription.planVersion);
      if (effect !== undefined && isCovering(stateAt(subscription, plan, now))) counts[effect] += 1;
    }
    const last = found.at(-1);
    if (last === undefined || found.length < COUNT_BATCH) break;
    after = last.accountId;
  }
  return { stay: counts.STAY, gain: counts.GAIN, lose: counts.LOSE };
};

const lostBy = async ({ engine, now }: AdminContext, id: string, next: Plan): Promise<readonly LostField[]> => {
  const account = await loadAccount(engine, id);
  const known = await loadStanding(engine, account.id, now);
  if (known.subscription === null) return [];
  const anyKey = { key: 'VALID', suspended: false, scopes: null, rateLimitedUntil: null } as const;
  const standing = { ...anyKey, means: meansOf(known, now) };
  return fieldsLost([...engine.priced.requirements.paid.values()], standing, next, now);
};
