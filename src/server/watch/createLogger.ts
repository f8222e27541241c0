/**
 * The log: JSON lines on standard error. What is logged is named field by field, so that no secret gets there because
 * nobody thought of it: of an error its name, code, message and stack, and those of its causes. Never the properties
 * that drivers and clients put on their errors, which may be a whole request.
 */
import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';

const STANDARD_ERROR = 2;
/** Of a log that nobody reads, lines are dropped rather than all memory taken. */
const WAITING_BYTES_MAX = 2 ** 26;
/** A write costs more than a line: so many bytes share one, or all that came within so many milliseconds. */
const WRITE_BYTES = 2 ** 13;
const WRITE_EVERY_MS = 100;
const CAUSES_MAX = 5;

interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly code?: unknown;
  readonly stack?: string | undefined;
  readonly cause?: LoggedError | string;
}

const loggedError = (error: unknown, causesLeft = CAUSES_MAX): LoggedError | string => {
  if (!(error instanceof Error))
    return typeof error === 'string' ? error : `It was no error that was thrown, but a value of type ${typeof error}.`;
  const { name, message, stack, cause } = error;
  return {
    type: name,
    message,
    ...('code' in error ? { code: error.code } : {}),
    stack,
    ...(cause === undefined || causesLeft === 0 ? {} : { cause: loggedError(cause, causesLeft - 1) }),
  };
};

/**
 * Lines are written in the background, many at once, so that no request waits for its own. At the end of the process all
 * of them are written.
 */
export const logTo = (destination: number | string): DestinationStream =>
  pino.destination({
    dest: destination,
    sync: false,
    maxLength: WAITING_BYTES_MAX,
    minLength: WRITE_BYTES,
    periodicFlush: WRITE_EVERY_MS,
  });

export const createLogger = (level: string, destination = logTo(STANDARD_ERROR)): Logger =>
  pino({ level, serializers: { err: (error: unknown) => loggedError(error) } }, destination);
