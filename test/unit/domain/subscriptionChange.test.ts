import { describe, expect, it } from 'vitest';
import { grantId, planId, subscriptionId } from '../../../src/domain/ids.js';
import { grantsDue } from '../../../src/domain/grantsDue.js';
import type { Plan } from '../../../src/domain/plan.js';
import { effectiveAt, recordPayment, startSubscription } from '../../../src/domain/subscription.js';
import type { Subscription } from '../../../src/domain/subscription.js';
import {
  changeAtPeriodEnd,
  changeNow,
  renewSubscription,
  startAgain,
  unusedAt,
} from '../../../src/domain/subscriptionChange.js';
import type { Changed } from '../../../src/domain/subscriptionChange.js';
import { ALICE, at, DAY_MS, plan, subscription } from '../../support/domain.js';

/** Half of January 2025, of which the subscription has paid the whole. */
const MIDDLE = at('2025-01-16T12:00:00.000Z');
const START = at('2025-01-01T00:00:00.000Z');
const END = at('2025-02-01T00:00:00.000Z');
const YEAR_END = at('2026-01-01T00:00:00.000Z');
const LAST = 8_640_000_000_000_000;
const PRO = plan({ price: { amountMinor: 1001, currency: 'EUR' }, creditsPerPeriod: 100 });
const TEAM = plan({ id: planId('team'), price: { amountMinor: 5000, currency: 'EUR' }, creditsPerPeriod: 301 });
const YEARLY = plan({ id: planId('yearly'), interval: 'YEAR', price: { amountMinor: 9000, currency: 'USD' } });
const id = subscriptionId('sub-2');
const change = (from: Plan, to: Plan, waiting: Plan | null = null) => ({
  from,
  plan: to,
  waiting,
  id,
  timeZone: 'UTC',
});
const to = (next: Plan) => change(PRO, next);
const renewing = { plan: PRO, id, timeZone: 'UTC' };

/** What a change in the middle of the month to the plan `team` puts on top. */
const ADDED = {
  kind: 'grant',
  id: grantId('sub-1/period/0/team@1'),
  credits: 100,
  expiresAt: END,
  priority: 0,
  reason: 'Credits of plan team for the rest of its period 0',
} as const;
const ahead = (credits: number, since: number) => ({ credits, spanMs: END - START, endsAt: END, since });

const CANCELED: Partial<Subscription> = { cancelsAt: at('2025-01-10T00:00:00.000Z') };
const PAST_DUE: Partial<Subscription> = { paidUntil: at('2025-01-10T00:00:00.000Z') };
const UNPAID: Partial<Subscription> = { paidUntil: START, paymentFailure: { failedAt: START, cause: 'OTHER' } };
const LATER: Partial<Subscription> = { startsAt: at('2025-01-20T00:00:00.000Z') };
const TRIAL: Partial<Subscription> = { trialEndsAt: END };

const changedBy = (changed: Changed) => {
  if (!changed.ok) throw new Error(changed.fault);
  return changed;
};

describe('another plan now', () => {
  it('of the same interval keeps the period, and states what is unused, due, and added', () => {
    expect(changeNow(subscription(), to(TEAM), MIDDLE)).toEqual({
      ok: true,
      subscription: subscription({
        planId: TEAM.id,
        planVersion: 1,
        change: null,
        added: ADDED,
        creditsAhead: ahead(100, MIDDLE + 1),
      }),
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

  it('prorates all that was paid ahead', () => {
    const ten = plan({ price: { amountMinor: 1_000, currency: 'EUR' } });
    const ninety = plan({ version: 2, price: { amountMinor: 9_000, currency: 'EUR' } });
    const paid = subscription({ paidUntil: YEAR_END });
    expect(changeNow(paid, change(ten, ninety), START)).toMatchObject({
      subscription: { paidUntil: YEAR_END },
      proration: { unusedMinor: 12_000, dueMinor: 108_000 },
    });
    expect(changeNow(paid, change(ten, ninety), MIDDLE)).toMatchObject({
      proration: { unusedMinor: 11_500, dueMinor: 103_500 },
    });
    expect(changeNow(paid, change(ten, YEARLY), START)).toMatchObject({
      subscription: { id, paidUntil: YEAR_END },
      proration: { unusedMinor: 12_000, unusedCurrency: 'EUR', dueMinor: 9_000, dueCurrency: 'USD' },
    });
  });

  it('with fewer credits takes none away', () => {
    const changed = changeNow(subscription({ planId: TEAM.id }), change(TEAM, PRO), MIDDLE);
    expect(changed).toMatchObject({
      ok: true,
      subscription: { added: null, creditsAhead: ahead(301, MIDDLE + 1) },
      proration: { unusedCredits: 150, addedCredits: 0 },
    });
  });

  it('to and fro gives no more than the largest plan of all', () => {
    const [s, l, m] = [100, 2_000, 1_000].map((creditsPerPeriod, index) =>
      plan({ id: planId(`p${index}`), creditsPerPeriod }),
    ) as [Plan, Plan, Plan];
    let current = subscription();
    let credits = 100;
    let from = s;
    for (const next of [l, s, m, l]) {
      const changed = changedBy(changeNow(current, change(from, next), START));
      [current, from] = [changed.subscription, next];
      credits += changed.proration.addedCredits;
    }
    expect(credits).toBe(2_000);
  });

  it('at the very start of a month gives its credits once, however they are given', () => {
    const drip = plan({ id: planId('drip'), creditsPerPeriod: 500, creditsPer: 'MONTH' });
    const { subscription: changed, proration } = changedBy(changeNow(subscription(), change(PRO, drip), START));
    expect(proration.addedCredits).toBe(400);
    expect(grantsDue(changed, { plan: drip, timeZone: 'UTC' }, START)).toEqual([changed.added]);
  });

  it('to and fro between intervals gives no more than the largest share either', () => {
    const monthly = plan({ creditsPerPeriod: 100 });
    const yearly = plan({ id: planId('yearly'), interval: 'YEAR', creditsPerPeriod: 1_200 });
    let current = subscription();
    const added: number[] = [];
    for (const [from, next] of [
      [monthly, yearly],
      [yearly, monthly],
      [monthly, yearly],
    ] as const) {
      const changed = changedBy(changeNow(current, change(from, next), START));
      current = changed.subscription;
      added.push(changed.proration.addedCredits);
    }
    expect(added).toEqual([1_100, 0, 0]);
    // What was given ahead for a year is not given by the months of it.
    const back = changedBy(changeNow(subscription(), change(yearly, monthly), START)).subscription;
    const paid = { ...back, paidUntil: YEAR_END };
    const credits = [0, 1, 10].map((month) => {
      const terms = { plan: monthly, timeZone: 'UTC' };
      return grantsDue(paid, terms, Date.UTC(2025, month, 1)).map((grant) => grant.credits);
    });
    expect(credits).toEqual([[], [], []]);
  });

  it('costs nothing in a trial that goes on', () => {
    const longer = plan({ ...TEAM, trialDays: 31 });
    const paidUntil = { ...TRIAL, paidUntil: END };
    expect(changeNow(subscription(paidUntil), to(longer), MIDDLE)).toMatchObject({
      subscription: { trialEndsAt: END, paidUntil: END, added: { credits: 100, id: 'sub-1/period/-1/team@1' } },
      proration: { unusedMinor: 0, dueMinor: 0 },
    });
    const yearly = plan({ ...YEARLY, trialDays: 31 });
    expect(changeNow(subscription(paidUntil), to(yearly), MIDDLE)).toMatchObject({
      subscription: { trialEndsAt: END, paidUntil: END, planId: 'yearly' },
      proration: { dueMinor: 0 },
    });
  });

  it.each([
    ['has none', plan({ ...TEAM, trialDays: 0 }), END],
    ['has a shorter one', plan({ ...TEAM, trialDays: 30 }), END],
    ['is paid otherwise than what was paid ahead', plan({ ...YEARLY, trialDays: 31 }), at('2025-03-01T00:00:00.000Z')],
  ])('ends a trial and its credits where the plan %s', (_name, next, paidUntil) => {
    const changed = changedBy(changeNow(subscription({ ...TRIAL, paidUntil }), to(next), MIDDLE));
    expect(changed.subscription).toMatchObject({
      id,
      startsAt: MIDDLE,
      trialEndsAt: null,
      hadTrial: true,
      ended: 'sub-1/period/-1',
      creditsAhead: null,
    });
    const unusedMinor = paidUntil === END ? 0 : 1_001;
    const { amountMinor: dueMinor } = next.price;
    const addedCredits = next.creditsPerPeriod;
    expect(changed.proration).toMatchObject({ unusedMinor, dueMinor, unusedCredits: 0, addedCredits });
  });

  it('of what was paid ahead in a trial prorates the whole', () => {
    const paid = subscription({ ...TRIAL, paidUntil: at('2025-03-01T00:00:00.000Z') });
    expect(changeNow(paid, to(plan({ ...TEAM, trialDays: 31 })), MIDDLE)).toMatchObject({
      subscription: { trialEndsAt: END },
      proration: { unusedMinor: 1_001, dueMinor: 5_000 },
    });
  });

  it('in a trial keeps what plans before it gave ahead', () => {
    const creditsAhead = ahead(600, START);
    const changed = changedBy(changeNow(subscription({ ...TRIAL, paidUntil: END, creditsAhead }), to(TEAM), MIDDLE));
    expect([changed.subscription.creditsAhead, changed.proration.addedCredits]).toEqual([creditsAhead, 1]);
  });

  it('costs from the instant on at which the trial ends', () => {
    const onTrial = changeNow(
      subscription({ trialEndsAt: MIDDLE, paidUntil: at('2025-02-16T12:00:00.000Z') }),
      to(TEAM),
      MIDDLE,
    );
    expect(onTrial).toMatchObject({ ok: true, proration: { unusedMinor: 1001, dueMinor: 5000 } });
  });

  it('of another interval ends a paid period and begins one of its own', () => {
    expect(changeNow(subscription({ cancelsAt: END }), to(YEARLY), MIDDLE)).toEqual({
      ok: true,
      subscription: subscription({
        id,
        planId: YEARLY.id,
        startsAt: MIDDLE,
        paidUntil: at('2026-01-16T12:00:00.000Z'),
        change: null,
        added: null,
        creditsAhead: ahead(100, MIDDLE),
        ended: null,
        hadTrial: false,
      }),
      proration: {
        unusedMinor: 500,
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
    const endless = subscription({ paidUntil: LAST, trialEndsAt: LAST });
    expect(changeNow(endless, to(YEARLY), LAST - 1)).toEqual({ ok: false, fault: 'DATES_OUT_OF_ORDER' });
    expect(renewSubscription(subscription(), renewing, LAST)).toEqual({ ok: false, fault: 'DATES_OUT_OF_ORDER' });
  });
});

describe('another plan now, while a period is not paid', () => {
  const cheap = plan({ id: planId('cheap'), price: { amountMinor: 500, currency: 'EUR' }, creditsPerPeriod: 100 });
  const due = subscription({ ...PAST_DUE, startsAt: at('2024-12-10T00:00:00.000Z') });

  it('is to be had where it is no more, and what was served of the dearer one is due', () => {
    const proration = {
      unusedMinor: 0,
      unusedCurrency: 'EUR',
      // Of 31 days 6½ at 10.01 and at 5.00.
      dueMinor: 209 - 104,
      dueCurrency: 'EUR',
      unusedCredits: 0,
      addedCredits: 0,
    };
    expect(changeNow({ ...due, added: ADDED }, to(cheap), MIDDLE)).toEqual({
      ok: true,
      subscription: { ...due, planId: 'cheap', change: null, added: null },
      proration,
    });
  });

  it.each([
    ['costs more', plan({ ...PRO, id: planId('p'), price: { amountMinor: 1_002, currency: 'EUR' } })],
    ['gives more credits', plan({ ...PRO, id: planId('p'), creditsPerPeriod: 101 })],
    ['gives them otherwise', plan({ ...PRO, id: planId('p'), creditsPer: 'MONTH' })],
    ['is paid in another currency', plan({ ...PRO, id: planId('p'), price: { amountMinor: 1, currency: 'JPY' } })],
    ['is paid otherwise', plan({ ...PRO, id: planId('p'), interval: 'YEAR' })],
  ])('is none that %s', (_name, next) => {
    expect(changeNow(due, to(next), MIDDLE)).toEqual({ ok: false, fault: 'PAYMENT_DUE' });
  });
});

describe('another plan at the period’s end', () => {
  const agreed = changeAtPeriodEnd(subscription(), to(YEARLY), MIDDLE);
  const changing = agreed.ok ? agreed.subscription : subscription();
  const paid = { ...changing, paidUntil: at('2026-02-01T00:00:00.000Z') };

  it('takes over at that instant, with periods of its own', () => {
    expect(effectiveAt(changing, END - 1)).toBe(changing);
    expect(effectiveAt(changing, END)).toEqual(
      subscription({
        id,
        planId: YEARLY.id,
        startsAt: END,
        change: null,
        added: null,
        paidUntil: END,
        hadTrial: false,
      }),
    );
    expect(effectiveAt(subscription(), END)).toEqual(subscription());
  });

  it('is what the next payment pays for, early or late', () => {
    const terms = { plan: YEARLY, id: subscriptionId('sub-3') };
    expect(recordPayment(changing, terms, MIDDLE)).toEqual({ ok: true, subscription: paid });
    const late = recordPayment(effectiveAt(changing, END + 5), terms, END + 5);
    expect(late).toMatchObject({ ok: true, subscription: { id, paidUntil: paid.paidUntil } });
  });

  it('is replaced by another one until it is paid for, and taken back by the plan that it is to', () => {
    const other = changeAtPeriodEnd(changing, to(TEAM), MIDDLE);
    expect(other).toMatchObject({ ok: true, subscription: { change: { planId: 'team' } } });
    const back = changeAtPeriodEnd(changing, to(PRO), MIDDLE);
    expect(back).toEqual({ ok: true, subscription: subscription({ change: null }) });
  });

  it('is refused while one that was paid for waits', () => {
    for (const next of [TEAM, PRO]) {
      expect(changeAtPeriodEnd(paid, to(next), MIDDLE)).toEqual({ ok: false, fault: 'CHANGE_PAID' });
    }
  });

  it('that was paid for is prorated by a change now, in one currency', () => {
    const inEuros = plan({ ...YEARLY, price: { amountMinor: 9_000, currency: 'EUR' } });
    const changed = changedBy(changeNow(paid, change(PRO, TEAM, inEuros), MIDDLE));
    expect(changed).toMatchObject({
      subscription: { id, planId: 'team', startsAt: MIDDLE, change: null },
      proration: { unusedMinor: 9_500, dueMinor: 5_000 },
    });
    expect(changeNow(paid, change(PRO, TEAM, YEARLY), MIDDLE)).toEqual({ ok: false, fault: 'CHANGE_PAID' });
    expect(changeNow(paid, change(PRO, TEAM), MIDDLE)).toEqual({ ok: false, fault: 'CHANGE_PAID' });
  });

  it('that was not paid for gives way to a change now', () => {
    expect(changeNow(changing, change(PRO, TEAM, YEARLY), MIDDLE)).toMatchObject({
      subscription: { id: 'sub-1', planId: 'team', change: null },
      proration: { unusedMinor: 500, dueMinor: 2_500 },
    });
  });

  it.each([
    ['past due', PAST_DUE, 'PAYMENT_DUE'],
    ['to end then', { cancelsAt: END }, 'CANCELLATION_PENDING'],
  ])('is none for a subscription that is %s', (_name, changes, why) => {
    expect(changeAtPeriodEnd(subscription(changes), to(TEAM), MIDDLE)).toEqual({ ok: false, fault: why });
  });
});

describe('what is not used', () => {
  const waiting = { at: END, id, planId: YEARLY.id, planVersion: 1 };

  it('is what was paid ahead, in each currency', () => {
    const paidUntil = at('2026-02-01T00:00:00.000Z');
    expect(unusedAt(subscription({ change: waiting, paidUntil }), { from: PRO, waiting: YEARLY }, MIDDLE)).toEqual([
      { amountMinor: 500, currency: 'EUR' },
      { amountMinor: 9_000, currency: 'USD' },
    ]);
    expect(unusedAt(subscription({ change: waiting }), { from: PRO, waiting: YEARLY }, MIDDLE)).toEqual([
      { amountMinor: 500, currency: 'EUR' },
    ]);
  });

  it('is nothing in a trial, and when it is over', () => {
    expect(unusedAt(subscription(TRIAL), { from: PRO, waiting: null }, MIDDLE)).toEqual([]);
    expect(unusedAt(subscription(), { from: PRO, waiting: null }, END)).toEqual([]);
    expect(unusedAt(subscription(LATER), { from: PRO, waiting: null }, MIDDLE)).toEqual([
      { amountMinor: 387, currency: 'EUR' },
    ]);
  });
});

describe('a renewal', () => {
  const begun = { id, change: null, added: null, hadTrial: false };

  it('begins a subscription that has ended anew, with a paid period and no credits twice', () => {
    expect(renewSubscription(subscription(CANCELED), renewing, MIDDLE)).toEqual({
      ok: true,
      subscription: subscription({
        ...begun,
        startsAt: MIDDLE,
        paidUntil: at('2025-02-16T12:00:00.000Z'),
        creditsAhead: ahead(100, MIDDLE),
      }),
    });
  });

  it('of one that has expired begins with the grace that was served', () => {
    expect(renewSubscription(subscription(), renewing, at('2025-03-08T00:00:00.000Z'))).toEqual({
      ok: true,
      subscription: subscription({
        ...begun,
        startsAt: at('2025-03-01T00:00:00.000Z'),
        paidUntil: at('2025-04-01T00:00:00.000Z'),
        creditsAhead: null,
      }),
    });
    const inGrace = subscription({ cancelsAt: END + DAY_MS });
    expect(renewSubscription(inGrace, renewing, at('2025-03-08T00:00:00.000Z'))).toMatchObject({
      subscription: { startsAt: at('2025-03-07T00:00:00.000Z') },
    });
  });

  it('takes a cancellation back that has not happened yet', () => {
    expect(renewSubscription(subscription({ cancelsAt: END }), renewing, MIDDLE)).toEqual({
      ok: true,
      subscription: subscription(),
    });
  });

  it.each([
    ['runs', {}, 'STILL_RUNNING'],
    ['has not begun', LATER, 'STILL_RUNNING'],
    ['is past due', PAST_DUE, 'STILL_RUNNING'],
    ['is in its trial', TRIAL, 'STILL_RUNNING'],
    ['is unpaid', UNPAID, 'PAYMENT_OWED'],
  ])('is none for a subscription that %s', (_name, changes, why) => {
    expect(renewSubscription(subscription(changes), renewing, MIDDLE)).toEqual({ ok: false, fault: why });
  });
});

describe('a subscription after another one', () => {
  const terms = { id, accountId: ALICE, plan: plan({ ...TEAM, trialDays: 14 }), startsAt: MIDDLE, timeZone: 'UTC' };
  const canceled = { subscription: subscription({ ...CANCELED, version: 4, acts: ['act-1'] }), plan: PRO };
  const afterTrial = { ...canceled, subscription: { ...canceled.subscription, trialEndsAt: END } };

  it('is written over it, and knows of its trial and credits', () => {
    const first = startSubscription({ ...terms, withTrial: true });
    expect(startAgain(canceled, { ...terms, withTrial: true }, MIDDLE)).toEqual({
      ok: true,
      subscription: {
        ...(first.ok ? first.subscription : {}),
        version: 4,
        acts: ['act-1'],
        hadTrial: false,
        creditsAhead: ahead(100, MIDDLE),
        ended: null,
      },
    });
    const ended = { ...afterTrial.subscription, ended: 'sub-1/period/-1' };
    expect(startAgain({ subscription: ended, plan: null }, { ...terms, withTrial: false }, MIDDLE)).toMatchObject({
      ok: true,
      subscription: { hadTrial: true, creditsAhead: null, ended: 'sub-1/period/-1', trialEndsAt: null },
    });
  });

  it('has no trial where the account had one, whatever the plan', () => {
    expect(startAgain(afterTrial, { ...terms, withTrial: true }, MIDDLE)).toEqual({ ok: false, fault: 'TRIAL_USED' });
  });

  it('can’t start at no instant', () => {
    const never = { ...terms, startsAt: Number.NaN, withTrial: false };
    expect(startAgain(canceled, never, MIDDLE)).toEqual({ ok: false, fault: 'DATES_OUT_OF_ORDER' });
  });
});
