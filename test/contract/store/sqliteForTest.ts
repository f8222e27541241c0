/** A SQLite store in a folder of its own, which is removed with it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../../../src/store/openStore.js';
import type { Store } from '../../../src/store/store.js';
import type { OpenedStore } from './storeUnderTest.js';

export const openSqliteForTest = async (): Promise<OpenedStore> => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-sqlite-'));
  // In a folder that is not there yet: the store makes it.
  const url = `sqlite:${join(folder, 'data', 'tollgate.db')}`;
  const stores: Store[] = [];
  const open = async () => {
    const store = await openStore(url);
    stores.push(store);
    return store;
  };
  const store = await open();
  return {
    store,
    url,
    reopen: async () => {
      await store.close();
      return open();
    },
    second: open,
    drop: async () => {
      for (const each of stores) await each.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
