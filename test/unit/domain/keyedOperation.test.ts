import { describe, expect, it } from 'vitest';
import { accountId, holdId } from '../../../src/domain/ids.js';
import {
  answerKeyed,
  decideKeyed,
  KEY_TTL_MS,
  keyedOperationId,
  lockKeyed,
  unlockKeyed,
} from '../../../src/domain/keyedOperation.js';
import type { KeyedOperation } from '../../../src/domain/keyedOperation.js';
import { ALICE, claim, DAY_MS, MINUTE_MS, NOW } from '../../support/domain.js';

const locked = (changes: Partial<KeyedOperation> = {}): KeyedOperation => ({
  accountId: ALICE,
  key: 'k1',
  fingerprint: 'f1',
  state: 'IN_FLIGHT',
  lockedUntil: NOW + MINUTE_MS,
  expiresAt: NOW + DAY_MS,
  holdId: holdId('h'),
  operationName: 'Search',
  lines: [],
  units: [],
  answer: null,
  version: 0,
  ...changes,
});

describe('an operation that comes with a key', () => {
  it('is named by account and key, so that no two accounts share a record', () => {
    const ids = [
      keyedOperationId({ accountId: ALICE, key: 'k' }),
      keyedOperationId({ accountId: accountId('bob'), key: 'k' }),
      keyedOperationId({ accountId: accountId('a"],["b'), key: 'k' }),
      keyedOperationId({ accountId: accountId('a'), key: '"],["bk' }),
    ];
    expect(ids[0]).toBe('["alice","k"]');
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('runs where its key is new, or a day old', () => {
    expect(KEY_TTL_MS).toBe(DAY_MS);
    expect(decideKeyed(null, 'f1', NOW)).toEqual({ kind: 'RUN' });
    const old = locked({ state: 'ANSWERED', lockedUntil: 0, expiresAt: NOW });
    expect(decideKeyed(old, 'f2', NOW)).toEqual({ kind: 'RUN' });
    expect(decideKeyed(old, 'f1', NOW - 1).kind).toBe('REPEAT');
  });

  it('of another content is refused, whether the first is in flight or answered', () => {
    expect(decideKeyed(locked(), 'f2', NOW)).toEqual({ kind: 'MISMATCH' });
    expect(decideKeyed(locked({ state: 'ANSWERED', lockedUntil: 0 }), 'f2', NOW)).toEqual({ kind: 'MISMATCH' });
  });

  it('waits while it is being run, and runs again when whoever ran it is taken for dead', () => {
    expect(decideKeyed(locked(), 'f1', NOW + MINUTE_MS - 1)).toEqual({ kind: 'IN_FLIGHT' });
    expect(decideKeyed(locked(), 'f1', NOW + MINUTE_MS)).toEqual({ kind: 'RUN' });
    expect(decideKeyed(unlockKeyed(locked()), 'f1', NOW)).toEqual({ kind: 'RUN' });
  });

  it('that is still being run at the end of the day goes on to its end', () => {
    const late = locked({ expiresAt: NOW });
    expect(decideKeyed(late, 'f1', NOW)).toEqual({ kind: 'IN_FLIGHT' });
    expect(decideKeyed(late, 'f2', NOW)).toEqual({ kind: 'MISMATCH' });
    expect(decideKeyed(late, 'f2', NOW + MINUTE_MS)).toEqual({ kind: 'RUN' });
  });

  it('that was answered is not run again', () => {
    const outcome = {
      lines: [{ coordinate: 'Query.search', credits: 4 }],
      units: [claim(1)],
      answer: '{"data":null}',
    };
    const answered = answerKeyed(locked({ version: 3 }), outcome);
    expect(answered).toEqual(locked({ ...outcome, state: 'ANSWERED', lockedUntil: 0, version: 3 }));
    expect(decideKeyed(answered, 'f1', NOW)).toEqual({ kind: 'REPEAT', record: answered });
  });

  it('is locked for a day of memory, in place of the record that is there', () => {
    const terms = {
      accountId: ALICE,
      key: 'k1',
      fingerprint: 'f1',
      holdId: holdId('h'),
      operationName: 'Search',
      lockedUntil: NOW + MINUTE_MS,
    };
    expect(lockKeyed(null, terms, NOW)).toEqual(locked());
    const before = locked({ state: 'ANSWERED', answer: 'old', lines: [{ coordinate: 'x', credits: 1 }], version: 7 });
    expect(lockKeyed(before, terms, NOW)).toEqual(locked({ version: 7 }));
    expect(unlockKeyed(locked())).toEqual(locked({ lockedUntil: 0 }));
    // The day begins with the first use.
    const later = { ...terms, lockedUntil: NOW + DAY_MS + MINUTE_MS };
    expect(lockKeyed(before, later, NOW + DAY_MS - 1).expiresAt).toBe(NOW + DAY_MS);
    expect(lockKeyed(before, later, NOW + DAY_MS).expiresAt).toBe(NOW + 2 * DAY_MS);
  });
});
