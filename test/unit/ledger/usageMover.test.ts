import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { accountId } from '../../../src/domain/ids.js';
import { NO_USAGE } from '../../../src/domain/usage.js';
import type { UsageRow } from '../../../src/domain/usage.js';
import { emptyWallet } from '../../../src/domain/wallet.js';
import type { Wallet } from '../../../src/domain/wallet.js';
import { UsageMover } from '../../../src/ledger/usageMover.js';
import type { AccountUsage } from '../../../src/store/store.js';
import { StoreError } from '../../../src/store/storeError.js';

const ALICE = accountId('alice');
const BOB = accountId('bob');

const row = (part: number, changes: Partial<UsageRow> = {}): UsageRow => ({
  day: '2025-01-16',
  coordinate: `Query.f${part}`,
  part,
  ...NO_USAGE,
  positions: 1,
  ...changes,
});
const walletWith = (usage: readonly UsageRow[], account = ALICE): Wallet => ({ ...emptyWallet(account), usage });

describe('the mover of usage', () => {
  let batches: (readonly AccountUsage[])[];
  let failures: unknown[];
  let fault: StoreError | null;
  let mover: UsageMover;
  beforeEach(() => {
    vi.useFakeTimers();
    [batches, failures, fault] = [[], [], null];
    const appendUsage = async (rows: readonly AccountUsage[]) => {
      batches.push(rows);
      if (fault !== null) throw fault;
    };
    mover = new UsageMover({ appendUsage }, (error) => failures.push(error));
  });
  afterEach(() => vi.useRealTimers());

  const parts = () => batches.map((batch) => batch.map(({ accountId: of, part, positions }) => [of, part, positions]));

  it('moves what gathers in a second together, each row as far as it came', async () => {
    mover.note(walletWith([row(1)]));
    mover.note(walletWith([row(1, { positions: 2 }), row(2)]));
    mover.note(walletWith([row(1)], BOB));
    mover.note(emptyWallet(BOB));
    expect(batches).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(parts()).toEqual([
      [
        [ALICE, 1, 2],
        [ALICE, 2, 1],
        [BOB, 1, 1],
      ],
    ]);
  });

  it('moves a row once, and again when it has grown in any count', async () => {
    mover.note(walletWith([row(1)]));
    await vi.advanceTimersByTimeAsync(1_000);
    mover.note(walletWith([row(1)]));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(batches).toHaveLength(1);
    for (const count of [
      'positions',
      'units',
      'credits',
      'coveredUnits',
      'refundedCredits',
      'refundedUnits',
    ] as const) {
      mover.note(walletWith([row(1, { [count]: 9 })]));
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(batches).toHaveLength(7);
  });

  it('leaves in a wallet what is not stored, and of what is the last rows of its newest day', async () => {
    const today = Array.from({ length: 20 }, (_, n) => row(n + 2));
    const wallet = walletWith([row(1, { day: '2025-01-15' }), ...today]);
    expect(mover.trim(wallet)).toBe(wallet);
    mover.note(wallet);
    await vi.advanceTimersByTimeAsync(1_000);
    const kept = mover.trim(wallet).usage?.map(({ part }) => part);
    expect(kept).toEqual(Array.from({ length: 16 }, (_, n) => n + 6));
    const grown = walletWith([row(1, { day: '2025-01-15', refundedCredits: 1 }), row(30, { day: '2025-01-17' })]);
    expect(mover.trim(grown)).toBe(grown);
  });

  it('reports a failure the first time, and moves what it is told again', async () => {
    fault = new StoreError('UNREACHABLE', 'The test is away.');
    for (const positions of [1, 2]) {
      mover.note(walletWith([row(1, { positions })]));
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(failures).toEqual([fault]);
    fault = null;
    mover.note(walletWith([row(1, { positions: 2 })]));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(parts().at(-1)).toEqual([[ALICE, 1, 2]]);
    expect(mover.trim(walletWith([row(1, { positions: 2 }), row(2, { day: '2025-01-17' })])).usage).toHaveLength(1);
  });

  it('moves what waits when it is closed, and nothing afterwards', async () => {
    mover.note(walletWith([row(1)]));
    await mover.close();
    expect(parts()).toEqual([[[ALICE, 1, 1]]]);
    mover.note(walletWith([row(2)]));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(batches).toHaveLength(1);
  });
});
