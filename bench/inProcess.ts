/**
 * The whole journey of an operation without any server: the key is looked up, the account read, the tab opened,
 * graphql-js runs, the tab is settled. The floor is graphql-js alone on the free schema, in a process of its own.
 */
import { contestApart, withContenders } from './apart.js';
import { atLeast } from './benchmark.js';
import type { Benchmark, Findings, Table } from './benchmark.js';
import { CASES, LIST_SIZES, listCases } from './cases.js';
import type { Chart } from './chart.js';
import { FLOOR, TOLLGATE } from './contenders.js';
import type { Standing } from './contest.js';
import { inWords } from './statistics.js';

const RULES = { rounds: 7, roundMs: 300, concurrency: 32 };

const measure = (): Promise<Findings> =>
  withContenders([FLOOR, TOLLGATE], async (contenders) => {
    const found: (readonly [string, Standing, Standing])[] = [];
    for (const asked of [...CASES, ...LIST_SIZES.flatMap(listCases)]) {
      const [floor, own] = await contestApart(contenders, asked, RULES);
      if (floor !== undefined && own !== undefined) found.push([asked.name, floor, own]);
    }
    return findingsOf(found);
  });

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
