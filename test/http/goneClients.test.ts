/** Clients that are gone before what they asked for is settled: over every transport nothing is sent, nothing charged. */
import { request as httpRequest } from 'node:http';
import { makeExecutableSchema } from '@graphql-tools/schema';
import { createClient as createStream } from 'graphql-sse';
import { createClient as createSocket } from 'graphql-ws';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import WebSocket from 'ws';
import { directiveTypeDefs } from '../../src/api/readTypeDefs.js';
import type { PaywallContext } from '../../src/paywall/callerContext.js';
import { sqliteDatabase, startServer } from '../support/server.js';
import type { TestServer } from '../support/server.js';

/** The resolvers wait for the test, and say that they run. */
let began: Promise<void>;
let begin: () => void;
let goOn: () => void;
let going: Promise<void>;
let isGone: () => boolean;

const work = async (_root: unknown, _args: unknown, { tollgate }: PaywallContext): Promise<string> => {
  isGone = tollgate.isGone ?? (() => false);
  begin();
  await going;
  return 'done';
};

const schema = makeExecutableSchema({
  typeDefs: [
    directiveTypeDefs(),
    `type Query { report: String @requiresPayment(cost: 2) }
     type Mutation { order: String @requiresPayment(cost: 3) }`,
  ],
  resolvers: { Query: { report: work }, Mutation: { order: work } },
});

let server: TestServer;
beforeEach(async () => {
  began = new Promise((resolve) => (begin = resolve));
  going = new Promise((resolve) => (goOn = resolve));
  server = await startServer({ schema, database: sqliteDatabase });
});
afterEach(() => server.close());

/** What the account has once nothing of it is held any more. */
const settled = (account: string): Promise<number> =>
  vi.waitFor(async () => {
    const { held, available } = await server.books(account);
    if (held > 0) throw new Error('Something is held.');
    return available;
  });

/** Sends it over HTTP, and goes when it is under way. */
const leaveHttp = async (key: string, query: string, headers = {}): Promise<void> => {
  const sent = httpRequest(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, ...headers },
  });
  sent.on('error', () => undefined);
  sent.end(JSON.stringify({ query }));
  await began;
  sent.destroy();
  await noticed();
};

const noticed = (): Promise<void> =>
  vi.waitFor(() => {
    if (!isGone()) throw new Error('The server takes the client to be there.');
  });

describe('a query whose client is gone is not charged', () => {
  it('over HTTP', async () => {
    const key = await server.accountWithKey('gone', 10);
    await leaveHttp(key, '{ report }');
    goOn();
    expect(await settled('gone')).toBe(10);
  });

  it.each(['complete', 'cut'] as const)('over WebSocket (%s)', async (how) => {
    const key = await server.accountWithKey('gone', 10);
    const sockets: WebSocket[] = [];
    class Noted extends WebSocket {
      constructor(...args: ConstructorParameters<typeof WebSocket>) {
        super(...args);
        sockets.push(this);
      }
    }
    const client = createSocket({
      url: `${server.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: Noted,
      retryAttempts: 0,
      connectionParams: { authorization: `Bearer ${key}` },
    });
    const results: unknown[] = [];
    const sink = { next: (each: unknown) => results.push(each), error: () => undefined, complete: () => undefined };
    const complete = client.subscribe({ query: '{ report }' }, sink);
    await began;
    const [socket] = sockets;
    if (socket === undefined) throw new Error('There is no socket.');
    if (how === 'cut') socket.terminate();
    else complete();
    await noticed();
    goOn();
    expect(await settled('gone')).toBe(10);
    expect(results).toEqual([]);
    await client.dispose();
  });

  it('over server-sent events', async () => {
    const key = await server.accountWithKey('gone', 10);
    const client = createStream({
      url: `${server.url}/graphql/stream`,
      retryAttempts: 0,
      headers: { authorization: `Bearer ${key}` },
    });
    const leave = client.subscribe(
      { query: '{ report }' },
      { next: () => undefined, error: () => undefined, complete: () => undefined },
    );
    await began;
    leave();
    await noticed();
    goOn();
    expect(await settled('gone')).toBe(10);
  });
});

describe('charged all the same', () => {
  it('is a mutation, which has done its work', async () => {
    const key = await server.accountWithKey('gone', 10);
    await leaveHttp(key, 'mutation { order }');
    goOn();
    expect(await settled('gone')).toBe(7);
  });

  it('is a query with a key, whose answer can be fetched', async () => {
    const key = await server.accountWithKey('gone', 10);
    await leaveHttp(key, '{ report }', { 'idempotency-key': '"again"' });
    goOn();
    expect(await settled('gone')).toBe(8);
  });

  it('is a query whose client waits', async () => {
    const key = await server.accountWithKey('here', 10);
    goOn();
    expect(await server.query(key, '{ report }')).toMatchObject({ body: { data: { report: 'done' } } });
    expect(await settled('here')).toBe(8);
  });
});
