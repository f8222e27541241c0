/** A watched store is the store: the same answers, the same errors, and each call told of once. */
import { expect, it } from 'vitest';
import { accountId } from '../../../src/domain/ids.js';
import { watchStore } from '../../../src/store/watchedStore.js';
import type { StoreCall } from '../../../src/store/watchedStore.js';
import { openSqliteForTest } from '../../contract/store/sqliteForTest.js';

it('answers what the store answers, and tells of each call its verb and how many values it is about', async () => {
  const { store, drop } = await openSqliteForTest();
  const calls: StoreCall[] = [];
  const watched = watchStore(store, (call, run) => {
    calls.push(call);
    return run();
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
