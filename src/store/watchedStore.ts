/** One place around every call of a store, for whoever wants to know how long calls take, and which fail. */
import type { Store } from './store.js';

export interface StoreCall {
  readonly verb: string;
  /** How many values the call is about; 1 where it takes no batch. */
  readonly batchSize: number;
}

/** Carries a call out, and answers what it answers. */
export type AroundStoreCall = (call: StoreCall, run: () => Promise<unknown>) => Promise<unknown>;

/** The store, each call of which goes through `around`. */
export const watchStore = (store: Store, around: AroundStoreCall): Store => {
  const verbs = new Map<string | symbol, unknown>();
  const watchVerb = (verb: string, value: (...args: unknown[]) => Promise<unknown>) => {
    const watched = (...args: unknown[]): Promise<unknown> =>
      around({ verb, batchSize: args.find(Array.isArray)?.length ?? 1 }, () => Reflect.apply(value, store, args));
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
