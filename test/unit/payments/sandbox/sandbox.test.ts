/** The sandbox keeps what a provider of payments promises: each thing once, dates that go on, events until they are taken. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accountId, packId, planId, purchaseId } from '../../../../src/domain/ids.js';
import { addMonths, DAY_MS } from '../../../../src/domain/period.js';
import type { Plan } from '../../../../src/domain/plan.js';
import type { Provided } from '../../../../src/domain/provided.js';
import type { Offer, PaymentProvider, ProviderEvent } from '../../../../src/payments/paymentProvider.js';
import { Sandbox } from '../../../../src/payments/sandbox/sandbox.js';
import { sandboxProvider } from '../../../../src/payments/sandbox/sandboxProvider.js';

const START = Date.UTC(2026, 0, 31);
const PRO: Plan = {
  id: planId('pro'),
  version: 2,
  name: 'Pro',
  status: 'ACTIVE',
  price: { amountMinor: 4900, currency: 'EUR' },
  interval: 'MONTH',
  features: [],
  creditsPerPeriod: 0,
  trialDays: 14,
  graceDays: 7,
  requestsPerMinute: null,
};
const PACK: Offer = {
  kind: 'PACK',
  pack: {
    id: packId('small'),
    version: 1,
    name: '100 credits',
    status: 'ACTIVE',
    credits: 100,
    price: { amountMinor: 1000, currency: 'EUR' },
    expiresAfterDays: null,
  },
};

let now = START;
let sandbox: Sandbox;
let provider: PaymentProvider;
let customerId: string;

/** Nobody listens there: what it tells stays undelivered. */
const nowhere = (file: string | null = null): Sandbox =>
  new Sandbox({ file, now: () => now, serverUrl: () => 'http://127.0.0.1:1' });

beforeEach(async () => {
  now = START;
  sandbox = nowhere();
  provider = sandboxProvider(sandbox);
  customerId = await provider.createCustomer({ accountId: accountId('acme'), name: 'Acme', key: 'k', askedAt: now });
});
afterEach(() => sandbox.close());

const buy = async (offer: Offer, id = 'purchase-1', keepsCard = false) => {
  const order = { purchaseId: purchaseId(id), accountId: accountId('acme'), customerId, offer, keepsCard };
  return provider.checkout({ ...order, returnUrl: 'http://127.0.0.1/back' });
};

const subscribed = async (withTrial: boolean): Promise<string> => {
  const { id } = await buy({ kind: 'PLAN', plan: PRO, withTrial });
  expect(sandbox.pay(id, 'PAY')).toBe('DONE');
  const paid = await provider.fetch({ kind: 'CHECKOUT', id });
  return paid?.kind === 'PAYMENT' ? (paid.subscriptionId ?? '') : '';
};

const fetched = (id: string): Promise<Provided | null> => provider.fetch({ kind: 'SUBSCRIPTION', id });

const undelivered = async (since = 0): Promise<readonly ProviderEvent[]> => {
  const events: ProviderEvent[] = [];
  for await (const event of provider.undelivered(since)) events.push(event);
  return events;
};

const visitFor = async (flow: Parameters<PaymentProvider['portal']>[0]['flow']): Promise<string> => {
  const { url } = await provider.portal({ customerId, flow, returnUrl: 'http://127.0.0.1/back' });
  return url.slice(url.lastIndexOf('/') + 1);
};

describe('a purchase', () => {
  it('has one checkout and one customer, however often they are asked for', async () => {
    const again = { accountId: accountId('acme'), name: 'Acme', key: 'k', askedAt: now };
    expect(await provider.createCustomer(again)).toBe(customerId);
    expect(await buy(PACK)).toEqual(await buy(PACK));
  });

  it('is paid once; a card that is declined or has expired leaves it open', async () => {
    const { id } = await buy(PACK);
    expect(sandbox.pay(id, 'DECLINED')).toBe('CARD_DECLINED');
    expect(sandbox.pay(id, 'EXPIRED')).toBe('CARD_EXPIRED');
    expect(await provider.fetch({ kind: 'CHECKOUT', id })).toMatchObject({ status: 'OPEN', money: { paidMinor: 0 } });
    expect([sandbox.pay(id, 'PAY'), sandbox.pay(id, 'PAY')]).toEqual(['DONE', 'CLOSED']);
    expect(await provider.fetch({ kind: 'CHECKOUT', id })).toEqual({
      kind: 'PAYMENT',
      id: expect.stringMatching(/^sandbox_pay_/),
      checkoutId: id,
      customerId,
      purchaseId: 'purchase-1',
      status: 'PAID',
      currency: 'EUR',
      money: { paidMinor: 1000, refundedMinor: 0, disputedMinor: 0 },
      paidAt: START,
      subscriptionId: null,
    });
    await expect(buy(PACK)).rejects.toMatchObject({ name: 'ProviderError', isFinal: true });
  });

  it('by bank transfer is pending until that arrives, or fails', async () => {
    const [arrives, fails] = [(await buy(PACK)).id, (await buy(PACK, 'purchase-2')).id];
    expect([sandbox.pay(arrives, 'ARRIVED'), sandbox.pay(arrives, 'LATER')]).toEqual(['CLOSED', 'DONE']);
    expect(await provider.fetch({ kind: 'CHECKOUT', id: arrives })).toMatchObject({ status: 'PENDING' });
    sandbox.pay(fails, 'LATER');
    sandbox.pay(arrives, 'ARRIVED');
    sandbox.pay(fails, 'NEVER_ARRIVED');
    const statuses = (await provider.fetchAll(customerId)).map((each) => each.kind === 'PAYMENT' && each.status);
    expect(statuses).toEqual(['PAID', 'FAILED']);
  });

  it('that nobody pays for a day expires', async () => {
    const { id } = await buy(PACK);
    now += DAY_MS;
    expect(await provider.fetch({ kind: 'CHECKOUT', id })).toMatchObject({ status: 'EXPIRED' });
  });

  it('is given back in parts, each once, and never more than was paid', async () => {
    const { id } = await buy(PACK);
    sandbox.pay(id, 'PAY');
    const paymentId = sandbox.checkout(id)?.paymentId ?? '';
    const refund = (amountMinor: number, key: string) =>
      provider.refund({ paymentId, amount: { amountMinor, currency: 'EUR' }, key });
    await refund(400, 'a');
    await refund(400, 'a');
    await expect(refund(601, 'b')).rejects.toThrow('More would be given back than was paid.');
    expect(await provider.fetch({ kind: 'PAYMENT', id: paymentId })).toMatchObject({
      checkoutId: id,
      money: { paidMinor: 1000, refundedMinor: 400 },
    });
  });
});

describe('a subscription', () => {
  it('begins with its trial, and is renewed on the day of the month that the trial ended on', async () => {
    const id = await subscribed(true);
    const anchorAt = START + 14 * DAY_MS;
    expect(await fetched(id)).toMatchObject({
      status: 'TRIALING',
      trialEndsAt: anchorAt,
      paidUntil: anchorAt,
      anchorAt,
    });
    now = anchorAt;
    expect(await fetched(id)).toMatchObject({ status: 'ACTIVE', paidUntil: addMonths(anchorAt, 1), failure: null });
    now = addMonths(anchorAt, 5) + 1;
    expect(await fetched(id)).toMatchObject({ status: 'ACTIVE', paidUntil: addMonths(anchorAt, 6) });
  });

  it('whose card has expired is past due until another one is given, which is charged at once', async () => {
    const id = await subscribed(false);
    const paidUntil = addMonths(START, 1);
    const visit = await visitFor({ kind: 'UPDATE_PAYMENT_METHOD' });
    sandbox.act(visit, { kind: 'USE_CARD', card: 'EXPIRED' });
    now = paidUntil + DAY_MS;
    const failure = { failedAt: paidUntil, cause: 'CARD_EXPIRED' };
    expect(await fetched(id)).toMatchObject({ status: 'PAST_DUE', paidUntil, failure });
    expect(sandbox.visit(visit)).toBeNull();
    sandbox.act(await visitFor({ kind: 'UPDATE_PAYMENT_METHOD' }), { kind: 'USE_CARD', card: 'WORKS' });
    expect(await fetched(id)).toMatchObject({ status: 'ACTIVE', paidUntil: addMonths(START, 2), failure: null });
  });

  it('changes to a dearer plan at once, and to a cheaper one at the end of what is paid for', async () => {
    const id = await subscribed(false);
    const change = async (plan: Plan) => {
      const visit = await visitFor({ kind: 'CHANGE_PLAN', subscriptionId: id, plan });
      sandbox.act(visit, { kind: 'CHANGE_PLAN' });
    };
    const max: Plan = { ...PRO, id: planId('max'), version: 1, price: { amountMinor: 9900, currency: 'EUR' } };
    now += DAY_MS;
    await change(max);
    expect(await fetched(id)).toMatchObject({ plan: { planId: 'max', planVersion: 1 }, planSince: now });
    await change(PRO);
    expect(await fetched(id)).toMatchObject({ plan: { planId: 'max' }, paidUntil: addMonths(START, 1) });
    now = addMonths(START, 1);
    expect(await fetched(id)).toMatchObject({ plan: { planId: 'pro' }, paidUntil: addMonths(START, 2) });
  });

  it('that is canceled runs to the end of what is paid for', async () => {
    const id = await subscribed(false);
    sandbox.act(await visitFor({ kind: 'OVERVIEW' }), { kind: 'CANCEL', subscriptionId: id });
    const cancelsAt = addMonths(START, 1);
    expect(await fetched(id)).toMatchObject({ status: 'ACTIVE', cancelsAt, endedAt: null });
    now = cancelsAt + 1;
    expect(await fetched(id)).toMatchObject({ status: 'ENDED', endedAt: cancelsAt });
  });
});

describe('a card that is kept', () => {
  const charge = (id: string) =>
    provider.chargeOffSession({
      purchaseId: purchaseId(id),
      accountId: accountId('acme'),
      customerId,
      price: { amountMinor: 500, currency: 'EUR' },
    });

  it('is charged without its owner, once a purchase', async () => {
    expect(await charge('auto-1')).toEqual({ payment: null, fault: 'NO_CARD' });
    sandbox.pay((await buy(PACK, 'purchase-1', true)).id, 'PAY');
    const first = await charge('auto-2');
    expect(first).toMatchObject({ fault: null, payment: { status: 'PAID', purchaseId: 'auto-2', checkoutId: null } });
    expect(await charge('auto-2')).toEqual(first);
  });

  it.each([
    ['EXPIRED', 'CARD_EXPIRED'],
    ['DECLINED', 'DECLINED'],
    ['WANTS_OWNER', 'ACTION_REQUIRED'],
  ] as const)('that is %s is not, and says so', async (card, fault) => {
    sandbox.act(await visitFor({ kind: 'OVERVIEW' }), { kind: 'USE_CARD', card });
    expect(await charge('auto-1')).toEqual({ payment: null, fault });
  });
});

describe('an event', () => {
  it('is delivered signed, and stays undelivered until it is taken', async () => {
    const taken: ProviderEvent[] = [];
    let isOpen = false;
    const server = Fastify();
    server.removeAllContentTypeParsers();
    server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
      done(null, body);
    });
    server.post<{ Body: Buffer }>('/payments/sandbox/webhook', async ({ body, headers }, reply) => {
      if (!isOpen) return reply.code(500).send();
      taken.push(provider.verify(body, headers, now));
      return reply.send();
    });
    const url = await server.listen({ host: '127.0.0.1', port: 0 });
    sandbox = new Sandbox({ file: null, now: () => now, serverUrl: () => url });
    provider = sandboxProvider(sandbox);
    customerId = await provider.createCustomer({ accountId: accountId('acme'), name: 'Acme', key: 'k', askedAt: now });

    const { id } = await buy(PACK);
    sandbox.pay(id, 'PAY');
    await sandbox.deliver();
    const event = { id: expect.any(String), type: 'checkout.paid', at: now, object: { kind: 'CHECKOUT', id } };
    expect([taken, await undelivered(), await undelivered(now + 1)]).toEqual([[], [event], []]);

    isOpen = true;
    await sandbox.deliver();
    expect([taken, await undelivered()]).toEqual([[event], []]);
    await server.close();
  });

  it.each([
    ['NOT_SIGNED', (body: Buffer) => [body, {}, 0]],
    ['NO_MATCH', (body: Buffer, headers: object) => [Buffer.concat([body, Buffer.from(' ')]), headers, 0]],
    ['TOO_OLD', (body: Buffer, headers: object) => [body, headers, 301_000]],
    ['IN_FUTURE', (body: Buffer, headers: object) => [body, headers, -301_000]],
  ] as const)('that is %s is refused', async (reason, change) => {
    const { sandboxSignature } = await import('../../../../src/payments/sandbox/sandboxSignature.js');
    const text = JSON.stringify({ id: 'e', type: 'checkout.paid', at: now, object: { kind: 'CHECKOUT', id: 'c' } });
    const headers = { 'sandbox-signature': sandboxSignature(sandbox.secret, text, now) };
    expect(provider.verify(Buffer.from(text), headers, now)).toMatchObject({ id: 'e' });
    const [body, sent, later] = change(Buffer.from(text), headers) as [Buffer, Record<string, string>, number];
    expect(() => provider.verify(body, sent, now + later)).toThrow(expect.objectContaining({ reason }));
  });
});

it('what it knows outlives the process, in a file of its own', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-sandbox-'));
  const file = join(folder, 'data', 'sandbox.json');
  provider = sandboxProvider(nowhere(file));
  const again = { accountId: accountId('acme'), name: 'Acme', key: 'k', askedAt: now };
  customerId = await provider.createCustomer(again);
  const { id } = await buy(PACK);
  const second = nowhere(file);
  expect(second.pay(id, 'PAY')).toBe('DONE');
  expect(await sandboxProvider(nowhere(file)).fetch({ kind: 'CHECKOUT', id })).toMatchObject({ status: 'PAID' });
  rmSync(folder, { recursive: true, force: true });
});
