/**
 * A provider of payments in this very process, for demos: it takes no money, and goes the way of one that does. People
 * pay on its pages, which call the verbs here; Tollgate calls the port (`sandboxProvider`), and is told by signed
 * deliveries to its webhook.
 */
import { randomBytes } from 'node:crypto';
import { unreachable } from '../../domain/invariant.js';
import { DAY_MS } from '../../domain/period.js';
import type { Instant } from '../../domain/period.js';
import type { ObjectRef } from '../../domain/provided.js';
import { chargePeriod, letTimePass, withPlan } from './sandboxLife.js';
import { SIGNATURE_HEADER, sandboxSignature } from './sandboxSignature.js';
import { SandboxBook } from './sandboxState.js';
import type {
  SandboxCard,
  SandboxCheckout,
  SandboxCustomer,
  SandboxState,
  SandboxSubscription,
  SandboxVisit,
} from './sandboxState.js';

export interface SandboxOptions {
  /** Where it is kept; `null`: in memory. */
  readonly file: string | null;
  readonly now: () => Instant;
  /** Where this server is reached, for its pages and its webhook. */
  readonly serverUrl: () => string;
}

/** What a person does on the page of a checkout. */
export type Payment = 'PAY' | 'DECLINED' | 'EXPIRED' | 'LATER' | 'ARRIVED' | 'NEVER_ARRIVED';

/** What comes of it: money, soon or later, or a word on why not. */
export type PaymentOutcome = 'DONE' | 'CARD_DECLINED' | 'CARD_EXPIRED' | 'CLOSED';

/** What a person does on the pages of what was agreed. */
export type VisitAction =
  | { readonly kind: 'USE_CARD'; readonly card: SandboxCard }
  | { readonly kind: 'CHANGE_PLAN' }
  | { readonly kind: 'CANCEL'; readonly subscriptionId: string };

/** What one visit shows. */
export interface VisitView {
  readonly visit: SandboxVisit;
  readonly customer: SandboxCustomer;
  readonly subscriptions: readonly SandboxSubscription[];
}

const DELIVERY_TIMEOUT_MS = 5_000;
const DELIVER_EVERY_MS = 30_000;

export class Sandbox {
  readonly #book: SandboxBook;
  #timer: NodeJS.Timeout | null = null;
  #delivering: Promise<void> | null = null;

  constructor(private readonly options: SandboxOptions) {
    this.#book = new SandboxBook(options.file);
  }

  get now(): Instant {
    return this.options.now();
  }

  get secret(): string {
    return this.#book.read().secret;
  }

  addressOf(page: 'checkout' | 'portal', id: string): string {
    return `${this.options.serverUrl()}/payments/sandbox/${page}/${id}`;
  }

  newId(kind: string): string {
    return `sandbox_${kind}_${randomBytes(12).toString('hex')}`;
  }

  /** As everything is now. */
  look(): SandboxState {
    return this.change((state) => state);
  }

  /** Lets time pass, then does something. What happens is told to the webhook in the background. */
  change<T>(step: (state: SandboxState, tell: (type: string, object: ObjectRef, at?: Instant) => void) => T): T {
    const told: string[] = [];
    const result = this.#book.change((state) => {
      const tell = (type: string, object: ObjectRef, at = this.now): void => {
        const id = this.newId('evt');
        state.events[id] = { id, type, at, object, attempts: 0 };
        told.push(id);
      };
      letTimePass(state, this.now, (type, kind, id, at) => {
        tell(type, { kind, id }, at);
      });
      return step(state, tell);
    });
    if (told.length > 0) void this.deliver();
    return result;
  }

  checkout(id: string): SandboxCheckout | null {
    return this.look().checkouts[id] ?? null;
  }

  pay(id: string, payment: Payment): PaymentOutcome {
    return this.change((state, tell) => {
      const checkout = state.checkouts[id];
      if (checkout === undefined) return 'CLOSED';
      const isAwaited = payment === 'ARRIVED' || payment === 'NEVER_ARRIVED';
      if (checkout.status !== (isAwaited ? 'PENDING' : 'OPEN')) return 'CLOSED';
      switch (payment) {
        case 'DECLINED':
          return 'CARD_DECLINED';
        case 'EXPIRED':
          return 'CARD_EXPIRED';
        case 'LATER':
        case 'NEVER_ARRIVED': {
          const status = payment === 'LATER' ? 'PENDING' : 'FAILED';
          state.checkouts[id] = { ...checkout, status };
          tell(payment === 'LATER' ? 'checkout.pending' : 'checkout.failed', { kind: 'CHECKOUT', id });
          return 'DONE';
        }
        case 'PAY':
        case 'ARRIVED':
          this.#settle(state, checkout, payment === 'PAY' && checkout.keepsCard);
          tell('checkout.paid', { kind: 'CHECKOUT', id });
          return 'DONE';
        default:
          return unreachable(payment);
      }
    });
  }

  /** Of a plan on trial nothing is paid yet. */
  #settle(state: SandboxState, checkout: SandboxCheckout, keepsCard: boolean): void {
    const { customerId, plan, trialDays, price, purchaseId } = checkout;
    const customer = state.customers[customerId];
    if (customer !== undefined && (keepsCard || plan !== null))
      state.customers[customerId] = { ...customer, card: 'WORKS' };
    const paidMinor = plan !== null && trialDays > 0 ? 0 : price.amountMinor;
    const paymentId = this.newId('pay');
    const money = { paidMinor, refundedMinor: 0, disputedMinor: 0 };
    state.payments[paymentId] = {
      id: paymentId,
      purchaseId,
      customerId,
      status: 'PAID',
      price,
      money,
      paidAt: this.now,
    };
    const subscriptionId = plan === null ? null : this.newId('sub');
    if (plan !== null && subscriptionId !== null) {
      const anchorAt = this.now + trialDays * DAY_MS;
      const subscription: SandboxSubscription = {
        id: subscriptionId,
        customerId,
        purchaseId,
        plan,
        planSince: null,
        nextPlan: null,
        startsAt: this.now,
        anchorAt,
        trialEndsAt: trialDays > 0 ? anchorAt : null,
        paidUntil: anchorAt,
        cancelsAt: null,
        endedAt: null,
        failure: null,
      };
      state.subscriptions[subscriptionId] = subscription;
      if (trialDays === 0) chargePeriod(state, subscription, this.now, this.now, () => undefined);
    }
    state.checkouts[checkout.id] = { ...checkout, status: 'PAID', paymentId, subscriptionId };
  }

  /** `null`: there is no such visit, or it is over. */
  visit(id: string): VisitView | null {
    const state = this.look();
    const visit = state.visits[id];
    const customer = visit === undefined ? undefined : state.customers[visit.customerId];
    if (visit === undefined || customer === undefined || this.now >= visit.expiresAt) return null;
    const subscriptions = Object.values(state.subscriptions).filter(
      (each) => each.customerId === customer.id && each.endedAt === null,
    );
    return { visit, customer, subscriptions };
  }

  act(visitId: string, action: VisitAction): void {
    const seen = this.visit(visitId);
    if (seen === null) return;
    const { visit, customer, subscriptions } = seen;
    this.change((state, tell) => {
      const told = (type: string, id: string): void => {
        tell(type, { kind: 'SUBSCRIPTION', id });
      };
      if (action.kind === 'USE_CARD') {
        state.customers[customer.id] = { ...customer, card: action.card };
        for (const subscription of subscriptions.filter(({ failure }) => failure !== null)) {
          chargePeriod(state, subscription, subscription.failure?.failedAt ?? this.now, this.now, (type, _kind, id) => {
            told(type, id);
          });
        }
        return;
      }
      const aim = action.kind === 'CANCEL' ? action.subscriptionId : visit.subscriptionId;
      const subscription = subscriptions.find(({ id }) => id === aim);
      if (subscription === undefined) return;
      if (action.kind === 'CANCEL') {
        state.subscriptions[subscription.id] = { ...subscription, cancelsAt: subscription.paidUntil };
        told('subscription.canceled', subscription.id);
      } else if (visit.plan !== null) {
        state.subscriptions[subscription.id] = changedTo(subscription, visit.plan, this.now);
        told('subscription.changed', subscription.id);
      }
    });
  }

  /** Sends what nobody has taken yet, once each; resolves when that is done. */
  async deliver(): Promise<void> {
    await this.#delivering;
    this.#delivering ??= this.#deliverAll().finally(() => {
      this.#delivering = null;
    });
    await this.#delivering;
  }

  /** Tries again every now and then, and lets time pass. */
  start(): void {
    this.#timer ??= setInterval(() => {
      this.look();
      void this.deliver();
    }, DELIVER_EVERY_MS).unref();
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await this.#delivering;
  }

  async #deliverAll(): Promise<void> {
    for (const event of Object.values(this.#book.read().events)) {
      const isTaken = await this.#send(
        JSON.stringify({ id: event.id, type: event.type, at: event.at, object: event.object }),
      );
      this.#book.change(({ events }) => {
        // What was taken is never asked for again.
        if (isTaken) Reflect.deleteProperty(events, event.id);
        else events[event.id] = { ...event, attempts: event.attempts + 1 };
      });
    }
  }

  async #send(body: string): Promise<boolean> {
    const headers = {
      'content-type': 'application/json',
      [SIGNATURE_HEADER]: sandboxSignature(this.secret, body, this.now),
    };
    try {
      const url = `${this.options.serverUrl()}/payments/sandbox/webhook`;
      const answer = await fetch(url, {
        method: 'POST',
        headers,
        body,
        signal: AbortSignal.timeout(DELIVERY_TIMEOUT_MS),
      });
      await answer.arrayBuffer();
      return answer.ok;
    } catch {
      // It stays undelivered, and is asked for or sent again.
      return false;
    }
  }
}

/** What costs more is charged at once; what costs less waits for the end of what is paid for. */
const changedTo = (
  subscription: SandboxSubscription,
  plan: NonNullable<SandboxVisit['plan']>,
  now: Instant,
): SandboxSubscription => {
  const isMore =
    plan.interval !== subscription.plan.interval || plan.price.amountMinor > subscription.plan.price.amountMinor;
  return isMore ? withPlan(subscription, plan, now) : { ...subscription, nextPlan: plan };
};
