/**
 * What a balance is counted in: whole numbers from 0 to 2^53 - 1, the range in which a double is exact.
 * Nothing here rounds: a result outside the range is `null`, and the caller says so.
 */
export const CREDITS_MAX = Number.MAX_SAFE_INTEGER;

export const isCredits = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** `a + b`, or `null` where the sum is more than `CREDITS_MAX`. Both are credits. */
export const addCredits = (a: number, b: number): number | null => (a > CREDITS_MAX - b ? null : a + b);
