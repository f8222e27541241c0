/** A ledger as a Relay connection, the newest entry first. A cursor is an entry's `seq`: the same in both APIs. */
import type { Loaders } from '../accounts/loaders.js';
import type { AccountId } from '../domain/ids.js';
import type { LedgerEntry } from '../domain/ledger.js';
import { decodeCursor, encodeCursor, findConnection } from './connection.js';
import type { Connection, Cursors, PageArguments } from './connection.js';

const CURSORS: Cursors<LedgerEntry, number> = {
  keyOf: ({ seq }) => seq,
  write: (seq) => encodeCursor(`seq:${seq}`),
  read: (cursor) => {
    const seq = /^seq:([1-9][0-9]{0,15})$/.exec(decodeCursor(cursor))?.[1];
    return seq === undefined ? null : Number(seq);
  },
};

/** Without an account there are no entries, and arguments are checked all the same. */
export const findLedgerConnection = (
  { ledgerPages }: Pick<Loaders, 'ledgerPages'>,
  accountId: AccountId | null,
  args: PageArguments,
): Promise<Connection<LedgerEntry>> =>
  findConnection(args, CURSORS, ({ count, after, isBackward }) => {
    if (accountId === null) return [];
    const page = isBackward ? { before: null, after: after ?? 0 } : { before: after };
    return ledgerPages.load({ accountId, first: count, ...page });
  });
