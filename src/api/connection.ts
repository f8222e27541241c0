/** Relay connections over lists in pages: from both ends, in memory for one page. */
import { GraphQLError } from 'graphql';
import type { LogCursor } from '../domain/logCursor.js';
import type { ListPage } from '../store/store.js';

export interface PageArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

export interface Connection<Node> {
  readonly edges: readonly { readonly cursor: string; readonly node: Node }[];
  readonly nodes: readonly Node[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

/** How the keys by which a list is ordered are written down. `read` gives `null` for what is no cursor. */
export interface Cursors<Node, Key> {
  readonly keyOf: (node: Node) => Key;
  readonly write: (key: Key) => string;
  readonly read: (cursor: string) => Key | null;
}

const badInput = (argument: string, fault: string): GraphQLError =>
  new GraphQLError(`The argument "${argument}" ${fault}`, { extensions: { code: 'BAD_USER_INPUT', argument } });

const COUNT_DEFAULT = 20;
const COUNT_MAX = 100;

export const encodeCursor = (text: string): string => Buffer.from(text).toString('base64url');
export const decodeCursor = (cursor: string): string => Buffer.from(cursor, 'base64url').toString();

/** Of a list that is ordered by ids. */
export const cursorsById = <Node, Id extends string>(
  keyOf: (node: Node) => Id,
  idOf: (text: string) => Id,
): Cursors<Node, Id> => ({
  keyOf,
  write: (id) => encodeCursor(`id:${id}`),
  read: (cursor) => {
    const text = decodeCursor(cursor);
    return text.startsWith('id:') ? idOf(text.slice('id:'.length)) : null;
  },
});

/** Of a log, which begins with its newest entry. */
export const cursorsByTime = <Node extends LogCursor>(): Cursors<Node, LogCursor> => ({
  keyOf: ({ at, id }) => ({ at, id }),
  write: ({ at, id }) => encodeCursor(`at:${at}:${id}`),
  read: (cursor) => {
    const [, at, id] = /^at:(\d{1,16}):(.+)$/s.exec(decodeCursor(cursor)) ?? [];
    return at === undefined || id === undefined ? null : { at: Number(at), id };
  },
});

/** Asks for one value more than it answers, which tells whether there are more. */
export const findConnection = async <Node, Key>(
  args: PageArguments,
  cursors: Cursors<Node, Key>,
  find: (page: ListPage<Key>) => Promise<readonly Node[]> | readonly Node[],
): Promise<Connection<Node>> => {
  const { count, after, isBackward } = pageOf(args, cursors);
  const found = await find({ count: count + 1, after, isBackward });
  const hasMore = found.length > count;
  const nodes = hasMore ? found.slice(isBackward ? 1 : 0, isBackward ? undefined : count) : found;
  const edges = nodes.map((node) => ({ cursor: cursors.write(cursors.keyOf(node)), node }));
  return {
    edges,
    nodes,
    pageInfo: {
      hasNextPage: isBackward ? after !== null : hasMore,
      hasPreviousPage: isBackward ? hasMore : after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
};

const pageOf = <Node, Key>(
  { first, after, last, before }: PageArguments,
  { read }: Cursors<Node, Key>,
): ListPage<Key> => {
  if (first != null && last != null) throw badInput('last', 'can’t be given together with "first".');
  const isBackward = last != null;
  if (isBackward && after != null) throw badInput('after', 'goes with "first", not with "last".');
  if (!isBackward && before != null) throw badInput('before', 'goes with "last".');
  return isBackward
    ? { count: countOf('last', last), after: keyIn('before', before ?? null, read), isBackward }
    : { count: countOf('first', first ?? COUNT_DEFAULT), after: keyIn('after', after ?? null, read), isBackward };
};

const countOf = (argument: string, count: number): number => {
  if (count < 0 || count > COUNT_MAX) throw badInput(argument, `must be a whole number from 0 to ${COUNT_MAX}.`);
  return count;
};

const keyIn = <Key>(argument: string, cursor: string | null, read: (cursor: string) => Key | null): Key | null => {
  if (cursor === null) return null;
  const key = read(cursor);
  if (key === null) throw badInput(argument, 'is no cursor of this list: take one from an earlier answer.');
  return key;
};

/** A page of a list that is in memory, which must have the order of its ids. */
export const pageOfList = <Node>(
  list: readonly Node[],
  idOf: (node: Node) => string,
  { count, after, isBackward }: ListPage,
): readonly Node[] => {
  const found = list.filter((node) => after === null || (isBackward ? idOf(node) < after : idOf(node) > after));
  return isBackward ? found.slice(Math.max(0, found.length - count)) : found.slice(0, count);
};
