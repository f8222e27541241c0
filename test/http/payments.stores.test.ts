/** Money that comes in through Stripe's double, over HTTP and on two servers at once: what each delivery is answered. */
import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accountId } from '../../src/domain/ids.js';
import { openTill, tillRoutes } from '../../src/server/payments/till.js';
import { onEachStore } from '../support/onEachStore.js';
import { RETURN, SECRET, SMALL, startPaymentServer, stock, THOUSAND } from '../support/stripe/paymentWorld.js';
import type { PaymentServer } from '../support/stripe/paymentWorld.js';
import { StripeDouble } from '../support/stripe/stripeDouble.js';
import { StripeTypings } from '../support/stripe/stripeTypings.js';
import { HOUR, idIn } from '../support/stripe/stripeWorld.js';
import type { StripeWorld } from '../support/stripe/stripeWorld.js';
import type { OpenedStore } from '../contract/store/storeUnderTest.js';
import { startServer } from '../support/server.js';

const ALICE = accountId('alice');
const KEY = 'sk_test_51SecretOfTheMerchant';
const PAGE = { count: 100, after: null, isBackward: false } as const;

onEachStore(({ name, database }) => {
  describe(`payments through Stripe, on ${name}`, () => {
    let double: StripeDouble;
    let world: StripeWorld;
    let opened: OpenedStore;
    let one: PaymentServer;
    let other: PaymentServer;
    let http: FastifyInstance;
    const failures: unknown[] = [];

    beforeAll(async () => {
      double = await StripeDouble.start({ typings: new StripeTypings() });
    });
    afterAll(() => double.close());

    beforeEach(async () => {
      world = double.newWorld();
      opened = await database();
      failures.length = 0;
      one = startPaymentServer(double, opened.store, { failures });
      other = startPaymentServer(double, await opened.second());
      await stock(one, ALICE);
      http = Fastify();
      const till = { ...one, provider: 'stripe', sandbox: null, start: () => undefined };
      tillRoutes(http, till);
    });
    afterEach(async () => {
      await http.close();
      await one.close();
      await other.close();
      await opened.drop();
    });

    const click = (server: PaymentServer, key: string | null) =>
      server.payments.desk.checkout({
        ...{ accountId: ALICE, wanted: { kind: 'PACK', packId: THOUSAND.id }, refusalId: null },
        ...{ returnUrl: RETURN, idempotencyKey: key },
      });
    const balance = async () => {
      const entries = await opened.store.findLedgerPage(ALICE, { first: 100, before: null });
      return entries.map(({ kind, credits }) => [kind, credits]);
    };
    const purchases = () => opened.store.findPurchasePage(ALICE, PAGE);
    const post = async (body: Buffer, headers: Readonly<Record<string, string>>) => {
      const {
        statusCode,
        headers: head,
        body: text,
      } = await http.inject({
        ...{ method: 'POST', url: '/payments/stripe/webhook', payload: body, headers: { ...headers } },
      });
      return { status: statusCode, retryAfter: head['retry-after'], text };
    };
    const paid = async () => {
      const { checkout } = await click(one, 'first');
      world.pay(checkout?.id ?? '');
      const event = world.events.find(({ type }) => type === 'checkout.session.completed');
      if (event === undefined) throw new Error('It was paid.');
      return event;
    };

    it('ten clicks at once on two servers are one purchase, one customer and one page', async () => {
      const clicks = Array.from({ length: 10 }, (_, index) => click(index % 2 ? one : other, 'the click'));
      const made = await Promise.all(clicks);
      expect(new Set(made.map(({ id, checkout }) => `${id} ${checkout?.id ?? ''}`)).size).toBe(1);
      expect(await purchases()).toHaveLength(1);
      expect(world.all('customer')).toHaveLength(1);
      expect(world.all('checkout.session')).toHaveLength(1);
    });

    it('one event that two servers get at once, and again later, is applied once', async () => {
      const event = await paid();
      expect(await Promise.all([one.deliver(event), other.deliver(event)])).toEqual([200, 200]);
      expect(await other.deliver(event)).toBe(200);
      expect(await balance()).toEqual([['GRANT', 1_000]]);
      expect(await opened.store.findPaymentEventPage('UNDONE', PAGE)).toEqual([]);
    });

    it('a delivery over HTTP is answered 200 once its effect is written', async () => {
      const event = await paid();
      const { body, headers } = double.sign(event, SECRET);
      expect((await post(body, headers)).status).toBe(200);
      expect(await balance()).toEqual([['GRANT', 1_000]]);
    });

    it('a bad signature, a changed body, an old or a future stamp are 400, and change nothing', async () => {
      const event = await paid();
      const good = double.sign(event, SECRET);
      const changed = Buffer.from(good.body.toString().replace(event.id, 'evt_other'));
      const cases = [
        [double.sign(event, 'whsec_other'), 'NO_MATCH'],
        [{ ...good, body: changed }, 'NO_MATCH'],
        [{ ...good, headers: { 'content-type': 'application/json' } }, 'NOT_SIGNED'],
        [double.sign(event, SECRET, world.now - HOUR), 'TOO_OLD'],
        [double.sign(event, SECRET, world.now + HOUR), 'IN_FUTURE'],
        [double.sign('no event', SECRET), 'MALFORMED'],
      ] as const;
      for (const [{ body, headers }, reason] of cases) {
        const { status, text } = await post(body, headers);
        expect([status, text.includes(reason)], text).toEqual([400, true]);
        expect(text).not.toContain(SECRET);
      }
      expect(await opened.store.findPaymentEventPage('ALL', PAGE)).toEqual([]);
    });

    it('a body of 10 MB is 413, and is not looked at', async () => {
      const { headers } = double.sign('x', SECRET);
      expect((await post(Buffer.alloc(10 * 1024 * 1024, 'a'), headers)).status).toBe(413);
    });

    it('what is none of ours is 200: unknown events, another program’s customers, the other mode', async () => {
      const stranger = world.make('customer', { metadata: {} });
      const price = world.make('price', { unit_amount: 500, currency: 'eur', lookup_key: null });
      world.subscribe({ customer: stranger.id, metadata: {}, price, trialDays: 0 });
      const event = await paid();
      const others = world.events.filter(({ id }) => id !== event.id);
      const strange = [{ ...event, type: 'customer.created' }, { ...event, livemode: true }, ...others];
      for (const each of strange) {
        const { body, headers } = double.sign(each, SECRET);
        const { status, text } = await post(body, headers);
        expect([status, JSON.parse(text)]).toEqual([200, { received: each.id, effect: 'not ours' }]);
      }
      expect(await balance()).toEqual([]);
    });

    it('a provider that is away: an event is 503 and kept with its reason, then applied by the reconciler', async () => {
      const event = await paid();
      double.trouble = 'DOWN';
      const { body, headers } = double.sign(event, SECRET);
      expect(await post(body, headers)).toMatchObject({ status: 503, retryAfter: '30' });
      const [failed] = await opened.store.findPaymentEventPage('FAILED', PAGE);
      expect(failed).toMatchObject({ attempts: 1, doneAt: null, error: 'Stripe could not be reached in time.' });
      await expect(click(one, 'second')).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
      double.trouble = null;
      const run = await other.payments.desk.reconcile(null);
      expect(run).toMatchObject({ failures: 0, failure: null });
      expect(await balance()).toEqual([['GRANT', 1_000]]);
      expect(await opened.store.findPaymentEventPage('UNDONE', PAGE)).toEqual([]);
      expect((await click(one, 'second')).checkout).not.toBeNull();
    });

    it('another server that reconciles is no failure at start, and a CONFLICT by command', async () => {
      const lockedUntil = world.now * 1_000 + HOUR * 1_000;
      const record = { provider: 'stripe', lastRun: null, askedUntil: null, lockedUntil, version: 0 };
      expect(await opened.store.savePayments('reconcilers', [record])).toEqual(['WON']);
      one.payments.reconciler.start();
      // It takes as many steps as the run at start, and began after it.
      await expect(one.payments.desk.reconcile(null)).rejects.toMatchObject({ code: 'CONFLICT' });
      expect(failures).toEqual([]);
    });

    it('a customer who was deleted there is replaced at the next checkout, and is the only one', async () => {
      await click(one, 'first');
      const [first] = world.all('customer');
      world.deleteCustomer(first?.id ?? '');
      const { checkout } = await click(other, 'second');
      world.pay(checkout?.id ?? '');
      for (const event of world.events) expect(await one.deliver(event)).toBe(200);
      expect(await balance()).toEqual([['GRANT', 1_000]]);
      expect(world.all('customer').filter(({ id }) => !world.deleted.has(id))).toHaveLength(1);
    });

    it('a second subscription is not sold beside one that runs; its portal changes it', async () => {
      const wanted = { kind: 'PLAN', planId: SMALL.id } as const;
      const order = { accountId: ALICE, wanted, refusalId: null, returnUrl: RETURN, idempotencyKey: 'plan' };
      const { checkout } = await one.payments.desk.checkout(order);
      world.pay(checkout?.id ?? '');
      for (const event of world.events) await one.deliver(event);
      await expect(one.payments.desk.checkout({ ...order, idempotencyKey: 'again' })).rejects.toMatchObject({
        code: 'CONFLICT',
      });
      const { url } = await one.payments.desk.portal({
        accountId: ALICE,
        aim: 'CANCEL',
        planId: null,
        returnUrl: null,
      });
      expect(url).toMatch(/^https:\/\/portal\.stripe\.test\//);
    });

    it('falls below its threshold: a pack is bought once, and a card that wants its owner stops it, visibly', async () => {
      await paid();
      for (const event of world.events) await one.deliver(event);
      const [customer] = world.all('customer');
      world.setCard(customer?.id ?? '', 'GOOD');
      const wanted = { belowCredits: 1_500, packId: THOUSAND.id, purchasesPerMonthMax: 5 };
      await one.payments.desk.setAutoTopUp(ALICE, wanted);
      await Promise.all([one.payments.topUps.check(ALICE), other.payments.topUps.check(ALICE)]);
      await one.payments.topUps.settled();
      expect((await purchases()).map(({ origin, status }) => [origin, status]).sort()).toEqual([
        ['AUTO_TOP_UP', 'PAID'],
        ['CHECKOUT', 'PAID'],
      ]);
      world.setCard(customer?.id ?? '', 'NEEDS_OWNER');
      await one.payments.desk.setAutoTopUp(ALICE, { ...wanted, belowCredits: 5_000 });
      await one.payments.topUps.check(ALICE);
      const [link] = await opened.store.listRecords('providerLinks', { first: 10, after: null });
      expect(link?.autoTopUp?.stopped?.why).toBe('ACTION_REQUIRED');
      expect(await balance()).toEqual([
        ['GRANT', 1_000],
        ['GRANT', 1_000],
      ]);
      expect(world.all('charge').map(({ payment_intent: intent }) => idIn(intent))).toHaveLength(2);
    });

    it('neither key nor secret is in audit log, inbox or failures', async () => {
      const event = await paid();
      double.trouble = 'STRANGER';
      await one.deliver(event);
      double.trouble = null;
      await one.deliver(event);
      const audit = await opened.store.findAuditPage(null, PAGE);
      const inbox = await opened.store.findPaymentEventPage('ALL', PAGE);
      const said = JSON.stringify([audit, inbox]) + failures.map(String).join();
      expect(said).toContain('purchase');
      expect(said).not.toMatch(/sk_test|whsec_/);
    });
  });
});

describe('while the provider is away', () => {
  it('a checkout is 503 with Retry-After, and paid fields are served as ever', async () => {
    const double = await StripeDouble.start();
    const server = await startServer();
    const stripe = { secretKey: KEY, webhookSecrets: [SECRET], apiUrl: double.url };
    const payments = { stripe, returnOrigins: [], creditPrice: { amountMinor: 1, currency: 'EUR', forCredits: 10 } };
    const till = await openTill(server.paywall.engine, {
      ...{ isDemo: false, databaseUrl: 'sqlite:none', payments, serverUrl: () => server.url },
    });
    try {
      double.trouble = 'DOWN';
      const key = await server.accountWithKey('payer', 100);
      const buy = 'mutation { checkout(credits: 5000) { id } }';
      const answer = await server.query(key, buy);
      expect([answer.status, answer.headers['retry-after'] !== undefined], JSON.stringify(answer)).toEqual([503, true]);
      expect(JSON.stringify(answer)).not.toContain('sk_test');
      const served = await server.query(key, '{ nearest(lat: 52.5, lon: 13.4, first: 1) { name } }');
      expect(served.status).toBe(200);
    } finally {
      await till?.close();
      await server.close();
      await double.close();
    }
  });
});
