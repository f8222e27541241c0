/**
 * The client in use, and the next one where the driver waits for what never comes. Driver 7.9.0 does: a command that is
 * written to a connection whose socket is destroyed, in the moment before the socket says so, waits for a `drain` event
 * without any time limit, and so does the `hello` of a monitor, which then never finds the server again. So each verb has
 * a time limit of its own, a shorter one where the server was lost meanwhile, and a client that is stuck is replaced. A
 * write that was given up may still arrive: what the verbs write is safe then, since it names the version that it was
 * decided on.
 */
import { inTime } from '../inTime.js';
import { StoreError } from '../storeError.js';
import type { MongoDatabase } from './mongoDatabase.js';

const VERB_TIMEOUT_MS = 10_000;
/** How often it is looked whether a verb is to be waited for any longer. */
const LOOK_MS = 500;
const CLOSE_TIMEOUT_MS = 3_000;

interface Connected<Bound> {
  readonly database: MongoDatabase;
  readonly bound: Bound;
  /** Whether a verb was given up: the connection that it holds may never come back to the pool. */
  hasGivenUp: boolean;
}

export class MongoLink<Bound> {
  #current: Connected<Bound>;

  constructor(
    first: MongoDatabase,
    private readonly openNext: () => MongoDatabase,
    private readonly bind: (database: MongoDatabase) => Bound,
    private readonly verbTimeoutMs = VERB_TIMEOUT_MS,
  ) {
    this.#current = this.#connectedBy(first);
  }

  /** Throws `UNREACHABLE` at once where no server has been reachable for a while, and later where no answer comes. */
  async run<Result>(work: (bound: Bound) => Promise<Result>): Promise<Result> {
    if (isSpent(this.#current)) this.#replace();
    const current = this.#current;
    current.database.reachability.check();
    return this.#answerOf(work(current.bound), current, performance.now());
  }

  #answerOf<Result>(verb: Promise<Result>, current: Connected<Bound>, since: number): Promise<Result> {
    const leftMs = this.verbTimeoutMs - (performance.now() - since);
    return inTime(verb, Math.min(LOOK_MS, leftMs), () => {
      const isInVain = current.database.reachability.isInVain(since);
      if (!isInVain && leftMs > LOOK_MS) return this.#answerOf(verb, current, since);
      current.hasGivenUp = true;
      const limit = isInVain ? 'before it was lost' : `within ${this.verbTimeoutMs} ms`;
      throw new StoreError('UNREACHABLE', `MongoDB did not answer ${limit}.`);
    });
  }

  /** A client that is stuck need not say goodbye. */
  async close(): Promise<void> {
    const closed = this.#current.database.client.close();
    const tooLate = new Promise((resolve) => setTimeout(resolve, CLOSE_TIMEOUT_MS).unref());
    await Promise.race([closed, tooLate]);
  }

  /** Connects when it is first used. What is still under way on the old client fails when that is closed. */
  #replace(): void {
    const { client } = this.#current.database;
    this.#current = this.#connectedBy(this.openNext());
    client.close().catch(() => undefined);
  }

  #connectedBy(database: MongoDatabase): Connected<Bound> {
    return { database, bound: this.bind(database), hasGivenUp: false };
  }
}

/** A new client in the place of one that is well but for a connection waits until it would find a server. */
const isSpent = ({ database: { reachability }, hasGivenUp }: Connected<unknown>): boolean =>
  reachability.isStuck || (hasGivenUp && !reachability.isLost);
