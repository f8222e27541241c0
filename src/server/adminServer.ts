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
import type { Engine } from '../paywall/engine.js';
import { maskErrors } from './maskErrors.js';

const ADMIN_PATH = '/admin/graphql';

export interface AdminServerOptions {
  /** Operators that are valid without being in the store. */
  readonly fixedOperators: FixedOperators;
}

/** Adds the route to a server that does not listen yet. */
export const addAdminServer = async (
  server: FastifyInstance,
  engine: Engine,
  { fixedOperators }: AdminServerOptions,
): Promise<void> => {
  const apollo = new ApolloServer<AdminContext>({
    schema: createAdminSchema(),
    plugins: [
      fastifyApolloDrainPlugin(server),
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
    ],
    formatError: maskErrors((error) => {
      server.log.error({ err: error }, 'A request of an operator failed');
    }),
    includeStacktraceInErrorResponses: false,
    introspection: true,
    logger: server.log,
    stopOnTerminationSignals: false,
  });
  await apollo.start();
  server.route({
    method: ['POST', 'OPTIONS'],
    url: ADMIN_PATH,
    onRequest: (_request, reply, done) => {
      void reply.header('cache-control', 'no-store');
      done();
    },
    handler: fastifyApolloHandler(apollo, {
      context: async ({ headers, ip }) => {
        const context = await adminContext(engine, { authorization: headers.authorization, from: ip }, fixedOperators);
        if (context === null) throw unauthenticated();
        return context;
      },
    }),
  });
};

/** The same for no key, an unknown one, one of an operator who was removed, and an account's. */
const unauthenticated = (): GraphQLError =>
  new GraphQLError('This is for operators. Send an operator’s key in the header "Authorization: Bearer <key>".', {
    extensions: {
      code: 'UNAUTHENTICATED',
      http: { status: 401, headers: new Map([['www-authenticate', 'Bearer']]) },
    },
  });
