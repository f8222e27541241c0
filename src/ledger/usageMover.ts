/**
 * Moves rows of usage that ride in wallets to the store, in the background and many together. A row says how far it has come
 * and only grows, so that moving it twice, late, or after a newer one changes nothing: nobody waits for it.
 */
import { LRUCache } from 'lru-cache';
import type { AccountId } from '../domain/ids.js';
import type { UsageRow } from '../domain/usage.js';
import type { Wallet } from '../domain/wallet.js';
import type { AccountUsage, Store } from '../store/store.js';

/** So long rows gather: an account in use costs no write for each operation. */
const MOVE_EVERY_MS = 1_000;
const BATCH_SIZE_MAX = 1_000;
const ACCOUNTS_REMEMBERED_MAX = 10_000;
/** Rows that a wallet goes on with once they are stored: those of its newest day. */
const ROWS_KEPT = 16;

/** Of an account: more than ride in its wallet, unless it uses that many fields in a second. */
const ROWS_REMEMBERED = 256;

type Rows = Map<number, UsageRow>;

export class UsageMover {
  /** What waits, by account and part. */
  readonly #waiting = new Map<AccountId, Rows>();
  /** What is known to be stored. What is forgotten is moved again. */
  readonly #stored = new LRUCache<AccountId, Rows>({ max: ACCOUNTS_REMEMBERED_MAX });
  #timer: NodeJS.Timeout | null = null;
  #moving: Promise<void> = Promise.resolve();
  #isFailing = false;
  #isClosed = false;

  constructor(
    private readonly store: Pick<Store, 'appendUsage'>,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  /** Takes note of what rides in a stored wallet. */
  note({ accountId, usage = [] }: Wallet): void {
    if (usage.length === 0 || this.#isClosed) return;
    const stored = this.#stored.get(accountId);
    const unmoved = usage.filter((row) => !isSame(stored?.get(row.part), row));
    if (unmoved.length === 0) return;
    const rows = this.#waiting.get(accountId) ?? new Map<number, UsageRow>();
    for (const row of unmoved) rows.set(row.part, row);
    this.#waiting.set(accountId, rows);
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#moving = this.#moveAll();
    }, MOVE_EVERY_MS).unref();
  }

  /** The wallet without rows that are stored and of a day that is over, or too many to be carried on. */
  trim(wallet: Wallet): Wallet {
    const { usage = [] } = wallet;
    const stored = usage.length === 0 ? undefined : this.#stored.get(wallet.accountId);
    if (stored === undefined) return wallet;
    const newest = usage.at(-1)?.day;
    const isLeft = (row: UsageRow, index: number) =>
      !isSame(stored.get(row.part), row) || (row.day === newest && index >= usage.length - ROWS_KEPT);
    return usage.every(isLeft) ? wallet : { ...wallet, usage: usage.filter(isLeft) };
  }

  /** Resolves when nothing waits any more, or when the store does not take it: it stays in the wallets then. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#moving;
    await this.#moveAll();
  }

  async #moveAll(): Promise<void> {
    const waiting = [...this.#waiting].flatMap(([accountId, rows]) =>
      [...rows.values()].map((row): AccountUsage => ({ accountId, ...row })),
    );
    this.#waiting.clear();
    for (let start = 0; start < waiting.length; start += BATCH_SIZE_MAX) {
      await this.#move(waiting.slice(start, start + BATCH_SIZE_MAX));
    }
  }

  /** What could not be moved rides on: the next write of its wallet, or whoever reads it next, notes it again. */
  async #move(batch: readonly AccountUsage[]): Promise<void> {
    try {
      await this.store.appendUsage(batch);
    } catch (error) {
      // Once, and not every second for as long as it lasts.
      if (!this.#isFailing) this.onFailure(error);
      this.#isFailing = true;
      return;
    }
    this.#isFailing = false;
    for (const { accountId, ...row } of batch) {
      const rows = this.#stored.get(accountId) ?? new Map<number, UsageRow>();
      // In the order in which they were stored last.
      rows.delete(row.part);
      rows.set(row.part, row);
      for (const part of rows.keys()) if (rows.size > ROWS_REMEMBERED) rows.delete(part);
      this.#stored.set(accountId, rows);
    }
  }
}

const isSame = (a: UsageRow | undefined, b: UsageRow): boolean =>
  a?.positions === b.positions &&
  a.units === b.units &&
  a.credits === b.credits &&
  a.coveredUnits === b.coveredUnits &&
  a.refundedCredits === b.refundedCredits &&
  a.refundedUnits === b.refundedUnits;
