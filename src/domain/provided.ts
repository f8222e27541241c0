/**
 * What a provider of payments says of its objects now, in plain values that no provider's words are left in. A
 * projection makes of it what Tollgate keeps; events count for nothing but that one should look.
 */
import type { AccountId, PlanId, PurchaseId } from './ids.js';
import type { Instant } from './period.js';
import type { Money, PurchaseStatus } from './purchase.js';
import type { PaymentFailure } from './subscription.js';

/** An object of a provider, by which it can be fetched as it is now. */
export interface ObjectRef {
  readonly kind: 'CHECKOUT' | 'PAYMENT' | 'SUBSCRIPTION';
  readonly id: string;
}

export interface ProvidedSubscription {
  readonly kind: 'SUBSCRIPTION';
  readonly id: string;
  readonly customerId: string;
  /** As it was told to the provider when it was bought; `null`: another program made it. */
  readonly accountId: AccountId | null;
  readonly purchaseId: PurchaseId | null;
  /** By the lookup key of its price; `null`: no price of ours. */
  readonly plan: { readonly planId: PlanId; readonly planVersion: number } | null;
  /**
   * Since when it is to this plan, where a change within the period can be told from an invoice's lines: what credits of a
   * change are counted from, however late somebody looks. `null`: not known.
   */
  readonly planSince: Instant | null;
  readonly status: 'INCOMPLETE' | 'TRIALING' | 'ACTIVE' | 'PAST_DUE' | 'UNPAID' | 'PAUSED' | 'ENDED';
  readonly createdAt: Instant;
  readonly startsAt: Instant;
  /** What its periods are counted from. */
  readonly anchorAt: Instant;
  readonly trialEndsAt: Instant | null;
  /** The end of the last period that an invoice was paid for; `null`: none was. */
  readonly paidUntil: Instant | null;
  readonly cancelsAt: Instant | null;
  readonly endedAt: Instant | null;
  readonly pausedAt: Instant | null;
  /** Of the invoice that is open. */
  readonly failure: PaymentFailure | null;
}

/** A checkout, or a payment that was made without one. */
export interface ProvidedPayment {
  readonly kind: 'PAYMENT';
  /** Of the payment; `null`: none has begun. */
  readonly id: string | null;
  readonly checkoutId: string | null;
  readonly customerId: string | null;
  readonly purchaseId: PurchaseId | null;
  readonly status: PurchaseStatus;
  readonly currency: string;
  readonly money: Money;
  readonly paidAt: Instant | null;
  /** Of a checkout that made one. */
  readonly subscriptionId: string | null;
}

export type Provided = ProvidedSubscription | ProvidedPayment;
