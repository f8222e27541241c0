/** The kinds of values that are kept one by one under a key, and what that key is. */
import type { Account, ApiKey } from '../domain/account.js';
import type { KeyedOperation } from '../domain/keyedOperation.js';
import { keyedOperationId } from '../domain/keyedOperation.js';
import type { Operator } from '../domain/operator.js';
import type { Subscription } from '../domain/subscription.js';
import type { Wallet } from '../domain/wallet.js';

export interface StoredRecords {
  readonly accounts: Account;
  readonly apiKeys: ApiKey;
  readonly subscriptions: Subscription;
  readonly keyedOperations: KeyedOperation;
  readonly operators: Operator;
  readonly wallets: Wallet;
}

export type RecordKind = keyof StoredRecords;

export const keyOfRecord: { readonly [Kind in RecordKind]: (record: StoredRecords[Kind]) => string } = {
  accounts: (account) => account.id,
  apiKeys: (key) => key.secretHash,
  subscriptions: (subscription) => subscription.accountId,
  keyedOperations: keyedOperationId,
  operators: (operator) => operator.id,
  wallets: (wallet) => wallet.accountId,
};

/** The secret under which the secrets of keys are hashed: without it no key is known. */
export const KEY_HASH_SECRET = 'key-hash';
