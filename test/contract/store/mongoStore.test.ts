import { MongoClient } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { accountId } from '../../../src/domain/ids.js';
import { emptyWallet } from '../../../src/domain/wallet.js';
import { openStore } from '../../../src/store/openStore.js';
import { mongoDatabase } from '../../../src/store/mongo/mongoDatabase.js';
import { describeMongo, openMongoForTest } from './mongoForTest.js';
import { storeContract } from './storeContract.js';
import { anAccount, walletOf } from './storedValues.js';

/** A port on which nothing listens. */
const DEAD = 'mongodb://127.0.0.1:1/tollgate';
const ALICE = accountId('alice');

describe('the connection string', () => {
  it.each([
    ['maxPoolSize=1', { maxPoolSize: 1, minPoolSize: 1 }],
    ['MAXPOOLSIZE=1', { maxPoolSize: 1, minPoolSize: 1 }],
    ['maxPoolSize=0', { maxPoolSize: 0, minPoolSize: 2 }],
    ['maxPoolSize=7', { maxPoolSize: 7, minPoolSize: 2 }],
    ['minPoolSize=3', { maxPoolSize: 50, minPoolSize: 3 }],
    ['appName=mine', { maxPoolSize: 50, minPoolSize: 2 }],
  ])('may say %s: the pool has as many connections as it allows', async (query, expected) => {
    const { client } = mongoDatabase(`${DEAD}?${query}`, {});
    expect(client.options).toMatchObject(expected);
    await client.close();
  });
});

describeMongo('MongoDB', (url) => {
  it('is used with a pool of one connection', async () => {
    const store = await openStore(`${url}/tollgate_pool_of_one?maxPoolSize=1`);
    await store.ping();
    await store.close();
  });

  storeContract('as a store', {
    open: () => openMongoForTest(url),
    openUnreachable: () => openStore(DEAD, { mongo: { serverSelectionTimeoutMS: 50 } }),
  });

  it('an unreachable server is UNREACHABLE, not FAILED', async () => {
    const opening = openStore(`${DEAD}?serverSelectionTimeoutMS=50`);
    await expect(opening).rejects.toMatchObject({ code: 'UNREACHABLE', cause: expect.any(Error) });
  });

  it('a host whose name nobody knows is UNREACHABLE', async () => {
    const opening = openStore('mongodb+srv://nowhere.invalid/tollgate');
    await expect(opening).rejects.toMatchObject({ code: 'UNREACHABLE', cause: expect.any(Error) });
  });

  it('remembers who wrote the last versions of a wallet, and no more', async () => {
    const { store, database, drop } = await openMongoForTest(url);
    await store.commitWallets([walletOf(ALICE, 5, 1)]);
    const client = await new MongoClient(url).connect();
    const wallets = client.db(database).collection<{ _id: string; version: number; recentWrites: string[] }>('wallets');
    const before = await wallets.findOne({ _id: 'alice' });
    for (let round = 0; round < 40; round += 1) {
      const [wallet] = await store.findWallets([ALICE]);
      await store.commitWallets([wallet ?? emptyWallet(ALICE)]);
    }
    const after = await wallets.findOne({ _id: 'alice' });
    expect(before?.recentWrites).toHaveLength(1);
    expect(after).toMatchObject({ version: 41 });
    expect(new Set(after?.recentWrites).size).toBe(16);
    await client.close();
    await drop();
  });

  it('a wallet changed by hand is CORRUPT where it is read', async () => {
    const { store, database, drop } = await openMongoForTest(url);
    await store.commitWallets([walletOf(ALICE, 5, 1)]);
    const client = await new MongoClient(url).connect();
    const wallets = client.db(database).collection<{ _id: string }>('wallets');
    await wallets.updateOne({ _id: 'alice' }, { $set: { 'body.entrySum': '5' } });
    await expect(store.findWallets([ALICE])).rejects.toMatchObject({ code: 'CORRUPT' });
    await client.close();
    await drop();
  });

  it('numbers that another tool stored as 64-bit integers come back as numbers', async () => {
    const { store, database, drop } = await openMongoForTest(url);
    await store.saveAccounts([anAccount(ALICE)]);
    const client = await new MongoClient(url).connect();
    const accounts = client.db(database).collection<{ _id: string }>('accounts');
    const createdAt = 2n ** 53n - 1n;
    await accounts.updateOne({ _id: 'alice' }, { $set: { 'body.createdAt': createdAt } });
    expect(await store.findAccounts([ALICE])).toEqual([
      { ...anAccount(ALICE), version: 1, createdAt: Number.MAX_SAFE_INTEGER },
    ]);
    await client.close();
    await drop();
  });

  it('the same indexes are made once, by as many processes as start', async () => {
    const { second, database, drop } = await openMongoForTest(url);
    await Promise.all([second(), second(), second()]);
    const client = await new MongoClient(url).connect();
    const indexes = await client.db(database).collection('ledger').indexes();
    expect(indexes.map((index) => index.name).sort()).toEqual(['_id_', 'accountHoldSeq', 'accountSeq']);
    await client.close();
    await drop();
  });
});

describe('the connection to MongoDB', () => {
  const optionsOf = async (url: string, options = {}) => {
    const { client, db } = mongoDatabase(url, options);
    await client.close();
    return { client: client.options, db };
  };

  it('waits for nothing without end, and retries', async () => {
    const { client } = await optionsOf('mongodb://localhost');
    expect(client).toMatchObject({
      serverSelectionTimeoutMS: 2_000,
      connectTimeoutMS: 2_000,
      socketTimeoutMS: 5_000,
      waitQueueTimeoutMS: 2_000,
      maxPoolSize: 50,
      retryReads: true,
      retryWrites: true,
    });
  });

  it('does what the connection string says before what options say', async () => {
    const url = 'mongodb://localhost/db?maxPoolSize=7&SOCKETTIMEOUTMS=99&retryWrites=false';
    const { client } = await optionsOf(url, { maxPoolSize: 8, socketTimeoutMS: 98, minPoolSize: 3 });
    expect(client).toMatchObject({ maxPoolSize: 7, socketTimeoutMS: 99, minPoolSize: 3, retryWrites: false });
  });

  it('waits for the majority and reads from the primary, whatever the connection string says', async () => {
    const { db } = await optionsOf('mongodb://localhost/db?w=1&readPreference=secondary&readConcernLevel=local');
    expect(db.writeConcern?.w).toBe('majority');
    expect(db.readConcern?.level).toBe('majority');
    expect(db.readPreference.mode).toBe('primary');
  });

  it.each([
    ['mongodb://localhost', 'tollgate'],
    ['mongodb://localhost/?w=1', 'tollgate'],
    ['mongodb://a:1,b:2/shop?w=1', 'shop'],
    ['mongodb://user:p%2Fw@localhost/my%20shop', 'my shop'],
  ])('takes the database from %s', async (url, name) => {
    expect((await optionsOf(url)).db.databaseName).toBe(name);
  });

  it.each(['mongodb://', 'mongodb://user:secret@host:notaport/db', 'mongodb://user:secret@host/db?maxPoolSize=many'])(
    'that makes no sense (%s) is FAILED, and no password is repeated',
    async (url) => {
      const opening = openStore(url);
      await expect(opening).rejects.toMatchObject({ name: 'StoreError', code: 'FAILED', cause: expect.any(Error) });
      await expect(opening).rejects.not.toThrow('secret');
    },
  );
});
