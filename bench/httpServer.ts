/**
 * The server that is measured over HTTP, in a process of its own: `floor`, or `tollgate` with the world in a folder,
 * watched by those that are named: `log`, `metrics`, and traces by their collector's URL. It
 * tells its parent where it listens, and what its processor time and memory are whenever the parent asks.
 */
import { join } from 'node:path';
import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import { fastifyApolloDrainPlugin, fastifyApolloHandler } from '@as-integrations/fastify';
import Fastify, { LogController } from 'fastify';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { readConfig } from '../src/config.js';
import { loadAtlas } from '../src/demo/loadAtlas.js';
import { createServer } from '../src/server/createServer.js';
import { addSecurityHeaders, connectionOptions, EDGE_DEFAULTS } from '../src/server/connectionOptions.js';
import { takeJsonInput } from '../src/server/takeJsonInput.js';
import { createLogger, logTo } from '../src/server/watch/createLogger.js';
import { Metrics } from '../src/server/watch/metrics.js';
import { requestIdOf } from '../src/server/watch/recordRequests.js';
import { answerWithRequestId } from '../src/server/watch/recordRequests.js';
import { startTracing } from '../src/server/watch/startTracing.js';
import { storeWatchOf } from '../src/server/watch/watchers.js';
import { serveParent } from './child.js';
import { createFreeSchema, openWorld } from './world.js';

/** What the parent can ask for: processor time so far, in µs, or bytes of the heap once it was cleaned up. */
export type Question = 'cpu' | 'heap';

/** Apollo on Fastify with the settings of Tollgate's own server, headers included, without its plugin. */
const floorServer = async (): Promise<FastifyInstance> => {
  const server = Fastify({
    loggerInstance: silent(),
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestIdOf,
    ...connectionOptions(EDGE_DEFAULTS),
  });
  answerWithRequestId(server);
  await addSecurityHeaders(server);
  takeJsonInput(server);
  const apollo = new ApolloServer({
    schema: createFreeSchema(),
    plugins: [fastifyApolloDrainPlugin(server), ApolloServerPluginCacheControlDisabled()],
    includeStacktraceInErrorResponses: false,
    introspection: true,
    stopOnTerminationSignals: false,
  });
  await apollo.start();
  server.route({ method: ['GET', 'POST', 'OPTIONS'], url: '/graphql', handler: fastifyApolloHandler(apollo) });
  loadAtlas();
  return server;
};

const tollgateServer = async (folder: string, watchedBy: readonly string[]): Promise<FastifyInstance> => {
  const logger = watchedBy.includes('log') ? createLogger('info', logTo(join(folder, 'log'))) : silent();
  const metrics = watchedBy.includes('metrics') ? new Metrics() : null;
  const collector = watchedBy.find((each) => each.startsWith('http'));
  const tracing = collector === undefined ? null : startTracing(collector, logger);
  const { paywall, close } = await openWorld(folder, { watch: storeWatchOf({ metrics, tracing }) });
  metrics?.watchEngine(paywall.engine);
  metrics?.watchProcess();
  const server = await createServer({
    paywall,
    logger,
    rateLimits: readConfig({}).rateLimits,
    watchers: { metrics, tracing },
  });
  server.addHook('onClose', close);
  return server;
};

const silent = (): FastifyBaseLogger => pino({ level: 'silent' });

const answer = (question: Question): number => {
  const { user, system } = process.cpuUsage();
  if (question === 'cpu') return user + system;
  // What a finalizer or a weak map lets go of is free after the second time.
  for (let time = 0; time < 3; time += 1) global.gc?.();
  return process.memoryUsage().heapUsed;
};

const [folder, ...watchedBy] = process.argv.slice(2);
const server = folder === undefined ? await floorServer() : await tollgateServer(folder, watchedBy);
const url = await server.listen({ host: '127.0.0.1', port: 0 });
serveParent(
  url,
  (question) => answer(question as Question),
  () => server.close(),
);
