import { describe, expect, it } from 'vitest';
import { decide } from '../../../src/domain/admission.js';
import { limitKey } from '../../../src/domain/wallet.js';
import { demandOf, meansAfter, meansOf } from '../../../src/domain/demand.js';
import type { Decision, Means } from '../../../src/domain/admission.js';
import { budgetClaim, isOfBudget } from '../../../src/domain/budget.js';
import type { KeyBudget } from '../../../src/domain/budget.js';
import { planId } from '../../../src/domain/ids.js';
import {
  allowance,
  at,
  claim,
  DAY_MS,
  means,
  NOW,
  plan,
  requirement,
  standing,
  subscription,
} from '../../support/domain.js';

const DAY = { startsAt: at('2025-01-16T00:00:00.000Z'), endsAt: at('2025-01-17T00:00:00.000Z') };
const budget = (credits: number, changes: Partial<KeyBudget> = {}): KeyBudget => ({
  credits,
  per: 'DAY',
  countedAs: 'key-1',
  ...changes,
});
const taken = (units: number, limit: number) => ({ key: 'budget/key-1', window: DAY, units, limit });
const spentToday = (used: number) => ({ key: 'budget/key-1', window: DAY, used });

const pay = (has: Partial<Means>, cost = 5, units = 1): Decision =>
  decide(requirement({ cost }), units, standing({ means: means({ credits: 100, ...has }) }), NOW);
const reached = (changes: object): Decision => ({
  outcome: 'refused',
  refusal: {
    reason: 'KEY_BUDGET_REACHED',
    coordinate: 'Query.search',
    feature: 'search',
    required: 5,
    available: 0,
    plans: [],
    resetAt: DAY.endsAt,
    retryable: true,
    ...changes,
  },
});

describe('the budget of a key', () => {
  it('is counted under a name that no limit has', () => {
    expect(budgetClaim(budget(9), 5, 'UTC', NOW)).toEqual(taken(5, 9));
    expect(isOfBudget(budgetClaim(budget(9, { countedAs: 'a:DAY' }), 1, 'UTC', NOW))).toBe(true);
    expect(isOfBudget({ key: limitKey('budget/key-1', 'DAY') })).toBe(false);
    expect(isOfBudget(claim(1))).toBe(false);
  });

  it.each([
    ['HOUR', 'UTC', '2025-01-16T12:00:00.000Z', '2025-01-16T13:00:00.000Z'],
    ['DAY', 'UTC', '2025-01-16T00:00:00.000Z', '2025-01-17T00:00:00.000Z'],
    ['DAY', 'Asia/Tokyo', '2025-01-15T15:00:00.000Z', '2025-01-16T15:00:00.000Z'],
    ['MONTH', 'America/New_York', '2025-01-01T05:00:00.000Z', '2025-02-01T05:00:00.000Z'],
  ] as const)('per %s in the account’s zone, %s', (per, timeZone, startsAt, endsAt) => {
    expect(budgetClaim(budget(9, { per }), 1, timeZone, NOW).window).toEqual({
      startsAt: at(startsAt),
      endsAt: at(endsAt),
    });
  });

  it('lets a field be paid to its last credit, and no further', () => {
    expect(pay({ budget: budget(5) })).toEqual({ outcome: 'paid', credits: 5, budget: taken(5, 5) });
    expect(pay({ budget: budget(5), counters: [spentToday(1)] })).toEqual(reached({ available: 4 }));
    expect(pay({ budget: budget(4) })).toEqual(reached({ available: 4, retryable: false }));
    expect(pay({ budget: budget(4), counters: [spentToday(9)] })).toEqual(reached({ retryable: false }));
  });

  it('begins anew with its window, and is of its key alone', () => {
    const yesterday = { startsAt: DAY.startsAt - DAY_MS, endsAt: DAY.startsAt };
    const counters = [
      { key: 'budget/key-1', window: yesterday, used: 5 },
      { key: 'budget/key-2', window: DAY, used: 5 },
    ];
    expect(pay({ budget: budget(5), counters })).toMatchObject({ outcome: 'paid' });
  });

  it('is not asked for what a plan covers, and for what costs nothing', () => {
    const covered = { subscription: subscription(), plan: plan(), budget: budget(0) };
    expect(pay(covered)).toEqual({ outcome: 'covered', planId: 'pro', draws: null });
    expect(pay({ budget: budget(0) }, 0)).toEqual({ outcome: 'paid', credits: 0 });
    expect(pay({ budget: budget(5) }, 5, 0)).toEqual({ outcome: 'paid', credits: 0 });
    expect(pay({ budget: budget(0) }, 5, 0)).toEqual(reached({ retryable: false }));
  });

  it('is asked for what credits pay of a limit’s rest', () => {
    const perDay = allowance('search', { limit: { units: 3, per: 'DAY' }, whenExhausted: 'CREDITS' });
    const limited = { subscription: subscription(), plan: plan({ features: [perDay] }) };
    const draws = { key: 'search:DAY', window: DAY, units: 3, limit: 3 };
    const decision = pay({ ...limited, budget: budget(10) }, 5, 5);
    expect(decision).toEqual({ outcome: 'split', planId: 'pro', draws, credits: 10, budget: taken(10, 10) });
    expect(demandOf(decision, 2)).toEqual({
      credits: 20,
      claims: [
        { ...draws, units: 6 },
        { ...taken(20, 10), units: 20 },
      ],
    });
    expect(meansAfter(means({ ...limited, credits: 12, budget: budget(10) }), decision)).toEqual(
      means({
        ...limited,
        credits: 2,
        budget: budget(10),
        counters: [{ key: 'search:DAY', window: DAY, used: 3 }, spentToday(10)],
      }),
    );
    expect(pay({ ...limited, budget: budget(9) }, 5, 5)).toEqual(
      reached({ required: 10, available: 9, retryable: false }),
    );
  });

  it('is no matter where the account could not pay anyway', () => {
    expect(pay({ budget: budget(4), credits: 4 })).toMatchObject({ refusal: { reason: 'INSUFFICIENT_FUNDS' } });
  });

  it('comes after what keeps a plan from covering, and before what an upgrade would mend', () => {
    const unpaid = subscription({ paidUntil: 0, paymentFailure: { failedAt: 0, cause: 'OTHER' } });
    const figures = { required: 5, available: 4, resetAt: DAY.endsAt };
    expect(pay({ subscription: unpaid, plan: plan(), budget: budget(4) })).toMatchObject({
      refusal: { reason: 'PAYMENT_FAILED', ...figures },
    });
    const elsewhere = plan({ features: [] });
    expect(pay({ subscription: subscription(), plan: elsewhere, budget: budget(4) })).toMatchObject({
      refusal: { reason: 'KEY_BUDGET_REACHED', ...figures },
    });
  });

  it('names the plans that would cover the field without spending', () => {
    const offer = plan({ id: planId('flat') });
    expect(pay({ budget: budget(4), offers: [offer] })).toMatchObject({ refusal: { plans: ['flat'] } });
  });

  it('tells what operations under way hold of it from what is spent', () => {
    const has = { budget: budget(9), counters: [spentToday(9)] };
    const holding = (units: number) => ({ ...has, holds: [{ units: [claim(3), taken(units, 9)] }] });
    expect(pay(holding(5))).toEqual(reached({ held: 5 }));
    expect(pay(holding(4))).toEqual(reached({}));
  });

  it('of what a hold has set aside is what it claims, without a plan too', () => {
    const has = means({ credits: 100, budget: budget(50), counters: [spentToday(20)] });
    const left = meansOf(has, { credits: 10, claims: [taken(10, 50)] }, NOW);
    expect(left).toEqual(means({ credits: 10, budget: budget(50), counters: [spentToday(40)] }));
    expect(decide(requirement({ cost: 5 }), 2, standing({ means: left }), NOW).outcome).toBe('paid');
    expect(decide(requirement({ cost: 5 }), 3, standing({ means: left }), NOW).outcome).toBe('refused');
  });
});

describe('units of a limit', () => {
  it('that operations under way hold are told from those that are used up', () => {
    const limited = plan({ features: [allowance('search', { limit: { units: 10, per: 'DAY' } })] });
    const has = {
      subscription: subscription(),
      plan: limited,
      counters: [{ key: 'search:DAY', window: DAY, used: 10 }],
    };
    const holding = (units: number) => ({ ...has, holds: [{ units: [claim(units, { key: 'search:DAY' })] }] });
    expect(pay(holding(5), 5, 5)).toMatchObject({ refusal: { reason: 'LIMIT_REACHED', available: 0, held: 5 } });
    const used = pay(holding(4), 5, 5);
    expect(used).toMatchObject({ refusal: { reason: 'LIMIT_REACHED', available: 0 } });
    expect(used).not.toHaveProperty('refusal.held');
  });
});
