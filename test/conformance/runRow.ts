/** Runs a cell of the matrix, over HTTP and without a server, and gives all that can be observed of it. */
import { saveSubscription } from '../../src/admin/library.js';
import { accountId, planId, subscriptionId } from '../../src/domain/ids.js';
import type { LedgerEntry } from '../../src/domain/ledger.js';
import type { Subscription } from '../../src/domain/subscription.js';
import { openStore } from '../../src/store/openStore.js';
import { allowance, at, NOW, plan } from '../support/domain.js';
import { startServer } from '../support/server.js';
import type { TestServer } from '../support/server.js';
import type { Cell, Row, StoreCalls } from './row.js';

export interface Observed {
  readonly status: number | null;
  readonly body: unknown;
  readonly ledger: readonly string[];
  readonly held: number;
  readonly calls: StoreCalls;
  readonly ran: readonly string[];
}

export interface RunningRow {
  readonly overHttp: (cell: Cell) => Promise<Observed>;
  readonly byExecute: (cell: Cell) => Promise<Observed>;
  /** What it is quoted beforehand; an error as it is thrown. */
  readonly quote: (cell: Cell) => Promise<Observed>;
  readonly close: () => Promise<void>;
}

const memoryDatabase = async () => {
  const store = await openStore('sqlite::memory:');
  return { store, drop: () => store.close() };
};

/** A server with the row's schema, whose plan `all` covers the feature `f`. */
export const runRow = async (row: Row): Promise<RunningRow> => {
  const ran: string[] = [];
  const server = await startServer({
    schema: row.schema((what) => ran.push(what)),
    database: memoryDatabase,
    now: () => NOW,
    // They don't change, and what is counted must not depend on how long a row takes.
    planRefreshMs: 60_000,
    ...row.options,
  });
  await server.store.savePlans([plan({ id: planId('all'), name: 'All', features: [allowance('f')] })]);
  await server.paywall.engine.shelf.current();
  const ask = asking(server, row);
  let accounts = 0;

  const observe = async (cell: Cell, send: typeof ask.overHttp): Promise<Observed> => {
    const account = `account-${(accounts += 1)}`;
    const key = await openAccount(server, account, cell.has);
    const before = (await server.books(account)).entries.length;
    server.takeCalls();
    ran.length = 0;
    const answer = await send(key, cell);
    const { byVerb } = server.takeCalls();
    const books = await server.books(account);
    server.takeCalls();
    return {
      ...answer,
      ledger: books.entries.slice(before).map(entryInWords),
      held: books.held,
      calls: byVerb,
      ran: [...ran],
    };
  };
  return {
    overHttp: (cell) => observe(cell, ask.overHttp),
    byExecute: (cell) => observe(cell, ask.byExecute),
    quote: (cell) => observe(cell, ask.quote),
    close: server.close,
  };
};

/** An account that has what the cell says, and its key. */
const openAccount = async (server: TestServer, id: string, has: Cell['has']): Promise<string> => {
  if (has !== 'PLAN') return server.accountWithKey(id, has);
  const key = await server.accountWithKey(id, 0);
  await saveSubscription(server.paywall.engine, subscriptionOf(id));
  return key;
};

const subscriptionOf = (account: string): Subscription => ({
  id: subscriptionId(`subscription-of-${account}`),
  accountId: accountId(account),
  planId: planId('all'),
  planVersion: 1,
  startsAt: at('2025-01-01T00:00:00.000Z'),
  trialEndsAt: null,
  paidUntil: at('2025-02-01T00:00:00.000Z'),
  cancelsAt: null,
  paymentFailure: null,
  version: 0,
});

interface Asking {
  readonly overHttp: (key: string, cell: Cell) => Promise<Pick<Observed, 'status' | 'body'>>;
  readonly byExecute: (key: string, cell: Cell) => Promise<Pick<Observed, 'status' | 'body'>>;
  readonly quote: (key: string, cell: Cell) => Promise<Pick<Observed, 'status' | 'body'>>;
}

const asking = (server: TestServer, row: Row): Asking => ({
  overHttp: async (key, { operation = row.operation, variables }) => {
    const { status, body } = await server.query(key, operation, variables);
    return { status, body };
  },
  quote: async (key, { operation: document = row.operation, variables }) => {
    const caller = await server.paywall.identify(`Bearer ${key}`);
    const quoted = server.paywall.quote({ document, variables, caller });
    return { status: null, body: await quoted.catch((error: unknown) => error) };
  },
  byExecute: async (key, { operation = row.operation, variables }) => {
    const caller = await server.paywall.identify(`Bearer ${key}`);
    const result = await server.paywall.execute({
      document: operation,
      variableValues: variables,
      contextValue: { tollgate: { caller } },
    });
    // As JSON: what a client would get of it.
    return { status: null, body: JSON.parse(JSON.stringify(result)) };
  },
});

const entryInWords = ({ credits, coordinate, balanceAfter }: LedgerEntry): string =>
  `${credits} ${coordinate ?? ''} → ${balanceAfter}`;
