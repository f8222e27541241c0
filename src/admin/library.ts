/**
 * The verbs as a program calls them that Tollgate is a library of: with a bank (a paywall's engine is one) in the first place, and
 * safe to repeat. Doing the same again changes nothing.
 */
import type { Account, ApiKey } from '../domain/account.js';
import type { Budget } from '../domain/budget.js';
import { accountId } from '../domain/ids.js';
import type { AccountId } from '../domain/ids.js';
import type { Instant } from '../domain/period.js';
import type { Pack } from '../domain/offer.js';
import type { Plan } from '../domain/plan.js';
import type { Subscription } from '../domain/subscription.js';
import type { Bank } from '../accounts/bank.js';
import { createAccount as createAccountAs } from './accounts.js';
import { actingAs } from './acting.js';
import type { Acting } from './acting.js';
import { grantCredits as grantCreditsAs } from './credits.js';
import { issueKey as issueKeyAs } from './keys.js';
import { OperatorError } from './operatorError.js';
import { writePackVersion } from './payments/packs.js';
import { writePlanVersion } from './plans.js';
import { writeSubscription } from './subscriptions.js';

const actingIn = (bank: Bank): Acting => actingAs(bank, { kind: 'system', name: 'library' });

/** Creates an account. One that is there already under this id is given back as it is. */
export const createAccount = async (
  bank: Bank,
  { id, name }: { readonly id: string; readonly name: string },
): Promise<Account> => {
  const find = async (): Promise<Account | null> => (await bank.store.findAccounts([accountId(id)]))[0] ?? null;
  const existing = await find();
  if (existing !== null) return existing;
  try {
    return (await createAccountAs(actingIn(bank), { id, name }, null)).account;
  } catch (error) {
    // Two processes that start together make the same account: one of them was first.
    const first = error instanceof OperatorError && error.code === 'CONFLICT' ? await find() : null;
    if (first === null) throw error;
    return first;
  }
};

export interface IssuedKey {
  readonly key: ApiKey;
  /** Shown this once: the store knows its hash only. */
  readonly secret: string;
}

export interface KeyTerms {
  readonly scopes?: readonly string[] | null;
  readonly expiresAt?: Instant | null;
  /** What it may spend of the account's credits in a time. Absent: all of them. */
  readonly budget?: Budget | null;
}

/** Issues a new key that speaks for an account. */
export const issueKey = async (bank: Bank, account: AccountId, terms: KeyTerms = {}): Promise<IssuedKey> => {
  const { apiKey: key, secret } = await issueKeyAs(actingIn(bank), { accountId: account, ...terms }, null);
  return { key, secret };
};

/** Publishes a version of a plan. A published version never changes: the same version with other content is a conflict. */
export const publishPlan = async (bank: Bank, plan: Plan): Promise<void> => {
  await writePlanVersion(actingIn(bank), plan, null);
};

/** Publishes a version of a pack, as a plan's. */
export const publishPack = async (bank: Bank, pack: Pack): Promise<void> => {
  await writePackVersion(actingIn(bank), pack, null);
};

/** Saves a subscription as decided on the version it was read at; `version` 0 is an account's first. */
export const saveSubscription = async (bank: Bank, subscription: Subscription): Promise<void> => {
  await writeSubscription(actingIn(bank), subscription, null);
};

export interface CreditTerms {
  /** Names the grant: the same id is granted once. */
  readonly id: string;
  readonly credits: number;
  readonly reason: string;
  readonly expiresAt?: Instant | null;
  readonly priority?: number;
}

/** Grants credits to an account, once per id. */
export const grantCredits = async (bank: Bank, account: AccountId, { id, ...terms }: CreditTerms): Promise<void> => {
  await grantCreditsAs(actingIn(bank), { accountId: account, grantId: id, ...terms }, null);
};
