/** The edge: Apollo Server on Fastify, with the Tollgate plugin. It knows HTTP and decides nothing about payment. */
import { ApolloServer } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { fastifyApolloDrainPlugin, fastifyApolloHandler } from '@as-integrations/fastify';
import Fastify, { LogController } from 'fastify';
import type { FastifyBaseLogger, FastifyInstance, RouteHandlerMethod } from 'fastify';
import { GraphQLError } from 'graphql';
import type { RateLimitSettings } from '../domain/rateLimit.js';
import { VALIDATION_OPTIONS } from '../paywall/documents/documentReader.js';
import type { DocumentLimits } from '../paywall/documents/documentReader.js';
import type { PaywallContext } from '../paywall/callerContext.js';
import type { Paywall } from '../paywall/paywall.js';
import type { EdgeConfig } from '../config.js';
import { addAdminServer } from './addAdminServer.js';
import type { AdminServerOptions } from './addAdminServer.js';
import { tollgatePlugin } from '../apollo/tollgatePlugin.js';
import { enteredBy, keepDoor } from './keepDoor.js';
import { DocumentCache } from '../apollo/documentCache.js';
import { addDrain } from './drain.js';
import {
  addSecurityHeaders,
  addWebSockets,
  connectionOptions,
  EDGE_DEFAULTS,
  readForwardedFor,
} from './connectionOptions.js';
import { allowOrigins, refuseForeignSockets } from './allowOrigins.js';
import type { FormatError, Transports } from './eventOperation.js';
import { eventStreamHandler } from './eventStreamHandler.js';
import type { Home } from './pages/homePage.js';
import { serveGraphiql } from './pages/serveGraphiql.js';
import type { GraphiqlPage } from './pages/serveGraphiql.js';
import { refusalRoutes } from './pages/refusalRoutes.js';
import { servePages } from './pages/servePages.js';
import { answerInGraphQL, refuseMethods, sendErrors } from './answerInGraphQL.js';
import { healthRoutes } from './watch/healthRoutes.js';
import { OperationBounds, partyOf } from './operationBounds.js';
import { PersistedQueries } from '../apollo/persistedQueries.js';
import { maskErrors } from '../apollo/maskErrors.js';
import { RateLimits } from './rateLimits.js';
import { tillRoutes } from './payments/till.js';
import type { Till } from './payments/till.js';
import { takeJsonInput } from './takeJsonInput.js';
import { stringifyResult } from '../apollo/stringifyResult.js';
import { webSocketHandler } from './webSocketHandler.js';
import { metricsRoute } from './watch/createMetricsServer.js';
import { answerWithRequestId, insideTrace, recordRequests, requestIdOf } from './watch/recordRequests.js';
import { StoreClock } from './watch/storeClock.js';
import type { Watchers } from './watch/watchers.js';

export interface ServerOptions {
  readonly paywall: Paywall;
  readonly logger: FastifyBaseLogger;
  /** Left out: no admin API is served. */
  readonly admin?: AdminServerOptions;
  /** By path. Left out: GraphiQL is not served. */
  readonly graphiql?: Readonly<Record<string, GraphiqlPage>>;
  /** What takes money here. Left out: nothing does, and remedies say whom to ask. */
  readonly till?: Till | null;
  /** Where it is reached, for the way back from paying. Left out: nobody comes back. */
  readonly serverUrl?: () => string;
  /** What the page at `/` says. */
  readonly home?: Home;
  /** Left out: everybody may send any number of requests, whatever their plan says. */
  readonly rateLimits?: RateLimitSettings | null;
  /** Left out: as `readConfig` has it for an empty environment. */
  readonly edge?: EdgeConfig;
  /** Of documents that operators send; left out: any. Those of customers are the paywall's. */
  readonly documentLimits?: DocumentLimits | null;
  /** Left out: the log alone says what becomes of operations. */
  readonly watchers?: Omit<Watchers, 'logger'>;
  /** Whether `/metrics` is served to whoever reaches this server. */
  readonly servesMetrics?: boolean;
}

/** Ready to listen. Closing it waits for operations under way. */
export const createServer = async ({
  paywall,
  logger,
  admin,
  graphiql,
  home,
  till = null,
  serverUrl = () => '',
  rateLimits = null,
  edge = EDGE_DEFAULTS,
  documentLimits = null,
  watchers: { metrics, tracing } = { metrics: null, tracing: null },
  servesMetrics = false,
}: ServerOptions): Promise<FastifyInstance> => {
  const server = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: requestIdOf,
    ...connectionOptions(edge),
  });
  addDrain(server);
  readForwardedFor(server, edge);
  await addSecurityHeaders(server);
  answerWithRequestId(server);
  const formatError = maskErrors(
    (error) => {
      logger.error({ err: error }, 'A request failed');
    },
    { suggestions: edge.introspection },
  );
  const apollo = apolloOf(server, paywall, { edge, formatError });
  await apollo.start();
  if (graphiql !== undefined) await serveGraphiql(server, graphiql);
  await addWebSockets(server, edge);
  const [limits, watchers] = [new RateLimits(paywall.engine, rateLimits), { logger, metrics, tracing }];
  await server.register(async (scope) => {
    await allowOrigins(scope, edge);
    refuseForeignSockets(scope, edge);
    const bounds = new OperationBounds(edge.operations);
    graphqlRoutes(scope, apollo, { paywall, limits, formatError, drain: server.drain, bounds, watchers });
  });
  if (admin !== undefined)
    await addAdminServer(server, paywall.engine, { ...admin, limits, edge, documentLimits, watchers });
  healthRoutes(server, { store: paywall.engine.store, clock: clockOf(server, paywall, metrics) });
  if (servesMetrics && metrics !== null) metricsRoute(server, metrics);
  servePages(server, paywall.engine, home);
  refusalRoutes(server, { engine: paywall.engine, logger, serverUrl });
  if (till !== null) tillRoutes(server, till);
  return server;
};

const apolloOf = (
  server: FastifyInstance,
  paywall: Paywall,
  { edge, formatError }: { readonly edge: EdgeConfig; readonly formatError: FormatError },
): ApolloServer<PaywallContext> => {
  return new ApolloServer<PaywallContext>({
    schema: paywall.schema,
    fieldResolver: paywall.fieldResolver,
    // The cache-control plugin looks at every field of every response, and nothing here is cached by it.
    plugins: [
      tollgatePlugin(paywall),
      fastifyApolloDrainPlugin(server),
      ApolloServerPluginCacheControlDisabled(),
      // Apollo's own page loads its scripts from another host.
      ApolloServerPluginLandingPageDisabled(),
    ],
    formatError,
    stringifyResult,
    includeStacktraceInErrorResponses: false,
    introspection: edge.introspection,
    hideSchemaDetailsFromClientErrors: !edge.introspection,
    parseOptions: paywall.documents.parseOptions,
    validationRules: paywall.documents.validationRules,
    validationOptions: VALIDATION_OPTIONS,
    documentStore: new DocumentCache(),
    persistedQueries: edge.persistedQueries ? { cache: new PersistedQueries() } : false,
    logger: server.log,
    stopOnTerminationSignals: false,
  });
};

const graphqlRoutes = (scope: FastifyInstance, apollo: ApolloServer<PaywallContext>, transports: Transports): void => {
  const url = '/graphql';
  const apolloHandler = fastifyApolloHandler(apollo, {
    context: async (request) => ({
      tollgate: {
        ...enteredBy(request),
        paywall: transports.paywall,
        isGone: () => request.socket.destroyed,
      },
    }),
  });
  const traced: RouteHandlerMethod = (request, reply) =>
    insideTrace(request, () => apolloHandler.call(scope, request, reply));
  const handler = inTurn(transports.watchers.tracing === null ? apolloHandler : traced, transports.bounds);
  answerInGraphQL(scope);
  recordRequests(scope, transports.watchers);
  keepDoor(scope, transports.paywall, transports.limits);
  takeJsonInput(scope);
  scope.route({ method: ['POST', 'OPTIONS'], url, handler });
  scope.route({ method: 'GET', url, handler, wsHandler: webSocketHandler(transports) });
  const events = eventStreamHandler(scope, transports);
  scope.route({ method: ['GET', 'POST'], url: `${url}/stream`, handler: events });
  refuseMethods(scope, url, ['GET', 'POST']);
  refuseMethods(scope, `${url}/stream`, ['GET', 'POST']);
};

/** Runs a request's operation when it is its turn. */
const inTurn = (handler: RouteHandlerMethod, bounds: OperationBounds): RouteHandlerMethod =>
  async function (request, reply) {
    const { caller, watch } = enteredBy(request);
    const place = { connection: request.socket, party: partyOf(caller, request.ip) };
    const answer = await bounds.run(place, async (): Promise<unknown> => handler.call(this, request, reply));
    if (!(answer instanceof GraphQLError)) return answer;
    watch?.answered({ errors: [answer] });
    return sendErrors(reply, [answer]);
  };

/** Looked at from the start to the end of the server. */
const clockOf = (server: FastifyInstance, { engine }: Paywall, metrics: Watchers['metrics']): StoreClock => {
  const clock = new StoreClock({
    store: engine.store,
    settings: engine.settings,
    onApart: (reading) => {
      server.log.error(reading, 'The clock of this server is too far from that of the store');
    },
  });
  clock.start();
  server.addHook('onClose', async () => {
    clock.stop();
  });
  metrics?.watchClock(clock);
  return clock;
};
