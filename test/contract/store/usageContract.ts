/** The part of the store's contract that charts and invoices rest on: usage is counted once, wherever its rows are. */
import { describe, expect, it } from 'vitest';
import { accountId, holdId } from '../../../src/domain/ids.js';
import type { AccountId } from '../../../src/domain/ids.js';
import { NO_USAGE } from '../../../src/domain/usage.js';
import type { UsageDimension, UsageLine } from '../../../src/domain/usage.js';
import type { Wallet } from '../../../src/domain/wallet.js';
import { applyCommand } from '../../../src/domain/walletCommand.js';
import type { AccountUsage, Store } from '../../../src/store/store.js';
import type { OpenedStore } from './storeUnderTest.js';
import { HOSTILE_STRINGS, walletOf } from './storedValues.js';

const NOW = Date.UTC(2026, 0, 31, 12);
const EXACT_MAX = Number.MAX_SAFE_INTEGER;

export const aUsageRow = (account: AccountId, changes: Partial<AccountUsage> = {}): AccountUsage => ({
  accountId: account,
  day: '2026-01-31',
  coordinate: 'Query.a',
  part: 1,
  ...NO_USAGE,
  positions: 1,
  units: 2,
  ...changes,
});

const line = (coordinate: string, changes: Partial<UsageLine> = {}): UsageLine => ({
  coordinate,
  ...NO_USAGE,
  positions: 1,
  units: 3,
  credits: 1,
  coveredUnits: 2,
  ...changes,
});

/** Delivers something: what is used of it is in the wallet that is given back. */
const use = (wallet: Wallet, id: string, day: string, lines: readonly UsageLine[]): Wallet => {
  const hold = { kind: 'hold', id: holdId(id), credits: 0, units: [], expiresAt: NOW + 60_000 } as const;
  const held = applyCommand(wallet, hold, NOW).wallet;
  const used = { day, lines };
  return applyCommand(held, { kind: 'capture', holdId: hold.id, lines: [], units: [], used }, NOW).wallet;
};

const commit = async (store: Store, wallet: Wallet): Promise<Wallet> => {
  const [stored] = await store.commitWallets([wallet]);
  if (stored == null) throw new Error('Another write was first.');
  return stored;
};

/** Moves what rides in a wallet, as the mover does. */
const move = (store: Store, { accountId: account, usage = [] }: Wallet): Promise<void> =>
  store.appendUsage(usage.map((row) => ({ accountId: account, ...row })));

export const usageContract = (opened: () => OpenedStore): void => {
  describe('usage', () => {
    const store = () => opened().store;
    const sums = (account: AccountId, by: readonly UsageDimension[], from = '2026-01-01', to = '2026-12-31') =>
      store().sumUsage(account, { from, to, by, first: 100 });
    const total = { positions: 1, units: 3, credits: 1, coveredUnits: 2, refundedCredits: 0, refundedUnits: 0 };
    const of = (times: number) =>
      Object.fromEntries(Object.entries(total).map(([name, count]) => [name, count * times]));

    it('is seen once from its commit on: while it rides, when it was moved, moved again, and has left the wallet', async () => {
      const ann = accountId('usage-ann');
      const once = [{ day: '2026-01-31', coordinate: 'Query.a', ...of(1) }];
      const twice = [{ day: '2026-01-31', coordinate: 'Query.a', ...of(2) }];
      const seen = () => sums(ann, ['DAY', 'COORDINATE']);
      expect(await seen()).toEqual([]);
      const first = await commit(store(), use(walletOf(ann, 5, NOW), 'h1', '2026-01-31', [line('Query.a')]));
      expect(await seen()).toEqual(once);
      await move(store(), first);
      await move(store(), first);
      expect(await seen()).toEqual(once);
      const second = await commit(store(), use(first, 'h2', '2026-01-31', [line('Query.a')]));
      expect(await seen()).toEqual(twice);
      await move(store(), second);
      // Who was slow moves what is older now.
      await move(store(), first);
      expect(await seen()).toEqual(twice);
      await commit(store(), { ...second, usage: [] });
      expect(await seen()).toEqual(twice);
      await move(store(), second);
      expect(await seen()).toEqual(twice);
    });

    it('is not seen of a commit that lost', async () => {
      const ben = accountId('usage-ben');
      const wallet = await commit(store(), walletOf(ben, 5, NOW));
      await commit(store(), use(wallet, 'h1', '2026-01-31', [line('Query.a')]));
      expect(await store().commitWallets([use(wallet, 'h2', '2026-01-31', [line('Query.a')])])).toEqual([null]);
      expect(await sums(ben, [])).toEqual([{ day: null, coordinate: null, ...of(1) }]);
    });

    it('is summed by day, month and field, in their order, of the days that are asked for', async () => {
      const cid = accountId('usage-cid');
      const dan = accountId('usage-dan');
      let wallet = walletOf(cid, 5, NOW);
      const days = ['2026-02-01', '2026-01-30', '2026-01-31', '2026-03-01'];
      for (const [index, day] of days.entries()) {
        wallet = use(wallet, `h${index}`, day, [line('Query.b'), line('Query.a')]);
        if (index % 2 === 0) wallet = await commit(store(), wallet);
        if (index === 0) await move(store(), wallet);
      }
      await commit(store(), wallet);
      await commit(store(), use(walletOf(dan, 5, NOW), 'h', '2026-01-31', [line('Query.a')]));
      const until = (by: readonly UsageDimension[]) => sums(cid, by, '2026-01-30', '2026-02-01');
      expect(await until([])).toEqual([{ day: null, coordinate: null, ...of(6) }]);
      expect(await until(['DAY'])).toEqual(
        ['2026-01-30', '2026-01-31', '2026-02-01'].map((day) => ({ day, coordinate: null, ...of(2) })),
      );
      expect(await until(['MONTH', 'COORDINATE'])).toEqual([
        { day: '2026-01', coordinate: 'Query.a', ...of(2) },
        { day: '2026-01', coordinate: 'Query.b', ...of(2) },
        { day: '2026-02', coordinate: 'Query.a', ...of(1) },
        { day: '2026-02', coordinate: 'Query.b', ...of(1) },
      ]);
      expect(await until(['COORDINATE'])).toEqual([
        { day: null, coordinate: 'Query.a', ...of(3) },
        { day: null, coordinate: 'Query.b', ...of(3) },
      ]);
      const first = await store().sumUsage(cid, { from: '2026-01-30', to: '2026-02-01', by: ['DAY'], first: 1 });
      expect(first).toEqual([{ day: '2026-01-30', coordinate: null, ...of(2) }]);
    });

    it('stops at 2^53 - 1, and keeps nothing from being stored', async () => {
      const eve = accountId('usage-eve');
      const large = line('Query.a', { units: EXACT_MAX, coveredUnits: EXACT_MAX });
      const first = await commit(store(), use(walletOf(eve, 5, NOW), 'h1', '2026-01-31', [large]));
      await move(store(), first);
      const second = await commit(store(), use(first, 'h2', '2026-01-31', [large]));
      await move(store(), second);
      await commit(store(), use(second, 'h3', '2026-02-01', [large]));
      expect(await sums(eve, [])).toMatchObject([{ positions: 3, units: EXACT_MAX, coveredUnits: EXACT_MAX }]);
    });

    it('is listed in pages, each row once, those that ride too', async () => {
      const fay = accountId('usage-fay');
      const rows = [3, 1, 2].map((part) =>
        aUsageRow(fay, { part: 10 + part, day: `2026-01-0${part}`, coordinate: 'Query.z' }),
      );
      // No two rows of a wallet have the same part.
      await store().appendUsage([]);
      await store().appendUsage(rows);
      await commit(store(), { ...use(walletOf(fay, 5, NOW), 'h', '2026-01-02', [line('Query.y')]) });
      const found: unknown[] = [];
      for (let after: AccountUsage | null = null; ;) {
        const page: readonly Omit<AccountUsage, 'accountId'>[] = await store().listUsage(fay, { first: 2, after });
        const last = page.at(-1);
        if (last === undefined) break;
        found.push(...page.map(({ day, coordinate }) => `${day} ${coordinate}`));
        after = { accountId: fay, ...last };
      }
      expect(found).toEqual(['2026-01-01 Query.z', '2026-01-02 Query.y', '2026-01-02 Query.z', '2026-01-03 Query.z']);
    });

    it.each(HOSTILE_STRINGS)('of an account whose id is %s is its own', async (_name, text) => {
      const hostile = accountId(`usage-${text}`);
      await store().appendUsage([aUsageRow(hostile), aUsageRow(accountId('usage-other'))]);
      expect(await sums(hostile, ['COORDINATE'])).toMatchObject([{ coordinate: 'Query.a', positions: 1, units: 2 }]);
    });
  });
};
