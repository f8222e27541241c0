/** What whoever runs an operation without a server says of it. */
import type { DocumentNode, ExecutionResult } from 'graphql';
import type { Caller } from '../accounts/caller.js';
import type { RequestIds } from './refuse/operationRefusals.js';
import type { RunWatch } from './runWatch.js';

/** As graphql-js takes it, with the caller in the context value. */
export interface RunRequest {
  /** A document, which must be valid, or its source, which is parsed and validated. */
  readonly document: DocumentNode | string;
  readonly operationName?: string | null | undefined;
  readonly variableValues?: Readonly<Record<string, unknown>> | null | undefined;
  /** The resolvers get a copy of it, of their operation's own: operations that run at the same time may share it. */
  readonly contextValue: RunContext;
  readonly rootValue?: unknown;
  /** Of a query or mutation: makes it safe to send again. */
  readonly idempotencyKey?: string | null | undefined;
  /** Called for each operation that begins: of a subscription for its start, and for each event. */
  readonly watch?: ((caller: Caller) => RunWatch) | undefined;
  /** In place of the context value's. */
  readonly isGone?: OperationOrigin['isGone'];
  /** Runs each event of a subscription; one that it answers with `null` is left out, and nobody pays for it. */
  readonly aroundEvent?: ((run: () => Promise<ExecutionResult>) => Promise<ExecutionResult | null>) | undefined;
}

/** The rest is added for the resolvers. */
export interface RunContext {
  readonly tollgate: OperationOrigin;
}

/** Whom an operation comes from. */
export interface OperationOrigin {
  readonly caller: Caller;
  /** By what the request is found in logs and traces. */
  readonly request?: RequestIds | undefined;
  /** Whether the client is known to be gone: what a query would have sent it is not charged. */
  readonly isGone?: (() => boolean) | undefined;
}
