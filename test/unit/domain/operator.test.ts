import { describe, expect, it } from 'vitest';
import { operatorId } from '../../../src/domain/ids.js';
import { guarantorOf, isOperating, mayAct, ROLES } from '../../../src/domain/operator.js';
import type { Operator } from '../../../src/domain/operator.js';
import { NOW } from '../../support/domain.js';

const operator = (id: string, changes: Partial<Operator> = {}): Operator => ({
  id: operatorId(id),
  name: id,
  role: 'OWNER',
  secretHash: 'hash',
  prefix: 'tgo_1',
  createdAt: 0,
  removedAt: null,
  version: 1,
  ...changes,
});

describe('an operator', () => {
  it('may do what its role and all lesser ones may', () => {
    const table = ROLES.map((role) => ROLES.map((required) => mayAct(role, required)));
    expect(table).toEqual([
      [true, false, false],
      [true, true, false],
      [true, true, true],
    ]);
  });

  it('operates until the very instant of its removal', () => {
    expect(isOperating(operator('a'), NOW)).toBe(true);
    expect(isOperating(operator('a', { removedAt: NOW + 1 }), NOW)).toBe(true);
    expect(isOperating(operator('a', { removedAt: NOW }), NOW)).toBe(false);
  });

  it('who is an owner goes only where another one stays, whatever the clocks say', () => {
    const [a, b, admin] = [operator('a'), operator('b'), operator('c', { role: 'ADMIN' })];
    const table: readonly [readonly Operator[], Operator, Operator | null | 'NOBODY'][] = [
      [[a, b, admin], a, b],
      [[a, { ...b, removedAt: NOW }, admin], a, 'NOBODY'],
      [[a, { ...b, removedAt: NOW + 1_000 }, admin], a, 'NOBODY'],
      [[a, admin], admin, null],
      [[admin], admin, null],
    ];
    for (const [operators, removed, staying] of table) {
      expect(guarantorOf(operators, removed)).toEqual(staying);
    }
  });
});
