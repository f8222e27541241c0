/** The port to the sandbox: what Tollgate asks of it. */
import { isRecord } from '../../domain/isRecord.js';
import { DAY_MS, HOUR_MS } from '../../domain/period.js';
import type { Plan } from '../../domain/plan.js';
import type { ObjectRef, Provided, ProvidedPayment, ProvidedSubscription } from '../../domain/provided.js';
import { ProviderError, WebhookFault } from '../paymentProvider.js';
import type {
  CardFault,
  CheckoutOrder,
  Offer,
  OffSessionCharge,
  PaymentProvider,
  ProviderEvent,
} from '../paymentProvider.js';
import type { Sandbox } from './sandbox.js';
import { checkSignature, SIGNATURE_HEADER } from './sandboxSignature.js';
import type { SandboxCard, SandboxPayment, SandboxPlan, SandboxState, SandboxSubscription } from './sandboxState.js';

export const sandboxProvider = (sandbox: Sandbox): PaymentProvider => ({
  name: 'sandbox',
  verify: (body, headers, now) => {
    checkSignature(sandbox.secret, { body, header: headers[SIGNATURE_HEADER], now });
    return eventIn(body.toString('utf8'));
  },
  createCustomer: async ({ accountId, name, key }) =>
    sandbox.change((state) =>
      once(state, `customer/${key}`, () => {
        const id = sandbox.newId('cus');
        state.customers[id] = { id, accountId, name, card: null };
        return id;
      }),
    ),
  checkout: async (order) => {
    const checkout = sandbox.change((state) => {
      const id = once(state, `checkout/${order.purchaseId}`, () => openCheckout(sandbox, state, order));
      return state.checkouts[id];
    });
    if (checkout?.status !== 'OPEN') throw final('This checkout can’t be paid any more. Buy once more.');
    return { id: checkout.id, url: sandbox.addressOf('checkout', checkout.id), expiresAt: checkout.expiresAt };
  },
  portal: async ({ customerId, flow, returnUrl }) => {
    const id = sandbox.newId('visit');
    sandbox.change((state) => {
      customerIn(state, customerId);
      const subscriptionId = 'subscriptionId' in flow ? flow.subscriptionId : null;
      const plan = flow.kind === 'CHANGE_PLAN' ? planOf(flow.plan) : null;
      const expiresAt = sandbox.now + HOUR_MS;
      state.visits[id] = { id, customerId, flow: flow.kind, subscriptionId, plan, returnUrl, expiresAt };
    });
    return { url: sandbox.addressOf('portal', id) };
  },
  fetch: async (ref) => objectIn(sandbox.look(), ref, sandbox.now),
  fetchAll: async (customerId) => allOf(sandbox, customerId),
  async *undelivered(since) {
    const events = Object.values(sandbox.look().events).filter((each) => each.at >= since);
    for (const { id, type, at, object } of events.toSorted((a, b) => a.at - b.at)) yield { id, type, at, object };
  },
  chargeOffSession: async (order) => charge(sandbox, order),
  refund: async (order) => {
    giveBack(sandbox, order);
  },
});

const final = (message: string): ProviderError => new ProviderError('sandbox', message, true);

const CHECKOUT_OPEN_MS = DAY_MS;

/** What was done under a key, or is done now. */
const once = (state: SandboxState, key: string, act: () => string): string => (state.keys[key] ??= act());

const customerIn = (state: SandboxState, id: string) => {
  const customer = state.customers[id];
  if (customer === undefined) {
    throw new ProviderError('sandbox', `There is no customer ${id}.`, true, { isCustomerGone: true });
  }
  return customer;
};

const planOf = ({ id, version, name, price, interval }: Plan): SandboxPlan => ({
  planId: id,
  planVersion: version,
  name,
  price,
  interval,
});

const openCheckout = (sandbox: Sandbox, state: SandboxState, order: CheckoutOrder): string => {
  const { purchaseId, customerId, offer, returnUrl, keepsCard } = order;
  customerIn(state, customerId);
  const id = sandbox.newId('checkout');
  state.checkouts[id] = {
    id,
    purchaseId,
    customerId,
    ...whatIsBought(offer),
    returnUrl,
    keepsCard,
    expiresAt: sandbox.now + CHECKOUT_OPEN_MS,
    status: 'OPEN',
    paymentId: null,
    subscriptionId: null,
  };
  return id;
};

const whatIsBought = (offer: Offer) => {
  switch (offer.kind) {
    case 'PLAN': {
      const { plan, withTrial } = offer;
      return { title: plan.name, price: plan.price, plan: planOf(plan), trialDays: withTrial ? plan.trialDays : 0 };
    }
    case 'PACK':
      return { title: offer.pack.name, price: offer.pack.price, plan: null, trialDays: 0 };
    case 'CREDITS':
      return { title: `${offer.credits} credits`, price: offer.price, plan: null, trialDays: 0 };
  }
};

const FAULTS: Readonly<Record<SandboxCard, CardFault | null>> = {
  WORKS: null,
  EXPIRED: 'CARD_EXPIRED',
  DECLINED: 'DECLINED',
  WANTS_OWNER: 'ACTION_REQUIRED',
};

const faultOf = (card: SandboxCard | null): CardFault | null => (card === null ? 'NO_CARD' : FAULTS[card]);

const charge = (
  sandbox: Sandbox,
  { purchaseId, customerId, price }: Parameters<PaymentProvider['chargeOffSession']>[0],
): OffSessionCharge =>
  sandbox.change((state, tell) => {
    const { card } = customerIn(state, customerId);
    const known = state.keys[`charge/${purchaseId}`];
    if (known !== undefined) return { payment: paymentOf(state, state.payments[known]), fault: null };
    const fault = faultOf(card);
    if (fault !== null) return { payment: null, fault };
    const id = once(state, `charge/${purchaseId}`, () => sandbox.newId('pay'));
    const money = { paidMinor: price.amountMinor, refundedMinor: 0, disputedMinor: 0 };
    state.payments[id] = { id, purchaseId, customerId, status: 'PAID', price, money, paidAt: sandbox.now };
    tell('payment.paid', { kind: 'PAYMENT', id });
    return { payment: paymentOf(state, state.payments[id]), fault: null };
  });

const giveBack = (sandbox: Sandbox, { paymentId, amount, key }: Parameters<PaymentProvider['refund']>[0]): void => {
  sandbox.change((state, tell) => {
    once(state, `refund/${key}`, () => {
      const payment = state.payments[paymentId];
      if (payment === undefined) throw final(`There is no payment ${paymentId}.`);
      const refundedMinor = payment.money.refundedMinor + amount.amountMinor;
      if (refundedMinor > payment.money.paidMinor) throw final('More would be given back than was paid.');
      state.payments[paymentId] = { ...payment, money: { ...payment.money, refundedMinor } };
      tell('payment.refunded', { kind: 'PAYMENT', id: paymentId });
      return paymentId;
    });
  });
};

const NOTHING = { paidMinor: 0, refundedMinor: 0, disputedMinor: 0 };

const objectIn = (state: SandboxState, { kind, id }: ObjectRef, now: number): Provided | null => {
  switch (kind) {
    case 'CHECKOUT':
      return checkoutIn(state, id);
    case 'PAYMENT': {
      const payment = state.payments[id];
      return payment === undefined ? null : paymentOf(state, payment);
    }
    case 'SUBSCRIPTION': {
      const subscription = state.subscriptions[id];
      return subscription === undefined ? null : subscriptionOf(state, subscription, now);
    }
  }
};

const checkoutIn = (state: SandboxState, id: string): ProvidedPayment | null => {
  const checkout = state.checkouts[id];
  if (checkout === undefined) return null;
  const { customerId, purchaseId, status, price, paymentId, subscriptionId } = checkout;
  const payment = paymentId === null ? undefined : state.payments[paymentId];
  return {
    kind: 'PAYMENT',
    id: paymentId,
    checkoutId: id,
    customerId,
    purchaseId,
    status,
    currency: price.currency,
    money: payment?.money ?? NOTHING,
    paidAt: payment?.paidAt ?? null,
    subscriptionId,
  };
};

/** A payment with the checkout that it was made in, if there was one. */
const paymentOf = (state: SandboxState, payment: SandboxPayment | undefined): ProvidedPayment | null => {
  if (payment === undefined) return null;
  const { id, customerId, purchaseId, status, price, money, paidAt } = payment;
  const checkout = Object.values(state.checkouts).find(({ paymentId }) => paymentId === id);
  return {
    kind: 'PAYMENT',
    id,
    checkoutId: checkout?.id ?? null,
    customerId,
    purchaseId,
    status,
    currency: price.currency,
    money,
    paidAt,
    subscriptionId: checkout?.subscriptionId ?? null,
  };
};

const subscriptionOf = (state: SandboxState, subscription: SandboxSubscription, now: number): ProvidedSubscription => {
  const { id, customerId, purchaseId, plan, planSince, startsAt, anchorAt } = subscription;
  const { trialEndsAt, paidUntil, cancelsAt, endedAt, failure } = subscription;
  return {
    kind: 'SUBSCRIPTION',
    id,
    customerId,
    accountId: state.customers[customerId]?.accountId ?? null,
    purchaseId,
    plan: { planId: plan.planId, planVersion: plan.planVersion },
    planSince,
    status: statusOf(subscription, now),
    createdAt: startsAt,
    startsAt,
    anchorAt,
    trialEndsAt,
    paidUntil,
    cancelsAt,
    endedAt,
    pausedAt: null,
    failure,
  };
};

const statusOf = (
  { endedAt, failure, trialEndsAt }: SandboxSubscription,
  now: number,
): ProvidedSubscription['status'] => {
  if (endedAt !== null) return 'ENDED';
  if (failure !== null) return 'PAST_DUE';
  return trialEndsAt !== null && now < trialEndsAt ? 'TRIALING' : 'ACTIVE';
};

const allOf = (sandbox: Sandbox, customerId: string): readonly Provided[] => {
  const state = sandbox.look();
  const ofCustomer = <T extends { readonly customerId: string }>(kept: Readonly<Record<string, T>>): readonly T[] =>
    Object.values(kept).filter((each) => each.customerId === customerId);
  const checkouts = ofCustomer(state.checkouts);
  const alone = ofCustomer(state.payments).filter(({ id }) => !checkouts.some(({ paymentId }) => paymentId === id));
  return [
    ...checkouts.map(({ id }) => checkoutIn(state, id)),
    ...alone.map((payment) => paymentOf(state, payment)),
    ...ofCustomer(state.subscriptions).map((each) => subscriptionOf(state, each, sandbox.now)),
  ].filter((each) => each !== null);
};

const eventIn = (text: string): ProviderEvent => {
  const event: unknown = JSON.parse(text);
  const object = isRecord(event) ? event['object'] : null;
  if (isRecord(event) && isRecord(object)) {
    const { id, type, at } = event;
    const { kind, id: objectId } = object;
    const isKind = kind === 'CHECKOUT' || kind === 'PAYMENT' || kind === 'SUBSCRIPTION';
    if (typeof id === 'string' && typeof type === 'string' && typeof at === 'number') {
      if (isKind && typeof objectId === 'string') return { id, type, at, object: { kind, id: objectId } };
    }
  }
  throw new WebhookFault('MALFORMED', 'It is signed, and is no event of the sandbox.');
};
