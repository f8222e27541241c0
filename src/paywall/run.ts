/**
 * The whole journey of an operation without any server: open, run, settle. Events of a subscription make the journey
 * each on its own: a caller whose means run out gets the refusal as the last event.
 */
import { createSourceEventStream, execute as executeGraphQL, GraphQLError, parse, validate } from 'graphql';
import type { DocumentNode, ExecutionResult, GraphQLSchema } from 'graphql';
import type { Caller } from './caller.js';
import type { Paywall } from './paywall.js';

/** As graphql-js takes it, with the caller in the context value. */
export interface RunRequest {
  /** A document, which must be valid, or its source, which is parsed and validated. */
  readonly document: DocumentNode | string;
  readonly operationName?: string | null | undefined;
  readonly variableValues?: Readonly<Record<string, unknown>> | null | undefined;
  /** What the resolvers get; it must not be shared by operations that run at the same time. */
  readonly contextValue: RunContext;
  readonly rootValue?: unknown;
}

export interface RunContext {
  readonly caller: Caller;
}

type Runner = Pick<Paywall, 'schema' | 'open'>;

/** Runs a query or a mutation. */
export const executeOperation = async (paywall: Runner, request: RunRequest): Promise<ExecutionResult> => {
  const document = documentOf(paywall.schema, request);
  return 'errors' in document ? document : executeDocument(paywall, document, request);
};

/** Starts a subscription, or says why not: nothing of a refused one is started. */
export const subscribeOperation = async (
  paywall: Runner,
  request: RunRequest,
): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> => {
  const document = documentOf(paywall.schema, request);
  if ('errors' in document) return document;
  const refused = await refusedAtStart(paywall, document, request);
  if (refused !== null) return refused;
  const source = await createSourceEventStream(argumentsOf(paywall, document, request));
  return Symbol.asyncIterator in source ? deliver(paywall, document, request, source) : source;
};

/** A tab is opened to see whether the first event would be admitted, and closed again: events have their own. */
const refusedAtStart = async (
  paywall: Runner,
  document: DocumentNode,
  request: RunRequest,
): Promise<ExecutionResult | null> => {
  const opening = await paywall.open(operationOf(document, request));
  if (opening.kind === 'answer') return { errors: opening.errors };
  const released = await opening.settle(null);
  return released instanceof GraphQLError ? { errors: [released] } : null;
};

async function* deliver(
  paywall: Runner,
  document: DocumentNode,
  request: RunRequest,
  source: AsyncIterable<unknown>,
): AsyncGenerator<ExecutionResult, void> {
  for await (const rootValue of source) {
    const caller = await request.contextValue.caller.again();
    const contextValue = { ...request.contextValue, caller };
    const result = await executeDocument(paywall, document, { ...request, contextValue, rootValue });
    yield result;
    // An event without data was refused as a whole, and so would be the next one.
    if (result.data === undefined) return;
  }
}

const executeDocument = async (
  paywall: Runner,
  document: DocumentNode,
  request: RunRequest,
): Promise<ExecutionResult> => {
  const opening = await paywall.open(operationOf(document, request));
  if (opening.kind === 'answer') return { errors: opening.errors };
  const result = await executeGraphQL(argumentsOf(paywall, document, request));
  const settled = await opening.settle(result.data);
  if (settled instanceof GraphQLError) return { errors: [settled] };
  if (settled === null || result.data == null) return result;
  return { ...result, extensions: { ...result.extensions, payment: settled } };
};

const operationOf = (document: DocumentNode, { operationName, variableValues, contextValue }: RunRequest) => ({
  document,
  operationName,
  variables: variableValues,
  caller: contextValue.caller,
  contextValue,
});

const argumentsOf = ({ schema }: Runner, document: DocumentNode, request: RunRequest) => {
  const { operationName, variableValues, contextValue, rootValue } = request;
  return { schema, document, rootValue, contextValue, variableValues, operationName };
};

const documentOf = (
  schema: GraphQLSchema,
  { document }: RunRequest,
): DocumentNode | { readonly errors: readonly GraphQLError[] } => {
  if (typeof document !== 'string') return document;
  try {
    const parsed = parse(document);
    const errors = validate(schema, parsed);
    return errors.length > 0 ? { errors } : parsed;
  } catch (error) {
    if (error instanceof GraphQLError) return { errors: [error] };
    throw error;
  }
};
