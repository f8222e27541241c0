import { describe, expect, it } from 'vitest';
import { NO_DEMAND } from '../../../src/domain/demand.js';
import type { Demand } from '../../../src/domain/demand.js';
import { planId } from '../../../src/domain/ids.js';
import { creditsFor, decideDelivered } from '../../../src/domain/decideDelivered.js';
import type { AdmittedDecision, DeliveredPosition } from '../../../src/domain/decideDelivered.js';
import { allowance, claim, means, NOW, plan, PRO, requirement, standing, subscription } from '../../support/domain.js';

const covered = (units: number): AdmittedDecision => ({ outcome: 'covered', planId: PRO, draws: claim(units) });
const paid = (credits: number): AdmittedDecision => ({ outcome: 'paid', credits });
const split = (units: number, credits: number): AdmittedDecision => ({
  outcome: 'split',
  planId: PRO,
  draws: claim(units),
  credits,
});

const position = (decision: AdmittedDecision, units: number, cost = 1): DeliveredPosition => ({
  requirement: requirement({ feature: 'cities', cost }),
  units,
  decision,
});

/** A plan whose limit of ten a day credits take over; the credits of the account are not those that are held. */
const limited = plan({
  features: [allowance('cities', { limit: { units: 10, per: 'DAY' }, whenExhausted: 'CREDITS' })],
});
const holder = {
  ...standing(),
  means: means({ subscription: subscription(), plan: limited, credits: 1_000 }),
};
const settle = (held: Demand, ...positions: readonly DeliveredPosition[]) =>
  decideDelivered(positions, holder, held, NOW);

describe('what a position costs', () => {
  it.each([
    [covered(5), 5, 0],
    [paid(15), 5, 15],
    [paid(15), 2, 6],
    [paid(15), 0, 0],
    [split(3, 15), 8, 15],
    [split(3, 15), 5, 6],
    [split(3, 15), 2, 0],
  ])('%j of which %d units are used: %d', (decision, units, credits) => {
    expect(creditsFor(position(decision, units, 3))).toBe(credits);
  });

  it('is what was decided where its price could not be expressed', () => {
    const beyond = { ...position(paid(7), Number.MAX_SAFE_INTEGER), requirement: requirement({ cost: 2 }) };
    expect(creditsFor(beyond)).toBe(7);
    expect(creditsFor({ ...beyond, requirement: requirement({ cost: null }) })).toBe(0);
  });
});

describe('delivered positions', () => {
  it('are covered by what those that were not delivered leave of a limit', () => {
    const held = { credits: 10, claims: [claim(10)] };
    expect(settle(held, position(paid(10), 10))).toEqual([covered(10)]);
    expect(settle(held, position(covered(1), 1), position(paid(10), 10))).toEqual([covered(1), split(9, 1)]);
  });

  it('use less of the limit where they report less', () => {
    const held = { credits: 4, claims: [claim(8)] };
    expect(settle(held, position(covered(8), 4), position(paid(4), 4))).toEqual([covered(4), covered(4)]);
    expect(settle(held, position(covered(8), 0), position(paid(4), 4))).toEqual([covered(8), covered(4)]);
  });

  it('are never covered by more than is held', () => {
    expect(settle({ credits: 4, claims: [claim(2)] }, position(paid(4), 4))).toEqual([split(2, 2)]);
    expect(settle({ credits: 4, claims: [] }, position(paid(4), 4))).toEqual([paid(4)]);
    expect(settle(NO_DEMAND, position(covered(0), 0))).toEqual([covered(0)]);
  });

  it('keep what was decided where what is held would not suffice in document order, or it would cost more', () => {
    const held = (credits: number) => ({ credits, claims: [claim(4)] });
    const outOfOrder = [position(paid(4), 4, 1), position(covered(4), 4, 9)];
    expect(settle(held(4), ...outOfOrder)).toEqual([paid(4), covered(4)]);
    expect(settle(held(100), ...outOfOrder)).toEqual([paid(4), covered(4)]);
  });

  it('keep it where nothing was paid', () => {
    expect(settle({ credits: 9, claims: [claim(4)] }, position(covered(4), 4))).toEqual([covered(4)]);
    const free: AdmittedDecision = { outcome: 'covered', planId: planId('free'), draws: null };
    expect(settle({ credits: 9, claims: [claim(4)] }, position(free, 1))).toEqual([free]);
  });
});
