/**
 * Tables of values that are found by a key and replaced by compare and set, and what is remembered of their file, so
 * that the values of an account in use are not read and parsed again for every request.
 */
import { isDeepStrictEqual } from 'node:util';
import { LRUCache } from 'lru-cache';
import { inOrder } from '../inOrder.js';
import type { ImportOutcome, RecordPage } from '../store.js';
import { StoreError } from '../storeError.js';
import { keyList, keyText } from './sqliteDriver.js';
import type { SqliteDriver, SqliteRow, SqliteStatement } from './sqliteDriver.js';

export type VersionedTable =
  | 'accounts'
  | 'api_keys'
  | 'subscriptions'
  | 'wallets'
  | 'keyed_operations'
  | 'operators'
  | 'purchases'
  | 'provider_links'
  | 'payment_events'
  | 'reconcilers';

/** Of each table; a wallet in use takes some kilobytes. */
const VALUES_MAX = 2_000;

/** The values of one table, by their key. */
type TableMemory<T> = LRUCache<string, Remembered<T>>;

interface Remembered<T> {
  readonly value: T | null;
}

/**
 * What was read of one SQLite file. It is never older than the file: SQLite's `data_version` tells that another
 * connection, of this process or another one, has written, and then everything is forgotten. What is not there is
 * remembered too.
 */
export class FileMemory {
  readonly #dataVersion: SqliteStatement;
  readonly #tables: { clear(): void }[] = [];
  #seen: unknown;
  #isFresh = false;

  constructor(driver: SqliteDriver) {
    this.#dataVersion = driver.prepare('PRAGMA data_version');
  }

  /** A table whose own writes remember what they wrote. Its reads ask `refresh` first. */
  tableOf<T>(): TableMemory<T> {
    const table: TableMemory<T> = new LRUCache({ max: VALUES_MAX });
    this.#tables.push(table);
    return table;
  }

  /**
   * Forgets everything if another connection has written to the file. Reads that are begun in one go look once, the first
   * of them: whoever awaits the confirmation of a write goes on in a later microtask, and sees it.
   */
  refresh(): void {
    if (this.#isFresh) return;
    const current = this.#dataVersion.get()?.['data_version'];
    if (current !== this.#seen) this.forget();
    this.#seen = current;
    this.#isFresh = true;
    queueMicrotask(() => {
      this.#isFresh = false;
    });
  }

  /** For what `data_version` does not tell: a transaction of this connection that was rolled back. */
  forget(): void {
    for (const table of this.#tables) table.clear();
  }
}

export class VersionedRecords<T extends { readonly version: number }> {
  readonly #find: SqliteStatement;
  readonly #findOne: SqliteStatement;
  readonly #insert: SqliteStatement;
  readonly #update: SqliteStatement;
  readonly #listFirst: SqliteStatement;
  readonly #listAfter: SqliteStatement;
  readonly #known: TableMemory<T>;

  constructor(
    driver: SqliteDriver,
    private readonly memory: FileMemory,
    table: VersionedTable,
    private readonly keyOf: (value: T) => string,
    private readonly read: (stored: unknown) => T,
  ) {
    this.#find = driver.prepare(`SELECT body FROM ${table} WHERE id IN (SELECT value FROM json_each(?))`);
    this.#findOne = driver.prepare(`SELECT body FROM ${table} WHERE id = ?`);
    this.#insert = driver.prepare(`INSERT INTO ${table} (id, version, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`);
    this.#listFirst = driver.prepare(`SELECT body FROM ${table} ORDER BY id LIMIT ?`);
    this.#listAfter = driver.prepare(`SELECT body FROM ${table} WHERE id > ? ORDER BY id LIMIT ?`);
    this.#update = driver.prepare(`UPDATE OR IGNORE ${table} SET version = ?, body = ? WHERE id = ? AND version = ?`);
    this.#known = memory.tableOf();
  }

  find(keys: readonly string[]): readonly (T | null)[] {
    if (keys.length === 0) return [];
    this.memory.refresh();
    const known = keys.map((key) => this.#known.get(key));
    const unknown = keys.filter((_key, index) => known[index] === undefined);
    if (unknown.length === 0) return known.map((each) => each?.value ?? null);
    const read = this.#read(unknown);
    unknown.forEach((key, index) => this.#known.set(key, { value: read[index] ?? null }));
    let next = 0;
    return known.map((each) => (each === undefined ? (read[next++] ?? null) : each.value));
  }

  list({ first, after }: RecordPage): readonly T[] {
    const rows = after === null ? this.#listFirst.all(first) : this.#listAfter.all(keyText(after), first);
    return rows.map((row) => this.read(bodyOf(row)));
  }

  /** Stores a value as it is, unless there is one under its key. Belongs into a transaction. */
  insert(value: T): ImportOutcome {
    const key = this.keyOf(value);
    const body = JSON.stringify(value);
    this.#known.delete(key);
    if (this.#insert.run(keyText(key), value.version, body) === 1) return 'STORED';
    const [stored] = this.#find.all(keyList([key])).map(bodyOf);
    return isDeepStrictEqual(stored, JSON.parse(body)) ? 'SAME' : 'OTHER';
  }

  /** Stores `next` if what is stored has the version before it, and nothing else is what it must be alone. Belongs into a transaction. */
  compareAndSet(next: T): boolean {
    const key = this.keyOf(next);
    const id = keyText(key);
    const body = JSON.stringify(next);
    const changed =
      next.version === 1
        ? this.#insert.run(id, next.version, body)
        : this.#update.run(next.version, body, id, next.version - 1);
    if (changed === 1) this.#known.set(key, { value: next });
    return changed === 1;
  }

  #read(keys: readonly string[]): readonly (T | null)[] {
    const [only] = keys;
    const rows = only !== undefined && keys.length === 1 ? this.#rowOf(only) : this.#find.all(keyList(keys));
    const found = rows.map((row) => this.read(bodyOf(row)));
    return inOrder(keys, found, this.keyOf);
  }

  /** One key is found by itself in two thirds of the time of a list of one. */
  #rowOf(key: string): readonly SqliteRow[] {
    const row = this.#findOne.get(keyText(key));
    return row === undefined ? [] : [row];
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
