import { describe, expect, it } from 'vitest';
import { planId, subscriptionId } from '../../../src/domain/ids.js';
import {
  anchorOf,
  billingPeriodAt,
  cancelAtPeriodEnd,
  cancelNow,
  grantDue,
  hasBegun,
  isCovering,
  limitWindowAt,
  recordPayment,
  recordPaymentFailure,
  startSubscription,
  stateAt,
} from '../../../src/domain/subscription.js';
import type { Subscription, SubscriptionChange, SubscriptionState } from '../../../src/domain/subscription.js';
import { ALICE, at, DAY_MS, NOW, plan, subscription } from '../../support/domain.js';

const JAN_1 = at('2025-01-01T00:00:00.000Z');
const JAN_31 = at('2025-01-31T09:00:00.000Z');
const FEB_1 = at('2025-02-01T00:00:00.000Z');
const MAR_1 = at('2025-03-01T00:00:00.000Z');
const APR_1 = at('2025-04-01T00:00:00.000Z');
const END_OF_TIME = 8_640_000_000_000_000;

const succeeded = (change: SubscriptionChange): Subscription => {
  if (!change.ok) throw new Error(change.fault);
  return change.subscription;
};
const start = (startsAt: number, changes: Parameters<typeof plan>[0] = {}, withTrial = false): Subscription =>
  succeeded(
    startSubscription({ id: subscriptionId('sub-1'), accountId: ALICE, plan: plan(changes), startsAt, withTrial }),
  );

describe('a new subscription', () => {
  it('is paid for to the end of its first period', () => {
    expect(start(JAN_31)).toEqual({
      id: 'sub-1',
      accountId: 'alice',
      planId: 'pro',
      planVersion: 1,
      startsAt: JAN_31,
      trialEndsAt: null,
      paidUntil: at('2025-02-28T09:00:00.000Z'),
      cancelsAt: null,
      paymentFailure: null,
      version: 0,
    });
    expect(start(at('2024-02-29T00:00:00.000Z'), { interval: 'YEAR' }).paidUntil).toBe(at('2025-02-28T00:00:00.000Z'));
  });

  it('with a trial is covered for the trial, and its periods count from the trial’s end', () => {
    const trial = start(JAN_1, { id: planId('team'), version: 3, trialDays: 14 }, true);
    expect(trial).toEqual(
      subscription({
        planId: planId('team'),
        planVersion: 3,
        trialEndsAt: JAN_1 + 14 * DAY_MS,
        paidUntil: JAN_1 + 14 * DAY_MS,
      }),
    );
    expect(anchorOf(trial)).toBe(JAN_1 + 14 * DAY_MS);
    expect(anchorOf(start(JAN_1))).toBe(JAN_1);
  });

  it('has no trial unless it is asked for and the plan gives one', () => {
    expect(start(JAN_1, { trialDays: 14 }).trialEndsAt).toBeNull();
    expect(start(JAN_1, { trialDays: 0 }, true)).toEqual(subscription());
  });

  it.each([NaN, Infinity, 0.5, END_OF_TIME + 1, END_OF_TIME, -END_OF_TIME - 1])('can’t start at %s', (startsAt) => {
    const terms = { id: subscriptionId('s'), accountId: ALICE, plan: plan({ trialDays: 1 }), startsAt };
    expect(startSubscription({ ...terms, withTrial: false })).toEqual({ ok: false, fault: 'DATES_OUT_OF_ORDER' });
    expect(startSubscription({ ...terms, withTrial: true })).toEqual({ ok: false, fault: 'DATES_OUT_OF_ORDER' });
  });
});

describe('the state of a subscription', () => {
  const failure = { failedAt: FEB_1, cause: 'OTHER', graceEndsAt: FEB_1 + 7 * DAY_MS } as const;
  const trial = { trialEndsAt: JAN_1 + 14 * DAY_MS };

  it.each<[string, Partial<Subscription>, number, SubscriptionState]>([
    ['is scheduled until its start', {}, JAN_1 - 1, 'SCHEDULED'],
    ['begins at its start', {}, JAN_1, 'ACTIVE'],
    ['is active to the last millisecond paid for', {}, FEB_1 - 1, 'ACTIVE'],
    ['expires at the end of what was paid for', {}, FEB_1, 'EXPIRED'],
    ['is a trial from its start', trial, JAN_1, 'TRIALING'],
    ['is a trial to its last millisecond', trial, JAN_1 + 14 * DAY_MS - 1, 'TRIALING'],
    ['is active after a trial that was paid for', trial, JAN_1 + 14 * DAY_MS, 'ACTIVE'],
    ['expires with a trial that was not', { ...trial, paidUntil: JAN_1 + 14 * DAY_MS }, JAN_1 + 14 * DAY_MS, 'EXPIRED'],
    ['is active until a failure that lies ahead', { paymentFailure: failure, paidUntil: MAR_1 }, FEB_1 - 1, 'ACTIVE'],
    ['is past due from the failure', { paymentFailure: failure }, FEB_1, 'PAST_DUE'],
    ['is past due to the last millisecond of grace', { paymentFailure: failure }, FEB_1 + 7 * DAY_MS - 1, 'PAST_DUE'],
    ['is unpaid when grace is over', { paymentFailure: failure }, FEB_1 + 7 * DAY_MS, 'UNPAID'],
    ['is unpaid at once without grace', { paymentFailure: { ...failure, graceEndsAt: FEB_1 } }, FEB_1, 'UNPAID'],
    ['runs until it is canceled', { cancelsAt: NOW }, NOW - 1, 'ACTIVE'],
    ['is canceled from that instant', { cancelsAt: NOW }, NOW, 'CANCELED'],
    ['is canceled even before its start', { cancelsAt: JAN_1 - 5 }, JAN_1 - 5, 'CANCELED'],
    ['is canceled rather than unpaid', { cancelsAt: NOW, paymentFailure: failure }, FEB_1 + 8 * DAY_MS, 'CANCELED'],
    ['is canceled rather than expired', { cancelsAt: FEB_1 }, FEB_1, 'CANCELED'],
  ])('%s', (_name, changes, now, state) => {
    expect(stateAt(subscription(changes), now)).toBe(state);
  });

  it('covers in a trial, while active and in grace, and in no other', () => {
    const states = ['SCHEDULED', 'TRIALING', 'ACTIVE', 'PAST_DUE', 'UNPAID', 'CANCELED', 'EXPIRED'] as const;
    expect(states.filter(isCovering)).toEqual(['TRIALING', 'ACTIVE', 'PAST_DUE']);
  });

  it('has begun from its start, unless it was canceled before', () => {
    expect(hasBegun(subscription(), JAN_1 - 1)).toBe(false);
    expect(hasBegun(subscription(), JAN_1)).toBe(true);
    expect(hasBegun(subscription({ cancelsAt: JAN_1 }), NOW)).toBe(false);
    expect(hasBegun(subscription({ cancelsAt: JAN_1 + 1 }), NOW)).toBe(true);
  });
});

describe('a cancellation', () => {
  it('now ends it at this instant', () => {
    expect(cancelNow(subscription(), NOW)).toEqual({ ok: true, subscription: subscription({ cancelsAt: NOW }) });
  });

  it('at the period’s end lets it run for as long as it is paid for', () => {
    const canceled = succeeded(cancelAtPeriodEnd(subscription(), NOW));
    expect(canceled).toEqual(subscription({ cancelsAt: FEB_1 }));
    expect([stateAt(canceled, FEB_1 - 1), stateAt(canceled, FEB_1)]).toEqual(['ACTIVE', 'CANCELED']);
  });

  it('now comes before one at the period’s end', () => {
    const canceled = succeeded(cancelAtPeriodEnd(subscription(), NOW));
    expect(succeeded(cancelNow(canceled, NOW + 1)).cancelsAt).toBe(NOW + 1);
  });

  it('of a subscription that is scheduled ends it before it begins', () => {
    expect(stateAt(succeeded(cancelNow(subscription(), JAN_1 - 1)), JAN_1)).toBe('CANCELED');
  });

  it('comes too late for what has ended', () => {
    const ended = { ok: false, fault: 'ALREADY_ENDED' };
    const canceled = subscription({ cancelsAt: NOW });
    expect(cancelNow(canceled, NOW)).toEqual(ended);
    expect(cancelAtPeriodEnd(canceled, NOW)).toEqual(ended);
    expect(cancelAtPeriodEnd(subscription(), FEB_1)).toEqual(ended);
    expect(cancelAtPeriodEnd(subscription(), FEB_1 - 1).ok).toBe(true);
  });
});

describe('a payment', () => {
  it('made early renews for the period after the one that is paid for', () => {
    expect(recordPayment(subscription(), plan(), NOW)).toEqual({
      ok: true,
      subscription: subscription({ paidUntil: MAR_1 }),
    });
  });

  it('made at the end renews for the next period', () => {
    expect(succeeded(recordPayment(subscription(), plan(), FEB_1)).paidUntil).toBe(MAR_1);
  });

  it('made late renews for the period in which it is made, and not for those that were missed', () => {
    const late = at('2025-03-20T00:00:00.000Z');
    expect(succeeded(recordPayment(subscription(), plan(), late)).paidUntil).toBe(APR_1);
    expect(succeeded(recordPayment(subscription(), plan(), MAR_1 - 1)).paidUntil).toBe(MAR_1);
  });

  it('keeps the anchor’s day of the month', () => {
    const dates: number[] = [];
    let current = start(JAN_31);
    for (let month = 0; month < 3; month += 1) {
      current = succeeded(recordPayment(current, plan(), current.paidUntil));
      dates.push(current.paidUntil);
    }
    expect(dates).toEqual([
      at('2025-03-31T09:00:00.000Z'),
      at('2025-04-30T09:00:00.000Z'),
      at('2025-05-31T09:00:00.000Z'),
    ]);
  });

  it('in a trial pays for the first period after it', () => {
    const trial = start(JAN_1, { trialDays: 14 }, true);
    const paid = succeeded(recordPayment(trial, plan(), JAN_1 + DAY_MS));
    expect(paid.paidUntil).toBe(at('2025-02-15T00:00:00.000Z'));
    expect([stateAt(paid, JAN_1 + DAY_MS), stateAt(paid, JAN_1 + 14 * DAY_MS)]).toEqual(['TRIALING', 'ACTIVE']);
  });

  it('settles a failure', () => {
    const failed = subscription({ paymentFailure: { failedAt: FEB_1, cause: 'OTHER', graceEndsAt: FEB_1 + 1 } });
    const paid = succeeded(recordPayment(failed, plan(), FEB_1 + DAY_MS));
    expect(paid).toEqual(subscription({ paidUntil: MAR_1 }));
    expect(stateAt(paid, FEB_1 + DAY_MS)).toBe('ACTIVE');
  });

  it('moves a cancellation at the period’s end, so that what is paid for is served', () => {
    const canceled = subscription({ cancelsAt: FEB_1 });
    expect(succeeded(recordPayment(canceled, plan(), NOW))).toEqual(
      subscription({ paidUntil: MAR_1, cancelsAt: MAR_1 }),
    );
  });

  it('does not undo a cancellation by a clock that is ahead', () => {
    const canceled = subscription({ cancelsAt: NOW + 5 });
    expect(succeeded(recordPayment(canceled, plan(), NOW)).cancelsAt).toBe(NOW + 5);
  });

  it('is not taken for what has ended, nor beyond the end of time', () => {
    expect(recordPayment(subscription({ cancelsAt: NOW }), plan(), NOW)).toEqual({ ok: false, fault: 'ALREADY_ENDED' });
    expect(recordPayment(subscription({ paidUntil: END_OF_TIME }), plan(), NOW)).toEqual({
      ok: false,
      fault: 'DATES_OUT_OF_ORDER',
    });
  });
});

describe('a failed payment', () => {
  it('starts the plan’s grace', () => {
    expect(recordPaymentFailure(subscription(), plan(), 'OTHER', NOW)).toEqual({
      ok: true,
      subscription: subscription({
        paymentFailure: { failedAt: NOW, cause: 'OTHER', graceEndsAt: NOW + 7 * DAY_MS },
      }),
    });
  });

  it('does not prolong a grace that runs, and tells the cause that is to be mended now', () => {
    const first = succeeded(recordPaymentFailure(subscription(), plan(), 'OTHER', NOW));
    const second = succeeded(recordPaymentFailure(first, plan({ graceDays: 90 }), 'CARD_EXPIRED', NOW + DAY_MS));
    expect(second.paymentFailure).toEqual({ failedAt: NOW, cause: 'CARD_EXPIRED', graceEndsAt: NOW + 7 * DAY_MS });
  });

  it('gives no grace beyond what was due: an attempt long after the end covers nothing', () => {
    const late = succeeded(recordPaymentFailure(subscription(), plan(), 'OTHER', FEB_1 + 30 * DAY_MS));
    expect(late.paymentFailure?.graceEndsAt).toBe(FEB_1 + 7 * DAY_MS);
    expect(stateAt(late, FEB_1 + 30 * DAY_MS)).toBe('UNPAID');
    const soon = succeeded(recordPaymentFailure(subscription(), plan(), 'OTHER', FEB_1 + DAY_MS));
    expect([stateAt(soon, FEB_1 + DAY_MS), stateAt(soon, FEB_1 + 7 * DAY_MS)]).toEqual(['PAST_DUE', 'UNPAID']);
  });

  it('is not taken before the start, nor after the end', () => {
    expect(recordPaymentFailure(subscription(), plan(), 'OTHER', JAN_1 - 1)).toEqual({
      ok: false,
      fault: 'NOT_STARTED',
    });
    expect(recordPaymentFailure(subscription(), plan(), 'OTHER', JAN_1).ok).toBe(true);
    expect(recordPaymentFailure(subscription({ cancelsAt: NOW }), plan(), 'OTHER', NOW)).toEqual({
      ok: false,
      fault: 'ALREADY_ENDED',
    });
  });
});

describe('a billing period of a subscription', () => {
  const trial = subscription({ trialEndsAt: FEB_1, paidUntil: MAR_1 });

  it('is a whole trial, and then counts from the trial’s end', () => {
    expect(billingPeriodAt(trial, 'MONTH', FEB_1 - 1)).toEqual({ index: -1, startsAt: JAN_1, endsAt: FEB_1 });
    expect(billingPeriodAt(trial, 'MONTH', FEB_1)).toEqual({ index: 0, startsAt: FEB_1, endsAt: MAR_1 });
    expect(billingPeriodAt(subscription(), 'MONTH', NOW)).toEqual({ index: 0, startsAt: JAN_1, endsAt: FEB_1 });
  });

  it('is the window of its limits per billing period, and of no other', () => {
    expect(limitWindowAt('BILLING_PERIOD', trial, 'MONTH', NOW)).toEqual({ startsAt: JAN_1, endsAt: FEB_1 });
    expect(limitWindowAt('BILLING_PERIOD', subscription(), 'YEAR', NOW)).toEqual({
      startsAt: JAN_1,
      endsAt: at('2026-01-01T00:00:00.000Z'),
    });
    expect(limitWindowAt('DAY', trial, 'MONTH', NOW)).toEqual({
      startsAt: at('2025-01-16T00:00:00.000Z'),
      endsAt: at('2025-01-17T00:00:00.000Z'),
    });
    expect(limitWindowAt('HOUR', trial, 'MONTH', NOW)).toEqual({
      startsAt: at('2025-01-16T12:00:00.000Z'),
      endsAt: at('2025-01-16T13:00:00.000Z'),
    });
  });
});

describe('the credits that a plan gives for a period', () => {
  const generous = plan({ creditsPerPeriod: 500 });

  it('have an id made of subscription and period, and expire with the period', () => {
    expect(grantDue(subscription(), generous, NOW)).toEqual({
      kind: 'grant',
      id: 'sub-1/period/0',
      credits: 500,
      expiresAt: FEB_1,
      priority: 0,
      reason: 'Credits of plan pro for its period 0',
    });
    expect(grantDue(subscription({ paidUntil: APR_1 }), generous, FEB_1)).toMatchObject({
      id: 'sub-1/period/1',
      expiresAt: MAR_1,
    });
  });

  it('are given once for a trial, wherever the ends of months lie in it', () => {
    const trial = subscription({
      startsAt: JAN_31,
      trialEndsAt: JAN_31 + 30 * DAY_MS,
      paidUntil: JAN_31 + 30 * DAY_MS,
    });
    const ids = [0, 1, 2, 15, 29].map((day) => grantDue(trial, generous, JAN_31 + day * DAY_MS)?.id);
    expect(new Set(ids)).toEqual(new Set(['sub-1/period/-1']));
  });

  it('are not due while nothing is paid for, nor from a plan that gives none', () => {
    expect(grantDue(subscription(), plan(), NOW)).toBeNull();
    expect(grantDue(subscription(), generous, JAN_1 - 1)).toBeNull();
    expect(grantDue(subscription(), generous, FEB_1)).toBeNull();
    expect(grantDue(subscription({ cancelsAt: NOW }), generous, NOW)).toBeNull();
    const failed = { failedAt: JAN_1, cause: 'OTHER', graceEndsAt: NOW } as const;
    expect(grantDue(subscription({ paymentFailure: failed }), generous, NOW - 1)).toBeNull();
    expect(grantDue(subscription({ paymentFailure: failed }), generous, NOW)).toBeNull();
  });
});
