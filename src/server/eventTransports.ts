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
import type { Paywall, PaywallContext } from '../paywall/paywall.js';
import type { RunRequest } from '../paywall/run.js';
import { callerOf, idsOf } from './doorkeeper.js';
import type { RateLimits } from './rateLimits.js';
import { watchRuns } from './watch/requestRecords.js';
import type { Watchers } from './watch/watchers.js';

/** Formats an error for clients, as it is done over HTTP. */
export type FormatError = (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError;

export interface Transports {
  readonly paywall: Paywall;
  readonly limits: RateLimits;
  readonly formatError: FormatError;
  readonly watchers: Watchers;
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
      const watchEach = watchRuns(transports.watchers, request, 'websocket');
      const { paywall } = transports;
      const ids = idsOf(request);
      const refused = caller.barred === null ? null : paywall.barred(caller, ids);
      refused?.record();
      const args = refused?.answer.errors ?? argumentsOf(payload, { caller, paywall, request: ids, watchEach });
      if (!('schema' in args)) watchEach?.(caller).answered({ errors: args });
      return args;
    },
    ...runners(transports),
  });

/** Who is calling was found out at the door. */
export const eventStreamHandler = (
  transports: Transports,
): ((request: FastifyRequest, reply: FastifyReply) => Promise<void>) =>
  createHandler<PlainContext>({
    schema: transports.paywall.schema,
    context: ({ raw }) => ({
      caller: callerOf(raw),
      paywall: transports.paywall,
      request: idsOf(raw),
      watchEach: watchRuns(transports.watchers, raw, 'sse'),
    }),
    // No streams that several requests share: they would be kept for whoever asks, and never forgotten.
    authenticate: () => null,
    ...runners(transports),
  });

/** What an operation is executed with, or what is wrong with it. */
const argumentsOf = (
  { query, operationName, variables }: SubscribePayload,
  contextValue: EventContext,
): ExecutionArgs | readonly GraphQLError[] => {
  try {
    const document = parse(query);
    const { schema } = contextValue.paywall;
    const errors = validate(schema, document);
    if (errors.length > 0) return errors;
    return { schema, document, operationName, variableValues: variables, contextValue };
  } catch (error) {
    if (error instanceof GraphQLError) return [error];
    throw error;
  }
};

interface EventContext extends PaywallContext {
  readonly watchEach: RunRequest['watch'];
}

/** An interface might have more fields than it says, which graphql-sse does not take; a type has none. */
type PlainContext = Pick<EventContext, keyof EventContext>;

const runners = ({ paywall, formatError }: Pick<Transports, 'paywall' | 'formatError'>) => ({
  execute: async (args: ExecutionArgs) => shown(await paywall.execute(requestOf(args)), formatError),
  subscribe: async (args: ExecutionArgs) => {
    const started = await paywall.subscribe(requestOf(args));
    return Symbol.asyncIterator in started ? shownEach(started, formatError) : shown(started, formatError);
  },
});

const requestOf = ({ document, operationName, variableValues, contextValue, rootValue }: ExecutionArgs) => {
  if (!isEventContext(contextValue)) throw new Error('A transport lost the context of its operation.');
  return { document, operationName, variableValues, contextValue, rootValue, watch: contextValue.watchEach };
};

const isEventContext = (value: unknown): value is EventContext =>
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
