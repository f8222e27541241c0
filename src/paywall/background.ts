/** What an operation leaves to be done after its answer was sent: tried until it is done, or is no longer worth it. */
import { StoreError } from '../store/storeError.js';
import type { Engine } from './engine.js';

const FINISH_WITHIN_MS = 10 * 60_000;
const FINISH_EVERY_MS = 1_000;

export const untilDone = async ({ settings }: Engine, work: () => Promise<void>): Promise<void> => {
  const until = settings.now() + FINISH_WITHIN_MS;
  while (settings.now() < until) {
    try {
      await work();
      return;
    } catch (error) {
      settings.onFailure(error);
      // Any other error would come again: a hold that is over is over.
      if (!(error instanceof StoreError) || error.code === 'CLOSED') return;
      await new Promise((resolve) => setTimeout(resolve, FINISH_EVERY_MS).unref());
    }
  }
};
