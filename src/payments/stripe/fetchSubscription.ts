/**
 * A subscription as Stripe has it now. Its status proves no payment: a period begins `active` while its invoice is a
 * draft, and so does the first one after a trial. What is paid for is read off paid invoices alone.
 */
import type Stripe from 'stripe';
import { accountId, purchaseId } from '../../domain/ids.js';
import type { ProvidedSubscription } from '../../domain/provided.js';
import type { PaymentFailure } from '../../domain/subscription.js';
import { ProviderError } from '../paymentProvider.js';
import { ACCOUNT, PURCHASE } from './openCheckout.js';
import { planOfPrice } from './priceBook.js';
import type { StripeLink } from './stripeLink.js';

/** Enough to find the last paid one: those of changes and of what was bought beside the plan lie between. */
const INVOICES = 30;

const STATUSES: Readonly<Partial<Record<string, ProvidedSubscription['status']>>> = {
  incomplete: 'INCOMPLETE',
  incomplete_expired: 'INCOMPLETE',
  trialing: 'TRIALING',
  active: 'ACTIVE',
  past_due: 'PAST_DUE',
  unpaid: 'UNPAID',
  paused: 'PAUSED',
  canceled: 'ENDED',
};

interface Invoices {
  /** The newest first. */
  readonly paid: readonly Stripe.Invoice[];
  readonly open: Stripe.Invoice | null;
}

export const fetchSubscription = async (link: StripeLink, id: string): Promise<ProvidedSubscription | null> => {
  const invoices = (status: 'paid' | 'open') =>
    link.find((sdk) => sdk.invoices.list({ subscription: id, status, limit: INVOICES }));
  const [subscription, paid, open] = await Promise.all([
    link.find((sdk) => sdk.subscriptions.retrieve(id)),
    invoices('paid'),
    invoices('open'),
  ]);
  if (subscription === null) return null;
  return providedOf(link, subscription, { paid: paid?.data ?? [], open: open?.data[0] ?? null });
};

const providedOf = async (
  link: StripeLink,
  subscription: Stripe.Subscription,
  { paid, open }: Invoices,
): Promise<ProvidedSubscription> => {
  const status = STATUSES[subscription.status];
  if (status === undefined) {
    throw new ProviderError(
      'stripe',
      `${subscription.id} is ${subscription.status}, which this version does not know.`,
      true,
    );
  }
  const { items, metadata, customer } = subscription;
  const item = items.data.find(({ price }) => planOfPrice(price) !== null) ?? null;
  const price = item === null ? null : ((await priceBefore(link, open)) ?? item.price);
  const account = metadata[ACCOUNT];
  const purchase = metadata[PURCHASE];
  return {
    kind: 'SUBSCRIPTION',
    id: subscription.id,
    customerId: typeof customer === 'string' ? customer : customer.id,
    accountId: account === undefined ? null : accountId(account),
    purchaseId: purchase === undefined ? null : purchaseId(purchase),
    plan: price === null ? null : planOfPrice(price),
    planSince: price === null ? null : changedAtOf(price, paid),
    status,
    createdAt: subscription.created * 1000,
    startsAt: subscription.start_date * 1000,
    anchorAt: subscription.billing_cycle_anchor * 1000,
    trialEndsAt: instantOf(subscription.trial_end),
    paidUntil: item === null ? null : paidUntilOf(subscription, item, paid),
    cancelsAt: cancelsAtOf(subscription, item),
    endedAt: instantOf(subscription.ended_at),
    pausedAt: instantOf(subscription.status_details?.paused.transitioned_at ?? null),
    failure: status === 'PAST_DUE' || status === 'UNPAID' ? await failureOf(link, subscription, open) : null,
  };
};

const instantOf = (seconds: number | null): number | null => (seconds === null ? null : seconds * 1000);

/** Classic billing sets the flag, flexible billing the date. */
const cancelsAtOf = (
  { cancel_at: cancelsAt, cancel_at_period_end: atPeriodEnd }: Stripe.Subscription,
  item: Stripe.SubscriptionItem | null,
): number | null => instantOf(cancelsAt ?? (atPeriodEnd ? (item?.current_period_end ?? null) : null));

/** Lines of a change within a period are no period: they can be paid while the period itself is not. */
const isPeriodOf = (item: Stripe.SubscriptionItem, { parent }: Stripe.InvoiceLineItem): boolean => {
  const details = parent?.subscription_item_details ?? null;
  return details?.subscription_item === item.id && !details.proration;
};

const paidUntilOf = (
  { trial_end: trialEnd }: Stripe.Subscription,
  item: Stripe.SubscriptionItem,
  paid: readonly Stripe.Invoice[],
): number | null => {
  const ends = paid
    .flatMap(({ lines }) => lines.data)
    .filter((line) => isPeriodOf(item, line))
    .map(({ period }) => period.end);
  const last = Math.max(0, trialEnd ?? 0, ...ends);
  return last === 0 ? null : last * 1000;
};

/**
 * A change within a period is on Stripe's side made before it is paid: as long as its invoice is open, the price that is
 * paid for is the one whose rest it gives back.
 */
const priceBefore = async (link: StripeLink, open: Stripe.Invoice | null): Promise<Stripe.Price | null> => {
  if (open?.billing_reason !== 'subscription_update') return null;
  const price = open.lines.data.find(({ amount }) => amount < 0)?.pricing?.price_details?.price;
  if (price === undefined) return null;
  return typeof price === 'string' ? link.find((sdk) => sdk.prices.retrieve(price)) : price;
};

/** When the last change within a period came that was paid, if it was to this price. */
const changedAtOf = ({ id }: Stripe.Price, paid: readonly Stripe.Invoice[]): number | null => {
  const change = paid.find(({ billing_reason: reason }) => reason === 'subscription_update');
  const line = change?.lines.data.find(({ amount }) => amount > 0);
  const price = line?.pricing?.price_details?.price;
  return line !== undefined && (typeof price === 'string' ? price : price?.id) === id ? line.period.start * 1000 : null;
};

const failureOf = async (
  link: StripeLink,
  { items }: Stripe.Subscription,
  open: Stripe.Invoice | null,
): Promise<PaymentFailure | null> => {
  if (open === null) {
    // Written off: since when is not told, but that the period was not paid is.
    return { failedAt: (items.data[0]?.current_period_start ?? 0) * 1000, cause: 'OTHER' };
  }
  const expand = ['payments.data.payment.payment_intent'];
  const invoice = await link.find((sdk) => sdk.invoices.retrieve(open.id, { expand }));
  const intents = (invoice?.payments?.data ?? []).map(({ payment }) => payment.payment_intent);
  const isExpired = intents.some(
    (intent) => typeof intent === 'object' && intent.last_payment_error?.code === 'expired_card',
  );
  const failedAt = (open.status_transitions.finalized_at ?? open.created) * 1000;
  return { failedAt, cause: isExpired ? 'CARD_EXPIRED' : 'OTHER' };
};
