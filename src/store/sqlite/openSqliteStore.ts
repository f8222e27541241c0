/**
 * The embedded store: one SQLite file. A batch of wallets and their journals is one transaction, durable when the verb
 * resolves (WAL, synchronous FULL), so a stored wallet's journal is always empty: its entries are in the ledger already, and
 * its usage in the table of usage.
 */
import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Store } from '../store.js';
import { migrate } from './migrate.js';
import { patience, pragmas } from './pragmas.js';
import { openSqliteDriver } from './sqliteDriver.js';
import type { SqliteDriver, SqliteOptions } from './sqliteDriver.js';
import { SqliteStore } from './sqliteStore.js';
import { storeErrorOf } from './storeErrorOf.js';

/** Opens the file at `path`, or a database in memory for `:memory:`; makes the file and its folder if missing. */
export const openSqliteStore = async (path: string, options: SqliteOptions = {}): Promise<Store> => {
  // Absolute, so that no driver takes a path for a URL.
  const file = path === ':memory:' ? path : resolve(path);
  let driver: SqliteDriver | null = null;
  try {
    if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true });
    driver = await openSqliteDriver(file);
    driver.exec(patience(options));
    migrate(driver);
    driver.exec(pragmas(options));
    return new SqliteStore(driver, file);
  } catch (error) {
    driver?.close();
    throw storeErrorOf(error, file);
  }
};
