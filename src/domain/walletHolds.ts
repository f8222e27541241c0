/**
 * What operations set aside: holds, from the first claim to their end. Their ids are remembered by the wallet, for as
 * long as a lost reply can make a command come again.
 */
import { isCredits } from './credits.js';
import { fingerprint } from './fingerprint.js';
import type { HoldId } from './ids.js';
import type { LedgerEntry } from './ledger.js';
import type { Instant, Window } from './period.js';
import { isInstant } from './period.js';
import { CLAIM_TOLERANCE_MS, HOLDS_MAX } from './wallet.js';
import type { EndedHold, Hold, LimitClaim, LimitUnits, Wallet } from './wallet.js';
import { chargesOf, claim, endHold, findEnded, findHold, sumCredits, unitsOf } from './walletMoves.js';
import { countUsage } from './usage.js';
import type { Used } from './usage.js';
import type { ChargeLine, HoldEnd } from './walletMoves.js';
import { changed, refused, repeated } from './walletStep.js';
import type { Step, WalletFault } from './walletStep.js';

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
  /** What was delivered for it, also where nothing is charged. */
  readonly used?: Used;
  /** The entries of this hold. */
  readonly recorded?: readonly LedgerEntry[];
}

/**
 * Gives back the units that a capture, named as it was, took of limits and budgets, as long as their windows are remembered, and
 * once: its answer could not be sent. Credits are given back by a refund. `used`: what that counts for.
 */
export interface ReturnCommand extends Pick<CaptureCommand, 'holdId' | 'lines' | 'units' | 'operation'> {
  readonly kind: 'return';
  readonly used: Used;
}

/** Gives back all that a hold has set aside. */
export interface ReleaseCommand {
  readonly kind: 'release';
  readonly holdId: HoldId;
}

export const hold = (wallet: Wallet, command: HoldCommand, now: Instant): Step => {
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
  return { kind: 'changed', wallet: { ...claimed.wallet, holds: [...wallet.holds, opened] }, credits };
};

export const extend = (wallet: Wallet, command: ExtendCommand, now: Instant): Step => {
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
  const holds = wallet.holds.map((each) => (each.id === holdId ? extended : each));
  return { kind: 'changed', wallet: { ...claimed.wallet, holds }, credits };
};

export const capture = (wallet: Wallet, command: CaptureCommand, now: Instant): Step => {
  const { holdId, lines, units, operation, used } = command;
  if (!lines.every((line) => isCredits(line.credits)) || !units.every(isSound)) return refused('AMOUNT_INVALID');
  const content = fingerprint(lines, units, operation);
  const ended = findEnded(wallet, holdId);
  if (ended?.how === 'CAPTURED') return ended.content === content ? repeated(ended.credits) : refused('CONFLICT');
  const charged = sumCredits(lines);
  const target = findHold(wallet, holdId);
  if (target === undefined) {
    return ended === undefined ? recordedCapture(wallet, command, charged) : refused(faultOfEnded(ended));
  }
  const held = sumCredits(target.takes);
  const isWithin = charged <= held && units.every((each) => unitsOf(units, each) <= unitsOf(target.units, each));
  if (!isWithin) return refused('CAPTURE_EXCEEDS_HOLD');
  const end: HoldEnd = {
    how: 'CAPTURED',
    lines,
    units,
    content,
    ...(operation === undefined ? {} : { operation }),
    ...(used === undefined ? {} : { used }),
  };
  return { kind: 'changed', wallet: endHold(wallet, target, end, now), credits: charged };
};

/** A capture of a hold that the wallet does not know any more: the ledger tells whether it was carried out. */
const recordedCapture = (wallet: Wallet, { holdId, recorded }: CaptureCommand, charged: number): Step => {
  const charges = chargesOf(wallet, holdId, recorded ?? []).filter((entry) => entry.kind === 'CHARGE');
  if (charges.length === 0) return refused('UNKNOWN_HOLD');
  return -sumCredits(charges) === charged ? repeated(charged) : refused('CONFLICT');
};

export const release = (wallet: Wallet, { holdId }: ReleaseCommand, now: Instant): Step => {
  const ended = findEnded(wallet, holdId);
  if (ended?.how === 'RELEASED') return repeated(0);
  const target = findHold(wallet, holdId);
  if (target === undefined) return refused(faultOfEnded(ended));
  const end = { how: 'RELEASED', lines: [], units: [], content: '' } as const;
  return { kind: 'changed', wallet: endHold(wallet, target, end, now), credits: 0 };
};

export const returnUnits = (wallet: Wallet, { holdId, lines, units, operation, used }: ReturnCommand): Step => {
  const ended = findEnded(wallet, holdId);
  if (ended?.how === 'RETURNED') return repeated(0);
  if (ended?.how !== 'CAPTURED') return refused(faultOfEnded(ended));
  if (ended.content !== fingerprint(lines, units, operation)) return refused('CONFLICT');
  const counters = wallet.counters.map((counter) => {
    const back = Math.min(counter.used, unitsOf(units, counter));
    return back === 0 ? counter : { ...counter, used: counter.used - back };
  });
  const remembered = wallet.ended.map((each): EndedHold => (each === ended ? { ...ended, how: 'RETURNED' } : each));
  return changed(countUsage({ ...wallet, counters, ended: remembered }, used), 0);
};

const faultOfEnded = (ended: EndedHold | undefined): WalletFault => {
  if (ended === undefined) return 'UNKNOWN_HOLD';
  return ended.how === 'EXPIRED' ? 'HOLD_EXPIRED' : 'HOLD_ENDED';
};

const isSound = ({ units }: LimitUnits): boolean => isCredits(units);
const isSoundClaim = (claimed: LimitClaim): boolean => isSound(claimed) && isCredits(claimed.limit);
const isNear = ({ startsAt, endsAt }: Window, now: Instant): boolean =>
  isInstant(startsAt) &&
  isInstant(endsAt) &&
  startsAt < endsAt &&
  startsAt <= now + CLAIM_TOLERANCE_MS &&
  now < endsAt + CLAIM_TOLERANCE_MS;
const withoutLimit = ({ key, window, units }: LimitClaim): LimitUnits => ({ key, window, units });
