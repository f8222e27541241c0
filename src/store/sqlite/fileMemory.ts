/**
 * Remembers what was read of one SQLite file, so that the values of an account in use are not read and parsed again for
 * every request. It is never older than the file: SQLite's `data_version` tells that another connection, of this
 * process or another one, has written, and then everything is forgotten. What is not there is remembered too.
 */
import { LRUCache } from 'lru-cache';
import type { SqliteDriver, SqliteStatement } from './sqliteDriver.js';

/** Of each table; a wallet in use takes some kilobytes. */
const VALUES_MAX = 2_000;

/** The values of one table, by their key. */
export type TableMemory<T> = LRUCache<string, Remembered<T>>;

export interface Remembered<T> {
  readonly value: T | null;
}

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
