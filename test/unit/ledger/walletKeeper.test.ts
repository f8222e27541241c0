import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accountId } from '../../../src/domain/ids.js';
import { WalletKeeper } from '../../../src/ledger/walletKeeper.js';
import type { WalletTask } from '../../../src/ledger/lane.js';
import type { WalletKeeperOptions } from '../../../src/ledger/walletKeeper.js';
import { openStore } from '../../../src/store/openStore.js';
import type { Store } from '../../../src/store/store.js';
import { StoreError } from '../../../src/store/storeError.js';
import { granting, idsOf, ledgerOf, NOW, spending } from './bookkeeping.js';
import { barrier, troubledStore } from './troubledStore.js';
import type { TroubledStore } from './troubledStore.js';

const ALICE = accountId('alice');
const BOB = accountId('bob');

/** How a lot of promises ended: outcomes, and codes of store errors. */
const endsOf = async (promises: readonly Promise<unknown>[]): Promise<readonly unknown[]> =>
  (await Promise.allSettled(promises)).map((end) => {
    if (end.status === 'fulfilled') return end.value;
    const reason: unknown = end.reason;
    return reason instanceof StoreError ? reason.code : reason;
  });
const countOf = (values: readonly unknown[], value: unknown): number => values.filter((each) => each === value).length;
const times = <T>(count: number, make: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, index) => make(index));

describe('walletKeeper', () => {
  let real: Store;
  let troubled: TroubledStore;
  let failures: unknown[];
  const keepers: WalletKeeper[] = [];
  const keep = (options: Partial<WalletKeeperOptions> = {}): WalletKeeper => {
    const onFailure = (error: unknown) => failures.push(error);
    const keeper = new WalletKeeper(troubled.store, { now: () => NOW, onFailure, ...options });
    keepers.push(keeper);
    return keeper;
  };
  beforeEach(async () => {
    failures = [];
    real = await openStore('sqlite::memory:');
    troubled = troubledStore(real);
  });
  afterEach(async () => {
    for (const keeper of keepers.splice(0)) await keeper.close();
    await real.close();
  });

  describe('group commit', () => {
    it('commits the tasks of one account that arrive in one turn as one write, decided in their order', async () => {
      const keeper = keep();
      const sums = await Promise.all(times(100, (n) => keeper.apply(ALICE, granting(`g${n}`))));
      expect(sums).toEqual(times(100, (n) => n + 1));
      expect(troubled.batchesOf('commitWallets')).toEqual([1]);
      expect(troubled.batchesOf('findWallets')).toEqual([1]);
      expect(keeper.stats).toMatchObject({ commits: 1, tasks: 100, races: 0, queueLength: 0 });
      expect(idsOf(await ledgerOf(real, ALICE))).toEqual(times(100, (n) => `command/g${n}/0`));
    });

    it('gathers what arrives while a write is under way into the next one', async () => {
      const keeper = keep();
      const { wait, open } = barrier();
      troubled.whenever('commitWallets', wait);
      const first = keeper.apply(ALICE, granting('first'));
      await expect.poll(() => troubled.batchesOf('commitWallets').length).toBe(1);
      const later = times(50, (n) => keeper.apply(ALICE, granting(`later${n}`)));
      await expect.poll(() => keeper.stats.queueLength).toBe(51);
      expect(troubled.batchesOf('commitWallets')).toHaveLength(1);
      open();
      expect(await first).toBe(1);
      expect(await Promise.all(later)).toEqual(times(50, (n) => n + 2));
      expect(troubled.batchesOf('commitWallets')).toHaveLength(2);
      expect((await real.findWallets([ALICE]))[0]?.version).toBe(2);
    });

    it('writes more tasks than a wallet remembers as several writes', async () => {
      const keeper = keep();
      await keeper.apply(ALICE, granting('start', 1_000));
      const outcomes = await Promise.all(times(350, (n) => keeper.apply(ALICE, spending(`s${n}`))));
      expect(countOf(outcomes, 'SPENT')).toBe(350);
      expect(keeper.stats.commits).toBe(1 + 4);
    });

    it('hands the store the writes of all accounts as one batch', async () => {
      const keeper = keep();
      const accounts = times(200, (n) => accountId(`account-${n}`));
      await Promise.all(accounts.map((account) => keeper.apply(account, granting('g'))));
      expect(troubled.batchesOf('findWallets')).toEqual([200]);
      expect(troubled.batchesOf('commitWallets')).toEqual([200]);
    });

    it('reads a wallet that it knows no second time, and none that it was told of', async () => {
      const keeper = keep();
      await keeper.apply(ALICE, granting('one'));
      await keeper.apply(ALICE, granting('two'));
      const other = keep();
      const [alice] = await real.findWallets([ALICE]);
      if (alice != null) other.know(alice);
      expect(await other.apply(ALICE, granting('three'))).toBe(3);
      expect(troubled.batchesOf('findWallets')).toEqual([1]);
    });

    it('handles more accounts at once than it remembers', async () => {
      const keeper = keep({ knownWalletsMax: 10 });
      const accounts = times(700, (n) => accountId(`account-${n}`));
      for (const round of [1, 2]) {
        const sums = await Promise.all(accounts.map((account) => keeper.apply(account, granting(`round-${round}`))));
        expect(new Set(sums)).toEqual(new Set([round]));
      }
      expect(keeper.stats.races).toBe(0);
    });

    it('writes nothing where a task changes nothing', async () => {
      const keeper = keep();
      expect(await keeper.apply(ALICE, spending('s'))).toBe('REFUSED');
      expect(troubled.batchesOf('commitWallets')).toEqual([]);
    });
  });

  describe('races', () => {
    it('decides again on the fresh wallet where another process was first', async () => {
      const [here, there] = [keep(), keep()];
      await here.apply(ALICE, granting('start', 2));
      await there.apply(ALICE, granting('start', 2));
      const outcomes = await Promise.all([
        ...times(3, (n) => here.apply(ALICE, spending(`here${n}`))),
        ...times(3, (n) => there.apply(ALICE, spending(`there${n}`))),
      ]);
      expect(countOf(outcomes, 'SPENT')).toBe(2);
      expect(here.stats.races + there.stats.races).toBeGreaterThan(0);
      const entries = await ledgerOf(real, ALICE);
      expect(entries.map((entry) => entry.credits)).toEqual([2, -1, -1]);
    });

    it('gives up after fifty lost races, with OVERLOADED', async () => {
      const keeper = keep();
      troubled.whenever('commitWallets', async () => {
        await new WalletKeeper(real, { now: () => NOW }).apply(ALICE, granting(`other${Math.random()}`));
        return null;
      });
      expect(await endsOf([keeper.apply(ALICE, granting('mine'))])).toEqual(['OVERLOADED']);
      expect(keeper.stats).toMatchObject({ races: 50, queueLength: 0 });
      expect(await ledgerOf(real, ALICE)).toHaveLength(50);
    });

    it('does not hold up other accounts of the batch', async () => {
      const keeper = keep();
      await keeper.apply(ALICE, granting('start'));
      await new WalletKeeper(real, { now: () => NOW }).apply(ALICE, granting('elsewhere'));
      expect(await Promise.all([keeper.apply(ALICE, granting('a')), keeper.apply(BOB, granting('b'))])).toEqual([3, 1]);
      expect(troubled.batchesOf('commitWallets')).toEqual([1, 2, 1]);
    });
  });

  describe('what writes nothing', () => {
    /** Another process that shares the store. */
    const elsewhere = () => new WalletKeeper(real, { now: () => NOW });
    const failing = (fault: Error): WalletTask<never, number> => ({
      decide: (wallet) => {
        if (wallet.entrySum < 2) throw fault;
        return { wallet, outcome: wallet.entrySum };
      },
    });

    it('is decided again where the wallet in memory is not the latest: a refusal, a repetition, what is thrown', async () => {
      const keeper = keep();
      const fault = new Error('Too little.');
      expect(await endsOf([keeper.apply(ALICE, granting('a')), keeper.apply(ALICE, failing(fault))])).toEqual([
        1,
        fault,
      ]);
      await elsewhere().apply(ALICE, granting('b'));
      expect(await keeper.apply(ALICE, failing(fault))).toBe(2);
      await elsewhere().apply(ALICE, granting('c'));
      expect(await keeper.apply(ALICE, granting('a'))).toBe(3);
      for (const n of [1, 2, 3]) await keeper.apply(ALICE, spending(`s${n}`));
      expect(await keeper.apply(ALICE, spending('s4'))).toBe('REFUSED');
      await elsewhere().apply(ALICE, granting('d'));
      expect(await keeper.apply(ALICE, spending('s5'))).toBe('SPENT');
    });

    it('is decided again with the write of its turn, where that loses', async () => {
      const keeper = keep();
      const fault = new Error('Too little.');
      await keeper.apply(ALICE, granting('a'));
      await keeper.apply(ALICE, spending('all'));
      await elsewhere().apply(ALICE, granting('b', 5));
      const ends = await endsOf([
        keeper.apply(ALICE, spending('s')),
        keeper.apply(ALICE, failing(fault)),
        keeper.apply(ALICE, granting('c')),
      ]);
      expect(ends).toEqual(['SPENT', 4, 5]);
      expect(keeper.stats).toMatchObject({ races: 1, queueLength: 0 });
    });

    it('costs one read of all such accounts, none where the wallet was just read, and a write costs none', async () => {
      const keeper = keep();
      expect(await keeper.apply(ALICE, spending('s1'))).toBe('REFUSED');
      expect(troubled.batchesOf('findWallets')).toEqual([1]);
      await keeper.apply(BOB, granting('b'));
      await keeper.apply(BOB, spending('s'));
      expect(troubled.batchesOf('findWallets')).toEqual([1, 1]);
      const outcomes = await Promise.all([keeper.apply(ALICE, spending('s2')), keeper.apply(BOB, spending('s3'))]);
      expect(outcomes).toEqual(['REFUSED', 'REFUSED']);
      expect(troubled.batchesOf('findWallets')).toEqual([1, 1, 2]);
      expect(troubled.batchesOf('commitWallets')).toEqual([1, 1]);
    });

    it('is decided on what the store has also where that is older: what a failover has undone', async () => {
      const keeper = keep();
      await keeper.apply(ALICE, granting('a'));
      const [wallet] = await real.findWallets([ALICE]);
      if (wallet == null) throw new Error('Nothing was granted.');
      await keeper.apply(ALICE, granting('undone', 9));
      const store: Store = new Proxy(real, {
        get: (target, verb): unknown =>
          verb === 'findWallets' ? () => Promise.resolve([wallet]) : Reflect.get(target, verb),
      });
      const other = new WalletKeeper(store, { now: () => NOW });
      const [latest] = await real.findWallets([ALICE]);
      if (latest != null) other.know(latest);
      expect(await other.apply(ALICE, granting('a'))).toBe(1);
      expect(await other.apply(ALICE, granting('a'))).toBe(1);
      await other.close();
    });

    it('is not known where the store can’t be asked', async () => {
      const keeper = keep();
      await keeper.apply(ALICE, granting('a'));
      await keeper.apply(ALICE, spending('s1'));
      troubled.next('findWallets', 'UNREACHABLE', null);
      expect(await keeper.apply(ALICE, spending('s2'))).toBe('REFUSED');
      troubled.next('findWallets', 'UNREACHABLE', 'UNREACHABLE', 'UNREACHABLE', null);
      expect(await endsOf([keeper.apply(ALICE, spending('s3'))])).toEqual(['UNREACHABLE']);
      expect(await keeper.apply(ALICE, granting('b'))).toBe(1);
    });

    it('of one account whose wallet can’t be read does not fail those of others', async () => {
      const keeper = keep();
      const accounts = times(5, (n) => accountId(`account-${n}`));
      await Promise.all(accounts.map((account) => keeper.apply(account, granting('g'))));
      await Promise.all(accounts.map((account) => keeper.apply(account, spending('s'))));
      troubled.whenever('findWallets', (ids) => (ids.includes(accounts[0]) ? 'CORRUPT' : null));
      const ends = await endsOf(accounts.map((account) => keeper.apply(account, spending('more'))));
      expect(ends).toEqual(['CORRUPT', 'REFUSED', 'REFUSED', 'REFUSED', 'REFUSED']);
      expect(keeper.stats.queueLength).toBe(0);
    });
  });

  describe('bounds', () => {
    it('turns callers away with OVERLOADED when the queue is full, and takes them again later', async () => {
      const keeper = keep({ queueLengthMax: 10 });
      const ends = await endsOf(times(15, (n) => keeper.apply(ALICE, granting(`g${n}`))));
      expect(ends).toEqual([...times(10, (n) => n + 1), ...times(5, () => 'OVERLOADED')]);
      expect(await keeper.apply(ALICE, granting('later'))).toBe(11);
      expect(keeper.stats.queueLength).toBe(0);
    });

    it('takes no more tasks for a wallet whose entries have long not been moved', async () => {
      const keeper = keep();
      const [entry] = await keeper.apply(ALICE, granting('g')).then(() => ledgerOf(real, ALICE));
      const [wallet] = await real.findWallets([ALICE]);
      if (entry === undefined || wallet == null) throw new Error('Nothing was granted.');
      const journal = times(5_001, (n) => ({ ...entry, seq: n + 2, id: `e${n}` }));
      troubled.whenever('appendLedger', () => 'FAILED');
      keeper.know({ ...wallet, version: 2, journal });
      expect(await endsOf([keeper.apply(ALICE, granting('h')), keeper.apply(BOB, granting('b'))])).toEqual([
        'OVERLOADED',
        1,
      ]);
    });
  });

  describe('failures', () => {
    it('keeps a task that throws from harming its neighbours', async () => {
      const keeper = keep();
      const bug = new TypeError('A bug.');
      const throwing = () => {
        throw bug;
      };
      const ends = await endsOf([
        keeper.apply(ALICE, granting('a')),
        keeper.apply(ALICE, { decide: throwing }),
        keeper.apply(ALICE, { load: throwing, decide: (wallet) => ({ wallet, outcome: 'never' }) }),
        keeper.apply(ALICE, granting('b')),
        keeper.apply(BOB, { decide: throwing }),
      ]);
      expect(ends).toEqual([1, bug, bug, 2, bug]);
      expect(troubled.batchesOf('commitWallets')).toEqual([1]);
      expect(keeper.stats.queueLength).toBe(0);
      expect(await keeper.apply(BOB, granting('after'))).toBe(1);
    });

    it('counts a task that threw once, also where the write of the others fails', async () => {
      const keeper = keep();
      troubled.next('commitWallets', 'UNREACHABLE', null);
      const throwing = {
        decide: () => {
          throw new TypeError('A bug.');
        },
      };
      const ends = await endsOf([keeper.apply(ALICE, throwing), keeper.apply(ALICE, granting('a'))]);
      expect(ends).toEqual([new TypeError('A bug.'), 1]);
      expect(keeper.stats).toMatchObject({ tasks: 2, queueLength: 0 });
    });

    it('decides again where a reply was lost, and finds what was applied', async () => {
      const keeper = keep();
      await keeper.apply(ALICE, granting('start', 10));
      troubled.next('commitWallets', 'REPLY_LOST', 'REPLY_LOST', null);
      expect(await Promise.all(times(4, (n) => keeper.apply(ALICE, spending(`s${n}`))))).toEqual(
        times(4, () => 'SPENT'),
      );
      expect((await ledgerOf(real, ALICE)).map((entry) => entry.credits)).toEqual([10, -1, -1, -1, -1]);
    });

    it('tries again where the store was not reached, for reading and writing alike', async () => {
      const keeper = keep();
      troubled.next('findWallets', 'UNREACHABLE', null);
      troubled.next('commitWallets', 'UNREACHABLE', null);
      expect(await keeper.apply(ALICE, granting('a'))).toBe(1);
    });

    it('tries again what a task loads, without its neighbours waiting for it', async () => {
      const keeper = keep();
      troubled.next('findLedgerEntries', 'UNREACHABLE', null);
      const order: string[] = [];
      const loading = keeper.apply(ALICE, {
        load: (store) => store.findLedgerEntries(ALICE, ['none']),
        decide: (wallet, _now, loaded) => ({ wallet, outcome: loaded }),
      });
      const ends = [
        loading.then(() => order.push('loading')),
        keeper.apply(ALICE, granting('a')).then(() => order.push('neighbour')),
      ];
      await Promise.all(ends);
      expect(await loading).toEqual([null]);
      expect(order).toEqual(['neighbour', 'loading']);
    });

    it('gives up after three failures with what the store said, and starts afresh afterwards', async () => {
      const keeper = keep();
      troubled.next('commitWallets', 'UNREACHABLE', 'UNREACHABLE', 'REPLY_LOST', null);
      expect(await endsOf(times(2, (n) => keeper.apply(ALICE, granting(`g${n}`))))).toEqual(
        times(2, () => 'UNREACHABLE'),
      );
      expect(troubled.batchesOf('commitWallets')).toHaveLength(3);
      // The third attempt was applied, so the same commands again change nothing.
      expect(await keeper.apply(ALICE, granting('g0'))).toBe(2);
      expect(await ledgerOf(real, ALICE)).toHaveLength(2);
    });

    it.each(['FAILED', 'CORRUPT'] as const)(
      'lets one account whose wallet is %s not fail the others of the batch',
      async (code) => {
        const accounts = times(20, (n) => accountId(`account-${n}`));
        const [poisoned] = accounts;
        for (const verb of ['findWallets', 'commitWallets'] as const) {
          const keeper = keep();
          troubled.whenever('findWallets', () => null);
          troubled.whenever(verb, (items) =>
            items.some((item) => item === poisoned || (item as { accountId?: unknown }).accountId === poisoned)
              ? code
              : null,
          );
          const ends = await endsOf(accounts.map((account) => keeper.apply(account, granting(verb))));
          expect([verb, countOf(ends, code), ends.indexOf(code)]).toEqual([verb, 1, 0]);
          expect(keeper.stats.queueLength).toBe(0);
        }
        for (const account of accounts.slice(1)) expect(await ledgerOf(real, account)).toHaveLength(2);
      },
    );

    it.each(['FAILED', 'CORRUPT', 'OVERLOADED', 'CLOSED'] as const)('does not try again after %s', async (code) => {
      const keeper = keep();
      troubled.whenever('commitWallets', () => code);
      expect(await endsOf([keeper.apply(ALICE, granting('g'))])).toEqual([code]);
      expect(troubled.batchesOf('commitWallets')).toHaveLength(1);
    });
  });

  describe('close', () => {
    it('waits for tasks under way, and for entries to be moved', async () => {
      const keeper = keep();
      const { wait, open } = barrier();
      const course: string[] = [];
      troubled.whenever('commitWallets', async () => {
        await wait();
        course.push('written');
        return null;
      });
      const ends = endsOf([keeper.apply(ALICE, granting('a')), keeper.apply(BOB, granting('b'))]);
      const closing = keeper.close().then(() => course.push('closed'));
      expect(await endsOf([keeper.apply(ALICE, granting('late'))])).toEqual(['CLOSED']);
      open();
      await closing;
      expect(course).toEqual(['written', 'closed']);
      expect(await ends).toEqual([1, 1]);
      expect(keeper.stats).toMatchObject({ queueLength: 0, journalLength: 0 });
    });
  });
});
