/** What a row of the conformance matrix says: an operation, and what it must come to for each kind of caller. */
import type { GraphQLSchema } from 'graphql';
import type { PaywallOptions } from '../../src/paywall/paywall.js';

/** The columns: what the caller's plan and balance do for the operation. */
export const COLUMNS = ['covered', 'paid', 'refused in part', 'refused whole'] as const;
export type Column = (typeof COLUMNS)[number];

/** Tells the test that a resolver ran. */
export type Note = (what: string) => void;

export interface Row {
  /** Names the row in the table. */
  readonly name: string;
  /** What it shows, as a sentence of the table. */
  readonly shows: string;
  readonly operation: string;
  readonly schema: (note: Note) => GraphQLSchema;
  readonly options?: Pick<PaywallOptions, 'directiveName' | 'fieldResolver'>;
  readonly cells: Readonly<Record<Column, Cell | Pointless>>;
}

/** A cell that can't be, and why. */
export interface Pointless {
  readonly pointless: string;
}

/** What the whole of an answer must be, spelled out. */
export interface Cell {
  /** What the caller has. `PLAN`: a subscription to a plan with the feature `f`, and no credits. */
  readonly has: number | 'PLAN';
  /** In place of the row's. */
  readonly operation?: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly status: number;
  /** Left out: the answer has no `data`. */
  readonly data?: unknown;
  readonly errors?: readonly unknown[];
  /** `extensions.payment`; left out: the answer has no `extensions`. */
  readonly payment?: unknown;
  /** What it costs, as ledger entries: `credits coordinate → balance`. */
  readonly ledger: readonly string[];
  readonly calls: StoreCalls;
  /** Resolvers that noted that they ran, in order. */
  readonly ran?: readonly string[];
}

/** How often each verb of the store is called. A verb that is not called is left out. */
export interface StoreCalls {
  readonly findApiKeys?: number;
  readonly findAccounts?: number;
  readonly findSubscriptions?: number;
  readonly findWallets?: number;
  readonly commitWallets?: number;
}

/** Nothing is paid: the key alone is looked up. */
export const KEY_ONLY: StoreCalls = { findApiKeys: 1 };
/** Who the key is, and what the account has, each asked for once, however many positions there are. */
export const READS: StoreCalls = { findApiKeys: 1, findAccounts: 1, findSubscriptions: 1, findWallets: 1 };
/** And two writes, however many positions there are: the hold and its capture. */
export const HOLD: StoreCalls = { ...READS, commitWallets: 2 };
/** And one more write for all items beyond the quote. */
export const EXTENDED_HOLD: StoreCalls = { ...READS, commitWallets: 3 };
