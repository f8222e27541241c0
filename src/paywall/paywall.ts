/**
 * The paywall of one schema: opens a tab for an operation before it runs, and settles it before its response is sent.
 * It knows graphql-js and no server. `execute` runs the whole journey; a server's plugin makes the same two calls.
 */
import { defaultFieldResolver, GraphQLError } from 'graphql';
import type { DocumentNode, ExecutionResult, GraphQLSchema } from 'graphql';
import { invariant } from '../domain/invariant.js';
import type { Refusal } from '../domain/refusal.js';
import { firstOf } from '../domain/refusal.js';
import { createBank } from '../accounts/bank.js';
import type { Bank, BankOptions } from '../accounts/bank.js';
import type { Bar, Caller, Identify } from '../accounts/caller.js';
import { DocumentCompiler } from './price/compiledOperation.js';
import type { DataOrigin } from './settle/delivery.js';
import { documentReader } from './documents/documentReader.js';
import type { DocumentLimits, DocumentReader, ReaderTerms } from './documents/documentReader.js';
import { applyPaywall } from './gate/gatedSchema.js';
import type { Resolver } from './gate/gatedSchema.js';
import type { Engine, PaywallSettings } from './engine.js';
import { Gates, OperationGate } from './gate/openOperations.js';
import type { ReservedGate } from './gate/openOperations.js';
import { attempt, promised, whenReady } from '../store/maybePromise.js';
import type { MaybePromise } from '../store/maybePromise.js';
import { openTab } from './gate/openTab.js';
import { OperationRefusals } from './refuse/operationRefusals.js';
import type { RequestIds } from './refuse/operationRefusals.js';
import { quoteRequest } from './quoteRequest.js';
import type { OperationQuote, QuoteRequest } from './quoteRequest.js';
import type { Opened } from './gate/openTab.js';
import { executeOperation, subscribeOperation } from './journey.js';
import type { RunRequest } from './journey.js';
import type { PricedSchema } from './price/places.js';
import { readRequirements, typesAbovePaid } from './price/requirements.js';
import type { LintLevel, Requirements } from './price/requirements.js';
import { settleTab, undoTab } from './settle/settle.js';
import type { DeliveredResponse, Settled } from './settle/settle.js';
import { UNWATCHED } from './watch.js';
import type { OperationWatch, RunWatch } from './watch.js';

/** A paywall with a `store` makes a bank of its own; those of one process that use the same store share a `bank`. */
export interface PaywallOptions extends Partial<BankOptions>, Partial<PaywallSettings> {
  /** With `@requiresPayment` on its paid fields. */
  readonly schema: GraphQLSchema;
  /** In place of `store` and of what else a bank is made of. */
  readonly bank?: Bank;
  readonly directiveName?: string;
  /** How large documents may be; left out: of any size. A server that reads them itself takes `documents` for it. */
  readonly documentLimits?: DocumentLimits;
  /** Whether documents that the paywall reads itself, over WebSocket and SSE and to quote them, may ask for the schema. */
  readonly introspection?: boolean;
  /** Resolves fields that have no resolver of their own; graphql-js's where it is left out. */
  readonly fieldResolver?: Resolver;
  /** What to do about settings that are a trap: stop the build (default), tell `onWarning`, or nothing. */
  readonly lint?: LintLevel;
  readonly onWarning?: (warning: string) => void;
}

export interface OperationRequest {
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  readonly caller: Caller;
  /** By what the request is found in logs and traces. */
  readonly request?: RequestIds | undefined;
  /** Makes the operation safe to send again. */
  readonly idempotencyKey?: string | null | undefined;
  /** The context value that the resolvers will get: the tab belongs to it. */
  readonly contextValue: object;
  readonly watch?: OperationWatch | undefined;
}

/** What the context value of an operation must have: `billing` and the plugin read it. */
export interface PaywallContext {
  readonly caller: Caller;
  readonly paywall: Paywall;
  /** Told of the operation by the plugin. */
  readonly watch?: RunWatch | undefined;
  readonly request?: RequestIds;
}

/** What to do with an operation. */
export type Opening =
  /** Run it; then call `settle` with its data, and `undo` if what was settled can't be sent after all. */
  | { readonly kind: 'run'; readonly settle: Settle; readonly undo: () => Promise<void> }
  /** Don't run it: it was carried out before under its Idempotency-Key, and this was its response. */
  | { readonly kind: 'replay'; readonly response: Readonly<Record<string, unknown>> }
  /** Don't run it: answer with these errors and no `data`. `refusal` is the one that answers for all of them. */
  | { readonly kind: 'answer'; readonly errors: readonly GraphQLError[]; readonly refusal: Refusal | null };

export interface Barred {
  readonly answer: Extract<Opening, { kind: 'answer' }>;
  readonly record: () => void;
}

/**
 * Captures what `data` delivers and releases the rest. Answers what `extensions.payment` says (`null`: nothing of the
 * operation is paid), or the error to send instead of the data: where that could not be confirmed, and where the data has
 * paid values that no resolver of the operation delivered. A promise of it where something has to be written, so `await`
 * it. `ELSEWHERE`: the operation was not executed.
 */
export type Settle = (response: DeliveredResponse, origin?: DataOrigin) => MaybePromise<Settled>;

export interface Paywall {
  /** The schema with gate 2 in it: serve this one. */
  readonly schema: GraphQLSchema;
  /** Execute the schema with this one: what the author gave, or graphql-js's. */
  readonly fieldResolver: Resolver;
  /** Reads documents of the schema within the limits. */
  readonly documents: DocumentReader;
  readonly engine: Engine;
  /** Finds out who is calling by the `Authorization` header. */
  readonly identify: Identify;
  readonly open: (request: OperationRequest) => Promise<Opening>;
  /** The whole journey of one query or mutation without any server. */
  readonly execute: (request: RunRequest) => Promise<ExecutionResult>;
  /** The same of a subscription: charged per event, and ended by the first event that is refused. */
  readonly subscribe: (request: RunRequest) => Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult>;
  /** What an operation would cost the caller now; throws `GraphQLError` for one that can't be. Runs and holds nothing. */
  readonly quote: (request: QuoteRequest) => Promise<OperationQuote>;
  /**
   * What to answer where the caller is barred from everything, whatever it asks for; `null` where it is not. `open` answers
   * the same: this is for requests that never get as far as an operation, and is recorded by whoever sends it.
   */
  readonly barred: (caller: Caller, request?: RequestIds) => Barred | null;
  /** Waits for writes under way. The store stays open. */
  readonly close: () => Promise<void>;
}

const MAX_POSITIONS = 10_000;
const ANY = Number.POSITIVE_INFINITY;
/** A document that is quoted is not run: it may be no larger than what people write. */
const QUOTED_LIMITS: DocumentLimits = { tokens: 5_000, depth: ANY, aliases: ANY, directives: ANY, complexity: ANY };

export const createPaywall = (options: PaywallOptions): Paywall => {
  const { schema, directiveName, lint, onWarning } = options;
  const requirements = readRequirements(schema, { directiveName, lint, onWarning });
  const gates = new Gates();
  const fieldResolver = options.fieldResolver ?? defaultFieldResolver;
  const gatedSchema = applyPaywall(schema, requirements, { findGate: gates.find, fieldResolver });
  const bank = bankOf(options);
  const engine = engineOf(options, bank, { schema: gatedSchema, requirements });
  const documents = documentReader(gatedSchema, options.documentLimits ?? null, readerTerms(options, requirements));

  const open = (request: OperationRequest): MaybePromise<Opening> => {
    const { document, variables, caller, contextValue, idempotencyKey = null, watch = UNWATCHED } = request;
    const compiled = engine.compiler.compile(document, request.operationName ?? null);
    const refusals = new OperationRefusals(engine, caller, compiled, request.request);
    if (caller.barred !== null) return recorded(barredAnswer(caller.barred, refusals));
    if (compiled === null) return RUN_FREE;
    const fault = documents.tooLarge({ document, operation: compiled.operation, variables });
    if (fault !== null) return { kind: 'answer', errors: [fault], refusal: null };
    // Whatever comes of it, only an operation that runs keeps its context value.
    const gate = gates.reserve(contextValue);
    return attempt(
      () => openTab(engine, { compiled, variables, caller, idempotencyKey, watch }),
      (opened) => {
        if (opened.kind === 'open') gate.open(new OperationGate(opened.tab, refusals));
        else gate.release();
        return openingOf(engine, opened, { refusals, gate });
      },
      (error) => {
        gate.release();
        throw error;
      },
    );
  };

  const runner = { schema: gatedSchema, fieldResolver, documents, open };
  return {
    schema: gatedSchema,
    fieldResolver,
    documents,
    engine,
    identify: bank.identify,
    open: (request) => promised(() => open(request)),
    execute: (request) => promised(() => executeOperation(runner, request)),
    subscribe: (request) => subscribeOperation(runner, request),
    quote: (request) => quoteRequest(engine, request),
    barred: (caller, request) =>
      caller.barred === null ? null : barredAnswer(caller.barred, new OperationRefusals(engine, caller, null, request)),
    // A bank that was given is closed by whoever made it.
    close: () => (options.bank === undefined ? bank.close() : Promise.resolve()),
  };
};

const bankOf = ({ bank, store, ...options }: PaywallOptions): Bank => {
  if (bank !== undefined) return bank;
  if (store === undefined) throw new TypeError('createPaywall: give it a `store`, or the `bank` of another paywall.');
  return createBank({ store, ...options });
};

const readerTerms = ({ introspection = true }: PaywallOptions, { listSizes }: Requirements): ReaderTerms => ({
  listSizes,
  introspection,
});

const engineOf = (
  options: PaywallOptions,
  bank: Bank,
  { schema, requirements }: Pick<PricedSchema, 'schema' | 'requirements'>,
): Engine => {
  const { maxPositions = MAX_POSITIONS, whenRefused = 'PARTIAL' } = options;
  const priced = { schema, requirements, abovePaid: typesAbovePaid(schema, requirements) };
  return {
    ...bank,
    settings: { ...bank.settings, maxPositions, whenRefused },
    priced,
    compiler: new DocumentCompiler(priced, maxPositions),
    quoteDocuments: documentReader(schema, options.documentLimits ?? QUOTED_LIMITS, readerTerms(options, requirements)),
  };
};

/** A refusal of an operation as such. */
const OF_NO_FIELD = { coordinate: null, feature: null, required: null, available: null, plans: [] };

const RUN_FREE: Opening = { kind: 'run', settle: () => null, undo: () => Promise.resolve() };

interface OpeningTerms {
  readonly refusals: OperationRefusals;
  readonly gate: ReservedGate;
}

const openingOf = (engine: Engine, opened: Opened, { refusals, gate }: OpeningTerms): Opening => {
  switch (opened.kind) {
    case 'free':
      return RUN_FREE;
    case 'unsound':
      return { kind: 'answer', errors: [opened.error], refusal: null };
    case 'blocked':
      return answerBlocked(opened, refusals);
    case 'conflict':
      return { kind: 'answer', errors: [opened.error], refusal: null };
    case 'unpaid':
      return answerUnpaid(opened.refusal, refusals);
    case 'replay':
      return { kind: 'replay', response: readAnswer(opened.answer, opened.balance) };
    case 'open':
      refusals.standing = opened.standing;
      return {
        kind: 'run',
        settle: (response, origin = 'EXECUTED') => {
          gate.release();
          const settling = opened.watch.during('settle', () => settleTab(engine, opened, response, origin));
          return whenReady(settling, (settled) => {
            const answer = isUnavailable(settled) ? unconfirmedError(settled, refusals) : settled;
            refusals.record({ isServed: response.data != null && !(answer instanceof GraphQLError) });
            return answer;
          });
        },
        undo: () => undoTab(engine, opened),
      };
  }
};

const isUnavailable = (settled: unknown): settled is GraphQLError =>
  settled instanceof GraphQLError && settled.extensions['code'] === 'SERVICE_UNAVAILABLE';

/** As of any other refusal, so that an operator finds it. */
const unconfirmedError = ({ message }: GraphQLError, refusals: OperationRefusals): GraphQLError => {
  const refusal: Refusal = { reason: 'STORE_UNAVAILABLE', ...OF_NO_FIELD, resetAt: null, retryable: true };
  return new GraphQLError(message, { extensions: refusals.errorOf(refusal, null).extensions });
};

/** What was stored of a response, with the balance as it is now. */
const readAnswer = (answer: string, balance: number): Readonly<Record<string, unknown>> => {
  const stored: unknown = JSON.parse(answer);
  invariant(isRecord(stored) && isRecord(stored['response']), 'a stored answer is no response');
  const payment = isRecord(stored['payment']) ? stored['payment'] : {};
  return { ...stored['response'], extensions: { payment: { ...payment, balance } } };
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const answerBlocked = ({ admission, standing }: Blocked, refusals: OperationRefusals): Opening => {
  const { refused } = admission;
  const [first, ...rest] = refused.map(({ refusal }) => refusal);
  refusals.standing = standing;
  const errors = refused.map(({ refusal, quoted }) =>
    refusals.errorOf(refusal, quoted.units, { nodes: quoted.place.nodes }),
  );
  refusals.record({ isServed: false });
  return { kind: 'answer', errors, refusal: first === undefined ? null : firstOf([first, ...rest]) };
};

type Blocked = Extract<Opened, { readonly kind: 'blocked' }>;

const answerUnpaid = (refusal: Refusal, refusals: OperationRefusals): Opening => {
  const errors = [refusals.errorOf(refusal, null)];
  refusals.record({ isServed: false });
  return { kind: 'answer', errors, refusal };
};

const recorded = ({ answer, record }: Barred): Opening => {
  record();
  return answer;
};

const barredAnswer = ({ reason, resetAt }: Bar, refusals: OperationRefusals): Barred => {
  const refusal: Refusal = { reason, ...OF_NO_FIELD, resetAt, retryable: reason === 'RATE_LIMITED' };
  return {
    answer: { kind: 'answer', errors: [refusals.errorOf(refusal, null)], refusal },
    record: () => {
      refusals.record({ isServed: false });
    },
  };
};
