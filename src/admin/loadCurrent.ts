/** Reads that end in `NOT_FOUND` where there is nothing, with the argument that named it. */
import { timeZoneOf } from '../domain/account.js';
import type { Account, ApiKey } from '../domain/account.js';
import type { AccountId, PlanId } from '../domain/ids.js';
import { accountId, apiKeyId, planId } from '../domain/ids.js';
import type { Instant } from '../domain/period.js';
import type { Plan } from '../domain/plan.js';
import { newestOf, publishedOf } from '../domain/stepPlan.js';
import { effectiveAt } from '../domain/subscription.js';
import type { Subscription } from '../domain/subscription.js';
import type { Bank } from '../accounts/bank.js';
import type { TimeZone } from '../domain/timeZone.js';
import type { Acting } from './acting.js';
import type { Subscriber } from './writeAll.js';
import { OperatorError } from './operatorError.js';

const notFound = (argument: string, message: string): OperatorError =>
  new OperatorError('NOT_FOUND', message, argument);

export const loadAccount = async ({ store }: Bank, id: string): Promise<Account> => {
  const [account] = await store.findAccounts([accountId(id)]);
  if (account == null) throw notFound('accountId', 'There is no such account.');
  return account;
};

export const loadApiKey = async ({ store }: Bank, id: string): Promise<ApiKey> => {
  const [key] = await store.findApiKeysById([apiKeyId(id)]);
  if (key == null) throw notFound('keyId', 'There is no such key.');
  return key;
};

/** All versions of a plan, as they are stored at this moment. */
export const loadVersions = async ({ store }: Bank, id: string): Promise<readonly Plan[]> =>
  (await store.findPlans()).filter((plan) => plan.id === planId(id));

/** The version that is on sale. */
export const loadOffer = async (bank: Bank, id: string): Promise<Plan> => {
  const versions = await loadVersions(bank, id);
  if (newestOf(versions) === null) throw notFound('planId', 'There is no such plan.');
  const published = publishedOf(versions);
  if (published?.status !== 'ACTIVE') throw new OperatorError('CONFLICT', 'This plan is not on sale.', 'planId');
  return published;
};

export const loadVersion = async (bank: Bank, id: PlanId, version: number): Promise<Plan> => {
  const plan = (await loadVersions(bank, id)).find((each) => each.version === version);
  if (plan === undefined) throw new OperatorError('CONFLICT', `Version ${version} of plan "${id}" can't be found.`);
  return plan;
};

/** An account's subscription as it is now. */
const loadSubscription = async ({ store }: Bank, id: AccountId, now: Instant): Promise<Subscription> => {
  const [stored] = await store.findSubscriptions([id]);
  if (stored == null) throw notFound('accountId', 'This account has no subscription.');
  return effectiveAt(stored, now);
};

/** An account's subscription as it is now, its plan, and the plan of a change that waits. */
export interface Current extends Subscriber {
  readonly plan: Plan;
  readonly waiting: Plan | null;
  readonly timeZone: TimeZone;
}

export const loadCurrent = async ({ bank, now }: Pick<Acting, 'bank' | 'now'>, accountId: string): Promise<Current> => {
  const account = await loadAccount(bank, accountId);
  const subscription = await loadSubscription(bank, account.id, now);
  const { planId, planVersion, change } = subscription;
  const plan = await loadVersion(bank, planId, planVersion);
  const waiting = change == null ? null : await loadVersion(bank, change.planId, change.planVersion);
  return { account, subscription, plan, waiting, timeZone: timeZoneOf(account) };
};
