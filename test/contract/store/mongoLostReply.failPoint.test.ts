/**
 * Writes whose reply is lost after they were applied, as when a connection breaks at the worst moment. Uses the fail
 * points of MongoDB's test commands (`--setParameter enableTestCommands=1`), with `afterExecution` for a reply that is lost.
 * A fail point is the whole server's, so this file must not run beside others that use the same server.
 */
import { MongoClient } from 'mongodb';
import type { Document } from 'mongodb';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { accountId, grantId } from '../../../src/domain/ids.js';
import type { Wallet } from '../../../src/domain/wallet.js';
import { emptyWallet } from '../../../src/domain/wallet.js';
import { applyCommand } from '../../../src/domain/walletCommand.js';
import type { Store } from '../../../src/store/store.js';
import { describeMongo, openMongoForTest } from './mongoForTest.js';
import type { OpenedMongo } from './mongoForTest.js';
import { anAccount, walletOf } from './storedValues.js';

const NOW = Date.UTC(2026, 0, 31);

const grantMore = (wallet: Wallet, id: string): Wallet =>
  applyCommand(
    { ...wallet, journal: [] },
    { kind: 'grant', id: grantId(id), credits: 1, expiresAt: null, priority: 0, reason: 'more' },
    NOW,
  ).wallet;

const LOST_REPLY = { closeConnection: true, afterExecution: true };
const NEVER_ARRIVED = { closeConnection: true };

describeMongo('MongoDB, replies lost', (url) => {
  let admin: MongoClient;
  const opened: OpenedMongo[] = [];

  beforeAll(async () => {
    admin = await new MongoClient(url).connect();
  });
  afterEach(async () => {
    await admin.db('admin').command({ configureFailPoint: 'failCommand', mode: 'off' });
    for (const each of opened.splice(0)) await each.drop();
  });
  afterAll(async () => {
    await admin.close();
  });

  const open = async (retryWrites: boolean): Promise<Store> => {
    const each = await openMongoForTest(url, { retryWrites, serverSelectionTimeoutMS: 1_000 });
    opened.push(each);
    return each.store;
  };
  const fail = async (commands: readonly string[], times: number, how: Document): Promise<void> => {
    const data = { failCommands: commands, ...how };
    await admin.db('admin').command({ configureFailPoint: 'failCommand', mode: { times }, data });
  };
  const stored = async (store: Store, ...wallets: readonly Wallet[]): Promise<readonly Wallet[]> => {
    const answer = await store.commitWallets(wallets);
    return answer.map((wallet, index) => wallet ?? emptyWallet(wallets[index]?.accountId ?? accountId('')));
  };
  const journalOf = async (store: Store, wallet: Wallet) =>
    (await store.findLedgerPage(wallet.accountId, { first: 100, before: null })).map((entry) => entry.id);

  // Once: the driver's own retry meets a server that remembers the write. Twice: that retry's reply is lost too, and the
  // store has to find out by itself. Without `retryWrites` (a standalone server) it has to from the first time on.
  it.each([
    ['the driver tries again', true, 1],
    ['the driver tries again in vain', true, 2],
    ['the driver does not try again', false, 1],
  ])('an update that was applied counts as won, once (%s)', async (_name, retryWrites, times) => {
    const store = await open(retryWrites);
    const [wallet = emptyWallet(accountId('a'))] = await stored(store, walletOf(accountId('a'), 5, NOW));
    await store.appendLedger(wallet.journal);
    const next = grantMore(wallet, 'second');
    await fail(['update'], times, LOST_REPLY);
    expect(await store.commitWallets([next])).toEqual([{ ...next, version: 2 }]);
    expect(await store.findWallets([wallet.accountId])).toEqual([{ ...next, version: 2 }]);
    expect(await journalOf(store, wallet)).toEqual(['command/second/0', 'command/welcome/0']);
  });

  it.each([
    ['the driver tries again', true, 1],
    ['the driver tries again in vain', true, 2],
    ['the driver does not try again', false, 1],
  ])('an insert that was applied counts as won, once (%s)', async (_name, retryWrites, times) => {
    const store = await open(retryWrites);
    const [first, second] = [walletOf(accountId('a'), 5, NOW), walletOf(accountId('b'), 6, NOW)];
    await fail(['insert'], times, LOST_REPLY);
    const won = [first, second].map((wallet) => ({ ...wallet, version: 1 }));
    expect(await store.commitWallets([first, second])).toEqual(won);
    expect(await store.findWallets([first.accountId, second.accountId])).toEqual(won);
  });

  it('of a batch some are won and some lost, and each is told right', async () => {
    const store = await open(false);
    const ids = ['a', 'b', 'c', 'd'].map(accountId);
    const before = await stored(store, ...ids.slice(0, 3).map((id) => walletOf(id, 5, NOW)));
    const overtaken = before.slice(0, 1).map((wallet) => grantMore(wallet, 'elsewhere'));
    await store.commitWallets(overtaken);
    await fail(['update'], 1, LOST_REPLY);
    const batch = [...before.map((wallet) => grantMore(wallet, 'here')), walletOf(accountId('d'), 5, NOW)];
    const answer = await store.commitWallets(batch);
    expect(answer.map((wallet) => wallet?.version ?? null)).toEqual([null, 2, 2, 1]);
    expect((await store.findWallets(ids)).map((wallet) => wallet?.entrySum)).toEqual([6, 6, 6, 5]);
  });

  // MongoDB says how many of a batch matched, so the store looks who won. Here others write before it has looked.
  it.each([
    ['is still told right', 16],
    ['is UNREACHABLE where too many did', 17],
  ])('a write on top of which others have written meanwhile %s', async (_name, versions) => {
    const store = await open(true);
    const [winning, losing] = await stored(store, walletOf(accountId('a'), 5, NOW), walletOf(accountId('b'), 5, NOW));
    if (winning === undefined || losing === undefined) throw new Error('The wallets were not stored.');
    await store.commitWallets([grantMore(losing, 'elsewhere')]);
    await fail(['find'], 1, { blockConnection: true, blockTimeMS: 1_000 });
    const mine = grantMore(winning, 'here');
    const committing = store.commitWallets([mine, grantMore(losing, 'here')]).catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 150));
    for (let version = 2; version <= versions; version += 1) {
      await expect(store.commitWallets([{ ...mine, version }])).resolves.not.toContain(null);
    }
    const outcome = await committing;
    if (versions === 16) expect(outcome).toEqual([{ ...mine, version: 2 }, null]);
    else expect(outcome).toMatchObject({ name: 'StoreError', code: 'UNREACHABLE' });
  });

  it('an update that never arrived is written when it is sent again', async () => {
    const store = await open(false);
    const [wallet = emptyWallet(accountId('a'))] = await stored(store, walletOf(accountId('a'), 5, NOW));
    await fail(['update'], 1, NEVER_ARRIVED);
    const next = grantMore(wallet, 'second');
    expect(await store.commitWallets([next])).toEqual([{ ...next, version: 2 }]);
  });

  it('a server that stays silent is UNREACHABLE, and a later look tells what was applied', async () => {
    const store = await open(false);
    const [wallet = emptyWallet(accountId('a'))] = await stored(store, walletOf(accountId('a'), 5, NOW));
    const next = grantMore(wallet, 'second');
    await fail(['update'], 10, LOST_REPLY);
    const failure = { name: 'StoreError', code: 'UNREACHABLE', cause: expect.any(Error) };
    await expect(store.commitWallets([next])).rejects.toMatchObject(failure);
    await fail([], 1, {});
    expect(await store.findWallets([wallet.accountId])).toEqual([{ ...next, version: 2 }]);
    expect(await store.commitWallets([next])).toEqual([null]);
  });

  it('a primary that steps down is UNREACHABLE when it stays so, and no matter when it does not', async () => {
    const store = await open(true);
    const account = anAccount(accountId('a'));
    const steppedDown = { errorCode: 189, errorLabels: ['RetryableWriteError'] };
    await fail(['insert'], 1, steppedDown);
    expect(await store.saveAccounts([account])).toEqual(['WON']);
    await fail(['find'], 10, { errorCode: 189 });
    await expect(store.findAccounts([account.id])).rejects.toMatchObject({ code: 'UNREACHABLE' });
  });

  it('an error that trying again does not mend is FAILED, and is not tried again', async () => {
    const store = await open(true);
    await fail(['insert'], 1, { errorCode: 13 });
    await expect(store.saveAccounts([anAccount(accountId('a'))])).rejects.toMatchObject({ code: 'FAILED' });
    expect(await store.findAccounts([accountId('a')])).toEqual([null]);
  });

  it('entries whose reply is lost are in the ledger once', async () => {
    const store = await open(false);
    const wallet = walletOf(accountId('a'), 5, NOW);
    await fail(['insert'], 1, LOST_REPLY);
    await expect(store.appendLedger(wallet.journal)).rejects.toMatchObject({ code: 'UNREACHABLE' });
    await store.appendLedger(wallet.journal);
    expect(await journalOf(store, wallet)).toEqual(['command/welcome/0']);
  });

  it('a reply that takes too long is UNREACHABLE', async () => {
    const each = await openMongoForTest(url, { retryReads: false, socketTimeoutMS: 150 });
    opened.push(each);
    const patient = await open(false);
    await fail(['find'], 3, { blockConnection: true, blockTimeMS: 1_000 });
    const course: string[] = [];
    const answered = patient.findAccounts([accountId('a')]).then(() => course.push('answered'));
    await expect(each.store.findAccounts([accountId('a')])).rejects.toMatchObject({ code: 'UNREACHABLE' });
    course.push('given up');
    await answered;
    expect(course).toEqual(['given up', 'answered']);
  });

  it('a call that the driver would wait for longer than a verb may take is UNREACHABLE, and the next one is answered', async () => {
    const each = await openMongoForTest(url, { verbTimeoutMS: 1_000 });
    opened.push(each);
    await each.store.saveAccounts([anAccount(accountId('a'))]);
    const patient = await open(false);
    await fail(['find'], 2, { blockConnection: true, blockTimeMS: 3_000 });
    const course: string[] = [];
    const answered = patient.findAccounts([accountId('b')]).then(() => course.push('answered'));
    await admin.db('admin').command({ ping: 1 });
    const failure = { code: 'UNREACHABLE', message: 'MongoDB did not answer within 1000 ms.' };
    const finding = [1, 2, 3].map(() => each.store.findAccounts([accountId('a')]));
    const ends = await Promise.allSettled(finding);
    expect(ends.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect(ends).toContainEqual({ status: 'rejected', reason: expect.objectContaining(failure) });
    course.push('given up');
    expect(await each.store.findAccounts([accountId('a')])).toEqual([{ ...anAccount(accountId('a')), version: 1 }]);
    await answered;
    expect(course).toEqual(['given up', 'answered']);
  });

  it.each([LOST_REPLY, NEVER_ARRIVED])(
    'a secret that was kept is the same one when it is asked for again',
    async (how) => {
      const store = await open(false);
      await fail(['findAndModify'], 1, how);
      await expect(store.keepSecret('name', 'first')).rejects.toMatchObject({ code: 'UNREACHABLE' });
      const kept = await store.keepSecret('name', 'second');
      expect(kept).toBe(how === LOST_REPLY ? 'first' : 'second');
      expect(await store.keepSecret('name', 'third')).toBe(kept);
    },
  );
});
