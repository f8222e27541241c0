/**
 * Moves journal entries that ride in wallets to the ledger, in the background. An entry is safe from the moment its
 * wallet was committed, so nothing waits for this; whoever finds a wallet with a journal may move it again, since the
 * ledger takes an entry once.
 */
import type { AccountId } from '../domain/ids.js';
import type { LedgerEntry } from '../domain/ledger.js';
import type { Wallet } from '../domain/wallet.js';
import type { Store } from '../store/store.js';

const RETRY_MS = 500;
const BATCH_SIZE_MAX = 1000;

export class JournalMover {
  /** What waits to be moved, by account and `seq`, so that a wallet found twice is queued once. */
  readonly #waiting = new Map<AccountId, Map<number, LedgerEntry>>();
  /** Up to which `seq` each account's entries are known to be in the ledger. Dropped when nothing more waits. */
  readonly #movedThrough = new Map<AccountId, number>();
  #moving: Promise<void> | null = null;
  #retry: NodeJS.Timeout | null = null;

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
    if (unmoved.length === 0) return;
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

  /** Resolves when nothing waits any more, or when the ledger can't be written. */
  async flush(): Promise<void> {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    this.#start();
    await this.#moving;
  }

  #start(): void {
    this.#moving ??= this.#moveAll().finally(() => {
      this.#moving = null;
    });
  }

  async #moveAll(): Promise<void> {
    try {
      for (let batch = this.#nextBatch(); batch.length > 0; batch = this.#nextBatch()) {
        await this.store.appendLedger(batch);
        for (const entry of batch) this.#markMoved(entry);
      }
    } catch (error) {
      this.onFailure(error);
      this.#retry = setTimeout(() => {
        this.#retry = null;
        this.#start();
      }, RETRY_MS);
      this.#retry.unref();
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

  #markMoved(entry: LedgerEntry): void {
    const entries = this.#waiting.get(entry.accountId);
    entries?.delete(entry.seq);
    if (entries?.size === 0) this.#waiting.delete(entry.accountId);
    const through = this.#movedThrough.get(entry.accountId) ?? 0;
    this.#movedThrough.set(entry.accountId, Math.max(through, entry.seq));
  }

  /** Forgets an account that nobody holds in memory any more. */
  forget(accountId: AccountId): void {
    if (!this.#waiting.has(accountId)) this.#movedThrough.delete(accountId);
  }
}
