import { describe, expect, it } from 'vitest';
import { addMonths, DAY_MS, isInstant, periodAt, periodOf } from '../../../src/domain/period.js';
import type { Interval } from '../../../src/domain/period.js';
import { at } from '../../support/domain.js';

const iso = (instant: number) => new Date(instant).toISOString();
const months = (anchor: string, counts: readonly number[]) => counts.map((count) => iso(addMonths(at(anchor), count)));

describe('months after an anchor', () => {
  it('a month from 31 January ends on the last of February, the next one on 31 March', () => {
    expect(months('2025-01-31T00:00:00.000Z', [0, 1, 2, 3, 4, 11, 12, 13])).toEqual([
      '2025-01-31T00:00:00.000Z',
      '2025-02-28T00:00:00.000Z',
      '2025-03-31T00:00:00.000Z',
      '2025-04-30T00:00:00.000Z',
      '2025-05-31T00:00:00.000Z',
      '2025-12-31T00:00:00.000Z',
      '2026-01-31T00:00:00.000Z',
      '2026-02-28T00:00:00.000Z',
    ]);
  });

  it('February has 29 days in leap years, which centuries are not unless they divide by 400', () => {
    expect(months('2024-01-31T00:00:00.000Z', [1])).toEqual(['2024-02-29T00:00:00.000Z']);
    expect(months('2000-01-30T00:00:00.000Z', [1])).toEqual(['2000-02-29T00:00:00.000Z']);
    expect(months('2100-01-30T00:00:00.000Z', [1])).toEqual(['2100-02-28T00:00:00.000Z']);
  });

  it('keep the time of day to the millisecond', () => {
    expect(months('2025-01-31T23:59:59.999Z', [1, 2])).toEqual([
      '2025-02-28T23:59:59.999Z',
      '2025-03-31T23:59:59.999Z',
    ]);
  });

  it('can be counted backwards, and across the ends of years', () => {
    expect(months('2025-03-31T06:00:00.000Z', [-1, -2, -3, -4, -13])).toEqual([
      '2025-02-28T06:00:00.000Z',
      '2025-01-31T06:00:00.000Z',
      '2024-12-31T06:00:00.000Z',
      '2024-11-30T06:00:00.000Z',
      '2024-02-29T06:00:00.000Z',
    ]);
  });

  it('are right before 1970 and in the first century', () => {
    expect(months('1969-12-31T23:00:00.000Z', [-1, 2])).toEqual([
      '1969-11-30T23:00:00.000Z',
      '1970-02-28T23:00:00.000Z',
    ]);
    expect(months('0050-01-31T01:00:00.000Z', [1, 12])).toEqual([
      '0050-02-28T01:00:00.000Z',
      '0051-01-31T01:00:00.000Z',
    ]);
  });

  it('are no instant beyond the end of time', () => {
    expect(isInstant(addMonths(8_640_000_000_000_000, 1))).toBe(false);
  });
});

describe('an instant', () => {
  it('is a whole number of milliseconds that a date can express', () => {
    expect([0, -1, 8_640_000_000_000_000, -8_640_000_000_000_000].map(isInstant)).toEqual([true, true, true, true]);
    expect([8_640_000_000_000_001, -8_640_000_000_000_001, 0.5, NaN, Infinity, '0', null].map(isInstant)).toEqual(
      Array.from({ length: 7 }, () => false),
    );
  });
});

describe('a billing period', () => {
  const period = (anchor: string, interval: Interval, now: string) => {
    const { index, startsAt, endsAt } = periodAt(at(anchor), interval, at(now));
    return [index, iso(startsAt), iso(endsAt)];
  };

  it('is counted from the anchor', () => {
    expect(periodOf(at('2025-01-31T00:00:00.000Z'), 'MONTH', 1)).toEqual({
      index: 1,
      startsAt: at('2025-02-28T00:00:00.000Z'),
      endsAt: at('2025-03-31T00:00:00.000Z'),
    });
    expect(periodOf(at('2024-02-29T00:00:00.000Z'), 'YEAR', 0)).toEqual({
      index: 0,
      startsAt: at('2024-02-29T00:00:00.000Z'),
      endsAt: at('2025-02-28T00:00:00.000Z'),
    });
  });

  it('has its start and not its end', () => {
    const anchor = '2025-01-31T08:00:00.000Z';
    const first = [0, anchor, '2025-02-28T08:00:00.000Z'];
    const second = [1, '2025-02-28T08:00:00.000Z', '2025-03-31T08:00:00.000Z'];
    expect(period(anchor, 'MONTH', anchor)).toEqual(first);
    expect(period(anchor, 'MONTH', '2025-02-28T07:59:59.999Z')).toEqual(first);
    expect(period(anchor, 'MONTH', '2025-02-28T08:00:00.000Z')).toEqual(second);
    expect(period(anchor, 'MONTH', '2025-03-30T23:00:00.000Z')).toEqual(second);
    expect(period(anchor, 'MONTH', '2025-03-31T07:59:59.999Z')).toEqual(second);
    expect(period(anchor, 'MONTH', '2025-03-31T08:00:00.000Z')[0]).toBe(2);
  });

  it('has a negative index before the anchor', () => {
    const anchor = '2025-01-31T08:00:00.000Z';
    expect(period(anchor, 'MONTH', '2025-01-31T07:59:59.999Z')).toEqual([-1, '2024-12-31T08:00:00.000Z', anchor]);
    expect(period(anchor, 'MONTH', '2024-11-30T08:00:00.000Z')).toEqual([
      -2,
      '2024-11-30T08:00:00.000Z',
      '2024-12-31T08:00:00.000Z',
    ]);
    expect(period(anchor, 'YEAR', '2024-06-01T00:00:00.000Z')).toEqual([-1, '2024-01-31T08:00:00.000Z', anchor]);
  });

  it('of a year from 29 February ends on 28 February, and on 29 February in the next leap year', () => {
    const anchor = '2024-02-29T12:00:00.000Z';
    expect(period(anchor, 'YEAR', '2025-02-28T11:59:59.999Z')[0]).toBe(0);
    expect(period(anchor, 'YEAR', '2025-02-28T12:00:00.000Z')).toEqual([
      1,
      '2025-02-28T12:00:00.000Z',
      '2026-02-28T12:00:00.000Z',
    ]);
    expect(period(anchor, 'YEAR', '2028-02-29T11:59:59.999Z')).toEqual([
      3,
      '2027-02-28T12:00:00.000Z',
      '2028-02-29T12:00:00.000Z',
    ]);
    expect(period(anchor, 'YEAR', '2028-02-29T12:00:00.000Z')[0]).toBe(4);
  });

  it.each(['MONTH', 'YEAR'] as const)('holds every instant once, for every day an anchor can have (%s)', (interval) => {
    const wrong: string[] = [];
    for (let day = 0; day < 366; day += 1) {
      const anchor = at('2024-01-01T13:14:15.016Z') + day * DAY_MS;
      for (let index = -14; index < 14; index += 1) {
        const expected = periodOf(anchor, interval, index);
        const isExact =
          periodAt(anchor, interval, expected.startsAt).index === index &&
          periodAt(anchor, interval, expected.endsAt - 1).index === index &&
          periodOf(anchor, interval, index + 1).startsAt === expected.endsAt;
        if (!isExact) wrong.push(`${iso(anchor)} ${index}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});
