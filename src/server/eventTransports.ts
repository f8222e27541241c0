/**
 * Subscriptions over WebSocket (the `graphql-transport-ws` protocol) and over server-sent events (the `graphql-sse`
 * protocol, distinct connections). Both run through the paywall, operations of every kind: what is paid over HTTP is
 * paid here too.
 */
import type { WebsocketHandler } from '@fastify/websocket';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GraphQLError } from 'graphql';
import type { ExecutionArgs, ExecutionResult, GraphQLFormattedError } from 'graphql';
import { createHandler } from 'graphql-sse/lib/use/fastify';
import { makeHandler } from 'graphql-ws/use/@fastify/websocket';
import type { Paywall, PaywallContext } from '../paywall/paywall.js';
import { callerContext } from './callerContext.js';

/** Formats an error for clients, as it is done over HTTP. */
export type FormatError = (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError;

/** The key comes in the first message's payload, since browsers can't send headers, or in the upgrade's header. */
export const webSocketHandler = (paywall: Paywall, formatError: FormatError): WebsocketHandler =>
  makeHandler({
    schema: paywall.schema,
    context: ({ connectionParams, extra }) => {
      const sent = connectionParams?.['authorization'] ?? connectionParams?.['Authorization'];
      const authorization = typeof sent === 'string' ? sent : extra.request.headers.authorization;
      return callerContext(paywall, authorization, { requestId: extra.request.id, traceId: null });
    },
    ...runners(paywall, formatError),
  });

export const eventStreamHandler = (
  paywall: Paywall,
  formatError: FormatError,
): ((request: FastifyRequest, reply: FastifyReply) => Promise<void>) =>
  createHandler<PlainContext>({
    schema: paywall.schema,
    context: ({ raw }) => callerContext(paywall, raw.headers.authorization, { requestId: raw.id, traceId: null }),
    ...runners(paywall, formatError),
  });

/** An interface might have more fields than it says, which graphql-sse does not take; a type has none. */
type PlainContext = Pick<PaywallContext, keyof PaywallContext>;

const runners = (paywall: Paywall, formatError: FormatError) => ({
  execute: async (args: ExecutionArgs) => shown(await paywall.execute(requestOf(args)), formatError),
  subscribe: async (args: ExecutionArgs) => {
    const started = await paywall.subscribe(requestOf(args));
    return Symbol.asyncIterator in started ? shownEach(started, formatError) : shown(started, formatError);
  },
});

const requestOf = ({ document, operationName, variableValues, contextValue, rootValue }: ExecutionArgs) => {
  if (!isPaywallContext(contextValue)) throw new Error('A transport lost the context of its operation.');
  return { document, operationName, variableValues, contextValue, rootValue };
};

const isPaywallContext = (value: unknown): value is PaywallContext =>
  typeof value === 'object' && value !== null && 'caller' in value;

const shown = (result: ExecutionResult, formatError: FormatError): ExecutionResult => {
  if (result.errors === undefined) return result;
  const errors = result.errors.map((error) => {
    const { message, extensions } = formatError(error.toJSON(), error);
    const { nodes, path } = error;
    return new GraphQLError(message, { nodes: nodes ?? null, path: path ?? null, extensions: extensions ?? null });
  });
  return { ...result, errors };
};

async function* shownEach(
  results: AsyncIterableIterator<ExecutionResult>,
  formatError: FormatError,
): AsyncGenerator<ExecutionResult, void> {
  for await (const result of results) yield shown(result, formatError);
}
