/**
 * The order that every operation goes through, whatever runs it: open, then answer, send again or run, then settle, and
 * say what was charged. A server's plugin calls `openOperation` once the operation is known and `conclude` before it sends.
 */
import { GraphQLError } from 'graphql';
import type { DocumentNode } from 'graphql';
import type { Bar, Caller } from '../accounts/caller.js';
import type { Refusal } from '../domain/refusal.js';
import type { Engine } from './engine.js';
import { openTab } from './gate/openTab.js';
import type { Opened, OpenTab } from './gate/openTab.js';
import { unsendable } from './gate/unsendable.js';
import type { OpenOperations } from './gate/openOperations.js';
import { isPromise } from '../domain/maybePromise.js';
import type { MaybePromise } from '../domain/maybePromise.js';
import { OperationRefusals } from './refuse/operationRefusals.js';
import type { RequestIds } from './refuse/operationRefusals.js';
import { OF_NO_FIELD } from './refuse/refusalError.js';
import type { PaymentSummary } from './settle/chargedField.js';
import type { DataOrigin } from './settle/delivery.js';
import { giveBackTab, settleTab } from './settle/settleTab.js';
import type { DeliveredResponse, Settled } from './settle/settleTab.js';
import { withPayment } from './settle/withPayment.js';
import type { Answered } from './settle/withPayment.js';
import { UNWATCHED } from './runWatch.js';
import type { OperationWatch } from './runWatch.js';

/** The engine of a paywall, with the operations that it has open. */
export interface RunningEngine extends Engine {
  readonly openOperations: OpenOperations;
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
  /** Whether the client is known to be gone, so that nothing can be sent to it any more. */
  readonly isGone?: (() => boolean) | undefined;
}

/** What to do with an operation. */
export type Opening = Opened<OpenOperation>;

/** Run it; then call `settle` with its data, and `giveBack` if what was settled can't be sent after all. */
export interface OpenOperation {
  readonly kind: 'open';
  readonly settle: Settle;
  readonly giveBack: GiveBack;
}

/**
 * Captures what `data` delivers and releases the rest; a promise where something has to be written. Comes to what `extensions.payment` says (`null`: nobody's
 * account is concerned), or with the error to send instead of the data: where that could not be confirmed, and where the
 * data has paid values that no resolver of the operation delivered. `ELSEWHERE`: the operation was not executed.
 */
export type Settle = (response: DeliveredResponse, origin?: DataOrigin) => MaybePromise<Settled>;
export type GiveBack = () => Promise<void>;

/** What to answer a caller that is barred from everything, and how to note that it was. */
export interface Barred {
  readonly answer: Extract<Opening, { kind: 'refused' }>;
  readonly record: () => void;
}

export const openOperation = (engine: RunningEngine, request: OperationRequest): MaybePromise<Opening> => {
  const { document, variables, caller, contextValue, idempotencyKey = null, watch = UNWATCHED } = request;
  const { compiler, documents, openOperations } = engine;
  const compiled = compiler.compile(document, request.operationName ?? null);
  const refusals = new OperationRefusals(engine, { caller, compiled, ids: request.request });
  if (caller.barred !== null) {
    const { answer, record } = barredBy(caller.barred, refusals);
    record();
    return answer;
  }
  if (compiled === null) return { kind: 'free', answerBytesMax: engine.settings.answerBytesMax };
  const fault = documents.tooLarge({ document, operation: compiled.operation, variables });
  if (fault !== null) return { kind: 'invalid', errors: [fault] };
  // Whatever comes of it, only an operation that runs keeps its context value.
  openOperations.reserve(contextValue);
  const opened = (found: Opened<OpenTab>): Opening => {
    if (found.kind !== 'open') {
      openOperations.release(contextValue);
      return found;
    }
    openOperations.open(contextValue, found.tab);
    return {
      kind: 'open',
      settle: (response, origin = 'EXECUTED') => {
        openOperations.release(contextValue);
        // A mutation has done its work, and an answer with a key can be fetched: those are charged for all the same.
        const isLost = !compiled.isMutation && idempotencyKey === null && request.isGone?.() === true;
        return settleTab(engine, found, isLost ? NOTHING_SENT : response, origin);
      },
      giveBack: () => giveBackTab(engine, found),
    };
  };
  const failed = (error: unknown): never => {
    openOperations.release(contextValue);
    throw error;
  };
  try {
    const opening = openTab(engine, { compiled, variables, caller, idempotencyKey, watch, refusals });
    return opening instanceof Promise ? opening.then(opened, failed) : opened(opening);
  } catch (error) {
    return failed(error);
  }
};

const NOTHING_SENT: DeliveredResponse = {};

export const barredBy = ({ reason, resetAt }: Bar, refusals: OperationRefusals): Barred => {
  const refusal: Refusal = { ...OF_NO_FIELD, reason, resetAt, retryable: reason === 'RATE_LIMITED' };
  return {
    answer: { kind: 'refused', errors: [refusals.errorOf(refusal, null)], refusal },
    record: () => {
      refusals.record({ isServed: false });
    },
  };
};

export interface Conclusion<Data, Failure> {
  /** What to send. */
  readonly result: Answered<Data, Failure | GraphQLError> | Readonly<Record<string, unknown>>;
  /** Why what was executed is not sent; `null`: it is, or nothing was. */
  readonly withheld: GraphQLError | null;
  /** What `extensions.payment` says; `null`: nobody's account is concerned. */
  readonly payment: PaymentSummary | null;
  /** To be called where the result can't be sent after all; `null`: nothing is to be given back. */
  readonly giveBack: GiveBack | null;
}

/** From what was opened to what is sent. `run` is called where the operation is to run, and may throw. */
export const conclude = <Data, Failure>(
  opening: Opening,
  run: () => MaybePromise<Answered<Data, Failure>>,
  origin: DataOrigin,
): MaybePromise<Conclusion<Data, Failure>> => {
  switch (opening.kind) {
    case 'invalid':
    case 'refused':
      return { result: { errors: opening.errors }, ...NOTHING_CHARGED };
    case 'replay':
      return { result: opening.response, ...NOTHING_CHARGED };
    case 'free':
      return runFree(opening, run);
    case 'open':
      return runOpen(opening, run, origin);
  }
};

const runFree = async <Data, Failure>(
  { answerBytesMax }: Extract<Opening, { readonly kind: 'free' }>,
  run: () => MaybePromise<Answered<Data, Failure>>,
): Promise<Conclusion<Data, Failure>> => {
  const result = await run();
  const fault = unsendable(result, answerBytesMax);
  return fault === null ? { result, ...NOTHING_CHARGED } : instead(fault);
};

const runOpen = <Data, Failure>(
  opening: OpenOperation,
  run: () => MaybePromise<Answered<Data, Failure>>,
  origin: DataOrigin,
): MaybePromise<Conclusion<Data, Failure>> => {
  const ran = (result: Answered<Data, Failure>): MaybePromise<Conclusion<Data, Failure>> => {
    const settled = opening.settle(result, origin);
    const conclude = (found: Settled) => concluded(opening, result, found);
    return settled instanceof Promise ? settled.then(conclude) : conclude(settled);
  };
  const failed = async (error: unknown): Promise<never> => {
    // graphql-js throws for arguments that are no arguments.
    await opening.settle({});
    throw error;
  };
  let result: MaybePromise<Answered<Data, Failure>>;
  try {
    result = run();
  } catch (error) {
    return failed(error);
  }
  return isPromise(result) ? Promise.resolve(result).then(ran, failed) : ran(result);
};

const concluded = <Data, Failure>(
  { giveBack }: OpenOperation,
  result: Answered<Data, Failure>,
  settled: Settled,
): Conclusion<Data, Failure> => {
  if (settled instanceof GraphQLError) return instead(settled);
  if (settled === null || result.data == null) return { result, ...NOTHING_CHARGED };
  return { result: withPayment(result, settled), withheld: null, payment: settled, giveBack };
};

const NOTHING_CHARGED = { withheld: null, payment: null, giveBack: null };

const instead = (withheld: GraphQLError): Conclusion<never, never> => ({
  result: { errors: [withheld] },
  withheld,
  payment: null,
  giveBack: null,
});
