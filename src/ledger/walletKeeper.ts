/**
 * The only writer of wallets. Tasks that arrive for one account while its last write is under way are decided one after
 * the other and committed as one write (group commit); the store gets the writes of all accounts in one batch. Between
 * processes the wallet's version settles who was first: the loser decides again on the fresh wallet. What writes nothing
 * (a refusal, a hold that is not there, a command that was applied before) has no version to settle it: where it was
 * decided on a wallet in memory, the store is asked whether that is still the one.
 *
 * It decides nothing itself: a task is a pure function of the wallet, and may be asked again.
 */
import { LRUCache } from 'lru-cache';
import type { AccountId } from '../domain/ids.js';
import type { Instant } from '../domain/period.js';
import { emptyWallet } from '../domain/wallet.js';
import type { Wallet } from '../domain/wallet.js';
import type { Store } from '../store/store.js';
import { isAboutOneValue, StoreError } from '../store/storeError.js';
import { JournalMover } from './journalMover.js';
import { decideTurns, pendingOf } from './lane.js';
import type { Lane, Pending, Turn, WalletTask } from './lane.js';
import { UsageMover } from './usageMover.js';

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
const WALLETS_PER_BATCH_MAX = 500;
const RACES_MAX = 50;
/** After so many writes in a row, or for so long after a lost race, a lane leaves other processes time for theirs. */
const WRITES_IN_A_ROW_MAX = 32;
const CONTENDED_MS = 2_000;
/** Of the pauses of a contended lane, one in this many is as many times longer: for a process that is slow. */
const LONG_PAUSE = 6;
/** How much the last commit counts in the mean of how long they take. */
const COMMIT_MS_WEIGHT = 0.2;
/**
 * An idle process takes these turns in some microseconds; in a busy one each brings in requests, which then share a flush of
 * the disk. Measured over HTTP on SQLite with 24 connections: a third more charges a second than with one turn.
 */
const GATHER_TURNS = 3;
const FAILURES_MAX = 3;
const FAILURE_BACKOFF_MS = 50;
const CLOSE_CHECK_MS = 5;

/** Fewer than a wallet remembers ended holds (`ENDED_HOLDS_MAX`), so that a whole write can come again. */
const TASKS_PER_WRITE_MAX = 100;

export class WalletKeeper {
  readonly #lanes = new Map<AccountId, Lane>();
  /** Lanes with tasks and without a running write. */
  readonly #ready = new Set<Lane>();
  readonly #known: LRUCache<AccountId, Wallet>;
  /** Accounts whose wallets another process was first with a short time ago. */
  readonly #contended = new LRUCache<AccountId, true>({ max: KNOWN_WALLETS_MAX, ttl: CONTENDED_MS });
  readonly #mover: JournalMover;
  readonly #usage: UsageMover;
  readonly #queueLengthMax: number;
  /** How long a commit takes, on the average. */
  #commitMs = 1;
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
    const { onFailure = () => undefined } = options;
    this.#mover = new JournalMover(store, onFailure);
    this.#usage = new UsageMover(store, onFailure);
    this.#queueLengthMax = options.queueLengthMax ?? QUEUE_LENGTH_MAX;
    this.#known = new LRUCache({ max: options.knownWalletsMax ?? KNOWN_WALLETS_MAX });
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
   * Carries a task out. Resolves with its outcome, or rejects with what `decide` throws, once the store has confirmed
   * the wallet that it was decided on: by the write, or by a read after the task had come. Rejects with `StoreError` where
   * that can't be confirmed; the write may have been applied then.
   */
  apply<Loaded, Outcome>(accountId: AccountId, task: WalletTask<Loaded, Outcome>): Promise<Outcome> {
    if (this.#isClosed) return Promise.reject(new StoreError('CLOSED', 'The wallet keeper is closed.'));
    if (this.#queueLength >= this.#queueLengthMax) {
      return Promise.reject(new StoreError('OVERLOADED', `More than ${this.#queueLengthMax} wallet writes wait.`));
    }
    const lane = this.#laneOf(accountId);
    return new Promise<Outcome>((resolve, reject) => {
      lane.queue.push(pendingOf(lane, task, { store: this.store, now: this.options.now, resolve, reject }));
      this.#queueLength += 1;
      if (!lane.isBusy) this.#schedule(lane);
    });
  }

  /** Takes note of a wallet that was just read, so that the next write need not read it again. */
  know(wallet: Wallet): void {
    const known = this.#known.get(wallet.accountId);
    if (known === undefined || known.version < wallet.version) this.#known.set(wallet.accountId, wallet);
    this.#mover.note(wallet);
    this.#usage.note(wallet);
  }

  /** Waits for the tasks under way and moves what rides in wallets to the ledger. */
  async close(): Promise<void> {
    this.#isClosed = true;
    while (this.#queueLength > 0) await new Promise((resolve) => setTimeout(resolve, CLOSE_CHECK_MS));
    await Promise.all([this.#mover.close(), this.#usage.close()]);
  }

  #laneOf(accountId: AccountId): Lane {
    const known = this.#lanes.get(accountId);
    if (known !== undefined) return known;
    const lane: Lane = {
      accountId,
      queue: [],
      wallet: this.#known.get(accountId) ?? emptyWallet(accountId),
      isFresh: false,
      isBusy: false,
      writesInARow: 0,
    };
    this.#lanes.set(accountId, lane);
    return lane;
  }

  /** A few turns of the event loop later, so that all that arrives meanwhile shares a write. */
  #schedule(lane: Lane): void {
    this.#ready.add(lane);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    afterTurns(GATHER_TURNS, () => {
      this.#isScheduled = false;
      const lanes = [...this.#ready];
      this.#ready.clear();
      for (let start = 0; start < lanes.length; start += WALLETS_PER_BATCH_MAX) {
        void this.#run(lanes.slice(start, start + WALLETS_PER_BATCH_MAX).map(takeTurn));
      }
    });
  }

  async #run(turns: readonly Turn[]): Promise<void> {
    try {
      await this.#loadWallets(turns.map(({ lane }) => lane));
      await this.#decideAndCommit(turns);
    } catch (error) {
      const left = turns.filter(({ isOver }) => !isOver);
      if (left.length === 1 || !isAboutOneValue(error)) {
        for (const turn of left) this.#tryAgainAfterFailure(turn, error);
        return;
      }
      // One account's wallet must not keep the others from theirs.
      for (const turn of left) {
        this.#known.delete(turn.lane.accountId);
        await this.#run([turn]);
      }
    }
  }

  async #loadWallets(lanes: readonly Lane[]): Promise<void> {
    const unknown: Lane[] = [];
    for (const lane of lanes) {
      const known = this.#known.get(lane.accountId);
      lane.isFresh = false;
      if (known === undefined) unknown.push(lane);
      else lane.wallet = this.#usage.trim(this.#mover.trim(known));
    }
    await this.#readWallets(unknown);
  }

  /** Puts the wallet of each lane as the store has it in the place of the one in memory. */
  async #readWallets(lanes: readonly Lane[]): Promise<void> {
    if (lanes.length === 0) return;
    const found = await this.store.findWallets(lanes.map((lane) => lane.accountId));
    lanes.forEach((lane, index) => {
      const wallet = found[index] ?? emptyWallet(lane.accountId);
      // What a failover has undone was never there.
      if (wallet.version < lane.wallet.version) this.#known.delete(lane.accountId);
      this.know(wallet);
      lane.wallet = this.#usage.trim(this.#mover.trim(wallet));
      lane.isFresh = true;
    });
  }

  async #decideAndCommit(turns: readonly Turn[]): Promise<void> {
    const fail = (task: Pending, error: unknown): boolean => {
      const mayTry = this.#mayTryAfter(error, task);
      if (!mayTry) this.#reject(task, error);
      return mayTry;
    };
    const deciding = decideTurns(turns, fail);
    if (deciding instanceof Promise) await deciding;
    const unchanged = turns.filter(({ isChanged }) => !isChanged);
    if (unchanged.length < turns.length) await this.#commit(turns.filter(({ isChanged }) => isChanged));
    if (unchanged.length > 0) await this.#confirm(unchanged);
  }

  async #commit(turns: readonly Turn[]): Promise<void> {
    const stored = await this.#commitWallets(turns.map(({ lane }) => lane.wallet));
    turns.forEach((turn, index) => {
      const wallet = stored[index] ?? null;
      if (wallet === null) this.#tryAgainAfterRace(turn);
      else {
        this.know(wallet);
        this.#succeed(turn);
      }
    });
  }

  /** Turns that write nothing. Those decided on what was in memory are again, where the store has another version. */
  async #confirm(turns: readonly Turn[]): Promise<void> {
    const unsure = turns.filter(({ lane, tasks }) => !lane.isFresh && tasks.length > 0);
    for (const turn of turns) if (!unsure.includes(turn)) this.#succeed(turn);
    const versions = unsure.map(({ lane }) => lane.wallet.version);
    await this.#readWallets(unsure.map(({ lane }) => lane));
    const isLatest = ({ lane }: Turn, index: number) => lane.wallet.version === versions[index];
    const outdated = unsure.filter((turn, index) => !isLatest(turn, index));
    for (const turn of unsure) if (!outdated.includes(turn)) this.#succeed(turn);
    if (outdated.length > 0) await this.#decideAndCommit(outdated);
  }

  async #commitWallets(wallets: readonly Wallet[]): Promise<readonly (Wallet | null)[]> {
    const startedAt = performance.now();
    const stored = await this.store.commitWallets(wallets);
    this.#commitMs += COMMIT_MS_WEIGHT * (performance.now() - startedAt - this.#commitMs);
    this.#commits += wallets.length;
    return stored;
  }

  #succeed(turn: Turn): void {
    turn.isOver = true;
    for (const task of turn.tasks) {
      this.#countEnd();
      task.settle();
    }
    this.#giveWay(turn.lane, turn.isChanged);
  }

  /**
   * Lets the lane go on, after a pause where other processes may want to write. Who writes without one knows the wallet
   * already, while the others have to read it first: they would come too late every time.
   */
  #giveWay(lane: Lane, hasWritten: boolean): void {
    lane.writesInARow += 1;
    const isLong = lane.writesInARow >= WRITES_IN_A_ROW_MAX;
    if (!hasWritten || !(isLong || this.#contended.has(lane.accountId))) {
      this.#free(lane);
      return;
    }
    lane.writesInARow = 0;
    this.#freeLater(lane, 2 * this.#commitMs * (Math.random() * LONG_PAUSE < 1 ? LONG_PAUSE : 1));
  }

  #freeLater(lane: Lane, withinMs: number): void {
    setTimeout(() => {
      this.#free(lane);
    }, Math.random() * withinMs);
  }

  #reject(task: Pending, error: unknown): void {
    this.#countEnd();
    task.reject(error);
  }

  #countEnd(): void {
    this.#queueLength -= 1;
    this.#tasks += 1;
  }

  #free(lane: Lane): void {
    lane.isBusy = false;
    if (lane.queue.length > 0) this.#schedule(lane);
    else this.#lanes.delete(lane.accountId);
  }

  #tryAgainAfterRace(turn: Turn): void {
    this.#races += 1;
    this.#contended.set(turn.lane.accountId, true);
    const error = new StoreError('OVERLOADED', `Another process was first with this wallet ${RACES_MAX} times.`);
    this.#tryAgain(turn, error, (task) => (task.races += 1) < RACES_MAX);
    this.#freeLater(turn.lane, this.#commitMs);
  }

  #tryAgainAfterFailure(turn: Turn, error: unknown): void {
    this.#tryAgain(turn, error, (task) => this.#mayTryAfter(error, task));
    this.#freeLater(turn.lane, FAILURE_BACKOFF_MS);
  }

  #mayTryAfter(error: unknown, task: Pending): boolean {
    task.failures += 1;
    return error instanceof StoreError && error.code === 'UNREACHABLE' && task.failures < FAILURES_MAX;
  }

  /** Puts tasks back in front of the queue, on a wallet that is read anew. */
  #tryAgain(turn: Turn, error: unknown, mayTry: (task: Pending) => boolean): void {
    const { lane } = turn;
    turn.isOver = true;
    this.#known.delete(lane.accountId);
    const again: Pending[] = [];
    for (const task of turn.tasks) {
      if (mayTry(task)) again.push(task);
      else this.#reject(task, error);
    }
    lane.queue.unshift(...again);
  }
}

/** Some turns of the event loop later. */
const afterTurns = (turns: number, work: () => void): void => {
  setImmediate(() => {
    if (turns === 1) work();
    else afterTurns(turns - 1, work);
  });
};

/** The next write of a lane: those that wait, up to as many as one write takes. */
const takeTurn = (lane: Lane): Turn => {
  lane.isBusy = true;
  return { lane, tasks: lane.queue.splice(0, TASKS_PER_WRITE_MAX), isChanged: false, isOver: false };
};
