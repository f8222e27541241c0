/** One contender in a process of its own. Its parent asks for rounds, and for what it gets wrong. */
import { parse } from 'graphql';
import type { MaybePromise } from '../src/domain/maybePromise.js';
import { countFaults } from './alternatives/faults.js';
import type { Faults } from './alternatives/faults.js';
import { checkEnding } from './cases.js';
import type { Case } from './cases.js';
import { serveParent } from './child.js';
import { throughput } from './contest.js';
import type { ContestRules, Rate } from './contest.js';
import { FLOOR, openContender } from './contenders.js';
import { nextKeyOf } from './world.js';

export type ContenderQuestion =
  { readonly kind: 'round'; readonly asked: Case; readonly rules: ContestRules } | { readonly kind: 'faults' };

/** What it tells its parent when it is ready. */
export interface ContenderReady {
  readonly name: string;
  readonly remark: string;
}

const [wanted = FLOOR] = process.argv.slice(2);
const { contender, poor, close } = await openContender(wanted);

const playRound = ({ means, source, ending }: Case, rules: ContestRules): Promise<Rate> => {
  const document = parse(source);
  const nextKey = nextKeyOf(means);
  const expected = wanted === FLOOR ? 'whole' : ending;
  // Awaited, as callers await it, whether it is there at once or later: else those that are would be one at a time.
  const run = async () => {
    checkEnding(expected, await contender.run(nextKey(), document));
  };
  return throughput(run, rules);
};

const answer = (question: unknown): MaybePromise<Rate | Faults> => {
  const asked = question as ContenderQuestion;
  return asked.kind === 'faults' ? countFaults(poor) : playRound(asked.asked, asked.rules);
};

const { name, remark } = contender;
serveParent({ name, remark } satisfies ContenderReady, answer, close);
