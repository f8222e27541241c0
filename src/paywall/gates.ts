/** Which operation a context value belongs to while that operation is under way: resolvers know no more of it. */
import type { Gate } from './directive.js';

/** The place of one operation's gate. */
export interface ReservedGate {
  readonly open: (gate: Gate) => void;
  readonly releaseUnlessOpen: () => void;
  readonly release: () => void;
}

export class Gates {
  /** `null`: reserved, and not open yet. */
  readonly #byContext = new WeakMap<object, { gate: Gate | null }>();

  /**
   * Reserves a context value for one operation. Throws where it belongs to another: the resolvers of both would draw on
   * one tab, and what one of them delivers would be charged by what the other does.
   */
  reserve(contextValue: object): ReservedGate {
    const gates = this.#byContext;
    if (gates.has(contextValue)) {
      throw new Error(
        'This context value belongs to an operation that is not settled yet. Give each operation a context value of its own.',
      );
    }
    const reserved: { gate: Gate | null } = { gate: null };
    gates.set(contextValue, reserved);
    return {
      open: (gate) => {
        reserved.gate = gate;
      },
      releaseUnlessOpen: () => {
        if (reserved.gate === null) gates.delete(contextValue);
      },
      release: () => gates.delete(contextValue),
    };
  }

  readonly find = (contextValue: unknown): Gate | undefined => {
    if (typeof contextValue !== 'object' || contextValue === null) return undefined;
    return this.#byContext.get(contextValue)?.gate ?? undefined;
  };
}
