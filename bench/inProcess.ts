/**
 * The whole journey of an operation without any server: the key is looked up, the account read, the tab opened,
 * graphql-js runs, the tab is settled. The floor is graphql-js alone on the free schema, in a process of its own.
 */
import { playApart, withContenders } from './apart.js';
import { atLeast } from './benchmark.js';
import type { Benchmark, Findings, Table } from './benchmark.js';
import { CASES, COVERED, LIST_SIZES, listCases } from './cases.js';
import type { Case } from './cases.js';
import type { Chart } from './chart.js';
import { FLOOR, TOLLGATE } from './contenders.js';
import { standingsOf } from './contest.js';
import type { ContestRules, Rate, Standing } from './contest.js';
import { inWords } from './statistics.js';

const RULES: ContestRules = { rounds: 3, roundMs: 200, concurrency: 32 };
/** What the compiler of the engine makes of the same code differs from one start of a process to the next. */
const LAUNCHES = 3;
const WARM_UP_MS = 1_000;

interface Match {
  readonly asked: Case;
  readonly rules: ContestRules;
}

const ALONE: Match = {
  asked: { ...COVERED, name: 'covered by a plan, one at a time' },
  rules: { ...RULES, concurrency: 1 },
};
const MATCHES: readonly Match[] = [
  ALONE,
  ...[...CASES, ...LIST_SIZES.flatMap(listCases)].map((asked) => ({ asked, rules: RULES })),
];
const NAMES = [FLOOR, TOLLGATE];

/** The rounds of each contender, match by match. */
const launch = (): Promise<readonly (readonly (readonly Rate[])[])[]> =>
  withContenders(NAMES, async (contenders) => {
    for (const each of contenders) await each.play(COVERED, { ...RULES, roundMs: WARM_UP_MS });
    const played: (readonly (readonly Rate[])[])[] = [];
    for (const { asked, rules } of MATCHES) played.push(await playApart(contenders, asked, rules));
    return played;
  });

const measure = async (): Promise<Findings> => {
  const launches: Awaited<ReturnType<typeof launch>>[] = [];
  for (let turn = 0; turn < LAUNCHES; turn += 1) launches.push(await launch());
  const found: Found[] = [];
  for (const [index, { asked }] of MATCHES.entries()) {
    const rates = NAMES.map((_, place) => launches.flatMap((played) => played[index]?.[place] ?? []));
    const [floor, own] = standingsOf(NAMES, rates);
    if (floor !== undefined && own !== undefined) found.push([asked.name, floor, own]);
  }
  return findingsOf(found);
};

type Found = readonly [name: string, floor: Standing, own: Standing];

const findingsOf = (found: readonly Found[]): Findings => {
  const table: Table = {
    title: `In process, ${RULES.concurrency} operations at a time where nothing else is said`,
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
    atLeast('covered, in process, of the floor', 0.9, ratioOf(COVERED.name)),
    atLeast('refused whole, in process, of the floor', 1, ratioOf('refused whole')),
    atLeast('list of 1,000 covered items, in process, of the floor', 0.5, ratioOf('list of 1000, covered')),
    atLeast('list of 1,000 paid items, in process, of the floor', 0.5, ratioOf('list of 1000, paid')),
  ];
  return { tables: [table], charts: [chart], targets };
};

export const inProcess: Benchmark = { name: 'in-process', title: 'Without a server', measure };
