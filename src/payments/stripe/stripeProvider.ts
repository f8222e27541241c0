/** The port to Stripe. Nothing else imports its package. */
import type { ObjectRef, Provided } from '../../domain/provided.js';
import type { PaymentProvider } from '../paymentProvider.js';
import { chargeOffSession } from './chargeOffSession.js';
import { EVENT_TYPES, eventOf } from './eventOf.js';
import { fetchCheckout, fetchIntent } from './fetchPayment.js';
import { fetchSubscription } from './fetchSubscription.js';
import { ACCOUNT, openCheckout, PURCHASE } from './openCheckout.js';
import { Portal } from './portal.js';
import { PriceBook, stripeAmount } from './priceBook.js';
import { StripeLink } from './stripeLink.js';
import type { StripeOptions } from './stripeLink.js';
import { verifyDelivery } from './verifyDelivery.js';

/** Well within the day for which Stripe remembers a key, and well beyond the minute by which its search lags. */
const KEY_GOOD_MS = 12 * 60 * 60_000;

export const stripeProvider = (options: StripeOptions): PaymentProvider => {
  const { webhookSecrets } = options;
  const link = new StripeLink(options);
  const prices = new PriceBook(link);
  const portal = new Portal(link, prices);
  return {
    name: 'stripe',
    verify: (body, headers, now) => eventOf(verifyDelivery(link, webhookSecrets, { body, headers, now }), link.isLive),
    createCustomer: (account) => createCustomer(link, account),
    checkout: (order) => openCheckout(link, prices, order),
    portal: (order) => portal.open(order),
    fetch: (ref) => fetchObject(link, ref),
    fetchAll: (customerId) => fetchAll(link, customerId),
    undelivered: (since) => undelivered(link, since, webhookSecrets.length > 0),
    chargeOffSession: (order) => chargeOffSession(link, order),
    refund: async ({ paymentId, amount, key }) => {
      const params = { payment_intent: paymentId, amount: stripeAmount(amount) };
      await link.ask((sdk) => sdk.refunds.create(params, { idempotencyKey: `tollgate/refund/${key}` }));
    },
  };
};

/** What it is made of never changes, so that the same key always goes with the same content; its name follows. */
const createCustomer = async (
  link: StripeLink,
  { accountId, name, key, askedAt }: Parameters<PaymentProvider['createCustomer']>[0],
): Promise<string> => {
  const isKeyGood = link.now() - askedAt < KEY_GOOD_MS;
  const params = { metadata: { [ACCOUNT]: accountId } };
  const made = isKeyGood ? null : await findCustomer(link, accountId);
  const id = made ?? (await link.ask((sdk) => sdk.customers.create(params, { idempotencyKey: key }))).id;
  await link.ask((sdk) => sdk.customers.update(id, { name, description: `Tollgate account ${accountId}` }));
  return id;
};

const findCustomer = async (link: StripeLink, accountId: string): Promise<string | null> => {
  const query = `metadata['${ACCOUNT}']:'${accountId.replace(/[\\']/g, '\\$&')}'`;
  const found = await link.ask((sdk) => sdk.customers.search({ query, limit: 1 }));
  return found.data[0]?.id ?? null;
};

const fetchObject = (link: StripeLink, { kind, id }: ObjectRef): Promise<Provided | null> => {
  switch (kind) {
    case 'CHECKOUT':
      return fetchCheckout(link, id);
    case 'PAYMENT':
      return fetchIntent(link, id);
    case 'SUBSCRIPTION':
      return fetchSubscription(link, id);
  }
};

const fetchAll = async (link: StripeLink, customer: string): Promise<readonly Provided[]> => {
  const params = { customer, limit: 100 };
  const [subscriptions, sessions, intents] = await Promise.all([
    link.all((sdk) => sdk.subscriptions.list({ ...params, status: 'all' })),
    link.all((sdk) => sdk.checkout.sessions.list(params)),
    link.all((sdk) => sdk.paymentIntents.list(params)),
  ]);
  const ofCheckouts = new Set(
    sessions.map(({ payment_intent: intent }) => (typeof intent === 'string' ? intent : intent?.id)),
  );
  const alone = intents.filter(({ id, metadata }) => metadata[PURCHASE] !== undefined && !ofCheckouts.has(id));
  const refs: readonly ObjectRef[] = [
    ...sessions.map(({ id }) => ({ kind: 'CHECKOUT' as const, id })),
    ...alone.map(({ id }) => ({ kind: 'PAYMENT' as const, id })),
    ...subscriptions.map(({ id }) => ({ kind: 'SUBSCRIPTION' as const, id })),
  ];
  const found: Provided[] = [];
  for (const ref of refs) {
    const object = await fetchObject(link, ref);
    if (object !== null) found.push(object);
  }
  return found;
};

/** Stripe lists the newest first. Where no endpoint is set up nothing counts as undelivered, and all are asked for. */
async function* undelivered(
  link: StripeLink,
  since: number,
  hasEndpoint: boolean,
): ReturnType<PaymentProvider['undelivered']> {
  const events = await link.all((sdk) =>
    sdk.events.list({
      created: { gte: Math.floor(since / 1000) },
      types: [...EVENT_TYPES],
      limit: 100,
      ...(hasEndpoint ? { delivery_success: false } : {}),
    }),
  );
  for (const event of events.toReversed()) yield eventOf({ ...event }, link.isLive);
}
