/** A real store whose verbs fail, lose their reply or wait where a test says so, call by call. It notes what is asked of it. */
import type { Store } from '../../../src/store/store.js';
import { StoreError } from '../../../src/store/storeError.js';
import type { StoreErrorCode } from '../../../src/store/storeError.js';

/** `REPLY_LOST`: carried out, and the caller does not learn it. A code: not carried out. */
export type Trouble = 'REPLY_LOST' | StoreErrorCode;

/** Called before each call of its verb; `null`: all is well. What it awaits, the caller waits for. */
export type TroubleMaker = (items: readonly unknown[]) => Trouble | null | Promise<Trouble | null>;

export interface TroubledStore {
  readonly store: Store;
  /** The size of each batch that a verb was called with, in order. */
  readonly batchesOf: (verb: keyof Store) => readonly number[];
  /** The next calls of the verb come to this, one after the other; those after them go well. */
  readonly next: (verb: keyof Store, ...troubles: readonly (Trouble | null)[]) => void;
  readonly whenever: (verb: keyof Store, maker: TroubleMaker) => void;
}

export const troubledStore = (real: Store): TroubledStore => {
  const makers = new Map<string, TroubleMaker>();
  const batches = new Map<string, number[]>();

  const call = async (verb: string, args: readonly unknown[], run: () => unknown): Promise<unknown> => {
    const items = Array.isArray(args[0]) ? args[0] : args;
    batches.set(verb, [...(batches.get(verb) ?? []), items.length]);
    const trouble = (await makers.get(verb)?.(items)) ?? null;
    if (trouble !== null && trouble !== 'REPLY_LOST') throw new StoreError(trouble, `The test made ${verb} fail.`);
    const answer = await run();
    if (trouble === 'REPLY_LOST') throw new StoreError('UNREACHABLE', `The test lost the reply of ${verb}.`);
    return answer;
  };

  return {
    store: new Proxy(real, {
      get: (target, verb) => {
        const value: unknown = Reflect.get(target, verb);
        if (typeof value !== 'function' || typeof verb !== 'string') return value;
        return (...args: readonly unknown[]) => call(verb, args, (): unknown => Reflect.apply(value, target, args));
      },
    }),
    batchesOf: (verb) => batches.get(verb) ?? [],
    next: (verb, ...troubles) => {
      const due = [...troubles];
      makers.set(verb, () => due.shift() ?? null);
    },
    whenever: (verb, maker) => void makers.set(verb, maker),
  };
};

/** A point that calls wait at until it is opened. */
export interface Barrier {
  readonly wait: () => Promise<null>;
  readonly open: () => void;
}

export const barrier = (): Barrier => {
  let open = (): void => undefined;
  const opened = new Promise<null>((resolve) => {
    open = () => {
      resolve(null);
    };
  });
  return { wait: () => opened, open };
};
