/**
 * The tabs of operations that are under way, by the context values that belong to them: resolvers know no more of their
 * operation.
 */
import type { Tab } from './tab.js';

export class OpenOperations {
  /** `null`: the context value is reserved, and its tab is not open yet. */
  readonly #tabs = new WeakMap<object, Tab | null>();

  /**
   * Reserves a context value for one operation. Throws where it belongs to another: the resolvers of both would draw on
   * one tab, and what one of them delivers would be charged by what the other does.
   */
  reserve(contextValue: object): void {
    if (this.#tabs.has(contextValue)) {
      throw new Error(
        'This context value belongs to an operation that is not settled yet. Give each operation a context value of its own.',
      );
    }
    this.#tabs.set(contextValue, null);
  }

  open(contextValue: object, tab: Tab): void {
    this.#tabs.set(contextValue, tab);
  }

  release(contextValue: object): void {
    this.#tabs.delete(contextValue);
  }

  /** `null` where none is open. */
  find(contextValue: unknown): Tab | null {
    if (typeof contextValue !== 'object' || contextValue === null) return null;
    return this.#tabs.get(contextValue) ?? null;
  }
}
