/** What Tollgate keeps in memory, and whether it keeps more and more. Sizes are of the heap, after garbage collection. */
import { parse } from 'graphql';
import type { DocumentNode } from 'graphql';
import type { Benchmark, Findings, Table } from './benchmark.js';
import { putLoadOn, startServer } from './load.js';
import { inWords, spreadOf } from './statistics.js';
import type { Spread } from './statistics.js';
import type { World } from './world.js';
import { keyOf, nextKeyOf, openWorld, SEARCH, seedAccounts } from './world.js';

const MANY = 1_000;
/** Accounts of a round: those of all rounds together are fewer than are remembered. */
const FEW = 400;
const ROUNDS = 3;
const SOAK_PARTS = 7;
const SOAK_PART_SECONDS = 10;
const BYTES_PER_MB = 1024 ** 2;

const heapBytes = (): number => {
  // What a finalizer or a weak map lets go of is free after the second time.
  for (let time = 0; time < 3; time += 1) global.gc?.();
  return process.memoryUsage().heapUsed;
};

/** By how much the heap grows for one of many. `make` gives what must be kept. */
const bytesOfOne = async (count: number, make: (round: number) => Promise<unknown>): Promise<Spread> => {
  const kept: unknown[] = [];
  const sizes: number[] = [];
  for (let round = 0; round < ROUNDS + 1; round += 1) {
    const before = heapBytes();
    kept.push(await make(round));
    sizes.push((heapBytes() - before) / count);
  }
  // The first round has what is there once: compiled code, and the caches' own tables.
  return spreadOf(sizes.slice(1, kept.length));
};

const open = async ({ paywall }: World, document: DocumentNode, key: string): Promise<unknown> => {
  const caller = await paywall.identify(`Bearer ${key}`);
  const contextValue = { tollgate: { caller } };
  return [contextValue, await paywall.open({ document, caller, contextValue })];
};

const openOperations = async (world: World): Promise<unknown> => {
  const [document, nextKey] = [parse(SEARCH), nextKeyOf('covered')];
  return Promise.all(Array.from({ length: MANY }, () => open(world, document, nextKey())));
};

/** Documents are kept by the server anyway: what counts is what Tollgate keeps beside each. */
const cachedDocuments = (world: World, documents: readonly DocumentNode[]): Promise<unknown> =>
  Promise.all(documents.map((document, index) => run(world, document, keyOf('covered', index % 64))));

const run = async ({ paywall }: World, document: DocumentNode, key: string): Promise<void> => {
  const caller = await paywall.identify(`Bearer ${key}`);
  await paywall.execute({ document, contextValue: { tollgate: { caller } } });
};

const manyDocuments = (round: number): readonly DocumentNode[] =>
  Array.from({ length: MANY }, (_, index) => parse(SEARCH.replace('Search', `Search${round}x${index}`)));

const knownAccounts = async (world: World, round: number): Promise<void> => {
  const document = parse(SEARCH);
  await Promise.all(Array.from({ length: FEW }, (_, index) => run(world, document, keyOf(`known${round}`, index))));
};

const measure = async (): Promise<Findings> => {
  const world = await openWorld();
  try {
    const documents = Array.from({ length: ROUNDS + 1 }, (_, round) => manyDocuments(round));
    for (let round = 0; round <= ROUNDS; round += 1) await seedAccounts(world.store, 'covered', FEW, `known${round}`);
    const sizes: readonly (readonly [string, Spread])[] = [
      ['an open operation', await bytesOfOne(MANY, () => openOperations(world))],
      ['a cached document', await bytesOfOne(MANY, (round) => cachedDocuments(world, documents[round] ?? []))],
      ['a known account, of at most 2,000', await bytesOfOne(FEW, (round) => knownAccounts(world, round))],
    ];
    return findingsOf(sizes, await soak(world));
  } finally {
    await world.close();
  }
};

/** Covered and paid operations in turn, and the server's heap after each part. */
const soak = async (world: World): Promise<readonly number[]> => {
  const server = await startServer(world.folder);
  const keys = Array.from({ length: 61 }, (_, index) => keyOf(index % 2 === 0 ? 'covered' : 'paid', index));
  const heap: number[] = [];
  try {
    for (let part = 0; part < SOAK_PARTS; part += 1) {
      await putLoadOn(server, { source: SEARCH, keys, connections: 16, seconds: SOAK_PART_SECONDS, status: 200 });
      heap.push((await server.ask('heap')) / BYTES_PER_MB);
    }
    return heap;
  } finally {
    await server.stop();
  }
};

const findingsOf = (sizes: readonly (readonly [string, Spread])[], heap: readonly number[]): Findings => {
  const table: Table = {
    title: 'Bytes of the heap',
    columns: ['for', 'bytes'],
    rows: sizes.map(([name, spread]) => [name, inWords(spread, 0)]),
  };
  // The first part fills the caches.
  const settled = heap.slice(1);
  const { min, max, median } = spreadOf(settled);
  const flat: Table = {
    title: 'Heap of the server under load',
    columns: ['after, s', 'MB'],
    rows: heap.map((size, part) => [(part + 1) * SOAK_PART_SECONDS, size.toFixed(1)]),
  };
  return {
    tables: [table, flat],
    charts: [
      {
        name: 'memory-soak',
        title: 'Heap of the server under load, by seconds',
        unit: 'MB',
        bars: heap.map((value, part) => ({ label: `${(part + 1) * SOAK_PART_SECONDS} s`, value })),
      },
    ],
    targets: [
      {
        claim: 'a soak shows a flat line',
        wanted: 'spread < 5 %',
        measured: `${(((max - min) / median) * 100).toFixed(1)} %`,
        isReached: (max - min) / median < 0.05,
      },
    ],
  };
};

export const memory: Benchmark = { name: 'memory', title: 'Memory', measure };
