/**
 * Saves what was decided. Each write names the version that it was decided on, and is recognised where it was applied
 * before: so the whole can be done again, after a lost reply or another process's death, and comes to the same.
 */
import type { Account, ApiKey } from '../domain/account.js';
import { isSignedBy, signedBy } from '../domain/act.js';
import type { ActsRemembered } from '../domain/act.js';
import { unreachable } from '../domain/invariant.js';
import type { Operator } from '../domain/operator.js';
import type { Instant } from '../domain/period.js';
import type { Pack } from '../domain/offer.js';
import type { Plan } from '../domain/plan.js';
import { providerLinkId } from '../domain/providerLink.js';
import type { ProviderLink } from '../domain/providerLink.js';
import type { Purchase } from '../domain/purchase.js';
import type { Subscription } from '../domain/subscription.js';
import { grantIfDue } from '../accounts/accountStanding.js';
import type { Bank } from '../accounts/bank.js';
import type { WriteOutcome } from '../store/store.js';
import { OperatorError } from './operatorError.js';

/** What is said where another write was first. */
export interface Lost {
  readonly argument: string;
  readonly message: string;
}

export const changedMeanwhile = (argument: string): Lost => ({
  argument,
  message: 'It was changed by somebody else at the same moment. Look at it, and try again.',
});

/** Plain data, which can be kept. Records have the version that they were decided on. */
export type Write =
  | { readonly kind: 'account'; readonly record: Account; readonly lost: Lost }
  | { readonly kind: 'apiKey'; readonly record: ApiKey; readonly lost: Lost }
  | { readonly kind: 'subscription'; readonly record: Subscription; readonly lost: Lost }
  | { readonly kind: 'operator'; readonly record: Operator; readonly lost: Lost }
  | { readonly kind: 'plan'; readonly record: Plan; readonly lost: Lost }
  | { readonly kind: 'pack'; readonly record: Pack; readonly lost: Lost }
  | { readonly kind: 'purchase'; readonly record: Purchase; readonly lost: Lost }
  | { readonly kind: 'providerLink'; readonly record: ProviderLink; readonly lost: Lost }
  /** Gives what was due to a subscription at an instant, and ends what had ended. Whatever becomes of the rest, it was so. */
  | (Subscriber & { readonly kind: 'credits'; readonly at: Instant });

/** A subscription with what its credits depend on. */
export interface Subscriber {
  readonly account: Account;
  readonly subscription: Subscription;
  /** `null`: a version that nobody knows of. */
  readonly plan: Plan | null;
}

/** Carries writes out in their order. Throws `CONFLICT` where one comes too late. */
export const writeAll = async (bank: Bank, actId: string, writes: readonly Write[]): Promise<void> => {
  for (const write of writes) {
    if (write.kind === 'credits') {
      await giveDue(bank, write);
    } else if (!(await isWritten(bank, actId, write))) {
      const { argument, message } = write.lost;
      throw new OperatorError('CONFLICT', message, argument);
    }
  }
};

const giveDue = async ({ keeper }: Bank, { at, ...subscriber }: Extract<Write, { kind: 'credits' }>): Promise<void> => {
  await keeper.apply<void, null>(subscriber.account.id, {
    decide: (wallet) => ({ wallet: grantIfDue(wallet, subscriber, at), outcome: null }),
  });
};

const isWritten = async (bank: Bank, actId: string, write: Exclude<Write, { kind: 'credits' }>): Promise<boolean> => {
  const { store, shelf } = bank;
  const isSaved = async <T extends Versioned>(record: T, records: Records<T>) =>
    (await areSaved([record], actId, records)).every((each) => each);
  switch (write.kind) {
    case 'account':
      return isSaved(write.record, {
        save: (records) => store.saveAccounts(records),
        find: (records) => store.findAccounts(records.map(({ id }) => id)),
      });
    case 'apiKey':
      return isSaved(write.record, {
        save: (records) => store.saveApiKeys(records),
        find: (records) => store.findApiKeys(records.map(({ secretHash }) => secretHash)),
      });
    case 'subscription':
      return isSaved(write.record, subscriptionsIn(bank));
    case 'purchase':
      return isSaved(write.record, purchasesIn(bank));
    case 'providerLink':
      return isSaved(write.record, linksIn(bank));
    case 'pack': {
      const [outcome] = await store.savePacks([write.record]);
      return outcome === 'WON';
    }
    case 'operator':
      return isSaved(write.record, {
        save: (records) => store.saveOperators(records),
        find: async (records) => {
          const operators = await store.findOperators();
          return records.map(({ id }) => operators.find((each) => each.id === id) ?? null);
        },
      });
    case 'plan': {
      const [outcome] = await store.savePlans([write.record]);
      shelf.forget();
      return outcome === 'WON';
    }
    default:
      return unreachable(write);
  }
};

interface Versioned {
  readonly version: number;
  readonly acts?: ActsRemembered;
}

export interface Records<T> {
  readonly save: (records: readonly T[]) => Promise<readonly WriteOutcome[]>;
  /** What is stored in their places now. */
  readonly find: (records: readonly T[]) => Promise<readonly (T | null)[]>;
}

export const subscriptionsIn = ({ store }: Bank): Records<Subscription> => ({
  save: (records) => store.saveSubscriptions(records),
  find: (records) => store.findSubscriptions(records.map(({ accountId }) => accountId)),
});

export const purchasesIn = ({ store }: Bank): Records<Purchase> => ({
  save: (records) => store.savePayments('purchases', records),
  find: (records) =>
    store.findPayments(
      'purchases',
      records.map(({ id }) => id),
    ),
});

const linksIn = ({ store }: Bank): Records<ProviderLink> => ({
  save: (records) => store.savePayments('providerLinks', records),
  find: (records) => store.findPayments('providerLinks', records.map(providerLinkId)),
});

/** Which of them are stored, now or by this very act before. */
export const areSaved = async <T extends Versioned>(
  records: readonly T[],
  actId: string,
  { save, find }: Records<T>,
): Promise<readonly boolean[]> => {
  const outcomes = await save(records.map((record) => signedBy(record, actId)));
  if (outcomes.every((outcome) => outcome === 'WON')) return records.map(() => true);
  const stored = await find(records);
  return outcomes.map((outcome, index) => {
    const record = stored[index] ?? null;
    return outcome === 'WON' || (record !== null && isSignedBy(record, actId));
  });
};

/** The record as it is once it was written. */
export const written = <T extends Versioned>(record: T): T => ({
  ...record,
  version: record.version + 1,
});
