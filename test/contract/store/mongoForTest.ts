/**
 * The MongoDB server that tests use, named by `DATABASE_URL`. Without one its tests are reported as skipped; where `CI` is
 * set, they have failed before (test/tooling/mongoRequiredInCi.ts).
 */
import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { describe, it } from 'vitest';
import { openStore } from '../../../src/store/openStore.js';
import type { MongoOptions } from '../../../src/store/mongo/mongoDatabase.js';
import type { Store } from '../../../src/store/store.js';
import type { OpenedStore } from './storeUnderTest.js';

export const describeMongo = (name: string, tests: (url: string) => void): void => {
  const url = process.env['DATABASE_URL'];
  if (url?.startsWith('mongodb://') === true) {
    describe(name, () => {
      tests(url);
    });
    return;
  }
  describe.skip(`${name}: skipped, DATABASE_URL is not set to mongodb://…`, () => {
    it('needs a MongoDB server', () => undefined);
  });
};

export interface OpenedMongo extends OpenedStore {
  readonly database: string;
}

/** A store in a database of its own, with a random name, on the server of this URL. */
export const openMongoForTest = async (url: string, options: MongoOptions = {}): Promise<OpenedMongo> => {
  const database = `tollgate_test_${randomUUID().slice(0, 8)}`;
  const at = withDatabase(url, database);
  const stores: Store[] = [];
  const open = async () => {
    const store = await openStore(at, { mongo: options });
    stores.push(store);
    return store;
  };
  const store = await open();
  return {
    store,
    database,
    url: at,
    reopen: async () => {
      await store.close();
      return open();
    },
    second: open,
    drop: async () => {
      await Promise.all(stores.map((each) => each.close()));
      const client = await new MongoClient(url).connect();
      await client.db(database).dropDatabase();
      await client.close();
    },
  };
};

const withDatabase = (url: string, database: string): string => {
  const [place = '', query] = url.split('?');
  const hosts = place.replace(/^(mongodb:\/\/[^/]+)(\/.*)?$/, '$1');
  return `${hosts}/${database}${query === undefined ? '' : `?${query}`}`;
};
