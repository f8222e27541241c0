import type { AccountId } from '../domain/ids.js';
import type { MaybePromise } from '../domain/maybePromise.js';
import type { Instant } from '../domain/period.js';
import type { Wallet } from '../domain/wallet.js';
import type { Store } from '../store/store.js';
import { StoreError } from '../store/storeError.js';

/** Entries that a wallet may carry. More than this only where the ledger has not taken its entries for a long time. */
const JOURNAL_LENGTH_MAX = 5_000;

/** What a task makes of a wallet. The same wallet: nothing is written, and the store confirms that it is the latest. */
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
  readonly load?: (store: Store) => MaybePromise<Loaded>;
  /** In its place where it suffices to load once the task is decided again. */
  readonly loadAgain?: (store: Store) => Promise<Loaded>;
  readonly decide: (wallet: Wallet, now: Instant, loaded: Loaded | undefined) => Decided<Outcome>;
}

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

/** Who waits for a task, and what it is loaded and decided with. */
interface Asking<Outcome> {
  readonly store: Store;
  readonly now: () => Instant;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

export const pendingOf = <Loaded, Outcome>(
  lane: Lane,
  task: WalletTask<Loaded, Outcome>,
  { store, now, resolve, reject }: Asking<Outcome>,
): Pending => {
  let loaded: Loaded | undefined;
  let isAgain = false;
  let settle = (): void => undefined;
  const note = (found: Loaded | undefined): void => void (loaded = found);
  return {
    load: () => {
      const found = (isAgain ? (task.loadAgain ?? task.load) : task.load)?.(store);
      isAgain = true;
      if (found instanceof Promise) return found.then(note);
      note(found);
    },
    decide: () => {
      try {
        const { wallet, outcome } = task.decide(lane.wallet, now(), loaded);
        lane.wallet = wallet;
        settle = () => {
          resolve(outcome);
        };
      } catch (error) {
        settle = () => {
          reject(error);
        };
      }
    },
    settle: () => {
      settle();
    },
    reject,
    races: 0,
    failures: 0,
  };
};

/** Loads what the tasks of these turns need and decides them; at once where they need nothing. `fail`: see `loadAll`. */
export const decideTurns = (turns: readonly Turn[], fail: Fail): MaybePromise<void> => {
  const decide = (): void => {
    for (const turn of turns) decideAll(turn);
  };
  const loading = turns.map((turn) => loadAll(turn, fail)).filter((each) => each instanceof Promise);
  if (loading.length > 0) return Promise.all(loading).then(decide);
  decide();
};

/** Says whether a task that can't be decided may be tried again. */
type Fail = (task: Pending, error: unknown) => boolean;

/** Decides a lane's tasks on one wallet, each on what the one before it left. */
const decideAll = (turn: Turn): void => {
  const { lane } = turn;
  const before = lane.wallet;
  for (const task of turn.tasks) task.decide();
  turn.isChanged = lane.wallet !== before;
};

/**
 * Loads what the tasks of a turn need beside the wallet; at once where they need nothing. One that can't be decided is out:
 * `fail` sees to it, and says whether it may be tried again. Its neighbours don't wait for it.
 */
const loadAll = (turn: Turn, fail: Fail): MaybePromise<void> => {
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

/** A wallet's document must not grow for ever where its entries can't be moved. */
const checkJournal = ({ accountId, journal }: Wallet): void => {
  if (journal.length <= JOURNAL_LENGTH_MAX) return;
  throw new StoreError('OVERLOADED', `${journal.length} entries of ${accountId} wait to be moved to the ledger.`);
};
