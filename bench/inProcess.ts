/**
 * The whole journey of an operation without any server: the key is looked up, the account read, the tab opened,
 * graphql-js runs, the tab is settled. The floor is graphql-js alone on the free schema.
 */
import { execute, parse } from 'graphql';
import type { DocumentNode } from 'graphql';
import { atLeast } from './benchmark.js';
import type { Benchmark, Findings, Table } from './benchmark.js';
import type { Chart } from './chart.js';
import { contest } from './contest.js';
import type { Contestant, Standing } from './contest.js';
import { inWords } from './statistics.js';
import type { Means, World } from './world.js';
import { createFreeSchema, listOf, nextKeyOf, openWorld, SEARCH, SEARCH_AND_COUNTRY } from './world.js';

const RULES = { rounds: 7, roundMs: 300, concurrency: 32 };
/** Five times as much to do, and no more to pay for than before. */
const LARGE_SEARCH = SEARCH.replace('first: 20', 'first: 100');
export const LIST_SIZES = [1, 10, 100, 1_000];

export interface Case {
  readonly name: string;
  readonly means: Means;
  readonly source: string;
  readonly served: (result: { readonly data?: unknown; readonly errors?: readonly unknown[] | undefined }) => boolean;
}

type Served = Case['served'];

const isWhole: Served = ({ data, errors }) => data != null && errors === undefined;
const isPart: Served = ({ data, errors }) => data != null && errors?.length === 1;
const isRefused: Served = ({ data, errors }) => data === undefined && errors?.length === 1;

export const CASES: readonly Case[] = [
  { name: 'covered by a plan', means: 'covered', source: SEARCH, served: isWhole },
  { name: 'covered by a plan, 100 found', means: 'covered', source: LARGE_SEARCH, served: isWhole },
  { name: 'covered with a limit', means: 'limited', source: SEARCH, served: isWhole },
  { name: 'paid with credits', means: 'paid', source: SEARCH, served: isWhole },
  { name: 'refused whole', means: 'nothing', source: SEARCH, served: isRefused },
  { name: 'partly refused', means: 'nothing', source: SEARCH_AND_COUNTRY, served: isPart },
];

export const contestantOf = ({ paywall }: World, { name, means, source, served }: Case): Contestant => {
  const document = parse(source);
  const nextHeader = nextKeyOf(means, 'Bearer ');
  return {
    name,
    run: async () => {
      const caller = await paywall.identify(nextHeader());
      const result = await paywall.execute({ document, contextValue: { caller } });
      if (!served(result)) throw new Error(`${name}: ${JSON.stringify(result)}`);
    },
  };
};

const floorOf = (schema: ReturnType<typeof createFreeSchema>, document: DocumentNode): Contestant => ({
  name: 'floor',
  run: () => execute({ schema, document, contextValue: {} }),
});

const measure = async (): Promise<Findings> => {
  const world = await openWorld();
  const free = createFreeSchema();
  try {
    const found: (readonly [string, Standing, Standing])[] = [];
    const cases = [...CASES, ...LIST_SIZES.flatMap(listCases)];
    for (const each of cases) {
      const [floor, own] = await contest([floorOf(free, parse(each.source)), contestantOf(world, each)], RULES);
      if (floor !== undefined && own !== undefined) found.push([each.name, floor, own]);
    }
    return findingsOf(found);
  } finally {
    await world.close();
  }
};

export const listCases = (size: number): readonly Case[] => [
  { name: `list of ${size}, covered`, means: 'covered', source: listOf(size), served: isWhole },
  { name: `list of ${size}, paid`, means: 'paid', source: listOf(size), served: isWhole },
];

const findingsOf = (found: readonly (readonly [string, Standing, Standing])[]): Findings => {
  const table: Table = {
    title: `In process, ${RULES.concurrency} operations at a time`,
    columns: ['operation', 'floor, ops/s', 'Tollgate, ops/s', 'ratio', 'CPU ratio', 'adds, µs'],
    rows: found.map(([name, floor, own]) => [
      name,
      Math.round(floor.perSecond.median),
      Math.round(own.perSecond.median),
      inWords(own.ratio),
      inWords(own.cpuRatio),
      (1e6 / own.perSecond.median - 1e6 / floor.perSecond.median).toFixed(0),
    ]),
  };
  const chart: Chart = {
    name: 'in-process',
    title: 'Throughput in process as a part of the floor',
    unit: 'ratio',
    bars: [
      { label: 'floor', value: 1, isReference: true },
      ...found.map(([label, , { ratio }]) => ({ label, value: ratio.median, range: [ratio.min, ratio.max] as const })),
    ],
  };
  const ratioOf = (name: string) => found.find((each) => each[0] === name)?.[2].ratio.median ?? Number.NaN;
  const targets = [
    atLeast('covered, in process, of the floor', 0.9, ratioOf('covered by a plan')),
    atLeast('refused whole, in process, of the floor', 1, ratioOf('refused whole')),
    atLeast('list of 1,000 covered items, in process, of the floor', 0.5, ratioOf('list of 1000, covered')),
    atLeast('list of 1,000 paid items, in process, of the floor', 0.5, ratioOf('list of 1000, paid')),
  ];
  return { tables: [table], charts: [chart], targets };
};

export const inProcess: Benchmark = { name: 'in-process', title: 'Without a server', measure };
