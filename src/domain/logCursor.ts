import type { Instant } from './period.js';

/** Where an entry stands in a log that begins with its newest entry: entries of one instant have the order of their ids. */
export interface LogCursor {
  readonly at: Instant;
  readonly id: string;
}
