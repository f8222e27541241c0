/** What HTTP adds to GraphQL: methods, types, several operations in a document, and what is free without a key. */
import { describe, expect, it } from 'vitest';
import { listAt, partAt } from '../support/bodies.js';
import { useServers } from '../support/runningServers.js';
import { HEADERS_OF, headersOf402, JSON_HEADERS, paymentOf } from '../support/refusals.js';
import type { TestServer } from '../support/server.js';

const start = useServers();

const NEAREST = '{ nearest(lat: 48.2, lon: 16.37, first: 1) { name } }';
const VIENNA = { nearest: [{ name: 'Vienna' }] };
/** Apollo Server asks for a header that a form on a foreign page can't send. */
const PREFLIGHT = { 'apollo-require-preflight': 'true' };

const getPath = (document: string): string => `/graphql?query=${encodeURIComponent(document)}`;
const post = (server: TestServer, key: string, body: unknown) =>
  server.request('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify(body),
  });

describe('what is free', () => {
  it('is introspection, without a key and with paid root fields in the schema', async () => {
    const { query } = await start();
    const answer = await query(null, '{ __typename __type(name: "Query") { fields { name description } } }');
    expect(answer).toMatchObject({ status: 200, headers: JSON_HEADERS, body: { data: { __typename: 'Query' } } });
    const fields = listAt(answer.body, 'data', '__type', 'fields');
    expect(fields.map((field) => partAt(field, 'name'))).toEqual([
      'country',
      'countries',
      'nearest',
      'export',
      'billing',
    ]);
    expect(partAt(answer.body, 'extensions')).toBeUndefined();
    // The price is in the description: applied directives can't be introspected.
    expect(partAt(fields[2], 'description')).toContain(
      'Covered by plans with the feature "geocoding"; otherwise 1 credit × first.',
    );
  });

  it('is __typename alone, which does not make a refused operation a partial one', async () => {
    const { query } = await start();
    expect(await query('demo-free', '{ __typename }')).toEqual({
      status: 200,
      headers: JSON_HEADERS,
      body: { data: { __typename: 'Query' } },
    });
    expect((await query('demo-free', '{ __typename nearest(lat: 1, lon: 1) { name } }')).status).toBe(402);
    expect((await query(null, '{ __schema { queryType { name } } nearest(lat: 1, lon: 1) { name } }')).status).toBe(
      401,
    );
  });

  it('is asked of no store', async () => {
    const { query, takeCalls } = await start();
    takeCalls();
    await query(null, '{ countries(first: 100) { nodes { name borders { name } } } }');
    await query('demo-payg', '{ country(code: "AT") { name } }');
    expect(takeCalls()).toEqual({ byVerb: {}, readRounds: 0 });
  });
});

describe('a GET request', () => {
  it('is served and charged like any other', async () => {
    const { request } = await start();
    const headers = { ...PREFLIGHT, authorization: 'Bearer demo-payg' };
    expect(await request(getPath(NEAREST), { headers })).toEqual({
      status: 200,
      headers: { ...JSON_HEADERS, 'cache-control': 'private, no-store' },
      body: { data: VIENNA, extensions: paymentOf('Query.nearest', { charged: 1, balance: 99 }) },
    });
  });

  it('cannot run a mutation, and charges nothing', async () => {
    const { request, books } = await start();
    const headers = { ...PREFLIGHT, authorization: 'Bearer demo-payg' };
    expect(await request(getPath('mutation { orderReport(countryCodes: ["AT"]) { id } }'), { headers })).toEqual({
      status: 405,
      headers: { ...HEADERS_OF[400], allow: 'POST', 'cache-control': 'private, no-store' },
      body: {
        errors: [
          {
            message: 'GET requests only support query operations, not mutation operations',
            extensions: { code: 'BAD_REQUEST' },
          },
        ],
      },
    });
    expect(await books('demo-payg')).toMatchObject({ available: 100, held: 0, holds: 0, sum: 100 });
  });

  it('that a form on a foreign page could send is not run', async () => {
    const { request, books } = await start();
    const answer = await request(getPath(NEAREST), { headers: { authorization: 'Bearer demo-payg' } });
    expect(answer.status).toBe(400);
    expect(await books('demo-payg')).toMatchObject({ available: 100, sum: 100 });
  });

  it('for the head alone is not run, and so not charged', async () => {
    const { request, books } = await start();
    const headers = { ...PREFLIGHT, authorization: 'Bearer demo-payg' };
    expect((await request(getPath(NEAREST), { method: 'HEAD', headers })).status).toBe(405);
    expect(await books('demo-payg')).toMatchObject({ available: 100, sum: 100 });
  });
});

describe('an operation’s name', () => {
  it('that the document does not have gets 400, before anything is quoted or held', async () => {
    const server = await start();
    server.takeCalls();
    for (const key of ['demo-payg', 'demo-free']) {
      expect(await post(server, key, { query: `query A ${NEAREST}`, operationName: 'B' })).toEqual({
        status: 400,
        headers: HEADERS_OF[400],
        body: {
          errors: [{ message: 'Unknown operation named "B".', extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } }],
        },
      });
    }
    expect(server.takeCalls().byVerb).toEqual({});
  });

  it('is needed where there are several, and its absence costs nothing', async () => {
    const server = await start();
    server.takeCalls();
    const answer = await post(server, 'demo-payg', { query: `query A ${NEAREST} query B ${NEAREST}` });
    expect(answer).toEqual({
      status: 400,
      headers: HEADERS_OF[400],
      body: {
        errors: [
          {
            message: 'Must provide operation name if query contains multiple operations.',
            extensions: { code: 'OPERATION_RESOLUTION_FAILURE' },
          },
        ],
      },
    });
    expect(server.takeCalls().byVerb).toEqual({});
  });
});

describe('the type of a response', () => {
  it.each([
    ['application/json', JSON_HEADERS],
    ['*/*', JSON_HEADERS],
    ['application/graphql-response+json', HEADERS_OF[400]],
    ['application/graphql-response+json; charset=utf-8, application/json; charset=utf-8', HEADERS_OF[400]],
    ['application/json, application/graphql-response+json', JSON_HEADERS],
    ['application/json;q=0.5, application/graphql-response+json', HEADERS_OF[400]],
    ['application/json;q=0, application/graphql-response+json', HEADERS_OF[400]],
    ['application/graphql-response+json;q=0, application/json', JSON_HEADERS],
  ])('that is served is the one that the client accepts: %s', async (accept, headers) => {
    const { query } = await start();
    expect(await query('demo-payg', NEAREST, {}, { accept })).toMatchObject({ status: 200, headers });
    expect(await query(null, '{ country(code: "AT") { name } }', {}, { accept })).toMatchObject({
      status: 200,
      headers,
    });
  });

  it('that the client does not accept keeps nothing back that was charged', async () => {
    const { query, books } = await start();
    for (const [accept, balance] of [
      ['text/html', 99],
      ['application/json;q=0', 98],
      ['application/json; charset=latin1', 97],
    ] as const) {
      expect(await query('demo-payg', NEAREST, {}, { accept })).toEqual({
        status: 200,
        headers: JSON_HEADERS,
        body: { data: VIENNA, extensions: paymentOf('Query.nearest', { charged: 1, balance }) },
      });
    }
    expect(await books('demo-payg')).toMatchObject({ available: 97, held: 0, sum: 97 });
  });

  it('of a refusal is one whose errors clients read, whatever they accept', async () => {
    const { query } = await start();
    for (const accept of ['application/json', 'text/html', '*/*', 'application/graphql-response+json']) {
      expect(await query('demo-free', NEAREST, {}, { accept })).toMatchObject({
        status: 402,
        headers: headersOf402('ADD_FUNDS'),
      });
    }
  });
});

describe('a batch', () => {
  it('of operations is refused as a whole, and charges nothing', async () => {
    const server = await start();
    const answer = await post(server, 'demo-payg', [{ query: NEAREST }, { query: NEAREST }]);
    expect(answer.status).toBe(400);
    expect(await server.books('demo-payg')).toMatchObject({ available: 100, sum: 100 });
  });
});

describe('a remedy’s page', () => {
  it('is there for every remedy that an error can name, and for no other', async () => {
    const { request } = await start();
    for (const slug of [
      'use-valid-key',
      'contact-support',
      'slow-down',
      'update-payment-method',
      'renew-subscription',
      'upgrade-plan',
      'add-funds',
      'subscribe',
      'retry-later',
    ]) {
      expect(await request(`/remedies/${slug}`)).toMatchObject({
        status: 200,
        headers: { 'content-type': 'text/html; charset=utf-8' },
        body: expect.stringMatching(/^<!doctype html>/),
      });
    }
    expect((await request('/remedies/%3Cscript%3E')).status).toBe(404);
  });
});
