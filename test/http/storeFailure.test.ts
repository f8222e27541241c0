/** A store that fails is never "pay" and never "free": what is paid is refused with 503, and nothing stays charged. */
import { describe, expect, it, vi } from 'vitest';
import { useServers } from '../support/runningServers.js';
import { HEADERS_OF, JSON_HEADERS, paymentOf, refusalExtensions } from '../support/refusals.js';
import type { Answer, TestServer } from '../support/server.js';
import type { Outage, Verb } from '../support/observedStore.js';
import { workshop } from '../support/workshop.js';

const start = useServers({ planRefreshMs: 0 });

const NEAREST = 'nearest(lat: 48.2, lon: 16.37, first: 1) { name }';
const VIENNA = [{ name: 'Vienna' }];

const unavailable = (coordinate: string, feature: string) => ({
  message: `${coordinate} can't be served at the moment: what the account has can't be looked up. Try again later.`,
  extensions: refusalExtensions({
    code: 'SERVICE_UNAVAILABLE',
    reason: 'STORE_UNAVAILABLE',
    remedy: 'RETRY_LATER',
    coordinate,
    feature,
    retryable: true,
  }),
});

const NOT_CONFIRMED: Answer = {
  status: 503,
  headers: HEADERS_OF[503],
  body: {
    errors: [
      {
        message:
          'The operation ran, but its charge could not be confirmed, so its answer is not sent. Try again later.',
        extensions: refusalExtensions({
          code: 'SERVICE_UNAVAILABLE',
          reason: 'STORE_UNAVAILABLE',
          remedy: 'RETRY_LATER',
          coordinate: null,
          feature: null,
          retryable: true,
        }),
      },
    ],
  },
};

/** Nothing is charged and nothing set aside: as if the operation had never been. */
const expectUntouched = async ({ books }: TestServer, account: string, credits: number): Promise<void> => {
  const { entries, ...rest } = await books(account);
  expect(rest).toEqual({ available: credits, held: 0, holds: 0, sum: credits });
  expect(entries.map(({ kind, credits: moved }) => [kind, moved])).toEqual([['GRANT', credits]]);
};

describe('a store that can’t be reached before the operation runs', () => {
  const verbs: readonly Verb[] = ['findAccounts', 'findSubscriptions', 'findWallets', 'findPlans', 'commitWallets'];

  it.each(verbs)(
    'is answered with 503 and no data where all is paid, and serves again afterwards (%s)',
    async (verb) => {
      const server = await start();
      server.fail(verb, 'UNREACHABLE');
      expect(await server.query('demo-payg', `{ ${NEAREST} }`)).toEqual({
        status: 503,
        headers: HEADERS_OF[503],
        body: {
          errors: [
            { ...unavailable('Query.nearest', 'geocoding'), locations: [{ line: 1, column: 3 }], path: ['nearest'] },
          ],
        },
      });
      server.recover();
      await expectUntouched(server, 'demo-payg', 100);
      expect(await server.query('demo-payg', `{ ${NEAREST} }`)).toEqual({
        status: 200,
        headers: JSON_HEADERS,
        body: { data: { nearest: VIENNA }, extensions: paymentOf('Query.nearest', { charged: 1, balance: 99 }) },
      });
    },
  );

  it.each(verbs)('keeps serving what is free beside it (%s)', async (verb) => {
    const server = await start();
    server.fail(verb, 'UNREACHABLE');
    const answer = await server.query('demo-payg', `{ country(code: "AT") { name } ${NEAREST} }`);
    expect(answer).toMatchObject({ status: 200, headers: JSON_HEADERS });
    expect(answer.body).toMatchObject({
      data: { country: { name: 'Austria' }, nearest: null },
      errors: [
        { ...unavailable('Query.nearest', 'geocoding'), locations: [{ line: 1, column: 32 }], path: ['nearest'] },
      ],
    });
    server.recover();
    await expectUntouched(server, 'demo-payg', 100);
  });

  it('leaves a key that can’t be looked up neither valid nor invalid', async () => {
    const server = await start();
    const key = await server.accountWithKey('alice', 5);
    server.fail('findApiKeys', 'UNREACHABLE');
    expect(await server.query(key, '{ country(code: "AT") { name } }')).toEqual({
      status: 200,
      headers: JSON_HEADERS,
      body: { data: { country: { name: 'Austria' } } },
    });
    expect(await server.query(key, `{ ${NEAREST} }`)).toEqual({
      status: 503,
      headers: HEADERS_OF[503],
      body: {
        errors: [
          { ...unavailable('Query.nearest', 'geocoding'), locations: [{ line: 1, column: 3 }], path: ['nearest'] },
        ],
      },
    });
    server.recover();
    await expectUntouched(server, 'alice', 5);
  });

  it('runs no resolver of a mutation', async () => {
    const { schema, ran } = workshop();
    const server = await start({ schema });
    const key = await server.accountWithKey('alice', 50);
    server.fail('commitWallets', 'UNREACHABLE');
    expect(await server.query(key, 'mutation { note(text: "x") build(name: "a") }')).toEqual({
      status: 503,
      headers: HEADERS_OF[503],
      body: {
        errors: [{ ...unavailable('Mutation.build', 'work'), locations: [{ line: 1, column: 28 }], path: ['build'] }],
      },
    });
    expect(ran).toEqual([]);
    server.recover();
    await expectUntouched(server, 'alice', 50);
  });

  it('for a moment only is not noticed by anybody', async () => {
    const server = await start();
    server.fail('commitWallets', 'UNREACHABLE', 2);
    expect(await server.query('demo-payg', `{ ${NEAREST} }`)).toEqual({
      status: 200,
      headers: JSON_HEADERS,
      body: { data: { nearest: VIENNA }, extensions: paymentOf('Query.nearest', { charged: 1, balance: 99 }) },
    });
  });

  it('that set credits aside and lost the reply charges once all the same', async () => {
    const server = await start();
    server.fail('commitWallets', 'REPLY_LOST', 1);
    expect(await server.query('demo-payg', `{ ${NEAREST} }`)).toEqual({
      status: 200,
      headers: JSON_HEADERS,
      body: { data: { nearest: VIENNA }, extensions: paymentOf('Query.nearest', { charged: 1, balance: 99 }) },
    });
    expect(await server.books('demo-payg')).toMatchObject({ available: 99, held: 0, holds: 0, sum: 99 });
  });

  it('that set credits aside and is gone then refuses, and what was set aside comes back by itself', async () => {
    let elapsed = 0;
    const server = await start({ now: () => Date.now() + elapsed });
    server.fail('commitWallets', 'GONE_AFTERWARDS');
    expect((await server.query('demo-payg', `{ ${NEAREST} }`)).status).toBe(503);
    server.recover();
    expect(await server.books('demo-payg')).toMatchObject({ available: 99, held: 1, holds: 1, sum: 100 });
    elapsed = 61_000;
    const answer = await server.query('demo-payg', '{ billing { balance { available held } } }');
    expect(answer.body).toEqual({ data: { billing: { balance: { available: 100, held: 0 } } } });
    expect((await server.books('demo-payg')).sum).toBe(100);
  });
});

describe('a store that can’t be reached once the operation has run', () => {
  /** The store fails from the moment a resolver runs. */
  const failingWhileItRuns = async (outage: Outage, times?: number) => {
    const failing: { now: (() => void) | undefined } = { now: undefined };
    const { schema, ran } = workshop({ onRun: () => failing.now?.() });
    const server = await start({ schema });
    const key = await server.accountWithKey('alice', 10);
    failing.now = () => {
      server.fail('commitWallets', outage, times);
      failing.now = undefined;
    };
    return { server, key, ran };
  };

  it('sends nothing that is paid, and the hold ends when the store is back', async () => {
    const { server, key, ran } = await failingWhileItRuns('UNREACHABLE');
    expect(await server.query(key, '{ steady free }')).toEqual(NOT_CONFIRMED);
    expect(ran).toEqual(['steady', 'free']);
    expect(await server.books('alice')).toMatchObject({ available: 8, held: 2, sum: 10 });
    server.recover();
    await vi.waitFor(() => expectUntouched(server, 'alice', 10), { timeout: 5_000, interval: 50 });
  });

  it('and had charged without saying so gives the charge back', async () => {
    const { server, key } = await failingWhileItRuns('GONE_AFTERWARDS');
    expect(await server.query(key, '{ steady }')).toEqual(NOT_CONFIRMED);
    server.recover();
    await vi.waitFor(
      async () => {
        const { entries, ...rest } = await server.books('alice');
        expect(rest).toEqual({ available: 10, held: 0, holds: 0, sum: 10 });
        expect(entries.map(({ kind, credits }) => [kind, credits])).toEqual([
          ['GRANT', 10],
          ['CHARGE', -2],
          ['REFUND', 2],
        ]);
      },
      { timeout: 5_000, interval: 50 },
    );
  });

  it.each(['UNREACHABLE', 'REPLY_LOST'] as const)('for a moment only charges once (%s)', async (outage) => {
    const { server, key } = await failingWhileItRuns(outage, 1);
    expect(await server.query(key, 'query Once { steady }')).toEqual({
      status: 200,
      headers: JSON_HEADERS,
      body: { data: { steady: 'done' }, extensions: paymentOf('Query.steady', { charged: 2, balance: 8 }) },
    });
    expect(await server.books('alice')).toMatchObject({ available: 8, held: 0, holds: 0, sum: 8 });
  });

  it('refuses the items of a list that were not quoted, and serves the rest', async () => {
    const failing: { now: (() => void) | undefined } = { now: undefined };
    const { schema } = workshop({ partCount: 12, onRun: () => failing.now?.() });
    const server = await start({ schema });
    const key = await server.accountWithKey('alice', 50);
    failing.now = () => {
      server.fail('commitWallets', 'UNREACHABLE', 3);
      failing.now = undefined;
    };
    expect(await server.query(key, '{ parts { weight } }')).toEqual({
      status: 200,
      headers: JSON_HEADERS,
      body: {
        data: { parts: Array.from({ length: 12 }, (_, number) => ({ weight: number < 10 ? number * 10 : null })) },
        errors: [10, 11].map((index) => ({
          ...unavailable('Part.weight', 'work'),
          locations: [{ line: 1, column: 11 }],
          path: ['parts', index, 'weight'],
        })),
        extensions: paymentOf('Part.weight', { charged: 10, balance: 40, positions: 10 }),
      },
    });
    expect(await server.books('alice')).toMatchObject({ available: 40, held: 0, holds: 0, sum: 40 });
  });
});

describe('an operation that runs longer than its hold', () => {
  it('is not sent, and charges nothing', async () => {
    let elapsed = 0;
    const { schema } = workshop({ onRun: () => void (elapsed = 61_000) });
    const server = await start({ schema, now: () => Date.now() + elapsed });
    const key = await server.accountWithKey('alice', 10);
    expect(await server.query(key, '{ steady }')).toEqual(NOT_CONFIRMED);
    await vi.waitFor(() => expectUntouched(server, 'alice', 10), { timeout: 5_000, interval: 50 });
  });
});

describe('billing while the store can’t be reached', () => {
  it('says that it can’t be looked up, and nothing of the machinery', async () => {
    const server = await start();
    server.fail('findWallets', 'UNREACHABLE');
    expect(await server.query('demo-payg', '{ billing { balance { available } } }')).toEqual({
      status: 503,
      headers: {
        'content-type': 'application/graphql-response+json; charset=utf-8',
        'cache-control': 'no-store',
        'retry-after': '2',
      },
      body: {
        errors: [
          {
            message: 'This can’t be looked up at the moment. Try again later.',
            locations: [{ line: 1, column: 13 }],
            path: ['billing', 'balance'],
            extensions: {
              code: 'SERVICE_UNAVAILABLE',
              reason: 'STORE_UNAVAILABLE',
              remedy: 'RETRY_LATER',
              retryable: true,
            },
          },
        ],
      },
    });
  });
});
