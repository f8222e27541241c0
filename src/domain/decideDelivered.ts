/**
 * What delivered positions are charged in the end. While an operation runs, each takes what there is for it; once it is
 * known which of them came, the plan covers those that come first, and credits pay for the rest.
 */
import { decide, priceOf } from './admission.js';
import { meansAfter, meansOf, withMeans } from './demand.js';
import type { Decision, Means, Requirement, Standing } from './admission.js';
import type { Demand } from './demand.js';
import type { Instant } from './period.js';

export type AdmittedDecision = Exclude<Decision, { readonly outcome: 'refused' }>;

/** A position that was delivered. */
export interface DeliveredPosition {
  readonly requirement: Requirement;
  /** What it used, at most what it was admitted with. */
  readonly units: number;
  readonly decision: AdmittedDecision;
}

/** What a position costs. Of units that a limit and credits share, the limit has the first ones. */
export const creditsFor = ({ requirement, units, decision }: DeliveredPosition): number => {
  if (decision.outcome === 'covered') return 0;
  const covered = decision.outcome === 'split' ? decision.draws.units : 0;
  return priceOf(requirement.cost ?? 0, Math.max(0, units - covered)) ?? decision.credits;
};

/**
 * Decides once more, in document order, on what is held and nothing else: same length, same order. Where that does not
 * suffice in this order, or would cost more, what was decided before stays.
 */
export const decideDelivered = (
  positions: readonly DeliveredPosition[],
  standing: Standing & { readonly means: Means },
  held: Demand,
  now: Instant,
): readonly AdmittedDecision[] => {
  const before = positions.map(({ decision }) => decision);
  const cost = costOf(positions);
  if (cost === 0 || held.claims.length === 0) return before;
  let means = meansOf(standing.means, held, now);
  const after: DeliveredPosition[] = [];
  for (const position of positions) {
    // Who used nothing is charged nothing, and needs no means for it any more.
    const isUsed = position.units > 0;
    const decision = isUsed
      ? decide(position.requirement, position.units, withMeans(standing, means), now)
      : position.decision;
    if (decision.outcome === 'refused') return before;
    if (isUsed) means = meansAfter(means, decision);
    after.push({ ...position, decision });
  }
  return costOf(after) < cost ? after.map(({ decision }) => decision) : before;
};

const costOf = (positions: readonly DeliveredPosition[]): number =>
  positions.reduce((sum, position) => sum + creditsFor(position), 0);
