/**
 * An account as it stands at an instant: itself, its subscription and plan as they are in force then, and its wallet, read
 * together. Whoever decides, shows or changes something by it reads it here.
 */
import { timeZoneOf } from '../domain/account.js';
import type { Account } from '../domain/account.js';
import type { Means, Standing } from '../domain/admission.js';
import type { KeyBudget } from '../domain/budget.js';
import type { AccountId } from '../domain/ids.js';
import type { Instant } from '../domain/period.js';
import type { Plan } from '../domain/plan.js';
import { grantsDue } from '../domain/grantsDue.js';
import type { MaybePromise } from '../domain/maybePromise.js';
import { effectiveAt } from '../domain/subscription.js';
import type { Subscription } from '../domain/subscription.js';
import type { Wallet } from '../domain/wallet.js';
import { applyCommand } from '../domain/walletCommand.js';
import { endGrants } from '../domain/endGrants.js';
import { viewAt } from '../domain/walletView.js';
import type { WalletView } from '../domain/walletView.js';
import { StoreError } from '../store/storeError.js';
import type { Caller } from './caller.js';
import type { AccountRecords, Loaders } from './loaders.js';
import type { PlanShelf, Plans } from './planShelf.js';

export interface AccountStanding {
  /** `null`: there is no such account. */
  readonly account: Account | null;
  readonly isSuspended: boolean;
  /** As it is in force; `null`: there is none. */
  readonly subscription: Subscription | null;
  /** The version that it is to; `null`: none, or one that nobody knows of. */
  readonly plan: Plan | null;
  /** As it is stored: credits that are due for the period may not be in it yet. */
  readonly wallet: Wallet;
  /** What can be bought. */
  readonly offers: readonly Plan[];
}

/** Where an account is read: through the loaders of a request or of the process. A bank will do. */
export interface Reading {
  readonly loaders: Loaders;
  readonly shelf: PlanShelf;
}

/**
 * Account, subscription, wallet and plans side by side: one round, and none where the request has read them before.
 * Rejects with `StoreError`.
 */
export const loadStanding = (
  { loaders, shelf }: Reading,
  accountId: AccountId,
  now: Instant,
): Promise<AccountStanding> => {
  const [reading, plans] = [loaders.accounts.load(accountId), shelf.current()];
  const standingWith = (records: AccountRecords, known: Plans): MaybePromise<AccountStanding> => {
    const standing = accountStandingOf(records, known, now);
    if (standing.subscription === null || standing.plan !== null) return standing;
    // A version that another process published a moment ago.
    shelf.forget();
    const newest = shelf.current();
    const again = (found: Plans) => accountStandingOf(records, found, now);
    return newest instanceof Promise ? newest.then(again) : again(newest);
  };
  return plans instanceof Promise
    ? Promise.all([reading, plans]).then(([records, known]) => standingWith(records, known))
    : reading.then((records) => standingWith(records, plans));
};

/** The same of a caller: `null` without an account, and where the store could not be asked. */
export const loadCallerStanding = (
  { accountId, loaders }: Caller,
  shelf: PlanShelf,
  now: Instant,
): MaybePromise<AccountStanding | null> =>
  accountId === null ? null : loadStanding({ loaders, shelf }, accountId, now).catch(nullWithoutStore);

const nullWithoutStore = (error: unknown): null => {
  if (error instanceof StoreError) return null;
  throw error;
};

const accountStandingOf = (records: AccountRecords, plans: Plans, now: Instant): AccountStanding => {
  const { account, wallet } = records;
  const subscription = records.subscription === null ? null : effectiveAt(records.subscription, now);
  return {
    account,
    isSuspended: account !== null && account.suspendedAt !== null && now >= account.suspendedAt,
    subscription,
    plan: subscription === null ? null : plans.find(subscription.planId, subscription.planVersion),
    wallet,
    offers: plans.offers,
  };
};

/** What the credits and limits of an account depend on. */
export type Subscribed = Pick<AccountStanding, 'account' | 'subscription' | 'plan'>;

/**
 * The wallet with the credits that the plan gives for this period, if they are due and were not given yet, and without those
 * that have ended before their time.
 */
export const grantIfDue = (wallet: Wallet, { account, subscription, plan }: Subscribed, now: Instant): Wallet => {
  if (subscription === null) return wallet;
  const left = subscription.ended == null ? wallet : endGrants(wallet, subscription.ended, now);
  const due = plan === null ? [] : grantsDue(subscription, { plan, timeZone: timeZoneOf(account) }, now);
  return due.reduce((funded, grant) => applyCommand(funded, { ...grant, isDue: true }, now).wallet, left);
};

/** What the wallet would be if it were used now. */
export const viewOf = (account: AccountStanding, now: Instant): WalletView =>
  viewAt(grantIfDue(account.wallet, account, now), now);

/** `budget`: of the key that was sent. */
export const meansOf = (account: AccountStanding, now: Instant, budget: KeyBudget | null = null): Means => {
  const { subscription, plan, offers } = account;
  const { available, held, counters, holds } = viewOf(account, now);
  const timeZone = timeZoneOf(account.account);
  return { subscription, plan, timeZone, credits: available, held, counters, holds, budget, offers };
};

/** What `decide` goes by; `account` is `null` where there is none or nothing is known of it. */
export const standingOf = (
  { key, scopes, budget }: Pick<Caller, 'key' | 'scopes' | 'budget'>,
  account: AccountStanding | null,
  now: Instant,
): Standing => {
  if (account === null) return { key, suspended: false, scopes, rateLimitedUntil: null, means: null };
  const means = meansOf(account, now, budget);
  return { key, suspended: account.isSuspended, scopes, rateLimitedUntil: null, means };
};
