/** What is asked for in process: operations, by callers of every standing, and how each has to end. */
import type { ExecutionResult } from 'graphql';
import type { Means } from './world.js';
import { listOf, SEARCH, SEARCH_AND_COUNTRY } from './world.js';

/** How an operation has to end: a failed one would be the fastest. */
export type Ending = 'whole' | 'part' | 'refused';

export interface Case {
  readonly name: string;
  readonly means: Means;
  readonly source: string;
  readonly ending: Ending;
}

/** Five times as much to do, and no more to pay for than before. */
const LARGE_SEARCH = SEARCH.replace('first: 20', 'first: 100');
export const LIST_SIZES = [1, 10, 100, 1_000];

export const COVERED: Case = { name: 'covered by a plan', means: 'covered', source: SEARCH, ending: 'whole' };

export const CASES: readonly Case[] = [
  COVERED,
  { name: 'covered by a plan, 100 found', means: 'covered', source: LARGE_SEARCH, ending: 'whole' },
  { name: 'covered with a limit', means: 'limited', source: SEARCH, ending: 'whole' },
  { name: 'paid with credits', means: 'paid', source: SEARCH, ending: 'whole' },
  { name: 'refused whole', means: 'nothing', source: SEARCH, ending: 'refused' },
  { name: 'partly refused', means: 'nothing', source: SEARCH_AND_COUNTRY, ending: 'part' },
];

export const listCases = (size: number): readonly Case[] => [
  { name: `list of ${size}, covered`, means: 'covered', source: listOf(size), ending: 'whole' },
  { name: `list of ${size}, paid`, means: 'paid', source: listOf(size), ending: 'whole' },
];

const ENDED: Readonly<Record<Ending, (result: ExecutionResult) => boolean>> = {
  whole: ({ data, errors }) => data != null && errors === undefined,
  part: ({ data, errors }) => data != null && errors?.length === 1,
  refused: ({ data, errors }) => data === undefined && errors?.length === 1,
};

/** Throws where an operation has ended otherwise. */
export const checkEnding = (ending: Ending, result: ExecutionResult): void => {
  if (!ENDED[ending](result)) throw new Error(`It was to end ${ending}: ${JSON.stringify(result)}`);
};
