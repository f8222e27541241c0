/**
 * The paywall of one schema: opens a tab for an operation before it runs, and settles it before its response is sent.
 * It knows graphql-js and no server. `execute` runs the whole journey; a server's plugin makes the same two calls.
 */
import type { ExecutionResult, GraphQLSchema } from 'graphql';
import type { Bank, BankOptions } from '../accounts/bank.js';
import type { Caller, Identify } from '../accounts/caller.js';
import type { DocumentLimits, DocumentReader } from './documents/documentReader.js';
import type { Engine, PaywallSettings } from './engine.js';
import type { Resolver } from './gate/applyPaywall.js';
import type { Barred, Opening, OperationRequest } from './opening.js';
import type { LintLevel } from './price/requirements.js';
import type { OperationQuote, QuoteRequest } from './quoteRequest.js';
import type { RequestIds } from './refuse/operationRefusals.js';
import type { RunRequest } from './runRequest.js';

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
