/** Ways in which people try to get what they have not paid for. None of them delivers it. */
import { createHash } from 'node:crypto';
import { makeExecutableSchema } from '@graphql-tools/schema';
import type { ApolloServerPlugin, GraphQLResponse } from '@apollo/server';
import { graphql, parse } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import { afterEach, describe, expect, it } from 'vitest';
import { directiveTypeDefs } from '../../src/api/readTypeDefs.js';
import { createPaywall } from '../../src/paywall/createPaywall.js';
import type { PaywallContext } from '../../src/paywall/callerContext.js';
import { openStore } from '../../src/store/openStore.js';
import { listAt, partAt } from '../support/bodies.js';
import { startServer } from '../support/server.js';
import type { TestServer } from '../support/server.js';
import { startApollo } from './apolloForTest.js';
import type { ApolloForTest, ApolloSetup } from './apolloForTest.js';

const SECRET = 'worth paying for';

const typeDefs = /* GraphQL */ `
  type Query {
    air: String
    secret: String @requiresPayment(feature: "secrets", cost: 1)
    pages(first: Int! = 1): [String!] @requiresPayment(feature: "secrets", cost: 1, multipliers: ["first"])
    thing: Thing
    either: Either
    box: Box
  }
  type Mutation {
    tell: String @requiresPayment(feature: "secrets", cost: 1)
  }
  type Subscription {
    whispers: String @requiresPayment(feature: "secrets", cost: 1)
  }
  interface Thing {
    secret: String
  }
  union Either = Box | Bag
  type Box implements Thing {
    secret: String @requiresPayment(feature: "secrets", cost: 1)
  }
  type Bag implements Thing {
    secret: String
  }
`;

/** Each paid field delivers the secret, and `ran` tells which did. */
const schemaWith = (ran: string[] = []): GraphQLSchema => {
  const tell = (where: string) => () => {
    ran.push(where);
    return SECRET;
  };
  return makeExecutableSchema({
    typeDefs: [directiveTypeDefs(), typeDefs],
    resolvers: {
      Query: {
        air: () => 'O2',
        secret: tell('Query.secret'),
        pages: (_root, { first }: { first: number }) => Array.from({ length: first }, tell('Query.pages')),
        thing: () => ({ __typename: 'Box' }),
        either: () => ({ __typename: 'Box' }),
        box: () => ({}),
      },
      Mutation: { tell: tell('Mutation.tell') },
      Subscription: { whispers: { subscribe: whispers(ran), resolve: tell('Subscription.whispers') } },
      Box: { secret: tell('Box.secret') },
      Bag: { secret: () => 'nothing much' },
    },
  });
};

const whispers = (ran: string[]) =>
  async function* (): AsyncGenerator {
    ran.push('source');
    yield await Promise.resolve({});
  };

let closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing) await close();
  closing = [];
});

/** A server, an account without means and its key. */
const pauper = async (credits = 0): Promise<{ server: TestServer; key: string; ran: string[] }> => {
  const ran: string[] = [];
  // `Thing.secret` is paid in one type and free in another, which the lint would not let pass.
  const server = await startServer({ schema: schemaWith(ran), lint: 'off', database: memoryDatabase });
  closing.push(server.close);
  return { server, key: await server.accountWithKey('pauper', credits), ran };
};

const memoryDatabase = async () => {
  const store = await openStore('sqlite::memory:');
  return { store, drop: () => store.close() };
};

const expectNothingTold = async (server: TestServer, body: unknown, ran: readonly string[]): Promise<void> => {
  expect(JSON.stringify(body)).not.toContain(SECRET);
  expect(ran).toEqual([]);
  expect(await server.books('pauper')).toMatchObject({ available: 0, held: 0, sum: 0 });
};

describe('paid data can’t be had for nothing', () => {
  it.each([
    ['through an interface', '{ thing { secret } }', 200],
    ['through an interface’s fragment', '{ thing { ... on Box { secret } } }', 200],
    ['through a union', '{ either { ... on Thing { secret } } }', 200],
    [
      'through a fragment on another type',
      '{ box { ...F } } fragment F on Thing { ... on Either { ...G } } fragment G on Box { it: secret }',
      200,
    ],
    ['through a fragment on the root type', '{ ...F } fragment F on Query { ... { secret } }', 402],
    ['under the name of introspection', '{ __typename: secret }', 402],
    ['by a subscription sent as a query', 'subscription { whispers }', 402],
    ['by a mutation', 'mutation { tell }', 402],
  ])('%s', async (_way, operation, status) => {
    const { server, key, ran } = await pauper();
    const answer = await server.query(key, operation);
    expect(answer.status).toBe(status);
    expect(listAt(answer.body, 'errors').map((error) => partAt(error, 'extensions', 'reason'))).toEqual([
      'INSUFFICIENT_FUNDS',
    ]);
    await expectNothingTold(server, answer.body, ran);
  });

  it('by a second operation of the document', async () => {
    const { server, key, ran } = await pauper();
    const query = 'query Free { air } query Paid { secret }';
    const send = (operationName?: string) =>
      server.request('/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
        body: JSON.stringify({ query, operationName }),
      });
    expect(await send('Free')).toMatchObject({ status: 200, body: { data: { air: 'O2' } } });
    expect(await send('Paid')).toMatchObject({ status: 402 });
    for (const name of [undefined, '', 'Neither']) expect(await send(name)).toMatchObject({ status: 400 });
    await expectNothingTold(server, (await send('Paid')).body, ran);
  });

  it('by a cached document with other variables', async () => {
    const { server, key } = await pauper(3);
    const document = 'query ($first: Int!, $skip: Boolean = false) { pages(first: $first) air @skip(if: $skip) }';
    expect(await server.query(key, document, { first: 1 })).toMatchObject({ body: { data: { pages: [SECRET] } } });
    expect(await server.query(key, document, { first: 5 })).toMatchObject({
      status: 200,
      body: { data: { pages: null, air: 'O2' }, errors: [{ extensions: { required: 5, available: 2 } }] },
    });
    expect(await server.query(key, document, { first: 5, skip: true })).toMatchObject({ status: 402 });
    expect(await server.books('pauper')).toMatchObject({ available: 2, held: 0 });
  });

  it('by a condition that is null where a default makes it optional', async () => {
    const { server, key, ran } = await pauper();
    const document = 'query ($skip: Boolean = true) { secret @skip(if: $skip) air }';
    expect(await server.query(key, document)).toMatchObject({ status: 200, body: { data: { air: 'O2' } } });
    const { body } = await server.query(key, document, { skip: null });
    await expectNothingTold(server, body, ran);
  });

  it('by the hash of an operation that another account paid for', async () => {
    const { server, key, ran } = await pauper();
    const rich = await server.accountWithKey('rich', 1);
    const query = '{ secret }';
    const extensions = { persistedQuery: { version: 1, sha256Hash: createHash('sha256').update(query).digest('hex') } };
    const send = (by: string, body: object) =>
      server.request('/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${by}` },
        body: JSON.stringify(body),
      });
    expect(await send(rich, { query, extensions })).toMatchObject({ status: 200, body: { data: { secret: SECRET } } });
    ran.length = 0;
    const answer = await send(key, { extensions });
    expect(answer.status).toBe(402);
    await expectNothingTold(server, answer.body, ran);
  });

  it('by GET', async () => {
    const { server, key, ran } = await pauper();
    const get = (query: string) =>
      server.request(`/graphql?${new URLSearchParams({ query }).toString()}`, {
        headers: { authorization: `Bearer ${key}`, 'apollo-require-preflight': 'yes' },
      });
    const answer = await get('{ secret }');
    expect(answer).toMatchObject({ status: 402, headers: { 'cache-control': 'no-store' } });
    await expectNothingTold(server, answer.body, ran);
    const mutation = await get('mutation { tell }');
    expect(mutation.status).toBe(405);
    await expectNothingTold(server, mutation.body, ran);
  });

  it('by a flood of aliases on a balance of 1: one is delivered, and each of the others says what it lacks', async () => {
    const { server, key } = await pauper(1);
    const flood = (count: number) => `{ ${Array.from({ length: count }, (_, n) => `a${n}: secret`).join(' ')} }`;
    const { status, body } = await server.query(key, flood(500));
    expect(status).toBe(200);
    expect(Object.values(Object(partAt(body, 'data')) as object).filter((value) => value === SECRET)).toHaveLength(1);
    expect(partAt(body, 'data', 'a0')).toBe(SECRET);
    expect(listAt(body, 'errors')).toHaveLength(499);
    expect(await server.books('pauper')).toMatchObject({ available: 0, held: 0, sum: 0 });
  });

  it('by a flood of more positions than an operation may have: nothing of it is run', async () => {
    const { server, key } = await pauper(1);
    const flood = `{ ${Array.from({ length: 10_001 }, (_, n) => `a${n}: secret`).join(' ')} }`;
    const answer = await server.query(key, flood);
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] } });
    expect(await server.books('pauper')).toMatchObject({ available: 1, held: 0, sum: 1 });
  });

  it('by a subscription: its source is not started', async () => {
    const { server, key, ran } = await pauper();
    const caller = await server.paywall.identify(`Bearer ${key}`);
    const answer = await server.paywall.subscribe({
      document: 'subscription { whispers }',
      contextValue: { tollgate: { caller } },
    });
    expect(answer).toMatchObject({ errors: [{ extensions: { reason: 'INSUFFICIENT_FUNDS' } }] });
    expect(answer).not.toHaveProperty('data');
    await expectNothingTold(server, answer, ran);
  });
});

describe('the schema executed without a tab', () => {
  it('delivers no paid value and says why', async () => {
    const { server, ran } = await pauper();
    const { schema } = server.paywall;
    const result = await graphql({ schema, source: '{ air secret box { secret } }', contextValue: {} });
    expect(JSON.parse(JSON.stringify(result))).toEqual({
      data: { air: 'O2', secret: null, box: { secret: null } },
      errors: [noOpenTab('Query.secret', 7, 'secret'), noOpenTab('Box.secret', 20, 'box', 'secret')],
    });
    await expectNothingTold(server, result, ran);
  });

  it('delivers none in the context of an operation that has a tab, either', async () => {
    const { server, ran } = await pauper();
    const key = await server.accountWithKey('rich', 10);
    const caller = await server.paywall.identify(`Bearer ${key}`);
    const contextValue = { tollgate: { caller } };
    const opening = await server.paywall.open({ document: parse('{ secret }'), caller, contextValue });
    if (opening.kind !== 'open') throw new Error('An account with means was not let through.');
    const { schema } = server.paywall;
    const first = await graphql({ schema, source: '{ secret }', contextValue });
    const second = await graphql({ schema, source: '{ secret }', contextValue });
    expect([first.data, second.data]).toEqual([{ secret: SECRET }, { secret: null }]);
    expect(await opening.settle(first)).toMatchObject({ charged: 1, balance: 9 });
    const third = await graphql({ schema, source: '{ secret }', contextValue });
    expect(third.data).toEqual({ secret: null });
    expect(ran).toEqual(['Query.secret']);
  });
});

const noOpenTab = (coordinate: string, column: number, ...path: readonly string[]) => ({
  message: `${coordinate} is not free, and no tab is open for this operation. Run it with paywall.execute, or with the Tollgate plugin.`,
  locations: [{ line: 1, column }],
  path,
  extensions: { code: 'NO_OPEN_TAB', coordinate },
});

describe('operations that share one context value at the same time', () => {
  it('are each charged for what they deliver, by execute', async () => {
    const { server } = await pauper();
    const key = await server.accountWithKey('rich', 10);
    const contextValue = { tollgate: { caller: await server.paywall.identify(`Bearer ${key}`) } };
    const run = (document: string) => server.paywall.execute({ document, contextValue });
    const results = await Promise.all([
      run('{ secret }'),
      run('{ pages(first: 3) }'),
      run('{ secret box { secret } }'),
    ]);
    expect(results.map(({ extensions }) => partAt(extensions, 'payment', 'charged'))).toEqual([1, 3, 2]);
    expect(results.flatMap(({ errors = [] }) => errors)).toEqual([]);
    expect(await server.books('rich')).toMatchObject({ available: 4, held: 0, sum: 4 });
  });

  it('are refused by open, which can’t give them contexts of their own, and the first is not touched', async () => {
    const { server } = await pauper();
    const key = await server.accountWithKey('rich', 10);
    const caller = await server.paywall.identify(`Bearer ${key}`);
    const request = { document: parse('{ secret }'), caller, contextValue: { tollgate: { caller } } };
    const [first, second] = await Promise.allSettled([server.paywall.open(request), server.paywall.open(request)]);
    expect([first.status, second.status]).toEqual(['fulfilled', 'rejected']);
    await expect(server.paywall.open(request)).rejects.toThrow('Give each operation a context value of its own.');
    if (first.status !== 'fulfilled' || first.value.kind !== 'open') throw new Error('The first was not let through.');
    await first.value.settle({});
    expect(await server.paywall.open(request)).toMatchObject({ kind: 'open' });
    expect(await server.books('rich')).toMatchObject({ available: 9, held: 1, sum: 10 });
  });
});

const apollo = async (setup: Omit<ApolloSetup, 'schema'>, ran: string[] = []): Promise<ApolloForTest> => {
  const schema = makeExecutableSchema({
    typeDefs: [
      directiveTypeDefs(),
      `type Query { air: String secret: String @requiresPayment(cost: 1) either: Either }
       union Either = Paid | Free
       type Paid { secret: String @requiresPayment(cost: 1) }
       type Free { air: String }`,
    ],
    resolvers: {
      Query: {
        air: () => 'O2',
        secret: () => {
          ran.push('secret');
          return SECRET;
        },
        either: () => ({ __typename: 'Paid' }),
      },
      Paid: { secret: () => SECRET },
    },
  });
  const started = await startApollo({ ...setup, schema });
  closing.push(started.close);
  return started;
};

describe('an HTTP batch', () => {
  const batching = { options: { allowBatchedHttpRequests: true } };

  it('is 200 whatever becomes of its operations, each of which is charged for itself', async () => {
    const server = await apollo(batching);
    const key = await server.keyOf('alice', 2);
    const answer = await server.post(key, [
      { query: '{ a: secret }' },
      { query: '{ b: secret air }' },
      { query: '{ c: secret }' },
      { query: '{ air }' },
      { query: '{ nonsense }' },
      { query: '{' },
    ]);
    expect([answer.status, answer.link, answer.contentType]).toEqual([
      200,
      undefined,
      'application/json; charset=utf-8',
    ]);
    expect(listAt(answer.body)).toMatchObject([
      { data: { a: SECRET }, extensions: { payment: { charged: 1 } } },
      { data: { b: SECRET, air: 'O2' }, extensions: { payment: { charged: 1, balance: 0 } } },
      { errors: [{ extensions: { code: 'PAYMENT_REQUIRED', reason: 'INSUFFICIENT_FUNDS' } }] },
      { data: { air: 'O2' } },
      { errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] },
      { errors: [{ extensions: { code: 'GRAPHQL_PARSE_FAILED' } }] },
    ]);
    expect(listAt(answer.body)[2]).not.toHaveProperty('data');
    expect(await server.available('alice')).toEqual({ available: 0, held: 0 });
  });

  it('of a key that is not known is 200, too, and delivers nothing', async () => {
    const server = await apollo(batching);
    const answer = await server.post('tg_unknown', [{ query: '{ air }' }, { query: '{ secret }' }]);
    expect(answer).toMatchObject({
      status: 200,
      body: [
        { errors: [{ extensions: { reason: 'KEY_UNKNOWN' } }] },
        { errors: [{ extensions: { reason: 'KEY_UNKNOWN' } }] },
      ],
    });
  });

  it('has no key of its own: one in its head is 400, one of each operation is heeded', async () => {
    const server = await apollo(batching);
    const key = await server.keyOf('alice', 5);
    const refused = { errors: [{ extensions: { code: 'BAD_USER_INPUT', argument: 'idempotencyKey' } }] };
    const operations = [{ query: '{ a: secret }' }, { query: '{ b: secret }' }];
    expect(await server.post(key, operations, { 'idempotency-key': '"once"' })).toMatchObject({
      status: 400,
      body: [refused, refused],
    });
    const keyed = operations.map((each, at) => ({ ...each, extensions: { idempotencyKey: `number ${at}` } }));
    for (let time = 0; time < 2; time++) {
      expect(await server.post(key, keyed)).toMatchObject({
        status: 200,
        body: [{ data: { a: SECRET } }, { data: { b: SECRET } }],
      });
    }
    expect(await server.available('alice')).toEqual({ available: 3, held: 0 });
  });
});

/** Keeps whole answers by the text of the operation, as a response cache does that knows nothing of payment. */
const responseCache = (): ApolloServerPlugin<PaywallContext> => {
  const kept = new Map<string, GraphQLResponse>();
  return {
    requestDidStart: async ({ request: { query = '' } }) => ({
      responseForOperation: async () => kept.get(query) ?? null,
      willSendResponse: async ({ response }) => {
        const { body, http } = response;
        if (body.kind === 'single' && body.singleResult.data != null)
          kept.set(query, { body, http: { headers: http.headers } });
      },
    }),
  };
};

describe.each([
  ['before', { before: [responseCache()] }],
  ['after', { after: [responseCache()] }],
])('a response cache %s Tollgate', (_where, setup) => {
  it('does not deliver to one account what another paid for, nor anything that nobody paid for', async () => {
    const ran: string[] = [];
    const server = await apollo(setup, ran);
    const [alice, bob, carol] = [
      await server.keyOf('alice', 5),
      await server.keyOf('bob', 0),
      await server.keyOf('carol', 5),
    ];
    const both = { query: '{ air secret }' };
    expect(await server.post(alice, both)).toMatchObject({
      status: 200,
      body: { data: { air: 'O2', secret: SECRET } },
    });

    for (const key of [bob, carol, alice]) {
      const answer = await server.post(key, both);
      expect(answer).toMatchObject({
        status: 500,
        body: { errors: [{ extensions: { code: 'UNPAID_VALUE', coordinate: 'Query.secret' } }] },
      });
      expect(JSON.stringify(answer.body)).not.toContain(SECRET);
    }
    await expect.poll(() => server.available('carol')).toEqual({ available: 5, held: 0 });
    await expect.poll(() => server.available('alice')).toEqual({ available: 4, held: 0 });
    expect(ran).toEqual(['secret']);
  });

  it('does not deliver what is refused as a whole', async () => {
    const server = await apollo(setup);
    const [alice, bob] = [await server.keyOf('alice', 5), await server.keyOf('bob', 0)];
    await server.post(alice, { query: '{ secret }' });
    const answer = await server.post(bob, { query: '{ secret }' });
    expect(answer).toMatchObject({ status: 402, link: '<https://atlas.test/ADD_FUNDS>; rel="payment"' });
    expect(JSON.stringify(answer.body)).not.toContain(SECRET);
  });

  it('does not deliver what may be paid beneath an abstract type, though the answer does not tell which type it was', async () => {
    const server = await apollo(setup);
    const [alice, carol] = [await server.keyOf('alice', 5), await server.keyOf('carol', 5)];
    const either = { query: '{ either { ... on Paid { secret } ... on Free { secret: air } } }' };
    expect(await server.post(alice, either)).toMatchObject({ body: { data: { either: { secret: SECRET } } } });
    expect(await server.post(carol, either)).toMatchObject({
      status: 500,
      body: { errors: [{ extensions: { code: 'UNPAID_VALUE' } }] },
    });
  });

  it('serves what is free, and its answers tell nobody what another account has', async () => {
    const server = await apollo(setup);
    const [alice, bob] = [await server.keyOf('alice', 5), await server.keyOf('bob', 0)];
    expect((await server.post(alice, { query: '{ air }' })).body).toEqual({ data: { air: 'O2' } });
    expect((await server.post(bob, { query: '{ air }' })).body).toEqual({ data: { air: 'O2' } });
    expect(await server.post(bob, { query: '{ again: air secret }' })).toMatchObject({
      body: { data: { again: 'O2', secret: null }, extensions: { payment: { charged: 0, balance: 0 } } },
    });
    expect(await server.post(alice, { query: '{ again: air secret }' })).toMatchObject({
      status: 200,
      body: { data: { again: 'O2', secret: null }, extensions: { payment: { charged: 0, balance: 5 } } },
    });
  });
});

describe('createPaywall', () => {
  it('does not let a schema pass in which an interface’s field is free in one type and paid in another', async () => {
    const store = await openStore('sqlite::memory:');
    closing.push(() => store.close());
    expect(() => createPaywall({ schema: schemaWith(), store })).toThrow(
      'Thing.secret: paid in some implementing types',
    );
  });
});
