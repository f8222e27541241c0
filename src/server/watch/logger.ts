/**
 * The log: JSON lines on standard error. What is logged is named field by field, so that no secret gets there because
 * nobody thought of it: of an error its name, code, message and stack, and those of its causes. Never the properties
 * that drivers and clients put on their errors, which may be a whole request.
 */
import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';

const STANDARD_ERROR = 2;
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
    return typeof error === 'object' ? 'No error was thrown, but an object.' : String(error);
  const { name, message, stack, cause } = error;
  return {
    type: name,
    message,
    ...('code' in error ? { code: error.code } : {}),
    stack,
    ...(cause === undefined || causesLeft === 0 ? {} : { cause: loggedError(cause, causesLeft - 1) }),
  };
};

export const createLogger = (
  level: string,
  destination: DestinationStream = pino.destination({ dest: STANDARD_ERROR, sync: true }),
): Logger => pino({ level, serializers: { err: (error: unknown) => loggedError(error) } }, destination);
