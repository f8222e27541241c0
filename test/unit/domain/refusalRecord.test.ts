/** By what a record is found. */
import { expect, it } from 'vitest';
import { facetsOf, REFUSALS_KEPT_MS } from '../../../src/domain/refusalRecord.js';
import { recordedRefusal, refusalRecord } from '../../support/domain.js';

it('a record is found by each of its values, once', () => {
  const record = refusalRecord({
    refusals: [
      recordedRefusal({ reason: 'LIMIT_REACHED', feature: 'search', coordinate: 'Query.a' }),
      recordedRefusal({ reason: 'INSUFFICIENT_FUNDS', feature: null, coordinate: 'Query.b' }),
      recordedRefusal({ reason: 'LIMIT_REACHED', feature: 'search', coordinate: 'Query.b' }),
    ],
  });
  expect(facetsOf(record)).toEqual({
    account: ['alice'],
    plan: ['pro'],
    reason: ['LIMIT_REACHED', 'INSUFFICIENT_FUNDS'],
    feature: ['search'],
    coordinate: ['Query.a', 'Query.b'],
  });
});

it('a record is kept for 30 days', () => {
  expect(REFUSALS_KEPT_MS).toBe(2_592_000_000);
});

it('a record of nobody in particular is found by its reason', () => {
  const barred = recordedRefusal({ reason: 'KEY_UNKNOWN', coordinate: null, feature: null, units: null });
  expect(facetsOf(refusalRecord({ accountId: null, planId: null, refusals: [barred] }))).toEqual({
    account: [],
    plan: [],
    reason: ['KEY_UNKNOWN'],
    feature: [],
    coordinate: [],
  });
});
