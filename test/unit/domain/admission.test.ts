import { describe, expect, it } from 'vitest';
import { barredBy, decide } from '../../../src/domain/admission.js';
import { limitKey } from '../../../src/domain/wallet.js';
import { meansAfter } from '../../../src/domain/demand.js';
import type { Decision, Means, Requirement } from '../../../src/domain/admission.js';
import { planId } from '../../../src/domain/ids.js';
import { InvariantError } from '../../../src/domain/invariant.js';
import type { Plan } from '../../../src/domain/plan.js';
import type { Subscription } from '../../../src/domain/subscription.js';
import type { Counter } from '../../../src/domain/wallet.js';
import { allowance, at, DAY_MS, means, NOW, plan, requirement, standing, subscription } from '../../support/domain.js';

const CREDITS_MAX = 2 ** 53 - 1;
const DAY = { startsAt: at('2025-01-16T00:00:00.000Z'), endsAt: at('2025-01-17T00:00:00.000Z') };
const JANUARY = { startsAt: at('2025-01-01T00:00:00.000Z'), endsAt: at('2025-02-01T00:00:00.000Z') };

const perDay = (units: number, whenExhausted: 'REFUSE' | 'CREDITS' = 'REFUSE') =>
  plan({ features: [allowance('search', { limit: { units, per: 'DAY' }, whenExhausted })] });
const usedToday = (used: number): Counter => ({ key: 'search:DAY', window: DAY, used });

const decideWith = (has: Partial<Means>, cost: number | null = null, units = 1): Decision =>
  decide(requirement({ cost }), units, standing({ means: means(has) }), NOW);
const subscribed = (to: Plan = plan(), changes: Partial<Subscription> = {}) => ({
  subscription: subscription(changes),
  plan: to,
});

/** A refusal without figures, but for those that are given. */
const refused = (changes: object): Decision => ({
  outcome: 'refused',
  refusal: {
    reason: 'SUBSCRIPTION_REQUIRED',
    coordinate: 'Query.search',
    feature: 'search',
    required: null,
    available: null,
    plans: [],
    resetAt: null,
    retryable: false,
    ...changes,
  },
});

describe('a field that a plan covers', () => {
  it('is covered without a limit, and costs nothing', () => {
    expect(decideWith({ ...subscribed(), credits: 100 }, 5)).toEqual({
      outcome: 'covered',
      planId: 'pro',
      draws: null,
    });
  });

  it('is covered under every plan if it names no feature', () => {
    const anyPlan: Requirement = { coordinate: 'Query.any', feature: null, cost: null };
    const caller = standing({ means: means(subscribed(plan({ features: [] }))) });
    expect(decide(anyPlan, 1, caller, NOW)).toEqual({ outcome: 'covered', planId: 'pro', draws: null });
  });

  it.each(['DAY', 'HOUR', 'BILLING_PERIOD'] as const)(
    'draws on its limit in the window that now lies in (%s)',
    (per) => {
      const windows = {
        DAY,
        HOUR: { startsAt: at('2025-01-16T12:00:00.000Z'), endsAt: at('2025-01-16T13:00:00.000Z') },
        BILLING_PERIOD: JANUARY,
      };
      const limited = plan({ features: [allowance('search', { limit: { units: 10, per } })] });
      expect(decideWith(subscribed(limited), null, 3)).toEqual({
        outcome: 'covered',
        planId: 'pro',
        draws: { key: `search:${per}`, window: windows[per], units: 3, limit: 10 },
      });
      expect(limitKey('search', per)).toBe(`search:${per}`);
    },
  );

  it('draws on one window for the whole of a trial', () => {
    const limited = plan({ features: [allowance('search', { limit: { units: 10, per: 'BILLING_PERIOD' } })] });
    const trialEndsAt = JANUARY.startsAt + 40 * DAY_MS;
    expect(decideWith(subscribed(limited, { trialEndsAt, paidUntil: trialEndsAt }))).toMatchObject({
      draws: { window: { startsAt: JANUARY.startsAt, endsAt: trialEndsAt } },
    });
  });

  it('may use a limit up to the last unit, and is not covered by what is left of it', () => {
    const has = { ...subscribed(perDay(10)), counters: [usedToday(7)] };
    expect(decideWith(has, null, 3).outcome).toBe('covered');
    expect(decideWith(has, null, 4).outcome).toBe('refused');
  });

  it('is not counted by what was used in another window, or of another limit', () => {
    const yesterday = { startsAt: DAY.startsAt - DAY_MS, endsAt: DAY.startsAt };
    const counters = [
      { key: 'search:DAY', window: yesterday, used: 10 },
      { key: 'cities:DAY', window: DAY, used: 10 },
      { key: 'search:HOUR', window: DAY, used: 10 },
    ];
    expect(decideWith({ ...subscribed(perDay(10)), counters }, null, 10).outcome).toBe('covered');
  });

  it('asks for a unit of its limit where it has none itself, and draws nothing', () => {
    const has = (used: number) => ({ ...subscribed(perDay(10)), counters: [usedToday(used)] });
    expect(decideWith(has(9), null, 0)).toEqual({ outcome: 'covered', planId: 'pro', draws: null });
    expect(decideWith(has(10), null, 0)).toMatchObject({ refusal: { reason: 'LIMIT_REACHED', required: 1 } });
    expect(decideWith(subscribed(), null, 0)).toEqual({ outcome: 'covered', planId: 'pro', draws: null });
  });

  it.each([
    ['in a trial', { trialEndsAt: NOW + 1 }, 'covered'],
    ['at the last millisecond paid for', { paidUntil: NOW + 1 }, 'covered'],
    ['with a failure of what is paid for', { paymentFailure: { failedAt: 0, cause: 'OTHER' } }, 'covered'],
    ['in grace', { paidUntil: NOW - 7 * DAY_MS + 1, paymentFailure: { failedAt: NOW, cause: 'OTHER' } }, 'covered'],
    ['in grace, whose renewal has not come yet', { paidUntil: NOW - 7 * DAY_MS + 1 }, 'covered'],
    ['when grace is over', { paidUntil: NOW - 7 * DAY_MS }, 'refused'],
    ['until it is canceled', { cancelsAt: NOW + 1 }, 'covered'],
    ['when it is canceled', { cancelsAt: NOW }, 'refused'],
    ['before it begins', { startsAt: NOW + 1 }, 'refused'],
    ['from its beginning', { startsAt: NOW }, 'covered'],
  ] as const)('%s: follows the subscription’s state', (_name, changes, outcome) => {
    expect(decideWith(subscribed(plan(), changes)).outcome).toBe(outcome);
  });
});

describe('a field that no plan covers', () => {
  it('is paid with credits to the last one', () => {
    expect(decideWith({ credits: 15 }, 5, 3)).toEqual({ outcome: 'paid', credits: 15 });
    expect(decideWith({ credits: 14 }, 5, 3).outcome).toBe('refused');
  });

  it('is paid with nothing where it costs nothing', () => {
    expect(decideWith({}, 0, 7)).toEqual({ outcome: 'paid', credits: 0 });
    expect(decideWith({}, 0, 0)).toEqual({ outcome: 'paid', credits: 0 });
  });

  it('of no unit asks for the means of one, and takes none of them', () => {
    expect(decideWith({ credits: 7 }, 7, 0)).toEqual({ outcome: 'paid', credits: 0 });
    expect(decideWith({ credits: 6 }, 7, 0)).toEqual(
      refused({ reason: 'INSUFFICIENT_FUNDS', required: 7, available: 6 }),
    );
    expect(decideWith({ credits: 100 }, null, 0)).toEqual(refused({ reason: 'SUBSCRIPTION_REQUIRED' }));
  });

  it.each([
    ['another feature’s plan', subscribed(plan({ features: [] }))],
    ['a subscription that has expired', subscribed(plan({ graceDays: 0 }), { paidUntil: NOW })],
    [
      'a subscription that is unpaid',
      subscribed(plan(), { paidUntil: 0, paymentFailure: { failedAt: 0, cause: 'OTHER' } }),
    ],
  ])('is paid with credits beside %s', (_name, has) => {
    expect(decideWith({ ...has, credits: 5 }, 5)).toEqual({ outcome: 'paid', credits: 5 });
  });

  it('is never paid at a price beyond 2^53 - 1, however much there is', () => {
    expect(decideWith({ credits: CREDITS_MAX }, CREDITS_MAX)).toEqual({ outcome: 'paid', credits: CREDITS_MAX });
    expect(decideWith({ credits: CREDITS_MAX }, CREDITS_MAX, 2)).toEqual(
      refused({ reason: 'INSUFFICIENT_FUNDS', required: null, available: CREDITS_MAX }),
    );
  });

  it.each([-1, 0.5, NaN, Infinity, 2 ** 53])('is no matter of %s units: the caller has a bug', (units) => {
    expect(() => decideWith({ credits: 10 }, 5, units)).toThrow(InvariantError);
    expect(() => decideWith({ credits: 10 }, 5, units)).toThrow(`Query.search was priced with ${units} units`);
  });
});

describe('a limit that is used up', () => {
  const has = (whenExhausted: 'REFUSE' | 'CREDITS', credits: number): Partial<Means> => ({
    ...subscribed(perDay(10, whenExhausted)),
    counters: [usedToday(8)],
    credits,
  });
  const limitReached = refused({
    reason: 'LIMIT_REACHED',
    required: 3,
    available: 2,
    resetAt: DAY.endsAt,
    retryable: true,
  });

  it('covers what is left of it where the plan says so, and credits pay for the other units', () => {
    const draws = { key: 'search:DAY', window: DAY, units: 2, limit: 10 };
    expect(decideWith(has('CREDITS', 5), 5, 3)).toEqual({ outcome: 'split', planId: 'pro', draws, credits: 5 });
    expect(decideWith(has('CREDITS', 0), 0, 3)).toEqual({ outcome: 'split', planId: 'pro', draws, credits: 0 });
  });

  it('is taken over by credits where nothing is left of it', () => {
    const nothingLeft = { ...has('CREDITS', 15), counters: [usedToday(10)] };
    expect(decideWith(nothingLeft, 5, 3)).toEqual({ outcome: 'paid', credits: 15 });
    expect(decideWith(nothingLeft, 5, 0)).toEqual({ outcome: 'paid', credits: 0 });
  });

  it('refuses where credits don’t suffice for the rest, with the limit’s figures', () => {
    expect(decideWith(has('CREDITS', 4), 5, 3)).toEqual(limitReached);
  });

  it('refuses where the field can’t be bought, or the plan does not let credits take over', () => {
    expect(decideWith(has('CREDITS', 100), null, 3)).toEqual(limitReached);
    expect(decideWith(has('REFUSE', 100), 5, 3)).toEqual(limitReached);
  });

  it('can’t be waited for by what is more than the whole limit', () => {
    expect(decideWith(has('REFUSE', 0), null, 10)).toMatchObject({ refusal: { retryable: true } });
    expect(decideWith(has('REFUSE', 0), null, 11)).toMatchObject({ refusal: { retryable: false, required: 11 } });
  });

  it('that was lowered below what is used has nothing left, not less', () => {
    expect(decideWith({ ...subscribed(perDay(5)), counters: [usedToday(8)] })).toMatchObject({
      refusal: { reason: 'LIMIT_REACHED', available: 0 },
    });
  });
});

describe('a refusal', () => {
  it('tells what is wrong with key, authorisation and rate, and nothing of means', () => {
    const refusalOf = (changes: Parameters<typeof standing>[0]) =>
      decide(requirement({ cost: 5 }), 1, standing({ means: means({ offers: [plan()] }), ...changes }), NOW);
    expect(refusalOf({ key: 'MISSING' })).toEqual(refused({ reason: 'KEY_REQUIRED' }));
    expect(refusalOf({ key: 'UNKNOWN' })).toEqual(refused({ reason: 'KEY_UNKNOWN' }));
    expect(refusalOf({ key: 'EXPIRED' })).toEqual(refused({ reason: 'KEY_EXPIRED' }));
    expect(refusalOf({ key: 'REVOKED' })).toEqual(refused({ reason: 'KEY_REVOKED' }));
    expect(refusalOf({ suspended: true, rateLimitedUntil: NOW + 5 })).toEqual(refused({ reason: 'ACCOUNT_SUSPENDED' }));
    expect(refusalOf({ scopes: ['cities'] })).toEqual(refused({ reason: 'SCOPE_MISSING' }));
    expect(refusalOf({ rateLimitedUntil: NOW + 5 })).toEqual(
      refused({ reason: 'RATE_LIMITED', resetAt: NOW + 5, retryable: true }),
    );
    const unavailable = refused({ reason: 'STORE_UNAVAILABLE', retryable: true });
    expect(refusalOf({ means: null })).toEqual(unavailable);
    expect(refusalOf({ key: 'UNVERIFIED' })).toEqual(unavailable);
    expect(refusalOf({ key: 'UNVERIFIED', suspended: true })).toEqual(refused({ reason: 'ACCOUNT_SUSPENDED' }));
  });

  it('for too many requests ends with the wait', () => {
    const caller = standing({ rateLimitedUntil: NOW, means: means(subscribed()) });
    expect(decide(requirement(), 1, caller, NOW).outcome).toBe('covered');
  });

  it('is never "pay" where the plan of a subscription could not be found, even with credits', () => {
    const has = { subscription: subscription(), plan: null, credits: 100 };
    expect(decideWith(has, 5)).toEqual(refused({ reason: 'STORE_UNAVAILABLE', retryable: true }));
  });

  const lapsed = { paidUntil: NOW - 7 * DAY_MS };
  const unpaid = (cause: 'CARD_EXPIRED' | 'OTHER') => ({
    paidUntil: NOW - 8 * DAY_MS,
    paymentFailure: { failedAt: NOW - 2, cause },
  });
  it.each<[string, Partial<Means>, object]>([
    ['nobody has subscribed', {}, { reason: 'SUBSCRIPTION_REQUIRED' }],
    ['a subscription has not begun', subscribed(plan(), { startsAt: NOW + 1 }), { reason: 'SUBSCRIPTION_REQUIRED' }],
    [
      'a subscription was canceled before it began',
      subscribed(plan(), { startsAt: NOW - 1, cancelsAt: NOW - 1 }),
      { reason: 'SUBSCRIPTION_REQUIRED' },
    ],
    [
      'one that did not cover it has ended',
      subscribed(plan({ features: [] }), lapsed),
      { reason: 'SUBSCRIPTION_REQUIRED' },
    ],
    ['one that covered it has expired', subscribed(plan(), lapsed), { reason: 'SUBSCRIPTION_EXPIRED' }],
    [
      'a trial that covered it is over',
      subscribed(plan({ graceDays: 0 }), { trialEndsAt: NOW, paidUntil: NOW }),
      { reason: 'SUBSCRIPTION_EXPIRED' },
    ],
    ['one that covered it was canceled', subscribed(plan(), { cancelsAt: NOW }), { reason: 'SUBSCRIPTION_EXPIRED' }],
    ['the plan lacks the feature', subscribed(plan({ features: [] })), { reason: 'PLAN_UPGRADE_REQUIRED' }],
    ['the card has expired', subscribed(plan(), unpaid('CARD_EXPIRED')), { reason: 'PAYMENT_METHOD_EXPIRED' }],
    ['a payment failed', subscribed(plan(), unpaid('OTHER')), { reason: 'PAYMENT_FAILED' }],
  ])('where %s has no figures if credits can’t buy it', (_name, has, figures) => {
    expect(decideWith({ ...has, credits: 100 })).toEqual(refused(figures));
  });

  it('tells credits that operations under way hold from those that are not there, and can be tried again', () => {
    const figures = { required: 15, available: 4 };
    expect(decideWith({ credits: 4, held: 11 }, 5, 3)).toEqual(
      refused({ reason: 'INSUFFICIENT_FUNDS', ...figures, held: 11, retryable: true }),
    );
    expect(decideWith({ ...subscribed(plan(), lapsed), credits: 4, held: 11 }, 5, 3)).toEqual(
      refused({ reason: 'SUBSCRIPTION_EXPIRED', ...figures, held: 11, retryable: true }),
    );
    expect(decideWith({ credits: 4, held: 10 }, 5, 3)).toEqual(refused({ reason: 'INSUFFICIENT_FUNDS', ...figures }));
    expect(decideWith({ credits: CREDITS_MAX, held: 5 }, CREDITS_MAX, 2)).toEqual(
      refused({ reason: 'INSUFFICIENT_FUNDS', required: null, available: CREDITS_MAX }),
    );
  });

  it('has the price and the balance where credits could buy it', () => {
    const figures = { required: 15, available: 14 };
    expect(decideWith({ credits: 14 }, 5, 3)).toEqual(refused({ reason: 'INSUFFICIENT_FUNDS', ...figures }));
    expect(decideWith({ ...subscribed(plan(), lapsed), credits: 14 }, 5, 3)).toEqual(
      refused({ reason: 'SUBSCRIPTION_EXPIRED', ...figures }),
    );
    expect(decideWith({ ...subscribed(plan(), unpaid('OTHER')), credits: 14 }, 5, 3)).toEqual(
      refused({ reason: 'PAYMENT_FAILED', ...figures }),
    );
  });
});

describe('a key with scopes', () => {
  const ask = (scopes: readonly string[], feature: string | null = 'search') =>
    decide(requirement({ feature, cost: 1 }), 1, standing({ scopes, means: means({ credits: 5 }) }), NOW);
  const missing = (feature: string | null) => refused({ reason: 'SCOPE_MISSING', feature });

  it('may ask for the features and the coordinates that they name', () => {
    expect(ask(['cities', 'search'])).toEqual({ outcome: 'paid', credits: 1 });
    expect(ask(['Query.search'])).toEqual({ outcome: 'paid', credits: 1 });
    expect(ask(['Query.search'], null)).toEqual({ outcome: 'paid', credits: 1 });
  });

  it('may ask for nothing else that is paid, be it of no feature, and for nothing at all where they name nothing', () => {
    expect(ask(['cities', 'Query.cities'])).toEqual(missing('search'));
    expect(ask([])).toEqual(missing('search'));
    expect(ask(['search'], null)).toEqual(missing(null));
    expect(ask([], null)).toEqual(missing(null));
  });

  it('is not barred from what asks for no paid field', () => {
    expect(barredBy(null, standing({ scopes: [] }), NOW)).toBeNull();
  });
});

describe('the plans that a refusal names', () => {
  const offer = (id: string, amountMinor: number, features: Plan['features'], changes: Partial<Plan> = {}) =>
    plan({ id: planId(id), price: { amountMinor, currency: 'EUR' }, features, ...changes });
  const limitedTo = (units: number, per: 'DAY' | 'BILLING_PERIOD' = 'DAY') => [
    allowance('search', { limit: { units, per } }),
  ];
  const plansFor = (has: Partial<Means>, units = 1, cost: number | null = null): readonly string[] => {
    const decision = decideWith(has, cost, units);
    return decision.outcome === 'refused' ? decision.refusal.plans : ['admitted'];
  };
  const offers = [
    offer('unlimited', 900, [allowance('search')]),
    offer('other', 100, [allowance('cities')]),
    offer('small', 200, limitedTo(10)),
    offer('large', 500, limitedTo(20)),
    offer('draft', 1, [allowance('search')], { status: 'DRAFT' }),
  ];

  it('cover the feature, cheapest first', () => {
    expect(plansFor({ offers })).toEqual(['small', 'large', 'unlimited']);
    expect(plansFor({ offers }, 1, 5)).toEqual(['small', 'large', 'unlimited']);
  });

  it('cover as many units as are asked for', () => {
    expect(plansFor({ offers }, 20)).toEqual(['large', 'unlimited']);
    expect(plansFor({ offers }, 21)).toEqual(['unlimited']);
  });

  it('cover it with what is used already', () => {
    const has = { ...subscribed(perDay(10)), counters: [usedToday(10)], offers };
    expect(plansFor(has, 10)).toEqual(['large', 'unlimited']);
    expect(plansFor(has, 11)).toEqual(['unlimited']);
    expect(plansFor({ ...has, counters: [usedToday(8)] }, 3)).toEqual(['large', 'unlimited']);
    const monthly = [offer('monthly', 1, limitedTo(11, 'BILLING_PERIOD'))];
    expect(plansFor({ ...has, offers: monthly }, 11)).toEqual(['monthly']);
    const used = [usedToday(10), { key: 'search:BILLING_PERIOD', window: JANUARY, used: 1 }];
    expect(plansFor({ ...has, offers: monthly, counters: used }, 11)).toEqual([]);
  });

  it('may be the very plan that a subscription is to, where that would cover it again', () => {
    const has = { ...subscribed(plan({ graceDays: 0 }), { paidUntil: NOW }), offers: [plan()] };
    expect(plansFor(has)).toEqual(['pro']);
  });

  it('begin their billing period now for an account without a subscription', () => {
    const counters = [{ key: 'search:BILLING_PERIOD', window: JANUARY, used: 10 }];
    expect(plansFor({ offers: [offer('monthly', 1, limitedTo(10, 'BILLING_PERIOD'))], counters }, 10)).toEqual([
      'monthly',
    ]);
  });
});

describe('several positions are decided in order, each on what the ones before left', () => {
  it('credits go to those that come first', () => {
    let left = means({ credits: 10 });
    const outcomes: string[] = [];
    for (const units of [4, 7, 5, 1, 1]) {
      const decision = decide(requirement({ cost: 1 }), units, standing({ means: left }), NOW);
      outcomes.push(decision.outcome);
      left = meansAfter(left, decision);
    }
    expect(outcomes).toEqual(['paid', 'refused', 'paid', 'paid', 'refused']);
    expect(left).toEqual(means());
  });

  it('limits are drawn on to the last unit, then credits take over', () => {
    let left: Means = { ...means({ credits: 3 }), ...subscribed(perDay(3, 'CREDITS')) };
    const outcomes: string[] = [];
    for (let position = 0; position < 4; position += 1) {
      const decision = decide(requirement({ cost: 1 }), 2, standing({ means: left }), NOW);
      outcomes.push(decision.outcome);
      left = meansAfter(left, decision);
    }
    expect(outcomes).toEqual(['covered', 'split', 'paid', 'refused']);
    expect(left).toEqual({ ...means(), ...subscribed(perDay(3, 'CREDITS')), counters: [usedToday(3)] });
  });

  it('what draws nothing, or is refused, changes nothing', () => {
    const has = { ...means(), ...subscribed() };
    expect(meansAfter(has, { outcome: 'covered', planId: planId('pro'), draws: null })).toBe(has);
    expect(meansAfter(has, decideWith({}))).toBe(has);
    const impossible: unknown = { outcome: 'new' };
    expect(() => meansAfter(has, impossible as Decision)).toThrow(InvariantError);
  });
});
