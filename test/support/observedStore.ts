/** A store that counts what is asked of it, and fails where a test says so. Everything else it leaves to the real one. */
import type { Store } from '../../src/store/store.js';
import { StoreError } from '../../src/store/storeError.js';

export type Verb = keyof Store;

/**
 * `UNREACHABLE`: never asked. `REPLY_LOST`: carried out, and the caller does not learn it. `GONE_AFTERWARDS`: the same,
 * and from then on nothing is reached.
 */
export type Outage = 'UNREACHABLE' | 'REPLY_LOST' | 'GONE_AFTERWARDS';

export interface StoreCalls {
  /** How often each verb was called; a verb that was not called is not there. */
  readonly byVerb: Readonly<Partial<Record<Verb, number>>>;
  /** Reads that had to wait for other reads, one after the other: calls that run side by side are one round. */
  readonly readRounds: number;
}

export interface ObservedStore {
  readonly store: Store;
  /** What was asked since the last time this was called. */
  readonly takeCalls: () => StoreCalls;
  /** The verb fails so many times, or until `recover`; `after` so many calls that succeed. */
  readonly fail: (verb: Verb, outage: Outage, times?: number, after?: number) => void;
  readonly recover: () => void;
  /**
   * Every call takes this long from now on, as over a network. SQLite answers at once otherwise, so that reads asked for
   * side by side would be over one after the other.
   */
  readonly slowDown: (milliseconds: number) => void;
}

export const observeStore = (real: Store): ObservedStore => {
  const outages = new Map<string, { readonly outage: Outage; times: number; after: number }>();
  let delayMs = 0;
  let isGone = false;
  let counts = new Map<string, number>();
  let [roundsBegun, roundsEnded] = [0, 0];

  const outageOf = (verb: string): Outage | null => {
    if (isGone && verb !== 'close') return 'UNREACHABLE';
    const found = outages.get(verb);
    if (found === undefined || found.times === 0) return null;
    if (found.after > 0) {
      found.after -= 1;
      return null;
    }
    found.times -= 1;
    return found.outage;
  };

  const call = async (verb: string, run: () => unknown): Promise<unknown> => {
    // Refusals are written in the background, whenever that is.
    if (verb !== 'appendRefusals') counts.set(verb, (counts.get(verb) ?? 0) + 1);
    const round = verb.startsWith('find') ? roundsEnded + 1 : 0;
    roundsBegun = Math.max(roundsBegun, round);
    try {
      const outage = outageOf(verb);
      if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
      if (outage === 'UNREACHABLE') throw new StoreError('UNREACHABLE', `The test made ${verb} fail.`);
      const answer = await run();
      isGone ||= outage === 'GONE_AFTERWARDS';
      if (outage !== null) throw new StoreError('UNREACHABLE', `The test lost the reply of ${verb}.`);
      return answer;
    } finally {
      roundsEnded = Math.max(roundsEnded, round);
    }
  };

  const store = new Proxy(real, {
    get: (target, verb) => {
      const value: unknown = Reflect.get(target, verb);
      if (typeof value !== 'function' || typeof verb !== 'string') return value;
      return (...args: readonly unknown[]) => call(verb, (): unknown => Reflect.apply(value, target, args));
    },
  });

  return {
    store,
    takeCalls: () => {
      const calls = { byVerb: Object.fromEntries(counts), readRounds: roundsBegun };
      counts = new Map();
      [roundsBegun, roundsEnded] = [0, 0];
      return calls;
    },
    fail: (verb, outage, times = Number.POSITIVE_INFINITY, after = 0) => {
      outages.set(verb, { outage, times, after });
    },
    recover: () => {
      outages.clear();
      isGone = false;
    },
    slowDown: (milliseconds) => {
      delayMs = milliseconds;
    },
  };
};
