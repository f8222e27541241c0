/**
 * The little that Tollgate needs of SQLite, over whichever driver there is: Node's own where it has one (22.13 and
 * later), else libsql. Both are synchronous: a statement has run when the call returns, so nothing comes between the
 * statements of one transaction. This file knows how the drivers differ, and nothing of what is stored.
 */
import type { DatabaseSync } from 'node:sqlite';

export interface SqliteOptions {
  /** How long a write waits for another process that is writing. Node can do nothing else meanwhile. */
  readonly busyTimeoutMs?: number;
  /** How many pages the file may have, of 4 KiB each; left out: as many as the disk has room for. */
  readonly pagesMax?: number;
}

export type SqliteValue = string | number | null;
export type SqliteRow = Readonly<Record<string, unknown>>;

export interface SqliteStatement {
  /** How many rows it changed. */
  run(...values: readonly SqliteValue[]): number;
  /** The first row. */
  get(...values: readonly SqliteValue[]): SqliteRow | undefined;
  all(...values: readonly SqliteValue[]): readonly SqliteRow[];
}

export interface SqliteDriver {
  exec(sql: string): void;
  prepare(sql: string): SqliteStatement;
  close(): void;
}

export const openSqliteDriver = async (path: string): Promise<SqliteDriver> => {
  const builtIn = loadBuiltIn();
  return builtIn === undefined ? openLibsql(path) : overBuiltIn(new builtIn.DatabaseSync(path));
};

/**
 * Node warns that `node:sqlite` is experimental on the first load, which tells an operator nothing that could be acted
 * on. Loading is synchronous, so no other warning can be lost meanwhile.
 */
const loadBuiltIn = (): BuiltInSqlite | undefined => {
  const emitWarning = Object.getOwnPropertyDescriptor(process, 'emitWarning');
  if (emitWarning !== undefined) process.emitWarning = () => undefined;
  try {
    return process.getBuiltinModule('node:sqlite');
  } finally {
    if (emitWarning !== undefined) Object.defineProperty(process, 'emitWarning', emitWarning);
  }
};

interface BuiltInSqlite {
  readonly DatabaseSync: typeof DatabaseSync;
}

const overBuiltIn = (database: DatabaseSync): SqliteDriver => ({
  exec: (sql) => {
    database.exec(sql);
  },
  prepare: (sql) => {
    const statement = database.prepare(sql);
    return {
      run: (...values) => Number(statement.run(...values).changes),
      get: (...values) => statement.get(...values),
      all: (...values) => statement.all(...values),
    };
  },
  close: () => {
    database.close();
  },
});

const openLibsql = async (path: string): Promise<SqliteDriver> => {
  const { default: Libsql } = await import('libsql');
  const database = new Libsql(path);
  return {
    exec: (sql) => {
      database.exec(sql);
    },
    prepare: (sql) => {
      const statement = database.prepare(sql);
      return {
        // As one array: libsql takes a single `null` for an object of named values.
        run: (...values) => statement.run(values).changes,
        get: (...values) => statement.get(values) as SqliteRow | undefined,
        all: (...values) => statement.all(values) as SqliteRow[],
      };
    },
    close: () => {
      database.close();
    },
  };
};

/** All or nothing. Takes the write lock at once, so that what is read in it can't be changed by another process. */
export const inTransaction = <T>(driver: SqliteDriver, work: () => T): T => {
  driver.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    driver.exec('COMMIT');
    return result;
  } catch (error) {
    rollBack(driver);
    throw error;
  }
};

/** SQLite rolls back by itself on some errors, a full disk among them, and then refuses to do it again. */
const rollBack = (driver: SqliteDriver): void => {
  try {
    driver.exec('ROLLBACK');
  } catch {
    // The error that led here says what went wrong; this one only says that nothing is left to undo.
  }
};

/**
 * A string as SQLite keeps it in a key column: any string that JavaScript can hold, NUL and lone surrogates included,
 * one to one. Ordinary text stays as it is. Bound as they are, such strings would be cut off or altered.
 */
export const keyText = (text: string): string => JSON.stringify(text).slice(1, -1);

/** A batch of keys as one bound value, for `json_each(?)`. */
export const keyList = (keys: readonly string[]): string => JSON.stringify(keys.map(keyText));

/** What time it is, in milliseconds: SQLite counts Julian days. */
export const readClock = (driver: SqliteDriver): number =>
  Number(
    driver.prepare(`SELECT CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) AS at`).get()?.['at'],
  );
