/** The kinds of values that are kept one by one under a key, and what that key is. */
import type { Account, ApiKey } from '../domain/account.js';
import type { KeyedOperation } from '../domain/keyedOperation.js';
import { keyedOperationId } from '../domain/keyedOperation.js';
import type { Operator } from '../domain/operator.js';
import type { Subscription } from '../domain/subscription.js';
import type { PaymentEvent, ReconcilerRecord } from '../domain/paymentEvent.js';
import { providerLinkId } from '../domain/providerLink.js';
import type { ProviderLink } from '../domain/providerLink.js';
import type { Purchase } from '../domain/purchase.js';
import type { Wallet } from '../domain/wallet.js';

export interface StoredRecords {
  readonly accounts: Account;
  readonly apiKeys: ApiKey;
  readonly subscriptions: Subscription;
  readonly keyedOperations: KeyedOperation;
  readonly operators: Operator;
  readonly wallets: Wallet;
  readonly purchases: Purchase;
  readonly providerLinks: ProviderLink;
  readonly paymentEvents: PaymentEvent;
  readonly reconcilers: ReconcilerRecord;
}

export type RecordKind = keyof StoredRecords;
/** What payments keep. */
export type PaymentKind = 'purchases' | 'providerLinks' | 'paymentEvents' | 'reconcilers';

export const keyOfRecord: { readonly [Kind in RecordKind]: (record: StoredRecords[Kind]) => string } = {
  accounts: (account) => account.id,
  apiKeys: (key) => key.secretHash,
  subscriptions: (subscription) => subscription.accountId,
  keyedOperations: keyedOperationId,
  operators: (operator) => operator.id,
  wallets: (wallet) => wallet.accountId,
  purchases: (purchase) => purchase.id,
  providerLinks: providerLinkId,
  paymentEvents: (event) => event.id,
  reconcilers: (reconciler) => reconciler.provider,
};

/** The secret under which the secrets of keys are hashed: without it no key is known. */
export const KEY_HASH_SECRET = 'key-hash';
