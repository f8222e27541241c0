/** What a failure of MongoDB means to those who use the store: from the driver's errors to `StoreError`. */
import {
  MongoBulkWriteError,
  MongoClientClosedError,
  MongoError,
  MongoNetworkError,
  MongoNotConnectedError,
  MongoParseError,
  MongoServerClosedError,
  MongoServerError,
  MongoServerSelectionError,
  MongoTopologyClosedError,
  MongoWriteConcernError,
} from 'mongodb';
import type { WriteError } from 'mongodb';
import { StoreError } from '../storeError.js';

const DUPLICATE_KEY = 11000;

/** Server codes that pass by themselves: "Retryable Reads" and "Retryable Writes" specifications, and time limits. */
const PASSING_CODES: ReadonlySet<number | string | undefined> = new Set([
  6, 7, 50, 89, 91, 112, 134, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436,
]);
const PASSING_LABELS = ['RetryableWriteError', 'RetryableReadError', 'TransientTransactionError'] as const;
const CONNECTION_ERRORS = [
  MongoNetworkError,
  MongoServerSelectionError,
  MongoNotConnectedError,
  MongoServerClosedError,
  MongoTopologyClosedError,
  MongoClientClosedError,
] as const;

export const storeErrorOf = (error: unknown): StoreError => {
  if (error instanceof StoreError) return error;
  const options = { cause: error };
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof MongoError && error.name === 'MongoWaitQueueTimeoutError') {
    return new StoreError('OVERLOADED', `All connections to MongoDB are in use: ${message}.`, options);
  }
  if (error instanceof MongoParseError) {
    return new StoreError('FAILED', `DATABASE_URL is no connection string that MongoDB takes: ${message}.`, options);
  }
  return isOutcomeUnknown(error)
    ? new StoreError('UNREACHABLE', `MongoDB did not answer, or could not: ${message}.`, options)
    : new StoreError('FAILED', `MongoDB can’t do this: ${message}.`, options);
};

/**
 * Whether a write that failed with this error may have been applied, now or a moment later, and whether trying again
 * makes sense. The driver wraps what a bulk write ran into as a `MongoBulkWriteError`, without a code where no server
 * has spoken.
 */
export const isOutcomeUnknown = (error: unknown): boolean => {
  // A name that can't be looked up is an error of Node's, not of the driver.
  if (!(error instanceof MongoError)) return error instanceof Error && 'syscall' in error;
  if (CONNECTION_ERRORS.some((each) => error instanceof each) || error instanceof MongoWriteConcernError) return true;
  if (PASSING_LABELS.some((label) => error.hasErrorLabel(label))) return true;
  if (error instanceof MongoBulkWriteError) {
    if (error.code === undefined || error.result.getWriteConcernError() !== undefined) return true;
  }
  return error instanceof MongoServerError && PASSING_CODES.has(error.code);
};

export interface Duplicates {
  /** The places in the batch of those whose key exists already. */
  readonly indexes: readonly number[];
  /** How many of the others were inserted or matched. */
  readonly appliedCount: number;
}

/** What a bulk write came to whose only fault is keys that exist already; `null` for any other error. */
export const duplicatesOf = (error: unknown): Duplicates | null => {
  if (!(error instanceof MongoBulkWriteError) || isOutcomeUnknown(error)) return null;
  const faults: readonly WriteError[] = [error.writeErrors].flat();
  if (faults.length === 0 || faults.some((fault) => fault.code !== DUPLICATE_KEY)) return null;
  return {
    indexes: faults.map((fault) => fault.index),
    appliedCount: error.insertedCount + error.matchedCount,
  };
};
