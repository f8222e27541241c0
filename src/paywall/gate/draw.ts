/** One position that was admitted while the operation ran: what it drew, and what it used of that. */
import type { GraphQLResolveInfo } from 'graphql';
import { creditsFor } from '../../domain/decideDelivered.js';
import type { AdmittedDecision } from '../../domain/decideDelivered.js';
import type { LimitUnits } from '../../domain/wallet.js';
import type { PaidField } from '../price/requirements.js';

export type Path = GraphQLResolveInfo['path'];

/** What graphql-js tells a resolver of the selection that it stands in. */
export type Selected = Pick<GraphQLResolveInfo, 'schema' | 'fragments' | 'fieldNodes' | 'returnType'>;

export interface Draw {
  readonly path: Path;
  readonly paid: PaidField;
  /** Where its place stands in the document. */
  readonly order: number;
  readonly decision: AdmittedDecision;
  readonly quotedUnits: number;
  /** What the resolver reported; the quoted units until it does. */
  usedUnits: number;
}

const DRAW = Symbol('draw');

type DrawnPath = Path & { [DRAW]?: Draw };

/**
 * Keeps a draw on its path: graphql-js makes an object for each position, which the resolver's `info` has too. A map from
 * paths to draws would cost a list of paid items a tenth of its throughput.
 */
export const noteDraw = (draw: Draw): void => {
  (draw.path as DrawnPath)[DRAW] = draw;
};

export const drawAt = (path: Path): Draw | undefined => (path as DrawnPath)[DRAW];

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
export const coveredUnitsOf = ({ decision, usedUnits }: Draw): number => {
  if (decision.outcome === 'paid') return 0;
  return decision.outcome === 'split' ? Math.min(usedUnits, decision.draws.units) : usedUnits;
};

/** What a delivered position takes of the key's budget in the end. */
export const budgetUnitsOf = (draw: Draw): LimitUnits | null => {
  const { decision } = draw;
  if (decision.outcome === 'covered' || decision.budget === undefined) return null;
  const { key, window } = decision.budget;
  return { key, window, units: creditsOf(draw) };
};
