/**
 * Credits that come and go from outside: grants, corrections and refunds. Their ids are remembered by the ledger, for
 * longer than by the wallet.
 */
import { addCredits } from './credits.js';
import { fingerprint } from './fingerprint.js';
import type { GrantId, HoldId } from './ids.js';
import { grantId } from './ids.js';
import { commandEntryId } from './ledger.js';
import type { LedgerEntry, Movement } from './ledger.js';
import type { Instant } from './period.js';
import { isInstant } from './period.js';
import { countUsage, NO_USAGE } from './usage.js';
import type { UsageLine } from './usage.js';
import { burnOrder, GRANTS_MAX, isExpired } from './wallet.js';
import type { Grant, Take, Wallet } from './wallet.js';
import { changeGrants, chargesOf, enter, sumCredits, takeFrom } from './walletMoves.js';
import { changed, isPositive, refused, repeated } from './walletStep.js';
import type { Step } from './walletStep.js';

/**
 * Adds credits. Its id becomes the grant's.
 *
 * `recorded`, here and below, is what the ledger has of the command, read after the wallet that the command is applied
 * to: the wallet does not remember every id, and what it forgets is in the ledger by then. A grant without it is
 * remembered by the wallet until it has expired.
 */
export interface GrantCommand {
  readonly kind: 'grant';
  readonly id: GrantId;
  readonly credits: number;
  readonly expiresAt: Instant | null;
  readonly priority: number;
  readonly reason: string;
  /** It is part of what was paid for, and never refused because there are many others. */
  readonly isDue?: true;
  /** The entries under this command's id. */
  readonly recorded?: readonly LedgerEntry[];
}

/** Corrects a balance by hand: up or down, in one grant that has credits left or wherever credits burn next. */
export interface AdjustCommand {
  readonly kind: 'adjust';
  readonly id: string;
  /** Not 0. */
  readonly credits: number;
  readonly grantId: GrantId | null;
  readonly reason: string;
  readonly recorded?: readonly LedgerEntry[];
}

/** Gives back what a captured hold was charged, in part or whole, to the grants it came from, last taken first. */
export interface RefundCommand {
  readonly kind: 'refund';
  readonly id: string;
  readonly holdId: HoldId;
  readonly credits: number;
  readonly reason: string;
  /** Every entry of that hold, and the entries that made the grants they name, read as `recorded` is. */
  readonly history: readonly LedgerEntry[];
  /** In which usage counts it, as in `Used`. Absent: in none. */
  readonly day?: string;
  readonly recorded?: readonly LedgerEntry[];
}

export const grant = (wallet: Wallet, command: GrantCommand, now: Instant): Step => {
  const { id, credits, expiresAt, priority, reason } = command;
  if (!isPositive(credits) || !Number.isSafeInteger(priority)) return refused('AMOUNT_INVALID');
  if (expiresAt !== null && !isInstant(expiresAt)) return refused('DATES_OUT_OF_ORDER');
  const content = fingerprint('grant', credits, expiresAt, priority, reason);
  const before = recordedBefore(wallet, command, content, credits);
  if (before !== null) return before;
  if (expiresAt !== null && expiresAt <= now) return refused('DATES_OUT_OF_ORDER');
  const isRecorded = command.recorded !== undefined;
  if (command.isDue !== true && wallet.grants.length >= GRANTS_MAX) return refused('TOO_MANY_GRANTS');
  return addGrant(wallet, { id, kind: 'GRANT', credits, expiresAt, priority, isRecorded, reason, content, at: now });
};

export const adjust = (wallet: Wallet, command: AdjustCommand, now: Instant): Step => {
  const { id, credits, reason } = command;
  if (!isPositive(Math.abs(credits))) return refused('AMOUNT_INVALID');
  const content = fingerprint('adjust', credits, command.grantId, reason);
  const before = recordedBefore(wallet, command, content, credits);
  if (before !== null) return before;
  const live = wallet.grants.filter((each) => each.remaining > 0);
  const target = command.grantId === null ? null : live.find((each) => each.id === command.grantId);
  if (target === undefined) return refused('UNKNOWN_GRANT');
  if (target !== null && isExpired(target, now)) return refused('GRANT_EXPIRED');
  const base = { at: now, kind: 'ADJUST', reason, content } as const;
  if (credits < 0) {
    const takes = takeFrom(target === null ? live : [target], -credits, now);
    if (takes === null) return refused('INSUFFICIENT_CREDITS');
    const moves = takes.map((take) => ({ ...take, credits: -take.credits }));
    return changed(moveCredits(wallet, moves, base, id), credits);
  }
  if (target === null) {
    if (wallet.grants.length >= GRANTS_MAX) return refused('TOO_MANY_GRANTS');
    const isRecorded = command.recorded !== undefined;
    return addGrant(wallet, { ...base, id: grantId(id), credits, expiresAt: null, priority: 0, isRecorded });
  }
  if (addCredits(wallet.entrySum, credits) === null) return refused('BALANCE_TOO_LARGE');
  return changed(moveCredits(wallet, [{ grantId: target.id, credits }], base, id), credits);
};

/** Adds to what remains of each grant, or takes from it where `credits` is negative; one entry each. */
const moveCredits = (
  wallet: Wallet,
  moves: readonly Take[],
  base: Pick<Movement, 'at' | 'kind' | 'reason' | 'content'>,
  commandId: string,
): Wallet => {
  const grants = changeGrants(wallet.grants, moves, (each, more) => ({ ...each, remaining: each.remaining + more }));
  const movements = moves.map((move, index) => ({ ...base, id: commandEntryId(commandId, index), ...move }));
  return enter({ ...wallet, grants }, movements);
};

export const refund = (wallet: Wallet, command: RefundCommand, now: Instant): Step => {
  const { id, holdId, credits, reason, history } = command;
  if (!isPositive(credits)) return refused('AMOUNT_INVALID');
  const content = fingerprint('refund', credits, holdId, reason);
  const before = recordedBefore(wallet, command, content, credits);
  if (before !== null) return before;
  const charges = chargesOf(wallet, holdId, history);
  if (charges.length === 0) return refused('UNKNOWN_CHARGE');
  const shares = sharesOf(charges, credits);
  if (shares === null) return refused('REFUND_EXCEEDS_CHARGE');
  if (addCredits(wallet.entrySum, credits) === null) return refused('BALANCE_TOO_LARGE');

  let grants = wallet.grants;
  const movements: Movement[] = [];
  const note = (kind: 'REFUND' | 'EXPIRE', { grantId: from }: Take, signed: number) =>
    movements.push({
      id: commandEntryId(id, movements.length),
      at: now,
      kind,
      grantId: from,
      credits: signed,
      holdId,
      reason,
      content,
    });
  for (const share of shares) {
    const target = grants.find((each) => each.id === share.grantId) ?? grantOf(wallet, history, share.grantId);
    if (target === null) return refused('UNKNOWN_GRANT');
    note('REFUND', share, share.credits);
    if (isExpired(target, now)) {
      note('EXPIRE', share, -share.credits);
      continue;
    }
    const others = grants.filter((each) => each.id !== target.id);
    grants = [...others, { ...target, remaining: target.remaining + share.credits }].sort(burnOrder);
  }
  const refunded = enter({ ...wallet, grants }, movements);
  const { day } = command;
  return changed(
    day === undefined ? refunded : countUsage(refunded, { day, lines: shares.map(refundedLine) }),
    credits,
  );
};

const refundedLine = ({ credits, coordinate }: Share): UsageLine => ({
  ...NO_USAGE,
  coordinate,
  refundedCredits: credits,
});

/** What the same command did before, or the conflict it is in, or `null` where its id is new. */
const recordedBefore = (
  wallet: Wallet,
  command: GrantCommand | AdjustCommand | RefundCommand,
  content: string,
  credits: number,
): Step | null => {
  const entryId = commandEntryId(command.id, 0);
  const known =
    wallet.grants.find((each) => each.id === command.id) ??
    wallet.journal.find((entry) => entry.id === entryId) ??
    command.recorded?.find((entry) => entry.id === entryId);
  if (known === undefined) return null;
  return known.content === content ? repeated(credits) : refused('CONFLICT');
};

interface NewGrant {
  readonly id: GrantId;
  readonly kind: 'GRANT' | 'ADJUST';
  readonly credits: number;
  readonly expiresAt: Instant | null;
  readonly priority: number;
  readonly isRecorded: boolean;
  readonly reason: string;
  readonly content: string;
  readonly at: Instant;
}

const addGrant = (wallet: Wallet, granted: NewGrant): Step => {
  const { id, kind, credits, expiresAt, priority, isRecorded, reason, content, at } = granted;
  if (addCredits(wallet.entrySum, credits) === null) return refused('BALANCE_TOO_LARGE');
  const added: Grant = {
    id,
    granted: credits,
    remaining: credits,
    held: 0,
    grantedAt: at,
    expiresAt,
    priority,
    isRecorded,
    content,
  };
  const grants = [...wallet.grants, added].sort(burnOrder);
  const expiry = expiresAt === null ? {} : { expiresAt };
  const movement = { id: commandEntryId(id, 0), at, kind, credits, grantId: id, reason, ...expiry, priority, content };
  return changed(enter({ ...wallet, grants }, [movement]), credits);
};

interface Share extends Take {
  readonly coordinate: string;
}

/** What of which charge a refund gives back: last taken first, beyond what was given back before. */
const sharesOf = (entries: readonly LedgerEntry[], credits: number): readonly Share[] | null => {
  const shares: Share[] = [];
  let given = sumCredits(entries.filter((entry) => entry.kind === 'REFUND'));
  let due = credits;
  for (const charge of entries.filter((entry) => entry.kind === 'CHARGE').reverse()) {
    const before = Math.min(given, -charge.credits);
    const share = Math.min(due, -charge.credits - before);
    if (share > 0) shares.push({ grantId: charge.grantId, credits: share, coordinate: charge.coordinate ?? '' });
    given -= before;
    due -= share;
  }
  return due === 0 ? shares : null;
};

/** A grant that was used up and forgotten, as the entry that made it tells. */
const grantOf = (wallet: Wallet, history: readonly LedgerEntry[], id: GrantId): Grant | null => {
  const made = [...history, ...wallet.journal].find(
    (entry) => entry.accountId === wallet.accountId && entry.grantId === id && entry.priority !== undefined,
  );
  if (made?.priority === undefined) return null;
  return {
    id,
    granted: made.credits,
    remaining: 0,
    held: 0,
    grantedAt: made.at,
    expiresAt: made.expiresAt ?? null,
    priority: made.priority,
    isRecorded: false,
    content: made.content ?? '',
  };
};
