import { describe, expect, it } from 'vitest';
import { effectOf, fieldsLost, planDifferences } from '../../../src/domain/planDifferences.js';
import { allowance, means, NOW, plan, requirement, standing, subscription } from '../../support/domain.js';

const daily = (units: number) => ({ limit: { units, per: 'DAY' } }) as const;
const withFeature = (changes: Parameters<typeof allowance>[1]) => plan({ features: [allowance('search', changes)] });

describe('two versions of a plan', () => {
  it.each([
    ['the same', withFeature({}), withFeature({}), [], 'STAY'],
    ['a feature more', plan({ features: [] }), withFeature({}), [['FEATURE', 'GAIN']], 'GAIN'],
    ['a feature less', withFeature({}), plan({ features: [] }), [['FEATURE', 'LOSS']], 'LOSE'],
    ['a limit where none was', withFeature({}), withFeature(daily(5)), [['LIMIT', 'LOSS']], 'LOSE'],
    ['no limit any more', withFeature(daily(5)), withFeature({}), [['LIMIT', 'GAIN']], 'GAIN'],
    ['a higher limit', withFeature(daily(5)), withFeature(daily(6)), [['LIMIT', 'GAIN']], 'GAIN'],
    ['a lower limit', withFeature(daily(5)), withFeature(daily(4)), [['LIMIT', 'LOSS']], 'LOSE'],
    [
      'another window',
      withFeature(daily(5)),
      withFeature({ limit: { units: 50, per: 'HOUR' } }),
      [['LIMIT', 'LOSS']],
      'LOSE',
    ],
    [
      'credits take over',
      withFeature(daily(5)),
      withFeature({ ...daily(5), whenExhausted: 'CREDITS' }),
      [['WHEN_EXHAUSTED', 'GAIN']],
      'GAIN',
    ],
    [
      'credits take over no more',
      withFeature({ ...daily(5), whenExhausted: 'CREDITS' }),
      withFeature(daily(6)),
      [
        ['LIMIT', 'GAIN'],
        ['WHEN_EXHAUSTED', 'LOSS'],
      ],
      'LOSE',
    ],
    [
      'no limit any more, so that nothing is used up',
      withFeature({ ...daily(5), whenExhausted: 'CREDITS' }),
      withFeature({}),
      [['LIMIT', 'GAIN']],
      'GAIN',
    ],
    [
      'a limit where none was, beyond which there are credits',
      withFeature({}),
      withFeature({ ...daily(5), whenExhausted: 'CREDITS' }),
      [['LIMIT', 'LOSS']],
      'LOSE',
    ],
    [
      'the second of two features',
      plan({ features: [allowance('search'), allowance('export')] }),
      plan({ features: [allowance('search'), allowance('export', daily(5))] }),
      [['LIMIT', 'LOSS']],
      'LOSE',
    ],
    ['more credits', plan({}), plan({ creditsPerPeriod: 9 }), [['CREDITS_PER_PERIOD', 'GAIN']], 'GAIN'],
    ['fewer credits', plan({ creditsPerPeriod: 9 }), plan({}), [['CREDITS_PER_PERIOD', 'LOSS']], 'LOSE'],
    ['slower', plan({}), plan({ requestsPerMinute: 9 }), [['REQUESTS_PER_MINUTE', 'LOSS']], 'LOSE'],
    ['faster', plan({ requestsPerMinute: 9 }), plan({}), [['REQUESTS_PER_MINUTE', 'GAIN']], 'GAIN'],
  ] as const)('differ: %s', (_name, before, after, expected, effect) => {
    const differences = planDifferences(before, after);
    expect(differences.map((each) => [each.aspect, each.effect])).toEqual(expected);
    expect(effectOf(differences)).toBe(effect);
  });

  it('say in words what was and what would be', () => {
    expect(planDifferences(withFeature({}), withFeature(daily(5)))).toEqual([
      { aspect: 'LIMIT', feature: 'search', before: 'unlimited', after: '5 per DAY', effect: 'LOSS' },
    ]);
    expect(planDifferences(withFeature(daily(5)), plan({ features: [], requestsPerMinute: 6 }))).toEqual([
      { aspect: 'FEATURE', feature: 'search', before: '5 per DAY', after: null, effect: 'LOSS' },
      { aspect: 'REQUESTS_PER_MINUTE', feature: null, before: 'unlimited', after: '6', effect: 'LOSS' },
    ]);
  });
});

it('what an account could no longer do is what its plan covers now and the other one would not', () => {
  const fields = [
    requirement({ coordinate: 'Query.search', cost: 1 }),
    requirement({ coordinate: 'Query.export', feature: 'export' }),
    requirement({ coordinate: 'Query.any', feature: null }),
    requirement({ coordinate: 'Query.never', feature: 'never' }),
  ];
  const now = plan({ features: [allowance('search'), allowance('export')] });
  const has = { ...standing(), means: means({ subscription: subscription(), plan: now, credits: 5 }) };
  expect(fieldsLost(fields, has, plan({ version: 2, features: [] }), NOW)).toEqual([
    { coordinate: 'Query.search', feature: 'search', reason: null },
    { coordinate: 'Query.export', feature: 'export', reason: 'PLAN_UPGRADE_REQUIRED' },
  ]);
});
