import { describe, expect, it } from 'vitest';
import { planId } from '../../../../src/domain/ids.js';
import type { LimitClaim } from '../../../../src/domain/wallet.js';
import { drawAt, noteDraw } from '../../../../src/paywall/gate/draw.js';
import { creditsOf, limitUnitsOf } from '../../../../src/paywall/settle/chargedField.js';
import type { Draw, Path } from '../../../../src/paywall/gate/draw.js';

const pathOf = (key: string | number): Path => ({ prev: undefined, key, typename: 'Query' });
const window = { startsAt: Date.UTC(2026, 0, 1), endsAt: Date.UTC(2026, 0, 2) };
const draws: LimitClaim = { key: 'cities', window, units: 5, limit: 5 };
const COVERED: Draw['decision'] = { outcome: 'covered', planId: planId('pro'), draws };
const UNLIMITED: Draw['decision'] = { outcome: 'covered', planId: planId('pro'), draws: null };
const SPLIT: Draw['decision'] = { outcome: 'split', planId: planId('pro'), draws, credits: 6 };
const PAID: Draw['decision'] = { outcome: 'paid', credits: 16 };

const drawn = (decision: Draw['decision'], usedUnits: number): Draw => ({
  path: pathOf('city'),
  order: 1,
  paid: { coordinate: 'Query.city', feature: 'cities', cost: 2, multipliers: [], chargeEmpty: false },
  decision,
  quotedUnits: 8,
  usedUnits,
});

it('a draw is found at its own path, and not at another one that looks like it', () => {
  const draw = drawn(PAID, 8);
  noteDraw(draw);
  expect(drawAt(draw.path)).toBe(draw);
  expect(drawAt(pathOf('city'))).toBeUndefined();
});

describe('what a delivered position costs', () => {
  it.each([
    ['covered: nothing', COVERED, 5, 0],
    ['paid: what was quoted', PAID, 8, 16],
    ['paid, and less was used: what was used', PAID, 3, 6],
    ['paid, and nothing was used: nothing', PAID, 0, 0],
    ['split: the units beyond the limit', SPLIT, 8, 6],
    ['split, and no more was used than the limit has: nothing', SPLIT, 5, 0],
    ['split, and less was used than the limit has: nothing', SPLIT, 2, 0],
  ] as const)('%s', (_name, decision, used, credits) => {
    expect(creditsOf(drawn(decision, used))).toBe(credits);
  });
});

describe('what a delivered position takes of a limit', () => {
  it.each([
    ['paid: none of it', PAID, 8, null],
    ['covered without a limit: none of it', UNLIMITED, 8, null],
    ['covered: what was used', COVERED, 3, 3],
    ['split: all that the limit has, before credits pay', SPLIT, 8, 5],
    ['split, and less was used: what was used', SPLIT, 2, 2],
  ] as const)('%s', (_name, decision, used, units) => {
    const taken = units === null ? null : { key: 'cities', window, units };
    expect(limitUnitsOf(drawn(decision, used))).toEqual(taken);
  });
});
