/** How a SQLite file is used: what is acknowledged is on the disk, and reads don't wait for a write. */
import type { SqliteOptions } from './sqliteDriver.js';

const BUSY_TIMEOUT_MS = 2_000;
const CACHE_KIB = 32_768;
/** Four times SQLite's own: pages that change often are then copied from the log to the file less often. */
const WAL_PAGES_MAX = 4_000;

/** Before anything else: how long the file is waited for. */
export const patience = ({ busyTimeoutMs = BUSY_TIMEOUT_MS }: SqliteOptions): string =>
  `PRAGMA busy_timeout = ${Math.trunc(busyTimeoutMs)}`;

export const pragmas = ({ pagesMax }: SqliteOptions): string => `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA wal_autocheckpoint = ${WAL_PAGES_MAX};
  PRAGMA cache_size = -${CACHE_KIB};
  ${pagesMax === undefined ? '' : `PRAGMA max_page_count = ${Math.trunc(pagesMax)};`}
`;
