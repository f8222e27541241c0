import { expect, it } from 'vitest';
import { ACTS_REMEMBERED_MAX, isSignedBy, signedBy } from '../../../src/domain/act.js';
import type { ActsRemembered } from '../../../src/domain/act.js';

interface Signed {
  readonly name: string;
  readonly acts?: ActsRemembered;
}

it('a record knows the acts that wrote its last versions, and forgets older ones', () => {
  let record: Signed = { name: 'a record' };
  expect(isSignedBy(record, 'act-0')).toBe(false);
  for (let act = 0; act <= ACTS_REMEMBERED_MAX; act += 1) record = signedBy(record, `act-${act}`);
  expect(record.name).toBe('a record');
  expect(record.acts).toHaveLength(ACTS_REMEMBERED_MAX);
  expect(['act-0', 'act-1', `act-${ACTS_REMEMBERED_MAX}`].map((act) => isSignedBy(record, act))).toEqual([
    false,
    true,
    true,
  ]);
});
