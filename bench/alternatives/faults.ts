/** What a contender gets wrong, counted on accounts that have too little, or whose fields fail. */
import { parse } from 'graphql';
import { POOR, POOR_CREDITS } from '../contenders.js';
import { keyOf, SEARCH } from '../world.js';
import type { Contender } from './contender.js';

/** So many searches at once, at 20 credits each, of which the poor account can pay some. */
export const AT_ONCE = 50;
const PAYABLE = POOR_CREDITS / 20;
/** The city is delivered for a credit; its distance fails, and costs nothing. */
const FAILING = '{ country(code: "US") { cities(first: 1) { name distance(lat: 200, lon: 0) } } }';
export const FAILING_TIMES = 10;

export interface Faults {
  /** Operations served beyond what the account had credits for. */
  readonly overspent: number;
  /** Credits charged for fields that failed. */
  readonly chargedForFailures: number;
}

export const countFaults = async ({ run, creditsOf }: Contender): Promise<Faults> => {
  const search = parse(SEARCH);
  const results = await Promise.all(Array.from({ length: AT_ONCE }, async () => run(POOR, search)));
  const served = results.filter(({ data }) => data?.['nearest'] != null).length;
  const failing = parse(FAILING);
  const rich = keyOf('paid', 0);
  const before = await creditsOf(rich);
  for (let time = 0; time < FAILING_TIMES; time += 1) await run(rich, failing);
  const charged = before - (await creditsOf(rich));
  return { overspent: Math.max(0, served - PAYABLE), chargedForFailures: charged - FAILING_TIMES };
};
