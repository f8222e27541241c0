/**
 * The admin API over HTTP, for operators alone: whoever comes without an operator's key gets 401 before anything of the
 * request is looked at. Nothing of it is ever cached.
 */
import { ApolloServer } from '@apollo/server';
import type { ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { fastifyApolloDrainPlugin, fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GraphQLError } from 'graphql';
import type { FixedOperators } from '../admin/identifyOperator.js';
import { adminContext } from '../api/admin/adminContext.js';
import type { AdminContext } from '../api/admin/adminContext.js';
import { createAdminSchema } from '../api/admin/createAdminSchema.js';
import { REASONS } from '../domain/refusal.js';
import { documentReader, VALIDATION_OPTIONS } from '../paywall/documents/documentReader.js';
import type { DocumentLimits } from '../paywall/documents/documentReader.js';
import type { Engine } from '../paywall/engine.js';
import { StoreError } from '../store/storeError.js';
import type { EdgeConfig } from '../config.js';
import { DocumentCache } from '../apollo/documentCache.js';
import { answerInGraphQL, refuseMethods, sendErrors } from './answerInGraphQL.js';
import { maskErrors } from '../apollo/maskErrors.js';
import { isOver, rateHeaders } from './rateLimits.js';
import type { Rate, RateLimits } from './rateLimits.js';
import { takeJsonInput } from './takeJsonInput.js';
import { OperatorRecord } from './watch/operatorRecord.js';
import { onceClosed, traceIdOf } from './watch/recordRequests.js';
import type { Watchers } from './watch/watchers.js';

const ADMIN_PATH = '/admin/graphql';

export interface AdminServerOptions {
  /** Operators that are valid without being in the store. */
  readonly fixedOperators: FixedOperators;
}

export interface AdminRoutes extends AdminServerOptions {
  readonly limits: RateLimits;
  readonly edge: EdgeConfig;
  readonly documentLimits: DocumentLimits | null;
  readonly watchers: Pick<Watchers, 'logger' | 'metrics'>;
}

/** Adds the route to a server that does not listen yet. */
export const addAdminServer = async (
  server: FastifyInstance,
  engine: Engine,
  { fixedOperators, limits, edge, documentLimits, watchers }: AdminRoutes,
): Promise<void> => {
  const { keyRequestsPerMinute } = limits;
  const formatError = maskErrors(
    (error) => {
      server.log.error({ err: error }, 'A request of an operator failed');
    },
    { suggestions: edge.introspection },
  );
  const apollo = apolloOf(server, { edge, documentLimits, formatError });
  await apollo.start();
  const handler = fastifyApolloHandler(apollo, { context: async (request) => operatorOf(request) });
  await server.register(async (scope) => {
    answerInGraphQL(scope);
    scope.decorateRequest(OPERATOR, null);
    scope.addHook('onRequest', async (request, reply) => {
      reply.header('cache-control', 'no-store');
      const { headers, ip } = request;
      try {
        const sent = { authorization: headers.authorization, from: ip };
        const context = await adminContext(engine, sent, { fixedOperators, keyRequestsPerMinute });
        if (context === null) return await refuse(reply, await limits.countBadKey(ip));
        const { id: operator, role } = context.operator;
        const traceId = traceIdOf(headers);
        const record = new OperatorRecord(watchers, { requestId: request.id, traceId, operator, role });
        onceClosed(reply, (status) => {
          record.closed(status);
        });
        request.setDecorator(OPERATOR, { ...context, record });
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        const unavailable = formatError({ message: error.message }, error);
        return sendErrors(reply, [unavailable]);
      }
    });
    takeJsonInput(scope, { isTextChecked: false });
    scope.route({ method: ['POST', 'OPTIONS'], url: ADMIN_PATH, handler });
    refuseMethods(scope, ADMIN_PATH, ['POST']);
  });
};

interface AdminApollo extends Pick<AdminRoutes, 'edge' | 'documentLimits'> {
  readonly formatError: ReturnType<typeof maskErrors>;
}

const apolloOf = (
  server: FastifyInstance,
  { edge, documentLimits, formatError }: AdminApollo,
): ApolloServer<WatchedContext> => {
  const schema = createAdminSchema();
  const { parseOptions, validationRules } = documentReader(schema, documentLimits);
  return new ApolloServer<WatchedContext>({
    schema,
    parseOptions,
    validationRules,
    validationOptions: VALIDATION_OPTIONS,
    documentStore: new DocumentCache(),
    persistedQueries: false,
    plugins: [
      fastifyApolloDrainPlugin(server),
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      RECORDING,
    ],
    formatError,
    includeStacktraceInErrorResponses: false,
    introspection: edge.introspection,
    hideSchemaDetailsFromClientErrors: !edge.introspection,
    logger: server.log,
    stopOnTerminationSignals: false,
  });
};

const OPERATOR = 'operatorContext';

interface WatchedContext extends AdminContext {
  readonly record: OperatorRecord;
}

const RECORDING: ApolloServerPlugin<WatchedContext> = {
  requestDidStart: async ({ contextValue: { record } }) => ({
    didResolveOperation: async ({ operation }) => {
      if (operation !== undefined) record.began(operation);
    },
  }),
};

/** Of a request that has passed the hook above. */
const operatorOf = (request: FastifyRequest): WatchedContext => {
  const context = request.getDecorator<WatchedContext | null>(OPERATOR);
  if (context === null) throw new Error('A request of an operator came in by a route that does not ask for a key.');
  return context;
};

const refuse = (reply: FastifyReply, rate: Rate | null): FastifyReply => {
  if (rate !== null) reply.headers(rateHeaders(rate));
  return isOver(rate) ? sendErrors(reply, [rateLimited(rate)]) : sendErrors(reply, [unauthenticated()]);
};

/** The same for no key, an unknown one, one of an operator who was removed, and an account's. */
const unauthenticated = (): GraphQLError =>
  new GraphQLError('This is for operators. Send an operator’s key in the header "Authorization: Bearer <key>".', {
    extensions: { code: 'UNAUTHENTICATED' },
  });

const rateLimited = ({ counted: { resetAt } }: Rate): GraphQLError =>
  new GraphQLError('Too many requests without an operator’s key. Slow down.', {
    extensions: {
      code: 'RATE_LIMITED',
      reason: 'RATE_LIMITED',
      remedy: REASONS.RATE_LIMITED.remedy,
      resetAt: new Date(resetAt).toISOString(),
      retryable: true,
    },
  });
