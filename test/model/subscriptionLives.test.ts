/**
 * Random lives of subscriptions: paid ahead, on trial, changed now and later, canceled, unpaid, begun again. An account of
 * its own counts money as an operator would who charges and gives back what the rules say, and time as a clock does.
 * `TOLLGATE_LIVES` says how many; a seed that is printed and can be given (`TOLLGATE_SEED`) makes them again.
 */
import { describe, expect, it } from 'vitest';
import { planId, subscriptionId } from '../../src/domain/ids.js';
import { DAY_MS, HOUR_MS, periodAt } from '../../src/domain/period.js';
import { grantsDue } from '../../src/domain/grantsDue.js';
import type { Plan } from '../../src/domain/plan.js';
import {
  anchorOf,
  cancelAtPeriodEnd,
  cancelNow,
  effectiveAt,
  recordPayment,
  recordPaymentFailure,
  startSubscription,
  stateAt,
} from '../../src/domain/subscription.js';
import type { Subscription } from '../../src/domain/subscription.js';
import {
  changeAtPeriodEnd,
  changeNow,
  renewSubscription,
  startAgain,
  unusedAt,
} from '../../src/domain/subscriptionChange.js';
import { ALICE, plan } from '../support/domain.js';
import { Dice, randomSteps, seedOfRun } from '../support/domainRuns.js';

const LIVES = Number(process.env['TOLLGATE_LIVES'] ?? 2_000);
const STEPS = 24;
const TIMEOUT_MS = 30_000 + LIVES * 50;
const ZONES = ['UTC', 'Europe/Berlin', 'Pacific/Auckland'] as const;

const planOf = (name: string, amountMinor: number, creditsPerPeriod: number, changes: Partial<Plan> = {}): Plan =>
  plan({ id: planId(name), price: { amountMinor, currency: 'EUR' }, creditsPerPeriod, ...changes });

const PLANS = [
  planOf('small', 1_000, 100, { trialDays: 14 }),
  planOf('medium', 3_700, 1_000, { trialDays: 30 }),
  planOf('large', 9_000, 2_000),
  planOf('free', 0, 10, { graceDays: 0 }),
  planOf('yearly', 36_000, 12_000, { interval: 'YEAR' }),
  planOf('drip', 48_000, 1_000, { interval: 'YEAR', creditsPer: 'MONTH', trialDays: 14 }),
  planOf('monthly drip', 2_000, 500, { creditsPer: 'MONTH', graceDays: 40 }),
] as const;
const planBy = (id: string): Plan => PLANS.find((each) => each.id === id) ?? PLANS[0];

const ADVANCES = [0, 0, 0, HOUR_MS, DAY_MS, 5 * DAY_MS, 14 * DAY_MS, 31 * DAY_MS, 100 * DAY_MS] as const;

/** What so long costs, in minor units and parts of them: period by period, as nobody would write it for production. */
const costOf = (of: Plan, anchor: number, from: number, until: number): number => {
  let cost = 0;
  for (let at = from; at < until;) {
    const period = periodAt(anchor, of.interval, at);
    const end = Math.min(period.endsAt, until);
    cost += (of.price.amountMinor * (end - at)) / (period.endsAt - period.startsAt);
    at = end;
  }
  return cost;
};

class Life {
  now = Date.UTC(2025, 0, 31, 22, 58);
  current: Subscription;
  /** Charged less what was given back. */
  paid = 0;
  /** What the time cost that was served and is paid for. */
  served = 0;
  /** What the rules rounded: each amount may be off by less than one. */
  amounts = 0;
  /** The instant up to which `served` counts. */
  #servedUntil: number;
  #made = 0;
  readonly zone: string;
  /** Credits given at this instant, by id, and the most that a plan of it gives. */
  readonly given = new Map<string, number>();
  /** At most so many credits are those of grace that was served and then paid for. */
  graceCredits = 0;
  readonly log: string[] = [];

  constructor(dice: Dice) {
    this.zone = dice.pick(ZONES);
    const first = dice.pick(PLANS);
    const withTrial = dice.roll(2) === 0 && first.trialDays > 0;
    const started = startSubscription({ ...this.#newTerms(), plan: first, withTrial });
    if (!started.ok) throw new Error(started.fault);
    this.current = started.subscription;
    this.#servedUntil = this.now;
    if (!withTrial) this.charge(first.price.amountMinor);
    this.collect();
  }

  get plan(): Plan {
    return planBy(this.current.planId);
  }

  get waiting(): Plan | null {
    return this.current.change == null ? null : planBy(this.current.change.planId);
  }

  id() {
    return subscriptionId(`sub-${(this.#made += 1)}`);
  }

  #newTerms() {
    return { id: this.id(), accountId: ALICE, startsAt: this.now };
  }

  charge(amountMinor: number): void {
    this.paid += amountMinor;
    this.amounts += 1;
  }

  /** Credits are given whenever anybody looks: each grant once. */
  collect(): void {
    for (const grant of grantsDue(this.current, { plan: this.plan, timeZone: this.zone }, this.now)) {
      this.given.set(grant.id, this.given.get(grant.id) ?? grant.credits);
    }
  }

  /** Lets time pass, from one turn of it to the next, so that every plan that takes over is met. */
  advance(ms: number): void {
    const end = this.now + ms;
    while (this.now < end) {
      const stop = Math.min(end, this.now + 31 * DAY_MS, ...this.#turns().filter((at) => at > this.now));
      this.now = stop;
      this.settleTime();
      this.current = effectiveAt(this.current, this.now);
      this.collect();
    }
  }

  #turns(): readonly number[] {
    const { paidUntil, trialEndsAt, change, cancelsAt } = this.current;
    return [paidUntil, trialEndsAt ?? 0, change?.at ?? 0, cancelsAt ?? 0, paidUntil + this.plan.graceDays * DAY_MS];
  }

  /** Counts the time since the last look that was paid for. Of a trial nothing is counted, and grace when it is paid. */
  settleTime(): void {
    const before = effectiveAt(this.current, this.#servedUntil);
    const anchor = anchorOf(before);
    const from = Math.max(this.#servedUntil, anchor);
    const until = Math.min(this.now, this.current.paidUntil, this.current.cancelsAt ?? this.now);
    this.served += costOf(planBy(before.planId), anchor, from, until);
    this.#servedUntil = Math.max(this.#servedUntil, until);
  }

  /** What was paid ahead and is not used. */
  ahead(): number {
    const { current, now } = this;
    if (current.cancelsAt !== null && now >= current.cancelsAt) return 0;
    const anchor = anchorOf(current);
    const takesOverAt = Math.min(current.change?.at ?? current.paidUntil, current.paidUntil);
    const own = costOf(this.plan, anchor, Math.max(now, anchor), takesOverAt);
    return own + (this.waiting === null ? 0 : costOf(this.waiting, takesOverAt, takesOverAt, current.paidUntil));
  }

  step(dice: Dice): void {
    this.advance(dice.pick(ADVANCES));
    const { current, now } = this;
    const kind = dice.pick([
      'pay',
      'pay',
      'pay',
      'now',
      'now',
      'now',
      'end',
      'cancel',
      'fail',
      'renew',
      'start',
      'stop',
    ]);
    const next = dice.pick(PLANS);
    const renewing = { plan: this.plan, id: this.id(), timeZone: this.zone };
    this.log.push(`${new Date(now).toISOString()} ${kind} ${next.id} (${current.planId})`);
    switch (kind) {
      case 'pay': {
        const of = planBy(effectiveAt(current, current.paidUntil).planId);
        const paid = recordPayment(current, { ...renewing, plan: of }, now);
        if (paid.ok) this.#become(paid.subscription, of.price.amountMinor);
        return;
      }
      case 'now': {
        const terms = { ...renewing, from: this.plan, plan: next, waiting: this.waiting };
        const changed = changeNow(current, terms, now);
        if (!changed.ok) return;
        const { unusedMinor, dueMinor } = changed.proration;
        // Grace will be paid at the lower price: the rest of what it cost so far is due.
        const graceCost = (of: Plan) => costOf(of, anchorOf(current), current.paidUntil, now);
        this.served += graceCost(this.plan) - graceCost(next) * Number(now > current.paidUntil);
        this.amounts += 1;
        this.#become(changed.subscription, dueMinor - unusedMinor);
        return;
      }
      case 'end': {
        const agreed = changeAtPeriodEnd(current, { ...renewing, from: this.plan, plan: next }, now);
        if (agreed.ok) this.current = agreed.subscription;
        return;
      }
      case 'cancel': {
        const canceled = cancelAtPeriodEnd(current, this.plan, now);
        if (canceled.ok) this.current = canceled.subscription;
        return;
      }
      case 'fail': {
        const failed = recordPaymentFailure(current, 'OTHER', now);
        if (failed.ok) this.current = failed.subscription;
        return;
      }
      case 'stop': {
        const unused = unusedAt(current, { from: this.plan, waiting: this.waiting }, now);
        const stopped = cancelNow(current, { plan: this.plan, endCredits: dice.roll(2) === 0 }, now);
        if (!stopped.ok) return;
        this.amounts += 1;
        const back = unused.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
        // What is given back is not paid for any more.
        this.#become({ ...stopped.subscription }, -back);
        return;
      }
      case 'renew': {
        const state = stateAt(current, this.plan, now);
        const renewed = renewSubscription(current, renewing, now);
        if (!renewed.ok) return;
        const begins = state === 'CANCELED' || state === 'EXPIRED';
        if (begins) this.#become(renewed.subscription, this.plan.price.amountMinor);
        else this.current = renewed.subscription;
        return;
      }
      case 'start':
        this.#startAgain(next, dice.roll(2) === 0);
        return;
    }
  }

  #startAgain(next: Plan, wantsTrial: boolean): void {
    const { current, now } = this;
    const state = stateAt(current, this.plan, now);
    if (state !== 'CANCELED' && state !== 'EXPIRED') return;
    const withTrial = wantsTrial && next.trialDays > 0;
    const terms = { ...this.#newTerms(), plan: next, withTrial, timeZone: this.zone };
    const started = startAgain({ subscription: current, plan: this.plan }, terms, now);
    if (!started.ok) return;
    // Another agreement is none about the grace of the one before: what was served of it is written off.
    this.#become(started.subscription, withTrial ? 0 : next.price.amountMinor);
  }

  #become(subscription: Subscription, amountMinor: number): void {
    this.charge(amountMinor);
    // Periods that begin anew count from their start, and grace into them.
    const isNew = subscription.id !== this.current.id;
    if (isNew) this.#servedUntil = subscription.startsAt;
    const graceFrom = isNew ? subscription.startsAt : Math.min(this.now, this.current.paidUntil);
    const grace = (this.now - graceFrom) / (28 * DAY_MS);
    this.graceCredits += Math.ceil(grace * planBy(subscription.planId).creditsPerPeriod);
    this.current = subscription;
    this.settleTime();
    this.collect();
  }

  /** How far what was paid is from what was served and what is ahead, in minor units. */
  error(): number {
    return this.paid - this.served - this.ahead();
  }
}

const livesOf = (seed: number): readonly (readonly number[])[] => {
  const numbers = randomSteps(seed, LIVES * (STEPS + 1));
  return Array.from({ length: LIVES }, (_, life) => numbers.slice(life * (STEPS + 1), (life + 1) * (STEPS + 1)));
};

describe(`${LIVES} random lives`, () => {
  const seed = seedOfRun('lives of subscriptions');

  it(
    'pay for the time that is served, and for what is ahead',
    () => {
      const wrong: string[] = [];
      for (const [first = 0, ...steps] of livesOf(seed)) {
        const life = new Life(new Dice(first));
        for (const step of steps) {
          life.step(new Dice(step));
          // Amounts are rounded once each; the rest is what doubles lose.
          if (Math.abs(life.error()) <= life.amounts + 0.01) continue;
          wrong.push(`off by ${life.error()} after ${life.amounts} amounts:\n${life.log.join('\n')}`);
          break;
        }
        if (wrong.length > 2) break;
      }
      expect(wrong).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'gain no credits by any way through plans at one instant, and one trial in all',
    () => {
      const wrong: string[] = [];
      for (const [first = 0, ...steps] of livesOf(seed + 1)) {
        const life = new Life(new Dice(first));
        for (const step of steps.slice(0, 3)) life.step(new Dice(step));
        const before = new Map(life.given);
        const hadAhead = [...before.values()].reduce((sum, each) => sum + each, 0);
        let most = 0;
        for (const step of steps.slice(3, 15)) {
          const { now } = life;
          // Time stands still: the first roll is the one that lets it pass.
          life.step(new Dice(step - (step % ADVANCES.length)));
          if (life.now !== now) throw new Error('Time has passed.');
          most = Math.max(most, life.plan.creditsPerPeriod);
        }
        const added = [...life.given.values()].reduce((sum, each) => sum + each, 0) - hadAhead;
        // One period of the largest plan is all that an instant can give, a trial once more, and grace that was paid for.
        const trial = life.current.hadTrial === true || life.current.trialEndsAt !== null ? most : 0;
        if (added > most + trial + life.graceCredits)
          wrong.push(`${added} credits, ${most} at most:\n${life.log.join('\n')}`);
        if (wrong.length > 2) break;
      }
      expect(wrong).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
