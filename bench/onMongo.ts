/**
 * The whole journey without a server, on MongoDB: as near as the test server is, and with five milliseconds before each
 * command, as over a network. How often the store is asked, for one item as for a thousand, is counted on SQLite too.
 */
import { randomUUID } from 'node:crypto';
import { parse } from 'graphql';
import { MongoClient } from 'mongodb';
import { openStore } from '../src/store/openStore.js';
import type { Store } from '../src/store/store.js';
import { atMost } from './benchmark.js';
import type { Benchmark, Findings, Table, Target } from './benchmark.js';
import { CASES, checkEnding, LIST_SIZES, listCases } from './cases.js';
import type { Case } from './cases.js';
import { contest } from './contest.js';
import type { Contestant } from './contest.js';
import { reachMongo, whyNoMongo } from './mongoServer.js';
import { inWords } from './statistics.js';
import type { Spread } from './statistics.js';
import { nextKeyOf, openWorld } from './world.js';
import type { World } from './world.js';

const RULES = { rounds: 3, roundMs: 300, concurrency: 32 };
const DELAYS_MS = [0, 5] as const;
/** Plans are read once a second and refusals written twice, whatever is asked for. */
const UNCOUNTED = new Set(['findPlans', 'appendRefusals', 'close']);

interface Counted {
  readonly store: Store;
  /** Calls since it was asked last. */
  readonly take: () => number;
}

const countCalls = (store: Store): Counted => {
  let calls = 0;
  const counting = new Proxy(store, {
    get: (target, verb) => {
      const value: unknown = Reflect.get(target, verb);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        if (!UNCOUNTED.has(String(verb))) calls += 1;
        return Reflect.apply(value, target, args);
      };
    },
  });
  return {
    store: counting,
    take: () => {
      const taken = calls;
      calls = 0;
      return taken;
    },
  };
};

const cases = (): readonly Case[] => [...CASES, ...LIST_SIZES.flatMap(listCases)];

const contestantOf = ({ paywall }: World, { name, means, source, ending }: Case): Contestant => {
  const document = parse(source);
  const nextKey = nextKeyOf(means);
  return {
    name,
    run: async () => {
      const caller = await paywall.identify(`Bearer ${nextKey()}`);
      checkEnding(ending, await paywall.execute({ document, contextValue: { tollgate: { caller } } }));
    },
  };
};

interface Measured {
  readonly perSecond: readonly Spread[];
  /** Of one operation alone, in the order of the cases. */
  readonly calls: readonly number[];
}

const measureOn = async (open: Store): Promise<Measured> => {
  const { store, take } = countCalls(open);
  const world = await openWorld(undefined, { store });
  try {
    const perSecond: Spread[] = [];
    const calls: number[] = [];
    for (const each of cases()) {
      const contestant = contestantOf(world, each);
      const [standing] = await contest([contestant], RULES);
      if (standing !== undefined) perSecond.push(standing.perSecond);
      await settled();
      take();
      await contestant.run();
      await settled();
      calls.push(take());
    }
    return { perSecond, calls };
  } finally {
    await world.close();
  }
};

/** What follows in the background, entries that are moved to the ledger, belongs to the operation. */
const settled = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, 150);
  });

const onMongo = async (delayMs: number): Promise<Measured> => {
  const server = await reachMongo(delayMs);
  const url = server.urlOf(`bench_${randomUUID()}`);
  try {
    return await measureOn(await openStore(url));
  } finally {
    const client = await new MongoClient(url).connect();
    await client.db().dropDatabase();
    await client.close();
    server.close();
  }
};

const measure = async (): Promise<Findings> => {
  const found: Measured[] = [];
  for (const delayMs of DELAYS_MS) found.push(await onMongo(delayMs));
  const rows = cases().map(({ name }, index) => [
    name,
    ...found.map(({ perSecond }) => {
      const spread = perSecond[index];
      return spread === undefined ? '' : inWords(spread, 0);
    }),
    found[0]?.calls[index] ?? Number.NaN,
  ]);
  const table: Table = {
    title: `In process on MongoDB, ${RULES.concurrency} operations at a time, operations a second`,
    columns: ['operation', ...DELAYS_MS.map((ms) => `${ms} ms per command`), 'store calls of one'],
    rows,
  };
  return { tables: [table], charts: [], targets: found.flatMap(callTargets) };
};

const callTargets = ({ calls }: Measured, index: number): readonly Target[] => {
  const callsOf = (name: string) => calls[cases().findIndex((each) => each.name === name)] ?? Number.NaN;
  const claim = `store calls for 1,000 paid items beside one, ${DELAYS_MS[index] ?? 0} ms per command`;
  return [atMost(claim, 1, callsOf('list of 1000, paid') / callsOf('list of 1, paid'))];
};

export const mongo: Benchmark = { name: 'mongo', title: 'On MongoDB', whyNot: whyNoMongo, measure };
