/** One line per operation, by which it can be found and understood, and in which nothing stands that is nobody's business. */
import { request as httpRequest } from 'node:http';
import { makeExecutableSchema } from '@graphql-tools/schema';
import { createClient as createStream } from 'graphql-sse';
import { createClient as createSocket } from 'graphql-ws';
import { describe, expect, it, vi } from 'vitest';
import WebSocket from 'ws';
import { directiveTypeDefs } from '../../../src/api/readTypeDefs.js';
import { Metrics } from '../../../src/server/watch/metrics.js';
import { partAt } from '../../support/bodies.js';
import { useServers } from '../../support/runningServers.js';
import type { TestServer } from '../../support/server.js';
import { workshop } from '../../support/workshop.js';
import { ANSWERED, logLines, SETTLED_LATER } from './logLines.js';
import type { LogLines } from './logLines.js';

const start = useServers();

const NEAREST = 'query Near { nearest(lat: 48.2, lon: 16.37, first: 2) { name } }';
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

const startLogged = async (
  options: Parameters<typeof start>[0] = {},
): Promise<TestServer & { readonly log: LogLines }> => {
  const log = logLines();
  return { ...(await start({ ...options, logger: log.logger })), log };
};

/** A line is written once its answer was sent, which the client may know a moment before. */
const answered = async (log: LogLines, count: number) => {
  await vi.waitFor(() => {
    expect(log.lines(ANSWERED)).toHaveLength(count);
  });
  return log.lines(ANSWERED);
};

const COMMON = { level: 30, time: expect.any(Number), pid: process.pid, hostname: expect.any(String), msg: ANSWERED };

const LINE = {
  ...COMMON,
  requestId: 'request-1',
  traceId: null,
  account: 'demo-payg',
  operation: 'Near',
  type: 'query',
  transport: 'http',
  status: 200,
  outcome: 'SERVED',
  reasons: [],
  charged: 2,
  held: 2,
  givenBack: 0,
  durationMs: expect.any(Number),
};

/** Everything that came, until the server said that there is no more. */
const allOf = async (results: AsyncIterable<unknown>): Promise<readonly unknown[]> => {
  const all: unknown[] = [];
  for await (const result of results) all.push(result);
  return all;
};

const ID = { 'x-request-id': 'request-1' };

describe('the log line of an operation over HTTP', () => {
  it('says who asked for what, what became of it, what it cost and how long it took', async () => {
    const { query, log } = await startLogged();
    await query('demo-payg', NEAREST, undefined, { ...ID, traceparent: `00-${TRACE}-00f067aa0ba902b7-01` });
    expect(await answered(log, 1)).toEqual([{ ...LINE, traceId: TRACE }]);
    // Nothing else is logged of a request that went well.
    expect(log.text().match(/request-1/g)).toHaveLength(1);
    expect(log.text().trim().split('\n').slice(1)).toHaveLength(1);
  });

  it.each([
    ['covered by a plan', 'demo-pro', NEAREST, { account: 'demo-pro', charged: 0, held: 0 }],
    [
      'free',
      null,
      'query Free { country(code: "AT") { name } }',
      { account: null, operation: 'Free', charged: 0, held: 0 },
    ],
    [
      'refused as a whole',
      'demo-free',
      NEAREST,
      { account: 'demo-free', status: 402, outcome: 'REFUSED', reasons: ['INSUFFICIENT_FUNDS'], charged: 0, held: 0 },
    ],
    [
      'refused in part',
      'demo-free',
      'query Near { country(code: "AT") { name } nearest(lat: 1, lon: 1, first: 2) { name } }',
      { account: 'demo-free', outcome: 'PARTIAL', reasons: ['INSUFFICIENT_FUNDS'], charged: 0, held: 0 },
    ],
    [
      'under a key that nobody was given',
      'no-such-key',
      NEAREST,
      // It is refused before it is read.
      {
        ...{ operation: null, type: null, account: null, status: 401 },
        ...{ outcome: 'REFUSED', reasons: ['KEY_UNKNOWN'], charged: 0, held: 0 },
      },
    ],
    [
      'not valid',
      'demo-payg',
      'query Near { nowhere }',
      { operation: null, type: null, status: 400, outcome: 'INVALID', charged: 0, held: 0 },
    ],
  ])('tells apart what is %s', async (_what, key, document, expected) => {
    const { query, log } = await startLogged();
    await query(key, document, undefined, ID);
    expect(await answered(log, 1)).toEqual([{ ...LINE, ...expected }]);
  });

  it('tells a request that is no GraphQL, and one that failed', async () => {
    const { schema } = workshop();
    const { request, query, log, accountWithKey, fail } = await startLogged({ schema });
    const headers = { 'content-type': 'application/json', ...ID };
    await request('/graphql', { method: 'POST', headers, body: '{"query": ' });
    const unknown = { account: null, operation: null, type: null, charged: 0, held: 0 };
    expect(await answered(log, 1)).toEqual([{ ...LINE, ...unknown, status: 400, outcome: 'INVALID' }]);
    const key = await accountWithKey('alice', 50);
    fail('findWallets', 'UNREACHABLE');
    await query(key, 'query Steady { steady }', undefined, ID);
    const [, second] = await answered(log, 2);
    expect(second).toEqual({
      ...LINE,
      account: 'alice',
      operation: 'Steady',
      status: 503,
      outcome: 'REFUSED',
      reasons: ['STORE_UNAVAILABLE'],
      charged: 0,
      held: 0,
    });
  });

  it('is written once the operation has ended, where its client went away before and is charged nothing', async () => {
    let release = (): void => undefined;
    let begin = (): void => undefined;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const { schema } = workshop({
      onRun: () => {
        begin();
        return new Promise((resolve) => (release = resolve));
      },
    });
    const { url, query, log, accountWithKey, books } = await startLogged({ schema });
    const key = await accountWithKey('alice', 50);
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}`, ...ID };
    const sent = httpRequest(`${url}/graphql`, { method: 'POST', headers });
    sent.on('error', () => undefined);
    sent.end(JSON.stringify({ query: 'query Steady { steady }' }));
    await begun;
    sent.destroy();
    // What is sent after it is answered and has its line, and that one has none.
    await query(null, 'query Later { __typename }');
    expect(await answered(log, 1)).toMatchObject([{ operation: 'Later' }]);
    release();
    const [, line] = await answered(log, 2);
    expect(line).toEqual({ ...LINE, account: 'alice', operation: 'Steady', status: 499, charged: 0, held: 2 });
    expect(await books('alice')).toMatchObject({ available: 50, held: 0 });
  });

  it('is followed by another where the charge could only be confirmed after the answer', async () => {
    const failing: { begin?: () => void } = {};
    const { schema } = workshop({ onRun: () => failing.begin?.() });
    const { query, log, accountWithKey, fail, recover, books } = await startLogged({ schema });
    const key = await accountWithKey('alice', 50);
    // The hold is there by then; the charge is written, and nobody learns of it.
    failing.begin = () => {
      fail('commitWallets', 'GONE_AFTERWARDS', 1);
    };
    const headers = { ...ID, 'idempotency-key': '"shed"' };
    expect(await query(key, 'mutation Build { build(name: "shed") }', undefined, headers)).toMatchObject({
      status: 503,
    });
    const of = { account: 'alice', operation: 'Build' };
    const refused = { status: 503, outcome: 'REFUSED', reasons: ['STORE_UNAVAILABLE'], charged: 0, held: 10 };
    expect(await answered(log, 1)).toEqual([{ ...LINE, ...of, type: 'mutation', ...refused }]);
    recover();
    await vi.waitFor(() => {
      expect(log.lines(SETTLED_LATER)).toEqual([
        { ...COMMON, msg: SETTLED_LATER, requestId: 'request-1', traceId: null, ...of, charged: 10 },
      ]);
    }, 5_000);
    expect(await books('alice')).toMatchObject({ available: 40, sum: 40 });
  });
});

describe('ids', () => {
  const idOf = async (server: TestServer, headers: Readonly<Record<string, string>>): Promise<string | null> => {
    const response = await fetch(`${server.url}/healthz`, { headers });
    return response.headers.get('x-request-id');
  };

  it('of a request are taken where they can be logged, made where not, and sent back', async () => {
    const server = await startLogged();
    expect(await idOf(server, { 'x-request-id': 'from-the-proxy:1' })).toBe('from-the-proxy:1');
    for (const bad of ['', 'with spaces in it', 'x'.repeat(129), '{"json":1}']) {
      expect(await idOf(server, { 'x-request-id': bad })).toMatch(/^[\w-]{21}$/);
    }
    expect(await idOf(server, {})).not.toBe(await idOf(server, {}));
  });

  it('of a trace are taken from a sound traceparent alone', async () => {
    const { query, log } = await startLogged();
    for (const traceparent of ['nonsense', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, `00-${TRACE}`]) {
      await query(null, 'query Free { country(code: "AT") { name } }', undefined, { traceparent });
    }
    expect((await answered(log, 3)).map(({ traceId }) => traceId)).toEqual([null, null, null]);
  });
});

describe('what is nobody’s business', () => {
  it('is not in the log: keys, variables, literals, what an error carries', async () => {
    const SECRETS = ['tg_secretsecretsecret', 'VARIABLE-CANARY', 'LITERAL-CANARY', 'PROPERTY-CANARY'];
    const schema = makeExecutableSchema({
      typeDefs: [directiveTypeDefs(), 'type Query { look(for: String): String, paid: Int @requiresPayment(cost: 1) }'],
      resolvers: {
        Query: {
          look: () => {
            const cause = Object.assign(new Error('It timed out.'), { request: { headers: SECRETS } });
            throw Object.assign(new Error('A client failed.', { cause }), { config: SECRETS });
          },
        },
      },
    });
    const { query, request, log } = await startLogged({ schema });
    const variables = { text: 'VARIABLE-CANARY' };
    const document = 'query Look($text: String) { look(for: $text) other: look(for: "LITERAL-CANARY") }';
    await query(null, document, variables, { cookie: 'session=PROPERTY-CANARY' });
    await query('tg_secretsecretsecret', document, variables);
    await query(null, document.replace('look', 'nothing'), variables);
    await request(`/graphql?query=${encodeURIComponent(document)}&variables=VARIABLE-CANARY`);
    await request('/nowhere?VARIABLE-CANARY');
    await answered(log, 4);
    expect(log.text()).toContain('A client failed.');
    expect(log.text()).toContain('It timed out.');
    for (const secret of SECRETS) expect(log.text()).not.toContain(secret);
  });
});

describe('the level', () => {
  it('leaves lines of operations out where it is warn or higher', async () => {
    const log = logLines('warn');
    const { query } = await start({ logger: log.logger });
    expect(await query('demo-payg', NEAREST)).toMatchObject({ status: 200 });
    expect(log.text()).toBe('');
  });
});

describe('operations over other transports', () => {
  const typeDefs = /* GraphQL */ `
    type Query {
      paid: String @requiresPayment(cost: 2)
    }
    type Subscription {
      ticks: Int @requiresPayment(cost: 4)
    }
  `;
  const schema = () =>
    makeExecutableSchema({
      typeDefs: [directiveTypeDefs(), typeDefs],
      resolvers: {
        Query: { paid: () => 'gold' },
        Subscription: {
          ticks: {
            async *subscribe() {
              for (const ticks of [1, 2, 3]) yield { ticks };
            },
          },
        },
      },
    });

  const shortLines = (log: LogLines) =>
    log
      .lines(ANSWERED)
      .map(({ operation, type, transport, status, outcome, charged, account }) =>
        [operation, type, transport, status, outcome, charged, account].join(' '),
      );

  it('have a line each, and so has each event of a subscription', async () => {
    const { url, log, accountWithKey } = await startLogged({ schema: schema() });
    const authorization = `Bearer ${await accountWithKey('alice', 12)}`;
    const socket = createSocket({
      url: `${url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization },
    });
    expect(await allOf(socket.iterate({ query: 'query Buy { paid }' }))).toHaveLength(1);
    // Pays for two events of three.
    expect(await allOf(socket.iterate({ query: 'subscription Tick { ticks }' }))).toHaveLength(3);
    await socket.dispose();
    const stream = createStream({ url: `${url}/graphql/stream`, headers: { authorization } });
    expect(await allOf(stream.iterate({ query: '{ paid }' }))).toHaveLength(1);
    stream.dispose();
    await answered(log, 6);
    expect(shortLines(log)).toEqual([
      'Buy query websocket  SERVED 2 alice',
      'Tick subscription websocket  SERVED 0 alice',
      'Tick subscription websocket  SERVED 4 alice',
      'Tick subscription websocket  SERVED 4 alice',
      'Tick subscription websocket  REFUSED 0 alice',
      ' query sse  SERVED 2 alice',
    ]);
  });
});

describe('the log line of an operator’s operation', () => {
  const OPERATED = 'An operation of an operator was answered';
  const OPERATOR_LINE = {
    ...COMMON,
    msg: OPERATED,
    requestId: expect.any(String),
    traceId: null,
    operator: 'demo-owner',
    role: 'OWNER',
    operation: null,
    type: null,
    status: 200,
    durationMs: expect.any(Number),
  };

  it('says who did what, and nothing of what was sent or answered', async () => {
    const metrics = new Metrics();
    const { admin, request, log } = await startLogged({ metrics });
    await admin('demo-owner', 'query Roles { operators { nodes { role } } }');
    const issued = await admin(
      'demo-owner',
      'mutation Issue($k: String!) { issueApiKey(accountId: "demo-payg", scopes: ["cities"], idempotencyKey: $k) { secret } }',
      { k: 'idempotent-1' },
    );
    const secret = partAt(issued.body, 'data', 'issueApiKey', 'secret');
    await admin('demo-owner', '{ nonsense }');
    await admin('demo-payg', 'query Barred { operators { nodes { role } } }');
    await vi.waitFor(() => {
      expect(log.lines(OPERATED)).toHaveLength(3);
    });
    expect(log.lines(OPERATED)).toEqual([
      { ...OPERATOR_LINE, operation: 'Roles', type: 'query' },
      { ...OPERATOR_LINE, operation: 'Issue', type: 'mutation' },
      { ...OPERATOR_LINE, status: 400 },
    ]);
    for (const private_ of [secret, 'cities', 'idempotent-1', 'nonsense', 'issueApiKey'])
      expect(log.text()).not.toContain(private_);
    expect(log.lines(ANSWERED)).toEqual([]);
    const { body } = await request('/metrics');
    expect(body).toContain('tollgate_operator_operations_total{type="mutation",status="200"} 1');
    expect(body).not.toMatch(/^tollgate_operations_total\{/m);
  });
});
