/** What is told of an operation at its end, alike to the log, the metrics and the traces. */
import type { AccountId } from '../../domain/ids.js';
import type { Operator } from '../../domain/operator.js';
import type { RefusalReason } from '../../domain/refusal.js';
import type { Outcome } from './outcome.js';

export type Transport = 'http' | 'websocket' | 'sse';

/** An operation that has ended. */
export interface Ended {
  readonly transport: Transport;
  readonly requestId: string;
  readonly traceId: string | null;
  readonly account: AccountId | null;
  /** As its author named it; `null` where it has no name, or was not valid. */
  readonly operation: string | null;
  readonly type: 'query' | 'mutation' | 'subscription' | null;
  /** Of HTTP; `null` over other transports. */
  readonly status: number | null;
  readonly outcome: Outcome;
  readonly reasons: readonly RefusalReason[];
  /** In credits, as are `held` and `givenBack`. */
  readonly charged: number;
  readonly held: number;
  readonly givenBack: number;
  readonly durationMs: number;
}

/** An operation of an operator that has ended. */
export interface OperatorEnded extends Pick<
  Ended,
  'requestId' | 'traceId' | 'operation' | 'type' | 'status' | 'durationMs'
> {
  readonly operator: Operator['id'];
  readonly role: Operator['role'];
}
