import { describe, expect, it } from 'vitest';
import type { Decision } from '../../../src/domain/admission.js';
import {
  addDemands,
  demandOf,
  excessOf,
  isNothing,
  largerDemand,
  meansOf,
  meansWith,
  meansWithout,
  NO_DEMAND,
  repeatsOf,
  standingWithout,
} from '../../../src/domain/demand.js';
import { InvariantError } from '../../../src/domain/invariant.js';
import { allowance, at, claim, means, NOW, plan, PRO, standing, subscription } from '../../support/domain.js';

const paid = (credits: number): Decision => ({ outcome: 'paid', credits });
const covered = (units: number): Decision => ({ outcome: 'covered', planId: PRO, draws: claim(units) });
const split = (units: number, credits: number): Decision => ({
  outcome: 'split',
  planId: PRO,
  draws: claim(units),
  credits,
});
const unlimited: Decision = { outcome: 'covered', planId: PRO, draws: null };
const refused: Decision = {
  outcome: 'refused',
  refusal: {
    reason: 'SUBSCRIPTION_REQUIRED',
    coordinate: 'Query.search',
    feature: null,
    required: null,
    available: null,
    plans: [],
    resetAt: null,
    retryable: false,
  },
};
const other = claim(2, { key: 'other:DAY' });

describe('a demand', () => {
  it('is what so many positions need that are decided alike', () => {
    expect(demandOf(paid(5), 3)).toEqual({ credits: 15, claims: [] });
    expect(demandOf(covered(2), 3)).toEqual({ credits: 0, claims: [claim(6)] });
    expect(demandOf(split(2, 5), 3)).toEqual({ credits: 15, claims: [claim(6)] });
    expect(demandOf(unlimited, 3)).toEqual(NO_DEMAND);
    expect(demandOf(refused, 3)).toEqual({ credits: 0, claims: [] });
    const impossible: unknown = { outcome: 'new' };
    expect(() => demandOf(impossible as Decision, 1)).toThrow(InvariantError);
  });

  it('is nothing without credits and claims', () => {
    expect(isNothing(NO_DEMAND)).toBe(true);
    expect(isNothing({ credits: 1, claims: [] })).toBe(false);
    expect(isNothing({ credits: 0, claims: [claim(0)] })).toBe(false);
  });

  it('of two parts is the sum of both, one claim a limit', () => {
    const [a, b] = [
      { credits: 3, claims: [claim(4), other] },
      { credits: 5, claims: [claim(1), claim(7, { key: 'b:DAY' })] },
    ];
    expect(addDemands(a, b)).toEqual({ credits: 8, claims: [claim(5), other, claim(7, { key: 'b:DAY' })] });
    expect(addDemands(a, NO_DEMAND)).toEqual(a);
    expect(addDemands(NO_DEMAND, a)).toEqual(a);
  });

  it('of two parts of which one will come true is the larger in each', () => {
    const [a, b] = [
      { credits: 3, claims: [claim(4), other] },
      { credits: 5, claims: [claim(1)] },
    ];
    expect(largerDemand(a, b)).toEqual({ credits: 5, claims: [claim(4), other] });
    expect(largerDemand(b, a)).toEqual({ credits: 5, claims: [claim(4), other] });
  });
});

describe('what a demand has beyond another', () => {
  it('is the excess in each, and nothing where there is none', () => {
    const pool = { credits: 3, claims: [claim(4), other] };
    expect(excessOf({ credits: 5, claims: [claim(6), claim(1, { key: 'b:DAY' })] }, pool)).toEqual({
      credits: 2,
      claims: [claim(2), claim(1, { key: 'b:DAY' })],
    });
    expect(excessOf({ credits: 3, claims: [claim(4)] }, pool)).toEqual(NO_DEMAND);
    expect(excessOf(pool, NO_DEMAND)).toEqual(pool);
  });
});

describe('the means', () => {
  const { window } = claim(0);

  it('that a demand leaves are without its credits and units', () => {
    const has = means({ credits: 10, counters: [{ key: 'cities:DAY', window, used: 1 }] });
    expect(meansWithout(has, { credits: 4, claims: [claim(2), other] })).toEqual({
      ...has,
      credits: 6,
      counters: [
        { key: 'cities:DAY', window, used: 3 },
        { key: 'other:DAY', window, used: 2 },
      ],
    });
  });

  it('with what a demand gives back have its credits and units', () => {
    const has = means({ credits: 10, counters: [{ key: 'cities:DAY', window, used: 5 }] });
    expect(meansWith(has, { credits: 4, claims: [claim(2)] })).toEqual({
      ...has,
      credits: 14,
      counters: [{ key: 'cities:DAY', window, used: 3 }],
    });
    expect(meansWith(means({ credits: -9 }), { credits: 4, claims: [] }).credits).toBe(0);
  });

  it('of a demand alone are its credits, and of every limit of the plan what it claims', () => {
    const limited = plan({
      features: [
        allowance('cities', { limit: { units: 10, per: 'DAY' } }),
        allowance('search'),
        allowance('other', { limit: { units: 5, per: 'BILLING_PERIOD' } }),
      ],
    });
    const has = means({ subscription: subscription(), plan: limited, credits: 99, counters: [] });
    const month = { startsAt: at('2025-01-01T00:00:00.000Z'), endsAt: at('2025-02-01T00:00:00.000Z') };
    expect(meansOf(has, { credits: 4, claims: [claim(2)] }, NOW)).toEqual({
      ...has,
      credits: 4,
      counters: [
        { key: 'cities:DAY', window, used: 8 },
        { key: 'other:BILLING_PERIOD', window: month, used: 5 },
      ],
    });
  });

  it('of a demand without a subscription are its credits', () => {
    const has = means({ credits: 99, counters: [{ key: 'cities:DAY', window, used: 1 }] });
    expect(meansOf(has, { credits: 4, claims: [] }, NOW)).toEqual({ ...has, credits: 4, counters: [] });
    const planless = means({ subscription: subscription(), credits: 99 });
    expect(meansOf(planless, { credits: 4, claims: [] }, NOW)).toEqual({ ...planless, credits: 4 });
  });
});

describe('the same decision repeats', () => {
  it('as often as credits suffice, and no more often than is asked', () => {
    expect(repeatsOf(paid(3), 100, means({ credits: 10 }))).toBe(3);
    expect(repeatsOf(paid(3), 2, means({ credits: 10 }))).toBe(2);
    expect(repeatsOf(paid(3), 100, means({ credits: 9 }))).toBe(3);
    expect(repeatsOf(paid(3), 100, means({ credits: 3 }))).toBe(1);
    expect(repeatsOf(paid(0), 100, means())).toBe(100);
  });

  it('exactly at the largest amounts', () => {
    const most = 2 ** 53 - 1;
    expect(repeatsOf(paid(1), most, means({ credits: most }))).toBe(most);
    expect(repeatsOf(paid(2), most, means({ credits: most }))).toBe(2 ** 52 - 1);
    expect(repeatsOf(paid(3), most, means({ credits: most - 1 }))).toBe((most - 1) / 3);
  });

  it('once where it takes what is left of a limit', () => {
    const { window } = claim(0);
    const has = means({ credits: 100, counters: [{ key: 'cities:DAY', window, used: 7 }] });
    expect(repeatsOf(split(3, 5), 100, has)).toBe(1);
  });

  it('as often as the limit suffices', () => {
    const { window } = claim(0);
    const used = (units: number) => means({ counters: [{ key: 'cities:DAY', window, used: units }] });
    expect(repeatsOf(covered(3), 100, means())).toBe(3);
    expect(repeatsOf(covered(3), 100, used(4))).toBe(2);
    expect(repeatsOf(covered(3), 1, used(1))).toBe(1);
    expect(repeatsOf(covered(0), 100, used(10))).toBe(100);
    expect(repeatsOf(unlimited, 100, used(10))).toBe(100);
  });
});

describe('a standing', () => {
  it('without a demand has the means that are left', () => {
    const [has, demand] = [means({ credits: 9 }), { credits: 4, claims: [claim(2)] }];
    expect(standingWithout(standing({ means: has }), demand)).toEqual(standing({ means: meansWithout(has, demand) }));
  });

  it('is the same object where nothing is set aside, or nothing is known of the means', () => {
    const [known, unknown] = [standing({ means: means({ credits: 9 }) }), standing({ means: null })];
    expect(standingWithout(known, NO_DEMAND)).toBe(known);
    expect(standingWithout(unknown, { credits: 4, claims: [] })).toBe(unknown);
  });
});
