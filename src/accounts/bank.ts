/**
 * What a process has once, whatever it serves: its store, the one writer of wallets, plans, keys, and what waits to be
 * written. Several paywalls can share a bank; two banks in one process would be two writers of the same wallets.
 */
import { WalletKeeper } from '../ledger/walletKeeper.js';
import type { Store } from '../store/store.js';
import { Background } from './background.js';
import { identifierOf } from './caller.js';
import type { FixedKeys, Identify } from './caller.js';
import { keyHash } from './keyHash.js';
import type { HashSecret } from './keyHash.js';
import { KeyUses } from './keyUses.js';
import { processLoaders } from './loaders.js';
import type { Loaders } from './loaders.js';
import { PlanShelf } from './planShelf.js';
import { RefusalRecorder } from './refusalRecorder.js';
import { UsageNotes } from './usageNotes.js';
import { settingsOf } from './settings.js';
import type { Settings } from './settings.js';

export interface BankOptions extends Partial<Settings> {
  readonly store: Store;
  /** How old the plans in memory may be. */
  readonly planRefreshMs?: number;
  /** What the hashes of stored keys are made with. Left out: the store keeps it. Another one makes all keys unknown. */
  readonly keySecret?: string | null;
  /** Keys that are valid without being in the store. */
  readonly fixedKeys?: FixedKeys;
}

export interface Bank {
  readonly store: Store;
  readonly keeper: WalletKeeper;
  readonly shelf: PlanShelf;
  readonly loaders: Loaders;
  /** How the secret of a key is stored and found. */
  readonly hashSecret: HashSecret;
  readonly keyUses: KeyUses;
  readonly background: Background;
  readonly refusals: RefusalRecorder;
  /** What was delivered without a hold. */
  readonly usage: UsageNotes;
  readonly settings: Settings;
  /** Finds out who is calling by the `Authorization` header. */
  readonly identify: Identify;
  /** Waits for writes under way. The store stays open. */
  readonly close: () => Promise<void>;
}

const PLAN_REFRESH_MS = 1_000;
/** Expired keys of operations are no harm; they only take room. */
const FORGET_EVERY_MS = 60 * 60_000;

export const createBank = (options: BankOptions): Bank => {
  checkStore(options.store);
  const { store, fixedKeys = new Map<string, never>() } = options;
  const settings = settingsOf(options);
  const { now, onFailure } = settings;
  const keeper = new WalletKeeper(store, { now, onFailure });
  const loaders = processLoaders(store);
  const hashSecret = keyHash(store, options.keySecret ?? null);
  const keyUses = new KeyUses(store, onFailure);
  const refusals = new RefusalRecorder(store, onFailure);
  const usage = new UsageNotes(keeper, settings);
  const forgetting = setInterval(() => {
    store.forgetKeyedOperations(now()).catch(onFailure);
  }, FORGET_EVERY_MS).unref();
  return {
    store,
    keeper,
    shelf: new PlanShelf(store, options.planRefreshMs ?? PLAN_REFRESH_MS),
    loaders,
    hashSecret,
    keyUses,
    background: new Background(settings),
    refusals,
    usage,
    settings,
    identify: identifierOf({ loaders, fixedKeys, hashSecret, keyUses, now }),
    close: async () => {
      clearInterval(forgetting);
      await keyUses.close();
      await refusals.close();
      await usage.flush();
      await keeper.close();
    },
  };
};

/** Who writes no TypeScript forgets to await it, and would learn of it from the first request. */
const checkStore = (store: unknown): void => {
  if (store instanceof Promise) throw new TypeError('`store` is a promise. Write `store: await openStore(url)`.');
  if (typeof store !== 'object' || store === null || !('commitWallets' in store)) {
    throw new TypeError('`store` is no store. Write `store: await openStore(url)`.');
  }
};
