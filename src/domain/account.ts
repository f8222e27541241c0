/** Who pays, and the keys that speak for them. A key's secret is never here: the store knows its hash only. */
import type { ActsRemembered } from './act.js';
import type { KeyBudget } from './budget.js';
import type { AccountId, ApiKeyId } from './ids.js';
import type { Instant } from './period.js';
import { UTC } from './timeZone.js';
import type { TimeZone } from './timeZone.js';

export interface Account {
  readonly id: AccountId;
  readonly name: string;
  readonly createdAt: Instant;
  readonly suspendedAt: Instant | null;
  /** In which its days and months are counted. Absent: UTC. */
  readonly timeZone?: TimeZone;
  readonly version: number;
  readonly acts?: ActsRemembered;
}

export const timeZoneOf = (account: Account | null): TimeZone => account?.timeZone ?? UTC;

export interface ApiKey {
  readonly id: ApiKeyId;
  readonly accountId: AccountId;
  readonly secretHash: string;
  /** The first characters of the secret, by which a person tells keys apart. */
  readonly prefix: string;
  /** The features this key may ask for; `null`: all of them. */
  readonly scopes: readonly string[] | null;
  /** What it may spend of the account's credits. Absent or `null`: all of them. */
  readonly budget?: KeyBudget | null;
  readonly createdAt: Instant;
  readonly expiresAt: Instant | null;
  readonly revokedAt: Instant | null;
  readonly version: number;
  readonly acts?: ActsRemembered;
}

/** `MISSING`: none was sent. `UNVERIFIED`: the store could not be asked. */
export type KeyState = 'VALID' | 'MISSING' | 'UNKNOWN' | 'EXPIRED' | 'REVOKED' | 'UNVERIFIED';

/** Where both apply, what stands first among the refusals. */
export const keyStateAt = (key: ApiKey, now: Instant): 'VALID' | 'EXPIRED' | 'REVOKED' => {
  if (key.expiresAt !== null && now >= key.expiresAt) return 'EXPIRED';
  return key.revokedAt !== null && now >= key.revokedAt ? 'REVOKED' : 'VALID';
};
