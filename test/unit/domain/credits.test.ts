import { describe, expect, it } from 'vitest';
import { priceOf } from '../../../src/domain/admission.js';
import { addCredits, CREDITS_MAX, isCredits } from '../../../src/domain/credits.js';

describe('credits', () => {
  it('are whole numbers from 0 to 2^53 - 1', () => {
    expect(CREDITS_MAX).toBe(9_007_199_254_740_991);
    expect([0, 1, CREDITS_MAX].map(isCredits)).toEqual([true, true, true]);
  });

  it.each([-1, 0.5, 2 ** 53, 2 ** 53 + 2, 1e300, NaN, Infinity, -Infinity, '1', 1n, true, null, undefined, {}, [1]])(
    'are never %s',
    (value) => expect(isCredits(value)).toBe(false),
  );

  it('are added exactly, or not at all', () => {
    expect(addCredits(0, 0)).toBe(0);
    expect(addCredits(CREDITS_MAX - 1, 1)).toBe(CREDITS_MAX);
    expect(addCredits(CREDITS_MAX, 0)).toBe(CREDITS_MAX);
    expect(addCredits(CREDITS_MAX, 1)).toBeNull();
    expect(addCredits(1, CREDITS_MAX)).toBeNull();
    expect(addCredits(CREDITS_MAX, CREDITS_MAX)).toBeNull();
  });

  it('are multiplied exactly, or not at all', () => {
    expect(priceOf(0, CREDITS_MAX)).toBe(0);
    expect(priceOf(3, 7)).toBe(21);
    expect(priceOf(1, CREDITS_MAX)).toBe(CREDITS_MAX);
    expect(priceOf(2, 2 ** 52)).toBeNull();
    // 94906267² is 2^53 + 24,797, odd, and as a double would be rounded.
    expect(priceOf(94_906_267, 94_906_267)).toBeNull();
    expect(priceOf(CREDITS_MAX, CREDITS_MAX)).toBeNull();
  });
});
