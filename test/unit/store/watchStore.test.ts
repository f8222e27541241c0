/** A watched store is the store: the same answers, the same errors, and each call told of once. */
import { expect, it } from 'vitest';
import { accountId } from '../../../src/domain/ids.js';
import { watchStore } from '../../../src/store/watchStore.js';
import type { StoreCall, StoreFigures } from '../../../src/store/watchStore.js';
import { openSqliteForTest } from '../../contract/store/sqliteForTest.js';

it('answers what the store answers, and tells of each call its verb and how many values it is about', async () => {
  const { store, drop } = await openSqliteForTest();
  const calls: StoreCall[] = [];
  const watched = watchStore(store, {
    figures: null,
    around: (call, run) => {
      calls.push(call);
      return run();
    },
  });
  const account = { id: accountId('alice'), name: 'Alice', createdAt: 1, suspendedAt: null, version: 0 };
  expect(await watched.saveAccounts([account])).toEqual(['WON']);
  expect(await watched.findAccounts([account.id, accountId('bob')])).toEqual([{ ...account, version: 1 }, null]);
  expect(await watched.listRecords('accounts', { first: 10, after: null })).toEqual([{ ...account, version: 1 }]);
  expect(await watched.importRecords('accounts', [{ ...account, version: 1 }])).toEqual(['SAME']);
  await watched.ping();
  await watched.close();
  await expect(watched.ping()).rejects.toMatchObject({ name: 'StoreError', code: 'CLOSED' });
  expect(calls).toEqual([
    { verb: 'saveAccounts', batchSize: 1 },
    { verb: 'findAccounts', batchSize: 2 },
    { verb: 'listRecords', batchSize: 1 },
    { verb: 'importRecords', batchSize: 1 },
    { verb: 'ping', batchSize: 1 },
    { verb: 'close', batchSize: 1 },
    { verb: 'ping', batchSize: 1 },
  ]);
  await drop();
});

it('counts each call once it has ended, and by its code one that failed', async () => {
  const { store, drop } = await openSqliteForTest();
  const counted: unknown[] = [];
  const note = (labels: object, ...figures: readonly number[]): void => {
    counted.push({ ...labels, figures: figures.length });
  };
  const figures: StoreFigures = {
    seconds: { observe: note },
    batchSizes: {
      observe: (labels, values) => {
        counted.push({ ...labels, values });
      },
    },
    failures: { inc: note },
  };
  const watched = watchStore(store, { figures, around: null });
  expect(await watched.findAccounts([accountId('alice'), accountId('bob')])).toEqual([null, null]);
  await store.close();
  await expect(watched.ping()).rejects.toMatchObject({ code: 'CLOSED' });
  expect(counted).toEqual([
    { verb: 'findAccounts', figures: 1 },
    { verb: 'findAccounts', values: 2 },
    { verb: 'ping', code: 'CLOSED', figures: 0 },
    { verb: 'ping', figures: 1 },
    { verb: 'ping', values: 1 },
  ]);
  await drop();
});

it('is the very store where nobody wants to know', async () => {
  const { store, drop } = await openSqliteForTest();
  expect(watchStore(store, { figures: null, around: null })).toBe(store);
  await drop();
});
