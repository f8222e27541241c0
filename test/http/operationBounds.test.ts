/** Operations under way are bounded over every transport, and nobody waits for another one's flood. */
import { makeExecutableSchema } from '@graphql-tools/schema';
import { createClient as createStream } from 'graphql-sse';
import { createClient as createSocket } from 'graphql-ws';
import type { Client } from 'graphql-ws';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import WebSocket from 'ws';
import { directiveTypeDefs } from '../../src/api/readTypeDefs.js';
import type { PaywallContext } from '../../src/paywall/callerContext.js';
import { EDGE_DEFAULTS } from '../../src/server/connectionOptions.js';
import { startServer } from '../support/server.js';
import type { TestServer } from '../support/server.js';

const LONG_MS = 60_000;
/** However busy the machine is. */
const PATIENT = { timeout: 20_000 };

/** Operations that run now, by account, and the most that there ever were at once. */
let running: Map<string, number>;
let most: number;
let goOn: () => void;
let going: Promise<void>;
let opened: number;

const work = async (_root: unknown, _args: unknown, context: PaywallContext): Promise<string> => {
  const who = context.tollgate.caller.accountId ?? 'nobody';
  running.set(who, (running.get(who) ?? 0) + 1);
  most = Math.max(most, inAll());
  await going;
  running.set(who, (running.get(who) ?? 0) - 1);
  return 'done';
};
const inAll = (): number => [...running.values()].reduce((sum, count) => sum + count, 0);

const schema = makeExecutableSchema({
  typeDefs: [
    directiveTypeDefs(),
    'type Query { work: String paid: Int @requiresPayment(cost: 1) } type Subscription { never: Int }',
  ],
  resolvers: {
    Query: { work },
    Subscription: {
      never: {
        subscribe: () => {
          opened += 1;
          return { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined), return: closed }) };
        },
      },
    },
  },
});
const closed = async () => {
  opened -= 1;
  return { done: true as const, value: undefined };
};

let server: TestServer;
let clients: Client[] = [];
beforeEach(() => {
  [running, most, opened] = [new Map(), 0, 0];
  going = new Promise((resolve) => (goOn = resolve));
});
afterEach(async () => {
  goOn();
  for (const client of clients) await client.dispose();
  clients = [];
  await server.close();
});

const start = async (limits: Partial<typeof EDGE_DEFAULTS.operations>): Promise<{ alice: string; bob: string }> => {
  const operations = { ...EDGE_DEFAULTS.operations, waitMs: LONG_MS, ...limits };
  server = await startServer({ schema, edge: { operations } });
  return { alice: await server.accountWithKey('alice', 5), bob: await server.accountWithKey('bob', 5) };
};

const socketOf = (key: string): Client => {
  const client = createSocket({
    url: `${server.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${key}` },
  });
  clients.push(client);
  return client;
};

type Ask = (query: string) => Promise<unknown>;

const overSocket =
  (client: Client): Ask =>
  (query) =>
    new Promise((resolve) => {
      const answers: unknown[] = [];
      client.subscribe(
        { query },
        {
          next: (next) => answers.push(next),
          error: (errors) => resolve({ errors }),
          complete: () => resolve(answers[0]),
        },
      );
    });

const overStream =
  (key: string): Ask =>
  (query) =>
    new Promise((resolve, reject) => {
      const client = createStream({ url: `${server.url}/graphql/stream`, headers: { authorization: `Bearer ${key}` } });
      const answers: unknown[] = [];
      client.subscribe(
        { query },
        { next: (next) => answers.push(next), error: reject, complete: () => resolve(answers[0]) },
      );
    });

const overHttp =
  (key: string): Ask =>
  async (query) =>
    (await server.query(key, query)).body;

const under = (count: number): Promise<void> => vi.waitFor(() => expect(inAll()).toBe(count), PATIENT);
const TOO_MANY = { errors: [{ extensions: { code: 'RATE_LIMITED', remedy: 'SLOW_DOWN', retryable: true } }] };
const BUSY = { errors: [{ extensions: { code: 'SERVICE_UNAVAILABLE', remedy: 'RETRY_LATER', retryable: true } }] };

describe('one WebSocket', () => {
  it('runs so many operations at once, and another account is answered meanwhile', async () => {
    const { alice, bob } = await start({ perConnection: 7, perAccount: 100 });
    const ask = overSocket(socketOf(alice));
    const answers = Array.from({ length: 900 }, () => ask('{ work }'));
    await under(7);
    expect(await overHttp(bob)('{ __typename }')).toEqual({ data: { __typename: 'Query' } });
    expect([most, inAll()]).toEqual([7, 7]);
    goOn();
    for (const answer of await Promise.all(answers)) expect(answer).toEqual({ data: { work: 'done' } });
    expect(most).toBe(7);
  });

  it('is told that it has too many where its operations don’t end, and goes on afterwards', async () => {
    const { alice } = await start({ perConnection: 2, waitMs: 1 });
    const ask = overSocket(socketOf(alice));
    const first = [ask('{ work }'), ask('{ work }')];
    await under(2);
    for (let nth = 0; nth < 5; nth += 1) expect(await ask('{ work }')).toMatchObject(TOO_MANY);
    goOn();
    expect(await Promise.all(first)).toEqual([{ data: { work: 'done' } }, { data: { work: 'done' } }]);
    expect(await ask('{ work }')).toEqual({ data: { work: 'done' } });
  });

  it('has so many subscriptions open, and may open another when one is over', async () => {
    const { alice } = await start({ perConnection: 3 });
    const client = socketOf(alice);
    const leave = Array.from({ length: 3 }, () =>
      client.subscribe({ query: 'subscription { never }' }, { next: () => 0, error: () => 0, complete: () => 0 }),
    );
    await vi.waitFor(() => expect(opened).toBe(3), PATIENT);
    expect(await overSocket(client)('subscription { never }')).toMatchObject(TOO_MANY);
    leave[0]?.();
    await vi.waitFor(() => expect(opened).toBe(2), PATIENT);
    client.subscribe({ query: 'subscription { never }' }, { next: () => 0, error: () => 0, complete: () => 0 });
    await vi.waitFor(() => expect(opened).toBe(3), PATIENT);
  });
});

describe('one account', () => {
  it('has so many operations under way over all transports and connections together', async () => {
    const { alice, bob } = await start({ perAccount: 6 });
    const ways = [overHttp(alice), overStream(alice), overSocket(socketOf(alice)), overSocket(socketOf(alice))];
    const answers = ways.flatMap((ask) => Array.from({ length: 5 }, () => ask('{ work }')));
    await under(6);
    const others = [overHttp(bob), overStream(bob), overSocket(socketOf(bob))].map((ask) => ask('{ work }'));
    await vi.waitFor(() => expect(running.get('bob')).toBe(3), PATIENT);
    expect(running.get('alice')).toBe(6);
    goOn();
    for (const answer of await Promise.all([...answers, ...others])) expect(answer).toEqual({ data: { work: 'done' } });
    expect(most).toBe(9);
  });

  it.each([
    ['HTTP', overHttp],
    ['server-sent events', overStream],
    ['WebSocket', (key: string) => overSocket(socketOf(key))],
  ])('is told over %s that it has too many, and pays for nothing', async (_name, over) => {
    const { alice } = await start({ perAccount: 1, waitMs: 1 });
    const first = overHttp(alice)('{ work }');
    await under(1);
    expect(await over(alice)('{ paid }')).toMatchObject(TOO_MANY);
    goOn();
    await first;
    expect(await server.books('alice')).toMatchObject({ available: 5, held: 0 });
  });

  it('gets 429 and how long to wait over HTTP', async () => {
    const { alice } = await start({ perAccount: 1, waitMs: 1 });
    const first = overHttp(alice)('{ work }');
    await under(1);
    const { status, headers } = await server.query(alice, '{ work }');
    expect([status, headers]).toEqual([
      429,
      {
        'cache-control': 'no-store',
        'content-type': 'application/graphql-response+json; charset=utf-8',
        'retry-after': '2',
      },
    ]);
    goOn();
    await first;
  });
});

describe('the server', () => {
  it('gets 503 out where it has all the operations that it takes, whoever asks', async () => {
    const { alice, bob } = await start({ inAll: 2, waitMs: 1 });
    const first = [overHttp(alice)('{ work }'), overHttp(alice)('{ work }')];
    await under(2);
    const { status, headers, body } = await server.query(bob, '{ work }');
    expect([status, headers['retry-after']]).toEqual([503, '2']);
    expect(body).toMatchObject(BUSY);
    expect(await overSocket(socketOf(bob))('{ work }')).toMatchObject(BUSY);
    goOn();
    await Promise.all(first);
    expect((await server.query(bob, '{ work }')).status).toBe(200);
  });

  it('takes aborted requests for under way as long as their operations run', async () => {
    const { alice } = await start({ perAccount: 2, waitMs: 1 });
    for (let nth = 1; nth <= 2; nth += 1) {
      const leaving = new AbortController();
      const left = fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${alice}` },
        body: JSON.stringify({ query: '{ work }' }),
        signal: leaving.signal,
      }).catch(() => null);
      await under(nth);
      leaving.abort();
      await left;
    }
    expect((await server.query(alice, '{ work }')).status).toBe(429);
  });
});
