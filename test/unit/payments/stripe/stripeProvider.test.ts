/**
 * The adapter for Stripe, the real SDK and all, in front of a double whose requests and answers are held against the
 * typings of that SDK.
 */
import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accountId, packId, planId, purchaseId } from '../../../../src/domain/ids.js';
import type { Pack } from '../../../../src/domain/offer.js';
import type { Plan } from '../../../../src/domain/plan.js';
import { ProviderError, WebhookFault } from '../../../../src/payments/paymentProvider.js';
import type { Offer, PaymentProvider } from '../../../../src/payments/paymentProvider.js';
import { EVENT_TYPES } from '../../../../src/payments/stripe/eventOf.js';
import { stripeProvider } from '../../../../src/payments/stripe/stripeProvider.js';
import type { StripeOptions } from '../../../../src/payments/stripe/stripeLink.js';
import { ALICE, plan } from '../../../support/domain.js';
import { StripeDouble } from '../../../support/stripe/stripeDouble.js';
import { StripeTypings } from '../../../support/stripe/stripeTypings.js';
import { DAY, HOUR, idIn, itemOf } from '../../../support/stripe/stripeWorld.js';
import type { StripeWorld } from '../../../support/stripe/stripeWorld.js';

const KEY = 'sk_test_51SecretOfTheMerchant';
const SECRETS = ['whsec_new', 'whsec_old'];
const RETURN = 'https://api.example/back';

const PRO = plan({ id: planId('pro'), price: { amountMinor: 4900, currency: 'EUR' }, trialDays: 14 });
const MAX = plan({ id: planId('max'), price: { amountMinor: 9900, currency: 'EUR' } });
const PACK: Pack = {
  ...{ id: packId('small'), version: 2, name: 'Small', status: 'ACTIVE', credits: 1_000, expiresAfterDays: null },
  price: { amountMinor: 1_000, currency: 'EUR' },
};
const ofPack: Offer = { kind: 'PACK', pack: PACK };
const ofPlan = (of: Plan, withTrial = false): Offer => ({ kind: 'PLAN', plan: of, withTrial });

let double: StripeDouble;
let world: StripeWorld;
let provider: PaymentProvider;
let customerId: string;
let bought = 0;

const providerWith = (options: Partial<StripeOptions> = {}): PaymentProvider =>
  stripeProvider({
    ...{ secretKey: KEY, webhookSecrets: SECRETS, apiUrl: double.url, retriesMax: 0, now: () => world.now * 1000 },
    ...options,
  });

beforeAll(async () => {
  double = await StripeDouble.start({ typings: new StripeTypings() });
});
afterAll(() => double.close());
beforeEach(async () => {
  world = double.newWorld();
  provider = providerWith();
  customerId = await provider.createCustomer({ accountId: ALICE, name: 'Alice', key: 'c1', askedAt: world.now * 1000 });
});

const buy = async (offer: Offer, keepsCard = false) => {
  const purchase = purchaseId(`p${(bought += 1)}`);
  const order = { purchaseId: purchase, accountId: ALICE, customerId, offer, returnUrl: RETURN, keepsCard };
  return { purchase, checkout: await provider.checkout(order) };
};

/** A running subscription, and how to look at it. */
const subscribed = async (of: Plan, withTrial = false) => {
  const { purchase, checkout } = await buy(ofPlan(of, withTrial));
  world.pay(checkout.id);
  const id = idIn(world.find('checkout.session', checkout.id).subscription);
  const look = () => provider.fetch({ kind: 'SUBSCRIPTION', id });
  return { id, purchase, checkout, look };
};

const faultOf = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  );

describe('a customer', () => {
  it('is one, however often it is made under the key of its account', async () => {
    const again = await provider.createCustomer({
      accountId: ALICE,
      name: 'Renamed',
      key: 'c1',
      askedAt: world.now * 1000,
    });
    expect(again).toBe(customerId);
    expect(world.all('customer').map(({ name, metadata }) => ({ name, metadata }))).toEqual([
      { name: 'Renamed', metadata: { tollgate_account: ALICE } },
    ]);
  });

  it('that was made, and not heard of, is found when its key is forgotten', async () => {
    const askedAt = world.now * 1000;
    world.advance(3 * DAY);
    expect(await provider.createCustomer({ accountId: ALICE, name: 'Alice', key: 'c1', askedAt })).toBe(customerId);
    const bob = accountId("bob's");
    const other = await provider.createCustomer({ accountId: bob, name: 'Bob', key: 'c2', askedAt });
    expect(world.all('customer').map(({ id }) => id)).toEqual([customerId, other]);
  });
});

describe('a checkout', () => {
  it('of a pack is paid once, its card kept, its price made once', async () => {
    const { purchase, checkout } = await buy(ofPack, true);
    expect(checkout).toEqual({
      id: checkout.id,
      url: `https://checkout.stripe.test/${checkout.id}`,
      expiresAt: (world.now + DAY) * 1000,
    });
    await buy(ofPack);
    await providerWith().checkout({
      ...{ purchaseId: purchaseId('other'), accountId: ALICE, customerId, offer: ofPack, returnUrl: RETURN },
      keepsCard: false,
    });
    expect(world.all('price').map(({ lookup_key: key, unit_amount: amount }) => [key, amount])).toEqual([
      ['tollgate:pack/small:v2', 1_000],
    ]);

    expect(await provider.fetch({ kind: 'CHECKOUT', id: checkout.id })).toMatchObject({ status: 'OPEN', id: null });
    world.pay(checkout.id);
    const paid = await provider.fetch({ kind: 'CHECKOUT', id: checkout.id });
    const { payment_intent: intent } = world.find('checkout.session', checkout.id);
    expect(paid).toEqual({
      ...{ kind: 'PAYMENT', id: intent, checkoutId: checkout.id, customerId, purchaseId: purchase, status: 'PAID' },
      ...{ currency: 'EUR', paidAt: world.now * 1000, subscriptionId: null },
      money: { paidMinor: 1_000, refundedMinor: 0, disputedMinor: 0 },
    });
    expect(await provider.fetch({ kind: 'PAYMENT', id: idIn(intent) })).toEqual(paid);
    expect(world.cardOf(customerId)).toBe('GOOD');
  });

  it('of any number of credits needs no price of its own', async () => {
    const { checkout } = await buy({ kind: 'CREDITS', credits: 77, price: { amountMinor: 154, currency: 'EUR' } });
    expect(world.find('checkout.session', checkout.id)).toMatchObject({ amount_total: 154, currency: 'eur' });
    expect(world.all('price')).toEqual([]);
  });

  it('asked for again is the same page, with another way back too', async () => {
    const order = { purchaseId: purchaseId('same'), accountId: ALICE, customerId, offer: ofPack, keepsCard: false };
    const first = await provider.checkout({ ...order, returnUrl: RETURN });
    expect(await provider.checkout({ ...order, returnUrl: RETURN })).toEqual(first);
    expect(await provider.checkout({ ...order, returnUrl: 'https://api.example/elsewhere' })).toEqual(first);
    expect(world.all('checkout.session')).toHaveLength(1);
  });

  it('stays open when a first card is refused, and waits for money that comes later', async () => {
    const { checkout } = await buy(ofPack);
    world.tryBadCard(checkout.id);
    const { payment_intent: refused } = world.find('checkout.session', checkout.id);
    expect(await provider.fetch({ kind: 'PAYMENT', id: idIn(refused) })).toMatchObject({ status: 'OPEN' });
    world.pay(checkout.id, { isDelayed: true });
    expect(await provider.fetch({ kind: 'CHECKOUT', id: checkout.id })).toMatchObject({
      status: 'PENDING',
      paidAt: null,
    });
    world.settle(checkout.id, false);
    expect(await provider.fetch({ kind: 'CHECKOUT', id: checkout.id })).toMatchObject({ status: 'FAILED' });
  });

  it('expires', async () => {
    const { checkout } = await buy(ofPack);
    world.advance(2 * DAY);
    expect(await provider.fetch({ kind: 'CHECKOUT', id: checkout.id })).toMatchObject({ status: 'EXPIRED' });
  });

  it('is not opened at a price that says something else than the offer', async () => {
    world.make('price', { lookup_key: 'tollgate:pack/small:v2', unit_amount: 1, currency: 'eur', recurring: null });
    expect(await faultOf(buy(ofPack))).toMatchObject({ name: 'ProviderError', isFinal: true });
  });

  it('counts in Stripe’s units where those are not ISO 4217’s', async () => {
    const { checkout } = await buy({ kind: 'CREDITS', credits: 5, price: { amountMinor: 500, currency: 'ISK' } });
    expect(world.find('checkout.session', checkout.id).amount_total).toBe(50_000);
    world.pay(checkout.id);
    expect(await provider.fetch({ kind: 'CHECKOUT', id: checkout.id })).toMatchObject({ money: { paidMinor: 500 } });
  });
});

describe('money that goes back', () => {
  const paidPack = async () => {
    const { checkout } = await buy(ofPack);
    world.pay(checkout.id);
    const id = idIn(world.find('checkout.session', checkout.id).payment_intent);
    const money = async () => (await provider.fetch({ kind: 'PAYMENT', id })) as unknown;
    return { id, money };
  };

  it('is refunded in parts, each once under its key, and one that a bank sent back counts no more', async () => {
    const { id, money } = await paidPack();
    const refund = { paymentId: id, amount: { amountMinor: 300, currency: 'EUR' }, key: 'r1' };
    await provider.refund(refund);
    await provider.refund(refund);
    expect(await money()).toMatchObject({ money: { paidMinor: 1_000, refundedMinor: 300 } });
    const [made] = world.all('refund');
    world.failRefund(made?.id ?? '');
    expect(await money()).toMatchObject({ money: { refundedMinor: 0 } });
    const tooMuch = { paymentId: id, amount: { amountMinor: 1_001, currency: 'EUR' }, key: 'r2' };
    expect(await faultOf(provider.refund(tooMuch))).toMatchObject({ isFinal: true });
  });

  it('is taken by a dispute while it is open or lost, and not by an inquiry', async () => {
    const { id, money } = await paidPack();
    world.dispute(id, { isInquiry: true });
    expect(await money()).toMatchObject({ money: { disputedMinor: 0 } });
    const { id: dispute } = world.dispute(id);
    expect(await money()).toMatchObject({ money: { disputedMinor: 1_000 } });
    world.closeDispute(dispute, 'won');
    expect(await money()).toMatchObject({ money: { disputedMinor: 0 } });
    const { id: second } = world.dispute(id, { amount: 400 });
    world.closeDispute(second, 'lost');
    expect(await money()).toMatchObject({ money: { disputedMinor: 400 } });
  });

  it('of a subscription’s first invoice is that of the purchase that began it', async () => {
    const { purchase, checkout } = await subscribed(PRO);
    const [intent] = world.all('payment_intent');
    world.refund(intent?.id ?? '', 900);
    const found = await provider.fetch({ kind: 'PAYMENT', id: intent?.id ?? '' });
    expect(found).toMatchObject({
      ...{ purchaseId: purchase, checkoutId: checkout.id, id: intent?.id, status: 'PAID' },
      money: { paidMinor: 4_900, refundedMinor: 900, disputedMinor: 0 },
    });
  });
});

describe('a subscription', () => {
  it('is what was bought, paid for to the end of its period', async () => {
    const { id, purchase, look } = await subscribed(PRO);
    const startsAt = world.now * 1000;
    expect(await look()).toEqual({
      ...{ kind: 'SUBSCRIPTION', id, customerId, accountId: ALICE, purchaseId: purchase },
      ...{ plan: { planId: 'pro', planVersion: 1 }, planSince: null, status: 'ACTIVE' },
      ...{ createdAt: startsAt, startsAt, anchorAt: startsAt, trialEndsAt: null },
      paidUntil: itemOf(world.find('subscription', id)).current_period_end * 1000,
      ...{ cancelsAt: null, endedAt: null, pausedAt: null, failure: null },
    });
  });

  it('is paid for by a paid invoice alone: not by its status, and not by a trial’s invoice of nothing', async () => {
    const { id, look } = await subscribed(PRO, true);
    const trialEndsAt = (world.now + 14 * DAY) * 1000;
    expect(await look()).toMatchObject({ status: 'TRIALING', trialEndsAt, paidUntil: trialEndsAt });
    world.advance(14 * DAY + HOUR / 2);
    expect(await look()).toMatchObject({ status: 'ACTIVE', trialEndsAt, paidUntil: trialEndsAt });
    world.advance(HOUR);
    const end = itemOf(world.find('subscription', id)).current_period_end * 1000;
    expect(await look()).toMatchObject({ status: 'ACTIVE', paidUntil: end });
  });

  it.each([
    ['EXPIRED', 'CARD_EXPIRED'],
    ['DECLINED', 'OTHER'],
  ] as const)('with a card that is %s has failed as %s, and is served again when it is paid', async (card, cause) => {
    const { id, look } = await subscribed(PRO);
    const paidUntil = itemOf(world.find('subscription', id)).current_period_end * 1000;
    world.setCard(customerId, card);
    world.advance(paidUntil / 1000 - world.now + 2 * HOUR);
    const failure = { failedAt: paidUntil + HOUR * 1000, cause };
    expect(await look()).toMatchObject({ status: 'PAST_DUE', paidUntil, failure });
    world.setCard(customerId, 'GOOD');
    world.payOpenInvoices(id);
    const end = itemOf(world.find('subscription', id)).current_period_end * 1000;
    expect(await look()).toMatchObject({ status: 'ACTIVE', paidUntil: end, failure: null });
  });

  it('ends when it is said to, by flag or by date', async () => {
    const { id, look } = await subscribed(PRO);
    const end = itemOf(world.find('subscription', id)).current_period_end * 1000;
    for (const isClassic of [false, true]) {
      world.cancelAtPeriodEnd(id, { isClassic });
      expect(await look()).toMatchObject({ cancelsAt: end });
      world.resume(id);
      expect(await look()).toMatchObject({ cancelsAt: null });
    }
    world.cancel(id);
    expect(await look()).toMatchObject({ status: 'ENDED', endedAt: world.now * 1000 });
  });

  it('is changed upward when that is paid, and downward when the period ends', async () => {
    const { id, look } = await subscribed(PRO);
    const { url } = await provider.portal({
      ...{ customerId, returnUrl: RETURN },
      flow: { kind: 'CHANGE_PLAN', subscriptionId: id, plan: MAX },
    });
    expect(url).toMatch(/^https:\/\/portal\.stripe\.test\//);
    world.advance(10 * DAY);
    const [dearer] = world.all('price').slice(-1);
    world.setCard(customerId, 'DECLINED');
    world.changePlan(id, dearer?.id ?? '');
    expect(await look()).toMatchObject({ plan: { planId: 'pro' }, status: 'PAST_DUE' });
    world.setCard(customerId, 'GOOD');
    const changedAt = world.now * 1000;
    world.advance(HOUR);
    world.payOpenInvoices(id);
    expect(await look()).toMatchObject({ plan: { planId: 'max' }, planSince: changedAt, status: 'ACTIVE' });
    const [cheaper] = world.all('price');
    world.changePlan(id, cheaper?.id ?? '');
    expect(await look()).toMatchObject({ plan: { planId: 'max' } });
    world.advance(31 * DAY);
    expect(await look()).toMatchObject({ plan: { planId: 'pro' }, planSince: null, status: 'ACTIVE' });
  });

  it('of another program, or of the other mode, is none of ours', async () => {
    const price = world.make('price', { lookup_key: 'theirs', unit_amount: 5, currency: 'eur', metadata: {} });
    const { id } = world.subscribe({ customer: customerId, metadata: {}, price, trialDays: 0 });
    expect(await provider.fetch({ kind: 'SUBSCRIPTION', id })).toMatchObject({ plan: null, accountId: null });
    world.find('subscription', id).livemode = true;
    expect(await provider.fetch({ kind: 'SUBSCRIPTION', id })).toBeNull();
    expect(await provider.fetch({ kind: 'SUBSCRIPTION', id: 'sub_gone' })).toBeNull();
  });
});

describe('the portal', () => {
  it('is opened for what is asked, with one configuration for all, and one per plan that is changed to', async () => {
    const { id } = await subscribed(PRO);
    const flows = [
      { kind: 'OVERVIEW' },
      { kind: 'UPDATE_PAYMENT_METHOD' },
      { kind: 'CANCEL', subscriptionId: id },
      { kind: 'CHANGE_PLAN', subscriptionId: id, plan: MAX },
    ] as const;
    for (const flow of flows) {
      await provider.portal({ customerId, flow, returnUrl: RETURN });
      await providerWith().portal({ customerId, flow, returnUrl: RETURN });
    }
    expect(world.all('billing_portal.configuration').map(({ metadata }) => metadata)).toEqual([
      { tollgate_portal: '1/all' },
      { tollgate_portal: '1/change/tollgate:max:v1' },
    ]);
    expect([...world.flows.values()].map(({ type }) => type)).toEqual(
      [undefined, 'payment_method_update', 'subscription_cancel', 'subscription_update_confirm'].flatMap((type) => [
        type,
        type,
      ]),
    );
    const [, change] = world.all('billing_portal.configuration');
    expect(change?.features.subscription_update).toMatchObject({
      proration_behavior: 'always_invoice',
      schedule_at_period_end: { conditions: [{ type: 'decreasing_item_amount' }, { type: 'shortening_interval' }] },
    });
  });
});

describe('a charge without the card’s owner', () => {
  const charge = async (name: string) =>
    provider.chargeOffSession({ purchaseId: purchaseId(name), accountId: ALICE, customerId, price: PACK.price });

  it('is made once per purchase', async () => {
    world.setCard(customerId, 'GOOD');
    const first = await charge('top-up');
    expect(first).toMatchObject({
      fault: null,
      payment: { status: 'PAID', purchaseId: 'top-up', money: { paidMinor: 1_000 } },
    });
    expect(await charge('top-up')).toEqual(first);
    expect(world.all('charge')).toHaveLength(1);
    expect(await provider.fetchAll(customerId)).toEqual([first.payment]);
  });

  it.each([
    ['NEEDS_OWNER', 'ACTION_REQUIRED', 'ACTION_REQUIRED'],
    ['EXPIRED', 'CARD_EXPIRED', 'FAILED'],
    ['DECLINED', 'DECLINED', 'FAILED'],
  ] as const)('with a card that is %s says %s', async (card, fault, status) => {
    world.setCard(customerId, card);
    expect(await charge(card)).toMatchObject({ fault, payment: { status, money: { paidMinor: 0 } } });
  });

  it('without a card is not begun', async () => {
    expect(await charge('none')).toEqual({ payment: null, fault: 'NO_CARD' });
    world.deleteCustomer(customerId);
    expect(await charge('deleted')).toEqual({ payment: null, fault: 'NO_CARD' });
  });
});

describe('a delivery', () => {
  const event = () => {
    world.make('charge', {});
    return { ...{ id: 'evt_1', object: 'event', created: world.now, livemode: false, type: 'invoice.paid' }, data: {} };
  };
  const reasonOf = (body: Buffer, headers: Record<string, string>): string => {
    try {
      provider.verify(body, headers, world.now * 1000);
      return 'LET IN';
    } catch (error) {
      return error instanceof WebhookFault ? error.reason : String(error);
    }
  };

  it.each([
    ['signed now', 0, 'LET IN'],
    ['signed 299 s ago', -299, 'LET IN'],
    ['signed 301 s ago', -301, 'TOO_OLD'],
    ['dated an hour ahead', HOUR, 'IN_FUTURE'],
  ])('that is %s', (_name, offset, reason) => {
    for (const secret of SECRETS) {
      const { body, headers } = double.sign(event(), secret, world.now + offset);
      expect(reasonOf(body, { ...headers })).toBe(reason);
    }
  });

  it('is refused with another secret, a changed or re-serialised body, without signature, with scheme v0 alone', () => {
    const { body, headers } = double.sign(event(), 'whsec_new');
    const { 'stripe-signature': signature = '' } = headers;
    expect(reasonOf(double.sign(event(), 'whsec_other').body, double.sign(event(), 'whsec_other').headers)).toBe(
      'NO_MATCH',
    );
    expect(reasonOf(Buffer.from(body.toString().replace('evt_1', 'evt_2')), headers)).toBe('NO_MATCH');
    expect(reasonOf(Buffer.from(JSON.stringify(JSON.parse(body.toString()))), headers)).toBe('NO_MATCH');
    expect(reasonOf(body, {})).toBe('NOT_SIGNED');
    expect(reasonOf(body, { 'stripe-signature': signature.replace('v1=', 'v0=') })).toBe('NO_MATCH');
    expect(reasonOf(body, { 'stripe-signature': `${signature},v1=00` })).toBe('LET IN');
    // Which of two time stamps was signed must not be left to chance.
    expect(reasonOf(body, { 'stripe-signature': `t=${world.now - HOUR},${signature}` })).toBe('LET IN');
    expect(reasonOf(body, { 'stripe-signature': `${signature},t=${world.now - 1}` })).toBe('NO_MATCH');
  });

  it('that is signed, and no event, is malformed', () => {
    for (const sent of ['text', { id: 'evt_1', object: 'v2.core.event' }, { object: 'event' }]) {
      const { body, headers } = double.sign(sent, 'whsec_new');
      expect(reasonOf(body, headers)).toBe('MALFORMED');
    }
  });

  it('points at what is to be fetched, whatever version of the API its endpoint is of', async () => {
    const { id } = await subscribed(PRO);
    const [intent] = world.all('payment_intent');
    world.refund(intent?.id ?? '', 100);
    const disputed = world.dispute(intent?.id ?? '');
    world.closeDispute(disputed.id, 'won');
    const seen = world.events.map((sent) => {
      const { body, headers } = double.sign(sent, 'whsec_new');
      return provider.verify(body, headers, world.now * 1000);
    });
    const [session] = world.all('checkout.session');
    const subscription = { kind: 'SUBSCRIPTION', id };
    const payment = { kind: 'PAYMENT', id: intent?.id };
    expect(seen.map(({ type, object }) => [type, object])).toEqual([
      ['customer.subscription.created', subscription],
      ['invoice.paid', subscription],
      ['customer.subscription.updated', subscription],
      ['checkout.session.completed', { kind: 'CHECKOUT', id: session?.id }],
      ['charge.refunded', payment],
      ['charge.dispute.created', payment],
      ['charge.dispute.funds_withdrawn', payment],
      ['charge.dispute.funds_reinstated', payment],
      ['charge.dispute.closed', payment],
    ]);
    const old = { ...event(), data: { object: { object: 'invoice', subscription: 'sub_old' } } };
    const { body, headers } = double.sign(old, 'whsec_new');
    expect(provider.verify(body, headers, world.now * 1000).object).toEqual({ kind: 'SUBSCRIPTION', id: 'sub_old' });
  });

  it.each([
    ['of a type that nothing depends on', { type: 'customer.created' }],
    ['of the other mode', { livemode: true }],
    ['of a connected account', { account: 'acct_1' }],
  ])('%s points at nothing', (_name, changes) => {
    const data = { object: { object: 'subscription', id: 'sub_1' } };
    const { body, headers } = double.sign({ ...event(), data, ...changes }, 'whsec_new');
    expect(provider.verify(body, headers, world.now * 1000).object).toBeNull();
  });
});

describe('what was not delivered', () => {
  const idsSince = async (of: PaymentProvider, since: number): Promise<string[]> => {
    const ids: string[] = [];
    for await (const { id } of of.undelivered(since * 1000)) ids.push(id);
    return ids;
  };

  it('is listed the oldest first, beyond one page', async () => {
    const { id } = await subscribed(PRO);
    const since = world.now;
    for (let i = 0; i < 120; i++) (i % 2 ? world.resume : world.cancelAtPeriodEnd).call(world, id);
    world.events.slice(0, 100).forEach((event) => double.delivered(event));
    expect(await idsSince(provider, since)).toEqual(world.events.slice(100).map((event) => event.id));
    world.advance(10);
    expect(await idsSince(provider, world.now)).toEqual([]);
    // Without an endpoint nothing was ever to be delivered.
    expect(await idsSince(providerWith({ webhookSecrets: [] }), since)).toHaveLength(world.events.length);
  });

  it('asks for no more types than Stripe lists at once', () => {
    expect(EVENT_TYPES.length).toBeLessThanOrEqual(20);
  });

  it('of a customer is found by their objects', async () => {
    const { id } = await subscribed(PRO);
    const { checkout } = await buy(ofPack);
    world.pay(checkout.id);
    const kinds = (await provider.fetchAll(customerId)).map((found) => [found.kind, found.purchaseId]);
    expect(kinds).toHaveLength(3);
    expect(await provider.fetchAll('cus_nobody')).toEqual([]);
    world.deleteCustomer(customerId);
    expect(await provider.fetch({ kind: 'SUBSCRIPTION', id })).toMatchObject({ status: 'ENDED' });
  });
});

describe('when Stripe refuses or is away', () => {
  it.each(['DOWN', 'FAILS', 'HANGS'] as const)('%s is no answer, and may be asked again', async (trouble) => {
    double.trouble = trouble;
    const error = await faultOf(providerWith({ timeoutMs: 200 }).fetch({ kind: 'CHECKOUT', id: 'cs_test_1' }));
    expect(error).toBeInstanceOf(ProviderError);
    expect(error).toMatchObject({ isFinal: false });
  });

  it('an answer that was lost is asked for again under the same key', async () => {
    const { length } = world.all('checkout.session');
    double.trouble = 'LOSES';
    provider = providerWith({ retriesMax: 1 });
    await buy({ kind: 'CREDITS', credits: 1, price: { amountMinor: 100, currency: 'EUR' } });
    expect(world.all('checkout.session')).toHaveLength(length + 1);
  });

  it('no error says a key or a secret', async () => {
    const named = await faultOf(provider.fetch({ kind: 'CHECKOUT', id: KEY }));
    expect(named).toBeNull();
    const refund = { paymentId: `${KEY} whsec_new`, amount: { amountMinor: 1, currency: 'EUR' }, key: 'r' };
    const echoed = await faultOf(provider.refund(refund));
    double.trouble = 'STRANGER';
    const stranger = await faultOf(provider.fetch({ kind: 'CHECKOUT', id: 'cs_test_1' }));
    for (const error of [echoed, stranger]) {
      expect(error).toBeInstanceOf(ProviderError);
      expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/sk_test_51|whsec_/);
    }
    expect(stranger).toMatchObject({ isFinal: false });
  });

  it('each request has the version of the API that the typings are of, and no telemetry', async () => {
    await provider.fetchAll(customerId);
    const versions = new Set(double.requests.map(({ headers }) => headers['stripe-version']));
    expect([...versions]).toEqual(['2026-10-28.endive']);
    expect(double.requests.every(({ headers }) => headers['x-stripe-client-telemetry'] === undefined)).toBe(true);
  });
});
