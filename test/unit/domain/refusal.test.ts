/** The refusal table of the design: every reason in order of precedence, and what is answered where two apply. */
import { describe, expect, it } from 'vitest';
import { keyStateAt } from '../../../src/domain/account.js';
import { decide } from '../../../src/domain/admission.js';
import type { Means, Requirement, Standing } from '../../../src/domain/admission.js';
import { REASONS, REFUSAL_CAUSES, REFUSAL_REASONS, firstOf, precedes } from '../../../src/domain/refusal.js';
import type { Refusal, RefusalReason } from '../../../src/domain/refusal.js';
import {
  allowance,
  apiKey,
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

const table = [
  ['KEY_REQUIRED', 'USE_VALID_KEY', 'UNAUTHENTICATED', 'incorrect-api-key'],
  ['KEY_UNKNOWN', 'USE_VALID_KEY', 'UNAUTHENTICATED', 'incorrect-api-key'],
  ['KEY_EXPIRED', 'USE_VALID_KEY', 'UNAUTHENTICATED', 'incorrect-api-key'],
  ['KEY_REVOKED', 'USE_VALID_KEY', 'UNAUTHENTICATED', 'incorrect-api-key'],
  ['ACCOUNT_SUSPENDED', 'CONTACT_SUPPORT', 'FORBIDDEN', 'unauthorised-access'],
  ['SCOPE_MISSING', 'CONTACT_SUPPORT', 'FORBIDDEN', 'unauthorised-access'],
  ['RATE_LIMITED', 'SLOW_DOWN', 'RATE_LIMITED', 'excessive-requests'],
  ['PAYMENT_METHOD_EXPIRED', 'UPDATE_PAYMENT_METHOD', 'PAYMENT_REQUIRED', 'payment-method-expired'],
  ['PAYMENT_FAILED', 'UPDATE_PAYMENT_METHOD', 'PAYMENT_REQUIRED', 'payment-method-expired'],
  ['SUBSCRIPTION_EXPIRED', 'RENEW_SUBSCRIPTION', 'PAYMENT_REQUIRED', 'subscription-expired'],
  ['KEY_BUDGET_REACHED', 'RAISE_BUDGET', 'PAYMENT_REQUIRED', 'key-budget-reached'],
  ['LIMIT_REACHED', 'UPGRADE_PLAN', 'PAYMENT_REQUIRED', 'paid-content'],
  ['INSUFFICIENT_FUNDS', 'ADD_FUNDS', 'PAYMENT_REQUIRED', 'insufficient-funds'],
  ['PLAN_UPGRADE_REQUIRED', 'UPGRADE_PLAN', 'PAYMENT_REQUIRED', 'paid-content'],
  ['SUBSCRIPTION_REQUIRED', 'SUBSCRIBE', 'PAYMENT_REQUIRED', 'paid-content'],
  ['STORE_UNAVAILABLE', 'RETRY_LATER', 'SERVICE_UNAVAILABLE', 'gateway-failing'],
] as const;

describe('the refusal table', () => {
  it('has these reasons in this order, each with its remedy and code', () => {
    expect(REFUSAL_REASONS).toEqual(table.map(([reason]) => reason));
    expect(REASONS).toEqual(
      Object.fromEntries(table.map(([reason, remedy, code, cause]) => [reason, { remedy, code, cause }])),
    );
    expect([...new Set(table.map(([, , , cause]) => cause))].sort()).toEqual([...REFUSAL_CAUSES].sort());
  });

  it('says which of two reasons stands above the other', () => {
    expect(precedes('KEY_REQUIRED', 'KEY_UNKNOWN')).toBe(true);
    expect(precedes('KEY_UNKNOWN', 'KEY_REQUIRED')).toBe(false);
    expect(precedes('LIMIT_REACHED', 'LIMIT_REACHED')).toBe(false);
  });

  it('answers for a whole operation with the first reason, and of equals with the first refusal', () => {
    const refusal = (reason: RefusalReason, coordinate: string): Refusal => ({
      reason,
      coordinate,
      feature: null,
      required: null,
      available: null,
      plans: [],
      resetAt: null,
      retryable: false,
    });
    const [low, high, same] = [
      refusal('SUBSCRIPTION_REQUIRED', 'Query.a'),
      refusal('LIMIT_REACHED', 'Query.b'),
      refusal('LIMIT_REACHED', 'Query.c'),
    ];
    expect(firstOf([low])).toBe(low);
    expect(firstOf([low, high, same])).toBe(high);
    expect(firstOf([same, low, high])).toBe(same);
  });
});

// --- what makes each reason apply -------------------------------------------------------------------------------------

/** A case, before and after what makes a reason apply is taken away or added. */
interface Case {
  readonly requirement: Requirement;
  readonly standing: Standing;
}

const failed = (cause: 'CARD_EXPIRED' | 'OTHER') =>
  subscription({
    startsAt: at('2024-12-01T00:00:00.000Z'),
    paidUntil: at('2025-01-01T00:00:00.000Z'),
    paymentFailure: { failedAt: NOW - 10 * DAY_MS, cause },
  });
const notRenewed = { ...failed('OTHER'), paymentFailure: null };
const limited = plan({
  features: [allowance('search', { limit: { units: 10, per: 'DAY' }, whenExhausted: 'CREDITS' })],
});
const elsewhere = plan({ features: [allowance('other')] });
const usedUp = [{ ...claim(0, { key: 'search:DAY' }), used: 10 }];

/** One that what costs 5 does not fit into. */
const spent = { credits: 4, per: 'DAY', countedAs: 'key-1' } as const;

const bare = (changes: Partial<Standing>): Case => ({ requirement: requirement(), standing: standing(changes) });
const withMeans = (changes: Partial<Means>, cost: number | null = null): Case => ({
  requirement: requirement({ cost }),
  standing: standing({ means: means(changes) }),
});
const expiredAndRevoked = apiKey({ expiresAt: NOW - 1, revokedAt: NOW - 2 });

/** Both apply at once: `both` is answered with the upper, and with the lower once what makes the upper apply is gone. */
interface Pair {
  readonly upper: RefusalReason;
  readonly lower: RefusalReason;
  readonly both: Case;
  readonly withoutUpper: Case;
  readonly withoutLower: Case;
}

const pairs: readonly Pair[] = [
  {
    upper: 'KEY_REQUIRED',
    lower: 'RATE_LIMITED',
    both: bare({ key: 'MISSING', rateLimitedUntil: NOW + 1 }),
    withoutUpper: bare({ rateLimitedUntil: NOW + 1 }),
    withoutLower: bare({ key: 'MISSING' }),
  },
  {
    upper: 'KEY_UNKNOWN',
    lower: 'RATE_LIMITED',
    both: bare({ key: 'UNKNOWN', rateLimitedUntil: NOW + 1 }),
    withoutUpper: bare({ rateLimitedUntil: NOW + 1 }),
    withoutLower: bare({ key: 'UNKNOWN' }),
  },
  {
    upper: 'KEY_EXPIRED',
    lower: 'KEY_REVOKED',
    both: bare({ key: keyStateAt(expiredAndRevoked, NOW) }),
    withoutUpper: bare({ key: keyStateAt({ ...expiredAndRevoked, expiresAt: null }, NOW) }),
    withoutLower: bare({ key: keyStateAt({ ...expiredAndRevoked, revokedAt: null }, NOW) }),
  },
  {
    upper: 'KEY_REVOKED',
    lower: 'ACCOUNT_SUSPENDED',
    both: bare({ key: 'REVOKED', suspended: true }),
    withoutUpper: bare({ suspended: true }),
    withoutLower: bare({ key: 'REVOKED' }),
  },
  {
    upper: 'ACCOUNT_SUSPENDED',
    lower: 'SCOPE_MISSING',
    both: bare({ suspended: true, scopes: ['cities'] }),
    withoutUpper: bare({ scopes: ['cities'] }),
    withoutLower: bare({ suspended: true, scopes: ['search'] }),
  },
  {
    upper: 'SCOPE_MISSING',
    lower: 'RATE_LIMITED',
    both: bare({ scopes: [], rateLimitedUntil: NOW + 1 }),
    withoutUpper: bare({ scopes: ['search'], rateLimitedUntil: NOW + 1 }),
    withoutLower: bare({ scopes: [] }),
  },
  {
    upper: 'RATE_LIMITED',
    lower: 'PAYMENT_METHOD_EXPIRED',
    both: bare({ rateLimitedUntil: NOW + 1, means: means({ subscription: failed('CARD_EXPIRED'), plan: plan() }) }),
    withoutUpper: withMeans({ subscription: failed('CARD_EXPIRED'), plan: plan() }),
    withoutLower: bare({ rateLimitedUntil: NOW + 1, means: means({ subscription: subscription(), plan: plan() }) }),
  },
  {
    upper: 'PAYMENT_METHOD_EXPIRED',
    lower: 'SUBSCRIPTION_EXPIRED',
    both: withMeans({ subscription: failed('CARD_EXPIRED'), plan: plan() }),
    withoutUpper: withMeans({ subscription: notRenewed, plan: plan() }),
    // What never covered it has not ended either.
    withoutLower: withMeans({ subscription: failed('CARD_EXPIRED'), plan: elsewhere }),
  },
  {
    upper: 'PAYMENT_FAILED',
    lower: 'SUBSCRIPTION_EXPIRED',
    both: withMeans({ subscription: failed('OTHER'), plan: plan() }),
    withoutUpper: withMeans({ subscription: notRenewed, plan: plan() }),
    withoutLower: withMeans({ subscription: failed('OTHER'), plan: elsewhere }),
  },
  {
    upper: 'SUBSCRIPTION_EXPIRED',
    lower: 'KEY_BUDGET_REACHED',
    both: withMeans({ subscription: notRenewed, plan: plan(), credits: 9, budget: spent }, 5),
    withoutUpper: withMeans({ credits: 9, budget: spent }, 5),
    withoutLower: withMeans({ subscription: notRenewed, plan: plan() }),
  },
  {
    upper: 'KEY_BUDGET_REACHED',
    lower: 'LIMIT_REACHED',
    both: withMeans({ subscription: subscription(), plan: limited, counters: usedUp, credits: 9, budget: spent }, 5),
    // Credits can't take over, so that the key has nothing to spend.
    withoutUpper: withMeans({
      subscription: subscription(),
      plan: limited,
      counters: usedUp,
      credits: 9,
      budget: spent,
    }),
    withoutLower: withMeans({ subscription: subscription(), plan: elsewhere, credits: 9, budget: spent }, 5),
  },
  {
    upper: 'SUBSCRIPTION_EXPIRED',
    lower: 'LIMIT_REACHED',
    both: withMeans({ subscription: notRenewed, plan: limited, counters: usedUp }),
    withoutUpper: withMeans({ subscription: subscription(), plan: limited, counters: usedUp }),
    withoutLower: withMeans({ subscription: notRenewed, plan: limited }),
  },
  {
    upper: 'LIMIT_REACHED',
    lower: 'INSUFFICIENT_FUNDS',
    both: withMeans({ subscription: subscription(), plan: limited, counters: usedUp, credits: 4 }, 5),
    withoutUpper: withMeans({ credits: 4 }, 5),
    withoutLower: withMeans({ subscription: subscription(), plan: limited, counters: usedUp, credits: 4 }),
  },
  {
    upper: 'INSUFFICIENT_FUNDS',
    lower: 'PLAN_UPGRADE_REQUIRED',
    both: withMeans({ subscription: subscription(), plan: elsewhere, credits: 4 }, 5),
    withoutUpper: withMeans({ subscription: subscription(), plan: elsewhere, credits: 4 }),
    withoutLower: withMeans({ credits: 4 }, 5),
  },
  {
    upper: 'INSUFFICIENT_FUNDS',
    lower: 'SUBSCRIPTION_REQUIRED',
    both: withMeans({ credits: 4 }, 5),
    withoutUpper: withMeans({ credits: 4 }),
    withoutLower: withMeans({ subscription: subscription(), plan: elsewhere, credits: 4 }, 5),
  },
  {
    upper: 'PAYMENT_FAILED',
    lower: 'PLAN_UPGRADE_REQUIRED',
    both: withMeans({ subscription: failed('OTHER'), plan: elsewhere }),
    withoutUpper: withMeans({ subscription: subscription(), plan: elsewhere }),
    withoutLower: withMeans({ subscription: failed('OTHER'), plan: plan() }),
  },
  {
    upper: 'PAYMENT_METHOD_EXPIRED',
    lower: 'INSUFFICIENT_FUNDS',
    both: withMeans({ subscription: failed('CARD_EXPIRED'), plan: elsewhere, credits: 4 }, 5),
    withoutUpper: withMeans({ credits: 4 }, 5),
    withoutLower: withMeans({ subscription: failed('CARD_EXPIRED'), plan: elsewhere }),
  },
  {
    upper: 'RATE_LIMITED',
    lower: 'STORE_UNAVAILABLE',
    both: bare({ rateLimitedUntil: NOW + 1, means: null }),
    withoutUpper: bare({ means: null }),
    withoutLower: bare({ rateLimitedUntil: NOW + 1 }),
  },
];

/** Neighbours that no standing can have at once, why, and the nearest pairs that are tried for each instead. */
const exclusive: readonly {
  readonly neighbours: readonly [RefusalReason, RefusalReason];
  readonly because: string;
  readonly instead: readonly (readonly [RefusalReason, RefusalReason])[];
}[] = [
  {
    neighbours: ['KEY_REQUIRED', 'KEY_UNKNOWN'],
    because: 'Either no key was sent, or one was that is not known.',
    instead: [['KEY_REQUIRED', 'RATE_LIMITED']],
  },
  {
    neighbours: ['KEY_UNKNOWN', 'KEY_EXPIRED'],
    because: 'A key that is not known has no dates.',
    instead: [['KEY_UNKNOWN', 'RATE_LIMITED']],
  },
  {
    neighbours: ['PAYMENT_METHOD_EXPIRED', 'PAYMENT_FAILED'],
    because: 'An open failure has one cause, that of the last attempt.',
    instead: [
      ['PAYMENT_METHOD_EXPIRED', 'SUBSCRIPTION_EXPIRED'],
      ['PAYMENT_FAILED', 'SUBSCRIPTION_EXPIRED'],
    ],
  },
  {
    neighbours: ['PLAN_UPGRADE_REQUIRED', 'SUBSCRIPTION_REQUIRED'],
    because: 'There is a subscription, or there is none.',
    instead: [
      ['INSUFFICIENT_FUNDS', 'PLAN_UPGRADE_REQUIRED'],
      ['INSUFFICIENT_FUNDS', 'SUBSCRIPTION_REQUIRED'],
    ],
  },
  {
    neighbours: ['SUBSCRIPTION_REQUIRED', 'STORE_UNAVAILABLE'],
    because: 'Whether there is a subscription is not known while the store can’t be asked.',
    instead: [['RATE_LIMITED', 'STORE_UNAVAILABLE']],
  },
];

const reasonFor = ({ requirement: required, standing: caller }: Case): RefusalReason | 'admitted' => {
  const decision = decide(required, 1, caller, NOW);
  return decision.outcome === 'refused' ? decision.refusal.reason : 'admitted';
};
const isTried = ([upper, lower]: readonly [RefusalReason, RefusalReason]): boolean =>
  pairs.some((pair) => pair.upper === upper && pair.lower === lower);

describe('where two reasons apply at once, the upper one is answered', () => {
  it.each(pairs.map((pair) => [pair.upper, pair.lower, pair] as const))('%s before %s', (upper, lower, pair) => {
    expect([reasonFor(pair.both), reasonFor(pair.withoutUpper), reasonFor(pair.withoutLower)]).toEqual([
      upper,
      lower,
      upper,
    ]);
    expect(REFUSAL_REASONS.indexOf(upper)).toBeLessThan(REFUSAL_REASONS.indexOf(lower));
  });

  it('for every neighbouring pair of the table, or it is said why no standing has both', () => {
    for (const [index, upper] of REFUSAL_REASONS.entries()) {
      const lower = REFUSAL_REASONS[index + 1];
      if (lower === undefined) continue;
      const reason = exclusive.find(({ neighbours }) => neighbours[0] === upper && neighbours[1] === lower);
      const tried = reason === undefined ? [[upper, lower] as const] : reason.instead;
      expect({ upper, lower, isTried: tried.every(isTried) }).toEqual({ upper, lower, isTried: true });
    }
  });

  it('and every reason is answered by some standing', () => {
    const answered = new Set(pairs.flatMap(({ upper, lower }) => [upper, lower]));
    expect(REFUSAL_REASONS.filter((reason) => !answered.has(reason))).toEqual([]);
  });
});
