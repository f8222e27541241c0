/**
 * Contests between contenders in a process of their own each: in one process the just-in-time compiler makes one code of
 * graphql-js for the schemas of all of them, which is slower for each than what it would have alone.
 */
import type { Faults } from './alternatives/faults.js';
import type { Case } from './cases.js';
import { startChild } from './child.js';
import type { Child } from './child.js';
import type { ContenderQuestion, ContenderReady } from './contenderProcess.js';
import { standingsOf } from './contest.js';
import type { ContestRules, Rate, Standing } from './contest.js';

export interface ApartContender extends ContenderReady {
  readonly play: (asked: Case, rules: ContestRules) => Promise<Rate>;
  readonly faults: () => Promise<Faults>;
}

/** Opens contenders by name, side by side, and stops them when the work is done. */
export const withContenders = async <T>(
  names: readonly string[],
  work: (contenders: readonly ApartContender[]) => Promise<T>,
): Promise<T> => {
  const children = await Promise.all(names.map((name) => startChild('./contenderProcess.js', [name])));
  try {
    return await work(children.map(contenderOf));
  } finally {
    await Promise.all(children.map((child) => child.stop()));
  }
};

const contenderOf = (child: Child): ApartContender => {
  const ask = (question: ContenderQuestion) => child.ask(question);
  return {
    ...(child.ready as ContenderReady),
    play: async (asked, rules) => (await ask({ kind: 'round', asked, rules })) as Rate,
    faults: async () => (await ask({ kind: 'faults' })) as Faults,
  };
};

/** Round by round in turn, after a round each that does not count. The first is the reference. */
export const contestApart = async (
  contenders: readonly ApartContender[],
  asked: Case,
  rules: ContestRules,
): Promise<readonly Standing[]> =>
  standingsOf(
    contenders.map(({ name }) => name),
    await playApart(contenders, asked, rules),
  );

/** The same, with the rounds of each. */
export const playApart = async (
  contenders: readonly ApartContender[],
  asked: Case,
  rules: ContestRules,
): Promise<readonly (readonly Rate[])[]> => {
  for (const each of contenders) await each.play(asked, rules);
  const rates = contenders.map((): Rate[] => []);
  for (let round = 0; round < rules.rounds; round += 1) {
    for (const [index, each] of contenders.entries()) rates[index]?.push(await each.play(asked, rules));
  }
  return rates;
};
