/**
 * One account's grants, holds, limit counters and journal: the unit of atomic change. This file says what a wallet is
 * and what can be read off it at an instant; `walletCommand.ts` changes it, `sweep.ts` lets time pass in it.
 */
import type { AccountId, GrantId, HoldId } from './ids.js';
import type { LedgerEntry } from './ledger.js';
import type { Instant, LimitPer, Window } from './period.js';
import type { UsageRiding } from './usage.js';

/** Credits added at one time for one reason. */
export interface Grant {
  readonly id: GrantId;
  /** What was granted; never changes. */
  readonly granted: number;
  /** What no charge has taken yet. Credits on hold are in it. */
  readonly remaining: number;
  /** The part of `remaining` that open holds have set aside. */
  readonly held: number;
  readonly grantedAt: Instant;
  readonly expiresAt: Instant | null;
  /** Lower burns first. */
  readonly priority: number;
  /** Whether its id is looked up in the ledger before it is used again: then it is forgotten as soon as it is spent. */
  readonly isRecorded: boolean;
  /** Of the command that made it. */
  readonly content: string;
}

/** Units of one limit in one window. `key` names the limit, as in `cities:DAY`. */
export interface LimitUnits {
  readonly key: string;
  readonly window: Window;
  readonly units: number;
}

/** A claim on a limit: the units to set aside, and the limit that they and what is used must not exceed. */
export interface LimitClaim extends LimitUnits {
  readonly limit: number;
}

/** What is used of one limit in one window, units on hold included. */
export interface Counter {
  readonly key: string;
  readonly window: Window;
  readonly used: number;
}

export interface Take {
  readonly grantId: GrantId;
  readonly credits: number;
}

/** Credits and limit units set aside for one operation, until captured, released or expired. */
export interface Hold {
  readonly id: HoldId;
  readonly heldAt: Instant;
  readonly expiresAt: Instant;
  /** What it took from which grant, in the order in which it is captured. */
  readonly takes: readonly Take[];
  readonly units: readonly LimitUnits[];
  readonly content: string;
  readonly extensions: readonly { readonly id: string; readonly content: string }[];
}

/** What is remembered of a hold that has ended, for a command that comes again because its reply was lost. */
export interface EndedHold {
  readonly id: HoldId;
  readonly endedAt: Instant;
  /** The wallet's version before the write that ended it. */
  readonly version: number;
  /** `RETURNED`: captured, and the units that it took given back. */
  readonly how: 'CAPTURED' | 'RETURNED' | 'RELEASED' | 'EXPIRED';
  /** Of the hold command and of the command that ended it. */
  readonly holdContent: string;
  readonly content: string;
  readonly credits: number;
}

export interface Wallet extends UsageRiding {
  readonly accountId: AccountId;
  /** Raised by one at each write; the store compares and sets it. 0: not stored yet. */
  readonly version: number;
  /** In burn order. */
  readonly grants: readonly Grant[];
  readonly holds: readonly Hold[];
  readonly counters: readonly Counter[];
  /** Newest last; bounded in number, age and writes since. */
  readonly ended: readonly EndedHold[];
  /** How many entries this wallet has made, and their sum. */
  readonly entryCount: number;
  readonly entrySum: number;
  /** Entries that may not have been moved to the ledger yet. */
  readonly journal: readonly LedgerEntry[];
}

/**
 * How long a wallet remembers what is over: holds, limit windows, expired grants. It is for replies that were lost and
 * clocks that are behind, so that neither finds an id or a window new again; it is not for history.
 */
export const MEMORY_MS = 10 * 60_000;
/** How far outside its window a claim on a limit may come. Much less than `MEMORY_MS`: the counter is still there. */
export const CLAIM_TOLERANCE_MS = 5 * 60_000;
export const ENDED_HOLDS_MAX = 128;
/**
 * For how many writes a wallet remembers the holds that they ended. Of a write whose reply was lost it can be told so
 * long whether it was applied, however few the holds are that others end meanwhile.
 */
export const WRITES_REMEMBERED = 16;
/**
 * Grants with credits, and spent ones that are still remembered, beyond which operators give none. What was paid for comes
 * all the same, and a refund may bring one back.
 */
export const GRANTS_MAX = 128;
export const HOLDS_MAX = 10_000;

export const emptyWallet = (accountId: AccountId): Wallet => ({
  accountId,
  version: 0,
  grants: [],
  holds: [],
  counters: [],
  ended: [],
  entryCount: 0,
  entrySum: 0,
  journal: [],
});

/**
 * Burn order: priority, then what expires first, then what was granted first. The id settles the rest, so that two
 * processes never differ.
 */
export const burnOrder = (a: Grant, b: Grant): number =>
  a.priority - b.priority ||
  compareExpiry(a.expiresAt, b.expiresAt) ||
  a.grantedAt - b.grantedAt ||
  (a.id < b.id ? -1 : Number(a.id > b.id));

const compareExpiry = (a: Instant | null, b: Instant | null): number => {
  if (a === b) return 0;
  if (a === null) return 1;
  return b === null ? -1 : a - b;
};

export const isExpired = (grant: Grant, now: Instant): boolean => grant.expiresAt !== null && now >= grant.expiresAt;

type LimitWindow = Pick<LimitUnits, 'key' | 'window'>;

export const isSameLimit = (a: LimitWindow, b: LimitWindow): boolean =>
  a.key === b.key && a.window.startsAt === b.window.startsAt && a.window.endsAt === b.window.endsAt;

/** What is used of a limit in its window: nothing, where no counter has begun. */
export const usedOf = (counters: readonly Counter[], of: LimitWindow): number =>
  counters.find((counter) => isSameLimit(counter, of))?.used ?? 0;

/** How many units of a limit these holds have set aside. */
export const heldOf = (holds: readonly Pick<Hold, 'units'>[], of: LimitWindow): number => {
  let held = 0;
  for (const { units } of holds) for (const each of units) if (isSameLimit(each, of)) held += each.units;
  return held;
};

/** What a limit still allows. A limit that was lowered below what is used allows nothing, not less than nothing. */
export const leftOf = (counters: readonly Counter[], claim: Omit<LimitClaim, 'units'>): number =>
  Math.max(0, claim.limit - usedOf(counters, claim));

/** The counters with these units counted. */
export const countUnits = (counters: readonly Counter[], { key, window, units }: LimitUnits): readonly Counter[] => [
  ...counters.filter((counter) => !isSameLimit(counter, { key, window })),
  { key, window, used: usedOf(counters, { key, window }) + units },
];

/** Names a limit among the counters of a wallet. */
export const limitKey = (feature: string, per: LimitPer): string => `${feature}:${per}`;
