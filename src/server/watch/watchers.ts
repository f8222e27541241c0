/** Those who watch the server: its log, and metrics and traces where they are asked for. */
import type { FastifyBaseLogger } from 'fastify';
import type { MaybePromise } from '../../domain/maybePromise.js';
import type { Step } from '../../paywall/runWatch.js';
import type { AroundStoreCall, StoreWatch } from '../../store/watchStore.js';
import type { Metrics } from './metrics.js';
import type { Ended } from './ended.js';

/** The trace of one operation. */
export interface OperationTrace {
  readonly traceId: string;
  readonly during: <T>(step: Step, work: () => MaybePromise<T>) => Promise<T>;
  /** Does the work so that what it begins belongs to the trace. */
  readonly inside: <T>(work: () => T) => T;
  readonly end: (ended: Ended) => void;
}

export interface Tracing {
  /** `headers`: those of the request, which may continue a trace of its caller's. */
  readonly begin: (headers: Readonly<Record<string, string | string[] | undefined>>) => OperationTrace;
  readonly aroundStoreCall: AroundStoreCall;
  /** Sends what has not been sent. */
  readonly close: () => Promise<void>;
}

export interface Watchers {
  readonly logger: FastifyBaseLogger;
  readonly metrics: Metrics | null;
  readonly tracing: Tracing | null;
}

/** How calls of the store are watched. */
export const storeWatchOf = ({ metrics, tracing }: Pick<Watchers, 'metrics' | 'tracing'>): StoreWatch => ({
  figures: metrics?.storeCalls ?? null,
  around: tracing?.aroundStoreCall ?? null,
});
