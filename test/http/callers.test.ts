/** Who is calling, and what comes first where several things are wrong: 401, then 403, then 400, then 402. */
import { describe, expect, it } from 'vitest';
import { accountId } from '../../src/domain/ids.js';
import { useServers } from '../support/runningServers.js';
import { HEADERS_OF, JSON_HEADERS, paymentOf, refusalExtensions } from '../support/refusals.js';
import type { Answer, TestServer } from '../support/server.js';

const start = useServers();

const NEAREST = '{ nearest(lat: 48.2, lon: 16.37, first: 1) { name } }';
const FREE = '{ country(code: "AT") { name } }';
const VIENNA = [{ name: 'Vienna' }];

/** A key that is no good bars from everything, and says so in the same words whatever was asked. */
const barred = (reason: string, message: string): Answer => ({
  status: 401,
  headers: HEADERS_OF[401],
  body: {
    errors: [
      {
        message,
        extensions: refusalExtensions({
          code: 'UNAUTHENTICATED',
          reason,
          remedy: 'USE_VALID_KEY',
          coordinate: null,
        }),
      },
    ],
  },
});

const UNKNOWN = barred(
  'KEY_UNKNOWN',
  'This API key is not known. Check that it was copied whole, or ask for a new one.',
);

const suspend = async ({ store }: TestServer, account: string): Promise<void> => {
  const [known] = await store.findAccounts([accountId(account)]);
  if (known == null) throw new Error(`There is no account ${account}.`);
  await store.saveAccounts([{ ...known, suspendedAt: known.createdAt }]);
};

describe('an API key', () => {
  it('that the operator issued is charged to its account', async () => {
    const { query, accountWithKey } = await start();
    const key = await accountWithKey('alice', 5);
    expect(await query(key, NEAREST)).toEqual({
      status: 200,
      headers: JSON_HEADERS,
      body: { data: { nearest: VIENNA }, extensions: paymentOf('Query.nearest', { charged: 1, balance: 4 }) },
    });
  });

  it('that has expired gets 401, from the very instant', async () => {
    let now = Date.UTC(2026, 0, 1);
    const { query, accountWithKey } = await start({ now: () => now });
    const key = await accountWithKey('alice', 5, { expiresAt: now + 1_000 });
    now += 999;
    expect((await query(key, NEAREST)).status).toBe(200);
    now += 1;
    const answer = barred('KEY_EXPIRED', 'This API key has expired. Use a key that is valid.');
    expect(await query(key, NEAREST)).toEqual(answer);
    expect(await query(key, FREE)).toEqual(answer);
  });

  it('that was revoked gets 401 at once', async () => {
    const { query, accountWithKey, store, paywall } = await start();
    const secret = await accountWithKey('alice', 5);
    expect((await query(secret, NEAREST)).status).toBe(200);
    const [key] = await store.findApiKeys([await paywall.engine.hashSecret(secret)]);
    if (key == null) throw new Error('The key was not stored.');
    await store.saveApiKeys([{ ...key, revokedAt: paywall.engine.settings.now() }]);
    expect(await query(secret, FREE)).toEqual(
      barred('KEY_REVOKED', 'This API key has been revoked. Use a key that is valid.'),
    );
  });

  it.each([
    ['without the scheme', 'demo-payg'],
    ['under another scheme', 'Basic demo-payg'],
    ['with more behind it', 'Bearer demo-payg demo-pro'],
    ['with its scheme alone', 'Bearer'],
    ['that is a name of the store’s own', 'Bearer __proto__'],
    ['that is an operator of a database', 'Bearer {"$ne":null}'],
    ['in other letters', 'Bearer DEMO-PAYG'],
  ])('%s is not known', async (_name, authorization) => {
    const { query, books } = await start();
    expect(await query(null, NEAREST, {}, { authorization })).toEqual(UNKNOWN);
    expect(await books('demo-payg')).toMatchObject({ available: 100, sum: 100 });
  });

  it('is read whatever the letters of its scheme', async () => {
    const { query } = await start();
    expect((await query(null, NEAREST, {}, { authorization: 'bearer demo-payg' })).status).toBe(200);
  });

  it('that is not known comes before everything that is wrong with the operation', async () => {
    const { query } = await start();
    for (const document of [
      '{',
      '{ noSuchField }',
      'query ($n: Int!) { nearest(lat: 1, lon: 1, first: $n) { name } }',
      '',
    ]) {
      expect(await query('nobody', document)).toEqual(UNKNOWN);
    }
  });

  it('of the demo is not known to a server that is no demo', async () => {
    const { query } = await start({ fixedKeys: new Map() });
    expect(await query('demo-payg', FREE)).toEqual(UNKNOWN);
  });
});

describe('an account', () => {
  const forbidden = (reason: string, message: string): Answer => ({
    status: 403,
    headers: HEADERS_OF[403],
    body: {
      errors: [
        {
          message,
          locations: [{ line: 1, column: 3 }],
          path: ['nearest'],
          extensions: refusalExtensions({
            code: 'FORBIDDEN',
            reason,
            remedy: 'CONTACT_SUPPORT',
            coordinate: 'Query.nearest',
            feature: 'geocoding',
          }),
        },
      ],
    },
  });

  it('that is suspended gets 403, however much it has', async () => {
    const server = await start();
    await suspend(server, 'demo-payg');
    expect(await server.query('demo-payg', NEAREST)).toEqual(
      forbidden('ACCOUNT_SUSPENDED', 'Query.nearest is not available: the account is suspended. Contact support.'),
    );
    expect(await server.books('demo-payg')).toMatchObject({ available: 100, held: 0, sum: 100 });
  });

  it('that is suspended is told so before it is told to pay', async () => {
    const server = await start();
    await suspend(server, 'demo-free');
    expect((await server.query('demo-free', NEAREST)).status).toBe(403);
  });

  it('that is suspended still reads what is free', async () => {
    const server = await start();
    await suspend(server, 'demo-payg');
    expect(await server.query('demo-payg', FREE)).toEqual({
      status: 200,
      headers: JSON_HEADERS,
      body: { data: { country: { name: 'Austria' } } },
    });
  });

  it('with a key that lacks the feature gets 403, and is served what the key is for', async () => {
    const { query, accountWithKey, books } = await start();
    const key = await accountWithKey('alice', 50, { scopes: ['cities'] });
    expect(await query(key, NEAREST)).toEqual(
      forbidden(
        'SCOPE_MISSING',
        'This API key may not use Query.nearest: it lacks the scope "geocoding". Contact whoever issued the key.',
      ),
    );
    expect(await query(key, '{ country(code: "LI") { cities(first: 1) { __typename } } }')).toEqual({
      status: 200,
      headers: JSON_HEADERS,
      body: {
        data: { country: { cities: [{ __typename: 'City' }] } },
        extensions: paymentOf('Country.cities', { charged: 1, balance: 49 }),
      },
    });
    expect(await books('alice')).toMatchObject({ available: 49, held: 0, sum: 49 });
  });

  it('with different reasons for its fields is answered with the first in order of precedence', async () => {
    const { query, accountWithKey } = await start();
    const key = await accountWithKey('alice', 0, { scopes: ['geocoding'] });
    // The first lacks funds (402), the second lacks a scope (403), which comes first.
    const answer = await query(key, `{ nearest(lat: 1, lon: 1) { name } export(continent: "Europe") }`);
    expect(answer).toEqual({
      status: 403,
      headers: HEADERS_OF[403],
      body: {
        errors: [
          {
            message:
              'Query.nearest costs 5 credits, and 0 are available. Add funds, or subscribe to a plan that covers it: pro.',
            locations: [{ line: 1, column: 3 }],
            path: ['nearest'],
            extensions: refusalExtensions({
              code: 'PAYMENT_REQUIRED',
              reason: 'INSUFFICIENT_FUNDS',
              remedy: 'ADD_FUNDS',
              coordinate: 'Query.nearest',
              feature: 'geocoding',
              required: 5,
              available: 0,
              plans: ['pro'],
            }),
          },
          {
            message:
              'This API key may not use Query.export: it lacks the scope "export". Contact whoever issued the key.',
            locations: [{ line: 1, column: 36 }],
            path: ['export'],
            extensions: refusalExtensions({
              code: 'FORBIDDEN',
              reason: 'SCOPE_MISSING',
              remedy: 'CONTACT_SUPPORT',
              coordinate: 'Query.export',
              feature: 'export',
            }),
          },
        ],
      },
    });
  });
});
