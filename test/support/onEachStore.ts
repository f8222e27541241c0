/**
 * One suite on both stores. Which store's turn it is the project says (vitest.config.ts). A file that calls this is named `*.stores.test.ts`, so that both projects take it.
 */
import { describeMongo, openMongoForTest } from '../contract/store/mongoForTest.js';
import { openSqliteForTest } from '../contract/store/sqliteForTest.js';
import type { OpenedStore } from '../contract/store/storeUnderTest.js';

export interface EachStore {
  readonly name: 'SQLite' | 'MongoDB';
  /** A new, empty database. */
  readonly database: () => Promise<OpenedStore>;
}

export const onEachStore = (suite: (store: EachStore) => void): void => {
  const turn = process.env['TOLLGATE_TEST_STORE'];
  switch (turn) {
    case 'sqlite':
      suite({ name: 'SQLite', database: openSqliteForTest });
      return;
    case 'mongodb':
      describeMongo('MongoDB', (url) => {
        suite({ name: 'MongoDB', database: () => openMongoForTest(url) });
      });
      return;
    case undefined:
    default:
      throw new Error(`vitest.config.ts says which store’s turn it is, and said ${String(turn)}.`);
  }
};
