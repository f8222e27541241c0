/** The ledger's table. Entries are added and read, never changed. */
import type { AccountId, HoldId } from '../../domain/ids.js';
import type { LedgerEntry } from '../../domain/ledger.js';
import { inOrder } from '../inOrder.js';
import type { LedgerPage } from '../store.js';
import { readLedgerEntry } from '../storedShape.js';
import { StoreError } from '../storeError.js';
import { keyList, keyText } from './sqliteDriver.js';
import type { SqliteDriver, SqliteStatement } from './sqliteDriver.js';
import { bodyOf } from './versionedRecords.js';

export class Ledger {
  readonly #insert: SqliteStatement;
  readonly #findPlace: SqliteStatement;
  readonly #findPage: SqliteStatement;
  readonly #findPageBack: SqliteStatement;
  readonly #findEntries: SqliteStatement;
  readonly #findOfHold: SqliteStatement;

  constructor(driver: SqliteDriver) {
    this.#insert = driver.prepare(
      'INSERT INTO ledger (account_id, seq, id, hold_id, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#findPlace = driver.prepare('SELECT seq FROM ledger WHERE account_id = ? AND id = ?');
    this.#findPage = driver.prepare(
      'SELECT body FROM ledger WHERE account_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?',
    );
    this.#findPageBack = driver.prepare(
      'SELECT body FROM ledger WHERE account_id = ? AND seq > ? AND seq < ? ORDER BY seq LIMIT ?',
    );
    this.#findEntries = driver.prepare(
      'SELECT body FROM ledger WHERE account_id = ? AND id IN (SELECT value FROM json_each(?))',
    );
    this.#findOfHold = driver.prepare('SELECT body FROM ledger WHERE account_id = ? AND hold_id = ? ORDER BY seq');
  }

  /** Adds an entry unless it is there already. Belongs into a transaction. */
  enter(entry: LedgerEntry): void {
    const accountId = keyText(entry.accountId);
    const id = keyText(entry.id);
    const hold = entry.holdId === undefined ? null : keyText(entry.holdId);
    if (this.#insert.run(accountId, entry.seq, id, hold, JSON.stringify(entry)) === 1) return;
    if (this.#findPlace.all(accountId, id)[0]?.['seq'] !== entry.seq) {
      // Left out in silence, a movement would be missing and the ledger's sum no longer the balance.
      throw new StoreError('CORRUPT', `The ledger of ${accountId} has another entry in place of ${id} (${entry.seq}).`);
    }
  }

  findPage(accountId: AccountId, { first, before, after }: LedgerPage): readonly LedgerEntry[] {
    // To SQLite a negative limit means no limit.
    if (first <= 0) return [];
    const below = before ?? Number.MAX_SAFE_INTEGER + 1;
    const rows =
      after === undefined
        ? this.#findPage.all(keyText(accountId), below, first)
        : this.#findPageBack.all(keyText(accountId), after, below, first).toReversed();
    return rows.map((row) => readLedgerEntry(bodyOf(row)));
  }

  findEntries(accountId: AccountId, ids: readonly string[]): readonly (LedgerEntry | null)[] {
    if (ids.length === 0) return [];
    const rows = this.#findEntries.all(keyText(accountId), keyList(ids));
    return inOrder(
      ids,
      rows.map((row) => readLedgerEntry(bodyOf(row))),
      (entry) => entry.id,
    );
  }

  findOfHold(accountId: AccountId, holdId: HoldId): readonly LedgerEntry[] {
    const rows = this.#findOfHold.all(keyText(accountId), keyText(holdId));
    return rows.map((row) => readLedgerEntry(bodyOf(row)));
  }
}
