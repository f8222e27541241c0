/**
 * Reads, batched twice: a loader per request (each key once per request) over loaders of the process (the keys of all
 * requests that come while a query is under way in one query). The process's loaders remember nothing. What a loader gives is
 * for the reads of one request; what may be spent is decided on the wallet's own version.
 */
import DataLoader from 'dataloader';
import type { Account, ApiKey } from '../domain/account.js';
import type { AccountId } from '../domain/ids.js';
import type { LedgerEntry } from '../domain/ledger.js';
import type { Subscription } from '../domain/subscription.js';
import { emptyWallet } from '../domain/wallet.js';
import type { Wallet } from '../domain/wallet.js';
import type { LedgerPage, Store } from '../store/store.js';
import { isAboutOneValue, StoreError } from '../store/storeError.js';

export interface Loader<Key, Value> {
  load(key: Key): Promise<Value>;
}

export interface RememberingLoader<Key, Value> extends Loader<Key, Value> {
  /** The next `load` of this key reads anew. */
  clear(key: Key): unknown;
}

/** All that is known of an account, read together: whoever asks for one of it mostly needs the others. */
export interface AccountRecords {
  readonly account: Account | null;
  readonly subscription: Subscription | null;
  readonly wallet: Wallet;
}

export interface Loaders {
  /** By the hash of the secret. */
  readonly apiKeys: Loader<string, ApiKey | null>;
  readonly accounts: RememberingLoader<AccountId, AccountRecords>;
  /** Pages that are asked for at the same time are one call of the store for an account, each page once. */
  readonly ledgerPages: Loader<LedgerPageOf, readonly LedgerEntry[]>;
}

export interface LedgerPageOf extends LedgerPage {
  readonly accountId: AccountId;
}

const BATCH_SIZE_MAX = 1_000;
/** How long keys wait at most for the query before theirs, so that one that is slow holds nobody up. */
const GATHER_MS_MAX = 25;

/**
 * When a loader asks: at the end of the turn of the event loop, so that requests that were read from different sockets
 * share a query; and not before the last query is answered, so that many requests cost one query per round trip.
 */
class Gathering {
  readonly #waiting = new Set<() => void>();
  #underWay = 0;

  readonly schedule = (dispatch: () => void): void => {
    setImmediate(() => {
      if (this.#underWay === 0) {
        dispatch();
        return;
      }
      this.#waiting.add(dispatch);
      setTimeout(() => {
        this.#release(dispatch);
      }, GATHER_MS_MAX);
    });
  };

  async during<T>(query: () => Promise<T>): Promise<T> {
    this.#underWay += 1;
    try {
      return await query();
    } finally {
      this.#underWay -= 1;
      if (this.#underWay === 0) for (const dispatch of this.#waiting) this.#release(dispatch);
    }
  }

  #release(dispatch: () => void): void {
    if (this.#waiting.delete(dispatch)) dispatch();
  }
}

type Find<Key, Value> = (keys: readonly Key[]) => Promise<readonly (Value | StoreError)[]>;

/** A value that can't be read must not keep those of other requests from them: each key is asked for by itself then. */
const eachByItself =
  <Key, Value>(find: Find<Key, Value>): Find<Key, Value> =>
  async (keys) => {
    try {
      return await find(keys);
    } catch (error) {
      if (keys.length === 1 || !isAboutOneValue(error)) throw error;
      const found = await Promise.all(keys.map((key) => find([key]).catch((fault: unknown) => [storeError(fault)])));
      return found.flat();
    }
  };

const storeError = (fault: unknown): StoreError => {
  if (fault instanceof StoreError) return fault;
  throw fault;
};

const loaderOf = <Key, Value>(find: Find<Key, Value>): DataLoader<Key, Value> => {
  const gathering = new Gathering();
  const findEach = eachByItself(find);
  return new DataLoader<Key, Value>((keys) => gathering.during(() => findEach(keys)), {
    cache: false,
    maxBatchSize: BATCH_SIZE_MAX,
    batchScheduleFn: gathering.schedule,
  });
};

export const processLoaders = (store: Store): Loaders => ({
  apiKeys: loaderOf((hashes) => store.findApiKeys(hashes)),
  accounts: loaderOf(async (ids) => {
    const [accounts, subscriptions, wallets] = await Promise.all([
      store.findAccounts(ids),
      store.findSubscriptions(ids),
      store.findWallets(ids),
    ]);
    return ids.map((id, index) => ({
      account: accounts[index] ?? null,
      subscription: subscriptions[index] ?? null,
      wallet: wallets[index] ?? emptyWallet(id),
    }));
  }),
  ledgerPages: loaderOf((asked) => findLedgerPagesOf(store, asked)),
});

const findLedgerPagesOf = async (
  store: Store,
  asked: readonly LedgerPageOf[],
): Promise<readonly (readonly LedgerEntry[])[]> => {
  const keyOf = ({ accountId, first, before, after }: LedgerPageOf) =>
    JSON.stringify([accountId, first, before, after]);
  const found = new Map<string, readonly LedgerEntry[]>();
  const wantedBy = new Map<AccountId, Map<string, LedgerPageOf>>();
  for (const page of asked) {
    const wanted = wantedBy.get(page.accountId) ?? new Map<string, LedgerPageOf>();
    wantedBy.set(page.accountId, wanted.set(keyOf(page), page));
  }
  const findOf = async ([accountId, wanted]: readonly [AccountId, ReadonlyMap<string, LedgerPageOf>]) => {
    const read = await store.findLedgerPages(accountId, [...wanted.values()]);
    for (const [index, key] of [...wanted.keys()].entries()) found.set(key, read[index] ?? []);
  };
  await Promise.all([...wantedBy].map(findOf));
  return asked.map((page) => found.get(keyOf(page)) ?? []);
};

/** Loaders of one request: each account is asked for once. Its key is asked for once anyway. */
export const requestLoaders = (process: Loaders): Loaders => ({
  apiKeys: process.apiKeys,
  accounts: new Remembering(process.accounts),
  ledgerPages: process.ledgerPages,
});

/** A DataLoader without batches and for one key at a time, of which a request has no more: one is made for every request. */
class Remembering<Key, Value> implements RememberingLoader<Key, Value> {
  #asked: { readonly key: Key; readonly value: Promise<Value> } | null = null;

  constructor(private readonly loader: Loader<Key, Value>) {}

  load(key: Key): Promise<Value> {
    if (this.#asked?.key !== key) this.#asked = { key, value: this.loader.load(key) };
    return this.#asked.value;
  }

  clear(key: Key): void {
    if (this.#asked?.key === key) this.#asked = null;
  }
}
