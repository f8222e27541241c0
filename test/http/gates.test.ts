/** Attacks on the two gates: documents that try to get more than they pay for, or to pay for what they don't get. */
import { describe, expect, it } from 'vitest';
import { chargedIn, partAt } from '../support/bodies.js';
import { useServers } from '../support/runningServers.js';
import { HEADERS_OF, headersOf402, insufficientFunds, JSON_HEADERS, paymentOf } from '../support/refusals.js';
import type { Answer } from '../support/server.js';
import { workshop } from '../support/workshop.js';

const start = useServers();

const VIENNA = [{ name: 'Vienna' }];
const ok = (body: unknown): Answer => ({ status: 200, headers: JSON_HEADERS, body });

describe('one charge per position', () => {
  it('however a field is selected: twice, by a fragment, by a fragment in a fragment, or by an inline one', async () => {
    const { query } = await start();
    const document = `
      query { ...A ...B nearest(lat: 48.2, lon: 16.37, first: 1) { name } ... on Query { nearest(lat: 48.2, lon: 16.37, first: 1) { name } } }
      fragment A on Query { nearest(lat: 48.2, lon: 16.37, first: 1) { name } ...B }
      fragment B on Query { ... { nearest(lat: 48.2, lon: 16.37, first: 1) { name } } }`;
    expect(await query('demo-payg', document)).toEqual(
      ok({ data: { nearest: VIENNA }, extensions: paymentOf('Query.nearest', { charged: 1, balance: 99 }) }),
    );
  });

  it('also where its alias is a name that objects have by themselves', async () => {
    const { request, books } = await start();
    const nearest = 'nearest(lat: 48.2, lon: 16.37, first: 1) { __proto__: name }';
    const document = `{ __proto__: ${nearest} constructor: ${nearest} __typename: ${nearest} length: ${nearest} }`;
    const answer = await request('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer demo-payg' },
      body: JSON.stringify({ query: document }),
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      extensions: paymentOf('Query.nearest', { charged: 4, balance: 96, positions: 4 }),
    });
    expect(await books('demo-payg')).toMatchObject({ available: 96, held: 0, sum: 96 });
  });

  it('and none for what a variable skips', async () => {
    const { query } = await start();
    const document = `query ($yes: Boolean!, $no: Boolean!) {
      skipped: nearest(lat: 48.2, lon: 16.37, first: 100) @skip(if: $yes) { name }
      left: nearest(lat: 48.2, lon: 16.37, first: 100) @include(if: $no) { name }
      ... @include(if: $no) { out: nearest(lat: 48.2, lon: 16.37, first: 100) { name } }
      ...Out @skip(if: $yes)
      got: nearest(lat: 48.2, lon: 16.37, first: 1) @skip(if: $no) @include(if: $yes) { name }
    }
    fragment Out on Query { fragment: nearest(lat: 48.2, lon: 16.37, first: 100) { name } }`;
    expect(await query('demo-payg', document, { yes: true, no: false })).toEqual(
      ok({ data: { got: VIENNA }, extensions: paymentOf('Query.nearest', { charged: 1, balance: 99 }) }),
    );
  });

  it('and none for another operation of the same document', async () => {
    const { request } = await start();
    const document = `query Dear { nearest(lat: 48.2, lon: 16.37, first: 100) { name } } query Cheap { nearest(lat: 48.2, lon: 16.37, first: 1) { name } }`;
    const answer = await request('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer demo-payg' },
      body: JSON.stringify({ query: document, operationName: 'Cheap' }),
    });
    expect(answer).toEqual(
      ok({ data: { nearest: VIENNA }, extensions: paymentOf('Query.nearest', { charged: 1, balance: 99 }) }),
    );
  });

  it('with the same document again at another price: documents are cached, prices are not', async () => {
    const { query } = await start();
    const document = 'query ($n: Int!) { nearest(lat: 48.2, lon: 16.37, first: $n) { __typename } }';
    for (const [n, balance] of [
      [1, 99],
      [5, 94],
      [1, 93],
    ] as const) {
      expect(await query('demo-payg', document, { n })).toEqual(
        ok({
          data: { nearest: Array.from({ length: n }, () => ({ __typename: 'City' })) },
          extensions: paymentOf('Query.nearest', { charged: n, balance }),
        }),
      );
    }
  });

  it('and nothing beneath a refused field is priced', async () => {
    const { query, accountWithKey } = await start();
    const key = await accountWithKey('alice', 5);
    const document = `{
  dear: country(code: "AT") { cities(first: 6) { distance(lat: 0, lon: 0) } }
  cheap: nearest(lat: 48.2, lon: 16.37, first: 5) { __typename }
}`;
    expect(await query(key, document)).toEqual(
      ok({
        data: { dear: { cities: null }, cheap: Array.from({ length: 5 }, () => ({ __typename: 'City' })) },
        errors: [
          {
            message:
              'Country.cities costs 6 credits, and 5 are available. Add funds, or subscribe to a plan that covers it: pro.',
            locations: [{ line: 2, column: 31 }],
            path: ['dear', 'cities'],
            extensions: insufficientFunds('Country.cities', {
              feature: 'cities',
              required: 6,
              available: 5,
              plans: ['pro'],
            }),
          },
        ],
        extensions: paymentOf('Query.nearest', { charged: 5, balance: 0 }),
      }),
    );
  });

  it('for an abstract type what resolved is charged, not the dearest that was held', async () => {
    const { schema } = workshop();
    const { query, accountWithKey, books } = await start({ schema });
    const key = await accountWithKey('alice', 7);
    expect(await query(key, '{ outcome { ... on Cheap { value } ... on Dear { worth } } }')).toEqual(
      ok({ data: { outcome: { value: 'small' } }, extensions: paymentOf('Cheap.value', { charged: 1, balance: 6 }) }),
    );
    expect(await books('alice')).toMatchObject({ available: 6, held: 0, holds: 0, sum: 6 });
  });
});

describe('arguments that give no sound price', () => {
  it('a negative multiplier is the caller’s mistake: 400, and nothing is charged', async () => {
    const { query, books } = await start();
    const answer = await query('demo-payg', '{ nearest(lat: 48.2, lon: 16.37, first: -1) { name } }');
    expect(answer).toEqual({
      status: 400,
      headers: HEADERS_OF[400],
      body: {
        errors: [
          {
            message: expect.stringContaining('The argument "first" of Query.nearest multiplies its price'),
            locations: [{ line: 1, column: 3 }],
            extensions: { code: 'BAD_USER_INPUT', argument: 'first', coordinate: 'Query.nearest' },
          },
        ],
      },
    });
    expect(await books('demo-payg')).toMatchObject({ available: 100, held: 0, sum: 100 });
  });

  it('a negative multiplier beside a dear field does not make it cheaper', async () => {
    const { query, books } = await start();
    const document =
      '{ a: nearest(lat: 1, lon: 1, first: 1000) { name } b: nearest(lat: 1, lon: 1, first: -999) { name } }';
    expect((await query('demo-payg', document)).status).toBe(400);
    expect(await books('demo-payg')).toMatchObject({ available: 100, held: 0, sum: 100 });
  });

  it('the largest Int is priced as what it is, and refused', async () => {
    const { query } = await start();
    expect(await query('demo-payg', '{ nearest(lat: 48.2, lon: 16.37, first: 2147483647) { name } }')).toEqual({
      status: 402,
      headers: headersOf402('ADD_FUNDS'),
      body: {
        errors: [
          {
            message:
              'Query.nearest costs 2147483647 credits, and 100 are available. Add funds, or subscribe to a plan that covers it: pro.',
            locations: [{ line: 1, column: 3 }],
            path: ['nearest'],
            extensions: insufficientFunds('Query.nearest', {
              feature: 'geocoding',
              required: 2147483647,
              available: 100,
              plans: ['pro'],
            }),
          },
        ],
      },
    });
  });

  it('a multiplier of 0 costs nothing, and asks for the means of one', async () => {
    const { query, books } = await start();
    const document = '{ nearest(lat: 48.2, lon: 16.37, first: 0) { name } }';
    expect(await query('demo-free', document)).toMatchObject({
      status: 402,
      body: { errors: [{ extensions: { reason: 'INSUFFICIENT_FUNDS', required: 1, available: 0 } }] },
    });
    expect(await query('demo-payg', document)).toEqual(
      ok({
        data: { nearest: null },
        errors: [
          {
            message: '"first" must be from 1 to 1,000, and is 0.',
            locations: [{ line: 1, column: 3 }],
            path: ['nearest'],
            extensions: { code: 'BAD_USER_INPUT', argument: 'first' },
          },
        ],
        extensions: { payment: { charged: 0, balance: 100, fields: [] } },
      }),
    );
    expect(await books('demo-free')).toMatchObject({ entries: [] });
    expect(await books('demo-payg')).toMatchObject({ available: 100, held: 0 });
  });

  it('variables of a wrong type get 400 before anything is quoted, held or read of the account', async () => {
    const { query, takeCalls } = await start();
    const document = 'query ($n: Int!) { nearest(lat: 48.2, lon: 16.37, first: $n) { name } }';
    takeCalls();
    for (const n of ['three', null, 1.5, 2 ** 31, [1]]) {
      const answer = await query('demo-payg', document, { n });
      expect(answer).toEqual({
        status: 400,
        headers: HEADERS_OF[400],
        body: {
          errors: [
            {
              message: expect.stringMatching(/^Variable "\$n" /),
              locations: [{ line: 1, column: 8 }],
              extensions: { code: 'BAD_USER_INPUT' },
            },
          ],
        },
      });
    }
    expect(takeCalls()).toEqual({ byVerb: {}, readRounds: 0 });
  });

  it('more positions than an operation may have get 400, whoever asks and however they are nested', async () => {
    const { query, takeCalls } = await start();
    takeCalls();
    const document =
      '{ country(code: "AT") { borders { borders { cities(first: 1000) { distance(lat: 1, lon: 1) } } } } }';
    for (const key of [null, 'demo-payg', 'demo-pro']) {
      expect(await query(key, document)).toEqual({
        status: 400,
        headers: HEADERS_OF[400],
        body: {
          errors: [
            {
              message: expect.stringContaining('more than 10000 priced fields'),
              extensions: { code: 'BAD_USER_INPUT' },
            },
          ],
        },
      });
    }
    expect(takeCalls()).toEqual({ byVerb: {}, readRounds: 0 });
  });

  it('a document whose fragments double with each level is refused without being followed', async () => {
    const { query, takeCalls } = await start();
    const levels = 60;
    const fragments = Array.from(
      { length: levels },
      (_, level) => `fragment F${level} on Country { a: borders { ...F${level + 1} } b: borders { ...F${level + 1} } }`,
    );
    const document = `{ country(code: "AT") { ...F0 } } ${fragments.join(' ')} fragment F${levels} on Country { cities(first: 1) { name } }`;
    takeCalls();
    // Followed, it would be 2 ** 60 fields, and there would be no answer.
    expect((await query('demo-payg', document)).status).toBe(400);
    expect(takeCalls()).toMatchObject({ byVerb: {} });
  });
});

describe('a list that is longer than quoted', () => {
  const parts = (count: number, delivered = count) =>
    Array.from({ length: count }, (_, number) => ({ weight: number < delivered ? number * 10 : null }));

  it('extends the hold: all 25 items are charged', async () => {
    const { schema } = workshop({ partCount: 25 });
    const { query, accountWithKey, books, takeCalls } = await start({ schema });
    const key = await accountWithKey('alice', 40);
    takeCalls();
    expect(await query(key, '{ parts { weight } }')).toEqual(
      ok({
        data: { parts: parts(25) },
        extensions: paymentOf('Part.weight', { charged: 25, balance: 15, positions: 25 }),
      }),
    );
    // The hold, one extension for all fifteen items beyond it, and the capture.
    expect(takeCalls().byVerb.commitWallets).toBe(3);
    expect(await books('alice')).toMatchObject({ available: 15, held: 0, holds: 0, sum: 15 });
  });

  it('is served as far as the balance goes, and every item beyond is refused under its own path', async () => {
    const { schema, ran } = workshop({ partCount: 25 });
    const { query, accountWithKey, books } = await start({ schema });
    const key = await accountWithKey('alice', 15);
    expect(await query(key, '{ parts { weight } }')).toEqual(
      ok({
        data: { parts: parts(25, 15) },
        errors: Array.from({ length: 10 }, (_, index) => ({
          message: 'Part.weight costs 1 credit, and 0 are available. Add funds.',
          locations: [{ line: 1, column: 11 }],
          path: ['parts', 15 + index, 'weight'],
          extensions: insufficientFunds('Part.weight', { feature: 'work', required: 1, available: 0 }),
        })),
        extensions: paymentOf('Part.weight', { charged: 15, balance: 0, positions: 15 }),
      }),
    );
    expect(ran).toHaveLength(15);
    expect(await books('alice')).toMatchObject({ available: 0, held: 0, holds: 0, sum: 0 });
  });

  it('does not take what another operation has set aside meanwhile', async () => {
    const { schema } = workshop({ partCount: 25 });
    const { query, accountWithKey, books } = await start({ schema });
    const key = await accountWithKey('alice', 40);
    const answers = await Promise.all([query(key, '{ parts { weight } }'), query(key, '{ parts { weight } }')]);
    const charged = answers.map(({ body }) => chargedIn(body));
    expect(charged[0] ?? 0).toBeGreaterThanOrEqual(10);
    expect((charged[0] ?? 0) + (charged[1] ?? 0)).toBe(40);
    expect(await books('alice')).toMatchObject({ available: 0, held: 0, holds: 0, sum: 0 });
  });

  it('shorter than quoted is charged for the items that it has', async () => {
    const { schema } = workshop({ partCount: 3 });
    const { query, accountWithKey, books } = await start({ schema });
    const key = await accountWithKey('alice', 40);
    expect(await query(key, '{ parts { weight } }')).toEqual(
      ok({
        data: { parts: parts(3) },
        extensions: paymentOf('Part.weight', { charged: 3, balance: 37, positions: 3 }),
      }),
    );
    expect(await books('alice')).toMatchObject({ available: 37, held: 0, holds: 0, sum: 37 });
  });
});

describe('a plan’s limit', () => {
  it('covers what is left of it, credits pay the rest, and what neither covers is refused', async () => {
    const { query, books } = await start();
    const document = `{ country(code: "DE") {
  a: cities(first: 800) { __typename }
  b: cities(first: 300) { __typename }
  c: cities(first: 201) { __typename }
  d: cities(first: 200) { __typename }
} }`;
    const answer = await query('demo-pro', document);
    expect(answer).toMatchObject({
      status: 200,
      body: {
        data: { country: { d: null } },
        extensions: {
          payment: {
            charged: 301,
            balance: 199,
            fields: [{ coordinate: 'Country.cities', positions: 3, credits: 301, coveredBy: 'pro' }],
          },
        },
      },
    });
    expect(partAt(answer.body, 'errors')).toEqual([
      {
        message: expect.stringMatching(/^Country\.cities needs 200 units of the plan's limit, of which 0 are left\./),
        locations: [{ line: 5, column: 3 }],
        path: ['country', 'd'],
        extensions: {
          code: 'PAYMENT_REQUIRED',
          reason: 'LIMIT_REACHED',
          remedy: 'UPGRADE_PLAN',
          remedyUrl: 'https://atlas.test/UPGRADE_PLAN',
          docs: 'https://atlas.test/errors/paid-content',
          coordinate: 'Country.cities',
          feature: 'cities',
          required: 200,
          available: 0,
          plans: [],
          resetAt: expect.stringMatching(/T00:00:00\.000Z$/),
          retryable: true,
          refusalId: expect.any(String),
        },
      },
    ]);
    expect(await books('demo-pro')).toMatchObject({ available: 199, held: 0, holds: 0, sum: 199 });
  });

  it('is not exceeded by operations that come at once', async () => {
    const { query } = await start();
    // The largest of the plan's days has 1,000 units, and 500 credits take over: 15 of 20 operations at 100 each.
    const document = '{ country(code: "DE") { cities(first: 100) { __typename } } }';
    const answers = await Promise.all(Array.from({ length: 20 }, () => query('demo-pro', document)));
    const served = answers.filter(({ body }) => partAt(body, 'data', 'country', 'cities') !== null);
    expect(served).toHaveLength(15);
    expect(served.map(({ body }) => chargedIn(body)).sort((a, b) => a - b)).toEqual([
      ...Array.from({ length: 10 }, () => 0),
      ...Array.from({ length: 5 }, () => 100),
    ]);
    expect((await query('demo-pro', '{ billing { balance { available } limits { used } } }')).body).toEqual({
      data: { billing: { balance: { available: 0 }, limits: [{ used: 1000 }] } },
    });
  });
});

describe('an author who wants no partial answers', () => {
  it('refuses the whole query where any of its fields is refused', async () => {
    const { schema, ran } = workshop();
    const { query, accountWithKey, books } = await start({ schema, whenRefused: 'REJECT' });
    const key = await accountWithKey('alice', 3);
    expect(await query(key, '{ free steady again: steady }')).toEqual({
      status: 402,
      headers: headersOf402('ADD_FUNDS'),
      body: {
        errors: [
          {
            message: 'Query.steady costs 2 credits, and 1 are available. Add funds.',
            locations: [{ line: 1, column: 15 }],
            path: ['again'],
            extensions: insufficientFunds('Query.steady', { feature: 'work', required: 2, available: 1 }),
          },
        ],
      },
    });
    expect(ran).toEqual([]);
    expect(await books('alice')).toMatchObject({ available: 3, held: 0, holds: 0, sum: 3 });
  });
});
