/** What the server lets in at all, and what it tells browsers. */
import { connect } from 'node:net';
import { createClient } from 'graphql-ws';
import { describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { createAccount, issueKey } from '../../src/admin/library.js';
import { readConfig } from '../../src/config.js';
import { partAt, streamedIn } from '../support/bodies.js';
import { HEADERS_OF } from '../support/refusals.js';
import { useServers } from '../support/runningServers.js';
import type { TestServer } from '../support/server.js';

const start = useServers();
const { documentLimits } = readConfig({});

const FREE = '{ country(code: "AT") { name } }';
const messageOf = (body: unknown): unknown => partAt(body, 'errors', 0, 'message');

/** Sends these bytes, and gives all that comes back until the connection is closed. */
const exchange = (server: TestServer, bytes: string): Promise<string> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(server.url);
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve(answer);
    });
  });

describe('a document', () => {
  const tooLarge: readonly (readonly [string, string, string])[] = [
    [
      'tokens',
      `{ ${'__typename '.repeat(2_000)} }`,
      'Syntax Error: Document contains more that 2000 tokens. Parsing aborted.',
    ],
    [
      'depth',
      `{ country(code: "AT") { ${'... { '.repeat(30)} ${'borders { '.repeat(20)} name ${'} '.repeat(50)} } }`,
      'The operation has a depth of 22, and at most 20 is allowed.',
    ],
    [
      'aliases',
      `{ ${Array.from({ length: 201 }, (_, n) => `a${n}: __typename`).join(' ')} }`,
      'The operation has a number of aliases of 201, and at most 200 is allowed.',
    ],
    [
      'directives',
      `{ __typename ${'@skip(if: false) '.repeat(51)} }`,
      'The operation has a number of directives of 51, and at most 50 is allowed.',
    ],
    [
      'complexity',
      '{ countries(first: 100) { nodes { borders { borders { name } } } } }',
      'The operation has a complexity of 27302, and at most 5000 is allowed.',
    ],
    [
      'complexity, with a variable for the length of a list',
      'query ($n: Int!) { countries(first: $n) { nodes { borders { borders { name } } } } }',
      'The operation has a complexity of 27302, and at most 5000 is allowed.',
    ],
    [
      'a list whose length the field above a fragment tells',
      '{ countries(first: 250) { ...f } } fragment f on CountryConnection { nodes { borders { borders { name } } } }',
      'The operation has a complexity of 68252, and at most 5000 is allowed.',
    ],
    [
      'the whole schema again and again',
      `{ ${Array.from({ length: 6 }, (_, n) => `a${n}: __schema { types { name } }`).join(' ')} }`,
      'The operation has a complexity of 9000, and at most 5000 is allowed.',
    ],
    [
      'quotes, each of a document of its own',
      `{ billing { ${Array.from({ length: 6 }, (_, n) => `a${n}: quote(document: "{ a }") { credits }`).join(' ')} } }`,
      'The operation has a complexity of 9001, and at most 5000 is allowed.',
    ],
    [
      'fragments that spread each other',
      '{ country(code: "AT") { ...a } } fragment a on Country { borders { ...b } } fragment b on Country { borders { ...a } }',
      'Cannot spread fragment "a" within itself.',
    ],
  ];

  const variables = { n: 100 };

  it.each(tooLarge)('that is too large is refused with one error: %s', async (_what, query, message) => {
    const server = await start({ documentLimits });
    const answer = await server.query('demo-payg', query, variables);
    expect(answer).toMatchObject({ status: 400, headers: HEADERS_OF[400], body: { errors: [{ message }] } });
    expect(partAt(answer.body, 'errors')).toHaveLength(1);
  });

  it.each(tooLarge)('is no larger by another way in: %s', async (_what, query, message) => {
    const server = await start({ documentLimits });
    const overEvents = await server.request('/graphql/stream', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query, variables }),
    });
    expect(overEvents.status).toBe(200);
    expect(streamedIn(overEvents.body)).toMatchObject([{ errors: [{ message }] }]);
    const client = createClient({ url: `${server.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket });
    const overSocket = await new Promise((resolve) => {
      client.subscribe({ query, variables }, { next: resolve, error: resolve, complete: () => undefined });
    });
    await client.dispose();
    expect(overSocket).toMatchObject([{ message }]);
    const quoted = await server.query(
      'demo-payg',
      'query ($d: String!, $v: JSONObject) { billing { quote(document: $d, variables: $v) { credits } } }',
      { d: query, v: variables },
    );
    expect(messageOf(quoted.body)).toContain(message);
  });

  it('as clients write it is let in, introspection with it', async () => {
    const server = await start({ documentLimits });
    const { getIntrospectionQuery } = await import('graphql');
    for (const query of [getIntrospectionQuery(), '{ countries(first: 100) { nodes { name borders { name } } } }']) {
      expect((await server.query(null, query)).status).toBe(200);
      expect((await server.query(null, query)).status).toBe(200);
    }
    expect((await server.admin('demo-owner', getIntrospectionQuery())).status).toBe(200);
  });

  const BY_VARIABLE =
    'query ($n: Int! = 1000) { nearest(lat: 1, lon: 1, first: $n) { name population lat lon country { name } } }';

  it.each([
    ['by the variable’s value', { n: 10 }, 200, undefined],
    ['by a value beyond what is usual', { n: 101 }, 200, undefined],
    [
      'by a value that makes it too large',
      { n: 1_000 },
      400,
      'The operation has a complexity of 6001, and at most 5000 is allowed.',
    ],
    ['by the variable’s default', {}, 400, 'The operation has a complexity of 6001, and at most 5000 is allowed.'],
  ])('is measured %s, each time it comes', async (_what, variables, status, message) => {
    const server = await start({ documentLimits });
    const key = await server.accountWithKey('buyer', 5_000);
    for (let time = 0; time < 3; time++) {
      const answer = await server.query(key, BY_VARIABLE, variables);
      expect({ status: answer.status, message: messageOf(answer.body) }).toEqual({ status, message });
    }
  });

  it('of a thousand paid items with two fields each is served', async () => {
    const server = await start({ documentLimits });
    const key = await server.accountWithKey('buyer', 1_000);
    for (const [query, variables] of [['{ nearest(lat: 1, lon: 1, first: 1000) { name population } }', {}]] as const) {
      const { status, body } = await server.query(key, query, variables);
      expect({ status, length: (partAt(body, 'data', 'nearest') as unknown[]).length }).toEqual({
        status: 200,
        length: 1_000,
      });
    }
  });

  it('whose lists are told by the variables of one operation is not measured by those of another', async () => {
    const server = await start({ documentLimits });
    const query =
      'query A($n: Int!) { countries(first: $n) { nodes { borders { borders { name } } } } } query B { country(code: "AT") { name } }';
    const body = JSON.stringify({ query, operationName: 'B', variables: { n: 250 } });
    const headers = { 'content-type': 'application/json' };
    expect((await server.request('/graphql', { method: 'POST', headers, body })).status).toBe(200);
  });

  it('of an operator has the same limits', async () => {
    const server = await start({ documentLimits });
    const answer = await server.admin(
      'demo-owner',
      `{ ${Array.from({ length: 201 }, (_, n) => `a${n}: __typename`).join(' ')} }`,
    );
    expect({ status: answer.status, message: messageOf(answer.body) }).toEqual({
      status: 400,
      message: 'The operation has a number of aliases of 201, and at most 200 is allowed.',
    });
  });
});

describe('introspection', () => {
  it('can be switched off, and errors then say nothing of the schema', async () => {
    const server = await start({ edge: { introspection: false } });
    expect((await server.query(null, '{ __schema { queryType { name } } }')).status).toBe(400);
    expect((await server.admin('demo-owner', '{ __schema { queryType { name } } }')).status).toBe(400);
    expect(messageOf((await server.query(null, '{ countri }')).body)).toBe(
      'Cannot query field "countri" on type "Query".',
    );
    expect((await server.query(null, '{ __typename }')).status).toBe(200);
  });

  it('is off by every way in', async () => {
    const server = await start({ edge: { introspection: false }, introspection: false });
    const headers = { 'content-type': 'application/json', accept: 'text/event-stream' };
    for (const query of ['{ __schema { queryType { name } } }', '{ countri }']) {
      const streamed = await server.request('/graphql/stream', {
        method: 'POST',
        headers,
        body: JSON.stringify({ query }),
      });
      expect(streamed.status).toBe(200);
      expect(streamedIn(streamed.body)).toMatchObject([
        { errors: expect.arrayContaining([expect.objectContaining({ message: expect.any(String) })]) },
      ]);
      expect(streamed.body).not.toContain('Did you mean');
      const quoted = await server.query(null, 'query ($d: String!) { billing { quote(document: $d) { credits } } }', {
        d: query,
      });
      expect(messageOf(quoted.body)).toContain('is no operation of this API');
      expect(messageOf(quoted.body)).not.toContain('Did you mean');
    }
  });
});

describe('a key that is no good', () => {
  it.each([
    ['an invalid document', JSON.stringify({ query: '{ nonsense }' })],
    ['no JSON', '{"query":'],
    ['half of a surrogate pair', '{"query":"\\ud800"}'],
    ['more than is taken', JSON.stringify({ query: 'x'.repeat(300_000) })],
  ])('is told first, whatever is wrong with the request: %s', async (_what, body) => {
    const server = await start();
    const { engine } = server.paywall;
    const account = await createAccount(engine, { id: 'former', name: 'Former' });
    const { key, secret } = await issueKey(engine, account.id);
    await engine.store.saveApiKeys([{ ...key, revokedAt: Date.now() - 1 }]);
    for (const [sent, reason] of [
      ['nonsense', 'KEY_UNKNOWN'],
      [secret, 'KEY_REVOKED'],
    ] as const) {
      server.takeCalls();
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${sent}` };
      const refused = { status: 401, headers: HEADERS_OF[401], body: { errors: [{ extensions: { reason } }] } };
      expect(await server.request('/graphql', { method: 'POST', headers, body })).toMatchObject(refused);
      const streamed = { ...headers, accept: 'text/event-stream' };
      expect(await server.request('/graphql/stream', { method: 'POST', headers: streamed, body })).toMatchObject(
        refused,
      );
      expect(server.takeCalls().byVerb.findApiKeys).toBe(2);
      expect(await server.request('/admin/graphql', { method: 'POST', headers, body })).toMatchObject({
        status: 401,
        body: { errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] },
      });
    }
  });

  it('is told first over WebSocket, and in the head of the upgrade before there is a connection', async () => {
    const server = await start();
    const url = `${server.url.replace('http', 'ws')}/graphql`;
    const client = createClient({
      url,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: 'Bearer nonsense' },
    });
    const overSocket = await new Promise((resolve) => {
      client.subscribe({ query: '{ nonsense' }, { next: resolve, error: resolve, complete: () => undefined });
    });
    await client.dispose();
    expect(overSocket).toMatchObject([{ extensions: { reason: 'KEY_UNKNOWN' } }]);
    const socket = new WebSocket(url, 'graphql-transport-ws', { headers: { authorization: 'Bearer nonsense' } });
    const status = await new Promise((resolve) => {
      socket.on('unexpected-response', (_request, { statusCode }) => {
        resolve(statusCode);
      });
      socket.on('open', () => {
        resolve('open');
      });
    });
    socket.on('error', () => undefined);
    socket.terminate();
    expect(status).toBe(401);
  });
});

describe('a body', () => {
  it('that is larger than allowed is refused before it is read', async () => {
    const server = await start({ edge: { bodyBytesMax: 2_000 } });
    expect(await server.query('demo-payg', FREE, { a: 'x'.repeat(2_000) })).toMatchObject({
      status: 413,
      headers: HEADERS_OF[400],
      body: { errors: [{ extensions: { code: 'BAD_REQUEST' } }] },
    });
  });

  it.each([
    ['its body', 'POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{'],
    ['its head', 'POST /graphql HTTP/1.1\r\nhost: a\r\nx-slow: '],
  ])('is not waited for without end: %s', async (_what, bytes) => {
    const server = await start({ edge: { requestTimeoutMs: 300 } });
    expect(await exchange(server, bytes)).toMatch(/^HTTP\/1\.1 408 /);
  });

  it.each([
    ['{"query":"query ($c: ID!) { country(code: $c) { name } }","variables":{"c":"\\ud800"}}'],
    ['{"query":"{ __typename }","variables":{"\\udfff":1}}'],
    ['{"query":"{ __typename }","operationName":"a\\udc00\\ud800"}'],
    ['{"query":"{ __typename }","extensions":{"idempotencyKey":"\\ud800"}}'],
  ])('with text that is no Unicode is refused: %s', async (body) => {
    const server = await start();
    const headers = { 'content-type': 'application/json' };
    expect(await server.request('/graphql', { method: 'POST', headers, body })).toMatchObject({
      status: 400,
      headers: HEADERS_OF[400],
      body: { errors: [{ message: expect.stringContaining('no Unicode'), extensions: { code: 'BAD_USER_INPUT' } }] },
    });
  });

  it('with whole surrogate pairs is text like any other', async () => {
    const { query } = await start();
    expect((await query(null, 'query ($c: ID!) { country(code: $c) { name } }', { c: '😀' })).status).toBe(200);
  });

  it('nested deeper than anybody needs is refused, as is an address that says the same', async () => {
    const server = await start();
    const nested = `{"query":"{ __typename }","variables":{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}}`;
    const headers = { 'content-type': 'application/json' };
    expect((await server.request('/graphql', { method: 'POST', headers, body: nested })).status).toBe(400);
    const variables = encodeURIComponent('{"a":"\\ud800"}');
    const asked = await server.request(`/graphql?query=%7B__typename%7D&variables=${variables}`, {
      headers: { 'apollo-require-preflight': '1' },
    });
    expect(asked).toMatchObject({ status: 400, body: { errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] } });
  });
});

describe('a request whose address can’t be read', () => {
  it('is the client’s fault', async () => {
    const server = await start();
    const bytes =
      'POST /graphql HTTP/1.1\r\nhost: [\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}';
    expect(await exchange(server, bytes)).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe('a browser', () => {
  const ORIGIN = 'https://app.example';
  const preflight = (server: TestServer, origin: string) =>
    fetch(`${server.url}/graphql`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
    });

  it('lets pages of an origin that is named read answers, and their headers', async () => {
    const server = await start({
      edge: { corsOrigins: [ORIGIN] },
      rateLimits: { keyless: 1, keyed: null, badKeys: null, windowSeconds: 60 },
    });
    const asked = await preflight(server, ORIGIN);
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(asked.headers.get('access-control-allow-headers')).toBe('authorization');
    // A page asks before each request, and is not counted for it.
    for (const status of [200, 429]) {
      const answer = await fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers: { origin: ORIGIN, 'content-type': 'application/json' },
        body: JSON.stringify({ query: FREE }),
      });
      expect(answer.status).toBe(status);
      expect(answer.headers.get('access-control-allow-origin')).toBe(ORIGIN);
      expect(answer.headers.get('access-control-expose-headers')).toContain('RateLimit');
    }
  });

  it('lets no other page read them', async () => {
    for (const server of [await start({ edge: { corsOrigins: [ORIGIN] } }), await start()]) {
      const asked = await preflight(server, 'https://elsewhere.example');
      expect(asked.headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  it('is told to run, frame and guess nothing', async () => {
    const server = await start();
    for (const path of ['/remedies/add-funds', '/healthz']) {
      const { headers } = await fetch(`${server.url}${path}`);
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('SAMEORIGIN');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('strict-transport-security')).toContain('max-age=');
      expect(headers.get('x-powered-by')).toBeNull();
    }
  });
});

describe('a proxy', () => {
  const rateLimits = { keyless: 1, keyed: null, badKeys: null, windowSeconds: 60 };
  const from = (server: TestServer, address: string) =>
    server.query(null, FREE, {}, { 'x-forwarded-for': address }).then(({ status }) => status);

  it('that is trusted says where requests come from', async () => {
    const server = await start({ rateLimits, edge: { trustProxy: ['loopback'] } });
    expect([await from(server, '192.0.2.1'), await from(server, '192.0.2.2')]).toEqual([200, 200]);
    expect(await from(server, '192.0.2.1')).toBe(429);
  });

  it('that is not says nothing that counts', async () => {
    const server = await start({ rateLimits });
    expect([await from(server, '192.0.2.1'), await from(server, '192.0.2.2')]).toEqual([200, 429]);
  });
});

describe('an operator’s route', () => {
  it('answers who has no key in a type whose errors clients read', async () => {
    const { admin } = await start();
    expect(await admin('demo-payg', '{ __typename }')).toMatchObject({ status: 401, headers: HEADERS_OF[401] });
  });
});
