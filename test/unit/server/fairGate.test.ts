import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { FairGate } from '../../../src/server/fairGate.js';
import type { Entry, GateLimits } from '../../../src/server/fairGate.js';
import { seededRandom } from '../../support/seededRandom.js';

/** `TOLLGATE_SEED` repeats a run. */
const SEED = Number(process.env['TOLLGATE_SEED'] ?? 7);
const LONG_MS = 60_000;
const gateOf = (limits: Partial<GateLimits>): FairGate<string> =>
  new FairGate({ each: 2, all: 4, waitMs: LONG_MS, ...limits });

const leaveOf = (entry: Entry): (() => void) => {
  if (entry.kind !== 'IN') throw new Error(`Nobody was let in: ${entry.kind}`);
  return entry.leave;
};

/** Enters, and notes the name once it is inside. */
const entering = (gate: FairGate<string>, party: string, inside: string[], name = party): Promise<() => void> =>
  Promise.resolve(gate.enter(party)).then((entry) => {
    inside.push(name);
    return leaveOf(entry);
  });

describe('a gate', () => {
  it('lets in at once who has room, and no more than its bounds', async () => {
    const gate = gateOf({});
    const inside: string[] = [];
    for (const party of ['a', 'a', 'a', 'b', 'b', 'c']) void entering(gate, party, inside);
    await setImmediate();
    expect({ inside, count: gate.count }).toEqual({ inside: ['a', 'a', 'b', 'b'], count: 4 });
  });

  it('lets the parties take turns, however many of one wait', async () => {
    const gate = gateOf({ each: 1, all: 1 });
    const inside: string[] = [];
    const first = await entering(gate, 'flood', inside, 'flood 0');
    const waiting = Array.from({ length: 900 }, (_, index) => entering(gate, 'flood', inside, `flood ${index + 1}`));
    const others = ['x', 'y'].map((party) => entering(gate, party, inside));
    first();
    for (const next of [...others, waiting[0], waiting[1]]) (await next)?.();
    expect(inside).toEqual(['flood 0', 'x', 'y', 'flood 1', 'flood 2']);
  });

  it('lets others in where a party that waits has had its share', async () => {
    const gate = gateOf({ each: 1, all: 2 });
    const inside: string[] = [];
    await entering(gate, 'a', inside);
    void entering(gate, 'a', inside, 'a again');
    await entering(gate, 'b', inside);
    expect(inside).toEqual(['a', 'b']);
  });

  it('tells who has waited long enough whether it was its own share, or everybody’s', async () => {
    const gate = gateOf({ each: 1, all: 2, waitMs: 1 });
    leaveOf(await gate.enter('a'));
    expect(await gate.enter('a')).toEqual({ kind: 'EACH' });
    const leaveB = leaveOf(await gate.enter('b'));
    expect(await gate.enter('c')).toEqual({ kind: 'ALL' });
    leaveB();
    expect(await gate.enter('c')).toMatchObject({ kind: 'IN' });
  });

  it('refuses at once where nobody is to wait, or too many of a party do', async () => {
    const none = gateOf({ each: 1, waitMs: 0 });
    leaveOf(await none.enter('a'));
    expect(none.enter('a')).toEqual({ kind: 'EACH' });
    const gate = gateOf({ each: 1 });
    leaveOf(await gate.enter('a'));
    const waiting = Array.from({ length: 1_000 }, () => gate.enter('a'));
    expect(waiting.every((each) => each instanceof Promise)).toBe(true);
    expect(gate.enter('a')).toEqual({ kind: 'EACH' });
  });

  it('lets who is patient wait as long as it takes', async () => {
    const gate = gateOf({ each: 1, waitMs: 0 });
    const leave = leaveOf(await gate.enter('a'));
    const patient = gate.enter('a', { patient: true });
    expect(gate.enter('a')).toEqual({ kind: 'EACH' });
    leave();
    expect(await patient).toMatchObject({ kind: 'IN' });
  });

  it('counts who leaves twice once', async () => {
    const gate = gateOf({ each: 1, all: 1 });
    const leave = leaveOf(await gate.enter('a'));
    leave();
    leaveOf(await gate.enter('b'));
    leave();
    expect(gate.count).toBe(1);
  });

  it(`keeps its bounds, and forgets nobody who waits, whatever the order of things (${SEED})`, async () => {
    const random = seededRandom(SEED);
    const gate = gateOf({ each: 3, all: 7 });
    const inside: { readonly party: string; readonly leave: () => void }[] = [];
    let [asked, entered] = [0, 0];
    const leaveOne = (): void => inside.splice(Math.floor(random() * inside.length), 1)[0]?.leave();
    for (let step = 0; step < 3_000; step += 1) {
      if (random() < 0.5) {
        const party = `party ${Math.floor(random() * 5)}`;
        asked += 1;
        void Promise.resolve(gate.enter(party)).then((entry) => {
          entered += 1;
          inside.push({ party, leave: leaveOf(entry) });
        });
      } else if (inside.length > 0) leaveOne();
      if (step % 7 === 0) await setImmediate();
      const ofOne = inside.reduce(
        (most, { party }) => Math.max(most, inside.filter((each) => each.party === party).length),
        0,
      );
      expect([gate.count <= 7, ofOne <= 3]).toEqual([true, true]);
    }
    while (entered < asked || inside.length > 0) {
      await setImmediate();
      if (inside.length > 0) leaveOne();
    }
    expect([entered, gate.count]).toEqual([asked, 0]);
  });
});
