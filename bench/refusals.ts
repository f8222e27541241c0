/**
 * What recording refusals costs an operation that is refused, and how long operators wait for a page of a hundred thousand
 * of them. The reference is the same server whose recorder is told of nothing.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { pino } from 'pino';
import { accountId, operatorId, planId } from '../src/domain/ids.js';
import type { Operator } from '../src/domain/operator.js';
import { HOUR_MS } from '../src/domain/period.js';
import { REFUSAL_REASONS } from '../src/domain/refusal.js';
import type { RecordedRefusal, RefusalRecord } from '../src/domain/refusalRecord.js';
import { createServer } from '../src/server/createServer.js';
import { openStore } from '../src/store/openStore.js';
import type { Store } from '../src/store/store.js';
import { atMost } from './benchmark.js';
import type { Benchmark, Findings, Table, Target } from './benchmark.js';
import { contest } from './contest.js';
import type { Contestant } from './contest.js';
import { reachMongo, whyNoMongo } from './mongoServer.js';
import { inWords, spreadOf } from './statistics.js';
import type { World } from './world.js';
import { nextKeyOf, openWorld, SEARCH } from './world.js';

/** Not in step with the writing, which is allowed so much a second: rounds of a second would have it in those of one kind. */
const RULES = { rounds: 21, roundMs: 700, concurrency: 16 };
const RECORDS = 100_000;
const BATCH = 500;
const PAGES = 40;
const PAGE_MS_MAX = 50;
/** Refusals of this long ago to now. */
const SPREAD_MS = 29 * 24 * HOUR_MS;
const OWNER = 'bench-owner-of-all';

type Server = Awaited<ReturnType<typeof createServer>>;

const ownerOf = (secret: string): readonly [string, Operator] => [
  secret,
  {
    id: operatorId('bench'),
    name: 'Bench',
    role: 'SUPPORT',
    secretHash: '',
    prefix: '',
    createdAt: 0,
    removedAt: null,
    version: 1,
  },
];

const serverOf = ({ paywall }: World): Promise<Server> =>
  createServer({
    paywall,
    logger: pino({ level: 'silent' }),
    rateLimits: null,
    admin: { fixedOperators: new Map([ownerOf(OWNER)]) },
  });

/** One operation that is refused whole, through the whole server but the socket. */
const refusedBy = (server: Server): (() => Promise<void>) => {
  const nextKey = nextKeyOf('nothing');
  const payload = JSON.stringify({ query: SEARCH });
  return async () => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${nextKey()}` };
    const { statusCode } = await server.inject({ method: 'POST', url: '/graphql', headers, payload });
    if (statusCode !== 402) throw new Error(`It was to be refused, and got ${statusCode}.`);
  };
};

/**
 * One server, which notes what it refuses in every other round: two of them differ by more than what is measured. What
 * was noted is written in the rounds of both, so that the writing is added to the difference.
 */
const measureCost = async () => {
  const world = await openWorld();
  const server = await serverOf(world);
  const { refusals: recorder } = world.paywall.engine;
  const note = recorder.note.bind(recorder);
  const refuse = refusedBy(server);
  const noting = (name: string, how: typeof note): Contestant => ({
    name,
    run: () => {
      recorder.note = how;
      return refuse();
    },
  });
  const startedAt = performance.now();
  try {
    const standings = await contest([noting('not noted', () => undefined), noting('noted', note)], RULES);
    const { noted, written, dropped } = recorder;
    return { standings, counts: { noted, written, dropped }, seconds: (performance.now() - startedAt) / 1_000 };
  } finally {
    await server.close();
    await world.close();
  }
};

/** A hundred accounts, ten features and fields, five plans: one of each has as many as another. */
const recordAt = (index: number, now: number): RefusalRecord => {
  const reason = REFUSAL_REASONS[index % REFUSAL_REASONS.length] ?? 'KEY_UNKNOWN';
  const refusal: RecordedRefusal = {
    reason,
    coordinate: `Query.field${index % 10}`,
    feature: `feature-${index % 10}`,
    required: 20,
    available: 0,
    plans: [planId('covered')],
    resetAt: null,
    retryable: false,
    units: 20,
  };
  return {
    id: `refusal-${index.toString(36).padStart(12, '0')}`,
    at: now - Math.floor((SPREAD_MS * (RECORDS - index)) / RECORDS),
    accountId: accountId(`account-${index % 100}`),
    keyId: null,
    operationName: 'Search',
    operationHash: 'q2u0n0oJx9m1h2k3l4z5x6c7v8b9n0m1q2w3e4r5t6y',
    isServed: false,
    refusals: [refusal],
    planId: planId(`plan-${index % 5}`),
    subscriptionState: 'ACTIVE',
    requestId: `req-${index}`,
    traceId: null,
  };
};

const fill = async (store: Store): Promise<number> => {
  const now = Date.now();
  const startedAt = performance.now();
  for (let start = 0; start < RECORDS; start += BATCH) {
    await store.appendRefusals(Array.from({ length: BATCH }, (_, index) => recordAt(start + index, now)));
  }
  return ((performance.now() - startedAt) * 1_000) / RECORDS;
};

const DAY_AGO = new Date(Date.now() - 24 * HOUR_MS).toISOString();
const FILTERS: Readonly<Record<string, unknown>> = {
  all: {},
  account: { accountId: 'account-7' },
  reason: { reason: 'INSUFFICIENT_FUNDS' },
  feature: { feature: 'feature-3' },
  field: { coordinate: 'Query.field3' },
  plan: { planId: 'plan-2' },
  time: { from: DAY_AGO },
  'account and reason': { accountId: 'account-7', reason: 'INSUFFICIENT_FUNDS' },
  'feature, plan and time': { feature: 'feature-2', planId: 'plan-2', until: DAY_AGO },
  'two that never meet': { feature: 'feature-3', planId: 'plan-2' },
  'an account that has none': { accountId: 'nobody' },
};

const LIST = `query ($filter: RefusalFilter, $after: String, $last: Int, $first: Int) {
  refusals(filter: $filter, first: $first, after: $after, last: $last) {
    nodes { id at accountId status reason fields { coordinate reason required available } }
    pageInfo { endCursor hasNextPage } } }`;

interface Page {
  readonly data: { readonly refusals: { readonly pageInfo: { readonly endCursor: string | null } } };
}

/** How long each of some pages of 100 takes, one after the other and one from the far end, in ms. */
const pagesOf = async (server: Server, filter: unknown): Promise<readonly number[]> => {
  const times: number[] = [];
  const ask = async (variables: Readonly<Record<string, unknown>>): Promise<Page> => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${OWNER}` };
    const payload = JSON.stringify({ query: LIST, variables: { filter, ...variables } });
    const startedAt = performance.now();
    const answer = await server.inject({ method: 'POST', url: '/admin/graphql', headers, payload });
    times.push(performance.now() - startedAt);
    if (answer.statusCode !== 200 || answer.body.includes('"errors"')) throw new Error(answer.body);
    return answer.json<Page>();
  };
  await ask({ first: 100 });
  times.length = 0;
  let after: string | null = null;
  for (let page = 0; page < PAGES; page += 1) {
    const { data } = await ask({ first: 100, after });
    after = data.refusals.pageInfo.endCursor;
  }
  await ask({ last: 100 });
  return times;
};

const percentile = (times: readonly number[], part: number): number =>
  times.toSorted((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * part))] ?? Number.NaN;

interface Paged {
  readonly name: string;
  readonly times: readonly number[];
}

const measurePages = async (
  name: string,
  store: Store,
): Promise<{ readonly pages: readonly Paged[]; readonly microsPerRecord: number }> => {
  const world = await openWorld(undefined, { store });
  const server = await serverOf(world);
  try {
    const microsPerRecord = await fill(store);
    const pages: Paged[] = [];
    for (const [filter, value] of Object.entries(FILTERS)) {
      pages.push({ name: `${name}: ${filter}`, times: await pagesOf(server, value) });
    }
    return { pages, microsPerRecord };
  } finally {
    await server.close();
    await world.close();
  }
};

const measure = async (): Promise<Findings> => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-refusals-'));
  try {
    const cost = await measureCost();
    const sqlite = await measurePages('SQLite', await openStore(`sqlite:${join(folder, 'tollgate.db')}`));
    return findingsOf(cost, [sqlite, ...(await onMongo())]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** Nothing where no server is named, which is said. */
const onMongo = async (): Promise<readonly Stored[]> => {
  const reason = whyNoMongo();
  if (reason !== null) {
    console.log(`Refusals on MongoDB are skipped: ${reason}`);
    return [];
  }
  const server = await reachMongo(0);
  const url = server.urlOf('refusals_bench');
  try {
    return [await measurePages('MongoDB', await openStore(url))];
  } finally {
    const client = await new MongoClient(url).connect();
    await client.db().dropDatabase();
    await client.close();
    server.close();
  }
};

type Cost = Awaited<ReturnType<typeof measureCost>>;
type Stored = Awaited<ReturnType<typeof measurePages>>;

const findingsOf = ({ standings, counts, seconds }: Cost, stores: readonly Stored[]): Findings => {
  const costTable: Table = {
    title: `An operation that is refused, ${RULES.concurrency} at a time`,
    columns: ['', 'ops/s', 'ratio', 'CPU ratio'],
    rows: standings.map(({ name, perSecond, ratio, cpuRatio }) => [
      name,
      Math.round(perSecond.median),
      inWords(ratio, 3),
      inWords(cpuRatio, 3),
    ]),
  };
  const countTable: Table = {
    title: 'What became of the records of that run, and what one costs to write',
    columns: ['noted', 'written', 'dropped', ...['SQLite, µs', 'MongoDB, µs'].slice(0, stores.length)],
    rows: [[counts.noted, counts.written, counts.dropped, ...stores.map((each) => each.microsPerRecord.toFixed(1))]],
  };
  const all = stores.flatMap(({ pages }) => pages);
  const pageTable: Table = {
    title: `A page of 100 of ${RECORDS} refusals, in ms`,
    columns: ['store and filter', 'median', 'p95', 'max'],
    rows: all.map(({ name, times }) => [
      name,
      spreadOf(times).median.toFixed(1),
      percentile(times, 0.95).toFixed(1),
      Math.max(...times).toFixed(1),
    ]),
  };
  const noting = 1 - (standings[1]?.ratio.median ?? Number.NaN);
  const writing = ((counts.written / seconds) * (stores[0]?.microsPerRecord ?? Number.NaN)) / 1e6;
  const targets: readonly Target[] = [
    atMost('what recording costs a refused operation, as a part of it', 0.05, noting + writing),
    ...stores.map(({ pages }) => {
      const slowest = Math.max(...pages.map(({ times }) => spreadOf(times).median));
      return atMost(
        `${pages[0]?.name.split(':')[0] ?? ''}: a page by its slowest filter, median, in ms`,
        PAGE_MS_MAX,
        slowest,
      );
    }),
  ];
  return { tables: [costTable, countTable, pageTable], charts: [], targets };
};

export const refusals: Benchmark = { name: 'refusals', title: 'Refusals, recorded and found', measure };
