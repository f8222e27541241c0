/** Paid subscriptions over WebSocket and server-sent events, on the running server with real clients. */
import { makeExecutableSchema } from '@graphql-tools/schema';
import { GraphQLError } from 'graphql';
import { createClient as createStream, NetworkError } from 'graphql-sse';
import { createClient as createSocket } from 'graphql-ws';
import { afterEach, describe, expect, it, vi } from 'vitest';
import WebSocket from 'ws';
import { directiveTypeDefs } from '../../src/api/readTypeDefs.js';
import { streamedIn } from '../support/bodies.js';
import { sqliteDatabase, startServer } from '../support/server.js';
import type { TestServer } from '../support/server.js';

const typeDefs = /* GraphQL */ `
  type Query {
    hello: String
    plain: String
    paid: String @requiresPayment(cost: 2)
  }
  type Mutation {
    order: Int @requiresPayment(cost: 3)
  }
  type Subscription {
    ticks(count: Int!): Tick @requiresPayment(cost: 1)
    faults: String
    breaks: String
  }
  type Tick {
    at: Int!
    detail: String @requiresPayment(cost: 5)
  }
`;

let paid = (): string | Promise<string> => 'paid';
let detail = (at: number): string | Promise<string> => `detail ${at}`;
let orders = 0;
let started = 0;
let returned = 0;

const ticks = (_root: unknown, { count }: { count: number }): AsyncIterableIterator<unknown> => {
  started += 1;
  let at = 0;
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    // A negative count: no event ever comes.
    next: async () => {
      if (count < 0) return new Promise(() => undefined);
      return at === count ? { done: true, value: undefined } : { done: false, value: { ticks: { at: at++ } } };
    },
    return: async () => {
      returned += 1;
      return { done: true, value: undefined };
    },
  };
};

async function* faults() {
  yield await Promise.resolve({ faults: 'never seen' });
}

async function* breaks() {
  yield await Promise.resolve({ breaks: 'once' });
  throw new Error('A secret of the source');
}

const schema = () =>
  makeExecutableSchema({
    typeDefs: [directiveTypeDefs(), typeDefs],
    resolvers: {
      Query: {
        hello: () => 'hello',
        paid: () => paid(),
        plain: () => {
          throw new GraphQLError('An error without a code.');
        },
      },
      Mutation: { order: () => (orders += 1) },
      Tick: { detail: ({ at }: { at: number }) => detail(at) },
      Subscription: {
        ticks: { subscribe: ticks },
        breaks: { subscribe: breaks },
        faults: {
          subscribe: faults,
          resolve: () => {
            throw new Error('A secret of the server');
          },
        },
      },
    },
  });

/** `results`: where they are seen before it ends. */
type Collect = (
  server: TestServer,
  key: string | null,
  query: string,
  results?: unknown[],
  more?: Readonly<Record<string, unknown>>,
) => Promise<readonly unknown[]>;

const overWebSocket: Collect = async (server, key, query, results = [], more = {}) => {
  const client = createSocket({
    url: `${server.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    ...(key === null ? {} : { connectionParams: { authorization: `Bearer ${key}` } }),
  });
  await new Promise<void>((resolve) => {
    client.subscribe(
      { query, ...more },
      {
        next: (result) => results.push(result),
        error: (errors) => {
          results.push({ errors });
          resolve();
        },
        complete: resolve,
      },
    );
  });
  await client.dispose();
  return results;
};

const overEventStream: Collect = async (server, key, query, results = [], more = {}) => {
  const client = createStream({
    url: `${server.url}/graphql/stream`,
    retryAttempts: 0,
    ...(key === null ? {} : { headers: { authorization: `Bearer ${key}` } }),
  });
  await new Promise<void>((resolve, reject) => {
    const refused = async (error: unknown): Promise<void> => {
      if (!(error instanceof NetworkError) || !(error.response instanceof Response)) throw error;
      results.push(await error.response.json());
    };
    const error = (failure: unknown) => void refused(failure).then(resolve, reject);
    client.subscribe({ query, ...more }, { next: (result) => results.push(result), error, complete: resolve });
  });
  client.dispose();
  return results;
};

const WAITING = 'subscription { ticks(count: -1) { at } }';

/** Resolves with what ends it, and does not wait for events. */
type Listen = (server: TestServer, key: string, query: string) => Promise<() => void>;

const NOTHING = { next: () => undefined, error: () => undefined, complete: () => undefined };

const listenOverWebSocket: Listen = async (server, key, query) => {
  const client = createSocket({
    url: `${server.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${key}` },
  });
  client.subscribe({ query }, NOTHING);
  return () => void client.dispose();
};

const listenOverEventStream: Listen = async (server, key, query) => {
  const url = `${server.url}/graphql/stream`;
  const client = createStream({ url, headers: { authorization: `Bearer ${key}` } });
  client.subscribe({ query }, NOTHING);
  return () => {
    client.dispose();
  };
};

const codesIn = (answer: unknown): readonly unknown[] => {
  const { errors } = answer as { readonly errors?: readonly { readonly extensions?: { readonly code?: string } }[] };
  return (errors ?? []).map(({ extensions }) => extensions?.code ?? 'NONE');
};

const refusal = (reason: string) => ({ errors: [{ extensions: { reason } }] });
const tick = (at: number, balance: number) => ({
  data: { ticks: { at } },
  extensions: { payment: { charged: 1, balance } },
});

describe.each([
  ['WebSocket', overWebSocket],
  ['server-sent events', overEventStream],
])('over %s', (_name, collect) => {
  let server: TestServer;
  const start = async (credits: number): Promise<string> => {
    [started, returned, orders] = [0, 0, 0];
    server = await startServer({ schema: schema() });
    return server.accountWithKey('listener', credits);
  };
  afterEach(() => server.close());

  it('each event that is delivered is charged', async () => {
    const key = await start(10);
    const events = await collect(server, key, 'subscription { ticks(count: 3) { at } }');
    expect(events).toMatchObject([tick(0, 9), tick(1, 8), tick(2, 7)]);
    expect(events).toHaveLength(3);
    expect(await server.books('listener')).toMatchObject({ available: 7, held: 0, sum: 7 });
  });

  it('the refusal is the last event when the means run out, and the source is returned', async () => {
    const key = await start(2);
    const events = await collect(server, key, 'subscription { ticks(count: 100) { at } }');
    expect(events).toMatchObject([tick(0, 1), tick(1, 0), refusal('INSUFFICIENT_FUNDS')]);
    expect(events).toHaveLength(3);
    expect(events[2]).not.toHaveProperty('data');
    expect(returned).toBe(1);
    expect(await server.books('listener')).toMatchObject({ available: 0, held: 0, sum: 0 });
  });

  it('who leaves ends the source at once, and pays for nothing that comes later', async () => {
    const key = await start(10);
    const leave = await (_name === 'WebSocket' ? listenOverWebSocket : listenOverEventStream)(server, key, WAITING);
    await vi.waitFor(() => expect(started).toBe(1));
    leave();
    await vi.waitFor(() => expect(returned).toBe(1));
    expect(await server.books('listener')).toMatchObject({ available: 10, held: 0, entries: [{ kind: 'GRANT' }] });
  });

  it('what is refused never starts its source', async () => {
    const key = await start(0);
    expect(await collect(server, key, 'subscription { ticks(count: 3) { at } }')).toMatchObject([
      refusal('INSUFFICIENT_FUNDS'),
    ]);
    expect(await collect(server, null, 'subscription { ticks(count: 3) { at } }')).toMatchObject([
      refusal('KEY_REQUIRED'),
    ]);
    expect(await collect(server, 'nonsense', 'subscription { faults }')).toMatchObject([refusal('KEY_UNKNOWN')]);
    expect(started).toBe(0);
  });

  it('a field of an event that the means don’t suffice for is null, and the events go on', async () => {
    const key = await start(7);
    const events = await collect(server, key, 'subscription { ticks(count: 2) { at detail } }');
    expect(events).toMatchObject([
      { data: { ticks: { at: 0, detail: 'detail 0' } }, extensions: { payment: { charged: 6, balance: 1 } } },
      { data: { ticks: { at: 1, detail: null } }, errors: [{ path: ['ticks', 'detail'] }] },
    ]);
    expect(await server.books('listener')).toMatchObject({ available: 0, held: 0 });
  });

  it('queries are paid as over HTTP', async () => {
    const key = await start(3);
    expect(await collect(server, key, '{ hello paid }')).toMatchObject([
      { data: { hello: 'hello', paid: 'paid' }, extensions: { payment: { charged: 2, balance: 1 } } },
    ]);
    expect(await collect(server, key, '{ hello paid }')).toMatchObject([{ data: { hello: 'hello', paid: null } }]);
    expect(await collect(server, key, '{ paid }')).toMatchObject([refusal('INSUFFICIENT_FUNDS')]);
  });

  it('a mutation that is sent again with its key is carried out and charged once', async () => {
    const key = await start(10);
    const keyed = { extensions: { idempotencyKey: 'one order' } };
    const once = { data: { order: 1 }, extensions: { payment: { charged: 3, balance: 7 } } };
    for (let time = 0; time < 2; time++) {
      expect(await collect(server, key, 'mutation { order }', [], keyed)).toMatchObject([once]);
    }
    expect(await server.query(key, 'mutation { order }', {}, { 'idempotency-key': '"one order"' })).toMatchObject({
      status: 200,
      body: once,
    });
    expect(orders).toBe(1);
    expect(await server.books('listener')).toMatchObject({ available: 7, held: 0, sum: 7 });
    const another = { extensions: { idempotencyKey: 'another order' } };
    expect(await collect(server, key, 'mutation { order }', [], another)).toMatchObject([{ data: { order: 2 } }]);
  });

  it('a key that can’t be used, or comes with a subscription, is refused before anything runs', async () => {
    const key = await start(10);
    for (const [query, idempotencyKey] of [
      ['mutation { order }', 7],
      ['subscription { ticks(count: 1) { at } }', 'once'],
    ] as const) {
      const extensions = { idempotencyKey };
      expect(await collect(server, key, query, [], { extensions })).toMatchObject([
        { errors: [{ extensions: { code: 'BAD_USER_INPUT', argument: 'idempotencyKey' } }] },
      ]);
    }
    expect([orders, started]).toEqual([0, 0]);
  });

  it('a source that fails ends with an error, of which clients see no more than they should', async () => {
    const key = await start(1);
    expect(await collect(server, key, 'subscription { breaks }')).toEqual([
      { data: { breaks: 'once' } },
      {
        errors: [{ message: 'Something went wrong on the server.', extensions: { code: 'INTERNAL_SERVER_ERROR' } }],
      },
    ]);
  });

  it.each([
    ['not parsed', '{', 'Syntax Error: Expected Name, found <EOF>.'],
    ['not valid', '{ nonsense }', 'Cannot query field "nonsense" on type "Query".'],
    ['without an operation', 'fragment f on Query { hello }', 'Fragment "f" is never used.'],
  ])('what is wrong with a document is told where results are: %s', async (_what, document, message) => {
    const key = await start(0);
    expect(await collect(server, key, document)).toMatchObject([{ errors: [{ message }] }]);
  });

  it('what is wrong with an operation has the code that it has over HTTP', async () => {
    const key = await start(10);
    const wrong: readonly (readonly [string, Readonly<Record<string, unknown>>?])[] = [
      ['{ hello'],
      ['{ nothing }'],
      ['query A { hello } query B { hello }'],
      ['query ($n: Int!) { hello @skip(if: $n) }', { variables: { n: 1 } }],
      ['query ($if: Boolean!) { hello @skip(if: $if) }', { variables: { if: 'yes' } }],
      ['{ plain }'],
      ['subscription ($v: Boolean!) { ticks(count: 1) @skip(if: $v) { at } }', { variables: { v: false } }],
      [
        'subscription ($v: Boolean = true) { ...T } fragment T on Subscription { ticks(count: 1) { at } ticks(count: 1) @include(if: $v) { at } }',
      ],
    ];
    for (const [query, more = {}] of wrong) {
      const { status, body } = await server.request('/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
        body: JSON.stringify({ query, ...more }),
      });
      expect([query, codesIn(body)]).toEqual([query, [expect.stringMatching(/^[A-Z_]+$/)]]);
      expect([query, status < 500]).toEqual([query, true]);
      const [answer] = await collect(server, key, query, [], more);
      // Over WebSocket an operation that is none is answered with the errors alone.
      expect([query, codesIn(answer)]).toEqual([query, codesIn(body)]);
    }
    expect(started).toBe(0);
  });

  it('what goes wrong inside stays inside', async () => {
    const key = await start(1);
    const events = await collect(server, key, 'subscription { faults }');
    expect(events).toMatchObject([{ errors: [{ message: 'Something went wrong on the server.' }] }]);
    expect(JSON.stringify(events)).not.toContain('secret');
  });
});

/** A resolver whose answer is awaited until it is delivered. `begun`: it has been called. */
const awaited = () => {
  let begin: () => void = () => undefined;
  let deliver: (text: string) => void = () => undefined;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const answer = new Promise<string>((resolve) => (deliver = resolve));
  const resolve = (): Promise<string> => {
    begin();
    return answer;
  };
  return { begun, deliver, resolve };
};

it('an operation over WebSocket that is under way when the server stops gets its answer', async () => {
  const server = await startServer({ schema: schema() });
  const key = await server.accountWithKey('last', 10);
  const { begun, deliver, resolve } = awaited();
  paid = resolve;
  const asked = overWebSocket(server, key, '{ paid }');
  await begun;
  const closed = server.close();
  deliver('at last');
  expect(await asked).toMatchObject([{ data: { paid: 'at last' }, extensions: { payment: { balance: 8 } } }]);
  await closed;
  paid = () => 'paid';
});

it.each([
  ['WebSocket', overWebSocket],
  ['server-sent events', overEventStream],
])(
  'an event over %s that is under way when the server stops is answered and settled, and none begins after it',
  async (_name, collect) => {
    const { store, drop } = await sqliteDatabase();
    const server = await startServer({
      schema: schema(),
      database: async () => ({ store, drop: () => Promise.resolve() }),
    });
    const key = await server.accountWithKey('last', 100);
    const { begun, deliver, resolve: resolveDetail } = awaited();
    detail = resolveDetail;
    try {
      const results: unknown[] = [];
      const ended = collect(server, key, 'subscription { ticks(count: 3) { at detail } }', results).catch(() => null);
      await begun;
      expect(await server.books('last')).toMatchObject({ holds: 1 });
      const closed = server.close();
      // It says that it stops, and what it has begun is still under way.
      const isReady = () =>
        fetch(`${server.url}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        );
      await expect.poll(isReady, { timeout: 10_000 }).toBe(false);
      expect(await server.books('last')).toMatchObject({ holds: 1 });
      deliver('at last');
      await Promise.all([closed, ended]);
      // After it the connection was closed, which clients tell in their own ways.
      expect(results.filter((each) => typeof each === 'object' && each !== null && 'data' in each)).toMatchObject([
        { data: { ticks: { at: 0, detail: 'at last' } }, extensions: { payment: { charged: 6, balance: 94 } } },
      ]);
      expect(await server.books('last')).toMatchObject({ available: 94, held: 0, holds: 0, sum: 94 });
    } finally {
      detail = (at) => `detail ${at}`;
      await drop();
    }
  },
);

it('the header’s Idempotency-Key is heeded over server-sent events', async () => {
  const server = await startServer({ schema: schema() });
  const key = await server.accountWithKey('sender', 10);
  orders = 0;
  const send = () =>
    server.request('/graphql/stream', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json;q=0.5, text/event-stream',
        authorization: `Bearer ${key}`,
        'idempotency-key': '"by header"',
      },
      body: JSON.stringify({ query: 'mutation { order }' }),
    });
  for (let time = 0; time < 2; time++) {
    const { status, body } = await send();
    expect({ status, events: streamedIn(body) }).toMatchObject({ status: 200, events: [{ data: { order: 1 } }] });
  }
  expect(await server.books('sender')).toMatchObject({ available: 7, held: 0, sum: 7 });
  await server.close();
});
