import { describe, expect, it } from 'vitest';
import { planId } from '../../../src/domain/ids.js';
import { allowanceFor, planFaults, plansCovering } from '../../../src/domain/plan.js';
import type { Plan } from '../../../src/domain/plan.js';
import { allowance, plan } from '../../support/domain.js';

describe('an allowance', () => {
  it('is the one for the feature, and none where the plan does not name it', () => {
    const limited = allowance('cities', { limit: { units: 5, per: 'DAY' }, whenExhausted: 'CREDITS' });
    const both = plan({ features: [allowance('search'), limited] });
    expect(allowanceFor(both, 'cities')).toEqual(limited);
    expect(allowanceFor(both, 'export')).toBeNull();
  });

  it('covers a field that names no feature under every plan, without a limit', () => {
    expect(allowanceFor(plan({ features: [] }), null)).toEqual({ feature: '', limit: null, whenExhausted: 'REFUSE' });
  });
});

describe('the plans that cover a feature', () => {
  const offer = (id: string, amountMinor: number, changes: Partial<Plan> = {}): Plan =>
    plan({ id: planId(id), price: { amountMinor, currency: 'EUR' }, ...changes });

  it('are given cheapest first, by id where they cost the same', () => {
    const offers = [offer('c', 900), offer('b', 100), offer('a', 900), offer('d', 900)];
    expect(plansCovering(offers, 'search', 1)).toEqual(['b', 'a', 'c', 'd']);
    expect(offers.map(({ id }) => id)).toEqual(['c', 'b', 'a', 'd']);
  });

  it('are compared by what a month costs, and never across currencies', () => {
    const priced = (id: string, amountMinor: number, currency: string, interval: 'MONTH' | 'YEAR' = 'MONTH') =>
      offer(id, 0, { price: { amountMinor, currency }, interval });
    const eight = priced('eight', 800, 'EUR');
    const offers = [priced('yen', 900, 'JPY'), eight, priced('year', 7_200, 'EUR', 'YEAR'), priced('franc', 1, 'CHF')];
    expect(plansCovering(offers, null, 1)).toEqual(['franc', 'year', 'eight', 'yen']);
    expect(plansCovering(offers, null, 1, 'JPY')).toEqual(['yen', 'franc', 'year', 'eight']);
    expect(plansCovering(offers.toReversed(), null, 1, 'EUR')).toEqual(['year', 'eight', 'franc', 'yen']);
    const alike = [priced('b', 9_600, 'EUR', 'YEAR'), eight, priced('a', 9_600, 'EUR', 'YEAR')];
    expect(plansCovering(alike, null, 1)).toEqual(['a', 'b', 'eight']);
    const dear = [priced('dearer', 2 ** 53 - 1, 'EUR'), priced('dear', 2 ** 53 - 2, 'EUR')];
    expect(plansCovering(dear, null, 1)).toEqual(['dear', 'dearer']);
  });

  it('can be bought: no draft, nothing archived', () => {
    expect(plansCovering([offer('a', 1, { status: 'DRAFT' }), offer('b', 1, { status: 'ARCHIVED' })], null, 1)).toEqual(
      [],
    );
    expect(plansCovering([offer('a', 1)], null, 1)).toEqual(['a']);
  });

  it('include the feature with a limit of at least so many units', () => {
    const limited = (id: string, units: number) =>
      offer(id, units, { features: [allowance('search', { limit: { units, per: 'DAY' } })] });
    const offers = [limited('four', 4), limited('five', 5), limited('six', 6), offer('none', 7, { features: [] })];
    expect(plansCovering(offers, 'search', 5)).toEqual(['five', 'six']);
    expect(plansCovering(offers, 'search', 7)).toEqual([]);
    expect(plansCovering([offer('unlimited', 1)], 'search', 2 ** 53 - 1)).toEqual(['unlimited']);
  });
});

describe('the faults of a plan', () => {
  const faultsOf = (changes: Partial<Plan>) => planFaults(plan(changes)).map(({ argument }) => argument);

  it('are none for a plan that makes sense, at the edges too', () => {
    expect(planFaults(plan())).toEqual([]);
    expect(
      planFaults(
        plan({
          id: planId('a-12-bc'),
          price: { amountMinor: 0, currency: 'USD' },
          features: [allowance('a', { limit: { units: 0, per: 'HOUR' } }), allowance('b')],
          creditsPerPeriod: 2 ** 53 - 1,
          trialDays: 3650,
          graceDays: 3650,
          requestsPerMinute: 1,
        }),
      ),
    ).toEqual([]);
  });

  it('are all told at once, each with the part that is wrong and a sentence', () => {
    const wrong = plan({
      id: planId('Pro!'),
      version: 0,
      name: '  ',
      price: { amountMinor: -1, currency: 'euro' },
      features: [allowance(' '), allowance('search', { limit: { units: 1.5, per: 'DAY' } }), allowance('search')],
      creditsPerPeriod: 2 ** 53,
      trialDays: 3651,
      graceDays: -1,
      requestsPerMinute: 0,
    });
    expect(planFaults(wrong)).toEqual([
      { argument: 'id', message: 'A plan’s id is a slug: lower-case letters, digits and single hyphens.' },
      { argument: 'version', message: 'A version is a whole number from 1.' },
      { argument: 'name', message: 'A plan needs a name.' },
      { argument: 'price.amountMinor', message: 'A price is a whole number of minor units, not negative.' },
      {
        argument: 'price.currency',
        message: 'A currency is one of ISO 4217 that is in use, in three capital letters, as in EUR.',
      },
      { argument: 'creditsPerPeriod', message: 'Credits are a whole number from 0 to 2^53 - 1.' },
      { argument: 'trialDays', message: 'A trial lasts a whole number of days from 0 to 3650.' },
      { argument: 'graceDays', message: 'A grace lasts a whole number of days from 0 to 3650.' },
      { argument: 'requestsPerMinute', message: 'Requests per minute are a whole number from 1, or absent.' },
      { argument: 'features.0.feature', message: 'An allowance names a feature.' },
      { argument: 'features.1.limit', message: 'A limit is a whole number of units, not negative.' },
      { argument: 'features.2.feature', message: 'The feature "search" is named twice.' },
    ]);
  });

  it('no grace lasts longer than ten years', () => {
    expect(faultsOf({ graceDays: 3651 })).toEqual(['graceDays']);
  });

  it.each(['', 'A', 'a_b', '-a', 'a-', 'a--b', 'a b', 'ä', 'a\n', 'x/../y'])('an id is a slug: %j is none', (id) =>
    expect(faultsOf({ id: planId(id) })).toEqual(['id']),
  );

  it.each(['EU', 'EURO', 'eur', 'E R', 'EUR\n', 'xEUR', 'EUX', 'XTS', 'XAU', ''])(
    'a currency is one of ISO 4217 that is in use: %j is not',
    (currency) => expect(faultsOf({ price: { amountMinor: 1, currency } })).toEqual(['price.currency']),
  );

  it.each([-1, 0.5, NaN, Infinity, 2 ** 53])('no figure of a plan can be %s', (figure) => {
    expect(
      faultsOf({
        version: figure,
        price: { amountMinor: figure, currency: 'EUR' },
        creditsPerPeriod: figure,
        trialDays: figure,
        graceDays: figure,
        requestsPerMinute: figure,
        features: [allowance('a', { limit: { units: figure, per: 'DAY' } })],
      }),
    ).toEqual([
      'version',
      'price.amountMinor',
      'creditsPerPeriod',
      'trialDays',
      'graceDays',
      'requestsPerMinute',
      'features.0.limit',
    ]);
  });
});
