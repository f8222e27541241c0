/**
 * Subscriptions over WebSocket (the `graphql-transport-ws` protocol) and over server-sent events (the `graphql-sse`
 * protocol, distinct connections). Both run through the paywall, operations of every kind: what is paid over HTTP is
 * paid here too.
 */
import { STATUS_CODES } from 'node:http';
import type { WebsocketHandler } from '@fastify/websocket';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { getOperationAST, GraphQLError } from 'graphql';
import type { ExecutionArgs, ExecutionResult, GraphQLFormattedError } from 'graphql';
import { createHandler } from 'graphql-sse/lib/use/fastify';
import type { SubscribePayload } from 'graphql-ws';
import { makeHandler } from 'graphql-ws/use/@fastify/websocket';
import type { Paywall, PaywallContext } from '../paywall/paywall.js';
import type { RunRequest } from '../paywall/journey.js';
import { callerOf, idsOf } from './doorkeeper.js';
import type { Drain } from './drain.js';
import { jsonInputFault } from '../http/jsonInput.js';
import { responseHead } from '../http/responseHead.js';
import { isFlood } from './rateLimits.js';
import type { Rate, RateLimits } from './rateLimits.js';
import { recordOf, watchRuns } from './watch/requestRecords.js';
import type { Watchers } from './watch/watchers.js';

/** Formats an error for clients, as it is done over HTTP. */
export type FormatError = (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError;

export interface Transports {
  readonly paywall: Paywall;
  readonly limits: RateLimits;
  readonly formatError: FormatError;
  readonly drain: Drain;
  readonly watchers: Watchers;
}

/**
 * The key comes in the first message's payload, since browsers can't send headers, or in the upgrade's header. Each
 * operation is counted, as each request is over HTTP.
 */
export const webSocketHandler = ({ paywall, limits, ...rest }: Transports): WebsocketHandler =>
  makeHandler({
    onSubscribe: async ({ connectionParams, extra: { request } }, _id, payload) => {
      const sent = connectionParams?.['authorization'] ?? connectionParams?.['Authorization'];
      const authorization = typeof sent === 'string' ? sent : request.headers.authorization;
      const { caller, rate } = await limits.identify(authorization, request.ip);
      const watchEach = watchRuns(rest.watchers, request, 'websocket');
      const begun = begin(payload, { caller, paywall, request: idsOf(request), watchEach }, rate);
      const args = begun.kind === 'run' ? begun.args : begun.errors;
      if (!('schema' in args)) watchEach?.(caller).answered({ errors: args });
      return args;
    },
    ...runners({ paywall, ...rest }),
  });

/** Who is calling was found out at the door. */
export const eventStreamHandler = (
  server: FastifyInstance,
  { paywall, ...rest }: Omit<Transports, 'limits'>,
): ((request: FastifyRequest, reply: FastifyReply) => Promise<void>) => {
  const handle = createHandler<PlainContext>({
    onSubscribe: ({ raw }, params) => {
      const caller = callerOf(raw);
      const watchEach = watchRuns(rest.watchers, raw, 'sse');
      const contextValue = { caller, paywall, request: idsOf(raw), watchEach };
      const begun = begin(params, contextValue, null);
      if (begun.kind === 'run') return { ...begun.args, contextValue };
      recordOf(raw)?.answered({ errors: begun.errors });
      const { status, headers } = responseHead(begun);
      return [JSON.stringify({ errors: begun.errors }), { status, statusText: STATUS_CODES[status] ?? '', headers }];
    },
    // It was found valid when it was read.
    validate: () => [],
    // No streams that several requests share: they would be kept for whoever asks, and never forgotten.
    authenticate: () => null,
    ...runners({ paywall, ...rest }),
  });
  const open = new Set<FastifyReply>();
  server.addHook('preClose', async () => {
    await rest.drain.idle();
    for (const { raw } of open) raw.end();
  });
  return async (request, reply) => {
    open.add(reply);
    try {
      await handle(request, reply);
    } finally {
      open.delete(reply);
    }
  };
};

type Begun =
  | { readonly kind: 'run'; readonly args: ExecutionArgs }
  | { readonly kind: 'answer'; readonly errors: readonly GraphQLError[] };

/** Who is barred hears that first, whatever is wrong with the document. `rate`: what was counted, if not at the door. */
const begin = (payload: SubscribePayload, contextValue: EventContext, rate: Rate | null): Begun => {
  const { caller, paywall, request } = contextValue;
  const refused = paywall.barred(caller, request);
  if (refused === null) {
    const args = argumentsOf(payload, contextValue);
    if ('schema' in args) return { kind: 'run', args };
    return { kind: 'answer', errors: args };
  }
  if (!isFlood(rate)) refused.record();
  return { kind: 'answer', errors: refused.answer.errors };
};

/** What an operation is executed with, or what is wrong with it. */
const argumentsOf = (
  { query, operationName, variables }: SubscribePayload,
  contextValue: EventContext,
): ExecutionArgs | readonly GraphQLError[] => {
  const { schema, documents } = contextValue.paywall;
  const fault = jsonInputFault([operationName, variables]);
  if (fault !== null) return [fault];
  const document = documents.read(query);
  if (!('kind' in document)) return document;
  const operation = getOperationAST(document, operationName);
  const tooLarge = operation == null ? null : documents.tooLarge({ document, operation, variables });
  return tooLarge === null ? { schema, document, operationName, variableValues: variables, contextValue } : [tooLarge];
};

interface EventContext extends PaywallContext {
  readonly watchEach: RunRequest['watch'];
}

/** An interface might have more fields than it says, which graphql-sse does not take; a type has none. */
type PlainContext = Pick<EventContext, keyof EventContext>;

const runners = ({ paywall, formatError, drain }: Omit<Transports, 'limits'>) => ({
  execute: async (args: ExecutionArgs) =>
    drain.track(paywall.execute(requestOf(args)).then((result) => shown(result, formatError))),
  subscribe: async (args: ExecutionArgs) => {
    const aroundEvent = (run: () => Promise<ExecutionResult>) => drain.trackUnlessEnding(run);
    const started = await paywall.subscribe({ ...requestOf(args), aroundEvent });
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

/** Ending it ends the source at once, which a generator would do only once its next event has come and was charged. */
const shownEach = (
  results: AsyncIterableIterator<ExecutionResult>,
  formatError: FormatError,
): AsyncIterableIterator<ExecutionResult> => {
  const showNext = (next: IteratorResult<ExecutionResult>): IteratorResult<ExecutionResult> =>
    next.done === true ? next : { done: false, value: shown(next.value, formatError) };
  return {
    next: async () => showNext(await results.next()),
    return: async () => (await results.return?.()) ?? { done: true, value: undefined },
    throw: async (error) => {
      await results.return?.();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
};
