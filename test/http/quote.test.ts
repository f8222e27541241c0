/** `billing.quote` over HTTP: position by position, for nothing, and for the caller alone. */
import { expect, it } from 'vitest';
import { partAt } from '../support/bodies.js';
import { useServers } from '../support/runningServers.js';

const start = useServers();

const QUOTE = `query ($document: String!, $variables: JSONObject, $operationName: String) { billing {
  quote(document: $document, variables: $variables, operationName: $operationName) { credits isServed
    fields { coordinate path positions units credits coveredBy }
    refusals { coordinate path message code reason remedy remedyUrl docs required available plans resetAt } } } }`;

const CITIES =
  'query ($first: Int!) { country(code: "AT") { big: cities(first: $first) { away: distance(lat: 48.2, lon: 16.37) } } }';

it('a quote goes into each position, charges nothing, and is what the operation then costs', async () => {
  const { query, books, takeCalls } = await start();
  const variables = { first: 2 };
  takeCalls();
  const { body } = await query('demo-pro', QUOTE, { document: CITIES, variables });
  expect(Object.keys(takeCalls().byVerb).filter((verb) => !verb.startsWith('find'))).toEqual([]);
  expect(partAt(body, 'data', 'billing', 'quote')).toEqual({
    credits: 4,
    isServed: true,
    fields: [
      {
        coordinate: 'Country.cities',
        path: ['country', 'big'],
        positions: 1,
        units: 2,
        credits: 0,
        coveredBy: 'pro',
      },
      {
        coordinate: 'City.distance',
        path: ['country', 'big', 'away'],
        positions: 2,
        units: 1,
        credits: 4,
        coveredBy: null,
      },
    ],
    refusals: [],
  });
  expect(await books('demo-pro')).toMatchObject({ available: 500, held: 0 });
  const { body: served } = await query('demo-pro', CITIES, variables);
  expect(partAt(served, 'extensions', 'payment', 'charged')).toBe(4);
});

it('a quote says why it would be refused, as the refusal does, with and without a key', async () => {
  const { query } = await start();
  const document = '{ nearest(lat: 48.2, lon: 16.37, first: 3) { name } }';
  for (const [key, reason] of [
    ['demo-free', 'INSUFFICIENT_FUNDS'],
    [null, 'KEY_REQUIRED'],
    ['demo-lapsed', 'PAYMENT_METHOD_EXPIRED'],
  ] as const) {
    const refused = await query(key, document);
    const { body } = await query(key, QUOTE, { document });
    const { message, extensions } = partAt(refused.body, 'errors', 0) as { message: string; extensions: object };
    expect(extensions).toMatchObject({ reason });
    const unsaid = ['refusalId', 'retryable', 'feature'];
    const said = Object.fromEntries(Object.entries(extensions).filter(([name]) => !unsaid.includes(name)));
    expect(partAt(body, 'data', 'billing', 'quote')).toEqual({
      credits: 0,
      isServed: false,
      fields: [],
      refusals: [{ ...said, message, path: ['nearest'] }],
    });
  }
});

it('what is free is quoted as free', async () => {
  const { query } = await start();
  const { body } = await query(null, QUOTE, { document: '{ country(code: "AT") { name } }' });
  expect(partAt(body, 'data', 'billing', 'quote')).toEqual({ credits: 0, isServed: true, fields: [], refusals: [] });
});

it.each([
  ['document', { document: '{ nearest(' }],
  ['document', { document: '{ nowhere }' }],
  ['document', { document: `{ ${'country(code: "AT") { name } '.repeat(2_000)} }` }],
  ['variables', { document: CITIES }],
  ['variables', { document: CITIES, variables: { first: 'two' } }],
  ['operationName', { document: 'query A { __typename } query B { __typename }' }],
  ['operationName', { document: 'query A { __typename }', operationName: '__proto__' }],
])('a quote says which argument is wrong: %s', async (argument, variables) => {
  const { query } = await start();
  const { body } = await query('demo-pro', QUOTE, variables);
  expect(body).toMatchObject({ data: null, errors: [{ extensions: { code: 'BAD_USER_INPUT', argument } }] });
});
