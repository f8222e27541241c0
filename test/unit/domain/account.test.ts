import { describe, expect, it } from 'vitest';
import { keyStateAt, timeZoneOf } from '../../../src/domain/account.js';
import { accountId } from '../../../src/domain/ids.js';
import { apiKey, NOW } from '../../support/domain.js';

describe('the state of an API key', () => {
  it('is valid as long as no date says otherwise', () => {
    expect(keyStateAt(apiKey(), NOW)).toBe('VALID');
    expect(keyStateAt(apiKey({ expiresAt: NOW + 1, revokedAt: NOW + 1 }), NOW)).toBe('VALID');
  });

  it('changes at the very instant of its date, not after it', () => {
    expect(keyStateAt(apiKey({ expiresAt: NOW }), NOW)).toBe('EXPIRED');
    expect(keyStateAt(apiKey({ revokedAt: NOW }), NOW)).toBe('REVOKED');
    expect(keyStateAt(apiKey({ expiresAt: NOW - 1 }), NOW)).toBe('EXPIRED');
    expect(keyStateAt(apiKey({ revokedAt: NOW - 1 }), NOW)).toBe('REVOKED');
  });

  it('is what stands first among the refusals where both dates have passed', () => {
    expect(keyStateAt(apiKey({ expiresAt: NOW, revokedAt: NOW - 1 }), NOW)).toBe('EXPIRED');
    expect(keyStateAt(apiKey({ expiresAt: NOW + 1, revokedAt: NOW }), NOW)).toBe('REVOKED');
  });
});

describe("an account's time zone", () => {
  it('is UTC until another is set, and where there is no account', () => {
    const alice = { id: accountId('alice'), name: 'Alice', createdAt: NOW, suspendedAt: null, version: 1 };
    expect([null, alice].map(timeZoneOf)).toEqual(['UTC', 'UTC']);
  });
});
