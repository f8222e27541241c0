import { describe, expect, it } from 'vitest';
import { priceOfTime, shareOf } from '../../../src/domain/price.js';
import { at, plan } from '../../support/domain.js';

const JAN_1 = at('2025-01-01T00:00:00.000Z');
const FEB_1 = at('2025-02-01T00:00:00.000Z');
const MIDDLE = at('2025-01-16T12:00:00.000Z');
const MAX = 2 ** 53 - 1;
const at1000 = plan({ price: { amountMinor: 1_000, currency: 'EUR' } });

describe('a share', () => {
  it('is rounded down, and exact for the largest amount', () => {
    expect([shareOf(10, 1, 3), shareOf(10, 3, 3), shareOf(0, 1, 3)]).toEqual([3, 10, 0]);
    expect([shareOf(MAX, 1, 2), shareOf(MAX, MAX - 1, MAX)]).toEqual([(MAX - 1) / 2, MAX - 1]);
  });
});

describe('the price of time', () => {
  it('is that of whole periods, and of a part of the first and the last', () => {
    expect(priceOfTime(at1000, JAN_1, JAN_1, FEB_1)).toBe(1_000);
    expect(priceOfTime(at1000, JAN_1, MIDDLE, FEB_1)).toBe(500);
    expect(priceOfTime(at1000, JAN_1, JAN_1, MIDDLE)).toBe(500);
    expect(priceOfTime(at1000, JAN_1, MIDDLE, at('2026-01-16T12:00:00.000Z'))).toBe(12_000);
    expect(priceOfTime(at1000, JAN_1, MIDDLE, at('2025-02-15T00:00:00.000Z'))).toBe(1_000);
    expect(priceOfTime(at1000, JAN_1, MIDDLE, MIDDLE)).toBe(0);
  });

  it('is rounded down once', () => {
    const odd = plan({ price: { amountMinor: 1_001, currency: 'EUR' } });
    expect(priceOfTime(odd, JAN_1, MIDDLE, at('2025-02-15T00:00:00.000Z'))).toBe(1_001);
    expect(priceOfTime(odd, JAN_1, MIDDLE, FEB_1)).toBe(500);
  });

  it('of a year is that of its days', () => {
    const yearly = plan({ interval: 'YEAR', price: { amountMinor: 36_500, currency: 'EUR' } });
    expect(priceOfTime(yearly, JAN_1, FEB_1, at('2025-03-01T00:00:00.000Z'))).toBe(2_800);
  });
});
