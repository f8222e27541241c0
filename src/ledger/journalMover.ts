/**
 * Moves journal entries that ride in wallets to the ledger, in the background. An entry is safe from the moment its
 * wallet was committed, so nothing waits for this; whoever finds a wallet with a journal may move it again, since the
 * ledger takes an entry once.
 */
import { LRUCache } from 'lru-cache';
import type { AccountId } from '../domain/ids.js';
import type { LedgerEntry } from '../domain/ledger.js';
import type { Wallet } from '../domain/wallet.js';
import type { Store } from '../store/store.js';
import { isAboutOneValue } from '../store/storeError.js';

const RETRY_MS = 500;
const BATCH_SIZE_MAX = 1000;
const ACCOUNTS_REMEMBERED_MAX = 10_000;
/** How long the entries of an account that the ledger refuses stay in its wallet before they are tried again. */
const STUCK_MS = 60_000;

export class JournalMover {
  /** What waits to be moved, by account and `seq`, so that a wallet found twice is queued once. */
  readonly #waiting = new Map<AccountId, Map<number, LedgerEntry>>();
  /** Up to which `seq` each account's entries are known to be in the ledger. What is forgotten is moved again. */
  readonly #movedThrough = new LRUCache<AccountId, number>({ max: ACCOUNTS_REMEMBERED_MAX });
  /** Accounts whose entries the ledger has refused, and when. They stay in the wallet, where they are read too. */
  readonly #stuckSince = new LRUCache<AccountId, number>({ max: ACCOUNTS_REMEMBERED_MAX });
  #moving: Promise<void> | null = null;
  #retry: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(
    private readonly store: Pick<Store, 'appendLedger'>,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  /** Entries that wait to be moved; for metrics. */
  get length(): number {
    let length = 0;
    for (const entries of this.#waiting.values()) length += entries.size;
    return length;
  }

  /** Takes note of a stored wallet's journal. */
  note(wallet: Wallet): void {
    const unmoved = this.trim(wallet).journal;
    if (unmoved.length === 0 || this.#isClosed || this.#isStuck(wallet.accountId)) return;
    const entries = this.#waiting.get(wallet.accountId) ?? new Map<number, LedgerEntry>();
    for (const entry of unmoved) entries.set(entry.seq, entry);
    this.#waiting.set(wallet.accountId, entries);
    if (this.#retry === null) this.#start();
  }

  /** The wallet without the entries that are known to be in the ledger. */
  trim(wallet: Wallet): Wallet {
    const through = this.#movedThrough.get(wallet.accountId);
    if (through === undefined || wallet.journal.length === 0) return wallet;
    return { ...wallet, journal: wallet.journal.filter((entry) => entry.seq > through) };
  }

  /** Resolves when nothing waits any more, or when the ledger can't be written. Nothing is moved afterwards. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#start();
    await this.#moving;
  }

  #isStuck(accountId: AccountId): boolean {
    const since = this.#stuckSince.get(accountId);
    return since !== undefined && performance.now() - since < STUCK_MS;
  }

  #start(): void {
    this.#moving ??= this.#moveAll().finally(() => {
      this.#moving = null;
    });
  }

  async #moveAll(): Promise<void> {
    try {
      for (let batch = this.#nextBatch(); batch.length > 0; batch = this.#nextBatch()) await this.#move(batch);
    } catch (error) {
      this.onFailure(error);
      if (!this.#isClosed) this.#startLater();
    }
  }

  #startLater(): void {
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.#start();
    }, RETRY_MS).unref();
  }

  async #move(batch: readonly LedgerEntry[]): Promise<void> {
    try {
      await this.store.appendLedger(batch);
      this.#markMoved(batch);
    } catch (error) {
      if (!isAboutOneValue(error)) throw error;
      // One account's entries must not keep those of others from the ledger.
      for (const entries of byAccount(batch).values()) await this.#moveOfOne(entries);
    }
  }

  async #moveOfOne(entries: readonly LedgerEntry[]): Promise<void> {
    try {
      await this.store.appendLedger(entries);
      this.#markMoved(entries);
    } catch (error) {
      if (!isAboutOneValue(error)) throw error;
      this.#leave(entries, error);
    }
  }

  /** Leaves an account's entries in its wallet, and reports it the first time. */
  #leave(entries: readonly LedgerEntry[], error: unknown): void {
    for (const { accountId } of entries.slice(0, 1)) {
      this.#waiting.delete(accountId);
      if (!this.#stuckSince.has(accountId)) this.onFailure(error);
      this.#stuckSince.set(accountId, performance.now());
    }
  }

  #nextBatch(): readonly LedgerEntry[] {
    const batch: LedgerEntry[] = [];
    for (const entries of this.#waiting.values()) {
      for (const entry of entries.values()) {
        if (batch.length === BATCH_SIZE_MAX) return batch;
        batch.push(entry);
      }
    }
    return batch;
  }

  /**
   * The entries before these are in the ledger too: a journal begins with the first that may not be there, and its
   * entries wait in their order.
   */
  #markMoved(moved: readonly LedgerEntry[]): void {
    for (const { accountId, seq } of moved) {
      const entries = this.#waiting.get(accountId);
      entries?.delete(seq);
      if (entries?.size === 0) this.#waiting.delete(accountId);
      this.#movedThrough.set(accountId, Math.max(this.#movedThrough.get(accountId) ?? 0, seq));
      this.#stuckSince.delete(accountId);
    }
  }
}

const byAccount = (entries: readonly LedgerEntry[]): ReadonlyMap<AccountId, readonly LedgerEntry[]> => {
  const accounts = new Map<AccountId, LedgerEntry[]>();
  for (const entry of entries) {
    const known = accounts.get(entry.accountId);
    if (known === undefined) accounts.set(entry.accountId, [entry]);
    else known.push(entry);
  }
  return accounts;
};
