/** What a failure of SQLite means to those who use the store: from result codes to `StoreError`. */
import { StoreError } from '../storeError.js';

/** Primary result codes, from SQLite's "Result and Error Codes". */
const BUSY = 5;
const LOCKED = 6;
const CORRUPT = 11;
const NOT_A_DATABASE = 26;

export const storeErrorOf = (error: unknown, path: string): StoreError => {
  if (error instanceof StoreError) return error;
  const options = { cause: error };
  switch (resultCodeOf(error)) {
    case BUSY:
    case LOCKED:
      return new StoreError(
        'UNREACHABLE',
        `The database ${path} is locked by another process. One Tollgate process uses a file at a time: stop the other one.`,
        options,
      );
    case CORRUPT:
    case NOT_A_DATABASE:
      return new StoreError(
        'CORRUPT',
        `The file ${path} is not a sound SQLite database. Restore it from a backup, or choose another path.`,
        options,
      );
    default:
      return new StoreError('FAILED', `The database ${path} can't be used: ${messageOf(error)}.`, options);
  }
};

/** Extended codes carry the primary one in their low byte. Node says `errcode`, libsql `rawCode`. */
const resultCodeOf = (error: unknown): number | null => {
  if (!(error instanceof Error)) return null;
  if ('errcode' in error && typeof error.errcode === 'number') return error.errcode & 0xff;
  return 'rawCode' in error && typeof error.rawCode === 'number' ? error.rawCode & 0xff : null;
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
