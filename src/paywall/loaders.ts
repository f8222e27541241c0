/**
 * Reads, batched twice: a loader per request (each key once per request) over loaders of the process (the keys of all
 * requests of one turn of the event loop in one query). The process's loaders remember nothing. What a loader gives is
 * for the reads of one request; what may be spent is decided on the wallet's own version.
 */
import DataLoader from 'dataloader';
import type { Account, ApiKey } from '../domain/account.js';
import type { AccountId } from '../domain/ids.js';
import type { Subscription } from '../domain/subscription.js';
import { emptyWallet } from '../domain/wallet.js';
import type { Wallet } from '../domain/wallet.js';
import type { Store } from '../store/store.js';

export interface Loaders {
  /** By the hash of the secret. */
  readonly apiKeys: DataLoader<string, ApiKey | null>;
  readonly accounts: DataLoader<AccountId, Account | null>;
  readonly subscriptions: DataLoader<AccountId, Subscription | null>;
  readonly wallets: DataLoader<AccountId, Wallet>;
}

const BATCH_SIZE_MAX = 1_000;

/** Gathers until the end of the turn, so that requests that were read from different sockets share a query. */
const batchScheduleFn = (dispatch: () => void): void => void setImmediate(dispatch);

export const processLoaders = (store: Store): Loaders => {
  const options = { cache: false, maxBatchSize: BATCH_SIZE_MAX, batchScheduleFn };
  return {
    apiKeys: new DataLoader((hashes) => store.findApiKeys(hashes), options),
    accounts: new DataLoader((ids) => store.findAccounts(ids), options),
    subscriptions: new DataLoader((ids) => store.findSubscriptions(ids), options),
    wallets: new DataLoader(
      async (ids) => (await store.findWallets(ids)).map((wallet, index) => wallet ?? emptyWallet(idAt(ids, index))),
      options,
    ),
  };
};

const idAt = (ids: readonly AccountId[], index: number): AccountId => {
  const id = ids[index];
  if (id === undefined) throw new Error(`The store answered ${index + 1} wallets where ${ids.length} were asked for.`);
  return id;
};

/** Loaders of one request: each key is asked for once. */
export const requestLoaders = (process: Loaders): Loaders => ({
  apiKeys: over(process.apiKeys),
  accounts: over(process.accounts),
  subscriptions: over(process.subscriptions),
  wallets: over(process.wallets),
});

const over = <Key, Value>(loader: DataLoader<Key, Value>): DataLoader<Key, Value> =>
  new DataLoader((keys) => loader.loadMany(keys), { batch: false });
