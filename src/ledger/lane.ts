import type { AccountId } from '../domain/ids.js';
import type { MaybePromise } from '../domain/maybePromise.js';
import type { Wallet } from '../domain/wallet.js';
import { checkJournal } from './journalMover.js';

/** Fewer than a wallet remembers ended holds (`ENDED_HOLDS_MAX`), so that a whole write can come again. */
const TASKS_PER_WRITE_MAX = 100;

/** A task that waits for a turn of its account's lane, without the types of what it loads and decides. */
export interface Pending {
  /** Rejects where what the decision needs can't be read. */
  readonly load: () => MaybePromise<void>;
  /** Never throws: a fault is an outcome too, and as good as the wallet that it was decided on. */
  readonly decide: () => void;
  /** Tells the caller what was decided last. */
  readonly settle: () => void;
  readonly reject: (error: unknown) => void;
  races: number;
  failures: number;
}

/** The queue of one account: one write of its wallet is under way at a time. */
export interface Lane {
  readonly accountId: AccountId;
  readonly queue: Pending[];
  /** The wallet that tasks of the running write decide on. */
  wallet: Wallet;
  /** Whether it was read after all tasks of the running write had come. */
  isFresh: boolean;
  isBusy: boolean;
  writesInARow: number;
}

/** One write of one lane, or none where its tasks change nothing. */
export interface Turn {
  readonly lane: Lane;
  /** Those that have neither ended nor gone back to the queue. */
  tasks: readonly Pending[];
  isChanged: boolean;
  /** Its tasks have ended or gone back, and its lane goes on without it. */
  isOver: boolean;
}

/** The next write of a lane: those that wait, up to as many as one write takes. */
export const takeTurn = (lane: Lane): Turn => {
  lane.isBusy = true;
  return { lane, tasks: lane.queue.splice(0, TASKS_PER_WRITE_MAX), isChanged: false, isOver: false };
};

/** Decides a lane's tasks on one wallet, each on what the one before it left. */
export const decideAll = (turn: Turn): void => {
  const { lane } = turn;
  const before = lane.wallet;
  for (const task of turn.tasks) task.decide();
  turn.isChanged = lane.wallet !== before;
};

/**
 * Loads what the tasks of a turn need beside the wallet; at once where they need nothing. One that can't be decided is out:
 * `fail` sees to it, and says whether it may be tried again. Its neighbours don't wait for it.
 */
export const loadAll = (turn: Turn, fail: (task: Pending, error: unknown) => boolean): MaybePromise<void> => {
  const { lane, tasks } = turn;
  const out = new Map<Pending, boolean>();
  const failed = (task: Pending) => (error: unknown) => void out.set(task, fail(task, error));
  const loading: Promise<void>[] = [];
  for (const task of tasks) {
    try {
      checkJournal(lane.wallet);
      const loaded = task.load();
      if (loaded instanceof Promise) loading.push(loaded.catch(failed(task)));
    } catch (error) {
      failed(task)(error);
    }
  }
  const done = (): void => {
    lane.queue.unshift(...tasks.filter((task) => out.get(task) === true));
    turn.tasks = tasks.filter((task) => !out.has(task));
  };
  if (loading.length > 0) return Promise.all(loading).then(done);
  done();
};
