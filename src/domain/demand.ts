/**
 * What several positions need together, and what of it there is: the sums that both gates and settlement hold, draw on and
 * give back. Whether one position is admitted is decided in `admission.ts`.
 */
import type { Decision, Means, Standing } from './admission.js';
import { budgetClaim } from './budget.js';
import { unreachable } from './invariant.js';
import type { Instant } from './period.js';
import { limitWindowAt } from './subscription.js';
import { countUnits, isSameLimit, leftOf, limitKey } from './wallet.js';
import type { Counter, LimitClaim } from './wallet.js';

/**
 * What several positions need together: credits, and units of limits. A hold sets a demand aside; an allotment is the
 * means that a demand leaves to the positions it was made for, and nothing else.
 */
export interface Demand {
  readonly credits: number;
  /** One claim a limit. */
  readonly claims: readonly LimitClaim[];
}

export const NO_DEMAND: Demand = { credits: 0, claims: [] };

export const isNothing = (demand: Demand): boolean => demand.credits === 0 && demand.claims.length === 0;

/** What so many positions need that are each decided alike. The caller knows that the means suffice for them. */
export const demandOf = (decision: Decision, positions: number): Demand => {
  switch (decision.outcome) {
    case 'paid':
      return { credits: decision.credits * positions, claims: claimsOf([decision.budget], positions) };
    case 'covered': {
      const { draws } = decision;
      return draws === null ? NO_DEMAND : { credits: 0, claims: claimsOf([draws], positions) };
    }
    case 'split': {
      const { credits, draws, budget } = decision;
      return { credits: credits * positions, claims: claimsOf([draws, budget], positions) };
    }
    case 'refused':
      return NO_DEMAND;
    default:
      return unreachable(decision);
  }
};

const claimsOf = (claims: readonly (LimitClaim | undefined)[], positions: number): readonly LimitClaim[] =>
  claims.flatMap((claim) => (claim === undefined ? [] : [{ ...claim, units: claim.units * positions }]));

/** What both need. */
export const addDemands = (a: Demand, b: Demand): Demand => combine(a, b, (x, y) => x + y);

/** What suffices for either, where only one of them will come true. */
export const largerDemand = (a: Demand, b: Demand): Demand => combine(a, b, Math.max);

const combine = (a: Demand, b: Demand, how: (x: number, y: number) => number): Demand => {
  if (isNothing(a)) return b;
  if (isNothing(b)) return a;
  const onlyInB = b.claims.filter((claim) => !a.claims.some((each) => isSameLimit(each, claim)));
  const claims = a.claims.map((claim) => {
    const other = b.claims.find((each) => isSameLimit(each, claim));
    return other === undefined ? claim : { ...claim, units: how(claim.units, other.units) };
  });
  return { credits: how(a.credits, b.credits), claims: [...claims, ...onlyInB] };
};

/** The same caller with other means. Written out: of copies by spreading each has a hidden class of its own. */
export const withMeans = ({ key, suspended, scopes, rateLimitedUntil }: Standing, means: Means | null): Standing => ({
  key,
  suspended,
  scopes,
  rateLimitedUntil,
  means,
});

/** The means that are left after a decision: what the next position is decided against. */
export const meansAfter = (means: Means, decision: Decision): Means => {
  switch (decision.outcome) {
    case 'paid':
      return spend(means, decision.credits, decision.budget);
    case 'covered':
      return decision.draws === null ? means : { ...means, counters: countUnits(means.counters, decision.draws) };
    case 'split': {
      const counters = countUnits(means.counters, decision.draws);
      return spend({ ...means, counters }, decision.credits, decision.budget);
    }
    case 'refused':
      return means;
    default:
      return unreachable(decision);
  }
};

const spend = (means: Means, credits: number, budget: LimitClaim | undefined): Means => ({
  ...means,
  credits: means.credits - credits,
  counters: budget === undefined ? means.counters : countUnits(means.counters, budget),
});

/** The same caller when a demand has been set aside. */
export const standingWithout = (standing: Standing, demand: Demand): Standing =>
  standing.means === null || isNothing(demand) ? standing : withMeans(standing, meansWithout(standing.means, demand));

/** The means that are left when a demand has been set aside. */
export const meansWithout = (means: Means, demand: Demand): Means => ({
  ...means,
  credits: means.credits - demand.credits,
  counters: demand.claims.reduce<readonly Counter[]>(countUnits, means.counters),
});

/** The means with what a demand gives back. */
export const meansWith = (means: Means, { credits, claims }: Demand): Means => ({
  ...means,
  credits: Math.max(0, means.credits + credits),
  counters: claims.reduce<readonly Counter[]>(
    (counters, claim) => countUnits(counters, { ...claim, units: -claim.units }),
    means.counters,
  ),
});

/** What of a demand another one does not have. */
export const excessOf = (demand: Demand, over: Demand): Demand => ({
  credits: Math.max(0, demand.credits - over.credits),
  claims: demand.claims
    .map((claim) => {
      const known = over.claims.find((each) => isSameLimit(each, claim))?.units ?? 0;
      return { ...claim, units: claim.units - known };
    })
    .filter(({ units }) => units > 0),
});

/** The means of a demand alone: its credits, and of the budget and every limit of the plan only what it claims. */
export const meansOf = (means: Means, { credits, claims }: Demand, now: Instant): Means => {
  const { plan, subscription, offers, timeZone, budget } = means;
  const counters: Counter[] = [];
  const leave = ({ key, window, limit }: Omit<LimitClaim, 'units'>): void => {
    const claimed = claims.find((claim) => isSameLimit(claim, { key, window }))?.units ?? 0;
    counters.push({ key, window, used: limit - claimed });
  };
  if (budget !== null) leave(budgetClaim(budget, 0, timeZone, now));
  if (plan !== null && subscription !== null) {
    for (const { feature, limit } of plan.features) {
      if (limit === null) continue;
      const window = limitWindowAt(limit.per, subscription, plan.interval, timeZone, now);
      leave({ key: limitKey(feature, limit.per), window, limit: limit.units });
    }
  }
  return { subscription, plan, timeZone, credits, held: 0, counters, holds: [], budget, offers };
};

/**
 * How many of so many positions the means suffice for if each is decided like this one, which they suffice for.
 * At least 1.
 */
export const repeatsOf = (decision: Decision, positions: number, means: Means): number => {
  const once = demandOf(decision, 1);
  if (isNothing(once)) return positions;
  const left = meansAfter(means, decision);
  let repeats = positions;
  if (once.credits > 0) repeats = Math.min(repeats, 1 + timesIn(left.credits, once.credits));
  for (const claim of once.claims) {
    if (claim.units > 0) repeats = Math.min(repeats, 1 + timesIn(leftOf(left.counters, claim), claim.units));
  }
  return repeats;
};

/** How often `part` fits into `whole`. Taking the remainder off first keeps the division exact. */
const timesIn = (whole: number, part: number): number => (whole - (whole % part)) / part;
