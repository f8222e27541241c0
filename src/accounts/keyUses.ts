/** When keys were last used, for operators: noted in memory and written in batches, at most once a minute and key. */
import type { Instant } from '../domain/period.js';
import type { Store } from '../store/store.js';

const WRITE_EVERY_MS = 60_000;
const BATCH_SIZE_MAX = 1_000;
/** Keys that wait to be written. Beyond it uses go unnoted until the next write, rather than taking all memory. */
const WAITING_MAX = 100_000;

export class KeyUses {
  #waiting = new Map<string, Instant>();
  readonly #timer: NodeJS.Timeout;

  constructor(
    private readonly store: Pick<Store, 'saveKeyUses'>,
    private readonly onFailure: (error: unknown) => void,
  ) {
    this.#timer = setInterval(() => void this.write(), WRITE_EVERY_MS).unref();
  }

  /** Keys whose use waits to be written; for metrics. */
  get length(): number {
    return this.#waiting.size;
  }

  /** Never waits for the store. */
  note(secretHash: string, usedAt: Instant): void {
    if (this.#waiting.size < WAITING_MAX || this.#waiting.has(secretHash)) this.#waiting.set(secretHash, usedAt);
  }

  /** A use that can't be written is forgotten: the next one says more. */
  async write(): Promise<void> {
    const uses = [...this.#waiting].map(([secretHash, usedAt]) => ({ secretHash, usedAt }));
    this.#waiting = new Map();
    try {
      for (let start = 0; start < uses.length; start += BATCH_SIZE_MAX) {
        await this.store.saveKeyUses(uses.slice(start, start + BATCH_SIZE_MAX));
      }
    } catch (error) {
      this.onFailure(error);
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.write();
  }
}
