/** What an operation leaves to be done after its answer was sent: tried until it is done, or is no longer worth it. */
import { StoreError } from '../store/storeError.js';
import type { Settings } from './settings.js';

const FINISH_WITHIN_MS = 10 * 60_000;
const FINISH_EVERY_MS = 1_000;

export class Background {
  #length = 0;

  constructor(private readonly settings: Pick<Settings, 'onFailure'>) {}

  /** Works that are not done yet; for metrics. */
  get length(): number {
    return this.#length;
  }

  /** Resolves when the work is done or given up. Never rejects. */
  async untilDone(work: () => Promise<void>): Promise<void> {
    this.#length += 1;
    const { onFailure } = this.settings;
    // Not by the wall clock, which may be set back or forward.
    const until = performance.now() + FINISH_WITHIN_MS;
    while (performance.now() < until) {
      try {
        await work();
        break;
      } catch (error) {
        onFailure(error);
        // Any other error would come again: a hold that is over is over.
        if (!(error instanceof StoreError) || error.code === 'CLOSED') break;
        await new Promise((resolve) => setTimeout(resolve, FINISH_EVERY_MS).unref());
      }
    }
    this.#length -= 1;
  }
}
