import { describe, expect, it } from 'vitest';
import { operatorId } from '../../../src/domain/ids.js';
import { isLastOwner, isOperating, mayAct, ROLES } from '../../../src/domain/operator.js';
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

  it('is the last owner where no other one operates', () => {
    const [a, b, admin] = [operator('a'), operator('b'), operator('c', { role: 'ADMIN' })];
    expect(isLastOwner([a, b, admin], a.id, NOW)).toBe(false);
    expect(isLastOwner([a, { ...b, removedAt: NOW }, admin], a.id, NOW)).toBe(true);
    expect(isLastOwner([a, admin], admin.id, NOW)).toBe(false);
    expect(isLastOwner([admin], admin.id, NOW)).toBe(false);
  });
});
