/**
 * One operation over WebSocket or server-sent events. Both run through the paywall, operations of every kind: what is
 * paid over HTTP is paid here too, and is safe to send again by the same key.
 */
import { getOperationAST, GraphQLError, OperationTypeNode } from 'graphql';
import type { ExecutionArgs, ExecutionResult, GraphQLFormattedError } from 'graphql';
import { idempotencyKeyOf, keyedSubscription } from '../http/idempotencyKeyOf.js';
import { jsonInputFault } from '../http/jsonInputFault.js';
import type { OperationContext, PaywallContext } from '../paywall/callerContext.js';
import type { RunRequest } from '../paywall/runRequest.js';
import type { Paywall } from '../paywall/paywall.js';
import type { Drain } from './drain.js';
import type { OperationBounds, Place } from './operationBounds.js';
import type { RateLimits } from './rateLimits.js';
import type { Watchers } from './watch/watchers.js';

/** Formats an error for clients, as it is done over HTTP. */
export type FormatError = (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError;

export interface Transports {
  readonly paywall: Paywall;
  readonly limits: RateLimits;
  readonly formatError: FormatError;
  readonly drain: Drain;
  readonly bounds: OperationBounds;
  readonly watchers: Watchers;
}

/** As clients send it in both protocols. */
export interface EventPayload {
  readonly query?: string | undefined;
  readonly operationName?: string | null | undefined;
  readonly variables?: Record<string, unknown> | null | undefined;
  readonly extensions?: Record<string, unknown> | null | undefined;
}

export interface EventContext extends PaywallContext {
  readonly tollgate: OperationContext &
    Pick<RunRequest, 'idempotencyKey'> & { readonly watchEach: RunRequest['watch']; readonly place: Place };
}

/** What an operation is executed with, or what is wrong with it. `keyHeader`: the request's `Idempotency-Key`. */
export const argumentsOf = (
  { query = '', operationName, variables, extensions }: EventPayload,
  { tollgate }: EventContext,
  keyHeader?: string,
): ExecutionArgs | readonly GraphQLError[] => {
  const { schema, documents } = tollgate.paywall;
  const fault = jsonInputFault([operationName, variables, extensions]);
  if (fault !== null) return [fault];
  const document = documents.read(query);
  if (!('kind' in document)) return document;
  const operation = getOperationAST(document, operationName);
  if (operation == null) return [NO_SUCH_OPERATION()];
  const tooLarge = documents.tooLarge({ document, operation, variables });
  if (tooLarge !== null) return [tooLarge];
  const idempotencyKey = idempotencyKeyOf(keyHeader, extensions?.['idempotencyKey']);
  if (idempotencyKey instanceof GraphQLError) return [idempotencyKey];
  if (idempotencyKey !== null && operation.operation === OperationTypeNode.SUBSCRIPTION) return [keyedSubscription()];
  const contextValue: EventContext = { tollgate: { ...tollgate, idempotencyKey } };
  return { schema, document, operationName, variableValues: variables, contextValue };
};

const NO_SUCH_OPERATION = () =>
  new GraphQLError('The document has no operation of this name, or several and none was named.', {
    extensions: { code: 'OPERATION_RESOLUTION_FAILURE' },
  });

/** `execute` and `subscribe` as the protocols' libraries call them: each when it is its turn. */
export const runners = ({ paywall, formatError, drain, bounds }: Omit<Transports, 'limits' | 'watchers'>) => ({
  execute: async (args: ExecutionArgs): Promise<ExecutionResult> => {
    const { place } = contextOf(args);
    const run = () => paywall.execute(requestOf(args)).then((result) => shown(result, formatError));
    const result = await bounds.run(place, () => drain.track(run()));
    return result instanceof GraphQLError ? notRun(args, result) : result;
  },
  subscribe: async (args: ExecutionArgs): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> => {
    const { place } = contextOf(args);
    const close = await bounds.openSubscription(place);
    if (close instanceof GraphQLError) {
      place.leaveConnection?.();
      return notRun(args, close);
    }
    const aroundEvent = (run: () => Promise<ExecutionResult>) =>
      drain.trackUnlessEnding(() => bounds.runEvent(place, run));
    const start = () => paywall.subscribe({ ...requestOf(args), aroundEvent });
    const started = await bounds.run(place, start).catch((error: unknown) => {
      close();
      throw error;
    });
    if (Symbol.asyncIterator in started) return shownEach(started, formatError, close);
    close();
    return started instanceof GraphQLError ? notRun(args, started) : shown(started, formatError);
  },
});

/** Of an operation that nobody took. */
const notRun = (args: ExecutionArgs, error: GraphQLError): ExecutionResult => {
  const { caller, watchEach } = contextOf(args);
  const result = { errors: [error] };
  watchEach?.(caller).answered(result);
  return result;
};

const requestOf = (args: ExecutionArgs): RunRequest => {
  const { document, operationName, variableValues, contextValue, rootValue } = args;
  if (!isEventContext(contextValue)) throw LOST_CONTEXT();
  const { watchEach: watch, idempotencyKey } = contextValue.tollgate;
  return { document, operationName, variableValues, contextValue, rootValue, watch, idempotencyKey };
};

const contextOf = ({ contextValue }: ExecutionArgs): EventContext['tollgate'] => {
  if (!isEventContext(contextValue)) throw LOST_CONTEXT();
  return contextValue.tollgate;
};

const LOST_CONTEXT = () => new Error('A transport lost the context of its operation.');

const isEventContext = (value: unknown): value is EventContext =>
  typeof value === 'object' && value !== null && 'tollgate' in value;

const shown = (result: ExecutionResult, formatError: FormatError): ExecutionResult => {
  if (result.errors === undefined) return result;
  const errors = result.errors.map((error) => {
    const code = error.extensions['code'] ?? 'INTERNAL_SERVER_ERROR';
    const formatted = { ...error.toJSON(), extensions: { ...error.extensions, code } };
    const { message, extensions } = formatError(formatted, error);
    const { nodes, path } = error;
    return new GraphQLError(message, { nodes: nodes ?? null, path: path ?? null, extensions: extensions ?? null });
  });
  return { ...result, errors };
};

/** A source that fails ends with an error like any other, of which clients see no more than they should. */
const failed = (error: unknown, formatError: FormatError): ExecutionResult => {
  const { message, extensions } = formatError({ message: String(error) }, error);
  return { errors: [new GraphQLError(message, { extensions: extensions ?? null })] };
};

/** Ending it ends the source at once, which a generator would do only once its next event has come and was charged. */
const shownEach = (
  results: AsyncIterableIterator<ExecutionResult>,
  formatError: FormatError,
  ended: () => void,
): AsyncIterableIterator<ExecutionResult> => ({
  next: async () => {
    try {
      const next = await results.next();
      if (next.done !== true) return { done: false, value: shown(next.value, formatError) };
      ended();
      return next;
    } catch (error) {
      ended();
      // What has thrown is over, and says so when it is asked again.
      return { done: false, value: failed(error, formatError) };
    }
  },
  return: async () => {
    ended();
    return (await results.return?.()) ?? { done: true, value: undefined };
  },
  throw: async (error) => {
    ended();
    await results.return?.();
    throw error;
  },
  [Symbol.asyncIterator]() {
    return this;
  },
});
