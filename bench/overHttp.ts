/** The server as it is shipped, under load on loopback, beside the same server without Tollgate. Both cores are shared. */
import { atLeast } from './benchmark.js';
import type { Benchmark, Findings, Table, Target } from './benchmark.js';
import type { Chart } from './chart.js';
import { standingsOf } from './contest.js';
import type { Standing } from './contest.js';
import { putLoadOn, startServer } from './load.js';
import type { Load, Loaded, LoadedServer } from './load.js';
import { inWords, spreadOf } from './statistics.js';
import type { Means } from './world.js';
import { keyOf, listOf, openWorld, SEARCH, SEARCH_AND_COUNTRY } from './world.js';

const ROUNDS = 4;
const ROUNDS_OF_LISTS = 2;
const SECONDS = 1;
const WARM_UP_SECONDS = 1;
const CONNECTIONS = 24;
/** How many clients wait decides how long they do: as many as can be served in time, and more than that. */
const CROWDS = [4, 8, 12, 16, 24, 48];
const ROUNDS_OF_CROWDS = 3;
const PER_SECOND_MIN = 3_000;
const MS_MAX = 10;
/** A prime of them, so that connections do not send for the same account at the same time. */
const KEYS = 61;

interface Case {
  readonly name: string;
  readonly means: Means;
  readonly source: string;
  readonly status: number;
  readonly rounds?: number;
}

const CASES: readonly Case[] = [
  { name: 'covered by a plan', means: 'covered', source: SEARCH, status: 200 },
  { name: 'covered with a limit', means: 'limited', source: SEARCH, status: 200 },
  { name: 'paid with credits', means: 'paid', source: SEARCH, status: 200 },
  { name: 'refused whole', means: 'nothing', source: SEARCH, status: 402 },
  { name: 'partly refused', means: 'nothing', source: SEARCH_AND_COUNTRY, status: 200 },
  ...[1, 10, 100, 1_000].flatMap((size): Case[] => [
    { name: `list of ${size}, covered`, means: 'covered', source: listOf(size), status: 200, rounds: ROUNDS_OF_LISTS },
    { name: `list of ${size}, paid`, means: 'paid', source: listOf(size), status: 200, rounds: ROUNDS_OF_LISTS },
  ]),
];

interface Found {
  readonly name: string;
  readonly floor: Standing;
  readonly own: Standing;
  readonly floorRuns: readonly Loaded[];
  readonly ownRuns: readonly Loaded[];
}

const measure = async (): Promise<Findings> => {
  const world = await openWorld();
  const servers = [await startServer(), await startServer(world.folder)] as const;
  try {
    const found: Found[] = [];
    for (const each of CASES) found.push(await compare(servers, each));
    const crowds: Crowd[] = [];
    for (const connections of CROWDS) crowds.push(await crowd(servers[1], connections));
    return findingsOf(found, crowds);
  } finally {
    for (const server of servers) await server.stop();
    await world.close();
  }
};

const keysOf = (means: Means): readonly string[] => Array.from({ length: KEYS }, (_, index) => keyOf(means, index));

/** What so many clients see of covered operations. */
interface Crowd {
  readonly connections: number;
  readonly runs: readonly Loaded[];
}

const crowd = async (tollgate: LoadedServer, connections: number): Promise<Crowd> => {
  const load: Load = { source: SEARCH, keys: keysOf('covered'), connections, seconds: SECONDS, status: 200 };
  const runs: Loaded[] = [];
  for (let round = 0; round < ROUNDS_OF_CROWDS; round += 1) runs.push(await putLoadOn(tollgate, load));
  return { connections, runs };
};

const compare = async ([floor, tollgate]: readonly [LoadedServer, LoadedServer], each: Case): Promise<Found> => {
  const { name, means, source, status, rounds = ROUNDS } = each;
  const load: Load = { source, keys: keysOf(means), connections: CONNECTIONS, seconds: SECONDS, status };
  const free = { ...load, status: 200 };
  await putLoadOn(floor, { ...free, seconds: WARM_UP_SECONDS });
  await putLoadOn(tollgate, { ...load, seconds: WARM_UP_SECONDS });
  const [floorRuns, ownRuns]: [Loaded[], Loaded[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    floorRuns.push(await putLoadOn(floor, free));
    ownRuns.push(await putLoadOn(tollgate, load));
  }
  const rates = [floorRuns, ownRuns].map((runs) =>
    runs.map(({ perSecond, cpuMicros }) => ({ perSecond, perCpuSecond: 1e6 / cpuMicros })),
  );
  const [floorStanding, own] = standingsOf(['floor', name], rates);
  if (floorStanding === undefined || own === undefined) throw new Error('Two were measured, and two must stand.');
  return { name, floor: floorStanding, own, floorRuns, ownRuns };
};

const medianOf = (runs: readonly Loaded[], figure: keyof Loaded): number =>
  spreadOf(runs.map((run) => run[figure])).median;

const findingsOf = (found: readonly Found[], crowds: readonly Crowd[]): Findings => ({
  tables: [throughputTable(found), latencyTable(found), crowdTable(crowds)],
  charts: [chartOf(found)],
  targets: [...ratioTargets(found), crowdTarget(crowds)],
});

const crowdTable = (crowds: readonly Crowd[]): Table => ({
  title: 'Covered operations, by how many connections wait for them',
  columns: ['connections', 'ops/s', 'p50, ms', 'p97.5, ms'],
  rows: crowds.map(({ connections, runs }) => [
    connections,
    Math.round(medianOf(runs, 'perSecond')),
    medianOf(runs, 'p50Ms'),
    medianOf(runs, 'p97Ms'),
  ]),
});

/** Of the crowds that are answered in time the one that is served most. */
const crowdTarget = (crowds: readonly Crowd[]): Target => {
  const answered = crowds.map(({ connections, runs }) => {
    return { connections, perSecond: medianOf(runs, 'perSecond'), ms: medianOf(runs, 'p97Ms') };
  });
  const [best] = answered.filter(({ ms }) => ms < MS_MAX).sort((a, b) => b.perSecond - a.perSecond);
  const perSecond = best?.perSecond ?? 0;
  return {
    claim: `covered operations a second, p95 below ${MS_MAX} ms`,
    wanted: `≥ ${PER_SECOND_MIN}`,
    measured:
      best === undefined ? 'none' : `${Math.round(perSecond)} at p97.5 ${best.ms} ms, ${best.connections} connections`,
    isReached: perSecond >= PER_SECOND_MIN,
  };
};

const throughputTable = (found: readonly Found[]): Table => ({
  title: `Over HTTP, ${CONNECTIONS} connections`,
  columns: ['operation', 'floor, ops/s', 'Tollgate, ops/s', 'ratio', 'CPU ratio', 'adds, CPU µs'],
  rows: found.map(({ name, floor, own, floorRuns, ownRuns }) => {
    const [before, after] = [medianOf(floorRuns, 'cpuMicros'), medianOf(ownRuns, 'cpuMicros')];
    const rates = [floor, own].map(({ perSecond }) => Math.round(perSecond.median));
    return [name, ...rates, inWords(own.ratio), inWords(own.cpuRatio), (after - before).toFixed(0)];
  }),
});

const latencyTable = (found: readonly Found[]): Table => ({
  title: 'How long an answer takes under this load, in ms',
  columns: ['operation', 'floor, p50', 'Tollgate, p50', 'floor, p97.5', 'Tollgate, p97.5'],
  rows: found.map(({ name, floorRuns, ownRuns }) => [
    name,
    medianOf(floorRuns, 'p50Ms'),
    medianOf(ownRuns, 'p50Ms'),
    medianOf(floorRuns, 'p97Ms'),
    medianOf(ownRuns, 'p97Ms'),
  ]),
});

const chartOf = (found: readonly Found[]): Chart => ({
  name: 'http',
  title: 'Throughput over HTTP as a part of the floor',
  unit: 'ratio',
  bars: [
    { label: 'floor', value: 1, isReference: true },
    ...found.map(({ name, own: { ratio } }) => ({
      label: name,
      value: ratio.median,
      range: [ratio.min, ratio.max] as const,
    })),
  ],
});

const ratioTargets = (found: readonly Found[]): readonly Target[] => {
  const ratioOf = (name: string) => found.find((each) => each.name === name)?.own.ratio.median ?? Number.NaN;
  return [
    atLeast('covered, over HTTP, of the floor', 0.95, ratioOf('covered by a plan')),
    atLeast('paid with credits over HTTP, SQLite durable, of the floor', 0.7, ratioOf('paid with credits')),
    atLeast('refused whole, over HTTP, of the floor', 1, ratioOf('refused whole')),
  ];
};

export const overHttp: Benchmark = { name: 'http', title: 'Over HTTP', measure };
