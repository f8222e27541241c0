/** One position that was admitted while the operation ran: what it drew, and what it used of that. */
import type { GraphQLResolveInfo } from 'graphql';
import type { AdmittedDecision } from '../../domain/decideDelivered.js';
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
