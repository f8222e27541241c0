/** How the cost of one operation grows with what there is more of. In process, so that nothing else grows beside it. */
import { makeExecutableSchema } from '@graphql-tools/schema';
import { execute, parse } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import { billingResolvers } from '../src/api/billingResolvers.js';
import { billingTypeDefs, directiveTypeDefs, readTypeDefs } from '../src/api/readTypeDefs.js';
import { atlasResolvers } from '../src/demo/atlasResolvers.js';
import type { Benchmark, Findings, Table } from './benchmark.js';
import type { Chart } from './chart.js';
import { contest } from './contest.js';
import { inWords, slopeOf, spreadOf } from './statistics.js';
import type { Spread } from './statistics.js';
import type { World } from './world.js';
import { createFreeSchema, keyOf, listOf, openWorld, SEARCH, seedAccounts, walletWith } from './world.js';

const RULES = { rounds: 3, roundMs: 150, concurrency: 32 };
const BATCH = 1_000;

interface Growth {
  readonly of: string;
  /** Size, and µs of one operation. */
  readonly points: readonly (readonly [number, Spread])[];
}

interface Run {
  readonly world: World;
  readonly source?: string;
  readonly nextKey?: () => string;
  readonly concurrency?: number;
}

const microsOf = async ({ world, source = SEARCH, nextKey = coveredKey, concurrency }: Run): Promise<Spread> => {
  const document = parse(source);
  const run = async (): Promise<void> => {
    const caller = await world.paywall.identify(`Bearer ${nextKey()}`);
    const { data, errors } = await world.paywall.execute({ document, contextValue: { tollgate: { caller } } });
    if (data == null || errors !== undefined) throw new Error(JSON.stringify(errors));
  };
  const [standing] = await contest([{ name: '', run }], { ...RULES, concurrency: concurrency ?? RULES.concurrency });
  if (standing === undefined) throw new Error('One was measured, and one must stand.');
  const { median, min, max } = standing.perSecond;
  return spreadOf([1e6 / median, 1e6 / min, 1e6 / max]);
};

const coveredKey = (): string => keyOf('covered', Math.floor(Math.random() * 64));

const grow = async (
  of: string,
  sizes: readonly number[],
  measureAt: (size: number) => Promise<Spread>,
): Promise<Growth> => {
  const points: (readonly [number, Spread])[] = [];
  for (const size of sizes) points.push([size, await measureAt(size)]);
  return { of, points };
};

/** Atlas with more paid fields beside its own, which nobody asks for. */
const schemaWith = (fields: number): GraphQLSchema => {
  const more = Array.from({ length: fields }, (_, index) => `more${index}: Int @requiresPayment(cost: 1)`).join('\n');
  return makeExecutableSchema({
    typeDefs: [directiveTypeDefs(), readTypeDefs('atlas'), billingTypeDefs(), `extend type Query { ${more} }`],
    resolvers: [atlasResolvers, billingResolvers],
  });
};

const byFields = (size: number): Promise<Spread> => inOwnWorld(schemaWith(size), (world) => microsOf({ world }));

const inOwnWorld = async (schema: GraphQLSchema, measureIn: (world: World) => Promise<Spread>): Promise<Spread> => {
  const world = await openWorld(undefined, { schema });
  try {
    return await measureIn(world);
  } finally {
    await world.close();
  }
};

/** So many that all are not in memory, and each request another one. */
const byAccounts = async (world: World, size: number): Promise<Spread> => {
  const prefix = `of${size}`;
  for (let start = 0; start < size; start += BATCH) {
    await seedAccounts(world.store, 'paid', Math.min(BATCH, size - start), `${prefix}-${start / BATCH}`);
  }
  const nextKey = () => {
    const index = Math.floor(Math.random() * size);
    return keyOf(`${prefix}-${Math.floor(index / BATCH)}`, index % BATCH);
  };
  return microsOf({ world, nextKey });
};

const byGrants = async (world: World, size: number): Promise<Spread> => {
  const prefix = `grants${size}`;
  await seedAccounts(world.store, 'nothing', 64, prefix);
  const wallets = Array.from({ length: 64 }, (_, index) => walletWith(keyOf(prefix, index), size));
  await world.store.commitWallets(wallets.map((wallet) => ({ ...wallet, version: 0, journal: [] })));
  return microsOf({ world, nextKey: () => keyOf(prefix, Math.floor(Math.random() * 64)) });
};

const documentOf = (size: number): string =>
  `{ ${Array.from({ length: size }, (_, index) => `c${index}: country(code: "AT") { name cities(first: 1) { name } }`).join(' ')} }`;

const byFloor = async (size: number): Promise<Spread> => {
  const [schema, document] = [createFreeSchema(), parse(documentOf(size))];
  const run = () => execute({ schema, document, contextValue: {} });
  const [standing] = await contest([{ name: 'floor', run }], RULES);
  return spreadOf([1e6 / (standing?.perSecond.median ?? Number.NaN)]);
};

const measure = async (): Promise<Findings> => {
  const world = await openWorld();
  try {
    return findingsOf([
      await grow('paid positions of an operation', [2, 11, 101, 1_001], (size) =>
        microsOf({ world, source: listOf(size - 1) }),
      ),
      await grow('selections of a document', [1, 10, 100], (size) => microsOf({ world, source: documentOf(size) })),
      await grow('selections of a document, floor', [1, 10, 100], byFloor),
      await grow('operations at a time', [1, 8, 32, 128], (concurrency) => microsOf({ world, concurrency })),
      await grow('grants of a wallet, paid', [1, 10, 100], (size) => byGrants(world, size)),
      await grow('paid fields of the schema', [1, 100, 1_000], byFields),
      await grow('accounts of the store, paid', [100, 1_000, 10_000, 50_000], (size) => byAccounts(world, size)),
    ]);
  } finally {
    await world.close();
  }
};

const findingsOf = (growths: readonly Growth[]): Findings => {
  const table: Table = {
    title: 'µs of one operation, by what there is more of',
    columns: ['more', 'from', 'µs', 'to', 'µs', 'slope, µs for one more'],
    rows: growths.map(({ of, points }) => {
      const [first, last] = [points[0], points.at(-1)];
      if (first === undefined || last === undefined) return [of];
      const slope = slopeOf(points.map(([size, { median }]) => [size, median]));
      return [of, first[0], inWords(first[1], 0), last[0], inWords(last[1], 0), Number(slope.toPrecision(2))];
    }),
  };
  const charts = growths.map(({ of, points }, index): Chart => ({
    name: `growth-${index + 1}`,
    title: `One operation, by ${of}`,
    unit: 'µs',
    bars: points.map(([size, { median, min, max }]) => ({
      label: size.toLocaleString('en'),
      value: median,
      range: [min, max],
    })),
  }));
  return { tables: [table], charts, targets: [] };
};

export const growth: Benchmark = { name: 'growth', title: 'Growth', measure };
