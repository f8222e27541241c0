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
  /** The same by the processor time of the process, which others on the machine disturb less. Waiting for a disk is no part of it. */
  readonly cpuRatio: Spread;
}

/** What one round shows. */
export interface Rate {
  readonly perSecond: number;
  readonly perCpuSecond: number;
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
  const rates = contestants.map((): Rate[] => []);
  for (let round = 0; round < rules.rounds; round += 1) {
    for (const [index, { run }] of contestants.entries()) rates[index]?.push(await throughput(run, rules));
  }
  return standingsOf(
    contestants.map(({ name }) => name),
    rates,
  );
};

/** The first is the reference. `rates` has a list of rounds for each. */
export const standingsOf = (names: readonly string[], rates: readonly (readonly Rate[])[]): readonly Standing[] =>
  names.map((name, index) => {
    const own = rates[index] ?? [];
    const ratioBy = (figure: keyof Rate) =>
      spreadOf(own.map((rate, round) => rate[figure] / (rates[0]?.[round]?.[figure] ?? Number.NaN)));
    const perSecond = spreadOf(own.map((rate) => rate.perSecond));
    return { name, perSecond, ratio: ratioBy('perSecond'), cpuRatio: ratioBy('perCpuSecond') };
  });

/** One round. */
export const throughput = async (run: () => unknown, { roundMs, concurrency }: ContestRules): Promise<Rate> => {
  const cpuBefore = process.cpuUsage();
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
  const ms = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { perSecond: (count * 1e3) / ms, perCpuSecond: (count * 1e6) / (user + system) };
};
