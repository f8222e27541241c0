/**
 * The admin API over HTTP, for operators alone: whoever comes without an operator's key gets 401 before anything of the
 * request is looked at. Nothing of it is ever cached.
 */
import { ApolloServer } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { fastifyApolloDrainPlugin, fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance } from 'fastify';
import { GraphQLError } from 'graphql';
import type { AdminContext } from '../api/admin/adminContext.js';
import { createAdminSchema } from '../api/admin/adminSchema.js';
import { adminContext } from '../api/admin/operatorDesk.js';
import type { FixedOperators } from '../api/admin/operatorDesk.js';
import { REASONS } from '../domain/refusal.js';
import { documentReader } from '../paywall/documentLimits.js';
import type { DocumentLimits } from '../paywall/documentLimits.js';
import type { Engine } from '../paywall/engine.js';
import type { EdgeConfig } from '../config.js';
import { answerInGraphQL } from './graphqlErrors.js';
import { headOfRefusal } from './httpStatus.js';
import { maskErrors } from './maskErrors.js';
import { isOver, rateHeaders } from './rateLimits.js';
import type { Rate, RateLimits } from './rateLimits.js';
import { takeSoundInput } from './soundInput.js';

const ADMIN_PATH = '/admin/graphql';

export interface AdminServerOptions {
  /** Operators that are valid without being in the store. */
  readonly fixedOperators: FixedOperators;
}

export interface AdminRoutes extends AdminServerOptions {
  readonly limits: RateLimits;
  readonly edge: EdgeConfig;
  readonly documentLimits: DocumentLimits | null;
}

/** Adds the route to a server that does not listen yet. */
export const addAdminServer = async (
  server: FastifyInstance,
  engine: Engine,
  { fixedOperators, limits, edge, documentLimits }: AdminRoutes,
): Promise<void> => {
  const schema = createAdminSchema();
  const { parseOptions, validationRules } = documentReader(schema, documentLimits);
  const apollo = new ApolloServer<AdminContext>({
    schema,
    parseOptions,
    validationRules,
    plugins: [
      fastifyApolloDrainPlugin(server),
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
    ],
    formatError: maskErrors((error) => {
      server.log.error({ err: error }, 'A request of an operator failed');
    }),
    includeStacktraceInErrorResponses: false,
    introspection: edge.introspection,
    hideSchemaDetailsFromClientErrors: !edge.introspection,
    logger: server.log,
    stopOnTerminationSignals: false,
  });
  await apollo.start();
  const handler = fastifyApolloHandler(apollo, {
    context: async ({ headers, ip }, reply) => {
      const context = await adminContext(engine, { authorization: headers.authorization, from: ip }, fixedOperators);
      if (context !== null) return context;
      const rate = await limits.countBadKey(ip);
      if (rate !== null) reply.headers(rateHeaders(rate));
      throw isOver(rate) ? rateLimited(rate) : unauthenticated();
    },
  });
  await server.register(async (scope) => {
    answerInGraphQL(scope);
    takeSoundInput(scope, { isTextChecked: false });
    scope.addHook('onRequest', async (_request, reply) => {
      reply.header('cache-control', 'no-store');
    });
    scope.route({ method: ['POST', 'OPTIONS'], url: ADMIN_PATH, handler });
  });
};

/** The same for no key, an unknown one, one of an operator who was removed, and an account's. */
const unauthenticated = (): GraphQLError =>
  new GraphQLError('This is for operators. Send an operator’s key in the header "Authorization: Bearer <key>".', {
    extensions: { code: 'UNAUTHENTICATED', http: headOfRefusal('UNAUTHENTICATED') },
  });

const rateLimited = ({ counted: { resetAt } }: Rate): GraphQLError =>
  new GraphQLError('Too many requests without an operator’s key. Slow down.', {
    extensions: {
      code: 'RATE_LIMITED',
      reason: 'RATE_LIMITED',
      remedy: REASONS.RATE_LIMITED.remedy,
      resetAt: new Date(resetAt).toISOString(),
      retryable: true,
      http: headOfRefusal('RATE_LIMITED', { resetAt }),
    },
  });
