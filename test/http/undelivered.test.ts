/** What was charged and could not be sent after all, and what is answered where GraphQL has no say. */
import { makeExecutableSchema } from '@graphql-tools/schema';
import { GraphQLScalarType } from 'graphql';
import { afterEach, describe, expect, it } from 'vitest';
import { directiveTypeDefs } from '../../src/api/readTypeDefs.js';
import { startServer } from '../support/server.js';
import type { TestServer } from '../support/server.js';

const GRAPHQL_JSON = 'application/graphql-response+json; charset=utf-8';

const typeDefs = /* GraphQL */ `
  scalar Big
  type Query {
    big: Big @requiresPayment(cost: 2)
  }
`;

describe('what can’t be sent', () => {
  let server: TestServer;
  afterEach(() => server.close());

  it('is not charged, where an answer has no form in JSON', async () => {
    const big = new GraphQLScalarType({ name: 'Big', serialize: () => 10n });
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
