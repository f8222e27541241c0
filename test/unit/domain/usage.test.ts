import { describe, expect, it } from 'vitest';
import { addUsage, countUsage, NO_USAGE, sumRows } from '../../../src/domain/usage.js';
import type { UsageLine, UsageRow, UsageSum } from '../../../src/domain/usage.js';
import { applyCommand } from '../../../src/domain/walletCommand.js';
import type { WalletCommand } from '../../../src/domain/walletCommand.js';
import { dayNameAt } from '../../../src/domain/timeZone.js';
import { at, capture, claim, grant, hold, NOW, refund, release, walletAfter } from '../../support/domain.js';

const EXACT_MAX = Number.MAX_SAFE_INTEGER;

const line = (coordinate: string, changes: Partial<UsageLine> = {}): UsageLine => ({
  coordinate,
  ...NO_USAGE,
  positions: 1,
  units: 3,
  ...changes,
});
const used = (...lines: readonly UsageLine[]) => ({ day: '2025-01-16', lines });

describe('usage', () => {
  it('is counted in a row for each day and field', () => {
    const first = countUsage({}, used(line('Query.a'), line('Query.b')));
    expect(first).toEqual({
      usage: [
        { day: '2025-01-16', part: 1, ...line('Query.a') },
        { day: '2025-01-16', part: 2, ...line('Query.b') },
      ],
      usageParts: 2,
    });
    const second = countUsage(first, used(line('Query.b', { credits: 5 })));
    const third = countUsage(second, { day: '2025-01-17', lines: [line('Query.b')] });
    expect(third).toEqual({
      usage: [
        { day: '2025-01-16', part: 1, ...line('Query.a') },
        { day: '2025-01-16', part: 2, ...line('Query.b', { positions: 2, units: 6, credits: 5 }) },
        { day: '2025-01-17', part: 3, ...line('Query.b') },
      ],
      usageParts: 3,
    });
  });

  it('begins another part once a row has left', () => {
    const riding = countUsage({ usage: [], usageParts: 7 }, used(line('Query.a')));
    expect(riding.usage).toEqual([{ day: '2025-01-16', part: 8, ...line('Query.a') }]);
  });

  it('changes nothing where nothing was used', () => {
    const riding = {};
    expect(countUsage(riding, used())).toBe(riding);
  });

  it('adds up to 2^53 - 1 and no further', () => {
    const most = { ...NO_USAGE, units: EXACT_MAX };
    expect(addUsage(most, { ...NO_USAGE, units: 1, refundedUnits: 2 })).toEqual({ ...most, refundedUnits: 2 });
  });

  it('is summed by what is asked for, in order, sums of sums too', () => {
    const row = (day: string, coordinate: string, part: number): UsageRow => ({ day, part, ...line(coordinate) });
    const rows = [
      row('2025-02-01', 'B', 1),
      row('2025-01-31', 'A', 2),
      row('2025-01-30', 'B', 3),
      row('2025-01-30', 'B', 4),
    ];
    const sum = (day: string | null, coordinate: string | null, times: number): UsageSum => ({
      day,
      coordinate,
      ...NO_USAGE,
      positions: times,
      units: 3 * times,
    });
    const query = (...by: ('DAY' | 'MONTH' | 'COORDINATE')[]) => ({ from: '', to: '', by, first: 10 });
    expect(sumRows(rows, query())).toEqual([sum(null, null, 4)]);
    expect(sumRows(rows, query('COORDINATE'))).toEqual([sum(null, 'A', 1), sum(null, 'B', 3)]);
    expect(sumRows(rows, query('MONTH'))).toEqual([sum('2025-01', null, 3), sum('2025-02', null, 1)]);
    const byDay = [sum('2025-01-30', null, 2), sum('2025-01-31', null, 1), sum('2025-02-01', null, 1)];
    expect(sumRows(rows, query('DAY'))).toEqual(byDay);
    expect(sumRows(rows, { ...query('DAY'), first: 2 })).toEqual(byDay.slice(0, 2));
    expect(sumRows([...byDay, row('2025-01-31', 'A', 5)], query('MONTH', 'DAY'))).toEqual([
      byDay[0],
      sum('2025-01-31', null, 2),
      byDay[2],
    ]);
    expect(sumRows([sum(null, null, 2), row('2025-01-31', 'A', 5)], query())).toEqual([sum(null, null, 3)]);
  });
});

describe('the day in which usage counts', () => {
  it.each([
    ['UTC', '2025-01-16T23:59:59.999Z', '2025-01-16'],
    ['UTC', '2025-01-17T00:00:00.000Z', '2025-01-17'],
    ['Asia/Tokyo', '2025-01-16T15:00:00.000Z', '2025-01-17'],
    ['Asia/Tokyo', '2025-01-16T16:00:00.000Z', '2025-01-17'],
    ['Asia/Tokyo', '2025-01-16T14:59:59.999Z', '2025-01-16'],
    ['America/New_York', '2025-01-01T04:59:59.999Z', '2024-12-31'],
  ])('is that of the account’s zone: %s, %s', (zone, now, day) => {
    expect(dayNameAt(zone, at(now))).toBe(day);
  });
});

describe('a capture', () => {
  const delivered = used(line('Query.search', { credits: 4, coveredUnits: 2 }));

  it('counts what was delivered with it, once', () => {
    const before = walletAfter(grant('g', 9), hold('h', 4));
    const command = { ...capture('h', 4), used: delivered };
    const first = applyCommand(before, command, NOW);
    expect(first.wallet.usage).toEqual([{ day: '2025-01-16', part: 1, ...delivered.lines[0] }]);
    expect(applyCommand(first.wallet, command, NOW)).toEqual({
      wallet: first.wallet,
      entries: [],
      result: { status: 'APPLIED', credits: 4 },
    });
    expect(walletAfter(grant('g', 9), hold('h', 4), capture('h', 4))).not.toHaveProperty('usage');
  });

  it('that is refunded counts what was given back, in the day of that, by field', () => {
    const wallet = walletAfter(grant('g', 9), hold('h', 4), {
      ...capture('h', 0),
      lines: [
        { coordinate: 'Query.a', credits: 3 },
        { coordinate: 'Query.b', credits: 1 },
      ],
    });
    const given = applyCommand(wallet, { ...refund('r', 'h', 2), day: '2025-01-20' }, NOW).wallet;
    expect(given.usage).toEqual([
      { day: '2025-01-20', part: 1, coordinate: 'Query.b', ...NO_USAGE, refundedCredits: 1 },
      { day: '2025-01-20', part: 2, coordinate: 'Query.a', ...NO_USAGE, refundedCredits: 1 },
    ]);
    expect(applyCommand(wallet, refund('r', 'h', 2), NOW).wallet).not.toHaveProperty('usage');
  });

  it('that names no field is counted under no name when it is refunded', () => {
    const wallet = walletAfter(grant('g', 9), hold('h', 4), capture('h', 4));
    const nameless = wallet.journal.map((entry) => ({ ...entry }));
    for (const entry of nameless) Reflect.deleteProperty(entry, 'coordinate');
    const given = applyCommand({ ...wallet, journal: nameless }, { ...refund('r', 'h', 4), day: '2025-01-20' }, NOW);
    expect(given.wallet.usage).toMatchObject([{ coordinate: '', refundedCredits: 4 }]);
  });
});

describe('what a capture took of limits', () => {
  const taken = { ...capture('h', 0), units: [claim(3)] };
  const giveBack = (changes: object = {}): WalletCommand => ({
    ...taken,
    kind: 'return',
    used: used(line('Query.search', { ...NO_USAGE, refundedUnits: 3 })),
    ...changes,
  });
  const captured = walletAfter(hold('h', 0, { units: [claim(5)] }), taken);

  it('is given back once, and counted', () => {
    const first = applyCommand(captured, giveBack(), NOW);
    expect(first.result).toEqual({ status: 'APPLIED', credits: 0 });
    expect(first.wallet.counters).toEqual([{ key: 'cities:DAY', window: claim(0).window, used: 0 }]);
    expect(first.wallet.usage).toMatchObject([{ coordinate: 'Query.search', refundedUnits: 3 }]);
    expect(applyCommand(first.wallet, giveBack(), NOW)).toEqual({
      wallet: first.wallet,
      entries: [],
      result: { status: 'APPLIED', credits: 0 },
    });
    // It was captured all the same, and can't be captured again.
    expect(applyCommand(first.wallet, taken, NOW).result).toEqual({ status: 'REFUSED', fault: 'HOLD_ENDED' });
  });

  it('is given back for this capture, and other captures stay as they are', () => {
    const other = walletAfter(
      hold('o', 0, { units: [claim(1)] }),
      { ...capture('o', 0), units: [claim(1)] },
      hold('h', 0, { units: [claim(5)] }),
      taken,
    );
    const { ended } = applyCommand(other, giveBack(), NOW).wallet;
    expect(Object.fromEntries(ended.map(({ id, how }) => [id, how]))).toEqual({ o: 'CAPTURED', h: 'RETURNED' });
  });

  it('is not given back beyond what is counted, and of other windows nothing', () => {
    const lowered = { ...captured, counters: captured.counters.map((counter) => ({ ...counter, used: 2 })) };
    expect(applyCommand(lowered, giveBack(), NOW).wallet.counters).toMatchObject([{ used: 0 }]);
    const elsewhere = { ...captured, counters: [{ key: 'other:DAY', window: claim(0).window, used: 7 }] };
    expect(applyCommand(elsewhere, giveBack(), NOW).wallet.counters).toEqual(elsewhere.counters);
  });

  it('is not given back for another capture, for a hold that was released, and for one that never was', () => {
    const faultOf = (command: WalletCommand, wallet = captured) => applyCommand(wallet, command, NOW).result;
    expect(faultOf(giveBack({ units: [claim(4)] }))).toEqual({ status: 'REFUSED', fault: 'CONFLICT' });
    expect(faultOf(giveBack({ holdId: 'none' }))).toEqual({ status: 'REFUSED', fault: 'UNKNOWN_HOLD' });
    const released = walletAfter(hold('h', 0, { units: [claim(5)] }), release('h'));
    expect(faultOf(giveBack(), released)).toEqual({ status: 'REFUSED', fault: 'HOLD_ENDED' });
  });
});
