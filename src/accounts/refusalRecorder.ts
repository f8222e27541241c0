/**
 * Keeps what was refused, for operators: gathered in memory and written in batches, so that no answer waits for it. A store
 * that fails is tried again; what does not fit meanwhile is dropped, and counted.
 */
import type { RefusalRecord } from '../domain/refusalRecord.js';
import type { Store } from '../store/store.js';

const WRITE_EVERY_MS = 500;
/** Written at a time. With the pause between two writes it bounds what a flood of refusals costs, on disk too. */
const BATCH_SIZE_MAX = 500;
const QUEUE_MAX = 10_000;
/** Whoever comes without a key that is known can't push out what is kept of those who have one. */
const UNKNOWN_CALLERS_MAX = QUEUE_MAX / 2;

export class RefusalRecorder {
  #queue: RefusalRecord[] = [];
  #unknownCallers = 0;
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<boolean> | null = null;
  #isFailing = false;
  #noted = 0;
  #written = 0;
  #dropped = 0;

  constructor(
    private readonly store: Pick<Store, 'appendRefusals'>,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  /** Operations of this process since its start of which something was refused. */
  get noted(): number {
    return this.#noted;
  }

  /** Of these, those that were written. */
  get written(): number {
    return this.#written;
  }

  /** Of these, those that are not kept. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Of these, those that wait to be written. */
  get queued(): number {
    return this.#queue.length;
  }

  /** Never waits for the store. */
  note(record: RefusalRecord): void {
    this.#noted += 1;
    const isUnknown = record.accountId === null;
    if (this.#queue.length >= QUEUE_MAX || (isUnknown && this.#unknownCallers >= UNKNOWN_CALLERS_MAX)) {
      this.#dropped += 1;
      return;
    }
    if (isUnknown) this.#unknownCallers += 1;
    this.#queue.push(record);
    this.#schedule();
  }

  /** Writes what was noted so far. Resolves also where that fails: it is tried again. */
  async flush(): Promise<void> {
    // What comes meanwhile is not waited for.
    const until = this.#written + this.#queue.length;
    while (this.#written < until) if (!(await this.#writeBatch())) return;
  }

  /** Writes what waits, once: what the store does not take now is dropped. */
  async close(): Promise<void> {
    await this.flush();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#dropped += this.#queue.length;
    this.#queue = [];
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      void this.#writeBatch().then(() => {
        if (this.#queue.length > 0) this.#schedule();
      });
    }, WRITE_EVERY_MS).unref();
  }

  /** One at a time. Answers whether it was written. */
  async #writeBatch(): Promise<boolean> {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
    });
    return this.#writing;
  }

  async #write(): Promise<boolean> {
    const batch = this.#queue.slice(0, BATCH_SIZE_MAX);
    if (batch.length === 0) return true;
    try {
      await this.store.appendRefusals(batch);
    } catch (error) {
      // Once, and not twice a second for as long as it lasts.
      if (!this.#isFailing) this.onFailure(error);
      this.#isFailing = true;
      return false;
    }
    this.#isFailing = false;
    this.#queue = this.#queue.slice(batch.length);
    this.#unknownCallers -= batch.filter(({ accountId }) => accountId === null).length;
    this.#written += batch.length;
    return true;
  }
}
