import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { accountId } from '../../../src/domain/ids.js';
import type { AccountId } from '../../../src/domain/ids.js';
import type { LedgerEntry } from '../../../src/domain/ledger.js';
import { emptyWallet } from '../../../src/domain/wallet.js';
import type { Wallet } from '../../../src/domain/wallet.js';
import { JournalMover } from '../../../src/ledger/journalMover.js';
import { WalletKeeper } from '../../../src/ledger/walletKeeper.js';
import { openStore } from '../../../src/store/openStore.js';
import type { Store } from '../../../src/store/store.js';
import { granting, idsOf, ledgerOf, NOW } from './bookkeeping.js';
import { barrier, troubledStore } from './troubledStore.js';
import type { Trouble, TroubledStore } from './troubledStore.js';

const ALICE = accountId('alice');
const BOB = accountId('bob');

/** Wallets that keep their journal in the document and out of the ledger, as MongoDB's do. */
const withJournals = (real: Store): Store => {
  const wallets = new Map<AccountId, Wallet>();
  const commit = (wallet: Wallet): Wallet | null => {
    if ((wallets.get(wallet.accountId)?.version ?? 0) !== wallet.version) return null;
    const stored = { ...wallet, version: wallet.version + 1 };
    wallets.set(wallet.accountId, stored);
    return stored;
  };
  const verbs: Partial<Store> = {
    findWallets: async (ids) => ids.map((id) => wallets.get(id) ?? null),
    commitWallets: async (batch) => batch.map(commit),
  };
  return new Proxy(real, {
    get: (target, verb) => {
      const value: unknown = Reflect.get(verbs, verb) ?? Reflect.get(target, verb);
      return typeof value === 'function' ? (...args: unknown[]): unknown => Reflect.apply(value, target, args) : value;
    },
  });
};

const entriesOf = (account: AccountId, first: number, last: number): readonly LedgerEntry[] =>
  Array.from({ length: last - first + 1 }, (_, index) => ({
    id: `e${first + index}`,
    accountId: account,
    seq: first + index,
    at: NOW,
    kind: 'GRANT',
    credits: 1,
    grantId: `g${first + index}` as LedgerEntry['grantId'],
    balanceAfter: first + index,
  }));
const walletWith = (account: AccountId, first: number, last: number): Wallet => ({
  ...emptyWallet(account),
  version: last,
  entryCount: last,
  entrySum: last,
  journal: entriesOf(account, first, last),
});

describe('journalMover', () => {
  let real: Store;
  let troubled: TroubledStore;
  let failures: unknown[];
  let mover: JournalMover;
  beforeEach(async () => {
    real = await openStore('sqlite::memory:');
    troubled = troubledStore(withJournals(real));
    failures = [];
    mover = new JournalMover(troubled.store, (error) => failures.push(error));
  });
  afterEach(async () => {
    vi.useRealTimers();
    await real.close();
  });

  it('moves what a wallet carries, and trims it from that wallet from then on', async () => {
    mover.note(walletWith(ALICE, 1, 3));
    expect(mover.trim(walletWith(ALICE, 1, 3)).journal).toHaveLength(3);
    await expect.poll(() => mover.length).toBe(0);
    expect(mover.trim(walletWith(ALICE, 1, 4)).journal.map((entry) => entry.seq)).toEqual([4]);
    expect(mover.trim(walletWith(BOB, 1, 4)).journal).toHaveLength(4);
    expect(idsOf(await ledgerOf(real, ALICE))).toEqual(['e1', 'e2', 'e3']);
  });

  it('queues an entry once, however often its wallet is found', async () => {
    const { wait, open } = barrier();
    troubled.whenever('appendLedger', wait);
    for (let round = 0; round < 10; round += 1) mover.note(walletWith(ALICE, 1, 3));
    expect(mover.length).toBe(3);
    open();
    await expect.poll(() => mover.length).toBe(0);
    mover.note(walletWith(ALICE, 1, 3));
    expect(mover.length).toBe(0);
    expect(troubled.batchesOf('appendLedger')).toEqual([3]);
  });

  it('moves many entries in batches of a bounded size, accounts together', async () => {
    const { wait, open } = barrier();
    troubled.whenever('appendLedger', wait);
    mover.note(walletWith(ALICE, 1, 1));
    for (let account = 0; account < 1_500; account += 1) mover.note(walletWith(accountId(`a${account}`), 1, 2));
    open();
    await expect.poll(() => mover.length).toBe(0);
    expect(troubled.batchesOf('appendLedger')).toEqual([1, 1_000, 1_000, 1_000]);
    expect(await ledgerOf(real, accountId('a1499'))).toHaveLength(2);
  });

  it.each(['UNREACHABLE', 'REPLY_LOST'] as const)('tries again by itself after %s', async (trouble) => {
    troubled.next('appendLedger', trouble, trouble, null);
    mover.note(walletWith(ALICE, 1, 3));
    await expect.poll(() => mover.length, { timeout: 3_000 }).toBe(0);
    expect(failures).toHaveLength(2);
    expect(idsOf(await ledgerOf(real, ALICE))).toEqual(['e1', 'e2', 'e3']);
  });

  it('tries a ledger that is away no more often than twice a second', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    troubled.whenever('appendLedger', () => 'UNREACHABLE');
    mover.note(walletWith(ALICE, 1, 3));
    await vi.advanceTimersByTimeAsync(10_000);
    // What comes meanwhile waits with the rest.
    for (let seq = 4; seq < 40; seq += 1) mover.note(walletWith(ALICE, 1, seq));
    await vi.advanceTimersByTimeAsync(50_000);
    const calls = troubled.batchesOf('appendLedger').length;
    expect(calls).toBeGreaterThan(60);
    expect(calls).toBeLessThanOrEqual(121);
    expect(mover.length).toBe(39);
  });

  it('leaves entries that the ledger refuses in their wallet, reports it once, and moves those of others', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    await real.appendLedger([{ ...entriesOf(ALICE, 2, 2)[0], id: 'another' } as LedgerEntry]);
    const accounts = Array.from({ length: 20 }, (_, index) => accountId(`a${index}`));
    for (const account of [ALICE, ...accounts]) mover.note(walletWith(account, 1, 3));
    await vi.waitUntil(() => mover.length === 0);
    for (const account of accounts) expect(await ledgerOf(real, account)).toHaveLength(3);
    expect(failures).toEqual([expect.objectContaining({ code: 'CORRUPT' })]);
    expect(mover.trim(walletWith(ALICE, 1, 3)).journal).toHaveLength(3);

    const calls = troubled.batchesOf('appendLedger').length;
    mover.note(walletWith(ALICE, 1, 4));
    expect(mover.length).toBe(0);
    vi.advanceTimersByTime(60_000);
    mover.note(walletWith(ALICE, 1, 4));
    await vi.waitUntil(() => mover.length === 0);
    expect(troubled.batchesOf('appendLedger').length).toBeGreaterThan(calls);
    expect(failures).toHaveLength(1);
  });

  it('closed, moves what waits, and nothing that comes later', async () => {
    const { wait, open } = barrier();
    troubled.whenever('appendLedger', wait);
    mover.note(walletWith(ALICE, 1, 3));
    const closing = mover.close();
    open();
    await closing;
    mover.note(walletWith(BOB, 1, 3));
    expect(mover.length).toBe(0);
    expect(await ledgerOf(real, ALICE)).toHaveLength(3);
    expect(await ledgerOf(real, BOB)).toEqual([]);
  });

  it('closed, does not wait for a ledger that can’t be written', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    troubled.whenever('appendLedger', () => 'UNREACHABLE');
    mover.note(walletWith(ALICE, 1, 3));
    await vi.waitUntil(() => vi.getTimerCount() === 1);
    await mover.close();
    expect(vi.getTimerCount()).toBe(0);
    const calls = troubled.batchesOf('appendLedger').length;
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(troubled.batchesOf('appendLedger')).toHaveLength(calls);
  });

  // Every way in which the first three moves can go, while a keeper goes on writing; then it is gone, and another begins.
  const ways: readonly (Trouble | null)[] = [null, 'UNREACHABLE', 'REPLY_LOST', 'FAILED'];
  const courses = ways.flatMap((a) => ways.flatMap((b) => ways.map((c) => [a, b, c] as const)));
  it.each(courses)('loses and doubles no entry, whatever becomes of the moves: %s, %s, %s', async (...course) => {
    const options = { now: () => NOW, onFailure: () => undefined };
    troubled.next('appendLedger', ...course);
    const keeper = new WalletKeeper(troubled.store, options);
    for (let n = 1; n <= 6; n += 1) {
      expect(await keeper.apply(ALICE, granting(`a${n}`))).toBe(n);
      await keeper.apply(BOB, granting(`b${n}`));
    }
    // As after a crash: what the keeper has in memory is gone, and another one begins.
    const heir = new WalletKeeper(troubled.store, options);
    expect(await heir.apply(ALICE, granting('a7'))).toBe(7);
    await heir.apply(BOB, granting('b7'));
    await Promise.all([heir.close(), keeper.close()]);
    await expectBooks('wherever the entries are');
    const last = new WalletKeeper(troubled.store, options);
    for (const wallet of await troubled.store.findWallets([ALICE, BOB])) if (wallet !== null) last.know(wallet);
    await last.close();
    await expectBooks('moved');
  });

  const expectBooks = async (where: 'moved' | 'wherever the entries are'): Promise<void> => {
    const wallets = await troubled.store.findWallets([ALICE, BOB]);
    for (const [index, account] of [ALICE, BOB].entries()) {
      const moved = await ledgerOf(real, account);
      const riding = where === 'moved' ? [] : (wallets[index]?.journal ?? []);
      const all = new Map([...riding, ...moved].map((entry) => [entry.seq, entry]));
      const ids = idsOf([...all.values()].sort((x, y) => x.seq - y.seq));
      expect(ids).toEqual([1, 2, 3, 4, 5, 6, 7].map((n) => `command/${account.slice(0, 1)}${n}/0`));
      expect(new Set(idsOf(moved)).size).toBe(moved.length);
    }
  };
});
