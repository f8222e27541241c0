/** The rows of what an operation is charged: what its response really delivers. */
import { creditsFor } from '../../domain/decideDelivered.js';
import { NO_USAGE } from '../../domain/usage.js';
import type { UsageLine, Used } from '../../domain/usage.js';
import type { LimitUnits } from '../../domain/wallet.js';
import { isSameLimit } from '../../domain/wallet.js';
import type { Capture } from '../../ledger/heldOperation.js';
import type { Draw } from '../gate/draw.js';

/** One row a schema coordinate, however long the lists. */
export interface ChargedField {
  readonly coordinate: string;
  /** How many positions were delivered. */
  readonly positions: number;
  readonly credits: number;
  /** The plan that covered them; `null` where all were paid with credits. */
  readonly coveredBy: string | null;
}

/** `extensions.payment` of a served response. */
export interface PaymentSummary {
  readonly charged: number;
  /** Credits that can be spent afterwards. */
  readonly balance: number;
  readonly fields: readonly ChargedField[];
}

/** Sums delivered positions by coordinate, in the order in which their places first drew. */
export const chargedFields = (delivered: readonly Draw[]): readonly ChargedField[] => {
  const rows: Mutable<ChargedField>[] = [];
  let row: Mutable<ChargedField> | undefined;
  for (const draw of delivered) {
    const { coordinate } = draw.paid;
    // Draws come place by place, so that the row of the last one is mostly that of this one.
    if (row?.coordinate !== coordinate) row = rows.find((each) => each.coordinate === coordinate);
    if (row === undefined) rows.push((row = { coordinate, positions: 0, credits: 0, coveredBy: null }));
    row.positions += 1;
    row.credits += creditsOf(draw);
    if (draw.decision.outcome !== 'paid') row.coveredBy = draw.decision.planId;
  }
  return rows;
};

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

const unitsTaken = (delivered: readonly Draw[]): readonly LimitUnits[] => {
  const taken: LimitUnits[] = [];
  const take = (units: LimitUnits | null): void => {
    if (units === null) return;
    const index = taken.findIndex((each) => isSameLimit(each, units));
    const known = taken[index];
    if (known === undefined) taken.push(units);
    else taken[index] = { ...known, units: known.units + units.units };
  };
  for (const draw of delivered) {
    take(limitUnitsOf(draw));
    take(budgetUnitsOf(draw));
  }
  return taken;
};

/** What delivered positions used, a line a coordinate. */
const usageLines = (delivered: readonly Draw[]): readonly UsageLine[] => {
  const lines: Mutable<UsageLine>[] = [];
  let line: Mutable<UsageLine> | undefined;
  for (const draw of delivered) {
    const { coordinate } = draw.paid;
    if (line?.coordinate !== coordinate) line = lines.find((each) => each.coordinate === coordinate);
    if (line === undefined) lines.push((line = { ...NO_USAGE, coordinate }));
    line.positions += 1;
    line.units += draw.usedUnits;
    line.credits += creditsOf(draw);
    line.coveredUnits += coveredUnitsOf(draw);
  }
  return lines;
};

/** `fields`: the rows of what was delivered, in the day of the account in which it was settled. */
export const captureOf = (
  delivered: readonly Draw[],
  fields: readonly ChargedField[],
  day: string,
): Capture & { readonly used: Used } => ({
  lines: fields.filter((row) => row.credits > 0).map(({ coordinate, credits }) => ({ coordinate, credits })),
  units: unitsTaken(delivered),
  used: { day, lines: usageLines(delivered) },
});

/** What a delivered position costs in the end. */
export const creditsOf = ({ decision, paid, usedUnits }: Draw): number =>
  creditsFor({ requirement: paid, units: usedUnits, decision });

/** What a delivered position takes of a limit in the end. */
export const limitUnitsOf = ({ decision, usedUnits }: Draw): LimitUnits | null => {
  if (decision.outcome === 'paid' || decision.draws === null) return null;
  const { key, window, units } = decision.draws;
  return { key, window, units: Math.min(usedUnits, units) };
};

/** How many of its units a plan covered. */
const coveredUnitsOf = ({ decision, usedUnits }: Draw): number => {
  if (decision.outcome === 'paid') return 0;
  return decision.outcome === 'split' ? Math.min(usedUnits, decision.draws.units) : usedUnits;
};

/** What a delivered position takes of the key's budget in the end. */
const budgetUnitsOf = (draw: Draw): LimitUnits | null => {
  const { decision } = draw;
  if (decision.outcome === 'covered' || decision.budget === undefined) return null;
  const { key, window } = decision.budget;
  return { key, window, units: creditsOf(draw) };
};
