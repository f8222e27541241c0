/** What a failure of SQLite means to those who use the store: from result codes to `StoreError`. */
import { StoreError } from '../storeError.js';

/** Primary result codes, from SQLite's "Result and Error Codes". */
const BUSY = 5;
const LOCKED = 6;
const READ_ONLY = 8;
const CORRUPT = 11;
const FULL = 13;
const CANNOT_OPEN = 14;
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
    case READ_ONLY:
    case CANNOT_OPEN:
      return cannotWrite(error, path);
    case FULL:
      return new StoreError('FAILED', `The disk is full: the database ${path} can't grow. Make room.`, options);
    case CORRUPT:
    case NOT_A_DATABASE:
      return new StoreError(
        'CORRUPT',
        `The file ${path} is not a sound SQLite database. Restore it from a backup, or choose another path.`,
        options,
      );
    default:
      if (isOfFileSystem(error)) return cannotWrite(error, path);
      return new StoreError('FAILED', `The database ${path} can't be used: ${messageOf(error)}.`, options);
  }
};

const cannotWrite = (cause: unknown, path: string): StoreError =>
  new StoreError(
    'FAILED',
    `The database ${path} can't be opened for writing. Let this user write the file and its folder, or choose another path.`,
    { cause },
  );

/** Such as from making the file's folder. */
const isOfFileSystem = (error: unknown): boolean => error instanceof Error && 'syscall' in error;

/** Extended codes carry the primary one in their low byte. Node says `errcode`, libsql `rawCode`. */
const resultCodeOf = (error: unknown): number | null => {
  if (!(error instanceof Error)) return null;
  if ('errcode' in error && typeof error.errcode === 'number') return error.errcode & 0xff;
  if ('rawCode' in error && typeof error.rawCode === 'number') return error.rawCode & 0xff;
  // libsql gives a file that it can't open no code of its own.
  return error.message.startsWith('ConnectionFailed') ? CANNOT_OPEN : null;
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
