/** Makes what goes wrong before GraphQL has a say look like GraphQL's own answers: `errors`, and their media type. */
import type { FastifyError, FastifyInstance, FastifyReply, HTTPMethods } from 'fastify';
import { GraphQLError } from 'graphql';
import type { GraphQLFormattedError } from 'graphql';
import { GRAPHQL_RESPONSE_JSON } from '../http/preferredType.js';
import { responseHead } from '../http/responseHead.js';

/** For the scope in which the GraphQL routes are registered. */
export const answerInGraphQL = (server: FastifyInstance): void => {
  server.addHook('onSend', async (_request, reply, payload) => {
    const type = String(reply.getHeader('content-type') ?? '');
    if (reply.statusCode >= 400 && type.startsWith('application/json')) reply.type(GRAPHQL_RESPONSE_JSON);
    return payload;
  });
  server.setErrorHandler<FastifyError | GraphQLError>((error, request, reply) => {
    if (error instanceof GraphQLError) {
      void sendErrors(reply, [error]);
      return;
    }
    const status = error.statusCode ?? 500;
    if (status >= 500) request.log.error({ err: error }, 'A request failed');
    const message = status >= 500 ? 'Something went wrong on the server.' : error.message;
    const code = status >= 500 ? 'INTERNAL_SERVER_ERROR' : 'BAD_REQUEST';
    void reply
      .code(status)
      .type(GRAPHQL_RESPONSE_JSON)
      .send(JSON.stringify({ errors: [{ message, extensions: { code } }] }));
  });
};

const METHODS: readonly HTTPMethods[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Answers the methods that an endpoint does not have, and says which it has (RFC 9110, 15.5.6). */
export const refuseMethods = (scope: FastifyInstance, url: string, allowed: readonly HTTPMethods[]): void => {
  scope.route({
    method: METHODS.filter((each) => !allowed.includes(each)),
    url,
    exposeHeadRoute: false,
    handler: (_request, reply) => {
      void reply.header('allow', allowed.join(', '));
      return sendErrors(reply, [
        new GraphQLError(`This is asked with ${allowed.join(' or ')}.`, { extensions: { code: 'METHOD_NOT_ALLOWED' } }),
      ]);
    },
  });
};

/** For whoever answers a request before GraphQL gets it: with the head that these errors call for. */
export const sendErrors = (
  reply: FastifyReply,
  errors: readonly (GraphQLError | GraphQLFormattedError)[],
): FastifyReply => {
  const { status, headers } = responseHead({ errors });
  return reply.code(status).headers(headers).send(JSON.stringify({ errors }));
};
