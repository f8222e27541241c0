/** One place around every call of a store, for whoever wants to know how long calls take, and which fail. */
import type { Store } from './store.js';
import { StoreError } from './storeError.js';

export interface StoreCall {
  readonly verb: string;
  /** How many values the call is about; 1 where it takes no batch. */
  readonly batchSize: number;
}

/** Carries a call out, and answers what it answers. */
export type AroundStoreCall = (call: StoreCall, run: () => Promise<unknown>) => Promise<unknown>;

/** What is counted of calls, those that fail too, by verb. */
export interface StoreFigures {
  readonly seconds: { observe(labels: { readonly verb: string }, seconds: number): void };
  readonly batchSizes: { observe(labels: { readonly verb: string }, values: number): void };
  readonly failures: { inc(labels: { readonly verb: string; readonly code: string }): void };
}

export interface StoreWatch {
  readonly figures: StoreFigures | null;
  readonly around: AroundStoreCall | null;
}

const MS_PER_SECOND = 1000;

/** The store, each call of which is watched; the very store where nobody wants to know. */
export const watchStore = (store: Store, { figures, around }: StoreWatch): Store => {
  if (figures === null && around === null) return store;
  const verbs = new Map<string | symbol, unknown>();
  const watchVerb = (verb: string, value: (...args: unknown[]) => Promise<unknown>) => {
    const watched = async (...args: unknown[]): Promise<unknown> => {
      const batchSize = args.find(Array.isArray)?.length ?? 1;
      const startedAt = performance.now();
      try {
        if (around === null) return await Reflect.apply(value, store, args);
        return await around({ verb, batchSize }, () => Reflect.apply(value, store, args));
      } catch (error) {
        figures?.failures.inc({ verb, code: error instanceof StoreError ? error.code : 'BUG' });
        throw error;
      } finally {
        figures?.seconds.observe({ verb }, (performance.now() - startedAt) / MS_PER_SECOND);
        figures?.batchSizes.observe({ verb }, batchSize);
      }
    };
    verbs.set(verb, watched);
    return watched;
  };
  return new Proxy(store, {
    get: (target, name) => {
      const known = verbs.get(name);
      if (known !== undefined) return known;
      const value: unknown = Reflect.get(target, name);
      return typeof name === 'string' && isVerb(value) ? watchVerb(name, value) : value;
    },
  });
};

/** Whatever is a function of a `Store` answers with a promise. */
const isVerb = (value: unknown): value is (...args: unknown[]) => Promise<unknown> => typeof value === 'function';
