/**
 * Remembers what was read of one SQLite file, so that the values of an account in use are not read and parsed again for
 * every request. It is never older than the file: SQLite's `data_version` tells that another connection, of this
 * process or another one, has written, and then everything is forgotten. What is not there is remembered too.
 */
import { LRUCache } from 'lru-cache';
import type { SqliteDriver, SqliteStatement } from './sqliteDriver.js';

/** Of each table; a wallet in use takes some kilobytes. */
const VALUES_MAX = 2_000;
/** How many records are recalled in one turn of the event loop: whoever wants more waits for the next, as others do. */
const RECALLS_MAX = 1_000;

/** The values of one table, by their key. */
export type TableMemory<T> = LRUCache<string, Remembered<T>>;

export interface Remembered<T> {
  readonly value: T | null;
}

export class FileMemory {
  /** How many verbs of any SQLite store in this process were used: the answer of each may tell of a write. */
  static #verbs = 0;

  readonly #dataVersion: SqliteStatement;
  readonly #tables: { clear(): void }[] = [];
  #seen: unknown;
  #isFresh = false;
  /** After which of the verbs the file was looked at in this turn of the event loop; `null`: it was not. */
  #seenAfter: number | null = null;
  #recallsLeft = RECALLS_MAX;

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
    this.#seenAfter = FileMemory.#verbs;
    process.nextTick(this.#endTurn);
  }

  /** A verb of a store is used. */
  static noteVerb(): void {
    FileMemory.#verbs += 1;
  }

  /**
   * Whether something may be recalled: not older than a look that was made in this turn of the event loop, after all that
   * stores of this process have answered in it. What another process has written, others are told of in a later turn.
   */
  mayRecall(): boolean {
    if (this.#recallsLeft === 0) return false;
    if (this.#recallsLeft === RECALLS_MAX) setImmediate(this.#nextTurn);
    this.#recallsLeft -= 1;
    if (this.#seenAfter !== FileMemory.#verbs) this.refresh();
    return true;
  }

  readonly #endTurn = (): void => {
    this.#seenAfter = null;
  };

  readonly #nextTurn = (): void => {
    this.#endTurn();
    this.#recallsLeft = RECALLS_MAX;
  };

  /** For what `data_version` does not tell: a transaction of this connection that was rolled back. */
  forget(): void {
    for (const table of this.#tables) table.clear();
  }
}
