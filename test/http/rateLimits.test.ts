/** More requests than are allowed: who is counted as what, what the answer is, and what it costs. */
import { randomUUID } from 'node:crypto';
import { createClient } from 'graphql-ws';
import { describe, expect, it, vi } from 'vitest';
import WebSocket from 'ws';
import { publishPlan } from '../../src/admin/library.js';
import { accountId, planId, subscriptionId } from '../../src/domain/ids.js';
import type { Plan } from '../../src/domain/plan.js';
import type { RateLimitSettings } from '../../src/domain/rateLimit.js';
import { RateLimits } from '../../src/server/rateLimits.js';
import { partAt } from '../support/bodies.js';
import { DAY_MS, plan, subscription } from '../support/domain.js';
import { useServers } from '../support/runningServers.js';
import type { Answer, TestServer } from '../support/server.js';

const start = useServers();

const NONE: RateLimitSettings = { keyless: null, keyed: null, badKeys: null, windowSeconds: 60 };
const FREE = '{ country(code: "AT") { name } }';
const PAID = '{ nearest(lat: 48.2, lon: 16.37, first: 1) { name } }';
const SECONDS = /^([1-9]|[1-5]\d|60)$/;

/** A key whose account has 100 credits and a plan that covers nothing of what is asked, with so many requests a minute. */
const keyOnPlan = async (server: TestServer, id: string, requestsPerMinute: number | null): Promise<string> => {
  const { engine } = server.paywall;
  await publishPlan(engine, planWith(id, requestsPerMinute));
  const key = await server.accountWithKey(id, 100);
  const now = Date.now();
  const dates = { startsAt: now - DAY_MS, paidUntil: now + DAY_MS };
  const changes = { id: subscriptionId(`sub-${id}`), accountId: accountId(id), planId: planId(`plan-${id}`), ...dates };
  expect(await engine.store.saveSubscriptions([subscription(changes)])).toEqual(['WON']);
  engine.shelf.forget();
  return key;
};

const planWith = (id: string, requestsPerMinute: number | null): Plan =>
  plan({ id: planId(`plan-${id}`), features: [], requestsPerMinute });

const statusesOf = async (count: number, send: () => Promise<Answer>): Promise<readonly number[]> => {
  const statuses: number[] = [];
  for (let sent = 0; sent < count; sent += 1) statuses.push((await send()).status);
  return statuses;
};

describe('a key', () => {
  it('may send what its plan says in a minute, and is told before how much is left', async () => {
    const server = await start({ rateLimits: NONE });
    const key = await keyOnPlan(server, 'slow', 2);
    for (const left of [1, 0]) {
      const { status, headers } = await server.query(key, FREE);
      expect({ status, ...headers }).toMatchObject({
        status: 200,
        'ratelimit-policy': '"key";q=2;w=60',
        ratelimit: expect.stringMatching(new RegExp(`^"key";r=${left};t=[0-9]+$`)),
      });
    }
    expect(await server.query(key, FREE)).toEqual({
      status: 429,
      headers: {
        'content-type': 'application/graphql-response+json; charset=utf-8',
        'cache-control': 'no-store',
        'ratelimit-policy': '"key";q=2;w=60',
        ratelimit: expect.stringMatching(/^"key";r=0;t=\d+$/),
        'retry-after': expect.stringMatching(SECONDS),
      },
      body: {
        errors: [
          {
            message: expect.stringMatching(/^Too many requests\. Slow down: the next one is answered from .*Z on\.$/),
            extensions: {
              code: 'RATE_LIMITED',
              reason: 'RATE_LIMITED',
              remedy: 'SLOW_DOWN',
              remedyUrl: 'https://atlas.test/SLOW_DOWN',
              docs: 'https://atlas.test/errors/excessive-requests',
              coordinate: null,
              feature: null,
              required: null,
              available: null,
              plans: [],
              resetAt: expect.stringMatching(/Z$/),
              retryable: true,
              refusalId: expect.any(String),
            },
          },
        ],
      },
    });
  });

  it('is counted for what it asks in vain too, and pays nothing for what is refused', async () => {
    const server = await start({ rateLimits: NONE });
    const key = await keyOnPlan(server, 'mixed', 4);
    expect((await server.query(key, PAID)).status).toBe(200);
    expect((await server.query(key, '{ nonsense }')).status).toBe(400);
    expect(
      (await server.request('/graphql', { method: 'POST', headers: { authorization: `Bearer ${key}` } })).status,
    ).toBe(400);
    expect((await server.query(key, PAID)).status).toBe(200);
    // 429 comes before 400 and 402, whatever is asked.
    server.takeCalls();
    for (const document of [PAID, '{ nonsense }', '{', '{ export { name } }']) {
      expect((await server.query(key, document)).status).toBe(429);
    }
    expect(server.takeCalls().byVerb).not.toHaveProperty('commitWallets');
    expect(await server.books('mixed')).toMatchObject({ available: 98, held: 0, holds: 0, sum: 98 });
  });

  it('that is over its limit is no longer counted, but gets through as soon as its plan allows more', async () => {
    const server = await start({ rateLimits: NONE, planRefreshMs: 0 });
    const key = await keyOnPlan(server, 'upgraded', 2);
    expect(await statusesOf(4, () => server.query(key, FREE))).toEqual([200, 200, 429, 429]);
    server.takeCalls();
    expect((await server.query(key, FREE)).status).toBe(429);
    expect(server.takeCalls().byVerb).not.toHaveProperty('countRequest');
    const [found] = await server.paywall.engine.store.findSubscriptions([accountId('upgraded')]);
    if (found == null) throw new Error('There is no subscription.');
    await publishPlan(server.paywall.engine, planWith('faster', 5));
    await server.paywall.engine.store.saveSubscriptions([{ ...found, planId: planId('plan-faster') }]);
    expect(await statusesOf(3, () => server.query(key, FREE))).toEqual([200, 200, 429]);
  });

  it('whose plan says nothing may send what the operator says, or any number', async () => {
    const limited = await start({ rateLimits: { ...NONE, keyed: 1 } });
    const key = await keyOnPlan(limited, 'plain', null);
    expect(await statusesOf(2, () => limited.query(key, FREE))).toEqual([200, 429]);
    // Each key is counted for itself.
    expect(await statusesOf(2, () => limited.query('demo-payg', FREE))).toEqual([200, 429]);

    const unlimited = await start({ rateLimits: NONE });
    const free = await keyOnPlan(unlimited, 'plain', null);
    unlimited.takeCalls();
    expect(await statusesOf(20, () => unlimited.query(free, FREE))).toEqual(Array(20).fill(200));
    expect(unlimited.takeCalls().byVerb).not.toHaveProperty('countRequest');
    expect((await unlimited.query(free, FREE)).headers).not.toHaveProperty('ratelimit');
  });

  it('of a suspended account gets 403, which comes before 429', async () => {
    const server = await start({ rateLimits: NONE });
    const key = await keyOnPlan(server, 'suspended', 1);
    const [account] = await server.paywall.engine.store.findAccounts([accountId('suspended')]);
    if (account == null) throw new Error('There is no account.');
    await server.paywall.engine.store.saveAccounts([{ ...account, suspendedAt: Date.now() - 1 }]);
    expect((await server.query(key, PAID)).status).toBe(403);
    const answer = await server.query(key, PAID);
    expect(answer.status).toBe(403);
    expect(partAt(answer.body, 'errors', 0, 'message')).toBe(
      'This API is not available: the account is suspended. Contact support.',
    );
    expect(partAt(answer.body, 'errors', 0, 'extensions', 'reason')).toBe('ACCOUNT_SUSPENDED');
  });

  it('costs a paid operation no round of reads more', async () => {
    const server = await start({ rateLimits: NONE });
    const key = await keyOnPlan(server, 'rounds', 1_000);
    await server.query(key, PAID);
    server.slowDown(5);
    server.takeCalls();
    expect((await server.query(key, PAID)).status).toBe(200);
    const { byVerb, readRounds } = server.takeCalls();
    expect({ byVerb, readRounds }).toMatchObject({
      readRounds: 2,
      byVerb: { findApiKeys: 1, findAccounts: 1, findSubscriptions: 1, findWallets: 1, countRequest: 1 },
    });
  });
});

describe('an address', () => {
  it('may send so many requests without a key, and keys don’t suffer from it', async () => {
    const server = await start({ rateLimits: { ...NONE, keyless: 3 } });
    expect(await statusesOf(5, () => server.query(null, FREE))).toEqual([200, 200, 200, 429, 429]);
    expect(await server.query(null, FREE)).toMatchObject({ headers: { 'ratelimit-policy': '"address";q=3;w=60' } });
    expect((await server.query('demo-payg', FREE)).status).toBe(200);
  });

  it('may send so many keys that are no good, whichever they are', async () => {
    const server = await start({ rateLimits: { ...NONE, badKeys: 3 } });
    expect(await statusesOf(5, () => server.query(randomUUID(), FREE))).toEqual([401, 401, 401, 429, 429]);
    expect((await server.query('demo-payg', FREE)).status).toBe(200);
    expect((await server.query(null, FREE)).status).toBe(200);
    // Those that look for an operator's key are counted with them.
    expect(await server.admin(randomUUID(), '{ __typename }')).toMatchObject({
      status: 429,
      headers: {
        'content-type': 'application/graphql-response+json; charset=utf-8',
        'retry-after': expect.stringMatching(SECONDS),
      },
      body: { errors: [{ extensions: { code: 'RATE_LIMITED', retryable: true } }] },
    });
    expect((await server.admin('demo-owner', '{ __typename }')).status).toBe(200);
  });

  it('of IPv6 is its network, as IPv4 in IPv6 is IPv4', async () => {
    const { paywall } = await start();
    const limits = new RateLimits(paywall.engine, { ...NONE, keyless: 1_000 });
    const countFrom = async (address: string) => (await limits.identify(undefined, address)).rate?.counted.count;
    expect(await countFrom('2001:db8:1:2::1')).toBe(1);
    expect(await countFrom('2001:db8:1:2:ffff::9')).toBe(2);
    expect(await countFrom('2001:db8:1:3::1')).toBe(1);
    expect(await countFrom('192.0.2.7')).toBe(1);
    expect(await countFrom('::ffff:192.0.2.7')).toBe(2);
    expect(await countFrom('no address')).toBe(1);
  });

  it('is not held against a key that can’t be looked up', async () => {
    const server = await start({ rateLimits: { ...NONE, keyless: 1, badKeys: 1 } });
    const key = await server.accountWithKey('unseen', 0);
    server.fail('findApiKeys', 'UNREACHABLE');
    expect(await statusesOf(3, () => server.query(key, FREE))).toEqual([200, 200, 200]);
    expect((await server.query(key, PAID)).status).toBe(503);
  });
});

describe('a window', () => {
  it('ends, and the next one begins with the next request', async () => {
    const server = await start({ rateLimits: { ...NONE, keyless: 60, windowSeconds: 1 } });
    expect(await statusesOf(2, () => server.query(null, FREE))).toEqual([200, 429]);
    await vi.waitFor(async () => expect((await server.query(null, FREE)).status).toBe(200), 3_000);
    expect((await server.query(null, FREE)).status).toBe(429);
  });
});

describe('other transports', () => {
  it('are counted as well: events by the request that asks for them', async () => {
    const server = await start({ rateLimits: { ...NONE, keyless: 1 } });
    const ask = () =>
      server.request('/graphql/stream', {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
        body: JSON.stringify({ query: FREE }),
      });
    expect(await ask()).toMatchObject({ status: 200, headers: { 'ratelimit-policy': '"address";q=1;w=60' } });
    expect((await ask()).status).toBe(429);
  });

  it('are counted as well: over WebSocket each operation', async () => {
    const server = await start({ rateLimits: NONE });
    const key = await keyOnPlan(server, 'socket', 2);
    const client = createClient({
      url: `${server.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${key}` },
    });
    const ask = (query: string): Promise<unknown> =>
      new Promise((resolve) => {
        client.subscribe({ query }, { next: resolve, error: resolve, complete: () => undefined });
      });
    const served = { data: { country: { name: 'Austria' } } };
    expect([await ask(FREE), await ask(FREE)]).toEqual([served, served]);
    for (const query of [FREE, '{ nonsense }', '{']) {
      expect(await ask(query)).toMatchObject([{ extensions: { code: 'RATE_LIMITED', retryable: true } }]);
    }
    await client.dispose();
  });

  it.each([
    ['without a key', undefined, { ...NONE, keyless: 1 }],
    ['with a key that is no good', 'Bearer nonsense', { ...NONE, badKeys: 1 }],
  ] as const)(
    'over WebSocket are recorded once a window where an address goes on and on %s',
    async (_what, authorization, rateLimits) => {
      const reason = 'RATE_LIMITED';
      const server = await start({ rateLimits });
      const client = createClient({
        url: `${server.url.replace('http', 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        ...(authorization === undefined ? {} : { connectionParams: { authorization } }),
      });
      const ask = (): Promise<unknown> =>
        new Promise((resolve) => {
          client.subscribe({ query: FREE }, { next: resolve, error: resolve, complete: () => undefined });
        });
      const answers: unknown[] = [];
      for (let sent = 0; sent < 20; sent += 1) answers.push(await ask());
      await client.dispose();
      const { engine } = server.paywall;
      await engine.refusals.flush();
      const page = { count: 100, after: null, isBackward: false };
      const records = await engine.store.findRefusalPage({ facets: { reason }, from: null, until: null }, page);
      expect(records).toHaveLength(1);
      // The record is of the first that was too many; the client is told of each all the same.
      const refused = answers.filter((each) => partAt(each, 0, 'extensions', 'reason') === reason);
      expect(refused.length).toBeGreaterThanOrEqual(19);
      expect(partAt(refused[0], 0, 'extensions', 'refusalId')).toBe(records[0]?.id);
    },
  );
});
