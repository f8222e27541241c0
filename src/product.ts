/**
 * What a server serves: a schema with its prices, what it is called, and operations to try. Atlas is one. Who serves a
 * product need not know where it comes from.
 */
import type { GraphQLSchema } from 'graphql';
import type { AccountId } from './domain/ids.js';
import type { Operator } from './domain/operator.js';
import type { Engine } from './paywall/engine.js';

export interface Product {
  /** What people call it. */
  readonly title: string;
  /** Priced, and with `billing` in it. */
  readonly schema: GraphQLSchema;
  /** In the order in which they are best tried. */
  readonly examples: readonly Example[];
  /** What a demo of it begins with. Left out: it has none. */
  readonly seed?: Seed;
}

/** An operation that shows something. */
export interface Example {
  /** What it shows, in one line. */
  readonly shows: string;
  /** `null`: sent without a key. */
  readonly key: string | null;
  /** Left out: a query. */
  readonly type?: 'query' | 'mutation';
  /** A name in GraphQL. */
  readonly name: string;
  readonly selection: string;
}

/** Its keys are known to everybody: good for a demo on a loopback address, and for nothing else. */
export interface Seed {
  readonly keys: ReadonlyMap<string, AccountId>;
  readonly operatorKeys: ReadonlyMap<string, Operator>;
  /** What each key of an account shows, in one line. */
  readonly guide: ReadonlyMap<string, string>;
  /** Of the admin API, on what the seed puts in place. */
  readonly adminExamples: readonly Example[];
  /** Puts in place what is not there yet, so that it can be called at each start. */
  readonly plant: (engine: Engine) => Promise<void>;
}
