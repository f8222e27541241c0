import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS } from '../../../src/domain/period.js';
import { isTimeZone, monthNameAt, windowAt } from '../../../src/domain/timeZone.js';
import { at } from '../../support/domain.js';

const iso = (instant: number) => new Date(instant).toISOString();
const window = (per: 'MONTH' | 'DAY' | 'HOUR', zone: string, now: string) => {
  const { startsAt, endsAt } = windowAt(per, zone, at(now));
  return [iso(startsAt), iso(endsAt)];
};
const hoursOf = (zone: string, now: string) => {
  const { startsAt, endsAt } = windowAt('DAY', zone, at(now));
  return (endsAt - startsAt) / HOUR_MS;
};

describe('a time zone', () => {
  it('is a name of the IANA database, and no distance from UTC', () => {
    const names = ['UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'Pacific/Auckland', 'Etc/GMT+5'];
    expect(names.filter(isTimeZone)).toEqual(names);
    expect(['', 'Berlin', 'Europe/Nowhere', '+02:00', '-05', 'Europe/Berlin ', '__proto__'].filter(isTimeZone)).toEqual(
      [],
    );
  });
});

describe('the window of a limit', () => {
  it('per day and month is that of UTC where no other zone is set', () => {
    expect(window('DAY', 'UTC', '2025-01-16T23:59:59.999Z')).toEqual([
      '2025-01-16T00:00:00.000Z',
      '2025-01-17T00:00:00.000Z',
    ]);
    expect(window('DAY', 'UTC', '2025-01-17T00:00:00.000Z')[0]).toBe('2025-01-17T00:00:00.000Z');
    expect(window('DAY', 'UTC', '1969-12-31T23:00:00.000Z')).toEqual([
      '1969-12-31T00:00:00.000Z',
      '1970-01-01T00:00:00.000Z',
    ]);
    expect(window('MONTH', 'UTC', '2024-02-29T12:00:00.000Z')).toEqual([
      '2024-02-01T00:00:00.000Z',
      '2024-03-01T00:00:00.000Z',
    ]);
    expect(window('MONTH', 'UTC', '2024-12-31T23:59:59.999Z')[1]).toBe('2025-01-01T00:00:00.000Z');
  });

  it('per day and month is that of the zone', () => {
    expect(window('DAY', 'Europe/Berlin', '2025-01-16T23:00:00.000Z')).toEqual([
      '2025-01-16T23:00:00.000Z',
      '2025-01-17T23:00:00.000Z',
    ]);
    expect(window('DAY', 'Europe/Berlin', '2025-01-16T22:59:59.999Z')[0]).toBe('2025-01-15T23:00:00.000Z');
    expect(window('DAY', 'Asia/Kathmandu', '2025-01-16T18:15:00.000Z')[0]).toBe('2025-01-16T18:15:00.000Z');
    expect(window('MONTH', 'Pacific/Auckland', '2025-01-31T11:00:00.000Z')).toEqual([
      '2025-01-31T11:00:00.000Z',
      '2025-02-28T11:00:00.000Z',
    ]);
    expect(window('MONTH', 'America/Los_Angeles', '2025-03-01T07:59:59.999Z')).toEqual([
      '2025-02-01T08:00:00.000Z',
      '2025-03-01T08:00:00.000Z',
    ]);
  });

  it('per hour is that of UTC in every zone', () => {
    const hour = ['2025-01-16T12:00:00.000Z', '2025-01-16T13:00:00.000Z'];
    expect(window('HOUR', 'UTC', '2025-01-16T12:59:59.999Z')).toEqual(hour);
    expect(window('HOUR', 'Asia/Kathmandu', '2025-01-16T12:00:00.000Z')).toEqual(hour);
  });

  it('is 23 or 25 hours long where the clocks are changed, and a month an hour longer or shorter', () => {
    expect(hoursOf('Europe/Berlin', '2025-03-30T12:00:00.000Z')).toBe(23);
    expect(hoursOf('Europe/Berlin', '2025-10-26T12:00:00.000Z')).toBe(25);
    expect(hoursOf('Europe/Berlin', '2025-10-27T12:00:00.000Z')).toBe(24);
    expect(hoursOf('Australia/Lord_Howe', '2025-04-06T12:00:00.000Z')).toBe(24.5);
    expect(window('MONTH', 'Europe/Berlin', '2025-03-15T00:00:00.000Z')).toEqual([
      '2025-02-28T23:00:00.000Z',
      '2025-03-31T22:00:00.000Z',
    ]);
  });

  it('begins with the first instant that clocks show which skip midnight, or show it twice', () => {
    // At midnight the clocks of Beirut are put to one.
    expect(window('DAY', 'Asia/Beirut', '2024-03-31T12:00:00.000Z')).toEqual([
      '2024-03-30T22:00:00.000Z',
      '2024-03-31T21:00:00.000Z',
    ]);
    // At one those of Havana are put to midnight.
    expect(window('DAY', 'America/Havana', '2024-11-03T12:00:00.000Z')).toEqual([
      '2024-11-03T04:00:00.000Z',
      '2024-11-04T05:00:00.000Z',
    ]);
    // At midnight those of São Paulo were put to eleven.
    expect(window('DAY', 'America/Sao_Paulo', '2018-02-17T12:00:00.000Z')).toEqual([
      '2018-02-17T02:00:00.000Z',
      '2018-02-18T03:00:00.000Z',
    ]);
    // Half an hour before midnight those of Toronto were put to half an hour after it.
    expect(window('DAY', 'America/Toronto', '1919-03-31T12:00:00.000Z')).toEqual([
      '1919-03-31T04:30:00.000Z',
      '1919-04-01T04:00:00.000Z',
    ]);
    // The islands crossed the date line, without 30 December.
    expect(window('DAY', 'Pacific/Apia', '2011-12-30T09:59:59.999Z')[1]).toBe('2011-12-30T10:00:00.000Z');
    expect(window('DAY', 'Pacific/Apia', '2011-12-30T10:00:00.000Z')).toEqual([
      '2011-12-30T10:00:00.000Z',
      '2011-12-31T10:00:00.000Z',
    ]);
  });

  it('does not come again where clocks are put back across midnight', () => {
    // A minute after midnight those of St. John’s were put back to a minute after eleven.
    const next = ['2010-11-07T02:30:00.000Z', '2010-11-08T03:30:00.000Z'];
    expect(window('DAY', 'America/St_Johns', '2010-11-07T02:30:00.000Z')).toEqual(next);
    expect(window('DAY', 'America/St_Johns', '2010-11-07T02:29:59.999Z')[1]).toBe(next[0]);
    // The window before is the last that was looked up: this one is not remembered.
    expect(window('DAY', 'America/St_Johns', '2010-11-07T03:00:00.000Z')).toEqual(next);
  });

  it.each([
    'Europe/Berlin',
    'America/St_Johns',
    'America/Sao_Paulo',
    'Asia/Beirut',
    'Australia/Lord_Howe',
    'Pacific/Apia',
    'Africa/Casablanca',
    'America/Havana',
  ])('holds every instant once in %s', (zone) => {
    const wrong: string[] = [];
    for (let now = at('2009-12-30T23:59:59.999Z'); now < at('2012-03-01T00:00:00.000Z'); now += 41 * HOUR_MS) {
      for (const per of ['DAY', 'MONTH'] as const) {
        const { startsAt, endsAt } = windowAt(per, zone, now);
        const next = windowAt(per, zone, endsAt);
        const isSound =
          startsAt <= now &&
          now < endsAt &&
          next.startsAt === endsAt &&
          windowAt(per, zone, startsAt).endsAt === endsAt &&
          windowAt(per, zone, endsAt - 1).startsAt === startsAt;
        if (!isSound) wrong.push(`${per} ${iso(now)}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('is right before the year 1, and has the milliseconds of the clocks', () => {
    const [start, end] = window('DAY', 'Etc/GMT-2', '-000001-03-01T12:00:00.500Z');
    expect([start, end]).toEqual(['-000001-02-28T22:00:00.000Z', '-000001-03-01T22:00:00.000Z']);
    expect(windowAt('DAY', 'Etc/GMT-2', -1)).toEqual({ startsAt: -2 * HOUR_MS, endsAt: DAY_MS - 2 * HOUR_MS });
  });
});

it('a month is named as the zone’s clocks show it', () => {
  expect(monthNameAt('UTC', at('2025-01-31T23:59:59.999Z'))).toBe('2025-01');
  expect(monthNameAt('Europe/Berlin', at('2025-01-31T23:00:00.000Z'))).toBe('2025-02');
  expect(monthNameAt('America/Los_Angeles', at('2025-01-01T00:00:00.000Z'))).toBe('2024-12');
});
