import { MongoClient } from 'mongodb';
import { expect, it } from 'vitest';
import type { Store } from '../../../src/store/store.js';
import { describeMongo, openMongoForTest } from './mongoForTest.js';

describeMongo('MongoDB', (url) => {
  it('requests are counted by all processes together, and by each for itself while the store is away', async () => {
    const { store, second, drop } = await openMongoForTest(url, { retryWrites: false });
    const other = await second();
    const countsOf = async (...stores: readonly Store[]): Promise<readonly number[]> => {
      const counts: number[] = [];
      for (const each of stores) counts.push((await each.countRequest('shared', 60)).count);
      return counts;
    };
    expect(await countsOf(store, other, store, other)).toEqual([1, 2, 3, 4]);
    const client = await new MongoClient(url).connect();
    const failPoint = { configureFailPoint: 'failCommand', data: { failCommands: ['findAndModify'], errorCode: 13 } };
    await client.db('admin').command({ ...failPoint, mode: 'alwaysOn' });
    expect(await countsOf(store, other, store)).toEqual([1, 1, 2]);
    await client.db('admin').command({ configureFailPoint: 'failCommand', mode: 'off' });
    expect(await countsOf(store, other)).toEqual([5, 6]);
    await client.close();
    await drop();
  });
});
