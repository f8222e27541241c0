/**
 * A payment as Stripe has it now, with or without a checkout: what was received, what went back, what banks took. Sums
 * are of the objects themselves, so that a refund that failed and a dispute that was won count for nothing.
 */
import type Stripe from 'stripe';
import { purchaseId } from '../../domain/ids.js';
import type { ProvidedPayment } from '../../domain/provided.js';
import type { PurchaseStatus } from '../../domain/purchase.js';
import { PURCHASE } from './openCheckout.js';
import { minorOf } from './priceBook.js';
import type { StripeLink } from './stripeLink.js';

const NOTHING = { paidMinor: 0, refundedMinor: 0, disputedMinor: 0 } as const;
const WITH_CHARGE = ['latest_charge'];

export const fetchCheckout = async (link: StripeLink, id: string): Promise<ProvidedPayment | null> => {
  const expand = ['payment_intent.latest_charge', 'invoice.payments'];
  const session = await link.find((sdk) => sdk.checkout.sessions.retrieve(id, { expand }));
  if (session === null) return null;
  const invoice = objectOf(session.invoice);
  const intent = objectOf(session.payment_intent) ?? (await intentOf(link, invoice));
  const purchase = session.metadata?.[PURCHASE];
  return {
    kind: 'PAYMENT',
    id: intent?.id ?? null,
    checkoutId: session.id,
    customerId: idOf(session.customer),
    purchaseId: purchase === undefined ? null : purchaseId(purchase),
    status: statusOfSession(session, intent),
    currency: (session.currency ?? intent?.currency ?? '').toUpperCase(),
    money: intent === null ? NOTHING : await moneyOf(link, intent),
    paidAt: paidAtOf(intent) ?? instantOf(invoice?.status_transitions.paid_at),
    subscriptionId: idOf(session.subscription),
  };
};

/**
 * A payment of its own says whose it is. One that a checkout or a subscription's first invoice made is that checkout's:
 * a card that was refused there may be followed by another.
 */
export const fetchIntent = async (link: StripeLink, id: string): Promise<ProvidedPayment | null> => {
  const intent = await link.find((sdk) => sdk.paymentIntents.retrieve(id, { expand: WITH_CHARGE }));
  if (intent === null) return null;
  const checkout = await findCheckout(link, intent);
  return checkout === null ? providedOfIntent(link, intent) : fetchCheckout(link, checkout);
};

export const providedOfIntent = async (link: StripeLink, intent: Stripe.PaymentIntent): Promise<ProvidedPayment> => {
  const purchase = intent.metadata[PURCHASE];
  return {
    kind: 'PAYMENT',
    id: intent.id,
    checkoutId: null,
    customerId: idOf(intent.customer),
    purchaseId: purchase === undefined ? null : purchaseId(purchase),
    status: statusOfIntent(intent),
    currency: intent.currency.toUpperCase(),
    money: await moneyOf(link, intent),
    paidAt: paidAtOf(intent),
    subscriptionId: null,
  };
};

const findCheckout = async (link: StripeLink, intent: Stripe.PaymentIntent): Promise<string | null> => {
  const payment = { type: 'payment_intent' as const, payment_intent: intent.id };
  const [sessions, payments] = await Promise.all([
    link.ask((sdk) => sdk.checkout.sessions.list({ payment_intent: intent.id, limit: 1 })),
    link.ask((sdk) => sdk.invoicePayments.list({ payment, expand: ['data.invoice'], limit: 1 })),
  ]);
  const session = sessions.data[0];
  if (session !== undefined) return session.id;
  const invoice = payments.data[0]?.invoice;
  if (invoice === undefined || typeof invoice === 'string' || !('billing_reason' in invoice)) return null;
  const subscription = idOf(invoice.parent?.subscription_details?.subscription ?? null);
  if (invoice.billing_reason !== 'subscription_create' || subscription === null) return null;
  const begun = await link.ask((sdk) => sdk.checkout.sessions.list({ subscription, limit: 1 }));
  return begun.data[0]?.id ?? null;
};

const intentOf = async (link: StripeLink, invoice: Stripe.Invoice | null): Promise<Stripe.PaymentIntent | null> => {
  const payments = invoice?.payments?.data ?? [];
  const paying = payments.find(({ status }) => status === 'paid') ?? payments[0];
  const id = idOf(paying?.payment.payment_intent ?? null);
  return id === null ? null : link.find((sdk) => sdk.paymentIntents.retrieve(id, { expand: WITH_CHARGE }));
};

const statusOfSession = (session: Stripe.Checkout.Session, intent: Stripe.PaymentIntent | null): PurchaseStatus => {
  if (session.payment_status === 'paid' || session.payment_status === 'no_payment_required') return 'PAID';
  if (session.status === 'open') return 'OPEN';
  if (session.status === 'expired') return 'EXPIRED';
  return intent !== null && isOver(intent) ? 'FAILED' : 'PENDING';
};

const isOver = ({ status }: Stripe.PaymentIntent): boolean =>
  status === 'requires_payment_method' || status === 'canceled';

const statusOfIntent = (intent: Stripe.PaymentIntent): PurchaseStatus => {
  if (intent.status === 'succeeded') return 'PAID';
  if (intent.status === 'requires_action' || intent.last_payment_error?.code === 'authentication_required') {
    return 'ACTION_REQUIRED';
  }
  return isOver(intent) ? 'FAILED' : 'PENDING';
};

const paidAtOf = (intent: Stripe.PaymentIntent | null): number | null =>
  intent?.status === 'succeeded' ? instantOf(objectOf(intent.latest_charge)?.created ?? intent.created) : null;

const moneyOf = async (link: StripeLink, intent: Stripe.PaymentIntent): Promise<ProvidedPayment['money']> => {
  const charge = objectOf(intent.latest_charge);
  if (intent.amount_received === 0 || charge === null) return NOTHING;
  const [refunds, disputes] = await Promise.all([
    link.all((sdk) => sdk.refunds.list({ payment_intent: intent.id, limit: 100 })),
    link.all((sdk) => sdk.disputes.list({ payment_intent: intent.id, limit: 100 })),
  ]);
  const refunded = refunds
    .filter(({ status }) => status !== 'failed' && status !== 'canceled')
    .reduce((sum, { amount }) => sum + amount, 0);
  const disputed = disputes.reduce((sum, dispute) => sum + withdrawnOf(dispute), 0);
  const minor = (amount: number) => minorOf(amount, intent.currency.toUpperCase());
  return {
    paidMinor: minor(intent.amount_received),
    refundedMinor: minor(refunded),
    disputedMinor: minor(disputed),
  };
};

/** Two days' rates of exchange differ by less than this. */
const RATES_DIFFER_MAX = 0.1;

/**
 * What a dispute has taken, by the money and not by its words, which are an open set: an inquiry takes nothing, and what
 * was won comes back. It moves in the currency of the balance; where that is another, by the share that is still away.
 */
const withdrawnOf = ({ amount, currency, balance_transactions: moves }: Stripe.Dispute): number => {
  const away = -moves.reduce((sum, move) => sum + move.amount, 0);
  if (moves.every((move) => move.currency === currency)) return Math.max(0, away);
  const taken = -moves.reduce((sum, move) => sum + Math.min(0, move.amount), 0);
  const share = taken === 0 ? 0 : away / taken;
  if (share < RATES_DIFFER_MAX) return 0;
  return share > 1 - RATES_DIFFER_MAX ? amount : Math.round(amount * share);
};

const instantOf = (seconds: number | null | undefined): number | null => (seconds == null ? null : seconds * 1000);

const objectOf = <Item extends object>(value: string | Item | null): Item | null =>
  typeof value === 'string' ? null : value;

const idOf = (value: string | { readonly id: string } | null): string | null =>
  typeof value === 'string' ? value : (value?.id ?? null);
