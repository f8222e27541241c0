import { describe, expect, it } from 'vitest';
import { grantId } from '../../../src/domain/ids.js';
import { creditsAheadAt, comesTo, grantOfChange, grantsDue } from '../../../src/domain/grantsDue.js';
import type { Plan } from '../../../src/domain/plan.js';
import type { Subscription } from '../../../src/domain/subscription.js';
import { at, DAY_MS, NOW, plan, subscription } from '../../support/domain.js';

const JAN_1 = at('2025-01-01T00:00:00.000Z');
const FEB_1 = at('2025-02-01T00:00:00.000Z');
const MAR_1 = at('2025-03-01T00:00:00.000Z');
const APR_1 = at('2025-04-01T00:00:00.000Z');
const JAN_2026 = at('2026-01-01T00:00:00.000Z');
const MIDDLE = at('2025-01-16T12:00:00.000Z');
const JAN_MS = FEB_1 - JAN_1;

const generous = plan({ creditsPerPeriod: 500 });
const termsOf = (of: Plan, timeZone = 'UTC') => ({ plan: of, timeZone });
const due = (of: Subscription, to: Plan, now: number, timeZone = 'UTC') => grantsDue(of, termsOf(to, timeZone), now);

describe('the credits that a plan gives for a period', () => {
  it('have an id made of subscription and period, and expire with the period', () => {
    expect(due(subscription(), generous, NOW)).toEqual([
      {
        kind: 'grant',
        id: 'sub-1/period/0',
        credits: 500,
        expiresAt: FEB_1,
        priority: 0,
        reason: 'Credits of plan pro for its period 0',
      },
    ]);
    expect(due(subscription({ paidUntil: APR_1 }), generous, FEB_1)).toMatchObject([
      { id: 'sub-1/period/1', expiresAt: MAR_1 },
    ]);
  });

  it('are given once for a trial, wherever the ends of months lie in it', () => {
    const startsAt = at('2025-01-31T09:00:00.000Z');
    const ends = startsAt + 30 * DAY_MS;
    const trial = subscription({ startsAt, trialEndsAt: ends, paidUntil: ends });
    const ids = [0, 1, 2, 15, 29].flatMap((day) => due(trial, generous, startsAt + day * DAY_MS).map(({ id }) => id));
    expect(ids).toEqual(Array.from({ length: 5 }, () => 'sub-1/period/-1'));
  });

  it('are not due while nothing is paid for, nor from a plan that gives none', () => {
    expect(due(subscription(), plan(), NOW)).toEqual([]);
    expect(due(subscription(), generous, JAN_1 - 1)).toEqual([]);
    expect(due(subscription(), generous, FEB_1)).toEqual([]);
    expect(due(subscription({ cancelsAt: NOW }), generous, NOW)).toEqual([]);
    const failed = { failedAt: JAN_1, cause: 'OTHER' } as const;
    expect(due(subscription({ paidUntil: MIDDLE, paymentFailure: failed }), generous, NOW)).toEqual([]);
  });

  it('are due for what is paid, whatever failed meanwhile', () => {
    const failed = { failedAt: JAN_1, cause: 'OTHER' } as const;
    expect(due(subscription({ paymentFailure: failed }), generous, NOW)).toHaveLength(1);
  });
});

describe('the credits that a plan gives for a month', () => {
  const monthly = plan({ interval: 'YEAR', creditsPerPeriod: 1_000, creditsPer: 'MONTH' });
  const yearly = subscription({ paidUntil: JAN_2026 });

  it('are those of the calendar, and expire with it', () => {
    expect(due(yearly, monthly, at('2025-02-14T00:00:00.000Z'))).toEqual([
      {
        kind: 'grant',
        id: 'sub-1/period/0/2025-02',
        credits: 1_000,
        expiresAt: MAR_1,
        priority: 0,
        reason: 'Credits of plan pro for 2025-02',
      },
    ]);
  });

  it('are those of the account’s time zone', () => {
    const now = at('2025-01-31T23:30:00.000Z');
    expect(due(yearly, monthly, now)).toMatchObject([{ id: 'sub-1/period/0/2025-01' }]);
    expect(due(yearly, monthly, now, 'Europe/Berlin')).toMatchObject([
      { id: 'sub-1/period/0/2025-02', credits: 1_000, expiresAt: MAR_1 - 3_600_000 },
    ]);
  });

  it('are a part of them where the period begins or ends in a month, twelve months’ in a year', () => {
    const startsAt = at('2025-01-20T00:00:00.000Z');
    const paidUntil = at('2026-01-20T00:00:00.000Z');
    const begun = subscription({ startsAt, paidUntil });
    const credits: number[] = [];
    for (let now = startsAt; now < paidUntil; now = due(begun, monthly, now)[0]?.expiresAt ?? paidUntil) {
      credits.push(due(begun, monthly, now)[0]?.credits ?? 0);
    }
    expect(credits).toEqual([387, ...Array.from({ length: 11 }, () => 1_000), 612]);
    const renewed = { ...begun, paidUntil: at('2027-01-20T00:00:00.000Z') };
    expect(due(renewed, monthly, paidUntil)).toMatchObject([{ id: 'sub-1/period/1/2026-01', credits: 387 }]);
  });
});

describe('credits that were given ahead', () => {
  const ahead = { credits: 310, spanMs: JAN_MS, endsAt: FEB_1, since: JAN_1 };

  it('come to less from day to day, and to nothing at their end', () => {
    expect([JAN_1, MIDDLE, FEB_1 - DAY_MS, FEB_1, MAR_1].map((now) => comesTo(ahead, now))).toEqual([
      310, 155, 10, 0, 0,
    ]);
    expect(comesTo(null, JAN_1)).toBe(0);
    expect(comesTo(undefined, JAN_1)).toBe(0);
  });

  it('are not given once more by another period', () => {
    const begun = subscription({ startsAt: MIDDLE, paidUntil: at('2025-02-16T12:00:00.000Z') });
    const since = MIDDLE;
    expect(due({ ...begun, creditsAhead: { ...ahead, since } }, generous, MIDDLE)).toMatchObject([{ credits: 345 }]);
    const more = { ...ahead, credits: 1_000, since };
    expect(due({ ...begun, creditsAhead: more }, generous, MIDDLE)).toEqual([]);
    const other = { ...ahead, endsAt: JAN_1, since };
    expect(due({ ...begun, creditsAhead: other }, generous, MIDDLE)).toMatchObject([{ credits: 500 }]);
  });

  it('came with the change of plan for the window that it lay in', () => {
    const changed = subscription({ paidUntil: MAR_1, creditsAhead: { ...ahead, since: MIDDLE } });
    expect(due(changed, generous, MIDDLE)).toEqual([]);
    expect(due(changed, generous, FEB_1)).toMatchObject([{ id: 'sub-1/period/1', credits: 500 }]);
  });

  it('are the most of what plans before and this one gave', () => {
    const own = { credits: 500, spanMs: JAN_MS, endsAt: FEB_1, since: MIDDLE };
    expect(creditsAheadAt(subscription(), termsOf(generous), MIDDLE)).toEqual(own);
    expect(creditsAheadAt(subscription({ creditsAhead: ahead }), termsOf(generous), MIDDLE)).toEqual(own);
    const more = { ...ahead, credits: 502 };
    expect(creditsAheadAt(subscription({ creditsAhead: more }), termsOf(generous), MIDDLE)).toEqual({
      ...more,
      since: MIDDLE,
    });
  });

  it('outlive a cancellation, but for those of a trial', () => {
    const canceled = { cancelsAt: MIDDLE };
    const later = MIDDLE + DAY_MS;
    const own = { credits: 500, spanMs: JAN_MS, endsAt: FEB_1, since: later };
    expect(creditsAheadAt(subscription(canceled), termsOf(generous), later)).toEqual(own);
    const trial = subscription({ ...canceled, trialEndsAt: FEB_1, paidUntil: FEB_1 });
    expect(creditsAheadAt(trial, termsOf(generous), later)).toBeNull();
    expect(creditsAheadAt({ ...trial, cancelsAt: null }, termsOf(generous), later)).toEqual(own);
    expect(creditsAheadAt({ ...trial, trialEndsAt: MIDDLE }, termsOf(generous), later)).toEqual({
      ...own,
      spanMs: at('2025-02-16T12:00:00.000Z') - MIDDLE,
      endsAt: at('2025-02-16T12:00:00.000Z'),
    });
  });

  it('are none before the start, nor of what is not paid', () => {
    expect(creditsAheadAt(subscription(), termsOf(generous), JAN_1 - 1)).toBeNull();
    expect(creditsAheadAt(subscription({ creditsAhead: ahead }), termsOf(generous), FEB_1)).toBe(ahead);
  });
});

describe('the grants that are due', () => {
  const added = {
    kind: 'grant',
    id: grantId('sub-1/period/0/team@1'),
    credits: 100,
    expiresAt: FEB_1,
    priority: 0,
    reason: 'Credits of plan team for the rest of its period 0',
  } as const;

  it('are those of the period and what a change put on top, while it runs', () => {
    const [ofPeriod] = due(subscription(), generous, MIDDLE);
    expect(due(subscription({ added }), generous, MIDDLE)).toEqual([ofPeriod, added]);
    expect(due(subscription({ added, paidUntil: MIDDLE }), generous, MIDDLE)).toEqual([added]);
    expect(due(subscription({ added, cancelsAt: MIDDLE }), generous, MIDDLE)).toEqual([]);
  });

  it('of a change are what is missing, and none where nothing is', () => {
    const terms = termsOf(plan({ ...generous, version: 3 }));
    const ahead = { credits: 300, spanMs: JAN_MS, endsAt: FEB_1, since: MIDDLE };
    expect(grantOfChange(subscription(), terms, ahead, MIDDLE)).toEqual({
      ...added,
      id: 'sub-1/period/0/pro@3',
      reason: 'Credits of plan pro for the rest of its period 0',
    });
    expect(grantOfChange(subscription(), terms, { ...ahead, credits: 500 }, MIDDLE)).toBeNull();
  });
});
