/** What a provider's subscription makes of an account's: dates as the provider has them, credits right and never twice. */
import { describe, expect, it } from 'vitest';
import { grantsDue } from '../../../src/domain/grantsDue.js';
import { planId } from '../../../src/domain/ids.js';
import { HOUR_MS } from '../../../src/domain/period.js';
import type { Plan } from '../../../src/domain/plan.js';
import { projectSubscription } from '../../../src/domain/projectSubscription.js';
import type { ProvidedSubscription } from '../../../src/domain/provided.js';
import { stateAt } from '../../../src/domain/subscription.js';
import type { Subscription } from '../../../src/domain/subscription.js';
import { ALICE, at, DAY_MS, NOW, plan, subscription } from '../../support/domain.js';
import { providedSubscription } from '../../support/payments.js';

const JANUARY = at('2025-01-01T00:00:00.000Z');
const FEBRUARY = at('2025-02-01T00:00:00.000Z');
const MARCH = at('2025-03-01T00:00:00.000Z');

const PRO_PLAN = plan({ creditsPerPeriod: 310, graceDays: 0 });
const LARGE = plan({ id: planId('large'), creditsPerPeriod: 3_100, price: { amountMinor: 9_900, currency: 'EUR' } });
const SMALL = plan({ id: planId('small'), creditsPerPeriod: 31, price: { amountMinor: 900, currency: 'EUR' } });
const YEARLY = plan({ id: planId('yearly'), interval: 'YEAR', creditsPerPeriod: 3_720 });
const PLANS = [PRO_PLAN, LARGE, SMALL, YEARLY];
const planOf = (of: { readonly planId: string } | null): Plan | null =>
  PLANS.find(({ id }) => id === of?.planId) ?? null;
const to = ({ id, version }: Plan) => ({ planId: id, planVersion: version });

const project = (current: Subscription | null, provided: ProvidedSubscription, now = NOW): Subscription | null =>
  projectSubscription(
    current,
    provided,
    { provider: 'stripe', accountId: ALICE, plan: planOf(provided.plan), from: planOf(current), timeZone: 'UTC' },
    now,
  );

/** What is there after each of them was seen. */
const projectAll = (...seen: readonly (readonly [provided: ProvidedSubscription, now: number])[]): Subscription => {
  let current: Subscription | null = null;
  for (const [provided, now] of seen) current = project(current, provided, now);
  if (current === null) throw new Error('There is no subscription.');
  return current;
};

const grants = (of: Subscription, now: number) => {
  const its = planOf(of);
  if (its === null) throw new Error('There is no such plan.');
  return grantsDue(of, { plan: its, timeZone: 'UTC' }, now).map(({ id, credits }) => [id, credits]);
};

const TRIALING = providedSubscription({
  status: 'TRIALING',
  trialEndsAt: FEBRUARY,
  anchorAt: FEBRUARY,
  paidUntil: FEBRUARY,
});

describe('a subscription that a provider keeps', () => {
  it('has the provider’s dates, and is the same again when nothing is new', () => {
    const projected = project(null, providedSubscription());
    expect(projected).toEqual({
      id: 'stripe:sub_1',
      accountId: ALICE,
      planId: 'pro',
      planVersion: 1,
      startsAt: JANUARY,
      trialEndsAt: null,
      paidUntil: FEBRUARY,
      cancelsAt: null,
      paymentFailure: null,
      change: null,
      added: null,
      creditsAhead: null,
      ended: null,
      hadTrial: false,
      keptBy: { provider: 'stripe', id: 'sub_1', createdAt: JANUARY },
      version: 0,
      acts: [],
    });
    expect(project(projected, providedSubscription(), NOW + 5)).toBe(projected);
  });

  it('does not begin before its first payment, and is none without a price of ours', () => {
    expect(project(null, providedSubscription({ status: 'INCOMPLETE' }))).toBeNull();
    expect(project(null, providedSubscription({ plan: null }))).toBeNull();
  });

  it('is a trial to its end, then waits for its first payment, and has periods of its own from there', () => {
    const trial = projectAll([TRIALING, NOW]);
    expect(trial).toMatchObject({ startsAt: JANUARY, trialEndsAt: FEBRUARY, paidUntil: FEBRUARY });
    expect(stateAt(trial, PRO_PLAN, NOW)).toBe('TRIALING');
    expect(grants(trial, NOW)).toEqual([['stripe:sub_1/period/-1', 310]]);
    const drafted = { ...TRIALING, status: 'ACTIVE' } as const;
    const waits = project(trial, drafted, FEBRUARY + 1);
    expect(waits).toBe(trial);
    expect(stateAt(trial, PRO_PLAN, FEBRUARY + HOUR_MS)).toBe('PAST_DUE');
    expect(grants(trial, FEBRUARY + HOUR_MS)).toEqual([]);
    const paid = projectAll([TRIALING, NOW], [{ ...drafted, paidUntil: MARCH }, FEBRUARY + HOUR_MS]);
    expect(paid).toMatchObject({ id: 'stripe:sub_1', trialEndsAt: FEBRUARY, paidUntil: MARCH });
    expect(grants(paid, FEBRUARY + HOUR_MS)).toEqual([['stripe:sub_1/period/0', 310]]);
  });

  it('waits three hours for a renewal that is being drafted, also without grace, and not after a failure', () => {
    const renewing = projectAll([providedSubscription(), NOW]);
    expect(stateAt(renewing, PRO_PLAN, FEBRUARY + 3 * HOUR_MS - 1)).toBe('PAST_DUE');
    expect(stateAt(renewing, PRO_PLAN, FEBRUARY + 3 * HOUR_MS)).toBe('EXPIRED');
    const failure = { failedAt: FEBRUARY + HOUR_MS, cause: 'CARD_EXPIRED' } as const;
    const failed = project(renewing, providedSubscription({ status: 'PAST_DUE', failure }), FEBRUARY + HOUR_MS);
    expect(failed).toMatchObject({ paymentFailure: failure, paidUntil: FEBRUARY });
    expect(failed === null ? null : stateAt(failed, PRO_PLAN, FEBRUARY + HOUR_MS)).toBe('UNPAID');
    const week = { ...PRO_PLAN, graceDays: 7 };
    expect(stateAt(renewing, week, FEBRUARY + 6 * DAY_MS)).toBe('PAST_DUE');
  });

  it('remembers when a failure of unknown cause was noticed first, and forgets it once it is paid', () => {
    const owing = providedSubscription({ status: 'UNPAID' });
    const noticed = projectAll([owing, NOW]);
    expect(noticed.paymentFailure).toEqual({ failedAt: NOW, cause: 'OTHER' });
    expect(project(noticed, owing, NOW + 9)).toBe(noticed);
    expect(project(noticed, providedSubscription(), NOW + 9)).toMatchObject({ paymentFailure: null });
  });

  it('ends when the provider says so, or when it was noticed first', () => {
    const cancelsAt = FEBRUARY;
    expect(project(null, providedSubscription({ cancelsAt }))).toMatchObject({ cancelsAt });
    const ended = providedSubscription({ status: 'ENDED', endedAt: NOW - 5 });
    expect(project(null, ended)).toMatchObject({ cancelsAt: NOW - 5 });
    const silent = providedSubscription({ status: 'ENDED' });
    const noticed = projectAll([silent, NOW]);
    expect(noticed.cancelsAt).toBe(NOW);
    expect(project(noticed, silent, NOW + 9)).toBe(noticed);
  });

  it('that is paused has ended since then, and goes on when it is resumed', () => {
    const paused = projectAll([providedSubscription({ status: 'PAUSED', pausedAt: NOW - 1 }), NOW]);
    expect(stateAt(paused, PRO_PLAN, NOW)).toBe('CANCELED');
    expect(project(paused, providedSubscription(), NOW + 1)).toMatchObject({ cancelsAt: null });
  });

  it('keeps its plan where its price is none of ours, and its dates go on', () => {
    const before = projectAll([providedSubscription(), NOW]);
    const renamed = providedSubscription({ plan: null, paidUntil: MARCH });
    expect(project(before, renamed, FEBRUARY + 1)).toEqual({ ...before, paidUntil: MARCH });
  });

  it('follows the provider also where its plan so far is known to nobody', () => {
    const before = { ...projectAll([providedSubscription(), NOW]), planId: planId('gone') };
    expect(project(before, providedSubscription({ paidUntil: MARCH }), NOW)).toMatchObject({
      planId: 'pro',
      paidUntil: MARCH,
      added: null,
    });
    expect(project(before, providedSubscription({ plan: null }), NOW)).toBe(before);
  });

  it('counts periods from its start while the provider’s own count is to come', () => {
    const later = providedSubscription({ anchorAt: FEBRUARY, trialEndsAt: null, paidUntil: FEBRUARY });
    expect(project(null, later)).toMatchObject({ id: 'stripe:sub_1', startsAt: JANUARY, trialEndsAt: null });
    expect(project(null, { ...later, paidUntil: MARCH }, FEBRUARY)).toMatchObject({
      id: `stripe:sub_1@${FEBRUARY}`,
      startsAt: FEBRUARY,
    });
  });

  it('that nothing was paid for yet is paid to its start', () => {
    expect(project(null, providedSubscription({ paidUntil: null }))).toMatchObject({ paidUntil: JANUARY });
  });
});

describe('another plan at the provider', () => {
  const since = at('2025-01-16T00:00:00.000Z');
  const upgraded = providedSubscription({ plan: to(LARGE), planSince: since });
  const half = [
    ['stripe:sub_1/period/0', 'no more'],
    ['stripe:sub_1/period/0/large@1', Math.floor((3_100 * 16) / 31) - Math.floor((310 * 16) / 31)],
  ] as const;

  it('within a period adds what is missing from its day on, whoever looks however late', () => {
    for (const now of [since, NOW, at('2025-01-30T00:00:00.000Z')]) {
      const after = projectAll([providedSubscription(), JANUARY + 1], [upgraded, now]);
      expect(after).toMatchObject({ id: 'stripe:sub_1', planId: 'large', paidUntil: FEBRUARY });
      expect(grants(after, now)).toEqual([half[1]]);
      expect(project(after, upgraded, now + 1)).toBe(after);
    }
  });

  it('whose day is not known counts from when it is seen', () => {
    const seen = projectAll([providedSubscription(), JANUARY + 1], [{ ...upgraded, planSince: null }, since]);
    expect(grants(seen, since)).toEqual([half[1]]);
    const ahead = projectAll([providedSubscription(), JANUARY + 1], [{ ...upgraded, planSince: MARCH }, since]);
    expect(grants(ahead, since)).toEqual([half[1]]);
  });

  it('going to and fro gains nothing', () => {
    const back = projectAll(
      [providedSubscription(), JANUARY + 1],
      [upgraded, since],
      [providedSubscription({ planSince: since }), since],
      [upgraded, since],
    );
    expect(grants(back, since)).toEqual([]);
  });

  it('gives its own credits from the next period on, and full ones', () => {
    const renewed = { ...upgraded, paidUntil: MARCH };
    const after = projectAll([providedSubscription(), JANUARY + 1], [upgraded, since], [renewed, FEBRUARY + HOUR_MS]);
    expect(grants(after, FEBRUARY + HOUR_MS)).toContainEqual(['stripe:sub_1/period/1', 3_100]);
  });

  it('that waited for the period’s end takes over with it, drafted or paid', () => {
    const drafted = providedSubscription({ plan: to(SMALL), planSince: FEBRUARY });
    const waiting = projectAll([providedSubscription(), NOW], [drafted, FEBRUARY + 1]);
    expect(waiting).toMatchObject({ planId: 'small', paidUntil: FEBRUARY, added: null });
    expect(grants(waiting, FEBRUARY + 1)).toEqual([]);
    const paid = projectAll([providedSubscription(), NOW], [{ ...drafted, paidUntil: MARCH }, FEBRUARY + HOUR_MS]);
    expect(grants(paid, FEBRUARY + HOUR_MS)).toEqual([['stripe:sub_1/period/1', 31]]);
  });

  it.each([LARGE, YEARLY, plan({ id: planId('large'), creditsPerPeriod: 999 })])(
    'that is more waits while something is unpaid, and one that is less does not: $id',
    (more) => {
      const plans = { provider: 'stripe', accountId: ALICE, from: PRO_PLAN, timeZone: 'UTC' } as const;
      const before = projectAll([providedSubscription(), NOW]);
      const owing = providedSubscription({ plan: to(more), status: 'PAST_DUE', planSince: since });
      expect(projectSubscription(before, owing, { ...plans, plan: more }, NOW)).toMatchObject({ planId: 'pro' });
      const less = { ...owing, plan: to(SMALL) };
      expect(projectSubscription(before, less, { ...plans, plan: SMALL }, NOW)).toMatchObject({ planId: 'small' });
    },
  );

  it('that is paid otherwise begins periods of its own, with the credits that are missing', () => {
    const yearly = providedSubscription({
      plan: to(YEARLY),
      anchorAt: since,
      planSince: since,
      paidUntil: at('2026-01-16T00:00:00.000Z'),
    });
    const after = projectAll([providedSubscription(), JANUARY + 1], [yearly, NOW]);
    expect(after).toMatchObject({ id: `stripe:sub_1@${since}`, startsAt: since, planId: 'yearly' });
    expect(grants(after, NOW)).toEqual([[`stripe:sub_1@${since}/period/0`, 3_720 - 160]]);
    expect(project(after, yearly, NOW + 9)).toBe(after);
  });
});

describe('a trial', () => {
  it('that is ended early ends with its credits, and the first period begins', () => {
    const cut = providedSubscription({ trialEndsAt: NOW, anchorAt: NOW, paidUntil: at('2025-02-16T12:30:00.000Z') });
    const after = projectAll([TRIALING, JANUARY + 1], [cut, NOW]);
    expect(after).toMatchObject({ id: 'stripe:sub_1', trialEndsAt: NOW, ended: 'stripe:sub_1/period/-1' });
    expect(grants(after, NOW)).toEqual([['stripe:sub_1/period/0', 310]]);
  });

  it('that is canceled ends with its credits when it has ended, and not before', () => {
    const leaving = project(projectAll([TRIALING, JANUARY + 1]), { ...TRIALING, cancelsAt: NOW + DAY_MS }, NOW);
    expect(leaving).toMatchObject({ cancelsAt: NOW + DAY_MS, ended: null });
    const gone = project(leaving, { ...TRIALING, status: 'ENDED', endedAt: NOW + DAY_MS }, NOW + DAY_MS);
    expect(gone).toMatchObject({ cancelsAt: NOW + DAY_MS, ended: 'stripe:sub_1/period/-1' });
  });

  it('that is made longer gives no more credits', () => {
    const longer = { ...TRIALING, trialEndsAt: MARCH, anchorAt: MARCH, paidUntil: MARCH };
    const after = projectAll([TRIALING, NOW], [longer, NOW]);
    expect(after).toMatchObject({ trialEndsAt: MARCH, paidUntil: MARCH, ended: null });
    expect(grants(after, NOW)).toEqual([['stripe:sub_1/period/-1', 310]]);
  });

  it('is had once: a second one counts when it is paid for', () => {
    const over = projectAll([{ ...TRIALING, status: 'ENDED', endedAt: NOW }, NOW]);
    const second = { ...TRIALING, id: 'sub_2', createdAt: NOW };
    expect(project(over, second, NOW + 1)).toBe(over);
    const paid = { ...second, status: 'ACTIVE', paidUntil: MARCH } as const;
    expect(project(over, paid, FEBRUARY + 1)).toMatchObject({ id: 'stripe:sub_2', hadTrial: true });
  });

  it('can’t be had again after periods began anew', () => {
    const anew = providedSubscription({ trialEndsAt: JANUARY + DAY_MS, anchorAt: JANUARY + 2 * DAY_MS });
    const after = projectAll([anew, NOW]);
    expect(after).toMatchObject({ id: `stripe:sub_1@${JANUARY + 2 * DAY_MS}`, trialEndsAt: null, hadTrial: true });
    expect(project(after, TRIALING)).toBe(after);
  });

  it('that is cut short by periods that begin anew ends with its credits', () => {
    const anew = providedSubscription({ trialEndsAt: NOW, anchorAt: NOW - DAY_MS, paidUntil: FEBRUARY });
    const after = projectAll([TRIALING, JANUARY + 1], [anew, NOW]);
    expect(after).toMatchObject({
      id: `stripe:sub_1@${NOW - DAY_MS}`,
      trialEndsAt: null,
      ended: 'stripe:sub_1/period/-1',
    });
  });

  it('whose periods begin anew within it leaves no credits that were given ahead', () => {
    const plan12 = providedSubscription({
      plan: to(YEARLY),
      trialEndsAt: NOW,
      anchorAt: NOW,
      paidUntil: at('2026-01-16T12:30:00.000Z'),
    });
    const after = projectAll([TRIALING, JANUARY + 1], [plan12, NOW]);
    expect(after).toMatchObject({ creditsAhead: null, ended: 'stripe:sub_1/period/-1' });
    expect(grants(after, NOW)).toEqual([['stripe:sub_1/period/0', 3_720]]);
  });
});

describe('of several subscriptions', () => {
  const first = projectAll([providedSubscription(), NOW]);
  const second = providedSubscription({ id: 'sub_2', createdAt: NOW, startsAt: NOW, anchorAt: NOW, paidUntil: MARCH });

  it('the newest one that runs replaces the linked one, and an older one does not', () => {
    const both = project(first, second);
    expect(both).toMatchObject({ id: 'stripe:sub_2', version: 0, keptBy: { id: 'sub_2' } });
    expect(project(both, providedSubscription({ paidUntil: MARCH }))).toBe(both);
  });

  it('one that runs replaces one that has ended, though it is older', () => {
    const ended = project(project(first, second), { ...second, status: 'ENDED', endedAt: NOW });
    expect(project(ended, providedSubscription())).toMatchObject({ id: 'stripe:sub_1' });
    expect(project(first, { ...second, status: 'UNPAID' })).toBe(first);
  });

  it('of two that have ended the newer one says why', () => {
    const ended = project(first, providedSubscription({ status: 'ENDED', endedAt: NOW }));
    const unpaid = { ...second, status: 'UNPAID', paidUntil: NOW } as const;
    expect(project(ended, unpaid, MARCH)).toMatchObject({ id: 'stripe:sub_2', paymentFailure: { cause: 'OTHER' } });
  });

  it('one of another provider with the same id is another one', () => {
    const other = { ...first, keptBy: { provider: 'sandbox', id: 'sub_1', createdAt: NOW + 1 } };
    expect(project(other, providedSubscription())).toBe(other);
  });

  it('one that is bought replaces one that an operator gave, and keeps its place in the store', () => {
    const given = subscription({ version: 4, acts: ['a'], trialEndsAt: FEBRUARY, paidUntil: FEBRUARY });
    const bought = project(given, second);
    expect(bought).toMatchObject({
      id: 'stripe:sub_2',
      version: 4,
      acts: ['a'],
      hadTrial: true,
      ended: 'sub-1/period/-1',
    });
    const scheduled = subscription({ startsAt: MARCH, paidUntil: at('2025-04-01T00:00:00.000Z') });
    expect(project(scheduled, second)).toBe(scheduled);
    const overdue = project(subscription(), { ...second, status: 'PAST_DUE' });
    expect(overdue).toMatchObject({ id: 'stripe:sub_2', ended: null });
  });
});
