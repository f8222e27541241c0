/** What the suites of the store's contract are given: a store of whatever kind, opened. */
import type { Store } from '../../../src/store/store.js';

export interface OpenedStore {
  readonly store: Store;
  /** What another process opens it by. */
  readonly url: string;
  /** Closes the store and opens the same database again. */
  readonly reopen: () => Promise<Store>;
  /** Another store on the same database, as another process would have it. */
  readonly second: () => Promise<Store>;
  /** Closes all of them and removes the database. */
  readonly drop: () => Promise<void>;
}

export interface StoreUnderTest {
  /** A new, empty database. */
  readonly open: () => Promise<OpenedStore>;
  /** Opens a place where no store can be. */
  readonly openUnreachable: () => Promise<Store>;
}
