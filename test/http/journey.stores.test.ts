/**
 * What the Atlas API promises to those who call it, over HTTP and on a real store: each test compares a whole response,
 * and the books afterwards. Every store joins it.
 */
import { describe, expect, it } from 'vitest';
import { partAt } from '../support/bodies.js';
import { useServers } from '../support/runningServers.js';
import type { Answer, TestServer } from '../support/server.js';
import {
  HEADERS_OF,
  headersOf402,
  insufficientFunds,
  JSON_HEADERS,
  paymentOf,
  refusalExtensions,
} from '../support/refusals.js';
import { workshop } from '../support/workshop.js';
import { onEachStore } from '../support/onEachStore.js';

const NEAREST_3 = '{ nearest(lat: 48.2, lon: 16.37, first: 3) { name } }';
const NEAREST_1 = '{ nearest(lat: 48.2, lon: 16.37, first: 1) { name } }';
const THREE_CITIES = [{ name: 'Vienna' }, { name: 'Vösendorf' }, { name: 'Leopoldsdorf' }];
const ANY_TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

onEachStore(({ name, database }) => {
  /** In MongoDB entries ride in the wallet's own document, and are moved after the answer was sent. */
  const ledgerAppends = name === 'MongoDB' ? 1 : 0;
  const start = useServers({ database });

  describe(`the journey of one operation on ${name}`, () => {
    it('a free field is served without a key, and nothing is said of payment', async () => {
      const { query } = await start();
      expect(await query(null, '{ country(code: "AT") { name capital } }')).toEqual({
        status: 200,
        headers: JSON_HEADERS,
        body: { data: { country: { name: 'Austria', capital: ['Vienna'] } } },
      });
    });

    it('a paid field is served, charged once for what it delivered, and balance and ledger agree', async () => {
      const { query } = await start();
      expect(await query('demo-payg', `query Near ${NEAREST_3}`)).toEqual({
        status: 200,
        headers: JSON_HEADERS,
        body: { data: { nearest: THREE_CITIES }, extensions: paymentOf('Query.nearest', { charged: 3, balance: 97 }) },
      });
      const books = `{ billing {
        balance { available held grants { id granted remaining expiresAt } }
        ledger { nodes { kind credits operation coordinate reason balanceAfter grantId at } pageInfo { hasNextPage hasPreviousPage } }
      } }`;
      const grantId = 'demo-credits-demo-payg';
      expect(await query('demo-payg', books)).toEqual({
        status: 200,
        headers: JSON_HEADERS,
        body: {
          data: {
            billing: {
              balance: {
                available: 97,
                held: 0,
                grants: [{ id: grantId, granted: 100, remaining: 97, expiresAt: null }],
              },
              ledger: {
                nodes: [
                  {
                    kind: 'CHARGE',
                    credits: -3,
                    operation: 'Near',
                    coordinate: 'Query.nearest',
                    reason: null,
                    balanceAfter: 97,
                    grantId,
                    at: ANY_TIME,
                  },
                  {
                    kind: 'GRANT',
                    credits: 100,
                    operation: null,
                    coordinate: null,
                    reason: 'Demo credits',
                    balanceAfter: 100,
                    grantId,
                    at: ANY_TIME,
                  },
                ],
                pageInfo: { hasNextPage: false, hasPreviousPage: false },
              },
            },
          },
        },
      });
    });

    it('an operation that cannot be paid for is answered with 402 and what is missing, whatever the client accepts', async () => {
      const { query, books } = await start();
      const answer = {
        status: 402,
        headers: headersOf402('ADD_FUNDS'),
        body: {
          errors: [
            {
              message:
                'Query.nearest costs 3 credits, and 0 are available. Add funds, or subscribe to a plan that covers it: pro.',
              locations: [{ line: 1, column: 3 }],
              path: ['nearest'],
              extensions: insufficientFunds('Query.nearest', {
                feature: 'geocoding',
                required: 3,
                available: 0,
                plans: ['pro'],
              }),
            },
          ],
        },
      };
      expect(await query('demo-free', NEAREST_3)).toEqual(answer);
      expect(await query('demo-free', NEAREST_3, {}, { accept: 'application/json' })).toEqual(answer);
      expect(await query('demo-free', NEAREST_3, {}, { accept: 'text/html' })).toEqual(answer);
      expect(await books('demo-free')).toMatchObject({ available: 0, held: 0, entries: [] });
    });

    it('a refused field among free ones is null, with one error at its path, and the rest is served', async () => {
      const { query } = await start();
      expect(await query('demo-free', '{ country(code: "AT") { name cities(first: 2) { name } } }')).toEqual({
        status: 200,
        headers: JSON_HEADERS,
        body: {
          data: { country: { name: 'Austria', cities: null } },
          errors: [
            {
              message:
                'Country.cities costs 2 credits, and 0 are available. Add funds, or subscribe to a plan that covers it: pro.',
              locations: [{ line: 1, column: 30 }],
              path: ['country', 'cities'],
              extensions: insufficientFunds('Country.cities', {
                feature: 'cities',
                required: 2,
                available: 0,
                plans: ['pro'],
              }),
            },
          ],
          extensions: { payment: { charged: 0, balance: 0, fields: [] } },
        },
      });
    });

    const keyRequired = {
      message: 'Query.nearest is not free. Send an API key in the header "Authorization: Bearer <key>".',
      extensions: refusalExtensions({
        code: 'UNAUTHENTICATED',
        reason: 'KEY_REQUIRED',
        remedy: 'USE_VALID_KEY',
        coordinate: 'Query.nearest',
        feature: 'geocoding',
      }),
    };

    it('without a key an operation that is paid as a whole gets 401', async () => {
      const { query } = await start();
      expect(await query(null, NEAREST_3)).toEqual({
        status: 401,
        headers: HEADERS_OF[401],
        body: { errors: [{ ...keyRequired, locations: [{ line: 1, column: 3 }], path: ['nearest'] }] },
      });
    });

    it('without a key the free part of an operation is served', async () => {
      const { query } = await start();
      const document = '{ country(code: "AT") { name } nearest(lat: 1, lon: 1) { name } }';
      expect(await query(null, document)).toEqual({
        status: 200,
        headers: JSON_HEADERS,
        body: {
          data: { country: { name: 'Austria' }, nearest: null },
          errors: [{ ...keyRequired, locations: [{ line: 1, column: 32 }], path: ['nearest'] }],
        },
      });
    });

    it('a key that is not known gets 401 for free fields too, and before the document is found invalid', async () => {
      const { query } = await start();
      const answer = {
        status: 401,
        headers: HEADERS_OF[401],
        body: {
          errors: [
            {
              message: 'This API key is not known. Check that it was copied whole, or ask for a new one.',
              extensions: refusalExtensions({
                code: 'UNAUTHENTICATED',
                reason: 'KEY_UNKNOWN',
                remedy: 'USE_VALID_KEY',
                coordinate: null,
              }),
            },
          ],
        },
      };
      expect(await query('demo-nobody', '{ country(code: "AT") { name } }')).toEqual(answer);
      expect(await query('demo-nobody', NEAREST_3)).toEqual(answer);
      expect(await query('demo-nobody', '{ country(code: ')).toEqual(answer);
      expect(await query('demo-nobody', '{ noSuchField }')).toEqual(answer);
    });

    it('a lapsed subscription whose card has expired is told so', async () => {
      const { query } = await start();
      expect(await query('demo-lapsed', NEAREST_3)).toEqual({
        status: 402,
        headers: headersOf402('UPDATE_PAYMENT_METHOD'),
        body: {
          errors: [
            {
              message:
                'Query.nearest is not available: the subscription is unpaid because its card has expired. Update the payment method.',
              locations: [{ line: 1, column: 3 }],
              path: ['nearest'],
              extensions: refusalExtensions({
                code: 'PAYMENT_REQUIRED',
                reason: 'PAYMENT_METHOD_EXPIRED',
                remedy: 'UPDATE_PAYMENT_METHOD',
                coordinate: 'Query.nearest',
                feature: 'geocoding',
                required: 3,
                available: 0,
                plans: ['pro'],
              }),
            },
          ],
        },
      });
    });

    it('a field that credits cannot buy asks for a subscription', async () => {
      const { query } = await start();
      expect(await query('demo-payg', '{ export(continent: "Europe") }')).toEqual({
        status: 402,
        headers: headersOf402('SUBSCRIBE'),
        body: {
          errors: [
            {
              message: 'Query.export needs a subscription. Subscribe to a plan that covers it: pro.',
              locations: [{ line: 1, column: 3 }],
              path: ['export'],
              extensions: refusalExtensions({
                code: 'PAYMENT_REQUIRED',
                reason: 'SUBSCRIPTION_REQUIRED',
                remedy: 'SUBSCRIBE',
                coordinate: 'Query.export',
                feature: 'export',
                plans: ['pro'],
              }),
            },
          ],
        },
      });
    });

    it('what the plan covers costs no credits and counts against its limit', async () => {
      const { query, books } = await start();
      const document =
        '{ country(code: "LI") { cities(first: 2) { name } } billing { limits { feature used limit per } } }';
      expect(await query('demo-pro', document)).toEqual({
        status: 200,
        headers: JSON_HEADERS,
        body: {
          data: {
            country: { cities: [{ name: expect.any(String) }, { name: expect.any(String) }] },
            billing: { limits: [{ feature: 'cities', used: 2, limit: 1000, per: 'DAY' }] },
          },
          extensions: {
            payment: {
              charged: 0,
              balance: 500,
              fields: [{ coordinate: 'Country.cities', positions: 1, credits: 0, coveredBy: 'pro' }],
            },
          },
        },
      });
      expect(await books('demo-pro')).toMatchObject({ available: 500, held: 0, holds: 0, sum: 500 });
    });
  });

  describe(`what is not delivered on ${name}`, () => {
    const AT = (column: number, ...path: readonly (string | number)[]) => ({
      message: 'It broke.',
      locations: [{ line: 1, column }],
      path,
      extensions: { code: 'BROKEN' },
    });
    const nothingCharged = { payment: { charged: 0, balance: 10, fields: [] } };

    it.each([
      ['a resolver that throws', '{ failing }', { failing: null }, [AT(3, 'failing')]],
      ['a null result', '{ nothing }', { nothing: null }, undefined],
      ['a field whose child fails', '{ broken { brittle } }', { broken: null }, [AT(12, 'broken', 'brittle')]],
      ['a field whose sibling nulls the parent', '{ box { paid brittle } }', { box: null }, [AT(14, 'box', 'brittle')]],
    ])('%s is not charged, and its hold is released', async (_name, document, data, errors) => {
      const { schema, ran } = workshop();
      const { query, accountWithKey, books, takeCalls } = await start({ schema });
      const key = await accountWithKey('alice', 10);
      takeCalls();
      expect(await query(key, document)).toEqual({
        status: 200,
        headers: JSON_HEADERS,
        body: { data, ...(errors === undefined ? {} : { errors }), extensions: nothingCharged },
      });
      expect(ran.length).toBeGreaterThan(0);
      // It was held and given back, not let through.
      expect(takeCalls().byVerb.commitWallets).toBe(2);
      expect(await books('alice')).toMatchObject({
        available: 10,
        held: 0,
        holds: 0,
        sum: 10,
        entries: [{ kind: 'GRANT', credits: 10 }],
      });
    });

    it('a response without data is not charged', async () => {
      const { schema } = workshop();
      const { query, accountWithKey, books } = await start({ schema });
      const key = await accountWithKey('alice', 10);
      expect(await query(key, '{ steady strictBox { brittle } }')).toEqual({
        status: 200,
        headers: JSON_HEADERS,
        body: { data: null, errors: [AT(22, 'strictBox', 'brittle')] },
      });
      expect(await books('alice')).toMatchObject({ available: 10, held: 0, holds: 0, sum: 10 });
    });

    it('next to what is delivered is left out of the charge', async () => {
      const { schema } = workshop();
      const { query, accountWithKey, books } = await start({ schema });
      const key = await accountWithKey('alice', 10);
      expect(await query(key, '{ steady failing nothing again: steady box { paid } }')).toEqual({
        status: 200,
        headers: JSON_HEADERS,
        body: {
          data: { steady: 'done', failing: null, nothing: null, again: 'done', box: { paid: 'gold' } },
          errors: [AT(10, 'failing')],
          extensions: {
            payment: {
              charged: 6,
              balance: 4,
              fields: [
                { coordinate: 'Query.steady', positions: 2, credits: 4, coveredBy: null },
                { coordinate: 'Box.paid', positions: 1, credits: 2, coveredBy: null },
              ],
            },
          },
        },
      });
      expect(await books('alice')).toMatchObject({
        available: 4,
        held: 0,
        holds: 0,
        sum: 4,
        entries: [
          { kind: 'GRANT', credits: 10 },
          { kind: 'CHARGE', credits: -4, coordinate: 'Query.steady' },
          { kind: 'CHARGE', credits: -2, coordinate: 'Box.paid' },
        ],
      });
    });

    it('gives back units of a limit as it does credits', async () => {
      const { query } = await start();
      // The cities are covered and delivered; their distances are neither covered nor, for this point, delivered.
      const document = `{ country(code: "ZZ") { cities(first: 5) { name } } at: country(code: "AT") { cities(first: 0) { name } } }`;
      expect((await query('demo-pro', document)).body).toMatchObject({ data: { country: null, at: { cities: null } } });
      expect((await query('demo-pro', '{ billing { limits { feature used } } }')).body).toEqual({
        data: { billing: { limits: [{ feature: 'cities', used: 0 }] } },
      });
    });
  });

  describe(`many at once on ${name}`, () => {
    const served = (answer: Answer) => answer.status === 200;

    it('of 50 operations on a balance for 10, exactly 10 are served, and the ledger has their entries and no others', async () => {
      const { query, accountWithKey, books } = await start();
      const key = await accountWithKey('crowd', 10);
      const answers = await Promise.all(Array.from({ length: 50 }, () => query(key, NEAREST_1)));
      expectTenServed(answers);
      expectTenCharged(await books('crowd'));
    });

    it('of 50 operations through two servers on one database, exactly 10 are served', async () => {
      const shared = await database();
      const second = await shared.second();
      const one = await start({ database: () => Promise.resolve({ store: shared.store, drop: () => second.close() }) });
      const two = await start({ database: () => Promise.resolve({ store: second, drop: shared.drop }) });
      const key = await one.accountWithKey('crowd', 10);
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? one : two).query(key, NEAREST_1)),
      );
      expectTenServed(answers);
      expectTenCharged(await one.books('crowd'));
    });

    // What those that were served have set aside at that moment is held, and gone once they are settled.
    const GONE =
      'Query.nearest costs 1 credit, and 0 are available. Add funds, or subscribe to a plan that covers it: pro.';
    const HELD =
      /^Query\.nearest costs 1 credit, and 0 are available; \d+ more are held by operations under way\. Try again when they are done, or add funds, or subscribe to a plan that covers it: pro\.$/;
    const isHeld = ({ body }: Answer) => partAt(body, 'errors', 0, 'extensions', 'retryable') === true;

    const expectTenServed = (answers: readonly Answer[]): void => {
      const refused = answers.filter((answer) => !served(answer));
      expect(answers.filter(served)).toHaveLength(10);
      for (const answer of answers.filter(served)) {
        expect(answer).toEqual({
          status: 200,
          headers: JSON_HEADERS,
          body: {
            data: { nearest: [{ name: 'Vienna' }] },
            extensions: paymentOf('Query.nearest', { charged: 1, balance: expect.any(Number) }),
          },
        });
      }
      for (const answer of refused) {
        expect(answer).toEqual({
          status: 402,
          headers: headersOf402('ADD_FUNDS'),
          body: {
            errors: [
              {
                message: isHeld(answer) ? expect.stringMatching(HELD) : GONE,
                locations: [{ line: 1, column: 3 }],
                path: ['nearest'],
                extensions: {
                  ...insufficientFunds('Query.nearest', {
                    feature: 'geocoding',
                    required: 1,
                    available: 0,
                    plans: ['pro'],
                  }),
                  retryable: isHeld(answer),
                },
              },
            ],
          },
        });
      }
    };

    const expectTenCharged = (books: Awaited<ReturnType<TestServer['books']>>): void => {
      expect({
        ...books,
        entries: books.entries.map(({ seq, kind, credits, balanceAfter }) => [seq, kind, credits, balanceAfter]),
      }).toEqual({
        available: 0,
        held: 0,
        holds: 0,
        sum: 0,
        entries: [
          [1, 'GRANT', 10, 10],
          ...Array.from({ length: 10 }, (_, index) => [index + 2, 'CHARGE', -1, 9 - index]),
        ],
      });
      expect(new Set(books.entries.map(({ id }) => id)).size).toBe(11);
    };

    it('of fifty aliases of one field on a balance for one, exactly the first is served', async () => {
      const { query, accountWithKey, books } = await start();
      const key = await accountWithKey('flood', 1);
      const aliases = Array.from({ length: 50 }, (_, index) => `a${index}`);
      const document = `{\n${aliases.map((alias) => `${alias}: nearest(lat: 48.2, lon: 16.37, first: 1) { name }`).join('\n')}\n}`;
      expect(await query(key, document)).toEqual({
        status: 200,
        headers: JSON_HEADERS,
        body: {
          data: Object.fromEntries(aliases.map((alias, index) => [alias, index === 0 ? [{ name: 'Vienna' }] : null])),
          errors: aliases.slice(1).map((alias, index) => ({
            message:
              'Query.nearest costs 1 credit, and 0 are available. Add funds, or subscribe to a plan that covers it: pro.',
            locations: [{ line: index + 3, column: 1 }],
            path: [alias],
            extensions: insufficientFunds('Query.nearest', {
              feature: 'geocoding',
              required: 1,
              available: 0,
              plans: ['pro'],
            }),
          })),
          extensions: paymentOf('Query.nearest', { charged: 1, balance: 0 }),
        },
      });
      expect(await books('flood')).toMatchObject({ available: 0, held: 0, holds: 0, sum: 0 });
    });
  });

  describe(`a mutation on ${name}`, () => {
    it('is refused as a whole where the credits suffice for one of its two reports', async () => {
      const { query, accountWithKey, books } = await start();
      const key = await accountWithKey('alice', 15);
      const document = `mutation {
  one: orderReport(countryCodes: ["AT"]) { rows { code } }
  two: orderReport(countryCodes: ["CH"]) { rows { code } }
}`;
      expect(await query(key, document)).toEqual({
        status: 402,
        headers: headersOf402('ADD_FUNDS'),
        body: {
          errors: [
            {
              message: 'Mutation.orderReport costs 10 credits, and 5 are available. Add funds.',
              locations: [{ line: 3, column: 3 }],
              path: ['two'],
              extensions: insufficientFunds('Mutation.orderReport', { feature: 'reports', required: 10, available: 5 }),
            },
          ],
        },
      });
      expect(await books('alice')).toMatchObject({ available: 15, held: 0, holds: 0, sum: 15 });
    });

    it('runs none of its resolvers where one of them is refused, the free ones included', async () => {
      const { schema, ran } = workshop();
      const { query, accountWithKey, books } = await start({ schema });
      const key = await accountWithKey('alice', 15);
      const answer = await query(key, 'mutation { note(text: "x") one: build(name: "a") two: build(name: "b") }');
      expect(answer).toEqual({
        status: 402,
        headers: headersOf402('ADD_FUNDS'),
        body: {
          errors: [
            {
              message: 'Mutation.build costs 10 credits, and 5 are available. Add funds.',
              locations: [{ line: 1, column: 50 }],
              path: ['two'],
              extensions: insufficientFunds('Mutation.build', { feature: 'work', required: 10, available: 5 }),
            },
          ],
        },
      });
      expect(ran).toEqual([]);
      expect(await books('alice')).toMatchObject({ available: 15, held: 0, holds: 0, sum: 15 });
    });

    it('with a report that fails is charged for the other one alone', async () => {
      const { query, books } = await start();
      const document =
        'mutation { bad: orderReport(countryCodes: ["AT", "??"]) { id } good: orderReport(countryCodes: ["LI"]) { rows { code name } } }';
      expect(await query('demo-payg', document)).toEqual({
        status: 200,
        headers: JSON_HEADERS,
        body: {
          data: { bad: null, good: { rows: [{ code: 'LI', name: 'Liechtenstein' }] } },
          errors: [
            {
              message: 'There is no country with the code "??".',
              locations: [{ line: 1, column: 12 }],
              path: ['bad'],
              extensions: { code: 'BAD_USER_INPUT', argument: 'countryCodes' },
            },
          ],
          extensions: paymentOf('Mutation.orderReport', { charged: 10, balance: 90 }),
        },
      });
      expect(await books('demo-payg')).toMatchObject({ available: 90, held: 0, holds: 0, sum: 90 });
    });

    it('whose only report fails is not charged', async () => {
      const { query, books } = await start();
      expect(await query('demo-payg', 'mutation { orderReport(countryCodes: []) { id } }')).toEqual({
        status: 200,
        headers: JSON_HEADERS,
        body: {
          data: { orderReport: null },
          errors: [
            {
              message: 'A report needs at least one country.',
              locations: [{ line: 1, column: 12 }],
              path: ['orderReport'],
              extensions: { code: 'BAD_USER_INPUT', argument: 'countryCodes' },
            },
          ],
          extensions: { payment: { charged: 0, balance: 100, fields: [] } },
        },
      });
      expect(await books('demo-payg')).toMatchObject({ available: 100, held: 0, holds: 0, sum: 100 });
    });
  });

  describe(`store calls on ${name}`, () => {
    it('are the same few for one item and for a thousand: two rounds of reads, two writes', async () => {
      // Plans are read for every operation here, so that the count is of the worst case.
      const { query, accountWithKey, takeCalls, slowDown } = await start({ planRefreshMs: 0 });
      const key = await accountWithKey('reader', 10_000);
      slowDown(10);
      const document =
        'query ($n: Int!) { country(code: "DE") { cities(first: $n) { distance(lat: 48.2, lon: 16.37) } } }';
      for (const [n, spent] of [
        [1, 3],
        [10, 33],
        [100, 333],
        [1_000, 3_333],
      ] as const) {
        takeCalls();
        const answer = await query(key, document, { n });
        expect(answer).toMatchObject({
          status: 200,
          body: {
            extensions: {
              payment: {
                charged: 3 * n,
                balance: 10_000 - spent,
                fields: [
                  { coordinate: 'Country.cities', positions: 1, credits: n, coveredBy: null },
                  { coordinate: 'City.distance', positions: n, credits: 2 * n, coveredBy: null },
                ],
              },
            },
          },
        });
        await settled();
        expect(takeCalls()).toEqual({
          byVerb: {
            findApiKeys: 1,
            findAccounts: 1,
            findSubscriptions: 1,
            findWallets: 1,
            findPlans: 1,
            commitWallets: 2,
            ...(ledgerAppends > 0 ? { appendLedger: ledgerAppends } : {}),
          },
          readRounds: 2,
        });
      }
    });

    it('are shared by operations that arrive while a write is under way', async () => {
      const { query, takeCalls, slowDown } = await start({ planRefreshMs: 0 });
      slowDown(20);
      takeCalls();
      await Promise.all(Array.from({ length: 20 }, () => query('demo-payg', NEAREST_1)));
      // Alone each of them writes twice.
      expect(takeCalls().byVerb.commitWallets).toBeLessThan(20);
    });
  });
});

/** What runs in the background after an answer has had time to begin and to end. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));
