import { describe, expect, it } from 'vitest';
import { grantId } from '../../../src/domain/ids.js';
import {
  burnOrder,
  countUnits,
  emptyWallet,
  isExpired,
  isSameLimit,
  leftOf,
  usedOf,
} from '../../../src/domain/wallet.js';
import type { Counter, Grant } from '../../../src/domain/wallet.js';
import { ALICE, claim, DAY_MS, NOW } from '../../support/domain.js';

const grantOf = (id: string, changes: Partial<Grant> = {}): Grant => ({
  id: grantId(id),
  granted: 1,
  remaining: 1,
  held: 0,
  grantedAt: NOW,
  expiresAt: null,
  priority: 0,
  isRecorded: false,
  content: '',
  ...changes,
});

describe('an empty wallet', () => {
  it('has nothing, and is not stored yet', () => {
    expect(emptyWallet(ALICE)).toEqual({
      accountId: 'alice',
      version: 0,
      grants: [],
      holds: [],
      counters: [],
      ended: [],
      entryCount: 0,
      entrySum: 0,
      journal: [],
    });
  });
});

describe('grants burn', () => {
  const inOrder = (...grants: readonly Grant[]) =>
    [...grants]
      .reverse()
      .sort(burnOrder)
      .map(({ id }) => id);

  it('by priority, whatever else', () => {
    const late = grantOf('low', { priority: -1, grantedAt: NOW + 9 });
    expect(inOrder(late, grantOf('high', { priority: 1, expiresAt: NOW }))).toEqual(['low', 'high']);
  });

  it('then what expires first, before what never expires', () => {
    const grants = [grantOf('b', { expiresAt: 1 }), grantOf('a', { expiresAt: 2, grantedAt: 0 }), grantOf('0')];
    expect(inOrder(...grants)).toEqual(['b', 'a', '0']);
    expect(inOrder(grantOf('b', { expiresAt: 2 }), grantOf('a'))).toEqual(['b', 'a']);
  });

  it('then what was granted first, and then by id', () => {
    expect(inOrder(grantOf('b', { grantedAt: 1 }), grantOf('a', { grantedAt: 2 }))).toEqual(['b', 'a']);
    expect(inOrder(grantOf('a'), grantOf('b'), grantOf('c'))).toEqual(['a', 'b', 'c']);
    expect(inOrder(grantOf('a', { expiresAt: 5 }), grantOf('b', { expiresAt: 5 }))).toEqual(['a', 'b']);
    const [a, b] = [grantOf('a'), grantOf('b')];
    expect([burnOrder(a, a), burnOrder(a, b), burnOrder(b, a)]).toEqual([0, -1, 1]);
  });

  it('until the instant at which they expire', () => {
    const grant = grantOf('a', { expiresAt: NOW });
    expect([isExpired(grant, NOW - 1), isExpired(grant, NOW), isExpired(grantOf('b'), NOW)]).toEqual([
      false,
      true,
      false,
    ]);
  });
});

describe('the counter of a limit', () => {
  const { window } = claim(0);
  const counters: readonly Counter[] = [{ key: 'cities:DAY', window, used: 7 }];

  it('belongs to one limit and one window', () => {
    const next = { startsAt: window.startsAt + DAY_MS, endsAt: window.endsAt + DAY_MS };
    expect(isSameLimit(claim(1), claim(2))).toBe(true);
    expect(isSameLimit(claim(1), claim(1, { key: 'other:DAY' }))).toBe(false);
    expect(isSameLimit(claim(1), claim(1, { window: { ...window, startsAt: next.startsAt } }))).toBe(false);
    expect(isSameLimit(claim(1), claim(1, { window: { ...window, endsAt: next.endsAt } }))).toBe(false);
    expect([usedOf(counters, claim(1)), usedOf(counters, claim(1, { window: next })), usedOf([], claim(1))]).toEqual([
      7, 0, 0,
    ]);
  });

  it('leaves the rest of the limit, and nothing of one that is exceeded', () => {
    expect([leftOf(counters, claim(0)), leftOf(counters, claim(0, { limit: 7 })), leftOf([], claim(0))]).toEqual([
      3, 0, 10,
    ]);
    expect(leftOf(counters, claim(0, { limit: 5 }))).toBe(0);
  });

  it('begins at 0 and counts up, and leaves others alone', () => {
    const other = { key: 'other:DAY', window, used: 1 };
    expect(countUnits([...counters, other], claim(2))).toEqual([other, { key: 'cities:DAY', window, used: 9 }]);
    expect(countUnits([other], claim(2))).toEqual([other, { key: 'cities:DAY', window, used: 2 }]);
  });
});
