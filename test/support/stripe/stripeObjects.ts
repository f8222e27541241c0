/**
 * The objects of a double of Stripe: shaped by Stripe's own examples (examples.json), whose optional fields hold anything;
 * what matters here has values that an object has when nothing has happened to it.
 */
import { readFileSync } from 'node:fs';
import type Stripe from 'stripe';

export interface Kinds {
  readonly 'billing_portal.configuration': Stripe.BillingPortal.Configuration;
  readonly 'billing_portal.session': Stripe.BillingPortal.Session;
  readonly charge: Stripe.Charge;
  readonly 'checkout.session': Stripe.Checkout.Session;
  readonly customer: Stripe.Customer;
  readonly dispute: Stripe.Dispute;
  readonly invoice: Stripe.Invoice;
  readonly invoice_payment: Stripe.InvoicePayment;
  readonly payment_intent: Stripe.PaymentIntent;
  readonly payment_method: Stripe.PaymentMethod;
  readonly price: Stripe.Price;
  readonly refund: Stripe.Refund;
  readonly subscription: Stripe.Subscription;
}
export type Kind = keyof Kinds;
export type AnyObject = Kinds[Kind];

/** What each is called in checkedTypes.ts. */
export const TYPE_NAMES: Readonly<Record<Kind, string>> = {
  'billing_portal.configuration': 'AnswerPortalConfiguration',
  'billing_portal.session': 'AnswerPortalSession',
  charge: 'AnswerCharge',
  'checkout.session': 'AnswerCheckoutSession',
  customer: 'AnswerCustomer',
  dispute: 'AnswerDispute',
  invoice: 'AnswerInvoice',
  invoice_payment: 'AnswerInvoicePayment',
  payment_intent: 'AnswerPaymentIntent',
  payment_method: 'AnswerPaymentMethod',
  price: 'AnswerPrice',
  refund: 'AnswerRefund',
  subscription: 'AnswerSubscription',
};

const PREFIXES: Readonly<Record<Kind, string>> = {
  'billing_portal.configuration': 'bpc',
  'billing_portal.session': 'bps',
  charge: 'ch',
  'checkout.session': 'cs_test',
  customer: 'cus',
  dispute: 'dp',
  invoice: 'in',
  invoice_payment: 'inpay',
  payment_intent: 'pi',
  payment_method: 'pm',
  price: 'price',
  refund: 're',
  subscription: 'sub',
};

type Example = Readonly<Record<string, unknown>>;

// The file is Stripe's: that it fits the typings is what the test of the double is about.
const EXAMPLES = JSON.parse(readFileSync(new URL('examples.json', import.meta.url), 'utf8')) as Readonly<
  Record<Kind | 'balance_transaction' | 'subscription_item', Example>
>;

const emptyList = { object: 'list', data: [], has_more: false, url: '/v1' };

const OFF = { enabled: false };

/** A portal in which nothing can be done. */
export const NO_FEATURES = {
  customer_update: { allowed_updates: [], ...OFF },
  invoice_history: OFF,
  payment_method_update: { ...OFF, payment_method_configuration: null },
  subscription_cancel: {
    ...{ ...OFF, mode: 'at_period_end', proration_behavior: 'none' },
    cancellation_reason: { ...OFF, options: [], feedback_options: [] },
  },
  subscription_pause: { ...OFF, duration: { type: 'indefinite', interval_options: [] } },
  subscription_update: {
    ...{ ...OFF, billing_cycle_anchor: 'unchanged', default_allowed_updates: [], proration_behavior: 'none' },
    ...{ schedule_at_period_end: { conditions: [] }, trial_update_behavior: 'end_trial' },
  },
} as const;

const FRESH: Readonly<Record<Kind, Example>> = {
  'billing_portal.configuration': { is_default: false, metadata: {}, features: NO_FEATURES },
  'billing_portal.session': { flow: null },
  charge: {
    ...{ captured: true, description: null, outcome: null, payment_method: null, payment_method_details: null },
    ...{ receipt_url: null, refunds: null, shipping: null, source: null, transfer_data: null },
  },
  'checkout.session': {
    ...{
      adaptive_pricing: null,
      after_expiration: null,
      allowed_payment_method_types: null,
      cancel_url: null,
      collected_information: null,
      consent: null,
    },
    ...{ consent_collection: null, currency_conversion: null, customer_details: null, invoice_creation: null },
    ...{ managed_payments: null, payment_intent: null, payment_method_configuration_details: null, permissions: null },
    ...{ saved_payment_method_options: null, shipping_address_collection: null, shipping_cost: null },
    ...{ total_details: null, wallet_options: null },
  },
  customer: {},
  dispute: {
    evidence_details: { submission_method: 'manual' },
    intended_submission_method: null,
    status: 'needs_response',
  },
  invoice: {
    ...{ amount_overpaid: 0, customer_shipping: null, due_date: null, effective_at: null, from_invoice: null },
    ...{ last_finalization_error: null, next_payment_attempt: null, rendering: null, shipping_cost: null },
    ...{ shipping_details: null, webhooks_delivered_at: null },
  },
  invoice_payment: { currency: 'usd' },
  payment_intent: {
    ...{ canceled_at: null, last_payment_error: null, managed_payments: null, next_action: null, processing: null },
    ...{ payment_method_configuration_details: null, shipping: null, transfer_data: null, amount_details: {} },
    ...{ allowed_payment_method_types: null, payment_record: null },
  },
  payment_method: { metadata: {} },
  price: { product: 'prod_double' },
  refund: {},
  subscription: {
    ...{ billing_cycle_anchor_config: null, billing_schedules: [], billing_thresholds: null, cancel_at: null },
    ...{ cancel_at_period_end: false, canceled_at: null, cancellation_details: null, ended_at: null },
    ...{ managed_payments: null, next_pending_invoice_item_invoice: null, pause_collection: null },
    ...{ payment_settings: null, pending_invoice_item_interval: null, pending_update: null, transfer_data: null },
    ...{ items: emptyList, trial_settings: null },
    ...{ trial_end: null, trial_start: null, billing_mode: { type: 'flexible', flexible: null } },
  },
};

/** A new object of this kind, as it is when nothing has happened to it but what `fields` say. */
export const newObject = <K extends Kind>(
  kind: K,
  { count, now, fields }: { readonly count: number; readonly now: number; readonly fields: Partial<Kinds[K]> },
): Kinds[K] => {
  const example: Example = structuredClone(EXAMPLES[kind]);
  const fresh: Example = structuredClone(FRESH[kind]);
  const id = `${PREFIXES[kind]}_${count}`;
  const own = { id, object: kind, ...('created' in example ? { created: now } : {}) };
  const inTest = 'livemode' in example ? { livemode: false } : {};
  const details = kind === 'dispute' ? { evidence_details: detailsOf(example, fresh) } : {};
  return { ...example, ...fresh, ...details, ...own, ...inTest, ...fields } as unknown as Kinds[K];
};

const detailsOf = (example: Example, fresh: Example): object => ({
  ...(example['evidence_details'] as object),
  ...(fresh['evidence_details'] as object),
});

/** Money that moved on the balance, for a dispute. */
export const newMove = (count: number, now: number, amount: number, currency: string): Stripe.BalanceTransaction =>
  ({
    ...structuredClone(EXAMPLES.balance_transaction),
    ...{ id: `txn_${count}`, created: now, amount, net: amount, currency, type: 'adjustment', description: null },
  }) as unknown as Stripe.BalanceTransaction;

interface ItemTerms {
  readonly count: number;
  readonly now: number;
  readonly subscription: string;
  readonly price: Stripe.Price;
  readonly endsAt: number;
}

export const newItem = ({ count, now, subscription, price, endsAt }: ItemTerms): Stripe.SubscriptionItem => {
  const example = structuredClone(EXAMPLES.subscription_item);
  return {
    ...example,
    ...{ id: `si_${count}`, created: now, subscription, price, quantity: 1, billing_thresholds: null },
    ...{ current_period_start: now, current_period_end: endsAt, current_trial: null },
  } as unknown as Stripe.SubscriptionItem;
};

interface LineTerms {
  readonly count: number;
  readonly invoice: string;
  readonly subscription: string;
  readonly item: string;
  readonly price: Stripe.Price;
  readonly amount: number;
  readonly period: { readonly start: number; readonly end: number };
  readonly isProration: boolean;
}

/** In flexible billing what is prorated comes from items of invoices, what is a period from the subscription's item. */
export const newLine = (terms: LineTerms): Stripe.InvoiceLineItem => {
  const { count, invoice, subscription, item, price, amount, period, isProration } = terms;
  const credited = { proration: isProration, proration_details: null, subscription };
  const product = typeof price.product === 'string' ? price.product : price.product.id;
  return {
    ...{ id: `il_${count}`, object: 'line_item', amount, currency: price.currency, description: null },
    ...{ discount_amounts: [], discountable: true, discounts: [], invoice, livemode: false, metadata: {} },
    ...{ period, pretax_credit_amounts: null, quantity: 1, quantity_decimal: null, subscription, subtotal: amount },
    taxes: [],
    pricing: { type: 'price_details', price_details: { price: price.id, product }, unit_amount_decimal: null },
    parent: isProration
      ? {
          type: 'invoice_item_details',
          invoice_item_details: { ...credited, invoice_item: `ii_${count}` },
          subscription_item_details: null,
        }
      : {
          type: 'subscription_item_details',
          invoice_item_details: null,
          subscription_item_details: { ...credited, invoice_item: null, subscription_item: item },
        },
  };
};

export const listOf = <Item>(data: Item[], url = '/v1'): Stripe.ApiList<Item> => ({
  ...emptyList,
  object: 'list',
  data,
  url,
});
