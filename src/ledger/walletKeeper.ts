/**
 * The only writer of wallets. Tasks that arrive for one account while its last write is under way are decided one after
 * the other and committed as one write (group commit); the store gets the writes of all accounts in one batch. Between
 * processes the wallet's version settles who was first: the loser decides again on the fresh wallet.
 *
 * It decides nothing itself: a task is a pure function of the wallet, and may be asked again.
 */
import { LRUCache } from 'lru-cache';
import type { AccountId } from '../domain/ids.js';
import type { Instant } from '../domain/period.js';
import { emptyWallet } from '../domain/wallet.js';
import type { Wallet } from '../domain/wallet.js';
import type { Store } from '../store/store.js';
import { StoreError } from '../store/storeError.js';
import { JournalMover } from './journalMover.js';

/** What a task makes of a wallet. The same wallet: nothing is written. */
export interface Decided<Outcome> {
  readonly wallet: Wallet;
  readonly outcome: Outcome;
}

/**
 * Load, decide, commit. `load` reads what the decision needs beside the wallet, after the wallet was read. Both are
 * called again after a lost race and after a write whose reply was lost, so the commands that `decide` applies carry
 * ids by which the wallet tells that they were applied before.
 */
export interface WalletTask<Loaded, Outcome> {
  readonly load?: (store: Store) => Promise<Loaded>;
  readonly decide: (wallet: Wallet, now: Instant, loaded: Loaded | undefined) => Decided<Outcome>;
}

export interface WalletKeeperOptions {
  readonly now: () => Instant;
  /** Called when something in the background fails that is tried again by itself. */
  readonly onFailure?: (error: unknown) => void;
  /** Tasks that may wait in all. Beyond it `apply` rejects with `OVERLOADED`. */
  readonly queueLengthMax?: number;
  /** Wallets kept in memory, so that an account in use is not read again for every write. */
  readonly knownWalletsMax?: number;
}

export interface WalletKeeperStats {
  readonly commits: number;
  readonly tasks: number;
  readonly races: number;
  readonly queueLength: number;
  readonly journalLength: number;
}

const QUEUE_LENGTH_MAX = 10_000;
const KNOWN_WALLETS_MAX = 1_000;
/** Fewer than a wallet remembers ended holds (`ENDED_HOLDS_MAX`), so that a whole write can come again. */
const TASKS_PER_WRITE_MAX = 100;
const RACES_MAX = 30;
const FAILURES_MAX = 3;
const BACKOFF_MS = 5;

interface Pending {
  readonly decide: () => void;
  readonly load: () => Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  races: number;
  failures: number;
}

interface Lane {
  readonly accountId: AccountId;
  readonly queue: Pending[];
  /** The wallet that tasks of the running write decide on. */
  wallet: Wallet;
  isBusy: boolean;
}

export class WalletKeeper {
  readonly #lanes = new Map<AccountId, Lane>();
  readonly #known: LRUCache<AccountId, Wallet>;
  readonly #mover: JournalMover;
  readonly #queueLengthMax: number;
  #queueLength = 0;
  #isScheduled = false;
  #isClosed = false;
  #commits = 0;
  #tasks = 0;
  #races = 0;

  constructor(
    private readonly store: Store,
    private readonly options: WalletKeeperOptions,
  ) {
    this.#mover = new JournalMover(store, options.onFailure ?? (() => undefined));
    this.#queueLengthMax = options.queueLengthMax ?? QUEUE_LENGTH_MAX;
    this.#known = new LRUCache({
      max: options.knownWalletsMax ?? KNOWN_WALLETS_MAX,
      dispose: (_wallet, id, why) => {
        if (why === 'evict') this.#mover.forget(id);
      },
    });
  }

  get stats(): WalletKeeperStats {
    return {
      commits: this.#commits,
      tasks: this.#tasks,
      races: this.#races,
      queueLength: this.#queueLength,
      journalLength: this.#mover.length,
    };
  }

  /**
   * Carries a task out. Resolves with its outcome once what it was decided on is committed; rejects with `StoreError`
   * where that can't be confirmed (the write may have been applied), or with what `decide` throws.
   */
  apply<Loaded, Outcome>(accountId: AccountId, task: WalletTask<Loaded, Outcome>): Promise<Outcome> {
    if (this.#isClosed) return Promise.reject(new StoreError('CLOSED', 'The wallet keeper is closed.'));
    if (this.#queueLength >= this.#queueLengthMax) {
      return Promise.reject(new StoreError('OVERLOADED', `More than ${this.#queueLengthMax} wallet writes wait.`));
    }
    const lane = this.#laneOf(accountId);
    return new Promise<Outcome>((resolve, reject) => {
      let loaded: Loaded | undefined;
      let decided: Decided<Outcome> | undefined;
      lane.queue.push({
        load: async () => {
          loaded = await task.load?.(this.store);
        },
        decide: () => {
          decided = task.decide(lane.wallet, this.options.now(), loaded);
          lane.wallet = decided.wallet;
        },
        resolve: () => {
          if (decided !== undefined) resolve(decided.outcome);
        },
        reject,
        races: 0,
        failures: 0,
      });
      this.#queueLength += 1;
      this.#schedule();
    });
  }

  /** Takes note of a wallet that was just read, so that the next write need not read it again. */
  know(wallet: Wallet): void {
    const known = this.#known.get(wallet.accountId);
    if (known === undefined || known.version < wallet.version) this.#known.set(wallet.accountId, wallet);
    this.#mover.note(wallet);
  }

  /** Waits for the tasks under way and moves what rides in wallets to the ledger. */
  async close(): Promise<void> {
    this.#isClosed = true;
    while (this.#queueLength > 0) await new Promise((resolve) => setTimeout(resolve, BACKOFF_MS));
    await this.#mover.flush();
  }

  #laneOf(accountId: AccountId): Lane {
    const known = this.#lanes.get(accountId);
    if (known !== undefined) return known;
    const lane: Lane = { accountId, queue: [], wallet: emptyWallet(accountId), isBusy: false };
    this.#lanes.set(accountId, lane);
    return lane;
  }

  /** At the end of this turn of the event loop, so that all that arrives in one turn shares a write. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      const lanes = [...this.#lanes.values()].filter((lane) => !lane.isBusy && lane.queue.length > 0);
      if (lanes.length > 0) void this.#runBatch(lanes);
    });
  }

  async #runBatch(lanes: readonly Lane[]): Promise<void> {
    const taken = lanes.map((lane) => {
      lane.isBusy = true;
      return { lane, tasks: lane.queue.splice(0, TASKS_PER_WRITE_MAX) };
    });
    try {
      await this.#loadWallets(lanes);
      await Promise.all(taken.flatMap(({ tasks }) => tasks.map((task) => task.load())));
      const writes = taken.map(({ lane, tasks }) => this.#decideAll(lane, tasks));
      await this.#commit(writes.filter((write) => write.tasks.length > 0));
    } catch (error) {
      for (const { lane, tasks } of taken) this.#tryAgainAfterFailure(lane, tasks, error);
    }
  }

  async #loadWallets(lanes: readonly Lane[]): Promise<void> {
    const unknown = lanes.filter((lane) => !this.#known.has(lane.accountId));
    if (unknown.length > 0) {
      const found = await this.store.findWallets(unknown.map((lane) => lane.accountId));
      unknown.forEach((lane, index) => this.know(found[index] ?? emptyWallet(lane.accountId)));
    }
    for (const lane of lanes) {
      lane.wallet = this.#mover.trim(this.#known.get(lane.accountId) ?? emptyWallet(lane.accountId));
    }
  }

  /** Decides a lane's tasks on one wallet, each on what the one before it left. A task that throws is out. */
  #decideAll(lane: Lane, tasks: readonly Pending[]): Write {
    const before = lane.wallet;
    const decided: Pending[] = [];
    for (const task of tasks) {
      try {
        task.decide();
        decided.push(task);
      } catch (error) {
        this.#end(() => {
          task.reject(error);
        });
      }
    }
    if (decided.length === 0) this.#free(lane);
    return { lane, tasks: decided, isChanged: lane.wallet !== before };
  }

  async #commit(writes: readonly Write[]): Promise<void> {
    const changed = writes.filter((write) => write.isChanged);
    const stored = changed.length === 0 ? [] : await this.store.commitWallets(changed.map(({ lane }) => lane.wallet));
    this.#commits += changed.length;
    const storedOf = new Map(changed.map((write, index) => [write, stored[index] ?? null]));
    for (const write of writes) {
      const { lane, tasks, isChanged } = write;
      const wallet = isChanged ? (storedOf.get(write) ?? null) : lane.wallet;
      if (wallet === null) {
        this.#tryAgainAfterRace(lane, tasks);
        continue;
      }
      this.know(wallet);
      for (const task of tasks) this.#end(task.resolve);
      this.#free(lane);
    }
  }

  #end(how: () => void): void {
    this.#queueLength -= 1;
    this.#tasks += 1;
    how();
  }

  #free(lane: Lane): void {
    lane.isBusy = false;
    if (lane.queue.length > 0) this.#schedule();
    else this.#lanes.delete(lane.accountId);
  }

  #tryAgainAfterRace(lane: Lane, tasks: readonly Pending[]): void {
    this.#races += 1;
    for (const task of tasks) task.races += 1;
    const error = new StoreError('OVERLOADED', `Another process was first with this wallet ${RACES_MAX} times.`);
    this.#tryAgain(lane, tasks, (task) => task.races < RACES_MAX, error);
  }

  #tryAgainAfterFailure(lane: Lane, tasks: readonly Pending[], error: unknown): void {
    for (const task of tasks) task.failures += 1;
    const mayPass = error instanceof StoreError && error.code === 'UNREACHABLE';
    this.#tryAgain(lane, tasks, (task) => mayPass && task.failures < FAILURES_MAX, error);
  }

  /** Puts tasks back in front of the queue after a short, random wait, on a wallet that is read anew. */
  #tryAgain(lane: Lane, tasks: readonly Pending[], mayTry: (task: Pending) => boolean, error: unknown): void {
    this.#known.delete(lane.accountId);
    const again = tasks.filter(mayTry);
    for (const task of tasks.filter((each) => !again.includes(each))) {
      this.#end(() => {
        task.reject(error);
      });
    }
    lane.queue.unshift(...again);
    const attempts = Math.max(0, ...again.map((task) => task.races + task.failures));
    setTimeout(
      () => {
        this.#free(lane);
      },
      Math.random() * BACKOFF_MS * attempts,
    );
  }
}

interface Write {
  readonly lane: Lane;
  readonly tasks: readonly Pending[];
  readonly isChanged: boolean;
}
