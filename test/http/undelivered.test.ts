/** What was charged and could not be sent after all, and what is answered where GraphQL has no say. */
import { makeExecutableSchema } from '@graphql-tools/schema';
import { GraphQLError, GraphQLScalarType } from 'graphql';
import { createClient } from 'graphql-ws';
import { afterEach, describe, expect, it, vi } from 'vitest';
import WebSocket from 'ws';
import { directiveTypeDefs } from '../../src/api/readTypeDefs.js';
import { listAt, partAt, streamedIn } from '../support/bodies.js';
import { startServer } from '../support/server.js';
import type { TestServer } from '../support/server.js';

const GRAPHQL_JSON = 'application/graphql-response+json; charset=utf-8';

const typeDefs = /* GraphQL */ `
  scalar Big
  type Query {
    big: Big @requiresPayment(cost: 2)
  }
`;

const big = new GraphQLScalarType({ name: 'Big', serialize: () => 10n });

async function* sizes() {
  yield await Promise.resolve({ sizes: 'x' });
  yield { sizes: 'x'.repeat(3_000) };
}

const manySizes = () => {
  const text = (_root: unknown, { length, letter }: { length: number; letter: string }) => letter.repeat(length);
  return makeExecutableSchema({
    typeDefs: [
      directiveTypeDefs(),
      `scalar Big
       type Query {
         big: Big @requiresPayment(cost: 2)
         text(length: Int! = 3000, letter: String! = "x"): String @requiresPayment(cost: 2)
         small: String @requiresPayment(cost: 2)
         free: String
         fault: String
         odd: String
       }
       type Mutation { text(length: Int! = 3000, letter: String! = "x"): String @requiresPayment(cost: 2) }
       type Subscription { sizes: String @requiresPayment(cost: 2) }`,
    ],
    resolvers: {
      Big: big,
      Query: {
        big: () => 10,
        text,
        small: () => 'x',
        free: () => 'x'.repeat(3_000),
        fault: () => {
          throw new GraphQLError('x'.repeat(3_000));
        },
        odd: () => {
          throw new GraphQLError('Odd.', { extensions: { code: 'ODD', big: 10n } });
        },
      },
      Mutation: { text },
      Subscription: { sizes: { subscribe: sizes } },
    },
  });
};

const allOverSocket = async (server: TestServer, key: string, query: string): Promise<readonly unknown[]> => {
  const client = createClient({
    url: `${server.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${key}` },
  });
  const answers: unknown[] = [];
  await new Promise<void>((resolve, reject) => {
    client.subscribe({ query }, { next: (answer) => answers.push(answer), error: reject, complete: resolve });
  });
  await client.dispose();
  return answers;
};

const overSocket = async (server: TestServer, key: string, query: string): Promise<unknown> =>
  (await allOverSocket(server, key, query))[0];

const codesOf = (answer: unknown): readonly unknown[] =>
  listAt(answer, 'errors').map((error) => partAt(error, 'extensions', 'code'));

describe('what can’t be sent', () => {
  let server: TestServer;
  afterEach(() => server.close());

  it('is not charged, where an answer has no form in JSON', async () => {
    const schema = makeExecutableSchema({
      typeDefs: [directiveTypeDefs(), typeDefs],
      resolvers: { Big: big, Query: { big: () => 10 } },
    });
    server = await startServer({ schema });
    const key = await server.accountWithKey('buyer', 10);
    const answer = await server.query(key, '{ big }');
    expect(answer).toMatchObject({ status: 500, headers: { 'content-type': GRAPHQL_JSON } });
    expect(answer.body).not.toHaveProperty('data');
    expect(await server.books('buyer')).toMatchObject({ available: 10, held: 0, sum: 10 });
  });

  it.each([
    ['one that is too large', '{ text(length: 3000) }', 'ANSWER_TOO_LARGE', 413],
    ['one of letters that take more bytes', '{ text(length: 800, letter: "€") }', 'ANSWER_TOO_LARGE', 413],
    ['one that is large by its errors', '{ small fault }', 'ANSWER_TOO_LARGE', 413],
    ['one that has no form in JSON', '{ big }', 'INTERNAL_SERVER_ERROR', 500],
    ['one whose errors have none', '{ small odd }', 'INTERNAL_SERVER_ERROR', 500],
    ['a mutation’s', 'mutation { text }', 'ANSWER_TOO_LARGE', 413],
    ['a free one', '{ free }', 'ANSWER_TOO_LARGE', 413],
  ])('is neither sent nor charged on any transport: %s', async (_which, query, code, status) => {
    server = await startServer({ schema: manySizes(), answerBytesMax: 2_048 });
    const key = await server.accountWithKey('buyer', 10);
    server.takeCalls();
    const http = await server.query(key, query);
    expect([http.status, codesOf(http.body)]).toEqual([status, [code]]);
    expect(codesOf(await overSocket(server, key, query))).toEqual([code]);
    const sse = await server.request('/graphql/stream', {
      method: 'POST',
      headers: { accept: 'text/event-stream', 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({ query }),
    });
    expect(streamedIn(sse.body).map(codesOf)).toEqual([[code]]);
    for (const answer of [http.body, ...streamedIn(sse.body)]) expect(answer).not.toHaveProperty('data');
    await vi.waitFor(async () => expect(await server.books('buyer')).toMatchObject({ available: 10, held: 0 }));
    // Nothing was charged that would have to be given back: what the account got is all that its ledger has.
    expect((await server.books('buyer')).entries).toHaveLength(1);
  });

  it('is sent where it has as many bytes as it may', async () => {
    server = await startServer({ schema: manySizes(), answerBytesMax: 2_048 });
    const key = await server.accountWithKey('buyer', 10);
    const room = 2_048 - '{"text":""}'.length;
    expect((await server.query(key, `{ text(length: ${room}) }`)).status).toBe(200);
    expect((await server.query(key, `{ text(length: ${room + 1}) }`)).status).toBe(413);
    expect(await server.books('buyer')).toMatchObject({ available: 8, sum: 8 });
  });

  it('ends a subscription with an error in place of the event, which is not charged', async () => {
    server = await startServer({ schema: manySizes(), answerBytesMax: 2_048 });
    const key = await server.accountWithKey('buyer', 10);
    const answers = await allOverSocket(server, key, 'subscription { sizes }');
    expect(answers.map((answer) => [partAt(answer, 'data', 'sizes'), codesOf(answer)])).toEqual([
      ['x', []],
      [undefined, ['ANSWER_TOO_LARGE']],
    ]);
    await vi.waitFor(async () => expect(await server.books('buyer')).toMatchObject({ available: 8, held: 0, sum: 8 }));
  });

  it('is answered in GraphQL’s own form, where it was no GraphQL at all', async () => {
    server = await startServer();
    const headers = { 'content-type': 'application/json', authorization: 'Bearer demo-payg' };
    expect(await server.request('/graphql', { method: 'POST', headers, body: '{"query": ' })).toMatchObject({
      status: 400,
      headers: { 'content-type': GRAPHQL_JSON },
      body: { errors: [{ extensions: { code: 'BAD_REQUEST' } }] },
    });
    const tooLarge = JSON.stringify({ query: '{ __typename }', variables: { text: 'x'.repeat(2 ** 21) } });
    expect(await server.request('/graphql', { method: 'POST', headers, body: tooLarge })).toMatchObject({
      status: 413,
      headers: { 'content-type': GRAPHQL_JSON },
      body: { errors: [{ extensions: { code: 'BAD_REQUEST' } }] },
    });
    expect(await server.request('/graphql?query={__typename}')).toMatchObject({
      status: 400,
      headers: { 'content-type': GRAPHQL_JSON },
    });
  });
});
