/**
 * What an account used, by day and field: what charts and invoices read. It is counted where charges are and rides in the
 * wallet, so that it is written with the charge or not at all. A row only grows: whoever moves it says how far it has come,
 * as often as they like.
 */
import { CREDITS_MAX } from './credits.js';

export interface UsageCounts {
  /** Positions that were delivered. */
  readonly positions: number;
  /** What they used. */
  readonly units: number;
  /** What they were charged. */
  readonly credits: number;
  /** Of the units: what a plan covered. */
  readonly coveredUnits: number;
  /** Of credits and covered units: what was given back, on the day when it was. */
  readonly refundedCredits: number;
  readonly refundedUnits: number;
}

export interface UsageLine extends UsageCounts {
  /** The schema coordinate of the field. */
  readonly coordinate: string;
}

/** What one operation used, in the day of the account's time zone in which it was settled: `2025-01-16`. */
export interface Used {
  readonly day: string;
  readonly lines: readonly UsageLine[];
}

/** `part` tells the rows of one day and field apart: one that has left the wallet is not gone on with, but followed. */
export interface UsageRow extends UsageLine {
  readonly day: string;
  readonly part: number;
}

/** What rides in a wallet of it. */
export interface UsageRiding {
  /** Rows that may not be stored as they are here, the newest last. Absent: none. */
  readonly usage?: readonly UsageRow[];
  /** How many rows the wallet has begun. */
  readonly usageParts?: number;
}

export const NO_USAGE: UsageCounts = {
  positions: 0,
  units: 0,
  credits: 0,
  coveredUnits: 0,
  refundedCredits: 0,
  refundedUnits: 0,
};

/** Sums stop at 2^53 - 1: a count that is too large to be exact must not keep a charge from being stored. */
const sum = (a: number, b: number): number => Math.min(CREDITS_MAX, a + b);

export const addUsage = (a: UsageCounts, b: UsageCounts): UsageCounts => ({
  positions: sum(a.positions, b.positions),
  units: sum(a.units, b.units),
  credits: sum(a.credits, b.credits),
  coveredUnits: sum(a.coveredUnits, b.coveredUnits),
  refundedCredits: sum(a.refundedCredits, b.refundedCredits),
  refundedUnits: sum(a.refundedUnits, b.refundedUnits),
});

/** The same with what was used counted. */
export const countUsage = <Riding extends UsageRiding>(riding: Riding, { day, lines }: Used): Riding => {
  if (lines.length === 0) return riding;
  const usage = [...(riding.usage ?? [])];
  let { usageParts = 0 } = riding;
  for (const line of lines) {
    const index = usage.findIndex((row) => row.day === day && row.coordinate === line.coordinate);
    const row = usage[index];
    if (row === undefined) usage.push({ day, part: (usageParts += 1), ...line });
    else usage[index] = { day, part: row.part, coordinate: row.coordinate, ...addUsage(row, line) };
  }
  return { ...riding, usage, usageParts };
};

/** By what usage is summed. */
export const USAGE_DIMENSIONS = ['DAY', 'MONTH', 'COORDINATE'] as const;
export type UsageDimension = (typeof USAGE_DIMENSIONS)[number];

export interface UsageQuery {
  /** The first and the last day, both of which count. */
  readonly from: string;
  readonly to: string;
  /** Nothing: one sum of all. */
  readonly by: readonly UsageDimension[];
  /** At most so many sums, the first in the order of their day or month, then of their coordinates. */
  readonly first: number;
}

export interface UsageSum extends UsageCounts {
  /** The day, or the month as in `2025-01`; `null` where it is not summed by either. */
  readonly day: string | null;
  readonly coordinate: string | null;
}

const MONTH_LENGTH = '2025-01'.length;

/** Sums rows, or sums of rows, in the order that a query promises. */
export const sumRows = (rows: readonly (UsageRow | UsageSum)[], { by, first }: UsageQuery): readonly UsageSum[] => {
  const sums = new Map<string, UsageSum>();
  for (const row of rows) {
    const day = row.day === null || by.includes('DAY') ? row.day : row.day.slice(0, MONTH_LENGTH);
    const group = {
      day: by.includes('DAY') || by.includes('MONTH') ? day : null,
      coordinate: by.includes('COORDINATE') ? row.coordinate : null,
    };
    const name = JSON.stringify([group.day, group.coordinate]);
    sums.set(name, { ...group, ...addUsage(sums.get(name) ?? NO_USAGE, row) });
  }
  return [...sums.values()].sort(bySum).slice(0, first);
};

const bySum = (a: UsageSum, b: UsageSum): number => compare(a.day, b.day) || compare(a.coordinate, b.coordinate);

const compare = (a: string | null, b: string | null): number => {
  if (a === b || a === null || b === null) return 0;
  return a < b ? -1 : 1;
};
