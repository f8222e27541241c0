/**
 * The whole journey of an operation without any server: open, run, settle. Events of a subscription make the journey
 * each on its own: a caller whose means run out gets the refusal as the last event.
 */
import { createSourceEventStream, execute as executeGraphQL, getOperationAST, GraphQLError, Kind } from 'graphql';
import type { DocumentNode, ExecutionArgs, ExecutionResult } from 'graphql';
import type { Caller } from '../accounts/caller.js';
import type { MaybePromise } from '../domain/maybePromise.js';
import { operationContextOf } from './callerContext.js';
import type { PaywallContext } from './callerContext.js';
import { withCode } from './documents/withCode.js';
import type { Resolver } from './gate/applyPaywall.js';
import { conclude, openOperation } from './opening.js';
import type { Opening, OperationRequest, RunningEngine } from './opening.js';
import type { Paywall } from './paywall.js';
import type { RunRequest } from './runRequest.js';
import { UNWATCHED } from './runWatch.js';
import type { OperationWatch, RunWatch } from './runWatch.js';

interface Executor {
  readonly engine: RunningEngine;
  readonly fieldResolver: Resolver;
  readonly self: () => Paywall;
}

/** Runs a query or a mutation, for the caller of its context value or another one. */
export const executeOperation = (
  paywall: Executor,
  request: RunRequest,
  caller = callerOf(request),
): MaybePromise<ExecutionResult> => {
  const document = documentOf(paywall, request);
  if ('errors' in document) return answered(watchOf(request, callerOf(request)), document);
  const contextValue = contextOfItsOwn(paywall, request, caller);
  const watch = beginWatch(document, request, caller);
  const run = async (opening: Opening): Promise<ExecutionResult> => {
    const args = argumentsOf(paywall, document, request, contextValue);
    const execute = () => executeGraphQL(args);
    try {
      const { result } = await conclude(opening, () => watch.during?.('run', execute) ?? execute(), 'EXECUTED');
      return answered(watch, withCodes(result), opening.kind === 'replay');
    } catch (error) {
      watch.answered({});
      throw error;
    }
  };
  const opening = openOperation(paywall.engine, operationOf(document, request, contextValue, watch));
  return opening instanceof Promise ? opening.then(run) : run(opening);
};

/** Starts a subscription, or says why not: nothing of a refused one is started. */
export const subscribeOperation = async (
  paywall: Executor,
  request: RunRequest,
): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> => {
  const document = documentOf(paywall, request);
  if ('errors' in document) return answered(watchOf(request, callerOf(request)), document);
  // A key makes one operation safe to repeat; of a subscription each event is an operation, and none of them repeats.
  const unkeyed = { ...request, idempotencyKey: null };
  const source = await startSource(paywall, document, unkeyed);
  return Symbol.asyncIterator in source ? deliver(paywall, document, unkeyed, source) : source;
};

/** The tab is open while the source starts, to see whether the first event would be admitted: events have their own. */
const startSource = async (
  paywall: Executor,
  document: DocumentNode,
  request: RunRequest,
): Promise<AsyncIterable<unknown> | ExecutionResult> => {
  const caller = callerOf(request);
  const contextValue = contextOfItsOwn(paywall, request, caller);
  const watch = beginWatch(document, request, caller);
  const opening = await openOperation(paywall.engine, operationOf(document, request, contextValue, watch));
  if (opening.kind === 'invalid' || opening.kind === 'refused') return answered(watch, { errors: opening.errors });
  if (opening.kind === 'replay') return answered(watch, opening.response, true);
  let source: AsyncIterable<unknown> | ExecutionResult = {};
  try {
    const start = () => createSourceEventStream(argumentsOf(paywall, document, request, contextValue));
    source = await (watch.during?.('run', start) ?? start());
    return Symbol.asyncIterator in source ? source : withCodes(source);
  } finally {
    // Where the release could not be confirmed it is made good in the background, and the first event decides anew.
    if (opening.kind === 'open') await opening.settle({});
    watch.answered(Symbol.asyncIterator in source ? { data: {} } : source);
  }
};

/** Where variables are wrong graphql-js says so in place of an answer. */
const withCodes = (result: ExecutionResult): ExecutionResult => {
  if (result.data !== undefined || result.errors === undefined) return result;
  const errors = result.errors.map((error) =>
    error.nodes?.[0]?.kind === Kind.VARIABLE_DEFINITION ? withCode(error, 'BAD_USER_INPUT') : error,
  );
  return { ...result, errors };
};

const callerOf = ({ contextValue }: RunRequest): Caller => operationContextOf(contextValue).caller;

const watchOf = ({ watch }: RunRequest, caller: Caller): RunWatch => watch?.(caller) ?? UNWATCHED;

/** The watch of an operation that begins. */
const beginWatch = (document: DocumentNode, request: RunRequest, caller: Caller): RunWatch => {
  const watch = watchOf(request, caller);
  if (watch === UNWATCHED) return watch;
  const operation = getOperationAST(document, request.operationName);
  if (operation != null) watch.began(operation);
  return watch;
};

const answered = (watch: RunWatch, result: ExecutionResult, isReplay = false): ExecutionResult => {
  watch.answered(result, isReplay);
  return result;
};

/** Ending it ends the source at once, and not only when its next event has come. */
const deliver = (
  paywall: Executor,
  document: DocumentNode,
  request: RunRequest,
  source: AsyncIterable<unknown>,
): AsyncIterableIterator<ExecutionResult> => {
  const iterator = source[Symbol.asyncIterator]();
  let isOver = false;
  // Of an event that comes when nobody waits any more nothing is sent.
  const isGone = (): boolean => isOver || request.contextValue.tollgate.isGone?.() === true;
  const events = eventsOf(paywall, document, { ...request, isGone }, iterator);
  const endSource = async (): Promise<void> => {
    if (isOver) return;
    isOver = true;
    await iterator.return?.();
  };
  return {
    next: async () => {
      const next = await events.next();
      isOver ||= next.done === true;
      return next;
    },
    return: async () => {
      await endSource();
      return events.return();
    },
    throw: async (error) => {
      await endSource();
      return events.throw(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
};

async function* eventsOf(
  paywall: Executor,
  document: DocumentNode,
  request: RunRequest,
  iterator: AsyncIterator<unknown>,
): AsyncGenerator<ExecutionResult, void> {
  for await (const rootValue of { [Symbol.asyncIterator]: () => iterator }) {
    const run = async (): Promise<ExecutionResult> => {
      const caller = await callerOf(request).again();
      return executeOperation(paywall, { ...request, document, rootValue }, caller);
    };
    const result = await (request.aroundEvent === undefined ? run() : request.aroundEvent(run));
    if (result === null) continue;
    yield result;
    // An event without data was refused as a whole, and so would be the next one.
    if (result.data === undefined) return;
  }
}

/** A tab belongs to a context value, so that each operation needs its own: a shallow copy, as Apollo Server makes one. */
const contextOfItsOwn = (paywall: Executor, request: RunRequest, caller: Caller): PaywallContext => {
  const tollgate = { ...request.contextValue.tollgate, caller, paywall: paywall.self() };
  const contextValue = { ...request.contextValue, tollgate };
  const prototype: unknown = Object.getPrototypeOf(request.contextValue);
  if (prototype !== Object.prototype) Object.setPrototypeOf(contextValue, prototype as object | null);
  return contextValue;
};

const operationOf = (
  document: DocumentNode,
  { operationName, variableValues, idempotencyKey, isGone }: RunRequest,
  contextValue: PaywallContext,
  watch: OperationWatch,
): OperationRequest => ({
  document,
  idempotencyKey,
  operationName,
  variables: variableValues,
  caller: contextValue.tollgate.caller,
  request: contextValue.tollgate.request,
  isGone: isGone ?? contextValue.tollgate.isGone,
  contextValue,
  watch,
});

const argumentsOf = (
  { engine, fieldResolver }: Executor,
  document: DocumentNode,
  { operationName, variableValues, rootValue }: RunRequest,
  contextValue: PaywallContext,
): ExecutionArgs => ({
  schema: engine.priced.schema,
  document,
  rootValue,
  contextValue,
  variableValues,
  operationName,
  fieldResolver,
});

const documentOf = (
  { engine }: Executor,
  { document }: RunRequest,
): DocumentNode | { readonly errors: readonly GraphQLError[] } => {
  // Whoever passes on what a client sent may have nothing to pass on, whatever the type says.
  const given: unknown = document;
  if (given == null) return { errors: [NO_DOCUMENT()] };
  if (typeof document !== 'string') return document;
  const read = engine.documents.read(document);
  return 'kind' in read ? read : { errors: read };
};

const NO_DOCUMENT = () =>
  new GraphQLError(
    'There is no document to run: give `document`, the text of an operation or what `parse` makes of it.',
    {
      extensions: { code: 'BAD_REQUEST' },
    },
  );
