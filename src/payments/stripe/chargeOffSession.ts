/** Charges a card that its owner left for it, while they are away. */
import Stripe from 'stripe';
import { isRecord } from '../../domain/isRecord.js';
import type { CardFault, OffSessionCharge, PaymentProvider } from '../paymentProvider.js';
import { providedOfIntent } from './fetchPayment.js';
import { namesOf } from './openCheckout.js';
import { stripeAmount } from './priceBook.js';
import type { StripeLink } from './stripeLink.js';

type Order = Parameters<PaymentProvider['chargeOffSession']>[0];

export const chargeOffSession = async (link: StripeLink, order: Order): Promise<OffSessionCharge> => {
  const card = await findCard(link, order.customerId);
  if (card === null) return { payment: null, fault: 'NO_CARD' };
  const params: Stripe.PaymentIntentCreateParams = {
    amount: stripeAmount(order.price),
    currency: order.price.currency.toLowerCase(),
    customer: order.customerId,
    payment_method: card,
    confirm: true,
    off_session: true,
    metadata: namesOf(order),
    expand: ['latest_charge'],
  };
  const idempotencyKey = `tollgate/charge/${order.purchaseId}`;
  const tried = await link.ask(async (sdk) => {
    try {
      return { intent: await sdk.paymentIntents.create(params, { idempotencyKey }), fault: null };
    } catch (error) {
      const refused = refusalOf(error);
      if (refused === null) throw error;
      const { fault, intentId } = refused;
      return { intent: intentId === null ? null : await sdk.paymentIntents.retrieve(intentId), fault };
    }
  });
  return {
    payment: tried.intent === null ? null : await providedOfIntent(link, tried.intent),
    fault: tried.fault ?? (tried.intent.status === 'requires_action' ? 'ACTION_REQUIRED' : null),
  };
};

/** The one that invoices are paid with, or else the newest that was kept. */
const findCard = async (link: StripeLink, customerId: string): Promise<string | null> => {
  const customer = await link.find((sdk) => sdk.customers.retrieve(customerId));
  if (customer === null || customer.deleted) return null;
  const preferred = customer.invoice_settings.default_payment_method;
  if (preferred !== null) return typeof preferred === 'string' ? preferred : preferred.id;
  const kept = await link.find((sdk) => sdk.customers.listPaymentMethods(customerId, { limit: 1 }));
  return kept?.data[0]?.id ?? null;
};

const FAULTS: Readonly<Partial<Record<string, CardFault>>> = {
  authentication_required: 'ACTION_REQUIRED',
  expired_card: 'CARD_EXPIRED',
};

const refusalOf = (error: unknown): { readonly fault: CardFault; readonly intentId: string | null } | null => {
  if (!(error instanceof Stripe.errors.StripeCardError)) return null;
  const { code = '', decline_code: declineCode } = error;
  const intent: unknown = error.payment_intent;
  const id = isRecord(intent) ? intent['id'] : null;
  return {
    fault: FAULTS[code] ?? FAULTS[declineCode] ?? 'DECLINED',
    intentId: typeof id === 'string' ? id : null,
  };
};
