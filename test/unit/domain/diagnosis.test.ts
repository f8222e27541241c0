/** Every check of every reason, then and now, its figures, and what puts it right. */
import { describe, expect, it } from 'vitest';
import type { Decision, Standing } from '../../../src/domain/admission.js';
import { checksOf, reasonOf, remedyFor, remedyTermsOf } from '../../../src/domain/diagnosis.js';
import { CHECKS, findingOf, findingsNow, findingThen } from '../../../src/domain/finding.js';
import type { Check, FieldAsked, Finding } from '../../../src/domain/finding.js';
import { apiKeyId, planId } from '../../../src/domain/ids.js';
import type { RefusalReason } from '../../../src/domain/refusal.js';
import type { SubscriptionState } from '../../../src/domain/subscription.js';
import {
  ALICE,
  allowance,
  at,
  claim,
  DAY_MS,
  means,
  NOW,
  plan,
  recordedRefusal,
  refusalRecord,
  requirement,
  standing,
  subscription,
} from '../../support/domain.js';

/** `+` passed, `-` not passed, `.` not looked at: in the order of the checks. */
const inSigns = (results: ReturnType<typeof checksOf>, when: 'passedThen' | 'passedNow'): string =>
  results.map(({ [when]: passed }) => (passed === null ? '.' : passed ? '+' : '-')).join('');

const RATE = { now: NOW, keyRequestsPerMinute: null };
const KEY = { accountId: ALICE, keyId: apiKeyId('key-1') };
const NO_TERMS = { ...KEY, shortfall: 0, budget: null, fasterPlan: null };
const lookNow = (field: FieldAsked, of: Standing): Finding => {
  const [finding] = findingsNow([field], of, NOW);
  if (finding === undefined) throw new Error('One field was asked for, and none was looked at.');
  return finding;
};

const THEN_AND_NOTHING_NOW = lookNow({ requirement: null, units: 1 }, standing());

const then = (reason: RefusalReason, state: SubscriptionState | null, required: number | null = null): string => {
  const refusal = recordedRefusal({ reason, required, available: required === null ? null : 0 });
  const record = refusalRecord({ subscriptionState: state, planId: state === null ? null : planId('pro') });
  return inSigns(checksOf(findingThen(record, refusal), THEN_AND_NOTHING_NOW, NO_TERMS), 'passedThen');
};

it('the checks have the order in which an operation passes them', () => {
  expect(CHECKS).toEqual([
    'KEY',
    'AUTHORISATION',
    'RATE',
    'PAYMENT_METHOD',
    'SUBSCRIPTION',
    'PLAN',
    'LIMIT',
    'BALANCE',
    'BUDGET',
    'STORE',
  ]);
});

describe('what was passed then, by the reason of the refusal', () => {
  it.each([
    ['KEY_REQUIRED', null, null, '-.........'],
    ['KEY_UNKNOWN', null, null, '-.........'],
    ['KEY_EXPIRED', null, null, '-.........'],
    ['KEY_REVOKED', null, null, '-.........'],
    ['ACCOUNT_SUSPENDED', null, null, '+-........'],
    ['SCOPE_MISSING', null, null, '+-........'],
    ['RATE_LIMITED', null, null, '++-.......'],
    ['PAYMENT_METHOD_EXPIRED', 'UNPAID', null, '+++-.....+'],
    ['PAYMENT_FAILED', 'UNPAID', 5, '+++-...-.+'],
    ['SUBSCRIPTION_EXPIRED', 'EXPIRED', null, '++++-....+'],
    ['SUBSCRIPTION_EXPIRED', 'CANCELED', 5, '++++-..-.+'],
    ['KEY_BUDGET_REACHED', null, 5, '++++-..+-+'],
    ['KEY_BUDGET_REACHED', 'ACTIVE', 5, '+++++..+-+'],
    ['LIMIT_REACHED', 'ACTIVE', 5, '++++++-..+'],
    ['INSUFFICIENT_FUNDS', null, 5, '++++-..-.+'],
    ['INSUFFICIENT_FUNDS', 'ACTIVE', 5, '+++++-.-.+'],
    ['PLAN_UPGRADE_REQUIRED', 'ACTIVE', null, '+++++-...+'],
    ['SUBSCRIPTION_REQUIRED', null, null, '++++-....+'],
    ['STORE_UNAVAILABLE', null, null, '.........-'],
  ] as const)('%s, a subscription that is %s, a price of %s', (reason, state, required, signs) => {
    expect(then(reason, state, required)).toBe(signs);
  });
});

const COVERED_ONLY: FieldAsked = { requirement: requirement(), units: 1 };
const FOR_SALE: FieldAsked = { requirement: requirement({ cost: 5 }), units: 1 };
const SUBSCRIBED = { subscription: subscription(), plan: plan() };
const OTHER_PLAN = { ...SUBSCRIBED, plan: plan({ features: [] }) };
/** A credit less than one of them costs. */
const BUDGET = { credits: 4, per: 'DAY', countedAs: 'key-1' } as const;
const LIMITED = (whenExhausted: 'REFUSE' | 'CREDITS') => ({
  ...SUBSCRIBED,
  plan: plan({ features: [allowance('search', { limit: { units: 0, per: 'DAY' }, whenExhausted })] }),
});
const UNPAID = {
  subscription: subscription({ paidUntil: 0, paymentFailure: { failedAt: NOW - 9, cause: 'OTHER' } }),
  plan: plan(),
};

describe('what is passed now', () => {
  it.each<[string, FieldAsked, Standing, string | null, string]>([
    ['covered', COVERED_ONLY, standing({ means: means(SUBSCRIBED) }), null, '+++++++..+'],
    ['paid without a subscription', FOR_SALE, standing({ means: means({ credits: 5 }) }), null, '++++-..+++'],
    [
      'paid beyond what the key may spend',
      FOR_SALE,
      standing({ means: means({ credits: 9, budget: BUDGET }) }),
      'KEY_BUDGET_REACHED',
      '++++-..+-+',
    ],
    ['paid beside a plan', FOR_SALE, standing({ means: means({ ...OTHER_PLAN, credits: 5 }) }), null, '+++++..+++'],
    ['paid while unpaid', FOR_SALE, standing({ means: means({ ...UNPAID, credits: 5 }) }), null, '+++-...+++'],
    ['unpaid', COVERED_ONLY, standing({ means: means(UNPAID) }), 'PAYMENT_FAILED', '+++-.....+'],
    ['limit', COVERED_ONLY, standing({ means: means(LIMITED('REFUSE')) }), 'LIMIT_REACHED', '++++++-..+'],
    [
      'a limit that credits take over',
      FOR_SALE,
      standing({ means: means({ ...LIMITED('CREDITS'), credits: 9 }) }),
      null,
      '+++++..+++',
    ],
    ['a key that is over', COVERED_ONLY, standing({ key: 'EXPIRED' }), 'KEY_EXPIRED', '-.........'],
    ['suspended', COVERED_ONLY, standing({ suspended: true }), 'ACCOUNT_SUSPENDED', '+-........'],
    ['no store', COVERED_ONLY, standing({ means: null }), 'STORE_UNAVAILABLE', '.........-'],
    ['nothing in particular', { requirement: null, units: 1 }, standing(), null, '+++......+'],
    [
      'nothing, by nobody known',
      { requirement: null, units: 1 },
      standing({ key: 'UNVERIFIED', means: null }),
      null,
      '.........+',
    ],
    [
      'nothing, with a bad key',
      { requirement: null, units: 1 },
      standing({ key: 'UNKNOWN' }),
      'KEY_UNKNOWN',
      '-.........',
    ],
    [
      'nothing, in a full window',
      { requirement: null, units: 1 },
      standing({ rateLimitedUntil: NOW + 1 }),
      'RATE_LIMITED',
      '++-.......',
    ],
  ])('%s', (_name, field, of, reason, signs) => {
    const finding = lookNow(field, of);
    expect(reasonOf(finding)).toBe(reason);
    const results = checksOf(null, finding, NO_TERMS);
    expect(inSigns(results, 'passedNow')).toBe(signs);
    expect(inSigns(results, 'passedThen')).toBe('..........');
  });

  it('each field is decided on what the ones before it leave', () => {
    const found = findingsNow([FOR_SALE, FOR_SALE, COVERED_ONLY], standing({ means: means({ credits: 7 }) }), NOW);
    expect(found.map(({ outcome, available }) => [outcome, available])).toEqual([
      ['PAID', 7],
      ['INSUFFICIENT_FUNDS', 2],
      ['SUBSCRIPTION_REQUIRED', null],
    ]);
  });

  it('a decision that was made elsewhere is read alike', () => {
    const of = standing({ means: means({ ...SUBSCRIBED, credits: 3 }) });
    expect(findingOf(requirement(), { outcome: 'covered', planId: planId('pro'), draws: claim(1) }, of, NOW)).toEqual({
      outcome: 'COVERED',
      key: 'VALID',
      scopes: null,
      subscriptionState: 'ACTIVE',
      planId: 'pro',
      coordinate: 'Query.search',
      feature: 'search',
      required: null,
      available: 3,
      plans: [],
      resetAt: null,
    });
  });

  it('what a limit and credits share is paid, with the credits', () => {
    const of = standing({ means: means({ ...SUBSCRIBED, credits: 3 }) });
    const shared: Decision = { outcome: 'split', planId: planId('pro'), draws: claim(1), credits: 2 };
    expect(findingOf(requirement(), shared, of, NOW)).toMatchObject({ outcome: 'PAID', required: 2, available: 3 });
  });
});

describe('figures', () => {
  const figure = (check: Check, before: Finding | null, after: Finding) =>
    checksOf(before, after, NO_TERMS).find((each) => each.check === check)?.figures;

  it('stand beside each other, then and now', () => {
    const resetAt = at('2025-01-17T00:00:00.000Z');
    const refusal = recordedRefusal({
      reason: 'LIMIT_REACHED',
      required: 3,
      available: 1,
      resetAt,
      plans: [planId('big'), planId('bigger')],
    });
    const before = findingThen(refusalRecord(), refusal);
    const after = lookNow(FOR_SALE, standing({ scopes: ['search', 'other'], means: means({ credits: 2 }) }));
    expect(figure('KEY', before, after)).toEqual([{ name: 'key', then: 'VALID', now: 'VALID' }]);
    expect(figure('AUTHORISATION', before, after)).toEqual([
      { name: 'feature', then: 'search', now: 'search' },
      { name: 'scopes', then: null, now: 'search, other' },
    ]);
    expect(figure('RATE', before, after)).toEqual([{ name: 'resetAt', then: null, now: null }]);
    expect(figure('SUBSCRIPTION', before, after)).toEqual([
      { name: 'subscriptionState', then: 'ACTIVE', now: null },
      { name: 'plan', then: 'pro', now: null },
    ]);
    expect(figure('PLAN', before, after)).toEqual([
      { name: 'plan', then: 'pro', now: null },
      { name: 'feature', then: 'search', now: 'search' },
      { name: 'plansThatCover', then: 'big, bigger', now: null },
    ]);
    expect(figure('LIMIT', before, after)).toEqual([
      { name: 'required', then: 3, now: null },
      { name: 'available', then: 1, now: null },
      { name: 'resetAt', then: '2025-01-17T00:00:00.000Z', now: null },
    ]);
    expect(figure('BALANCE', before, after)).toEqual([
      { name: 'required', then: null, now: 5 },
      { name: 'available', then: null, now: 2 },
    ]);
    expect(figure('STORE', before, after)).toEqual([]);
  });

  it('of a full window say when it ends, and of a caller nobody knows no key', () => {
    const limited = recordedRefusal({ reason: 'RATE_LIMITED', resetAt: NOW });
    const before = findingThen(refusalRecord({ accountId: null }), limited);
    const now = { name: 'resetAt', then: new Date(NOW).toISOString(), now: null };
    expect(figure('RATE', before, THEN_AND_NOTHING_NOW)).toEqual([now]);
    expect(figure('KEY', before, THEN_AND_NOTHING_NOW)).toEqual([{ name: 'key', then: null, now: 'VALID' }]);
    const spent = lookNow(FOR_SALE, standing({ means: means({ credits: 9, budget: BUDGET }) }));
    expect(figure('BUDGET', null, spent)).toEqual([
      { name: 'required', then: null, now: 5 },
      { name: 'available', then: null, now: 4 },
      { name: 'resetAt', then: null, now: '2025-01-17T00:00:00.000Z' },
    ]);
    expect(figure('BALANCE', null, spent)).toEqual([]);
    const expired = findingThen(refusalRecord({ accountId: null }), recordedRefusal({ reason: 'KEY_EXPIRED' }));
    expect(figure('KEY', expired, THEN_AND_NOTHING_NOW)).toEqual([{ name: 'key', then: 'EXPIRED', now: 'VALID' }]);
  });
});

describe('what puts it right', () => {
  const big = plan({ id: planId('big'), features: [allowance('search')] });
  const remedyAt = (field: FieldAsked, of: Standing) => {
    const finding = lookNow(field, of);
    const terms = remedyTermsOf(KEY, [finding], of, RATE);
    const remedy = remedyFor(finding, terms);
    const advised = checksOf(null, finding, terms).filter((each) => each.remedy !== null);
    expect(advised.map(({ passedNow }) => passedNow)).toEqual(advised.map(() => false));
    expect(advised.find((each) => each.remedy?.remedy === remedy?.remedy)?.remedy).toEqual(remedy);
    return remedy;
  };

  it.each<[string, FieldAsked, Standing, string, unknown]>([
    [
      'a key that is over',
      FOR_SALE,
      standing({ key: 'REVOKED', scopes: ['search'] }),
      'USE_VALID_KEY',
      { name: 'issueApiKey', arguments: { accountId: ALICE, scopes: ['search'] } },
    ],
    [
      'a missing scope',
      FOR_SALE,
      standing({ scopes: ['other'] }),
      'CONTACT_SUPPORT',
      { name: 'issueApiKey', arguments: { accountId: ALICE, scopes: ['other', 'search'] } },
    ],
    [
      'a suspended account',
      FOR_SALE,
      standing({ suspended: true }),
      'CONTACT_SUPPORT',
      { name: 'resumeAccount', arguments: { accountId: ALICE } },
    ],
    ['too many requests', FOR_SALE, standing({ rateLimitedUntil: NOW + 1 }), 'SLOW_DOWN', null],
    [
      'too many requests, and a faster plan',
      FOR_SALE,
      standing({
        rateLimitedUntil: NOW + 1,
        means: means({
          ...SUBSCRIBED,
          plan: plan({ requestsPerMinute: 1 }),
          offers: [
            plan({ id: planId('dear'), price: { amountMinor: 9_000, currency: 'EUR' } }),
            plan({ id: planId('fast'), requestsPerMinute: 2, price: { amountMinor: 8_000, currency: 'EUR' } }),
            plan({ id: planId('slow'), requestsPerMinute: 1, price: { amountMinor: 1, currency: 'EUR' } }),
          ],
        }),
      }),
      'SLOW_DOWN',
      { name: 'changeSubscription', arguments: { accountId: ALICE, planId: 'fast', when: 'NOW' } },
    ],
    [
      'too many requests, and no store',
      FOR_SALE,
      standing({ rateLimitedUntil: NOW + 1, means: null }),
      'SLOW_DOWN',
      null,
    ],
    [
      'an unpaid subscription',
      COVERED_ONLY,
      standing({ means: means(UNPAID) }),
      'UPDATE_PAYMENT_METHOD',
      { name: 'recordPayment', arguments: { accountId: ALICE } },
    ],
    [
      'one that has ended',
      COVERED_ONLY,
      standing({ means: means({ ...SUBSCRIBED, subscription: subscription({ paidUntil: NOW - 8 * DAY_MS }) }) }),
      'RENEW_SUBSCRIPTION',
      { name: 'renewSubscription', arguments: { accountId: ALICE } },
    ],
    [
      'none',
      COVERED_ONLY,
      standing({ means: means({ offers: [big] }) }),
      'SUBSCRIBE',
      { name: 'startSubscription', arguments: { accountId: ALICE, planId: 'big' } },
    ],
    ['none, and nothing on offer', COVERED_ONLY, standing(), 'SUBSCRIBE', null],
    [
      'another plan',
      COVERED_ONLY,
      standing({ means: means({ ...OTHER_PLAN, offers: [big] }) }),
      'UPGRADE_PLAN',
      { name: 'changeSubscription', arguments: { accountId: ALICE, planId: 'big', when: 'NOW' } },
    ],
    [
      'a limit',
      COVERED_ONLY,
      standing({ means: means({ ...LIMITED('REFUSE'), offers: [big] }) }),
      'UPGRADE_PLAN',
      { name: 'changeSubscription', arguments: { accountId: ALICE, planId: 'big', when: 'NOW' } },
    ],
    [
      'too few credits',
      FOR_SALE,
      standing({ means: means({ credits: 2 }) }),
      'ADD_FUNDS',
      { name: 'grantCredits', arguments: { accountId: ALICE, credits: 3, reason: 'Bought' } },
    ],
    [
      'more than any account can have',
      { requirement: requirement({ cost: Number.MAX_SAFE_INTEGER }), units: 2 },
      standing(),
      'ADD_FUNDS',
      null,
    ],
    ['no store', FOR_SALE, standing({ means: null }), 'RETRY_LATER', null],
    [
      'a key that has spent what it may',
      FOR_SALE,
      standing({ means: means({ credits: 9, budget: BUDGET }) }),
      'RAISE_BUDGET',
      { name: 'setApiKeyBudget', arguments: { keyId: 'key-1', budget: { credits: 5, per: 'DAY' } } },
    ],
  ])('%s', (_name, field, of, remedy, call) => {
    const found = remedyAt(field, of);
    expect(found).toEqual({ remedy, advice: expect.stringMatching(/^[A-Z].+\.$/), call });
    if (call !== null) expect(found?.advice).not.toContain('No plan on offer');
  });

  it('a scope that was missing is the only one of a key of which no other is known', () => {
    const refusal = recordedRefusal({ reason: 'SCOPE_MISSING' });
    const finding = findingOf(requirement(), { outcome: 'refused', refusal }, standing(), NOW);
    expect(remedyFor(finding, NO_TERMS)?.call?.arguments).toEqual({ accountId: ALICE, scopes: ['search'] });
  });

  it('a scope that was missing for a field without a feature is its coordinate', () => {
    const finding = lookNow(
      { requirement: requirement({ feature: null, cost: 1 }), units: 1 },
      standing({ scopes: ['other'], means: means({ credits: 5 }) }),
    );
    expect(remedyFor(finding, NO_TERMS)?.call?.arguments).toEqual({
      accountId: ALICE,
      scopes: ['other', 'Query.search'],
    });
  });

  it('says so where no plan on offer would help', () => {
    expect(remedyAt(COVERED_ONLY, standing())?.advice).toContain('publish one');
  });

  it('is nothing where all is well', () => {
    const of = standing({ means: means({ credits: 5 }) });
    const finding = lookNow(FOR_SALE, of);
    const terms = remedyTermsOf(KEY, [finding], of, RATE);
    expect(remedyFor(finding, terms)).toBe(null);
    expect(checksOf(null, finding, terms).map(({ remedy }) => remedy)).toEqual(CHECKS.map(() => null));
  });

  it('raises a budget by what all fields lack together, of a key that is stored', () => {
    const of = standing({ means: means({ credits: 20, budget: { ...BUDGET, credits: 7 } }) });
    const found = findingsNow([FOR_SALE, FOR_SALE, FOR_SALE], of, NOW);
    expect(found.map(({ outcome, available }) => [outcome, available])).toEqual([
      ['PAID', 20],
      ['KEY_BUDGET_REACHED', 2],
      ['KEY_BUDGET_REACHED', 2],
    ]);
    const terms = remedyTermsOf(KEY, found, of, RATE);
    expect(terms).toMatchObject({ shortfall: 0, budget: { credits: 15, per: 'DAY' } });
    const [, refused = THEN_AND_NOTHING_NOW] = found;
    expect(remedyFor(refused, { ...terms, keyId: null })?.call).toBeNull();
    expect(remedyFor(refused, { ...terms, budget: null })?.call).toBeNull();
  });

  it('adds as many credits as all fields lack together', () => {
    const of = standing({ means: means({ credits: 2 }) });
    const found = findingsNow([FOR_SALE, COVERED_ONLY, FOR_SALE], of, NOW);
    expect(remedyTermsOf(KEY, found, of, RATE)).toMatchObject({ shortfall: 8 });
    // What the record has no figure of counts as nothing that is there.
    const unknown = findingThen(refusalRecord(), recordedRefusal({ available: null }));
    expect(remedyTermsOf(KEY, [unknown], of, RATE)).toMatchObject({ shortfall: 5 });
  });

  const SLOW = plan({ id: planId('slow'), requestsPerMinute: 10 });
  const FAST = plan({ id: planId('fast'), requestsPerMinute: 100 });
  const SILENT = plan({ id: planId('silent'), requestsPerMinute: null });

  it.each([
    ['the cheapest that allows more than theirs', SLOW, null, [SLOW, FAST], 'fast'],
    ['one without a limit', SLOW, null, [SILENT], 'silent'],
    ['none where theirs has no limit', SILENT, null, [FAST], null],
    ['one that says nothing, where keys may send more by themselves', SLOW, 50, [SILENT], 'silent'],
    ['none that says nothing, where keys may send less by themselves', SLOW, 5, [SILENT], null],
    ['one that allows more than keys may send by themselves', SILENT, 50, [SLOW, FAST], 'fast'],
    ['none where keys may send more by themselves than any allows', SILENT, 500, [SLOW, FAST, SILENT], null],
    ['one that allows more, for who has no plan', null, 50, [SLOW, FAST], 'fast'],
    ['none for who has no plan, where keys may send more by themselves', null, 500, [SLOW, FAST], null],
  ] as const)('of too many requests is %s', (_what, theirs, keyRequestsPerMinute, offers, fasterPlan) => {
    const of = standing({
      rateLimitedUntil: NOW + 1,
      means: means({
        subscription: theirs === null ? null : subscription({ planId: theirs.id }),
        plan: theirs,
        offers,
      }),
    });
    const finding = lookNow(FOR_SALE, of);
    const terms = remedyTermsOf(KEY, [finding], of, { now: NOW, keyRequestsPerMinute });
    expect(terms.fasterPlan).toBe(fasterPlan);
    const remedy = remedyFor(finding, terms);
    expect(remedy?.advice.includes('No plan on sale')).toBe(fasterPlan === null);
    const name = theirs === null ? 'startSubscription' : 'changeSubscription';
    expect(remedy?.call ?? null).toEqual(
      fasterPlan === null
        ? null
        : { name, arguments: expect.objectContaining({ accountId: ALICE, planId: fasterPlan }) },
    );
  });
});
