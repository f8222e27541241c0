/** Which operation a context value belongs to while that operation is under way: resolvers know no more of it. */
import type { Gate } from './directive.js';

/** The place of one operation's gate. */
export interface ReservedGate {
  readonly open: (gate: Gate) => void;
  readonly releaseUnlessOpen: () => void;
  readonly release: () => void;
}

export class Gates {
  readonly #byContext = new WeakMap<object, Gate | 'OPENING'>();

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
    gates.set(contextValue, 'OPENING');
    return {
      open: (gate) => gates.set(contextValue, gate),
      releaseUnlessOpen: () => {
        if (gates.get(contextValue) === 'OPENING') gates.delete(contextValue);
      },
      release: () => gates.delete(contextValue),
    };
  }

  readonly find = (contextValue: unknown): Gate | undefined => {
    if (typeof contextValue !== 'object' || contextValue === null) return undefined;
    const gate = this.#byContext.get(contextValue);
    return gate === 'OPENING' ? undefined : gate;
  };
}
