/** What HTTP itself demands of an endpoint: methods, caches, pages of other origins, addresses behind a proxy. */
import { createHash } from 'node:crypto';
import { makeExecutableSchema } from '@graphql-tools/schema';
import { describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { directiveTypeDefs } from '../../src/api/readTypeDefs.js';
import { listAt, partAt } from '../support/bodies.js';
import { useServers } from '../support/runningServers.js';
import type { TestServer } from '../support/server.js';

const start = useServers();
const PREFLIGHT = { 'apollo-require-preflight': 'true' };
const getPath = (document: string): string => `/graphql?query=${encodeURIComponent(document)}`;

describe('a method that an endpoint does not have', () => {
  it.each([
    ['/graphql', ['PUT', 'DELETE', 'PATCH'], 'GET, POST'],
    ['/graphql/stream', ['PUT', 'DELETE', 'PATCH'], 'GET, POST'],
    ['/admin/graphql', ['GET', 'PUT', 'DELETE', 'PATCH'], 'POST'],
  ] as const)('is answered with 405 and those that it has: %s', async (path, methods, allow) => {
    const { request } = await start();
    const headers = path === '/admin/graphql' ? { authorization: 'Bearer demo-owner' } : {};
    for (const method of methods) {
      expect(await request(path, { method, headers })).toMatchObject({
        status: 405,
        headers: { allow },
        body: { errors: [{ extensions: { code: 'METHOD_NOT_ALLOWED' } }] },
      });
    }
  });
});

describe('an answer to a GET request', () => {
  const cachingOf = async (server: TestServer, document: string, key: string | null) => {
    const headers = { ...PREFLIGHT, ...(key === null ? {} : { authorization: `Bearer ${key}` }) };
    const answer = await fetch(`${server.url}${getPath(document)}`, { headers });
    await answer.text();
    return [answer.status, answer.headers.get('cache-control'), answer.headers.get('vary')];
  };

  it('that depends on its caller is kept by no cache, and others are told apart by caller', async () => {
    const server = await start();
    const OWN = 'private, no-store';
    const paid = '{ nearest(lat: 48.2, lon: 16.37, first: 1) { name } }';
    expect(await cachingOf(server, paid, 'demo-payg')).toEqual([200, OWN, 'Authorization']);
    expect(await cachingOf(server, '{ billing { balance { available } } }', 'demo-payg')).toEqual([
      200,
      OWN,
      'Authorization',
    ]);
    // What is refused to one is served to another.
    const partial = '{ country(code: "AT") { name } nearest(lat: 48.2, lon: 16.37, first: 1) { name } }';
    expect(await cachingOf(server, partial, null)).toEqual([200, OWN, 'Authorization']);
    expect(await cachingOf(server, paid, 'demo-free')).toEqual([402, 'no-store', 'Authorization']);
    expect(await cachingOf(server, '{ country(code: "AT") { name } }', null)).toEqual([200, null, 'Authorization']);
  });

  it('varies with the origin too, where only some may read it', async () => {
    const server = await start({ edge: { corsOrigins: ['https://app.test'] } });
    expect(await cachingOf(server, '{ country(code: "AT") { name } }', null)).toEqual([
      200,
      null,
      'Authorization, Origin',
    ]);
  });
});

it('pages that may read answers may read by which request they are found, and when to ask again', async () => {
  const server = await start({ edge: { corsOrigins: ['https://app.test'] } });
  const answer = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: 'https://app.test' },
    body: JSON.stringify({ query: '{ __typename }' }),
  });
  await answer.text();
  expect(answer.headers.get('access-control-expose-headers')?.split(', ').sort()).toEqual([
    'Idempotency-Replayed',
    'Link',
    'RateLimit',
    'RateLimit-Policy',
    'Retry-After',
    'WWW-Authenticate',
    'X-Request-Id',
  ]);
});

describe('a WebSocket', () => {
  const opens = (server: TestServer, origin: string | null): Promise<number | 'open'> =>
    new Promise((resolve) => {
      const url = `${server.url.replace('http', 'ws')}/graphql`;
      const socket = new WebSocket(url, 'graphql-transport-ws', origin === null ? {} : { headers: { origin } });
      socket.on('error', () => undefined);
      socket.on('unexpected-response', (_request, { statusCode = 0 }) => {
        resolve(statusCode);
      });
      socket.on('open', () => {
        resolve('open');
        socket.terminate();
      });
    });

  it('is opened for programs, for pages of this server, and for pages that may read answers', async () => {
    const server = await start({ edge: { corsOrigins: ['https://app.test'] } });
    expect(await opens(server, null)).toBe('open');
    expect(await opens(server, server.url)).toBe('open');
    expect(await opens(server, 'https://app.test')).toBe('open');
    expect(await opens(server, 'https://evil.test')).toBe(403);
    expect(await opens(server, 'null')).toBe(403);
    const closed = await start();
    expect(await opens(closed, 'https://app.test')).toBe(403);
    const forAll = await start({ edge: { corsOrigins: true } });
    expect(await opens(forAll, 'https://anybody.test')).toBe('open');
  });
});

it('an address that a proxy names with a port is that address, and the proxy behind it is trusted', async () => {
  const rateLimits = { keyless: 2, keyed: null, badKeys: null, windowSeconds: 60 };
  const server = await start({ rateLimits, edge: { trustProxy: ['loopback', '10.0.0.0/8'] } });
  const from = async (forwarded: string): Promise<number> => {
    const headers = { 'content-type': 'application/json', 'x-forwarded-for': forwarded };
    const body = JSON.stringify({ query: '{ __typename }' });
    return (await server.request('/graphql', { method: 'POST', headers, body })).status;
  };
  expect([await from('7.7.7.7:4711'), await from('7.7.7.7:4712, 10.0.0.1:80'), await from('7.7.7.7')]).toEqual([
    200, 200, 429,
  ]);
  expect(await from('8.8.8.8:4711')).toBe(200);
  expect([await from('[2001:db8::1]:1'), await from('2001:db8::2'), await from('[2001:db8::3]')]).toEqual([
    200, 200, 429,
  ]);
});

describe('with introspection off', () => {
  const schema = makeExecutableSchema({
    typeDefs: [
      directiveTypeDefs(),
      'enum Colour { CRIMSON } type Query { hue(of: Colour): Int paid: Int @requiresPayment(cost: 1) }',
    ],
  });

  it('no value of an enum is suggested, of documents and of variables', async () => {
    const server = await start({ edge: { introspection: false }, introspection: false, schema });
    const key = await server.accountWithKey('asker', 1);
    const document = 'query ($c: Colour) { hue(of: $c) }';
    const messages = [
      (await server.query(key, '{ hue(of: CRIMSO) }')).body,
      (await server.query(key, document, { c: 'CRIMSO' })).body,
      (await server.admin('demo-owner', 'query ($c: PlanStatus) { plans(status: $c) { id } }', { c: 'ACTIV' })).body,
    ].map((body) => JSON.stringify(listAt(body, 'errors').map((error) => partAt(error, 'message'))));
    expect(messages).toHaveLength(3);
    for (const message of messages) {
      expect(message).not.toBe('[]');
      expect(message).not.toMatch(/Did you mean|CRIMSON|ACTIVE/);
    }
  });
});

describe('a document that is sent by its hash', () => {
  const query = '{ country(code: "AT") { name } }';
  const sha256Hash = createHash('sha256').update(query).digest('hex');
  const send = (server: TestServer, more: object) =>
    server.request('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...more, extensions: { persistedQuery: { version: 1, sha256Hash } } }),
    });

  it('is known once it was sent whole', async () => {
    const server = await start();
    expect(await send(server, {})).toMatchObject({ body: { errors: [{ message: 'PersistedQueryNotFound' }] } });
    expect(await send(server, { query })).toMatchObject({ body: { data: { country: { name: 'Austria' } } } });
    expect(await send(server, {})).toMatchObject({ body: { data: { country: { name: 'Austria' } } } });
  });

  it('is not taken where the setting is off', async () => {
    const server = await start({ edge: { persistedQueries: false } });
    for (const more of [{}, { query }, {}]) {
      expect(await send(server, more)).toMatchObject({ body: { errors: [{ message: 'PersistedQueryNotSupported' }] } });
    }
  });
});
