/** Values for tests of what is bought. What a test is about it says itself. */
import { packId, purchaseId } from '../../src/domain/ids.js';
import type { Pack } from '../../src/domain/offer.js';
import type { ProvidedPayment, ProvidedSubscription } from '../../src/domain/provided.js';
import type { Purchase } from '../../src/domain/purchase.js';
import { ALICE, at, NOW, PRO } from './domain.js';

/** 500 credits for 5.00 EUR, which last a year. */
export const pack = (changes: Partial<Pack> = {}): Pack => ({
  id: packId('small'),
  version: 1,
  name: 'Small',
  status: 'ACTIVE',
  credits: 500,
  price: { amountMinor: 500, currency: 'EUR' },
  expiresAfterDays: 365,
  ...changes,
});

/** Of `pack()`, not paid yet. */
export const purchase = (changes: Partial<Purchase> = {}): Purchase => ({
  id: purchaseId('buy-1'),
  accountId: ALICE,
  provider: 'stripe',
  bought: { kind: 'PACK', packId: packId('small'), packVersion: 1 },
  credits: 500,
  price: { amountMinor: 500, currency: 'EUR' },
  expiresAfterDays: 365,
  origin: 'CHECKOUT',
  refusalId: null,
  createdAt: NOW,
  status: 'OPEN',
  checkout: { id: 'cs_1', url: 'https://pay.example/cs_1', expiresAt: NOW + 1_000 },
  paymentId: null,
  subscriptionId: null,
  paidAt: null,
  money: { paidMinor: 0, refundedMinor: 0, disputedMinor: 0 },
  shortfall: 0,
  version: 1,
  ...changes,
});

/** That pays for `purchase()`. */
export const providedPayment = (changes: Partial<ProvidedPayment> = {}): ProvidedPayment => ({
  kind: 'PAYMENT',
  id: 'pi_1',
  checkoutId: 'cs_1',
  customerId: 'cus_1',
  purchaseId: purchaseId('buy-1'),
  status: 'PAID',
  currency: 'EUR',
  money: { paidMinor: 500, refundedMinor: 0, disputedMinor: 0 },
  paidAt: NOW,
  subscriptionId: null,
  ...changes,
});

/** To `plan()`, since 1 January, and paid to the end of the month. */
export const providedSubscription = (changes: Partial<ProvidedSubscription> = {}): ProvidedSubscription => ({
  kind: 'SUBSCRIPTION',
  id: 'sub_1',
  customerId: 'cus_1',
  accountId: ALICE,
  purchaseId: null,
  plan: { planId: PRO, planVersion: 1 },
  planSince: null,
  status: 'ACTIVE',
  createdAt: at('2025-01-01T00:00:00.000Z'),
  startsAt: at('2025-01-01T00:00:00.000Z'),
  anchorAt: at('2025-01-01T00:00:00.000Z'),
  trialEndsAt: null,
  paidUntil: at('2025-02-01T00:00:00.000Z'),
  cancelsAt: null,
  endedAt: null,
  pausedAt: null,
  failure: null,
  ...changes,
});
