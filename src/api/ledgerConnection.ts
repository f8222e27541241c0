/** Pages of a ledger as a Relay connection, the newest entry first. A cursor is an entry's `seq`. */
import { GraphQLError } from 'graphql';
import type { AccountId } from '../domain/ids.js';
import type { LedgerEntry } from '../domain/ledger.js';
import type { Store } from '../store/store.js';

export interface LedgerPageSource {
  readonly entries: readonly LedgerEntry[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

const FIRST_DEFAULT = 20;
const FIRST_MAX = 100;

interface PageArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
}

export const cursorOf = (entry: LedgerEntry): string => Buffer.from(`seq:${entry.seq}`).toString('base64url');

/** Reads one entry more than asked for, which tells whether there are more. */
export const findLedgerPage = async (
  store: Store,
  accountId: AccountId | null,
  { first, after }: PageArguments,
): Promise<LedgerPageSource> => {
  const size = first ?? FIRST_DEFAULT;
  if (size < 0 || size > FIRST_MAX) throw badInput('first', `must be a whole number from 0 to ${FIRST_MAX}.`);
  const before = after == null ? null : seqOf(after);
  if (accountId === null) return { entries: [], hasNextPage: false, hasPreviousPage: false };
  const entries = await store.findLedgerPage(accountId, { first: size + 1, before });
  return { entries: entries.slice(0, size), hasNextPage: entries.length > size, hasPreviousPage: before !== null };
};

const seqOf = (cursor: string): number => {
  const seq = /^seq:([1-9][0-9]{0,15})$/.exec(Buffer.from(cursor, 'base64url').toString())?.[1];
  if (seq === undefined) throw badInput('after', 'is no cursor of this list: take one from an earlier answer.');
  return Number(seq);
};

const badInput = (argument: string, fault: string): GraphQLError =>
  new GraphQLError(`The argument "${argument}" ${fault}`, { extensions: { code: 'BAD_USER_INPUT', argument } });
