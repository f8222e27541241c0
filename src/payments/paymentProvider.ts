/**
 * The one port to whoever takes the money. A provider that can't be reached throws `ProviderError`, which is never
 * "paid" and never "free"; what it refuses for good is one that says so. Every call that makes something takes a key,
 * under which the provider makes it once.
 */
import type { AccountId, PurchaseId } from '../domain/ids.js';
import type { Pack } from '../domain/offer.js';
import type { Instant } from '../domain/period.js';
import type { Plan, Price } from '../domain/plan.js';
import type { ObjectRef, Provided, ProvidedPayment } from '../domain/provided.js';

/** One offer with all that a provider's price is made of. */
export type Offer =
  | { readonly kind: 'PLAN'; readonly plan: Plan; readonly withTrial: boolean }
  | { readonly kind: 'PACK'; readonly pack: Pack }
  | { readonly kind: 'CREDITS'; readonly credits: number; readonly price: Price };

export interface CheckoutOrder {
  readonly purchaseId: PurchaseId;
  readonly accountId: AccountId;
  readonly customerId: string;
  readonly offer: Offer;
  /** Where the provider sends the person back to, paid or not. */
  readonly returnUrl: string;
  /** A card is kept for payments without its owner. */
  readonly keepsCard: boolean;
}

export interface Checkout {
  readonly id: string;
  readonly url: string;
  readonly expiresAt: Instant;
}

export type PortalFlow =
  | { readonly kind: 'OVERVIEW' }
  | { readonly kind: 'UPDATE_PAYMENT_METHOD' }
  | { readonly kind: 'CHANGE_PLAN'; readonly subscriptionId: string; readonly plan: Plan }
  | { readonly kind: 'CANCEL'; readonly subscriptionId: string };

export interface ProviderEvent {
  readonly id: string;
  /** In the provider's words, as in `invoice.paid`. */
  readonly type: string;
  readonly at: Instant;
  /** `null`: an event that changes nothing here. */
  readonly object: ObjectRef | null;
}

/** What keeps a card from being charged without its owner. */
export type CardFault = 'ACTION_REQUIRED' | 'CARD_EXPIRED' | 'DECLINED' | 'NO_CARD';

export interface OffSessionCharge {
  /** `null`: nothing was begun. */
  readonly payment: ProvidedPayment | null;
  /** `null`: it is paid, or a bank is waited for. */
  readonly fault: CardFault | null;
}

export interface PaymentProvider {
  /** As in `stripe`: part of the names of what it causes. */
  readonly name: string;
  /** The event of a delivery whose signature is right. Throws `WebhookFault`. `now`: what its time stamp is held against. */
  readonly verify: (
    body: Buffer,
    headers: Readonly<Record<string, string | string[] | undefined>>,
    now: Instant,
  ) => ProviderEvent;
  /**
   * The account's one customer. Providers forget keys after a day: by `askedAt`, when the account's link was written, they
   * know that they must look for a customer that was made and never heard of.
   */
  readonly createCustomer: (account: {
    readonly accountId: AccountId;
    readonly name: string;
    readonly key: string;
    readonly askedAt: Instant;
  }) => Promise<string>;
  /** Finds the provider's price of the offer, or makes it. Once per purchase, however often it is called. */
  readonly checkout: (order: CheckoutOrder) => Promise<Checkout>;
  /** Its address is good for minutes: it is made when somebody clicks. */
  readonly portal: (order: {
    readonly customerId: string;
    readonly flow: PortalFlow;
    readonly returnUrl: string;
  }) => Promise<{ readonly url: string }>;
  /** As it is now; `null`: there is none (any more). */
  readonly fetch: (ref: ObjectRef) => Promise<Provided | null>;
  /** The subscriptions and payments of a customer, as they are now, for events that never came. */
  readonly fetchAll: (customerId: string) => Promise<readonly Provided[]>;
  /** Events that no webhook took, the oldest first. */
  readonly undelivered: (since: Instant) => AsyncIterable<ProviderEvent>;
  /**
   * Charges the kept card without its owner. Once per purchase, within the day that a provider remembers: whoever comes
   * later looks with `fetchAll` first.
   */
  readonly chargeOffSession: (order: {
    readonly purchaseId: PurchaseId;
    readonly accountId: AccountId;
    readonly customerId: string;
    readonly price: Price;
  }) => Promise<OffSessionCharge>;
  readonly refund: (order: {
    readonly paymentId: string;
    readonly amount: Price;
    readonly key: string;
  }) => Promise<void>;
}

/**
 * `isFinal`: asking again comes to the same. `isCustomerGone`: the customer was deleted there, and another one can be made.
 * Its message names no secret and no card.
 */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  readonly isCustomerGone: boolean;

  constructor(
    readonly provider: string,
    message: string,
    readonly isFinal: boolean,
    { isCustomerGone = false, ...options }: ErrorOptions & { readonly isCustomerGone?: boolean } = {},
  ) {
    super(message, options);
    this.isCustomerGone = isCustomerGone;
  }
}

/** A delivery that is not the provider's, or not one of now. */
export class WebhookFault extends Error {
  override readonly name = 'WebhookFault';

  constructor(
    readonly reason: 'NOT_SIGNED' | 'NO_MATCH' | 'TOO_OLD' | 'IN_FUTURE' | 'MALFORMED',
    message: string,
  ) {
    super(message);
  }
}
