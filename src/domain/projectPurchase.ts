/** What a provider's payment makes of a purchase. */
import type { Instant } from './period.js';
import type { ProvidedPayment } from './provided.js';
import type { Purchase } from './purchase.js';

/**
 * The purchase as the provider's payment says now; the very same where that is nothing new. What is paid stays paid, and
 * another payment than the one that paid for it says nothing of it.
 */
export const projectPurchase = (purchase: Purchase, payment: ProvidedPayment, now: Instant): Purchase => {
  const isPaid = purchase.status === 'PAID';
  if (isPaid && purchase.paymentId !== null && payment.id !== purchase.paymentId) return purchase;
  const status = isPaid ? 'PAID' : payment.status;
  const { paidMinor, refundedMinor, disputedMinor } = payment.money;
  const next: Purchase = {
    ...purchase,
    status,
    paymentId: payment.id ?? purchase.paymentId,
    subscriptionId: payment.subscriptionId ?? purchase.subscriptionId,
    paidAt: status === 'PAID' ? (purchase.paidAt ?? payment.paidAt ?? now) : null,
    money: { paidMinor, refundedMinor, disputedMinor },
  };
  return JSON.stringify(next) === JSON.stringify(purchase) ? purchase : next;
};
