import { describe, expect, it } from 'vitest';
import { grantId, planId, subscriptionId } from '../../../src/domain/ids.js';
import { effectiveAt, grantDue, grantsDue, payingFrom, recordPayment } from '../../../src/domain/subscription.js';
import type { Subscription } from '../../../src/domain/subscription.js';
import { changeAtPeriodEnd, changeNow, renewSubscription } from '../../../src/domain/subscriptionChange.js';
import { at, plan, subscription } from '../../support/domain.js';

/** Half of January 2025, of which the subscription has paid the whole. */
const MIDDLE = at('2025-01-16T12:00:00.000Z');
const END = at('2025-02-01T00:00:00.000Z');
const PRO = plan({ price: { amountMinor: 1001, currency: 'EUR' }, creditsPerPeriod: 100 });
const TEAM = plan({ id: planId('team'), price: { amountMinor: 5000, currency: 'EUR' }, creditsPerPeriod: 301 });
const YEARLY = plan({ id: planId('yearly'), interval: 'YEAR', price: { amountMinor: 9000, currency: 'USD' } });
const id = subscriptionId('sub-2');
const to = (next: typeof TEAM) => ({ from: PRO, to: next, id });

/** What a change in the middle of the month to the plan `team` puts on top. */
const ADDED = {
  kind: 'grant',
  id: grantId('sub-1/period/0/team@1'),
  credits: 100,
  expiresAt: END,
  priority: 0,
  reason: 'Credits of plan team for the rest of period 0',
} as const;

const CANCELED: Partial<Subscription> = { cancelsAt: at('2025-01-10T00:00:00.000Z') };
const UNPAID: Partial<Subscription> = { paymentFailure: { failedAt: 1, cause: 'OTHER', graceEndsAt: 2 } };
const LATER: Partial<Subscription> = { startsAt: at('2025-01-20T00:00:00.000Z') };
const PAST_DUE: Partial<Subscription> = {
  paidUntil: at('2025-01-10T00:00:00.000Z'),
  paymentFailure: { failedAt: at('2025-01-10T00:00:00.000Z'), cause: 'OTHER', graceEndsAt: END },
};

describe('another plan now', () => {
  it('of the same interval keeps the period, and states what is unused, due, and added', () => {
    expect(changeNow(subscription(), to(TEAM), MIDDLE)).toEqual({
      ok: true,
      subscription: subscription({ planId: TEAM.id, planVersion: 1, change: null, added: ADDED }),
      proration: {
        unusedMinor: 500,
        unusedCurrency: 'EUR',
        dueMinor: 2500,
        dueCurrency: 'EUR',
        unusedCredits: 50,
        addedCredits: 100,
      },
    });
  });

  it('with fewer credits takes none away', () => {
    const changed = changeNow(subscription({ planId: TEAM.id }), { from: TEAM, to: PRO, id }, MIDDLE);
    expect(changed).toMatchObject({
      ok: true,
      subscription: { added: null },
      proration: { unusedCredits: 150, addedCredits: 0 },
    });
  });

  it.each([
    ['in a trial', { trialEndsAt: END }],
    ['while past due', PAST_DUE],
  ])('costs nothing %s: nothing of the period was paid', (_name, changes) => {
    const changed = changeNow(subscription(changes), to(TEAM), MIDDLE);
    expect(changed).toMatchObject({ ok: true, proration: { unusedMinor: 0, dueMinor: 0 } });
  });

  it('costs from the instant on at which the trial ends, and nothing more at that at which what was paid is over', () => {
    const onTrial = changeNow(subscription({ trialEndsAt: MIDDLE }), to(TEAM), MIDDLE);
    expect(onTrial).toMatchObject({ ok: true, proration: { unusedMinor: 1001, dueMinor: 5000 } });
    const due = { ...PAST_DUE, paidUntil: MIDDLE };
    const pastDue = changeNow(subscription(due), to(YEARLY), MIDDLE);
    expect(pastDue).toMatchObject({ ok: true, proration: { unusedMinor: 0 } });
    expect(changeAtPeriodEnd(subscription(due), to(TEAM), MIDDLE)).toEqual({ ok: false, fault: 'PAYMENT_DUE' });
  });

  it.each([
    ['a paid period', {}, 500],
    ['a trial', { trialEndsAt: END }, 0],
  ])('of another interval ends %s and begins one of its own', (_name, changes, unusedMinor) => {
    const before = subscription({ ...changes, cancelsAt: END });
    expect(changeNow(before, to(YEARLY), MIDDLE)).toEqual({
      ok: true,
      subscription: subscription({
        id,
        planId: YEARLY.id,
        startsAt: MIDDLE,
        paidUntil: at('2026-01-16T12:00:00.000Z'),
        change: null,
        added: null,
      }),
      proration: {
        unusedMinor,
        unusedCurrency: 'EUR',
        dueMinor: 9000,
        dueCurrency: 'USD',
        unusedCredits: 50,
        addedCredits: 0,
      },
    });
  });

  it('is exact for the largest price', () => {
    const dear = plan({ version: 2, price: { amountMinor: Number.MAX_SAFE_INTEGER, currency: 'EUR' } });
    const changed = changeNow(subscription(), to(dear), MIDDLE);
    expect(changed).toMatchObject({ proration: { dueMinor: (Number.MAX_SAFE_INTEGER - 1) / 2 } });
  });

  it.each([
    ['ended', CANCELED, TEAM, 'NOT_RUNNING'],
    ['unpaid', UNPAID, TEAM, 'NOT_RUNNING'],
    ['not begun', LATER, TEAM, 'NOT_RUNNING'],
    ['on it already', {}, PRO, 'SAME_PLAN'],
  ])('is none for a subscription that is %s', (_name, changes, next, why) => {
    expect(changeNow(subscription(changes), to(next), MIDDLE)).toEqual({ ok: false, fault: why });
    expect(changeAtPeriodEnd(subscription(changes), to(next), MIDDLE)).toEqual({ ok: false, fault: why });
  });

  it('is none at the end of time', () => {
    const last = 8_640_000_000_000_000;
    const endless = subscription({ paidUntil: last, trialEndsAt: last });
    expect(changeNow(endless, to(YEARLY), last - 1)).toEqual({ ok: false, fault: 'DATES_OUT_OF_ORDER' });
    expect(renewSubscription(subscription(), PRO, id, last)).toEqual({ ok: false, fault: 'DATES_OUT_OF_ORDER' });
  });
});

describe('the grants that are due', () => {
  const changed = subscription({ planId: TEAM.id, added: ADDED });

  it('are those of the period and what a change put on top, while it runs', () => {
    const ofPeriod = grantDue(changed, TEAM, MIDDLE);
    expect(ofPeriod).toMatchObject({ id: 'sub-1/period/0', credits: 301 });
    expect(grantsDue(changed, TEAM, MIDDLE)).toEqual([ofPeriod, ADDED]);
    expect(grantsDue(subscription(), PRO, MIDDLE)).toEqual([grantDue(subscription(), PRO, MIDDLE)]);
    expect(grantsDue({ ...changed, ...PAST_DUE }, TEAM, MIDDLE)).toEqual([ADDED]);
    expect(grantsDue({ ...changed, ...CANCELED }, TEAM, MIDDLE)).toEqual([]);
  });
});

describe('another plan at the period’s end', () => {
  const agreed = changeAtPeriodEnd(subscription(), to(YEARLY), MIDDLE);
  const changing = agreed.ok ? agreed.subscription : subscription();

  it('takes over at that instant, with periods of its own', () => {
    expect(effectiveAt(changing, END - 1)).toBe(changing);
    expect(effectiveAt(changing, END)).toEqual(
      subscription({ id, planId: YEARLY.id, startsAt: END, change: null, added: null, paidUntil: END }),
    );
    expect(effectiveAt(subscription(), END)).toEqual(subscription());
  });

  it('is what the next payment pays for, early or late', () => {
    expect(payingFrom(changing, MIDDLE)).toBe(END);
    const paidUntil = at('2026-02-01T00:00:00.000Z');
    expect(recordPayment(changing, YEARLY, MIDDLE)).toEqual({ ok: true, subscription: { ...changing, paidUntil } });
    const late = recordPayment(effectiveAt(changing, END + 5), YEARLY, END + 5);
    expect(late).toMatchObject({ ok: true, subscription: { id, paidUntil } });
  });

  it.each([
    ['past due', PAST_DUE, 'PAYMENT_DUE'],
    ['to end then', { cancelsAt: END }, 'CANCELLATION_PENDING'],
  ])('is none for a subscription that is %s', (_name, changes, why) => {
    expect(changeAtPeriodEnd(subscription(changes), to(TEAM), MIDDLE)).toEqual({ ok: false, fault: why });
  });
});

describe('a renewal', () => {
  it.each([
    ['has ended', CANCELED, MIDDLE],
    ['has expired', {}, END + 5],
  ])('begins a subscription that %s anew, with a paid period', (_name, changes, now) => {
    const paidUntil = now === MIDDLE ? at('2025-02-16T12:00:00.000Z') : at('2025-03-01T00:00:00.005Z');
    expect(renewSubscription(subscription(changes), PRO, id, now)).toEqual({
      ok: true,
      subscription: subscription({ id, startsAt: now, paidUntil, change: null, added: null }),
    });
  });

  it('takes a cancellation back that has not happened yet', () => {
    expect(renewSubscription(subscription({ cancelsAt: END }), PRO, id, MIDDLE)).toEqual({
      ok: true,
      subscription: subscription(),
    });
  });

  it.each([
    ['runs', {}, 'STILL_RUNNING'],
    ['has not begun', LATER, 'STILL_RUNNING'],
    ['is past due', PAST_DUE, 'STILL_RUNNING'],
    ['is in its trial', { trialEndsAt: END }, 'STILL_RUNNING'],
    ['is unpaid', UNPAID, 'PAYMENT_OWED'],
  ])('is none for a subscription that %s', (_name, changes, why) => {
    expect(renewSubscription(subscription(changes), PRO, id, MIDDLE)).toEqual({ ok: false, fault: why });
  });
});
