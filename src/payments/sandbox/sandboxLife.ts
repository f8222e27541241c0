/** What time does to what was agreed with the sandbox: trials end, periods are renewed or fail, transfers arrive. */
import { periodAt } from '../../domain/period.js';
import type { Instant } from '../../domain/period.js';
import type { PaymentFailureCause } from '../../domain/subscription.js';
import type { SandboxCard, SandboxPlan, SandboxState, SandboxSubscription } from './sandboxState.js';

/** Tells of what has happened, by the object that it has happened to. */
export type Tell = (type: string, kind: 'CHECKOUT' | 'PAYMENT' | 'SUBSCRIPTION', id: string, at: Instant) => void;

/** Brings everything up to this instant. */
export const letTimePass = (state: SandboxState, now: Instant, tell: Tell): void => {
  for (const checkout of Object.values(state.checkouts)) {
    if (checkout.status !== 'OPEN' || now < checkout.expiresAt) continue;
    state.checkouts[checkout.id] = { ...checkout, status: 'EXPIRED' };
    tell('checkout.expired', 'CHECKOUT', checkout.id, checkout.expiresAt);
  }
  for (const { id, expiresAt } of Object.values(state.visits))
    if (now >= expiresAt) Reflect.deleteProperty(state.visits, id);
  for (const subscription of Object.values(state.subscriptions)) {
    if (subscription.endedAt !== null) continue;
    const { cancelsAt } = subscription;
    if (cancelsAt !== null && now >= cancelsAt) {
      state.subscriptions[subscription.id] = { ...subscription, endedAt: cancelsAt };
      tell('subscription.ended', 'SUBSCRIPTION', subscription.id, cancelsAt);
    } else if (now >= subscription.paidUntil && subscription.failure === null) {
      chargePeriod(state, subscription, subscription.paidUntil, now, tell);
    }
  }
};

/** Charges the kept card for the period that `now` lies in, which was due at an instant. */
export const chargePeriod = (
  state: SandboxState,
  subscription: SandboxSubscription,
  dueAt: Instant,
  now: Instant,
  tell: Tell,
): void => {
  const card = state.customers[subscription.customerId]?.card ?? null;
  const { nextPlan, id } = subscription;
  if (card !== 'WORKS') {
    state.subscriptions[id] = { ...subscription, failure: { failedAt: dueAt, cause: causeOf(card) } };
    tell('invoice.failed', 'SUBSCRIPTION', id, now);
    return;
  }
  const changed = nextPlan === null ? subscription : withPlan(subscription, nextPlan, dueAt);
  const paidUntil = periodAt(changed.anchorAt, changed.plan.interval, now).endsAt;
  state.subscriptions[id] = { ...changed, paidUntil, failure: null };
  tell('invoice.paid', 'SUBSCRIPTION', id, now);
};

const causeOf = (card: SandboxCard | null): PaymentFailureCause => (card === 'EXPIRED' ? 'CARD_EXPIRED' : 'OTHER');

/** Periods of another length are counted anew. */
export const withPlan = (subscription: SandboxSubscription, plan: SandboxPlan, at: Instant): SandboxSubscription => {
  const isSameLength = plan.interval === subscription.plan.interval;
  return {
    ...subscription,
    plan,
    planSince: at,
    nextPlan: null,
    anchorAt: isSameLength ? subscription.anchorAt : at,
  };
};
