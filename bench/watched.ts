/** What it costs to be watched: the same server with and without its log, metrics and traces, in turn. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { atLeast } from './benchmark.js';
import type { Benchmark, Findings } from './benchmark.js';
import { standingsOf } from './contest.js';
import type { Rate } from './contest.js';
import { putLoadOn, startServer } from './load.js';
import type { Load, Loaded } from './load.js';
import { inWords, spreadOf } from './statistics.js';
import { keyOf, openWorld, SEARCH } from './world.js';

/** Short ones, so that what disturbs the machine for a while disturbs all of them. */
const ROUNDS = 7;
const CONNECTIONS = 24;
const KEYS = 61;
const LOG_COSTS_AT_MOST = 0.95;

/** Takes what it is sent, as a collector of traces does. */
const startCollector = async (): Promise<Server> => {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.setHeader('content-type', 'application/json').end('{}'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
};

const measure = async (): Promise<Findings> => {
  const world = await openWorld();
  const collector = await startCollector();
  const traces = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  const watchers: Readonly<Record<string, readonly string[]>> = {
    nobody: [],
    log: ['log'],
    metrics: ['metrics'],
    'log and metrics': ['log', 'metrics'],
    'log, metrics and traces': ['log', 'metrics', traces],
  };
  const names = Object.keys(watchers);
  const servers = await Promise.all(Object.values(watchers).map((watchedBy) => startServer(world.folder, watchedBy)));
  const keys = Array.from({ length: KEYS }, (_, index) => keyOf('covered', index));
  const load: Load = { source: SEARCH, keys, connections: CONNECTIONS, seconds: 1, status: 200 };
  const runs = names.map((): Loaded[] => []);
  try {
    for (const server of servers) await putLoadOn(server, { ...load, seconds: 2 });
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [index, server] of servers.entries()) {
        runs[index]?.push(await putLoadOn(server, load));
      }
    }
  } finally {
    for (const server of servers) await server.stop();
    await world.close();
    collector.close();
  }
  return findingsOf(names, runs);
};

const findingsOf = (names: readonly string[], runs: readonly (readonly Loaded[])[]): Findings => {
  const rates = runs.map((of) =>
    of.map(({ perSecond, cpuMicros }): Rate => ({ perSecond, perCpuSecond: 1e6 / cpuMicros })),
  );
  const standings = standingsOf(names, rates);
  const added = runs.map((of) =>
    spreadOf(of.map(({ cpuMicros }, round) => cpuMicros - (runs[0]?.[round]?.cpuMicros ?? Number.NaN))),
  );
  const logRatio = standings.find(({ name }) => name === 'log')?.cpuRatio.median ?? Number.NaN;
  return {
    tables: [
      {
        title: `A covered operation over HTTP, ${CONNECTIONS} connections`,
        columns: ['watched by', 'ops/s', 'ratio', 'CPU ratio', 'adds, CPU µs'],
        rows: standings.map(({ name, perSecond, ratio, cpuRatio }, index) => [
          name,
          Math.round(perSecond.median),
          inWords(ratio),
          inWords(cpuRatio),
          (added[index]?.median ?? Number.NaN).toFixed(1),
        ]),
      },
    ],
    charts: [],
    targets: [atLeast('with its log, of the server without, by processor time', LOG_COSTS_AT_MOST, logRatio)],
  };
};

export const watched: Benchmark = { name: 'watched', title: 'What it costs to be watched', measure };
