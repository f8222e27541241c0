/** A page of Stripe's on which one purchase is paid. */
import type Stripe from 'stripe';
import type { AccountId, PurchaseId } from '../../domain/ids.js';
import { ProviderError } from '../paymentProvider.js';
import type { Checkout, CheckoutOrder } from '../paymentProvider.js';
import { stripeAmount } from './priceBook.js';
import type { PriceBook } from './priceBook.js';
import type { StripeLink } from './stripeLink.js';

export const ACCOUNT = 'tollgate_account';
export const PURCHASE = 'tollgate_purchase';

/** On everything that a purchase makes, so that each of it says whose it is. */
export const namesOf = (order: { readonly accountId: AccountId; readonly purchaseId: PurchaseId }) => ({
  [ACCOUNT]: order.accountId,
  [PURCHASE]: order.purchaseId,
});

export const openCheckout = async (link: StripeLink, prices: PriceBook, order: CheckoutOrder): Promise<Checkout> => {
  const params: Stripe.Checkout.SessionCreateParams = {
    customer: order.customerId,
    client_reference_id: order.purchaseId,
    metadata: namesOf(order),
    success_url: order.returnUrl,
    cancel_url: order.returnUrl,
    ...(await whatIsBought(prices, order)),
  };
  const idempotencyKey = `tollgate/checkout/${order.purchaseId}`;
  try {
    return checkoutOf(await link.ask((sdk) => sdk.checkout.sessions.create(params, { idempotencyKey })));
  } catch (error) {
    // Asked for again with another way back: the page is there all the same.
    const made = error instanceof ProviderError && error.isFinal ? await findMade(link, order) : null;
    if (made === null) throw error;
    return checkoutOf(made);
  }
};

const whatIsBought = async (
  prices: PriceBook,
  order: CheckoutOrder,
): Promise<Partial<Stripe.Checkout.SessionCreateParams>> => {
  const { offer, keepsCard } = order;
  const metadata = namesOf(order);
  if (offer.kind === 'PLAN') {
    const { plan, withTrial } = offer;
    const trial = withTrial && plan.trialDays > 0 ? { trial_period_days: plan.trialDays } : {};
    const subscription_data = { metadata, ...trial };
    const line_items = [{ price: await prices.idOf(offer), quantity: 1 }];
    return { mode: 'subscription', line_items, subscription_data };
  }
  const kept = keepsCard ? { setup_future_usage: 'off_session' as const } : {};
  const payment_intent_data = { metadata, ...kept };
  const item =
    offer.kind === 'PACK'
      ? { price: await prices.idOf(offer) }
      : { price_data: priceOfCredits(offer.credits, offer.price) };
  return { mode: 'payment', line_items: [{ ...item, quantity: 1 }], payment_intent_data };
};

const priceOfCredits = (credits: number, price: Parameters<typeof stripeAmount>[0]) => ({
  currency: price.currency.toLowerCase(),
  unit_amount: stripeAmount(price),
  product_data: { name: `${credits} credits` },
});

const findMade = async (link: StripeLink, order: CheckoutOrder): Promise<Stripe.Checkout.Session | null> => {
  const sessions = await link.all((sdk) => sdk.checkout.sessions.list({ customer: order.customerId, limit: 100 }));
  return sessions.find((session) => session.client_reference_id === order.purchaseId) ?? null;
};

const checkoutOf = ({ id, url, expires_at: expiresAt }: Stripe.Checkout.Session): Checkout => {
  if (url == null) throw new ProviderError('stripe', `The checkout ${id} can't be paid any more. Buy once more.`, true);
  return { id, url, expiresAt: expiresAt * 1000 };
};
