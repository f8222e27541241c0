/**
 * From a `DATABASE_URL` to a store. The one place where adapters are named; each is loaded only when it is asked for,
 * so that nobody needs MongoDB's driver for a file.
 */
import type { MongoOptions } from './mongo/mongoDatabase.js';
import type { SqliteOptions } from './sqlite/sqliteDriver.js';
import type { Store } from './store.js';
import { StoreError } from './storeError.js';

export interface StoreOptions {
  readonly sqlite?: SqliteOptions;
  readonly mongo?: MongoOptions;
}

/**
 * Opens `sqlite:./file.db`, `sqlite:/absolute/file.db`, `sqlite::memory:`, `mongodb://…` or `mongodb+srv://…`, and makes
 * folder, tables and indexes that are missing. Throws `StoreError` with a sentence for the operator.
 */
export const openStore = async (url: string, options: StoreOptions = {}): Promise<Store> => {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  switch (scheme) {
    case 'sqlite': {
      const { openSqliteStore } = await import('./sqlite/openSqliteStore.js');
      return openSqliteStore(sqlitePathOf(url), options.sqlite);
    }
    case 'mongodb':
    case 'mongodb+srv': {
      const { openMongoStore } = await import('./mongo/openMongoStore.js');
      return openMongoStore(url, options.mongo);
    }
    default:
      throw new StoreError('FAILED', `${described(scheme)}. ${USE_ONE_OF}`);
  }
};

const USE_ONE_OF =
  'Use sqlite:./data/tollgate.db (a file), sqlite::memory: (nothing is kept) or mongodb://host/database.';

/** Only the scheme is repeated: the rest of a URL may contain a password. */
const described = (scheme: string | undefined): string =>
  scheme === undefined
    ? 'DATABASE_URL does not begin with a kind of store, as in sqlite:'
    : `DATABASE_URL names a kind of store that Tollgate does not know, "${scheme}:"`;

/** `sqlite://data.db` means a relative path to some tools and an absolute one to others, so it is not guessed at. */
const sqlitePathOf = (url: string): string => {
  const path = url.slice('sqlite:'.length);
  if (path === '' || path.startsWith('//')) {
    throw new StoreError(
      'FAILED',
      `DATABASE_URL does not say where the SQLite file is. Write sqlite:./file.db or sqlite:/absolute/file.db.`,
    );
  }
  return path;
};
