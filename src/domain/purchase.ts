/**
 * One act of buying through a provider of payments: what was asked, what was paid, what came back. What is due for it
 * follows from the money alone, so that a refund, a dispute and its end are the same rule with other figures.
 */
import type { ActsRemembered } from './act.js';
import { grantId } from './ids.js';
import type { AccountId, GrantId, PurchaseId } from './ids.js';
import type { Bought } from './offer.js';
import { DAY_MS } from './period.js';
import type { Instant } from './period.js';
import type { Price } from './plan.js';

/**
 * `OPEN`: not paid yet. `PENDING`: the provider waits for a bank. `ACTION_REQUIRED`: the card wants its owner. `PAID`
 * stays, whatever comes back later. `FAILED`, `EXPIRED`: it will never be paid.
 */
export type PurchaseStatus = 'OPEN' | 'PENDING' | 'ACTION_REQUIRED' | 'PAID' | 'FAILED' | 'EXPIRED';

/** In minor units of the purchase's currency. `paidMinor` 0 of one that is `PAID`: it cost nothing, by a voucher say. */
export interface Money {
  readonly paidMinor: number;
  readonly refundedMinor: number;
  /** Withdrawn for disputes that are open or lost. */
  readonly disputedMinor: number;
}

export interface Purchase {
  readonly id: PurchaseId;
  readonly accountId: AccountId;
  /** As in `stripe`. */
  readonly provider: string;
  readonly bought: Bought;
  /** Credits that all of its price buys; 0 for a plan, whose credits are its periods'. */
  readonly credits: number;
  readonly price: Price;
  readonly expiresAfterDays: number | null;
  /** Who caused it: a person's click, or a balance that fell below its threshold. */
  readonly origin: 'CHECKOUT' | 'AUTO_TOP_UP';
  /** The refusal that it is to put right. */
  readonly refusalId: string | null;
  readonly createdAt: Instant;
  readonly status: PurchaseStatus;
  /** The provider's page. Whether it can be paid there, `checkoutUrlOf` tells. */
  readonly checkout: { readonly id: string; readonly url: string; readonly expiresAt: Instant } | null;
  /** The provider's payment. */
  readonly paymentId: string | null;
  /** The provider's subscription that came of it. */
  readonly subscriptionId: string | null;
  readonly paidAt: Instant | null;
  readonly money: Money;
  /** Credits that are no longer due and could not be taken back, since they are spent or have expired. */
  readonly shortfall: number;
  /** Raised by one at each write; the store compares and sets it. */
  readonly version: number;
  readonly acts?: ActsRemembered;
}

/** As much of what was bought as is still paid for, rounded down. */
const stillPaidFor = (credits: number, { paidMinor, refundedMinor, disputedMinor }: Money): number => {
  if (paidMinor <= 0) return credits;
  const kept = Math.max(0, paidMinor - refundedMinor - disputedMinor);
  return Number((BigInt(credits) * BigInt(Math.min(kept, paidMinor))) / BigInt(paidMinor));
};

/** The credits that are due for a purchase now, whatever came back meanwhile and in whatever order. */
export const creditsDue = ({ status, credits, money }: Pick<Purchase, 'status' | 'credits' | 'money'>): number =>
  status === 'PAID' ? stillPaidFor(credits, money) : 0;

/** The one grant that a purchase makes. */
export const grantOfPurchase = ({ id }: Pick<Purchase, 'id'>): GrantId => grantId(`purchase/${id}`);

/** When its credits expire; `null`: never, or not known before it is paid. */
export const creditsExpireAt = ({ paidAt, expiresAfterDays }: Purchase): Instant | null =>
  paidAt === null || expiresAfterDays === null ? null : paidAt + expiresAfterDays * DAY_MS;

/** Whether something may still become of it by itself. */
export const isUnsettled = ({ status, shortfall }: Pick<Purchase, 'status' | 'shortfall'>): boolean =>
  shortfall > 0 || status === 'OPEN' || status === 'PENDING' || status === 'ACTION_REQUIRED';

/** Where it can be paid; `null`: nowhere any more. */
export const checkoutUrlOf = (
  { status, checkout }: Pick<Purchase, 'status' | 'checkout'>,
  now: Instant,
): string | null => (status === 'OPEN' && checkout !== null && now < checkout.expiresAt ? checkout.url : null);
