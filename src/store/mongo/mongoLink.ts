/**
 * The client in use, and the next one where the driver waits for what never comes. Driver 7.9.0 does: a command that is
 * written to a connection whose socket is destroyed, in the moment before the socket says so, waits for a `drain` event
 * without any time limit, and so does the `hello` of a monitor, which then never finds the server again. So each verb has
 * a time limit of its own, and a client that is stuck is replaced. A write that was given up may still arrive: what the
 * verbs write is safe then, since it names the version that it was decided on.
 */
import { inTime } from '../inTime.js';
import { StoreError } from '../storeError.js';
import type { MongoDatabase } from './mongoDatabase.js';

const VERB_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 3_000;

interface Connected<Bound> {
  readonly database: MongoDatabase;
  readonly bound: Bound;
}

export class MongoLink<Bound> {
  #current: Connected<Bound>;

  constructor(
    first: MongoDatabase,
    private readonly openNext: () => MongoDatabase,
    private readonly bind: (database: MongoDatabase) => Bound,
    private readonly verbTimeoutMs = VERB_TIMEOUT_MS,
  ) {
    this.#current = { database: first, bound: bind(first) };
  }

  /** Throws `UNREACHABLE` at once where no server has been reachable for a while, and later where no answer comes. */
  async run<Result>(work: (bound: Bound) => Promise<Result>): Promise<Result> {
    if (this.#current.database.reachability.isStuck) this.#replace(this.#current);
    const current = this.#current;
    current.database.reachability.check();
    return inTime(work(current.bound), this.verbTimeoutMs, () => {
      this.#replace(current);
      throw new StoreError('UNREACHABLE', `MongoDB did not answer within ${this.verbTimeoutMs} ms.`);
    });
  }

  /** A client that is stuck need not say goodbye. */
  async close(): Promise<void> {
    const closed = this.#current.database.client.close();
    const tooLate = new Promise((resolve) => setTimeout(resolve, CLOSE_TIMEOUT_MS).unref());
    await Promise.race([closed, tooLate]);
  }

  /** Connects when it is first used. What is still under way on the old client fails when that is closed. */
  #replace(stuck: Connected<Bound>): void {
    if (stuck !== this.#current) return;
    const database = this.openNext();
    this.#current = { database, bound: this.bind(database) };
    stuck.database.client.close().catch(() => undefined);
  }
}
