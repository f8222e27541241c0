/**
 * Each cause of a 402 is put right by the remedy that it names, without an operator: on the page of the refusal, or by the
 * account's own key. Every step is a request over HTTP, as a browser without scripts or a client sends it.
 */
import { describe, expect, it } from 'vitest';
import { publishPlan } from '../../src/admin/library.js';
import { accountId, planId, subscriptionId } from '../../src/domain/ids.js';
import { DAY_MS } from '../../src/domain/period.js';
import type { RefusalReason } from '../../src/domain/refusal.js';
import { remedyAddress } from '../../src/server/pages/remedyPage.js';
import { partAt } from '../support/bodies.js';
import { plan, subscription } from '../support/domain.js';
import { useServers } from '../support/runningServers.js';
import type { TestServer } from '../support/server.js';

const start = useServers({ takesPayments: true });
const EXPORT = '{ export(continent: "Europe") }';
const NEAREST = '{ nearest(lat: 48.2, lon: 16.37, first: 3) { name } }';
const CITIES = '{ country(code: "AT") { cities(first: 2) { name } } }';

/** Its clock goes by what the test adds to it. */
const startAt = async () => {
  let [passed, url] = [0, ''];
  const server = await start({
    now: () => Date.now() + passed,
    remedyUrl: (occasion) => remedyAddress(url, occasion),
  });
  ({ url } = server);
  return {
    ...server,
    letPass: (milliseconds: number) => {
      passed += milliseconds;
    },
  };
};

const send = (url: string, fields: Readonly<Record<string, string>>): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    body: new URLSearchParams(fields),
    redirect: 'manual',
    headers: { 'sec-fetch-site': 'same-origin' },
  });

/** Refused for this reason; where to put it right. */
const refusedFor = async ({ query }: TestServer, key: string, document: string, reason: RefusalReason) => {
  const { body } = await query(key, document);
  expect(partAt(body, 'errors', 0, 'extensions', 'reason')).toBe(reason);
  const url = String(partAt(body, 'errors', 0, 'extensions', 'remedyUrl'));
  expect(url).toMatch(/\/refusals\/[\w-]{21}$/);
  return url;
};

const optionsOn = async (url: string): Promise<readonly string[]> =>
  [...(await (await fetch(url)).text()).matchAll(/name="option"\s+value="([^"]+)"/g)].map(([, option = '']) => option);

/** Presses the button, does on the provider's page what is to be done, and is sent back. */
const putRight = async (url: string, option: string, then: Readonly<Record<string, string>>) => {
  expect(await optionsOn(url)).toContain(option);
  const provided = await send(url, { option, key: 'a-click' });
  expect(provided.status).toBe(303);
  const back = await send(provided.headers.get('location') ?? '', then);
  expect([back.status, back.headers.get('location')]).toEqual([303, `${url}?back`]);
  expect(await (await fetch(`${url}?back`)).text()).toContain('it would be served now');
};

const PAY = { payment: 'PAY' };
const errorsOf = (answer: { readonly body: unknown }): unknown =>
  (answer.body as { readonly errors?: unknown }).errors ?? null;

const served = async ({ query }: TestServer, key: string, document: string): Promise<void> => {
  const answer = await query(key, document);
  expect([answer.status, errorsOf(answer)]).toEqual([200, null]);
};

const BASIC = plan({
  id: planId('basic'),
  name: 'Basic',
  price: { amountMinor: 900, currency: 'EUR' },
  features: [{ feature: 'cities', limit: { units: 1, per: 'DAY' }, whenExhausted: 'REFUSE' }],
  trialDays: 0,
});

/** Subscribes with the account's own key, by the mutation and the provider's page. */
const subscribe = async ({ query }: TestServer, key: string, id: string): Promise<void> => {
  const bought = await query(key, `mutation { checkout(plan: "${id}") { status checkoutUrl } }`);
  const url = String(partAt(bought.body, 'data', 'checkout', 'checkoutUrl'));
  expect((await send(url, PAY)).status).toBe(303);
};

describe('a 402 is put right by whoever got it', () => {
  it('INSUFFICIENT_FUNDS: with a pack', async () => {
    const server = await startAt();
    const url = await refusedFor(server, 'demo-free', NEAREST, 'INSUFFICIENT_FUNDS');
    await putRight(url, 'PACK/hundred', PAY);
    await served(server, 'demo-free', NEAREST);
    expect(await server.books('demo-free')).toMatchObject({ available: 97 });
  });

  it('SUBSCRIPTION_REQUIRED: with a plan', async () => {
    const server = await startAt();
    const url = await refusedFor(server, 'demo-free', EXPORT, 'SUBSCRIPTION_REQUIRED');
    expect(await optionsOn(url)).toEqual(['SUBSCRIBE/pro']);
    await putRight(url, 'SUBSCRIBE/pro', PAY);
    await served(server, 'demo-free', EXPORT);
  });

  it('SUBSCRIPTION_EXPIRED: with the plan anew', async () => {
    const server = await startAt();
    const now = Date.now();
    const own = { id: subscriptionId('old'), accountId: accountId('demo-free'), planVersion: 1, version: 0 };
    const over = { startsAt: now - 90 * DAY_MS, paidUntil: now - 60 * DAY_MS };
    await server.store.saveSubscriptions([subscription({ ...own, ...over, planId: planId('pro') })]);
    const url = await refusedFor(server, 'demo-free', EXPORT, 'SUBSCRIPTION_EXPIRED');
    await putRight(url, 'SUBSCRIBE/pro', PAY);
    await served(server, 'demo-free', EXPORT);
  });

  it.each([
    ['PAYMENT_METHOD_EXPIRED', 'EXPIRED'],
    ['PAYMENT_FAILED', 'DECLINED'],
  ] as const)('%s: with another card, by the account’s own key or on the page', async (reason, card) => {
    const server = await startAt();
    await subscribe(server, 'demo-free', 'pro');
    const portal = await server.query('demo-free', 'mutation { billingPortal(flow: UPDATE_PAYMENT_METHOD) { url } }');
    const portalUrl = String(partAt(portal.body, 'data', 'billingPortal', 'url'));
    await send(portalUrl, { action: 'USE_CARD', value: card });
    await served(server, 'demo-free', EXPORT);
    // The trial, its first renewal, which fails, and the grace.
    server.letPass(30 * DAY_MS);
    server.till?.sandbox?.look();
    await server.till?.sandbox?.deliver();
    const url = await refusedFor(server, 'demo-free', EXPORT, reason);
    await putRight(url, 'UPDATE_PAYMENT_METHOD', { action: 'USE_CARD', value: 'WORKS' });
    await served(server, 'demo-free', EXPORT);
  });

  it.each([
    ['LIMIT_REACHED', CITIES],
    ['PLAN_UPGRADE_REQUIRED', EXPORT],
  ] as const)('%s: with a larger plan', async (reason, document) => {
    const server = await startAt();
    await publishPlan(server.paywall.engine, BASIC);
    server.paywall.engine.shelf.forget();
    await subscribe(server, 'demo-free', 'basic');
    const url = await refusedFor(server, 'demo-free', document, reason);
    await putRight(url, 'CHANGE_PLAN/pro', { action: 'CHANGE_PLAN', value: '' });
    await served(server, 'demo-free', document);
  });

  it('KEY_BUDGET_REACHED: paying does not help, and the page says what does', async () => {
    const server = await startAt();
    const key = await server.accountWithKey('acme', 100, { budget: { credits: 1, per: 'DAY' } });
    const url = await refusedFor(server, key, NEAREST, 'KEY_BUDGET_REACHED');
    expect(await optionsOn(url)).toEqual([]);
    expect(await (await fetch(url)).text()).toContain('Raise the budget of the key');
  });
});

describe('the page of a refusal', () => {
  it('says whom to ask where the server takes no money', async () => {
    let url = '';
    const server = await start({ takesPayments: false, remedyUrl: (occasion) => remedyAddress(url, occasion) });
    ({ url } = server);
    const page = await refusedFor(server, 'demo-free', NEAREST, 'INSUFFICIENT_FUNDS');
    expect(await optionsOn(page)).toEqual([]);
    expect(await (await fetch(page)).text()).toContain('Whoever runs this API can add credits');
  });

  it('takes no form from another site, and sells nothing that is not on it', async () => {
    const server = await startAt();
    const url = await refusedFor(server, 'demo-free', NEAREST, 'INSUFFICIENT_FUNDS');
    const from = (headers: Readonly<Record<string, string>>, option = 'PACK/hundred') =>
      fetch(url, { method: 'POST', body: new URLSearchParams({ option, key: 'k' }), redirect: 'manual', headers });
    expect((await from({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await from({ origin: 'https://elsewhere.example' })).status).toBe(403);
    expect((await from({}, 'PACK/unknown')).status).toBe(200);
    expect((await from({ origin: server.url })).status).toBe(303);
  });

  it('has one purchase for a button, however often it is pressed', async () => {
    const server = await startAt();
    const url = await refusedFor(server, 'demo-free', NEAREST, 'INSUFFICIENT_FUNDS');
    const presses = await Promise.all(
      Array.from({ length: 10 }, () => send(url, { option: 'PACK/hundred', key: 'one' })),
    );
    expect(new Set(presses.map(({ headers }) => headers.get('location'))).size).toBe(1);
    const { body } = await server.query('demo-free', '{ billing { purchases { nodes { status packId refusalId } } } }');
    expect(partAt(body, 'data', 'billing', 'purchases', 'nodes')).toEqual([
      { status: 'OPEN', packId: 'hundred', refusalId: url.slice(-21) },
    ]);
  });

  it('tells nobody what it does not know', async () => {
    const { url } = await startAt();
    expect((await fetch(`${url}/refusals/unknown`)).status).toBe(404);
  });
});

describe('checkout', () => {
  it.each([
    ['checkout(plan: "pro", pack: "hundred")', 'plan'],
    ['checkout(pack: "hundred", returnUrl: "https://elsewhere.example/")', 'returnUrl'],
    ['checkout(pack: "hundred", returnUrl: "javascript:alert(1)")', 'returnUrl'],
  ])('refuses %s', async (field, argument) => {
    const { query } = await startAt();
    const { body } = await query('demo-free', `mutation { ${field} { id } }`);
    expect(partAt(body, 'errors', 0, 'extensions')).toEqual({ code: 'BAD_USER_INPUT', argument });
  });

  it('needs a key, and the scope billing of one that has scopes', async () => {
    const server = await startAt();
    const document = 'mutation { checkout(pack: "hundred") { id } }';
    const scoped = await server.accountWithKey('acme', 0, { scopes: ['geocoding'] });
    const allowed = await server.accountWithKey('other', 0, { scopes: ['billing'] });
    const codes = [];
    for (const key of [null, scoped, allowed]) {
      const { body } = await server.query(key, document);
      codes.push(key === allowed ? errorsOf({ body }) : partAt(body, 'errors', 0, 'extensions', 'code'));
    }
    expect(codes).toEqual(['UNAUTHENTICATED', 'FORBIDDEN', null]);
  });
});
