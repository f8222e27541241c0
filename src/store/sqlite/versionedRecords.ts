/** One table of values that are found by a key and replaced by compare and set. */
import { inOrder } from '../inOrder.js';
import { StoreError } from '../storeError.js';
import { keyList, keyText } from './sqliteDriver.js';
import type { SqliteDriver, SqliteRow, SqliteStatement } from './sqliteDriver.js';

export type VersionedTable = 'accounts' | 'api_keys' | 'subscriptions' | 'wallets' | 'keyed_operations' | 'operators';

export class VersionedRecords<T extends { readonly version: number }> {
  readonly #find: SqliteStatement;
  readonly #insert: SqliteStatement;
  readonly #update: SqliteStatement;

  constructor(
    driver: SqliteDriver,
    table: VersionedTable,
    private readonly keyOf: (value: T) => string,
    private readonly read: (stored: unknown) => T,
  ) {
    this.#find = driver.prepare(`SELECT body FROM ${table} WHERE id IN (SELECT value FROM json_each(?))`);
    this.#insert = driver.prepare(`INSERT INTO ${table} (id, version, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`);
    this.#update = driver.prepare(`UPDATE ${table} SET version = ?, body = ? WHERE id = ? AND version = ?`);
  }

  find(keys: readonly string[]): readonly (T | null)[] {
    if (keys.length === 0) return [];
    const found = this.#find.all(keyList(keys)).map((row) => this.read(bodyOf(row)));
    return inOrder(keys, found, this.keyOf);
  }

  /** Stores `next` if what is stored has the version before it. Belongs into a transaction. */
  compareAndSet(next: T): boolean {
    const id = keyText(this.keyOf(next));
    const body = JSON.stringify(next);
    const changed =
      next.version === 1
        ? this.#insert.run(id, next.version, body)
        : this.#update.run(next.version, body, id, next.version - 1);
    return changed === 1;
  }
}

/** The JSON of a row's `body`. */
export const bodyOf = (row: SqliteRow): unknown => {
  try {
    return JSON.parse(String(row['body']));
  } catch (error) {
    throw new StoreError('CORRUPT', 'A stored value is not JSON: the SQLite file was changed by hand.', {
      cause: error,
    });
  }
};
