/**
 * The ways in which a wallet's credits move: set aside, given back or taken at the end of a hold, and written to the
 * journal. Commands and the passing of time both use them, so that both keep the same books.
 */
import { isCredits } from './credits.js';
import type { HoldId } from './ids.js';
import { InvariantError } from './invariant.js';
import { holdEntryId } from './ledger.js';
import type { LedgerEntry, Movement } from './ledger.js';
import type { Instant } from './period.js';
import { countUnits, ENDED_HOLDS_MAX, isExpired, isSameLimit, leftOf, WRITES_REMEMBERED } from './wallet.js';
import type { Counter, EndedHold, Grant, Hold, LimitClaim, LimitUnits, Take, Wallet } from './wallet.js';
import { countUsage } from './usage.js';
import type { Used } from './usage.js';
import type { WalletFault } from './walletStep.js';

/** Writes movements to the journal, in order. The grants themselves are changed by the caller. */
export const enter = (wallet: Wallet, movements: readonly Movement[]): Wallet => {
  let { entryCount, entrySum } = wallet;
  const entries: LedgerEntry[] = [];
  for (const movement of movements) {
    entryCount += 1;
    entrySum += movement.credits;
    if (!isCredits(entrySum))
      throw new InvariantError(
        `Tollgate has a bug: ${movement.id} would leave ${wallet.accountId} a balance of ${String(entrySum)}`,
      );
    // Spread last: V8 takes ten times as long where properties are added to a spread.
    entries.push({ accountId: wallet.accountId, seq: entryCount, balanceAfter: entrySum, ...movement });
  }
  return { ...wallet, entryCount, entrySum, journal: [...wallet.journal, ...entries] };
};

/** What is charged for one schema coordinate. */
export interface ChargeLine {
  readonly coordinate: string;
  readonly credits: number;
}

export interface HoldEnd {
  readonly how: EndedHold['how'];
  /** At most what the hold has set aside; the rest is given back. */
  readonly lines: readonly ChargeLine[];
  readonly units: readonly LimitUnits[];
  readonly operation?: string;
  readonly used?: Used;
  readonly content: string;
}

/**
 * Ends a hold: takes what the lines say from the grants it was taken from, in burn order, and gives the rest back to
 * exactly those. What is given back to a grant that has expired meanwhile is gone, and an entry says so.
 */
export const endHold = (wallet: Wallet, hold: Hold, end: HoldEnd, at: Instant): Wallet => {
  const charges = splitLines(hold.takes, end.lines);
  const chargedOf = sumByGrant(charges);
  const movements: Movement[] = charges.map((charge, index) => ({
    id: holdEntryId(hold.id, index),
    at,
    kind: 'CHARGE',
    credits: -charge.credits,
    grantId: charge.grantId,
    holdId: hold.id,
    coordinate: charge.coordinate,
    ...(end.operation === undefined ? {} : { operation: end.operation }),
  }));

  const heldOf = sumByGrant(hold.takes);
  const grants = wallet.grants.map((grant) => {
    const held = heldOf.get(grant.id);
    if (held === undefined) return grant;
    const charged = chargedOf.get(grant.id) ?? 0;
    const lost = isExpired(grant, at) ? held - charged : 0;
    if (lost > 0) {
      movements.push({
        id: holdEntryId(hold.id, movements.length),
        at,
        kind: 'EXPIRE',
        credits: -lost,
        grantId: grant.id,
        holdId: hold.id,
      });
    }
    return { ...grant, remaining: grant.remaining - charged - lost, held: grant.held - held };
  });

  const credits = sumCredits(charges);
  const ended = enter(
    {
      ...wallet,
      grants,
      holds: wallet.holds.filter((each) => each.id !== hold.id),
      counters: giveBack(wallet.counters, hold.units, end.units),
      ended: remember(wallet.ended, {
        id: hold.id,
        endedAt: at,
        version: wallet.version,
        how: end.how,
        holdContent: hold.content,
        content: end.content,
        credits,
      }),
    },
    movements,
  );
  return end.used === undefined ? ended : countUsage(ended, end.used);
};

interface Charge extends Take, ChargeLine {}

/** Which line is paid from which grant: lines in their order, each from the takes in theirs. */
const splitLines = (takes: readonly Take[], lines: readonly ChargeLine[]): readonly Charge[] => {
  const charges: Charge[] = [];
  const sources = takes.map((take) => ({ ...take }));
  for (const line of lines) {
    let due = line.credits;
    for (const source of sources) {
      const credits = Math.min(due, source.credits);
      if (credits > 0) charges.push({ grantId: source.grantId, coordinate: line.coordinate, credits });
      source.credits -= credits;
      due -= credits;
    }
  }
  return charges;
};

const sumByGrant = (takes: readonly Take[]): ReadonlyMap<string, number> => {
  const sums = new Map<string, number>();
  for (const { grantId, credits } of takes) sums.set(grantId, (sums.get(grantId) ?? 0) + credits);
  return sums;
};

/** Units that were held and not captured no longer count. A window that is long over has no counter any more. */
const giveBack = (
  counters: readonly Counter[],
  held: readonly LimitUnits[],
  captured: readonly LimitUnits[],
): readonly Counter[] =>
  counters.map((counter) => {
    const back = unitsOf(held, counter) - unitsOf(captured, counter);
    return back === 0 ? counter : { ...counter, used: counter.used - back };
  });

/** How many of these units belong to this limit and window. */
export const unitsOf = (units: readonly LimitUnits[], of: Pick<LimitUnits, 'key' | 'window'>): number =>
  units.reduce((sum, each) => (isSameLimit(each, of) ? sum + each.units : sum), 0);

/** Keeps the newest, whatever the order in which the ends were noticed. */
const remember = (known: readonly EndedHold[], end: EndedHold): readonly EndedHold[] => {
  const { id, endedAt, version } = end;
  const ended = known.filter((each) => each.version > version - WRITES_REMEMBERED);
  const before = ended.findLastIndex((each) => each.endedAt < endedAt || (each.endedAt === endedAt && each.id < id));
  return ended.toSpliced(before + 1, 0, end).slice(-ENDED_HOLDS_MAX);
};

export const findHold = (wallet: Wallet, id: HoldId): Hold | undefined => wallet.holds.find((hold) => hold.id === id);
export const findEnded = (wallet: Wallet, id: HoldId): EndedHold | undefined =>
  wallet.ended.find((end) => end.id === id);

/** Charges and refunds of one hold, each once, oldest first: from the ledger, and from the journal what it lacks. */
export const chargesOf = (wallet: Wallet, holdId: HoldId, history: readonly LedgerEntry[]): readonly LedgerEntry[] => {
  const bySeq = new Map<number, LedgerEntry>();
  for (const entry of [...history, ...wallet.journal]) {
    const isMine = entry.holdId === holdId && entry.accountId === wallet.accountId;
    if (isMine && (entry.kind === 'CHARGE' || entry.kind === 'REFUND')) bySeq.set(entry.seq, entry);
  }
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
};

/** From which grants these credits are taken, in burn order, or `null` where they don't suffice. */
export const takeFrom = (grants: readonly Grant[], credits: number, now: Instant): readonly Take[] | null => {
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

type Claimed =
  | { readonly kind: 'claimed'; readonly wallet: Wallet; readonly takes: readonly Take[] }
  | { readonly kind: 'refused'; readonly fault: WalletFault };

/** Sets credits and units aside in grants and counters, or says which of the two does not suffice. */
export const claim = (wallet: Wallet, credits: number, units: readonly LimitClaim[], now: Instant): Claimed => {
  const counters = count(wallet.counters, units);
  if (counters === null) return { kind: 'refused', fault: 'LIMIT_REACHED' };
  const takes = takeFrom(wallet.grants, credits, now);
  if (takes === null) return { kind: 'refused', fault: 'INSUFFICIENT_CREDITS' };
  const grants = changeGrants(wallet.grants, takes, (each, taken) => ({ ...each, held: each.held + taken }));
  return { kind: 'claimed', wallet: { ...wallet, grants, counters }, takes };
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

export const changeGrants = (
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

export const sumCredits = (parts: readonly { readonly credits: number }[]): number =>
  parts.reduce((total, { credits }) => total + credits, 0);
