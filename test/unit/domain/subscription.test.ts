import { describe, expect, it } from 'vitest';
import { planId, subscriptionId } from '../../../src/domain/ids.js';
import {
  anchorOf,
  billingPeriodAt,
  cancelAtPeriodEnd,
  cancelNow,
  effectiveAt,
  hasBegun,
  hasHadTrial,
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
  const paymentFailure = { failedAt: NOW, cause: 'OTHER' } as const;
  const trial = { trialEndsAt: JAN_1 + 14 * DAY_MS };
  const [GRACE, GRACE_END] = [FEB_1 + 7 * DAY_MS - 1, FEB_1 + 7 * DAY_MS];

  it.each<[string, Partial<Subscription>, number, SubscriptionState]>([
    ['is scheduled until its start', {}, JAN_1 - 1, 'SCHEDULED'],
    ['begins at its start', {}, JAN_1, 'ACTIVE'],
    ['is active to the last millisecond paid for', {}, FEB_1 - 1, 'ACTIVE'],
    ['is active for as long, whatever failed meanwhile', { paymentFailure }, FEB_1 - 1, 'ACTIVE'],
    ['is active for as long as was paid ahead', { paymentFailure, paidUntil: MAR_1 }, GRACE_END + 1, 'ACTIVE'],
    ['is past due where its renewal has not come yet', {}, FEB_1, 'PAST_DUE'],
    ['is past due to the last millisecond of grace', {}, GRACE, 'PAST_DUE'],
    ['expires when grace is over', {}, GRACE_END, 'EXPIRED'],
    ['is past due where a payment failed', { paymentFailure }, FEB_1, 'PAST_DUE'],
    ['is past due as long, whenever it failed', { paymentFailure }, GRACE, 'PAST_DUE'],
    ['is unpaid when grace is over after a failure', { paymentFailure }, GRACE_END, 'UNPAID'],
    ['is a trial from its start', trial, JAN_1, 'TRIALING'],
    ['is a trial to its last millisecond', trial, JAN_1 + 14 * DAY_MS - 1, 'TRIALING'],
    ['is a trial though its first payment failed', { ...trial, paymentFailure }, JAN_1 + 1, 'TRIALING'],
    ['is active after a trial that was paid for', trial, JAN_1 + 14 * DAY_MS, 'ACTIVE'],
    ['is past due after one that was not', { ...trial, paidUntil: trial.trialEndsAt }, trial.trialEndsAt, 'PAST_DUE'],
    ['runs until it is canceled', { cancelsAt: NOW }, NOW - 1, 'ACTIVE'],
    ['is canceled from that instant', { cancelsAt: NOW }, NOW, 'CANCELED'],
    ['is canceled even before its start', { cancelsAt: JAN_1 - 5 }, JAN_1 - 5, 'CANCELED'],
    ['has no grace where it ends by choice', { cancelsAt: FEB_1 }, FEB_1, 'CANCELED'],
    ['is canceled rather than unpaid', { cancelsAt: FEB_1, paymentFailure }, GRACE_END, 'CANCELED'],
  ])('%s', (_name, changes, now, state) => {
    expect(stateAt(subscription(changes), plan(), now)).toBe(state);
  });

  it('has no grace under a plan that gives none, or that can’t be found', () => {
    expect(stateAt(subscription(), plan({ graceDays: 0 }), FEB_1)).toBe('EXPIRED');
    expect(stateAt(subscription({ paymentFailure }), null, FEB_1)).toBe('UNPAID');
    expect(stateAt(subscription({ paymentFailure }), null, FEB_1 - 1)).toBe('ACTIVE');
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

describe('a trial of an account', () => {
  const trial = subscription({ trialEndsAt: FEB_1, paidUntil: FEB_1 });

  it('has been had from the instant at which it begins, and stays so', () => {
    expect(hasHadTrial(trial, JAN_1 - 1)).toBe(false);
    expect(hasHadTrial(trial, JAN_1)).toBe(true);
    expect(hasHadTrial(subscription({ hadTrial: true }), JAN_1 - 1)).toBe(true);
    expect(hasHadTrial(subscription(), NOW)).toBe(false);
  });

  it('has not been had where it was canceled before it began', () => {
    expect(hasHadTrial({ ...trial, cancelsAt: JAN_1 - 1 }, NOW)).toBe(false);
    expect(hasHadTrial({ ...trial, cancelsAt: JAN_1 }, NOW)).toBe(true);
  });

  it('is remembered when another plan takes over', () => {
    const change = { at: FEB_1, id: subscriptionId('sub-2'), planId: planId('team'), planVersion: 2 };
    expect(effectiveAt({ ...trial, change }, FEB_1)).toMatchObject({ trialEndsAt: null, hadTrial: true });
  });
});

describe('a cancellation', () => {
  const terms = { plan: plan(), endCredits: false };

  it('now ends it at this instant', () => {
    expect(cancelNow(subscription(), terms, NOW)).toEqual({ ok: true, subscription: subscription({ cancelsAt: NOW }) });
  });

  it('now can end the credits of the period, and always ends those of a trial', () => {
    const withCredits = succeeded(cancelNow(subscription({ paidUntil: APR_1 }), { ...terms, endCredits: true }, MAR_1));
    expect(withCredits).toMatchObject({ cancelsAt: MAR_1, ended: 'sub-1/period/2' });
    const trial = subscription({ trialEndsAt: FEB_1, paidUntil: FEB_1 });
    expect(succeeded(cancelNow(trial, terms, NOW))).toMatchObject({ cancelsAt: NOW, ended: 'sub-1/period/-1' });
  });

  it('at the period’s end lets it run for as long as it is paid for', () => {
    const canceled = succeeded(cancelAtPeriodEnd(subscription(), plan(), NOW));
    expect(canceled).toEqual(subscription({ cancelsAt: FEB_1 }));
    expect([stateAt(canceled, plan(), FEB_1 - 1), stateAt(canceled, plan(), FEB_1)]).toEqual(['ACTIVE', 'CANCELED']);
  });

  it('now comes before one at the period’s end', () => {
    const canceled = succeeded(cancelAtPeriodEnd(subscription(), plan(), NOW));
    expect(succeeded(cancelNow(canceled, terms, NOW + 1)).cancelsAt).toBe(NOW + 1);
  });

  it('of a subscription that is scheduled ends it before it begins', () => {
    expect(stateAt(succeeded(cancelNow(subscription(), terms, JAN_1 - 1)), plan(), JAN_1)).toBe('CANCELED');
  });

  it('comes too late for what has ended', () => {
    const ended = { ok: false, fault: 'ALREADY_ENDED' };
    const canceled = subscription({ cancelsAt: NOW });
    expect(cancelNow(canceled, terms, NOW)).toEqual(ended);
    expect(cancelAtPeriodEnd(canceled, plan(), NOW)).toEqual(ended);
    expect(cancelAtPeriodEnd(subscription(), plan(), FEB_1 + 7 * DAY_MS)).toEqual(ended);
    expect(cancelAtPeriodEnd(subscription(), plan(), FEB_1 - 1).ok).toBe(true);
  });

  it('at the period’s end has no end to wait for while past due', () => {
    expect(cancelAtPeriodEnd(subscription(), plan(), FEB_1)).toEqual({ ok: false, fault: 'PAYMENT_DUE' });
  });
});

describe('a payment', () => {
  const terms = { plan: plan(), id: subscriptionId('sub-2') };

  it('made early renews for the period after the one that is paid for', () => {
    expect(recordPayment(subscription(), terms, NOW)).toEqual({
      ok: true,
      subscription: subscription({ paidUntil: MAR_1 }),
    });
  });

  it('made at the end or in grace renews for the period that has begun', () => {
    for (const now of [FEB_1, FEB_1 + DAY_MS, FEB_1 + 7 * DAY_MS]) {
      expect(succeeded(recordPayment(subscription(), terms, now)).paidUntil).toBe(MAR_1);
    }
    // However long grace is: what was served longest ago is paid first.
    const patient = { ...terms, plan: plan({ graceDays: 90 }) };
    expect(succeeded(recordPayment(subscription(), patient, MAR_1 + DAY_MS)).paidUntil).toBe(MAR_1);
  });

  it('made later begins a period of its own, which grace counts into, and not the time that was not served', () => {
    const late = at('2025-03-20T00:00:00.000Z');
    const failed = { paymentFailure: { failedAt: FEB_1, cause: 'OTHER' } } as const;
    for (const changes of [{}, failed]) {
      expect(recordPayment(subscription(changes), terms, late)).toEqual({
        ok: true,
        subscription: subscription({
          id: terms.id,
          startsAt: at('2025-03-13T00:00:00.000Z'),
          paidUntil: at('2025-04-13T00:00:00.000Z'),
          change: null,
          added: null,
          hadTrial: false,
        }),
      });
    }
    const justLate = succeeded(recordPayment(subscription(), terms, FEB_1 + 7 * DAY_MS + 1));
    expect([justLate.startsAt, justLate.paidUntil]).toEqual([FEB_1 + 1, MAR_1 + 1]);
  });

  it('keeps the anchor’s day of the month', () => {
    const dates: number[] = [];
    let current = start(JAN_31);
    for (let month = 0; month < 3; month += 1) {
      current = succeeded(recordPayment(current, terms, current.paidUntil));
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
    const paid = succeeded(recordPayment(trial, terms, JAN_1 + DAY_MS));
    expect(paid.paidUntil).toBe(at('2025-02-15T00:00:00.000Z'));
    const states = [JAN_1 + DAY_MS, JAN_1 + 14 * DAY_MS].map((now) => stateAt(paid, plan(), now));
    expect(states).toEqual(['TRIALING', 'ACTIVE']);
  });

  it('settles a failure', () => {
    const failed = subscription({ paymentFailure: { failedAt: FEB_1, cause: 'OTHER' } });
    const paid = succeeded(recordPayment(failed, terms, FEB_1 + DAY_MS));
    expect(paid).toEqual(subscription({ paidUntil: MAR_1 }));
    expect(stateAt(paid, plan(), FEB_1 + DAY_MS)).toBe('ACTIVE');
  });

  it('moves a cancellation at the period’s end, so that what is paid for is served', () => {
    const canceled = subscription({ cancelsAt: FEB_1 });
    expect(succeeded(recordPayment(canceled, terms, NOW))).toEqual(
      subscription({ paidUntil: MAR_1, cancelsAt: MAR_1 }),
    );
  });

  it('does not undo a cancellation by a clock that is ahead', () => {
    const canceled = subscription({ cancelsAt: NOW + 5 });
    expect(succeeded(recordPayment(canceled, terms, NOW)).cancelsAt).toBe(NOW + 5);
  });

  it('is not taken for what has ended, nor beyond the end of time', () => {
    expect(recordPayment(subscription({ cancelsAt: NOW }), terms, NOW)).toEqual({ ok: false, fault: 'ALREADY_ENDED' });
    const beyond = { ok: false, fault: 'DATES_OUT_OF_ORDER' };
    expect(recordPayment(subscription({ paidUntil: END_OF_TIME }), terms, NOW)).toEqual(beyond);
    expect(recordPayment(subscription(), terms, END_OF_TIME)).toEqual(beyond);
  });
});

describe('a failed payment', () => {
  it('is noted, and changes nothing of what is paid for', () => {
    const failed = succeeded(recordPaymentFailure(subscription(), 'OTHER', NOW));
    expect(failed).toEqual(subscription({ paymentFailure: { failedAt: NOW, cause: 'OTHER' } }));
    const graceEnd = FEB_1 + 7 * DAY_MS;
    const states = [NOW, NOW + 10 * DAY_MS, FEB_1, graceEnd].map((now) => stateAt(failed, plan(), now));
    expect(states).toEqual(['ACTIVE', 'ACTIVE', 'PAST_DUE', 'UNPAID']);
  });

  it('once more tells the cause that is to be mended now, and prolongs nothing', () => {
    const first = succeeded(recordPaymentFailure(subscription(), 'OTHER', NOW));
    const second = succeeded(recordPaymentFailure(first, 'CARD_EXPIRED', FEB_1 + 6 * DAY_MS));
    expect(second.paymentFailure).toEqual({ failedAt: NOW, cause: 'CARD_EXPIRED' });
    expect(stateAt(second, plan(), FEB_1 + 7 * DAY_MS)).toBe('UNPAID');
  });

  it('long after the end covers nothing', () => {
    const late = succeeded(recordPaymentFailure(subscription(), 'OTHER', FEB_1 + 30 * DAY_MS));
    expect(stateAt(late, plan(), FEB_1 + 30 * DAY_MS)).toBe('UNPAID');
  });

  it('is not taken before the start, nor after the end', () => {
    expect(recordPaymentFailure(subscription(), 'OTHER', JAN_1 - 1)).toEqual({ ok: false, fault: 'NOT_STARTED' });
    expect(recordPaymentFailure(subscription(), 'OTHER', JAN_1).ok).toBe(true);
    expect(recordPaymentFailure(subscription({ cancelsAt: NOW }), 'OTHER', NOW)).toEqual({
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
    expect(limitWindowAt('BILLING_PERIOD', trial, 'MONTH', 'UTC', NOW)).toEqual({ startsAt: JAN_1, endsAt: FEB_1 });
    expect(limitWindowAt('BILLING_PERIOD', subscription(), 'YEAR', 'Asia/Tokyo', NOW)).toEqual({
      startsAt: JAN_1,
      endsAt: at('2026-01-01T00:00:00.000Z'),
    });
    expect(limitWindowAt('DAY', trial, 'MONTH', 'Asia/Tokyo', NOW)).toEqual({
      startsAt: at('2025-01-15T15:00:00.000Z'),
      endsAt: at('2025-01-16T15:00:00.000Z'),
    });
    expect(limitWindowAt('MONTH', trial, 'YEAR', 'UTC', NOW)).toEqual({ startsAt: JAN_1, endsAt: FEB_1 });
    expect(limitWindowAt('HOUR', trial, 'MONTH', 'Asia/Tokyo', NOW)).toEqual({
      startsAt: at('2025-01-16T12:00:00.000Z'),
      endsAt: at('2025-01-16T13:00:00.000Z'),
    });
  });
});
