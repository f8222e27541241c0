/** The edge: Apollo Server on Fastify, with the Tollgate plugin. It knows HTTP and decides nothing about payment. */
import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import { fastifyApolloDrainPlugin, fastifyApolloHandler } from '@as-integrations/fastify';
import fastifyWebsocket from '@fastify/websocket';
import Fastify, { LogController } from 'fastify';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { Paywall, PaywallContext } from '../paywall/paywall.js';
import { addAdminServer } from './adminServer.js';
import type { AdminServerOptions } from './adminServer.js';
import { tollgatePlugin } from './apolloPlugin.js';
import { callerContext } from './callerContext.js';
import { errorPage } from './errorPage.js';
import { eventStreamHandler, webSocketHandler } from './eventTransports.js';
import type { FormatError } from './eventTransports.js';
import { answerInGraphQL } from './graphqlErrors.js';
import { healthRoutes } from './healthRoutes.js';
import { maskErrors } from './maskErrors.js';
import { remedyPage } from './remedyPage.js';
import { stringifyResult } from './stringifyResult.js';

export interface ServerOptions {
  readonly paywall: Paywall;
  readonly logger: FastifyBaseLogger;
  /** Left out: no admin API is served. */
  readonly admin?: AdminServerOptions;
}

/** Ready to listen. Closing it waits for operations under way. */
export const createServer = async ({ paywall, logger, admin }: ServerOptions): Promise<FastifyInstance> => {
  const server = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
  });
  const formatError = maskErrors((error) => {
    logger.error({ err: error }, 'A request failed');
  });
  const apollo = new ApolloServer<PaywallContext>({
    schema: paywall.schema,
    fieldResolver: paywall.fieldResolver,
    // The cache-control plugin looks at every field of every response, and nothing here is cached by it.
    plugins: [tollgatePlugin(paywall), fastifyApolloDrainPlugin(server), ApolloServerPluginCacheControlDisabled()],
    formatError,
    stringifyResult,
    includeStacktraceInErrorResponses: false,
    introspection: true,
    logger,
    stopOnTerminationSignals: false,
  });
  await apollo.start();
  await server.register(fastifyWebsocket);
  await server.register(async (scope) => {
    graphqlRoutes(scope, apollo, { paywall, formatError });
  });
  if (admin !== undefined) await addAdminServer(server, paywall.engine, admin);
  healthRoutes(server, paywall.engine.store);
  pageRoute(server, '/remedies/:name', remedyPage);
  pageRoute(server, '/errors/:name', errorPage);
  return server;
};

const pageRoute = (server: FastifyInstance, path: string, pageOf: (name: string) => string | null): void => {
  server.get<{ Params: { name: string } }>(path, (request, reply) => {
    const page = pageOf(request.params.name);
    if (page === null) reply.callNotFound();
    else void reply.type('text/html; charset=utf-8').send(page);
  });
};

interface Transports {
  readonly paywall: Paywall;
  readonly formatError: FormatError;
}

const graphqlRoutes = (
  scope: FastifyInstance,
  apollo: ApolloServer<PaywallContext>,
  { paywall, formatError }: Transports,
): void => {
  const url = '/graphql';
  const handler = fastifyApolloHandler(apollo, {
    context: ({ headers, id }) => callerContext(paywall, headers.authorization, { requestId: id, traceId: null }),
  });
  answerInGraphQL(scope);
  scope.route({ method: ['POST', 'OPTIONS'], url, handler });
  scope.route({ method: 'GET', url, handler, wsHandler: webSocketHandler(paywall, formatError) });
  const events = eventStreamHandler(paywall, formatError);
  scope.route({ method: ['GET', 'POST', 'PUT', 'DELETE'], url: `${url}/stream`, handler: events });
};
