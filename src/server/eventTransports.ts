/**
 * Subscriptions over WebSocket (the `graphql-transport-ws` protocol) and over server-sent events (the `graphql-sse`
 * protocol, distinct connections). Both run through the paywall, operations of every kind: what is paid over HTTP is
 * paid here too.
 */
import type { WebsocketHandler } from '@fastify/websocket';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GraphQLError, parse, validate } from 'graphql';
import type { ExecutionArgs, ExecutionResult, GraphQLFormattedError } from 'graphql';
import { createHandler } from 'graphql-sse/lib/use/fastify';
import type { SubscribePayload } from 'graphql-ws';
import { makeHandler } from 'graphql-ws/use/@fastify/websocket';
import type { Caller } from '../paywall/caller.js';
import type { RequestIds } from '../paywall/operationRefusals.js';
import type { Paywall, PaywallContext } from '../paywall/paywall.js';
import { callerOf, idsOf } from './doorkeeper.js';
import type { RateLimits } from './rateLimits.js';

/** Formats an error for clients, as it is done over HTTP. */
export type FormatError = (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError;

export interface Transports {
  readonly paywall: Paywall;
  readonly limits: RateLimits;
  readonly formatError: FormatError;
}

/**
 * The key comes in the first message's payload, since browsers can't send headers, or in the upgrade's header. Each
 * operation is counted, as each request is over HTTP.
 */
export const webSocketHandler = (transports: Transports): WebsocketHandler =>
  makeHandler({
    schema: transports.paywall.schema,
    onSubscribe: async ({ connectionParams, extra: { request } }, _id, payload) => {
      const sent = connectionParams?.['authorization'] ?? connectionParams?.['Authorization'];
      const authorization = typeof sent === 'string' ? sent : request.headers.authorization;
      const { caller } = await transports.limits.identify(authorization, request.ip);
      const ids = idsOf(request);
      const refused = caller.barred === null ? null : transports.paywall.barred(caller, ids);
      refused?.record();
      return refused?.answer.errors ?? argumentsOf(transports.paywall, payload, caller, ids);
    },
    ...runners(transports),
  });

/** Who is calling was found out at the door. */
export const eventStreamHandler = (
  transports: Transports,
): ((request: FastifyRequest, reply: FastifyReply) => Promise<void>) =>
  createHandler<PlainContext>({
    schema: transports.paywall.schema,
    context: ({ raw }) => ({ caller: callerOf(raw), paywall: transports.paywall, request: idsOf(raw) }),
    // No streams that several requests share: they would be kept for whoever asks, and never forgotten.
    authenticate: () => null,
    ...runners(transports),
  });

/** What an operation is executed with, or what is wrong with it. */
const argumentsOf = (
  paywall: Paywall,
  { query, operationName, variables }: SubscribePayload,
  caller: Caller,
  request: RequestIds,
): ExecutionArgs | readonly GraphQLError[] => {
  try {
    const document = parse(query);
    const errors = validate(paywall.schema, document);
    if (errors.length > 0) return errors;
    const { schema } = paywall;
    return { schema, document, operationName, variableValues: variables, contextValue: { caller, paywall, request } };
  } catch (error) {
    if (error instanceof GraphQLError) return [error];
    throw error;
  }
};

/** An interface might have more fields than it says, which graphql-sse does not take; a type has none. */
type PlainContext = Pick<PaywallContext, keyof PaywallContext>;

const runners = ({ paywall, formatError }: Pick<Transports, 'paywall' | 'formatError'>) => ({
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
