/** A log that a test reads: the real logger, into memory. */
import type { Logger } from 'pino';
import { createLogger } from '../../../src/server/watch/createLogger.js';
import type { Ended } from '../../../src/server/watch/ended.js';

export interface LogLines {
  readonly logger: Logger;
  /** Everything that was logged, as it was written. */
  readonly text: () => string;
  /** The lines with this message. */
  readonly lines: (msg: string) => readonly Partial<Ended>[];
}

export const ANSWERED = 'An operation was answered';
export const SETTLED_LATER = 'An operation was settled after its answer';

export const logLines = (level = 'info'): LogLines => {
  let text = '';
  const logger = createLogger(level, {
    write: (line) => {
      text += line;
    },
  });
  const parsed = () =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Partial<Ended> & { readonly msg: string });
  return { logger, text: () => text, lines: (msg) => parsed().filter((line) => line.msg === msg) };
};
