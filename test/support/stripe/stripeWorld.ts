/**
 * What people, banks and time do at Stripe, for tests: customers with cards, Checkout, subscriptions with trials,
 * renewals, failures and changes, refunds, disputes. Its clock is its own. Every change emits the events that Stripe
 * would send. What it does not know: tax, coupons, quantities, Connect.
 */
import type Stripe from 'stripe';
import { addMonths } from '../../../src/domain/period.js';
import { listOf, newItem, newLine, newMove, newObject } from './stripeObjects.js';
import type { AnyObject, Kind, Kinds } from './stripeObjects.js';

export const HOUR = 3_600;
export const DAY = 24 * HOUR;
const RETRIES_AFTER = [3 * DAY, 5 * DAY, 7 * DAY] as const;

/** What a card does when it is charged. */
export type Card = 'GOOD' | 'EXPIRED' | 'DECLINED' | 'NEEDS_OWNER';
const CODES = { EXPIRED: 'expired_card', DECLINED: 'card_declined', NEEDS_OWNER: 'authentication_required' } as const;

/** What the API answers in place of an object. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly error: Readonly<Record<string, unknown>> & { readonly message: string },
  ) {
    super(error.message);
  }
}

export interface WorldEvent {
  readonly id: string;
  readonly object: 'event';
  readonly api_version: string;
  readonly created: number;
  readonly livemode: boolean;
  readonly pending_webhooks: number;
  readonly request: null;
  readonly type: string;
  readonly data: { readonly object: unknown };
}

/** What a subscription is paid for, by who took the money: not read off any object. */
export interface PaidFor {
  readonly until: number;
  readonly price: Stripe.Price;
}

interface Alarm {
  readonly at: number;
  readonly ring: () => void;
}

/** What was asked for where its answer does not tell. */
interface Asked {
  readonly price: Stripe.Price | null;
  readonly trialDays: number;
  readonly metadata: Stripe.Metadata;
  readonly keepsCard: boolean;
}

export class StripeWorld {
  readonly objects = new Map<string, AnyObject>();
  readonly events: WorldEvent[] = [];
  readonly paidFor = new Map<string, PaidFor>();
  readonly deleted = new Set<string>();
  /** What pages of the portal were opened for, by their ids. */
  readonly flows = new Map<string, Readonly<Record<string, unknown>>>();
  /** What becomes of a subscription when the last try to collect has failed: a setting of the dashboard. */
  afterRetries: 'CANCEL' | 'UNPAID' = 'CANCEL';
  readonly #cards = new Map<string, Card>();
  readonly #asked = new Map<string, Asked>();
  readonly #waiting = new Map<string, Stripe.Price>();
  #alarms: Alarm[] = [];
  #count = 0;

  constructor(
    public now: number,
    /** Two worlds never give the same id. */
    private readonly name: string,
  ) {}

  all<K extends Kind>(kind: K): Kinds[K][] {
    return [...this.objects.values()].filter((object): object is Kinds[K] => object.object === kind);
  }

  find<K extends Kind>(kind: K, id: string): Kinds[K] {
    const found = this.objects.get(id);
    if (found?.object === kind) return found as Kinds[K];
    throw new Refused(404, { code: 'resource_missing', message: `No such ${kind}: '${id}'`, param: 'id' });
  }

  make<K extends Kind>(kind: K, fields: Partial<Kinds[K]>): Kinds[K] {
    const object = newObject(kind, { count: this.#next(), now: this.now, fields });
    object.id = `${object.id}${this.name}`;
    this.objects.set(object.id, object);
    return object;
  }

  /** Lets time pass: whatever is due on the way happens at its time. */
  advance(seconds: number): void {
    const until = this.now + seconds;
    for (;;) {
      const next = this.#alarms.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#alarms = this.#alarms.filter((alarm) => alarm !== next);
      this.now = Math.max(this.now, next.at);
      next.ring();
    }
    this.now = until;
  }

  setCard(customer: string, card: Card): void {
    this.#cards.set(customer, card);
    if (this.deleted.has(customer)) return;
    const { id } = this.make('payment_method', { customer });
    this.find('customer', customer).invoice_settings.default_payment_method = id;
  }

  deleteCustomer(id: string): void {
    for (const { id: subscription, status } of this.#subscriptionsOf(id)) {
      if (status !== 'canceled') this.cancel(subscription);
    }
    this.deleted.add(id);
  }

  #subscriptionsOf(customer: string): Stripe.Subscription[] {
    return this.all('subscription').filter((each) => each.customer === customer);
  }

  /* ---- Checkout ---- */

  openCheckout(fields: Partial<Stripe.Checkout.Session>, asked: Asked): Stripe.Checkout.Session {
    const session = this.make('checkout.session', { ...fields, expires_at: this.now + DAY });
    session.url = `https://checkout.stripe.test/${session.id}`;
    this.#asked.set(session.id, asked);
    this.#at(session.expires_at, () => {
      if (session.status === 'open') this.expire(session.id);
    });
    return session;
  }

  /** The buyer pays. `isDelayed`: by a method whose money comes, or not, when the test says so (`settle`). */
  pay(sessionId: string, { isDelayed = false, card = 'GOOD' }: { isDelayed?: boolean; card?: Card } = {}): void {
    const session = this.find('checkout.session', sessionId);
    const asked = this.#asked.get(sessionId);
    if (session.status !== 'open' || asked === undefined) {
      throw new Refused(400, { message: `This session is ${session.status ?? 'gone'}.` });
    }
    const customer = idIn(session.customer);
    Object.assign(session, { status: 'complete', url: null });
    if (asked.keepsCard || session.mode === 'subscription') this.setCard(customer, card);
    if (session.mode === 'subscription' && asked.price !== null) {
      const { metadata, price, trialDays } = asked;
      const subscription = this.subscribe({ customer, metadata, price, trialDays });
      const payment_status = trialDays > 0 ? 'no_payment_required' : 'paid';
      Object.assign(session, { subscription: subscription.id, invoice: subscription.latest_invoice, payment_status });
    } else {
      const terms = this.#termsOf(session);
      const intent = isDelayed
        ? this.make('payment_intent', { ...terms, metadata: asked.metadata, status: 'processing' })
        : this.collect(terms, 'GOOD', asked.metadata);
      Object.assign(session, { payment_intent: intent.id, payment_status: isDelayed ? 'unpaid' : 'paid' });
    }
    this.#emit('checkout.session.completed', session);
  }

  /** A first card is refused, and the page stays open: an intent is there, and nothing is paid. */
  tryBadCard(sessionId: string): void {
    const session = this.find('checkout.session', sessionId);
    const metadata = this.#asked.get(sessionId)?.metadata ?? {};
    session.payment_intent = this.collect(this.#termsOf(session), 'DECLINED', metadata).id;
  }

  #termsOf({ amount_total: amount, currency, customer }: Stripe.Checkout.Session) {
    return { amount: amount ?? 0, currency: currency ?? 'usd', customer: idIn(customer) };
  }

  settle(sessionId: string, isPaid: boolean): void {
    const session = this.find('checkout.session', sessionId);
    const intent = this.find('payment_intent', idIn(session.payment_intent));
    if (isPaid) {
      this.#charge(intent);
      session.payment_status = 'paid';
    } else intent.status = 'requires_payment_method';
    this.#emit(`checkout.session.async_payment_${isPaid ? 'succeeded' : 'failed'}`, session);
  }

  expire(sessionId: string): void {
    const session = Object.assign(this.find('checkout.session', sessionId), { status: 'expired', url: null });
    this.#emit('checkout.session.expired', session);
  }

  /* ---- money ---- */

  /** One attempt to take it. */
  collect(
    { amount, currency, customer }: { readonly amount: number; readonly currency: string; readonly customer: string },
    card: Card,
    metadata: Stripe.Metadata = {},
  ): Stripe.PaymentIntent {
    const intent = this.make('payment_intent', { amount, currency, customer, metadata });
    if (card === 'GOOD') this.#charge(intent);
    else {
      intent.last_payment_error = { type: 'card_error', code: CODES[card], message: 'Your card was refused.' };
    }
    return intent;
  }

  #charge(intent: Stripe.PaymentIntent): void {
    const { id, amount, currency, customer } = intent;
    const charge = this.make('charge', { amount, amount_captured: amount, currency, customer, payment_intent: id });
    Object.assign(intent, { status: 'succeeded', amount_received: amount, latest_charge: charge.id });
  }

  cardOf(customer: string): Card | null {
    return this.#cards.get(customer) ?? null;
  }

  refund(intentId: string, amount?: number): Stripe.Refund {
    const charge = this.#chargeOf(intentId);
    const left = charge.amount - charge.amount_refunded;
    const back = amount ?? left;
    if (back > left || back === 0) {
      throw new Refused(400, { code: 'charge_already_refunded', message: 'More than is left of the charge.' });
    }
    this.#refunded(charge, back);
    const refund = this.make('refund', { amount: back, charge: charge.id, payment_intent: intentId });
    this.#emit('charge.refunded', charge);
    return refund;
  }

  /** A bank sends it back: the money is the merchant's again. */
  failRefund(refundId: string): void {
    const refund = Object.assign(this.find('refund', refundId), { status: 'failed', failure_reason: 'unknown' });
    this.#refunded(this.#chargeOf(idIn(refund.payment_intent)), -refund.amount);
    this.#emit('refund.failed', refund);
  }

  #refunded(charge: Stripe.Charge, amount: number): void {
    charge.amount_refunded += amount;
    charge.refunded = charge.amount_refunded === charge.amount;
  }

  #chargeOf(intentId: string): Stripe.Charge {
    return this.find('charge', idIn(this.find('payment_intent', intentId).latest_charge));
  }

  /** A chargeback takes the money at once. An inquiry takes nothing. */
  dispute(intentId: string, { isInquiry = false, amount = null as number | null } = {}): Stripe.Dispute {
    const charge = this.#chargeOf(intentId);
    charge.disputed = true;
    const { currency, amount: whole, amount_refunded: refunded } = charge;
    const dispute = this.make('dispute', {
      ...{ amount: amount ?? whole - refunded, currency, charge: charge.id, payment_intent: intentId },
      status: isInquiry ? 'warning_needs_response' : 'needs_response',
    });
    this.#emit('charge.dispute.created', dispute);
    if (!isInquiry) this.#withdraw(dispute);
    return dispute;
  }

  #withdraw(dispute: Stripe.Dispute): void {
    dispute.balance_transactions.push(newMove(this.#next(), this.now, -dispute.amount, dispute.currency));
    this.#emit('charge.dispute.funds_withdrawn', dispute);
  }

  closeDispute(disputeId: string, status: 'won' | 'lost' | 'warning_closed'): void {
    const dispute = Object.assign(this.find('dispute', disputeId), { status });
    if (status === 'won') {
      dispute.balance_transactions.push(newMove(this.#next(), this.now, dispute.amount, dispute.currency));
      this.#emit('charge.dispute.funds_reinstated', dispute);
    }
    this.#emit('charge.dispute.closed', dispute);
  }

  /* ---- subscriptions ---- */

  subscribe(terms: {
    readonly customer: string;
    readonly metadata: Stripe.Metadata;
    readonly price: Stripe.Price;
    readonly trialDays: number;
  }): Stripe.Subscription {
    const { customer, metadata, price, trialDays } = terms;
    const isTrial = trialDays > 0;
    const { now } = this;
    const trialEndsAt = isTrial ? now + trialDays * DAY : null;
    const anchor = trialEndsAt ?? now;
    const subscription = this.make('subscription', {
      ...{ customer, metadata, currency: price.currency, start_date: now, billing_cycle_anchor: anchor },
      ...{ trial_start: isTrial ? now : null, trial_end: trialEndsAt, status: isTrial ? 'trialing' : 'active' },
    });
    const endsAt = trialEndsAt ?? this.#periodAfter(subscription, price, now);
    const item = newItem({ count: this.#next(), now, subscription: subscription.id, price, endsAt });
    subscription.items = listOf([item], '/v1/subscription_items');
    this.#emit('customer.subscription.created', subscription);
    const invoice = this.#draft(subscription, 'subscription_create', [
      {
        price,
        amount: isTrial ? 0 : (price.unit_amount ?? 0),
        period: { start: now, end: endsAt },
        isProration: false,
      },
    ]);
    this.#attempt(invoice, 'GOOD');
    this.#emit('customer.subscription.updated', subscription);
    this.#at(endsAt, () => {
      this.#endPeriod(subscription.id, endsAt);
    });
    return subscription;
  }

  /** Periods are counted from the anchor, so that its day of the month is never lost. */
  #periodAfter({ billing_cycle_anchor: anchor }: Stripe.Subscription, price: Stripe.Price, at: number): number {
    const months = price.recurring?.interval === 'year' ? 12 : 1;
    for (let count = 1; ; count++) {
      const end = addMonths(anchor * 1000, count * months) / 1000;
      if (end > at) return end;
    }
  }

  /** A period's end comes: the next one is begun, `active`, while its invoice is a draft for an hour. */
  #endPeriod(id: string, endsAt: number): void {
    const subscription = this.find('subscription', id);
    const item = itemOf(subscription);
    if (subscription.status === 'canceled' || item.current_period_end !== endsAt) return;
    if (subscription.cancel_at !== null || subscription.cancel_at_period_end) {
      this.cancel(id);
      return;
    }
    item.price = this.#waiting.get(id) ?? item.price;
    this.#waiting.delete(id);
    this.#beginPeriod(subscription, 'subscription_cycle');
  }

  #beginPeriod(subscription: Stripe.Subscription, reason: 'subscription_cycle' | 'subscription_update'): void {
    const item = itemOf(subscription);
    item.current_period_start = this.now;
    item.current_period_end = this.#periodAfter(subscription, item.price, this.now);
    if (subscription.status === 'trialing') subscription.status = 'active';
    const period = { start: item.current_period_start, end: item.current_period_end };
    this.#at(period.end, () => {
      this.#endPeriod(subscription.id, period.end);
    });
    this.#emit('customer.subscription.updated', subscription);
    const amount = item.price.unit_amount ?? 0;
    const invoice = this.#draft(subscription, reason, [{ price: item.price, amount, period, isProration: false }]);
    if (reason === 'subscription_update') this.#collectFor(subscription, invoice);
    else if (subscription.status !== 'unpaid') {
      this.#at(this.now + HOUR, () => {
        this.#collectFor(subscription, invoice);
      });
    }
  }

  #collectFor(subscription: Stripe.Subscription, invoice: Stripe.Invoice, tries = 0): void {
    if (subscription.status === 'canceled' || invoice.status === 'paid') return;
    this.#attempt(invoice, this.cardOf(idIn(subscription.customer)) ?? 'GOOD');
    if (invoice.status === 'open') this.#owe(subscription, invoice, tries);
    else if (subscription.status === 'past_due') this.#update(subscription, { status: 'active' });
  }

  #owe(subscription: Stripe.Subscription, invoice: Stripe.Invoice, tries: number): void {
    if (subscription.status === 'active') this.#update(subscription, { status: 'past_due' });
    const wait = RETRIES_AFTER[tries];
    if (wait !== undefined) {
      this.#at(this.now + wait, () => {
        this.#collectFor(subscription, invoice, tries + 1);
      });
    } else if (this.afterRetries === 'CANCEL') this.cancel(subscription.id);
    else this.#update(subscription, { status: 'unpaid' });
  }

  /** The customer pays what is open, with the card that they have now. */
  payOpenInvoices(subscriptionId: string): void {
    const subscription = this.find('subscription', subscriptionId);
    if (subscription.status === 'canceled') return;
    const open = this.#invoicesOf(subscriptionId).filter(({ status }) => status === 'open');
    for (const invoice of open) this.#attempt(invoice, this.cardOf(idIn(subscription.customer)) ?? 'GOOD');
    const isPaid = this.#invoicesOf(subscriptionId).every(({ status }) => status !== 'open');
    const wasOwing = subscription.status === 'past_due' || subscription.status === 'unpaid';
    if (open.length > 0 && isPaid && wasOwing) this.#update(subscription, { status: 'active' });
  }

  #invoicesOf(subscriptionId: string): Stripe.Invoice[] {
    return this.all('invoice').filter(({ parent }) => parent?.subscription_details?.subscription === subscriptionId);
  }

  /** By the portal: dearer at once, cheaper at the period's end. */
  changePlan(subscriptionId: string, priceId: string): void {
    const subscription = this.find('subscription', subscriptionId);
    const price = this.find('price', priceId);
    const item = itemOf(subscription);
    const [before, after] = [yearly(item.price), yearly(price)];
    if (after < before) {
      this.#waiting.set(subscriptionId, price);
      this.#update(subscription, { schedule: `sub_sched_${this.#next()}` });
      return;
    }
    this.#waiting.delete(subscriptionId);
    const former = item.price;
    item.price = price;
    if (subscription.status === 'trialing') {
      const { now } = this;
      Object.assign(subscription, { status: 'active', trial_end: now, billing_cycle_anchor: now });
      this.#beginPeriod(subscription, 'subscription_update');
      return;
    }
    this.#emit('customer.subscription.updated', subscription);
    const period = { start: this.now, end: item.current_period_end };
    const share = (period.end - period.start) / (item.current_period_end - item.current_period_start);
    const part = (of: Stripe.Price): number => Math.round((of.unit_amount ?? 0) * share);
    const invoice = this.#draft(subscription, 'subscription_update', [
      { price: former, amount: -part(former), period, isProration: true },
      { price, amount: part(price), period, isProration: true },
    ]);
    this.#collectFor(subscription, invoice);
  }

  /** Flexible billing sets the date, classic billing the flag. */
  cancelAtPeriodEnd(subscriptionId: string, { isClassic = false } = {}): void {
    const subscription = this.find('subscription', subscriptionId);
    const { current_period_end: endsAt } = itemOf(subscription);
    this.#update(subscription, isClassic ? { cancel_at_period_end: true } : { cancel_at: endsAt });
  }

  resume(subscriptionId: string): void {
    this.#update(this.find('subscription', subscriptionId), { cancel_at: null, cancel_at_period_end: false });
  }

  cancel(subscriptionId: string): void {
    const subscription = this.find('subscription', subscriptionId);
    const { now } = this;
    Object.assign(subscription, { status: 'canceled', canceled_at: now, ended_at: now });
    for (const invoice of this.#invoicesOf(subscriptionId)) {
      if (invoice.status === 'open' || invoice.status === 'draft') invoice.status = 'void';
    }
    this.#emit('customer.subscription.deleted', subscription);
  }

  #update(subscription: Stripe.Subscription, fields: Partial<Stripe.Subscription>): void {
    Object.assign(subscription, fields);
    this.#emit('customer.subscription.updated', subscription);
  }

  /** An invoice that nobody has tried to collect yet. */
  #draft(
    subscription: Stripe.Subscription,
    billing_reason: 'subscription_create' | 'subscription_cycle' | 'subscription_update',
    lines: readonly Pick<Parameters<typeof newLine>[0], 'price' | 'amount' | 'period' | 'isProration'>[],
  ): Stripe.Invoice {
    const amount = Math.max(
      0,
      lines.reduce((sum, line) => sum + line.amount, 0),
    );
    const { id, customer, metadata, currency } = subscription;
    const subscription_details = { subscription: id, metadata: { ...metadata } };
    const invoice = this.make('invoice', {
      ...{ customer, currency, billing_reason, amount_due: amount, amount_remaining: amount, total: amount },
      parent: { type: 'subscription_details', quote_details: null, subscription_details },
      payments: listOf<Stripe.InvoicePayment>([], '/v1/invoice_payments'),
    });
    const item = itemOf(subscription).id;
    const named = { invoice: invoice.id, subscription: id, item };
    invoice.lines = listOf(lines.map((line) => newLine({ ...line, ...named, count: this.#next() })));
    subscription.latest_invoice = invoice.id;
    return invoice;
  }

  /** Paid, or left open. Where there is nothing to pay there is no payment. */
  #attempt(invoice: Stripe.Invoice, card: Card): void {
    const { amount_due: amount, currency } = invoice;
    const isPaid = amount === 0 || card === 'GOOD';
    if (amount > 0) {
      const intent = this.collect({ amount, currency, customer: idIn(invoice.customer) }, card);
      const status = isPaid ? 'paid' : 'open';
      const payment = { type: 'payment_intent' as const, payment_intent: intent.id };
      const terms = { invoice: invoice.id, is_default: true, payment, status, amount_requested: amount, currency };
      invoice.payments?.data.unshift(this.make('invoice_payment', terms));
    }
    invoice.attempt_count += 1;
    invoice.attempted = true;
    invoice.status_transitions.finalized_at ??= this.now;
    if (isPaid) {
      Object.assign(invoice, { status: 'paid', amount_paid: amount, amount_remaining: 0 });
      invoice.status_transitions.paid_at = this.now;
      this.#takeNote(invoice);
    } else invoice.status = 'open';
    this.#emit(isPaid ? 'invoice.paid' : 'invoice.payment_failed', invoice);
    if (!isPaid && card === 'NEEDS_OWNER') this.#emit('invoice.payment_action_required', invoice);
  }

  /** Whoever takes the money knows what it was for. */
  #takeNote(invoice: Stripe.Invoice): void {
    const id = invoice.parent?.subscription_details?.subscription;
    const line = invoice.lines.data.findLast(({ amount }) => amount >= 0);
    const price = line?.pricing?.price_details?.price;
    if (typeof id !== 'string' || line === undefined || typeof price !== 'string') return;
    const until = Math.max(this.paidFor.get(id)?.until ?? 0, isProration(line) ? 0 : line.period.end);
    this.paidFor.set(id, { until, price: this.find('price', price) });
  }

  #at(at: number, ring: () => void): void {
    this.#alarms.push({ at, ring });
  }

  #next(): number {
    return (this.#count += 1);
  }

  #emit(type: string, object: AnyObject): void {
    const id = `evt_${this.#next()}${this.name}`;
    const data = { object: structuredClone(object) };
    const kept = { api_version: '2026-10-28.endive', livemode: false, pending_webhooks: 1, request: null } as const;
    this.events.push({ id, object: 'event', created: this.now, type, data, ...kept });
  }
}

export const itemOf = ({ items }: Stripe.Subscription): Stripe.SubscriptionItem => {
  const [item] = items.data;
  if (item === undefined) throw new Error('A subscription has an item.');
  return item;
};

/** Objects of a world name one another by their ids. */
export const idIn = (named: string | { readonly id: string } | null): string =>
  typeof named === 'string' ? named : (named?.id ?? '');

const isProration = ({ parent }: Stripe.InvoiceLineItem): boolean => parent?.type === 'invoice_item_details';

const yearly = ({ unit_amount: amount, recurring }: Stripe.Price): number =>
  (amount ?? 0) * (recurring?.interval === 'year' ? 1 : 12);
