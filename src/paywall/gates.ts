/** Which operation a context value belongs to while that operation is under way: resolvers know no more of it. */
import type { Gate } from './directive.js';

/** The place of one operation's gate. */
export class ReservedGate {
  #gate: Gate | null = null;

  constructor(readonly release: () => void) {}

  /** `null`: it is not open yet. */
  get gate(): Gate | null {
    return this.#gate;
  }

  open(gate: Gate): void {
    this.#gate = gate;
  }

  releaseUnlessOpen(): void {
    if (this.#gate === null) this.release();
  }
}

export class Gates {
  readonly #byContext = new WeakMap<object, ReservedGate>();

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
    const reserved = new ReservedGate(() => gates.delete(contextValue));
    gates.set(contextValue, reserved);
    return reserved;
  }

  readonly find = (contextValue: unknown): Gate | undefined => {
    if (typeof contextValue !== 'object' || contextValue === null) return undefined;
    return this.#byContext.get(contextValue)?.gate ?? undefined;
  };
}
