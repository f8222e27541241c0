/**
 * What can be done to a wallet: `(wallet, command, now) → { wallet, entries, result }`. Pure: the same arguments give
 * the same answer. A refused or repeated command gives back the very wallet it was given.
 */
import { addCredits, isCredits } from './credits.js';
import { fingerprint } from './fingerprint.js';
import type { GrantId, HoldId } from './ids.js';
import { grantId } from './ids.js';
import { unreachable } from './invariant.js';
import { commandEntryId } from './ledger.js';
import type { LedgerEntry, Movement } from './ledger.js';
import type { Instant, Window } from './period.js';
import { isInstant } from './period.js';
import { burnOrder, CLAIM_TOLERANCE_MS, countUnits, GRANTS_MAX, HOLDS_MAX, isExpired, leftOf } from './wallet.js';
import type { Counter, EndedHold, Grant, Hold, LimitClaim, LimitUnits, Take, Wallet } from './wallet.js';
import { endHold, enter, findEnded, findHold, unitsOf } from './walletMoves.js';
import type { ChargeLine } from './walletMoves.js';
import { sweep } from './walletSweep.js';

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
  /** The entries under this command's id. */
  readonly recorded?: readonly LedgerEntry[];
}

/** Sets credits and limit units aside, all of them or none. Its id is new: the ledger does not remember holds. */
export interface HoldCommand {
  readonly kind: 'hold';
  readonly id: HoldId;
  readonly credits: number;
  readonly units: readonly LimitClaim[];
  readonly expiresAt: Instant;
}

/** Sets more aside for an open hold, all of it or none. */
export interface ExtendCommand {
  readonly kind: 'extend';
  /** Names this extension among those of the hold. */
  readonly id: string;
  readonly holdId: HoldId;
  readonly credits: number;
  readonly units: readonly LimitClaim[];
}

/** Takes part or all of a hold for good; the rest is released. */
export interface CaptureCommand {
  readonly kind: 'capture';
  readonly holdId: HoldId;
  readonly lines: readonly ChargeLine[];
  readonly units: readonly LimitUnits[];
  readonly operation?: string;
  /** The entries of this hold. */
  readonly recorded?: readonly LedgerEntry[];
}

/** Gives back all that a hold has set aside. */
export interface ReleaseCommand {
  readonly kind: 'release';
  readonly holdId: HoldId;
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
  readonly recorded?: readonly LedgerEntry[];
}

export type WalletCommand =
  GrantCommand | HoldCommand | ExtendCommand | CaptureCommand | ReleaseCommand | AdjustCommand | RefundCommand;

/** Why a command changed nothing. Closed; each is named after what is wrong. */
export type WalletFault =
  | 'AMOUNT_INVALID'
  | 'DATES_OUT_OF_ORDER'
  | 'CONFLICT'
  | 'BALANCE_TOO_LARGE'
  | 'TOO_MANY_GRANTS'
  | 'TOO_MANY_HOLDS'
  | 'INSUFFICIENT_CREDITS'
  | 'LIMIT_REACHED'
  | 'UNKNOWN_HOLD'
  | 'HOLD_EXPIRED'
  | 'HOLD_ENDED'
  | 'CAPTURE_EXCEEDS_HOLD'
  | 'UNKNOWN_GRANT'
  | 'GRANT_EXPIRED'
  | 'UNKNOWN_CHARGE'
  | 'REFUND_EXCEEDS_CHARGE';

export type WalletResult =
  /** `credits`: granted, set aside, charged, given back or adjusted by, as the command says. */
  | { readonly status: 'APPLIED'; readonly credits: number }
  | { readonly status: 'REFUSED'; readonly fault: WalletFault };

export interface Applied {
  readonly wallet: Wallet;
  /** What this command and the time that passed before it added to the journal. */
  readonly entries: readonly LedgerEntry[];
  readonly result: WalletResult;
}

/** A step's outcome: the changed wallet, or why there is none, or that it was done before. */
type Step =
  | { readonly kind: 'changed'; readonly wallet: Wallet; readonly credits: number }
  | { readonly kind: 'repeated'; readonly credits: number }
  | { readonly kind: 'refused'; readonly fault: WalletFault };

const changed = (wallet: Wallet, credits: number): Step => ({ kind: 'changed', wallet, credits });
const repeated = (credits: number): Step => ({ kind: 'repeated', credits });
const refused = (fault: WalletFault): Step => ({ kind: 'refused', fault });

export const applyCommand = (wallet: Wallet, command: WalletCommand, now: Instant): Applied => {
  const step = stepOf(sweep(wallet, now), command, now);
  if (step.kind === 'changed') {
    const entries = step.wallet.journal.slice(wallet.journal.length);
    return { wallet: step.wallet, entries, result: { status: 'APPLIED', credits: step.credits } };
  }
  const result: WalletResult =
    step.kind === 'repeated' ? { status: 'APPLIED', credits: step.credits } : { status: 'REFUSED', fault: step.fault };
  return { wallet, entries: [], result };
};

const stepOf = (wallet: Wallet, command: WalletCommand, now: Instant): Step => {
  switch (command.kind) {
    case 'grant':
      return grant(wallet, command, now);
    case 'hold':
      return hold(wallet, command, now);
    case 'extend':
      return extend(wallet, command, now);
    case 'capture':
      return capture(wallet, command, now);
    case 'release':
      return release(wallet, command, now);
    case 'adjust':
      return adjust(wallet, command, now);
    case 'refund':
      return refund(wallet, command, now);
    default:
      return unreachable(command);
  }
};

const isPositive = (credits: number): boolean => isCredits(credits) && credits > 0;

// --- commands from outside: remembered by the ledger ---------------------------------------------------------------

const grant = (wallet: Wallet, command: GrantCommand, now: Instant): Step => {
  const { id, credits, expiresAt, priority, reason } = command;
  if (!isPositive(credits) || !Number.isSafeInteger(priority)) return refused('AMOUNT_INVALID');
  if (expiresAt !== null && !isInstant(expiresAt)) return refused('DATES_OUT_OF_ORDER');
  const content = fingerprint('grant', credits, expiresAt, priority, reason);
  const before = recordedBefore(wallet, command, content, credits);
  if (before !== null) return before;
  if (expiresAt !== null && expiresAt <= now) return refused('DATES_OUT_OF_ORDER');
  const isRecorded = command.recorded !== undefined;
  return addGrant(wallet, { id, kind: 'GRANT', credits, expiresAt, priority, isRecorded, reason, content, at: now });
};

const adjust = (wallet: Wallet, command: AdjustCommand, now: Instant): Step => {
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

const refund = (wallet: Wallet, command: RefundCommand, now: Instant): Step => {
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
  const note = (kind: 'REFUND' | 'EXPIRE', share: Take, signed: number) =>
    movements.push({
      id: commandEntryId(id, movements.length),
      at: now,
      kind,
      ...share,
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
  return changed(enter({ ...wallet, grants }, movements), credits);
};

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
  if (wallet.grants.length >= GRANTS_MAX) return refused('TOO_MANY_GRANTS');
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

/** Charges and refunds of one hold, each once, oldest first: from the ledger, and from the journal what it lacks. */
const chargesOf = (wallet: Wallet, holdId: HoldId, history: readonly LedgerEntry[]): readonly LedgerEntry[] => {
  const bySeq = new Map<number, LedgerEntry>();
  for (const entry of [...history, ...wallet.journal]) {
    const isMine = entry.holdId === holdId && entry.accountId === wallet.accountId;
    if (isMine && (entry.kind === 'CHARGE' || entry.kind === 'REFUND')) bySeq.set(entry.seq, entry);
  }
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
};

/** What of which charge a refund gives back: last taken first, beyond what was given back before. */
const sharesOf = (entries: readonly LedgerEntry[], credits: number): readonly Take[] | null => {
  const shares: Take[] = [];
  let given = sum(entries.filter((entry) => entry.kind === 'REFUND').map((entry) => entry.credits));
  let due = credits;
  for (const charge of entries.filter((entry) => entry.kind === 'CHARGE').reverse()) {
    const before = Math.min(given, -charge.credits);
    const share = Math.min(due, -charge.credits - before);
    if (share > 0) shares.push({ grantId: charge.grantId, credits: share });
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

// --- holds: remembered by the wallet ---------------------------------------------------------------------------------

const hold = (wallet: Wallet, command: HoldCommand, now: Instant): Step => {
  const { id, credits, units, expiresAt } = command;
  if (!isCredits(credits) || !units.every(isSoundClaim)) return refused('AMOUNT_INVALID');
  const content = fingerprint(credits, units, expiresAt);
  const known = findHold(wallet, id)?.content ?? findEnded(wallet, id)?.holdContent;
  if (known !== undefined) return known === content ? repeated(credits) : refused('CONFLICT');
  const isInOrder = isInstant(expiresAt) && expiresAt > now && units.every((each) => isNear(each.window, now));
  if (!isInOrder) return refused('DATES_OUT_OF_ORDER');
  if (wallet.holds.length >= HOLDS_MAX) return refused('TOO_MANY_HOLDS');
  const claimed = claim(wallet, credits, units, now);
  if (claimed.kind === 'refused') return claimed;
  const opened: Hold = {
    id,
    heldAt: now,
    expiresAt,
    takes: claimed.takes,
    units: units.map(withoutLimit),
    content,
    extensions: [],
  };
  return changed({ ...claimed.wallet, holds: [...wallet.holds, opened] }, credits);
};

const extend = (wallet: Wallet, command: ExtendCommand, now: Instant): Step => {
  const { id, holdId, credits, units } = command;
  if (!isCredits(credits) || !units.every(isSoundClaim)) return refused('AMOUNT_INVALID');
  const target = findHold(wallet, holdId);
  if (target === undefined) return refused(faultOfEnded(findEnded(wallet, holdId)));
  const content = fingerprint(credits, units);
  const known = target.extensions.find((each) => each.id === id);
  if (known !== undefined) return known.content === content ? repeated(credits) : refused('CONFLICT');
  if (!units.every((each) => isNear(each.window, now))) return refused('DATES_OUT_OF_ORDER');
  const claimed = claim(wallet, credits, units, now);
  if (claimed.kind === 'refused') return claimed;
  const extended: Hold = {
    ...target,
    takes: [...target.takes, ...claimed.takes],
    units: [...target.units, ...units.map(withoutLimit)],
    extensions: [...target.extensions, { id, content }],
  };
  return changed(
    { ...claimed.wallet, holds: wallet.holds.map((each) => (each.id === holdId ? extended : each)) },
    credits,
  );
};

const capture = (wallet: Wallet, command: CaptureCommand, now: Instant): Step => {
  const { holdId, lines, units, operation } = command;
  if (!lines.every((line) => isCredits(line.credits)) || !units.every(isSound)) return refused('AMOUNT_INVALID');
  const content = fingerprint(lines, units, operation);
  const ended = findEnded(wallet, holdId);
  if (ended?.how === 'CAPTURED') return ended.content === content ? repeated(ended.credits) : refused('CONFLICT');
  const charged = sum(lines.map((line) => line.credits));
  const target = findHold(wallet, holdId);
  if (target === undefined) {
    return ended === undefined ? recordedCapture(wallet, command, charged) : refused(faultOfEnded(ended));
  }
  const held = sum(target.takes.map((take) => take.credits));
  const isWithin = charged <= held && units.every((each) => unitsOf(units, each) <= unitsOf(target.units, each));
  if (!isWithin) return refused('CAPTURE_EXCEEDS_HOLD');
  const end = { how: 'CAPTURED', lines, units, content, ...(operation === undefined ? {} : { operation }) } as const;
  return changed(endHold(wallet, target, end, now), charged);
};

/** A capture of a hold that the wallet does not know any more: the ledger tells whether it was carried out. */
const recordedCapture = (wallet: Wallet, { holdId, recorded }: CaptureCommand, charged: number): Step => {
  const charges = chargesOf(wallet, holdId, recorded ?? []).filter((entry) => entry.kind === 'CHARGE');
  if (charges.length === 0) return refused('UNKNOWN_HOLD');
  return sum(charges.map((charge) => -charge.credits)) === charged ? repeated(charged) : refused('CONFLICT');
};

const release = (wallet: Wallet, { holdId }: ReleaseCommand, now: Instant): Step => {
  const ended = findEnded(wallet, holdId);
  if (ended?.how === 'RELEASED') return repeated(0);
  const target = findHold(wallet, holdId);
  if (target === undefined) return refused(faultOfEnded(ended));
  return changed(endHold(wallet, target, { how: 'RELEASED', lines: [], units: [], content: '' }, now), 0);
};

const faultOfEnded = (ended: EndedHold | undefined): WalletFault => {
  if (ended === undefined) return 'UNKNOWN_HOLD';
  return ended.how === 'EXPIRED' ? 'HOLD_EXPIRED' : 'HOLD_ENDED';
};

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
const isSound = ({ units }: LimitUnits): boolean => isCredits(units);
const isSoundClaim = (claimed: LimitClaim): boolean => isSound(claimed) && isCredits(claimed.limit);
const isNear = ({ startsAt, endsAt }: Window, now: Instant): boolean =>
  isInstant(startsAt) &&
  isInstant(endsAt) &&
  startsAt < endsAt &&
  startsAt <= now + CLAIM_TOLERANCE_MS &&
  now < endsAt + CLAIM_TOLERANCE_MS;
const withoutLimit = ({ key, window, units }: LimitClaim): LimitUnits => ({ key, window, units });

type Claimed =
  | { readonly kind: 'claimed'; readonly wallet: Wallet; readonly takes: readonly Take[] }
  | { readonly kind: 'refused'; readonly fault: WalletFault };

/** Sets credits and units aside in grants and counters, or says which of the two does not suffice. */
const claim = (wallet: Wallet, credits: number, units: readonly LimitClaim[], now: Instant): Claimed => {
  const counters = count(wallet.counters, units);
  if (counters === null) return { kind: 'refused', fault: 'LIMIT_REACHED' };
  const takes = takeFrom(wallet.grants, credits, now);
  if (takes === null) return { kind: 'refused', fault: 'INSUFFICIENT_CREDITS' };
  const grants = changeGrants(wallet.grants, takes, (each, taken) => ({ ...each, held: each.held + taken }));
  return { kind: 'claimed', wallet: { ...wallet, grants, counters }, takes };
};

/** From which grants these credits are taken, in burn order, or `null` where they don't suffice. */
const takeFrom = (grants: readonly Grant[], credits: number, now: Instant): readonly Take[] | null => {
  const takes: Take[] = [];
  let due = credits;
  for (const each of grants) {
    if (due === 0) break;
    const taken = isExpired(each, now) ? 0 : Math.min(due, each.remaining - each.held);
    if (taken > 0) takes.push({ grantId: each.id, credits: taken });
    due -= taken;
  }
  return due === 0 ? takes : null;
};

const changeGrants = (
  grants: readonly Grant[],
  takes: readonly Take[],
  change: (grant: Grant, credits: number) => Grant,
): readonly Grant[] => {
  const credits = new Map(takes.map((take) => [take.grantId, take.credits]));
  return grants.map((each) => {
    const taken = credits.get(each.id);
    return taken === undefined ? each : change(each, taken);
  });
};

/** The counters with these units counted, or `null` where a limit would be exceeded. */
const count = (counters: readonly Counter[], claims: readonly LimitClaim[]): readonly Counter[] | null => {
  let counted = counters;
  for (const claimed of claims) {
    if (claimed.units > leftOf(counted, claimed)) return null;
    counted = countUnits(counted, claimed);
  }
  return counted;
};
