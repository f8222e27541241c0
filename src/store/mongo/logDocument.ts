/** What logs that begin with their newest entry have in common: places in them, and entries as JSON text. */
import type { Filter } from 'mongodb';
import type { LogCursor } from '../../domain/logCursor.js';
import { StoreError } from '../storeError.js';

export interface LogDocument {
  readonly _id: string;
  readonly at: number;
  /** The whole entry as JSON: what it repeats comes from outside, and is not to be taken for paths or operators. */
  readonly entry: string;
}

/**
 * What follows a place, or comes before it. The first condition alone would do for the index; the second leaves out those of
 * the same instant.
 */
export const beyond = <Document extends LogDocument>(
  after: LogCursor | null,
  isBackward: boolean,
): Filter<Document> => {
  if (after === null) return {};
  const { at, id } = after;
  const conditions: Filter<LogDocument> = isBackward
    ? { at: { $gte: at }, $or: [{ at: { $gt: at } }, { _id: { $gt: id } }] }
    : { at: { $lte: at }, $or: [{ at: { $lt: at } }, { _id: { $lt: id } }] };
  return conditions as Filter<Document>;
};

export const parseEntry = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new StoreError('CORRUPT', 'A stored log entry is not JSON: it was changed by hand.', { cause });
  }
};
