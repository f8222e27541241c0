/**
 * The append-only record of every movement of credits. An entry is written when credits come or go for good; setting
 * credits aside moves nothing and leaves no entry. So the sum of an account's entries is what its grants still have,
 * credits on hold included.
 */
import type { AccountId, GrantId, HoldId } from './ids.js';
import type { Instant } from './period.js';

export type EntryKind = 'GRANT' | 'CHARGE' | 'EXPIRE' | 'ADJUST' | 'REFUND';

export interface LedgerEntry {
  /** Derived from the command that caused it, so that the same command can't be entered twice. */
  readonly id: string;
  readonly accountId: AccountId;
  /** Counts the account's entries from 1, without gaps: their order, whatever the clocks said. */
  readonly seq: number;
  readonly at: Instant;
  readonly kind: EntryKind;
  /** What was added (positive) or taken (negative). Never 0. */
  readonly credits: number;
  readonly grantId: GrantId;
  readonly holdId?: HoldId;
  /** The operation's name, where a charge belongs to one that has a name. */
  readonly operation?: string;
  /** The schema coordinate of the paid field. */
  readonly coordinate?: string;
  readonly reason?: string;
  /** The sum of all entries up to this one. */
  readonly balanceAfter: number;
  /** On entries that make a grant: what a refund needs to bring the grant back after it was used up. */
  readonly expiresAt?: Instant;
  readonly priority?: number;
  /** A fingerprint of the command that came from outside, by which the same id with other content is told. */
  readonly content?: string;
}

/** The id of the n-th entry that a command from outside (grant, adjust, refund) makes. */
export const commandEntryId = (commandId: string, index: number): string => `command/${commandId}/${index}`;
/** The id of the n-th entry that the end of a hold makes. */
export const holdEntryId = (holdId: HoldId, index: number): string => `hold/${holdId}/${index}`;
/**
 * The id of the entry that a grant's expiry makes for what no hold had set aside. With the entry's `seq`, since a grant
 * can lose credits twice: a process whose clock is behind may give back a hold after one whose clock is ahead has let
 * the grant expire.
 */
export const expiryEntryId = (grantId: GrantId, seq: number): string => `expiry/${grantId}/${seq}`;

/** What a ledger entry says beyond its place in the ledger. */
export type Movement = Omit<LedgerEntry, 'accountId' | 'seq' | 'balanceAfter'>;
