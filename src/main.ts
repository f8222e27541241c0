/** The server’s start: config → store → product → paywall → server. */
import type { Logger } from 'pino';
import { ConfigError, readConfig } from './config.js';
import type { Config } from './config.js';
import { ensureOwner } from './admin/identifyOperator.js';
import { openProduct } from './openProduct.js';
import { createPaywall } from './paywall/createPaywall.js';
import type { PaywallOptions } from './paywall/paywall.js';
import type { Product } from './product.js';
import { createServer } from './server/createServer.js';
import type { ServerOptions } from './server/createServer.js';
import { drainServer } from './server/drain.js';
import { graphiqlPages } from './server/pages/serveGraphiql.js';
import { createLogger } from './server/watch/createLogger.js';
import { Metrics } from './server/watch/metrics.js';
import { createMetricsServer } from './server/watch/createMetricsServer.js';
import { storeWatchOf } from './server/watch/watchers.js';
import type { Tracing, Watchers } from './server/watch/watchers.js';
import { remedyAddress } from './server/pages/remedyPage.js';
import { openTill } from './server/payments/till.js';
import { welcome } from './server/welcome.js';
import { openStore } from './store/openStore.js';
import type { Store } from './store/store.js';
import { StoreError } from './store/storeError.js';
import { watchStore } from './store/watchStore.js';

/** Of the grace, for requests under way; the rest is for what is still to be written. */
const ANSWERING_SHARE = 0.8;

/** Optional peers: a server that sends no traces does without them. */
const TRACING_PACKAGES =
  '@opentelemetry/exporter-trace-otlp-http @opentelemetry/resources @opentelemetry/sdk-trace-node';

/** What an operator can mend, in one line; anything else is a bug and shows its stack. */
class StartError extends Error {
  override readonly name = 'StartError';
}

const start = async (config: Config): Promise<void> => {
  const logger = createLogger(config.logLevel);
  keepGoing(logger);
  const watchers = await watchersFor(config, logger);
  const store = watchStore(await openStore(config.databaseUrl), storeWatchOf(watchers));
  try {
    await serve(config, store, watchers);
  } catch (error) {
    // What is open would keep the process alive.
    await store.close();
    throw error;
  }
};

/**
 * graphql-js leaves some rejections to nobody: where one item of a list makes the list null, those of the other items.
 * The operation was answered, so the process goes on.
 */
const keepGoing = (logger: Logger): void => {
  process.on('unhandledRejection', (error) => {
    logger.error({ err: error }, 'A rejection was left unhandled');
  });
};

const watchersFor = async ({ metrics, otlpEndpoint }: Config, logger: Logger): Promise<Watchers> => ({
  logger,
  metrics: metrics === 'OFF' ? null : new Metrics(),
  tracing: otlpEndpoint === null ? null : await startTraces(otlpEndpoint, logger),
});

/** The libraries for traces are loaded only where traces are asked for, and whoever asks for them installs them. */
const startTraces = async (endpoint: string, logger: Logger): Promise<Tracing> => {
  const { startTracing } = await import('./server/watch/startTracing.js').catch((error: unknown) => {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
    if (!isMissing) throw error;
    throw new StartError(
      `OTEL_EXPORTER_OTLP_ENDPOINT asks for traces, and what sends them is not installed: npm install ${TRACING_PACKAGES}`,
      { cause: error },
    );
  });
  return startTracing(endpoint, logger);
};

const serve = async (config: Config, store: Store, watchers: Watchers): Promise<void> => {
  const { logger, metrics, tracing } = watchers;
  // Known once the server listens, and no error is sent before.
  let publicUrl = config.publicUrl;
  const product = await openProduct();
  const seed = (config.isDemo ? product.seed : undefined) ?? null;
  const paywall = createPaywall({
    ...paywallOptions(config, logger, () => publicUrl ?? ''),
    schema: product.schema,
    store,
    ...(seed === null ? {} : { fixedKeys: seed.keys }),
  });
  await seed?.plant(paywall.engine);
  // In a demo everybody knows the owner's key, and another one would only have to be kept.
  const isOwnerKnown = seed !== null && config.ownerKey === null;
  const ownerSecret = isOwnerKnown ? null : await ensureOwner(paywall.engine, config.ownerKey);
  const till = await openTill(paywall.engine, { ...config, serverUrl: () => publicUrl ?? '' });
  const server = await createServer({
    ...serverOptions(config, product),
    paywall,
    logger,
    serverUrl: () => publicUrl ?? '',
    till,
    admin: { fixedOperators: seed?.operatorKeys ?? new Map() },
    watchers,
  });
  metrics?.watchEngine(paywall.engine);
  metrics?.watchProcess();
  const apart = metricsApart(config, watchers);

  const stop = async (): Promise<void> => {
    await finish(server, config.shutdown, logger);
    await till?.close();
    await paywall.close();
    await store.close();
    await tracing?.close();
    await apart?.server.close();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop());

  const listen = (listener: typeof server, { host, port }: Place, setting?: string): Promise<string> =>
    listener.listen({ host, port }).catch(async (error: unknown) => {
      await stop();
      throw new StartError(listenFault(error, { host, port }, setting), { cause: error });
    });
  if (apart !== null) await listen(apart.server, apart.place, 'TOLLGATE_METRICS');
  const address = await listen(server, config);
  publicUrl ??= address;
  till?.start();
  console.log(welcome({ publicUrl, product, seed, ownerSecret }));
};

/** A server for metrics alone, where they are to have an address of their own. */
const metricsApart = ({ metrics: place }: Config, { metrics, logger }: Watchers) =>
  metrics === null || typeof place === 'string' ? null : { server: createMetricsServer(metrics, logger), place };

const serverOptions = (
  { rateLimits, edge, documentLimits, metrics, isGraphiqlOn, isDemo }: Config,
  product: Product,
): Omit<ServerOptions, 'paywall' | 'logger' | 'admin' | 'watchers' | 'serverUrl' | 'till'> => ({
  rateLimits,
  edge,
  documentLimits,
  servesMetrics: metrics === 'ON',
  home: { title: product.title, guide: (isDemo ? product.seed?.guide : undefined) ?? null },
  ...(isGraphiqlOn ? { graphiql: graphiqlPages(product, { isDemo, introspection: edge.introspection }) } : {}),
});

const paywallOptions = (
  { holdTtlMs, idempotentAnswerBytesMax, answerBytesMax, docsUrl, keySecret, documentLimits, edge }: Config,
  logger: Watchers['logger'],
  publicUrl: () => string,
): Omit<PaywallOptions, 'schema' | 'store'> => ({
  holdTtlMs,
  idempotentAnswerBytesMax,
  answerBytesMax,
  remedyUrl: (occasion) => remedyAddress(publicUrl(), occasion),
  docsUrl: (cause) => `${docsUrl ?? `${publicUrl()}/errors`}/${cause}`,
  onFailure: (error) => {
    logger.error({ err: error }, error instanceof StoreError ? 'The store failed' : 'Work in the background failed');
  },
  keySecret,
  documentLimits,
  introspection: edge.introspection,
});

/** Lets requests under way be answered, and sees to it that the process ends when its grace is over. */
const finish = async (
  server: Awaited<ReturnType<typeof createServer>>,
  { delayMs, graceMs }: Config['shutdown'],
  logger: Watchers['logger'],
): Promise<void> => {
  // What waits for a store that is away must not keep the process for longer than it was given.
  setTimeout(() => {
    logger.error('The grace was over before everything was finished');
    process.exit(1);
  }, delayMs + graceMs).unref();
  const isFinished = await drainServer(server, { delayMs, graceMs: graceMs * ANSWERING_SHARE });
  if (!isFinished) logger.error('Requests were cut off, since they were not finished within the grace');
};

type Place = Pick<Config, 'host' | 'port'>;

/** `setting`: what says where to listen, if it is not `HOST` and `PORT`. */
const listenFault = (error: unknown, { host, port }: Place, setting?: string): string => {
  if (setting !== undefined) {
    return `${setting} can't be ${host}:${port}: ${error instanceof Error ? error.message : String(error)}`;
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is in use. Stop what listens there, or choose another port, as in PORT=${port + 1} npm start`;
    case 'EACCES':
      return `This user may not listen on port ${port}. Choose a port above 1023, as in PORT=4000 npm start`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `HOST is ${host}, which is no address of this machine. Use HOST=127.0.0.1 npm start`;
    default:
      return `Can't listen on ${host}:${port}: ${error instanceof Error ? error.message : String(error)}`;
  }
};

const isExpected = (error: unknown): error is Error =>
  error instanceof ConfigError || error instanceof StoreError || error instanceof StartError;

try {
  await start(readConfig(process.env));
} catch (error) {
  console.error(isExpected(error) ? `Tollgate did not start: ${error.message}` : error);
  process.exitCode = 1;
}
