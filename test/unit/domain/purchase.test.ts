import { describe, expect, it } from 'vitest';
import { PAYMENT_EVENTS_KEPT_MS } from '../../../src/domain/paymentEvent.js';
import { projectPurchase } from '../../../src/domain/projectPurchase.js';
import { providerLinkId } from '../../../src/domain/providerLink.js';
import {
  checkoutUrlOf,
  creditsDue,
  creditsExpireAt,
  grantOfPurchase,
  isUnsettled,
} from '../../../src/domain/purchase.js';
import type { Money, PurchaseStatus } from '../../../src/domain/purchase.js';
import { ALICE, DAY_MS, NOW } from '../../support/domain.js';
import { providedPayment, purchase } from '../../support/payments.js';

describe('credits due for a purchase', () => {
  it.each<[string, Money, number]>([
    ['all, once it is paid', { paidMinor: 500, refundedMinor: 0, disputedMinor: 0 }, 500],
    ['the rest of a refund in part, rounded down', { paidMinor: 700, refundedMinor: 1, disputedMinor: 0 }, 499],
    ['none, once all is refunded', { paidMinor: 500, refundedMinor: 500, disputedMinor: 0 }, 0],
    ['none, while all of it is disputed', { paidMinor: 500, refundedMinor: 0, disputedMinor: 500 }, 0],
    [
      'never less than none, where more is back than was paid',
      { paidMinor: 500, refundedMinor: 300, disputedMinor: 500 },
      0,
    ],
    [
      'never more than all, where a provider takes too much back',
      { paidMinor: 500, refundedMinor: 0, disputedMinor: -9 },
      500,
    ],
    ['all of what cost nothing', { paidMinor: 0, refundedMinor: 0, disputedMinor: 0 }, 500],
  ])('%s', (_name, money, due) => {
    expect(creditsDue(purchase({ status: 'PAID', money }))).toBe(due);
  });

  it('are none before it is paid, whatever was said of money', () => {
    const money = { paidMinor: 500, refundedMinor: 0, disputedMinor: 0 };
    expect(creditsDue(purchase({ status: 'PENDING', money }))).toBe(0);
  });

  it('are exact for amounts whose products are more than a double holds', () => {
    const money = { paidMinor: 9_007_199_254_740_991, refundedMinor: 1, disputedMinor: 0 };
    const credits = 9_007_199_254_740_991;
    expect(creditsDue({ status: 'PAID', credits, money })).toBe(9_007_199_254_740_990);
  });

  it('expire by the day of the payment, or never', () => {
    expect(creditsExpireAt(purchase({ paidAt: NOW }))).toBe(NOW + 365 * DAY_MS);
    expect(creditsExpireAt(purchase())).toBeNull();
    expect(creditsExpireAt(purchase({ paidAt: NOW, expiresAfterDays: null }))).toBeNull();
  });
});

describe('a purchase', () => {
  it('names its one grant, and its account’s link', () => {
    expect(grantOfPurchase(purchase())).toBe('purchase/buy-1');
    expect(providerLinkId({ provider: 'stripe', accountId: ALICE })).toBe('stripe/alice');
  });

  it('can be paid while it is open and its page is there', () => {
    expect(checkoutUrlOf(purchase(), NOW)).toBe('https://pay.example/cs_1');
    expect(checkoutUrlOf(purchase(), NOW + 1_000)).toBeNull();
    expect(checkoutUrlOf(purchase({ status: 'PAID' }), NOW)).toBeNull();
    expect(checkoutUrlOf(purchase({ checkout: null }), NOW)).toBeNull();
  });

  it.each<[PurchaseStatus, number, boolean]>([
    ['OPEN', 0, true],
    ['PENDING', 0, true],
    ['ACTION_REQUIRED', 0, true],
    ['PAID', 1, true],
    ['PAID', 0, false],
    ['FAILED', 0, false],
    ['EXPIRED', 0, false],
  ])('%s with %i missing is unsettled: %s', (status, shortfall, isIt) => {
    expect(isUnsettled(purchase({ status, shortfall }))).toBe(isIt);
  });
});

describe('a provider’s payment', () => {
  const paid = purchase({
    status: 'PAID',
    paymentId: 'pi_1',
    paidAt: NOW,
    money: { paidMinor: 500, refundedMinor: 0, disputedMinor: 0 },
  });

  it('pays a purchase, when the provider says it was paid', () => {
    expect(projectPurchase(purchase(), providedPayment(), NOW + 9)).toEqual(paid);
    expect(projectPurchase(purchase(), providedPayment({ paidAt: null }), NOW + 9)).toEqual({
      ...paid,
      paidAt: NOW + 9,
    });
  });

  it('says nothing new the second time', () => {
    expect(projectPurchase(paid, providedPayment({ paidAt: NOW + 1 }), NOW + 9)).toBe(paid);
  });

  it('tells of money that went back, and what is paid stays paid', () => {
    const money = { paidMinor: 500, refundedMinor: 100, disputedMinor: 0 };
    expect(projectPurchase(paid, providedPayment({ status: 'FAILED', money }), NOW)).toEqual({ ...paid, money });
  });

  it('takes each other status as it comes, and knows its subscription', () => {
    const failed = providedPayment({
      id: null,
      status: 'EXPIRED',
      paidAt: null,
      money: purchase().money,
      subscriptionId: 'sub_1',
    });
    expect(projectPurchase(purchase({ paymentId: 'pi_0', subscriptionId: 'sub_0' }), failed, NOW)).toEqual(
      purchase({ status: 'EXPIRED', paymentId: 'pi_0', subscriptionId: 'sub_1' }),
    );
  });

  it('says nothing of a purchase that another payment has paid for', () => {
    expect(projectPurchase(paid, providedPayment({ id: 'pi_2', status: 'FAILED' }), NOW)).toBe(paid);
    const free = { ...paid, paymentId: null };
    expect(projectPurchase(free, providedPayment({ id: 'pi_2' }), NOW).paymentId).toBe('pi_2');
  });
});

it('the inbox remembers an event for longer than a provider lists it, which is 30 days', () => {
  expect(PAYMENT_EVENTS_KEPT_MS).toBeGreaterThan(30 * DAY_MS);
});
