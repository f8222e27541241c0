/**
 * An operation that came with an `Idempotency-Key`: what makes it safe to send again. Its record is locked before the
 * operation holds anything, gets the answer before the hold is captured, and is kept for a day from its first use. So
 * whoever dies when, the same operation is charged at most once, and an answer that was stored can be charged for and sent
 * later.
 */
import type { AccountId, HoldId } from './ids.js';
import { HOUR_MS } from './period.js';
import type { Instant } from './period.js';
import type { Used } from './usage.js';
import type { LimitUnits } from './wallet.js';
import type { ChargeLine } from './walletMoves.js';

export interface KeyedOperation {
  readonly accountId: AccountId;
  /** As the caller chose it. */
  readonly key: string;
  /** Of the operation, its name and its coerced variables. */
  readonly fingerprint: string;
  readonly state: 'IN_FLIGHT' | 'ANSWERED';
  /** Until then nobody else runs it; afterwards whoever ran it is taken for dead. */
  readonly lockedUntil: Instant;
  readonly expiresAt: Instant;
  readonly holdId: HoldId;
  readonly operationName: string | null;
  /** What is captured of the hold. */
  readonly lines: readonly ChargeLine[];
  readonly units: readonly LimitUnits[];
  /** What is counted then. Absent: nothing. */
  readonly used?: Used;
  /** As whoever answered it packed it. `null`: there is none yet, or it was a query of a version that kept none. */
  readonly answer: string | null;
  readonly version: number;
}

export const KEY_TTL_MS = 24 * HOUR_MS;

/** Names the record in the store: a key belongs to its account. */
export const keyedOperationId = ({ accountId, key }: Pick<KeyedOperation, 'accountId' | 'key'>): string =>
  JSON.stringify([accountId, key]);

export type KeyVerdict =
  /** It has not been answered yet: run it. */
  | { readonly kind: 'RUN' }
  /** It has been answered: charge for it if that is still to be done, and send the answer. */
  | { readonly kind: 'REPEAT'; readonly record: KeyedOperation }
  /** It is being run at this moment. */
  | { readonly kind: 'IN_FLIGHT' }
  /** The key belongs to another operation. */
  | { readonly kind: 'MISMATCH' };

export const decideKeyed = (record: KeyedOperation | null, fingerprint: string, now: Instant): KeyVerdict => {
  // Whoever runs it still at the end of the day goes on to its end.
  if (record === null || now >= Math.max(record.expiresAt, record.lockedUntil)) return { kind: 'RUN' };
  if (record.fingerprint !== fingerprint) return { kind: 'MISMATCH' };
  if (now < record.lockedUntil) return { kind: 'IN_FLIGHT' };
  return record.state === 'ANSWERED' ? { kind: 'REPEAT', record } : { kind: 'RUN' };
};

export interface LockTerms {
  readonly accountId: AccountId;
  readonly key: string;
  readonly fingerprint: string;
  readonly holdId: HoldId;
  readonly operationName: string | null;
  /** When the hold has expired, whoever took it can't charge for the operation any more. */
  readonly lockedUntil: Instant;
}

/** The record of an operation that begins, in place of the one that is there. */
export const lockKeyed = (before: KeyedOperation | null, terms: LockTerms, now: Instant): KeyedOperation => ({
  ...terms,
  state: 'IN_FLIGHT',
  expiresAt: before !== null && now < before.expiresAt ? before.expiresAt : now + KEY_TTL_MS,
  lines: [],
  units: [],
  answer: null,
  version: before?.version ?? 0,
});

/** The record once the operation has run: unlocked, with what is to be captured and sent. */
export const answerKeyed = (
  record: KeyedOperation,
  outcome: Pick<KeyedOperation, 'lines' | 'units' | 'used' | 'answer'>,
): KeyedOperation => ({ ...record, ...outcome, state: 'ANSWERED', lockedUntil: 0 });

/** The record of an operation that came to nothing: it may be sent again at once. */
export const unlockKeyed = (record: KeyedOperation): KeyedOperation => ({ ...record, lockedUntil: 0 });
