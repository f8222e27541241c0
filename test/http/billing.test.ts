/** `billing` over HTTP: what a caller has, page by page, and nothing of anybody else's. */
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.js';
import { listAt, partAt } from '../support/bodies.js';
import { useServers } from '../support/runningServers.js';
import { JSON_HEADERS, paymentOf } from '../support/refusals.js';

const start = useServers();
const EDGE_LIMITS = readConfig({}).documentLimits;

const NEAREST = 'nearest(lat: 48.2, lon: 16.37, first: 3) { __typename }';
const CITIES = Array.from({ length: 3 }, () => ({ __typename: 'City' }));

describe('billing', () => {
  it('answers a caller without a key with prices and plans, and with nothing of an account', async () => {
    const { query, takeCalls } = await start();
    takeCalls();
    const document = `{ billing {
      account { id } subscription { id } balance { available held grants { id } } limits { feature }
      ledger { nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }
      terms { coordinate feature cost multipliers plans { id } }
      plans { id version name amountMinor currency interval features { feature limit per whenExhausted } }
    } }`;
    expect(await query(null, document)).toEqual({
      status: 200,
      headers: JSON_HEADERS,
      body: {
        data: {
          billing: {
            account: null,
            subscription: null,
            balance: { available: 0, held: 0, grants: [] },
            limits: [],
            ledger: {
              nodes: [],
              pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
            },
            terms: [
              {
                coordinate: 'Query.nearest',
                feature: 'geocoding',
                cost: 1,
                multipliers: ['first'],
                plans: [{ id: 'pro' }],
              },
              { coordinate: 'Query.export', feature: 'export', cost: null, multipliers: [], plans: [{ id: 'pro' }] },
              { coordinate: 'Mutation.orderReport', feature: 'reports', cost: 10, multipliers: [], plans: [] },
              {
                coordinate: 'Country.cities',
                feature: 'cities',
                cost: 1,
                multipliers: ['first'],
                plans: [{ id: 'pro' }],
              },
              { coordinate: 'City.distance', feature: 'distance', cost: 2, multipliers: [], plans: [] },
            ],
            plans: [
              {
                id: 'pro',
                version: 1,
                name: 'Atlas Pro',
                amountMinor: 4900,
                currency: 'EUR',
                interval: 'MONTH',
                features: [
                  { feature: 'geocoding', limit: null, per: null, whenExhausted: 'REFUSE' },
                  { feature: 'export', limit: null, per: null, whenExhausted: 'REFUSE' },
                  { feature: 'cities', limit: 1000, per: 'DAY', whenExhausted: 'CREDITS' },
                ],
              },
            ],
          },
        },
      },
    });
    expect(Object.keys(takeCalls().byVerb)).toEqual(['findPlans']);
  });

  it('beside a paid field shows what is held while the operation runs', async () => {
    const { query } = await start();
    expect(await query('demo-payg', `{ ${NEAREST} billing { account { id } balance { available held } } }`)).toEqual({
      status: 200,
      headers: JSON_HEADERS,
      body: {
        data: { nearest: CITIES, billing: { account: { id: 'demo-payg' }, balance: { available: 97, held: 3 } } },
        extensions: paymentOf('Query.nearest', { charged: 3, balance: 97 }),
      },
    });
  });

  it('is free for an account that can pay for nothing, beside what it is refused', async () => {
    const { query } = await start();
    const answer = await query('demo-lapsed', `{ ${NEAREST} billing { subscription { state plan { id } } } }`);
    expect(answer).toMatchObject({
      status: 200,
      body: { data: { nearest: null, billing: { subscription: { state: 'UNPAID', plan: { id: 'pro' } } } } },
    });
  });
});

describe('the ledger’s pages', () => {
  const PAGE = `query ($first: Int, $after: String) { billing { ledger(first: $first, after: $after) {
    nodes { credits balanceAfter } pageInfo { hasNextPage hasPreviousPage endCursor }
  } } }`;

  it('lead from the newest entry to the oldest, each entry once, also while new ones come', async () => {
    const { query } = await start();
    for (let charge = 0; charge < 4; charge += 1) await query('demo-payg', `{ ${NEAREST} }`);
    const seen: unknown[] = [];
    let after: unknown = null;
    for (let page = 0; page < 3; page += 1) {
      const { body } = await query('demo-payg', PAGE, { first: 2, after });
      const ledger = partAt(body, 'data', 'billing', 'ledger');
      expect(partAt(ledger, 'pageInfo')).toEqual({
        hasNextPage: page < 2,
        hasPreviousPage: page > 0,
        endCursor: expect.any(String),
      });
      seen.push(...listAt(ledger, 'nodes'));
      after = partAt(ledger, 'pageInfo', 'endCursor');
      // A charge between two pages moves no entry from one to the other.
      await query('demo-payg', `{ ${NEAREST} }`);
    }
    expect(seen).toEqual([
      { credits: -3, balanceAfter: 88 },
      { credits: -3, balanceAfter: 91 },
      { credits: -3, balanceAfter: 94 },
      { credits: -3, balanceAfter: 97 },
      { credits: 100, balanceAfter: 100 },
    ]);
  });

  it('of nobody are empty for a cursor of somebody else', async () => {
    const { query } = await start();
    const mine = await query('demo-payg', PAGE, { first: 1 });
    const after = partAt(mine.body, 'data', 'billing', 'ledger', 'pageInfo', 'endCursor');
    expect(typeof after).toBe('string');
    for (const key of [null, 'demo-free']) {
      const { body } = await query(key, PAGE, { first: 10, after });
      expect(listAt(body, 'data', 'billing', 'ledger', 'nodes')).toEqual([]);
    }
  });

  it.each([
    ['first', { first: -1 }, 'The argument "first" must be a whole number from 0 to 100.'],
    ['first', { first: 101 }, 'The argument "first" must be a whole number from 0 to 100.'],
    [
      'after',
      { after: 'nonsense' },
      'The argument "after" is no cursor of this list: take one from an earlier answer.',
    ],
    ['after', { after: '' }, 'The argument "after" is no cursor of this list: take one from an earlier answer.'],
    [
      'after',
      { after: Buffer.from('seq:0').toString('base64url') },
      'The argument "after" is no cursor of this list: take one from an earlier answer.',
    ],
  ])('say which argument is wrong: %s %o', async (argument, variables, message) => {
    const { query } = await start();
    expect(await query('demo-payg', PAGE, variables)).toEqual({
      status: 200,
      headers: JSON_HEADERS,
      body: {
        data: null,
        errors: [
          {
            message,
            locations: [{ line: 1, column: 49 }],
            path: ['billing', 'ledger'],
            extensions: { code: 'BAD_USER_INPUT', argument },
          },
        ],
      },
    });
  });

  it('that fail take the paid fields beside them out of the response, which are not charged then', async () => {
    const { query, books } = await start();
    const answer = await query('demo-payg', `{ ${NEAREST} billing { ledger(first: -1) { nodes { id } } } }`);
    expect(answer).toMatchObject({ status: 200, body: { data: null } });
    expect(await books('demo-payg')).toMatchObject({ available: 100, held: 0, holds: 0, sum: 100 });
  });
});

describe('lists of Tollgate’s own', () => {
  const LEDGER_CALLS = ['findLedgerPage', 'findLedgerPages'] as const;

  it('pages of the ledger under many aliases are one call of the store', async () => {
    const { query, takeCalls } = await start();
    for (let nth = 0; nth < 4; nth += 1) await query('demo-payg', `{ ${NEAREST} }`);
    const page = (args: string) => `ledger(${args}) { nodes { credits } pageInfo { endCursor } }`;
    const first = await query('demo-payg', `{ billing { ${page('first: 2')} } }`);
    const cursor = String(partAt(first.body, 'data', 'billing', 'ledger', 'pageInfo', 'endCursor'));
    const aliases = Array.from({ length: 110 }, (_, index) =>
      index % 2 === 0
        ? `a${index}: ${page(`first: ${(index % 7) + 1}`)}`
        : `a${index}: ${page(`first: 1, after: "${cursor}"`)}`,
    );
    takeCalls();
    const answer = await query('demo-payg', `{ billing { ${aliases.join('\n')} } }`);
    const { byVerb } = takeCalls();
    expect(LEDGER_CALLS.map((verb) => byVerb[verb] ?? 0)).toEqual([0, 1]);
    const billing = partAt(answer.body, 'data', 'billing');
    expect(partAt(billing, 'a0', 'nodes')).toEqual([{ credits: -3 }]);
    expect(partAt(billing, 'a1', 'nodes')).toEqual([{ credits: -3 }]);
    expect(listAt(billing, 'a6', 'nodes')).toHaveLength(5);
  });

  it('count in the complexity of a document as often as they are long', async () => {
    const { query } = await start({ documentLimits: EDGE_LIMITS });
    const ledger = Array.from({ length: 50 }, (_, index) => `a${index}: ledger(first: 100) { nodes { id } }`);
    const terms = Array.from({ length: 145 }, (_, index) => `a${index}: terms(coordinates: $c) { coordinate cost }`);
    const c = Array.from({ length: 1_000 }, () => 'Query.nearest');
    const asked = [
      await query('demo-payg', `{ billing { ${ledger.join(' ')} } }`),
      await query(null, `query ($c: [String!]) { billing { ${terms.join(' ')} } }`, { c }),
    ];
    expect(asked.map(({ status, body }) => [status, partAt(body, 'errors', 0, 'message')])).toEqual([
      [400, expect.stringMatching(/^The operation has a complexity of \d+, and at most 5000 is allowed\.$/)],
      [400, expect.stringMatching(/^The operation has a complexity of \d+, and at most 5000 is allowed\.$/)],
    ]);
  });

  it('tell each price once, however often it is named, and take so many names', async () => {
    const { query } = await start();
    const document = 'query ($c: [String!]) { billing { terms(coordinates: $c) { coordinate } } }';
    const named = (count: number) =>
      Array.from({ length: count }, (_, index) => ['Query.export', 'no.such', 'Query.nearest'][index % 3]);
    expect((await query(null, document, { c: named(1_000) })).body).toEqual({
      data: { billing: { terms: [{ coordinate: 'Query.export' }, { coordinate: 'Query.nearest' }] } },
    });
    expect((await query(null, document, { c: named(1_001) })).body).toMatchObject({
      errors: [{ extensions: { code: 'BAD_USER_INPUT', argument: 'coordinates' } }],
    });
  });
});
