/** Runs that are compared with each other, in turn, so that what disturbs the machine for a while disturbs them all. */
import { spreadOf } from './statistics.js';
import type { Spread } from './statistics.js';

export interface Contestant {
  readonly name: string;
  /** One operation. What it gives must be checked in it: a failed one would be the fastest. */
  readonly run: () => unknown;
}

export interface Standing {
  readonly name: string;
  readonly perSecond: Spread;
  /** Its throughput as a part of the first contestant's, round by round. */
  readonly ratio: Spread;
}

export interface ContestRules {
  readonly rounds: number;
  readonly roundMs: number;
  /** Operations under way at the same time. */
  readonly concurrency: number;
}

export const contest = async (
  contestants: readonly Contestant[],
  rules: ContestRules,
): Promise<readonly Standing[]> => {
  for (const { run } of contestants) await throughput(run, rules);
  const rates = contestants.map((): number[] => []);
  for (let round = 0; round < rules.rounds; round += 1) {
    for (const [index, { run }] of contestants.entries()) rates[index]?.push(await throughput(run, rules));
  }
  return standingsOf(
    contestants.map(({ name }) => name),
    rates,
  );
};

/** The first is the reference. `rates` has a list of rounds for each. */
export const standingsOf = (names: readonly string[], rates: readonly (readonly number[])[]): readonly Standing[] =>
  names.map((name, index) => {
    const own = rates[index] ?? [];
    const ratios = own.map((rate, round) => rate / (rates[0]?.[round] ?? Number.NaN));
    return { name, perSecond: spreadOf(own), ratio: spreadOf(ratios) };
  });

const throughput = async (run: () => unknown, { roundMs, concurrency }: ContestRules): Promise<number> => {
  const startedAt = performance.now();
  const endsAt = startedAt + roundMs;
  let count = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() < endsAt) {
      await run();
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return (count * 1000) / (performance.now() - startedAt);
};
