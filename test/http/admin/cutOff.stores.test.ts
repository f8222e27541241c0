/**
 * A mutation that is cut off at any of its writes, and is sent again with its key: the store is away before the write, its
 * reply is lost, or everything is gone after it, as where the process is killed. Each comes to what it would have come to.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../../src/domain/audit.js';
import { HOUR_MS } from '../../../src/domain/period.js';
import type { StoredRecords } from '../../../src/store/storedRecords.js';
import type { Store } from '../../../src/store/store.js';
import { listAt, partAt } from '../../support/bodies.js';
import type { Outage, Verb } from '../../support/observedStore.js';
import { onEachStore } from '../../support/onEachStore.js';
import type { Answer } from '../../support/server.js';
import { MUTATION_CASES } from './mutationCases.js';
import type { MutationCases } from './mutationCases.js';
import { World } from './world.js';
import type { Args } from './world.js';

const WRITES: readonly Verb[] = [
  'saveKeyedOperations',
  'saveAccounts',
  'saveApiKeys',
  'saveSubscriptions',
  'savePlans',
  'saveOperators',
  'commitWallets',
  'appendAudit',
];

const OUTAGES: readonly Outage[] = ['UNREACHABLE', 'REPLY_LOST', 'GONE_AFTERWARDS'];

/** What is tried again at once stays away, so that it is not mended before anybody sees it. */
const timesOf = (verb: Verb, outage: Outage): number =>
  outage === 'UNREACHABLE' && (verb === 'appendAudit' || verb === 'commitWallets') ? Number.POSITIVE_INFINITY : 1;

/** A key that could not be unlocked is free again after this. */
const LOCK_MS = 60_000;

const KINDS: readonly (keyof StoredRecords)[] = ['accounts', 'apiKeys', 'subscriptions', 'operators', 'wallets'];

/** How much there is of everything. */
const amountsIn = async (store: Store): Promise<Readonly<Record<string, number>>> => {
  const amounts: Record<string, number> = { plans: (await store.findPlans()).length };
  for (const kind of KINDS) {
    const all = await store.listRecords(kind, { first: 100_000, after: null });
    amounts[kind] = all.length;
    // Each write that came to something raised a version.
    amounts[`${kind} written`] = all.reduce((sum, { version }) => sum + version, 0);
  }
  return amounts;
};

const growthOf = (
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(after).map(([name, amount]) => [name, amount - (before[name] ?? 0)]));

interface Cut {
  readonly verb: Verb;
  /** Which of its calls fails, from 0. */
  readonly nth: number;
  readonly outage: Outage;
  readonly times: number;
}

const errorsOf = ({ body }: Answer): readonly unknown[] => listAt(body, 'errors');

onEachStore(({ name, database }) => {
  describe(`cut off, on ${name},`, () => {
    let world: World;
    let start: number;
    beforeEach(async () => {
      world = await World.open({ database });
      start = world.clock;
    });
    afterEach(() => world.server.close());

    const auditedAs = async (mutation: string): Promise<readonly AuditEntry[]> => {
      const page = { count: 100_000, after: null, isBackward: false };
      const all = await world.server.store.findAuditPage(null, page);
      return all.filter((entry) => entry.mutation === mutation);
    };

    interface Whole {
      readonly growth: Readonly<Record<string, number>>;
      readonly calls: Readonly<Partial<Record<Verb, number>>>;
    }

    /** What comes of it where nothing fails. */
    const wholeOf = async (mutation: string, cases: MutationCases): Promise<Whole> => {
      const args = await cases.prepare(world);
      const before = await amountsIn(world.server.store);
      world.server.takeCalls();
      await world.do(mutation, args);
      const calls = world.server.takeCalls().byVerb;
      return { growth: growthOf(before, await amountsIn(world.server.store)), calls };
    };

    const checkCut = async (mutation: string, cases: MutationCases, cut: Cut, whole: Whole): Promise<void> => {
      const { verb, nth, outage, times } = cut;
      const at = `${verb} ${nth}: ${outage}, ${times} times`;
      const args: Args = { ...(await cases.prepare(world)), idempotencyKey: world.name('cut') };
      const amounts = await amountsIn(world.server.store);
      const audited = new Set((await auditedAs(mutation)).map(({ id }) => id));

      // The first write locks the key. What was not even decided is decided when it comes again.
      const isBegun = verb !== 'saveKeyedOperations' || nth > 0 || outage !== 'UNREACHABLE';
      const isLocked = isBegun && (times > 1 || outage === 'GONE_AFTERWARDS');
      world.server.fail(verb, outage, times, nth);
      const first = await world.call(mutation, args);
      world.server.recover();
      if (isLocked) world.clock += LOCK_MS;
      const again = await world.call(mutation, args);
      const andAgain = await world.call(mutation, args);
      world.clock = start;

      // Nothing is answered whose entry in the audit log could not be written.
      if (verb === 'appendAudit' && times > 1) expect([at, errorsOf(first).length]).toEqual([at, 1]);
      expect([at, errorsOf(again)]).toEqual([at, []]);
      expect([at, partAt(again.body, 'data')]).toMatchObject([at, { [mutation]: cases.answers(args) }]);
      expect([at, andAgain]).toEqual([at, again]);
      expect([at, growthOf(amounts, await amountsIn(world.server.store))]).toEqual([at, whole.growth]);
      const entries = (await auditedAs(mutation)).filter(({ id }) => !audited.has(id));
      expect([at, entries.filter(({ outcome }) => outcome === 'OK').length]).toEqual([at, 1]);
      const others = entries.filter(({ outcome }) => outcome !== 'OK').map(({ code }) => code);
      expect([at, others.filter((code) => code !== 'FAILED')]).toEqual([at, []]);
    };

    it.each(Object.entries(MUTATION_CASES))(
      '%s comes to the same, once, with one entry in the audit log',
      async (mutation, cases) => {
        const whole = await wholeOf(mutation, cases);
        const cuts = WRITES.flatMap((verb) =>
          Array.from({ length: whole.calls[verb] ?? 0 }, (_, nth) =>
            OUTAGES.map((outage): Cut => ({ verb, nth, outage, times: timesOf(verb, outage) })),
          ).flat(),
        );
        for (const cut of cuts) await checkCut(mutation, cases, cut, whole);
      },
      300_000,
    );

    it.each(Object.entries(MUTATION_CASES))(
      '%s is carried out once however late its key comes again',
      async (mutation, cases) => {
        const args: Args = { ...(await cases.prepare(world)), idempotencyKey: world.name('late') };
        await world.call(mutation, args);
        const amounts = await amountsIn(world.server.store);
        for (const hours of [25, 71]) {
          world.clock = start + hours * HOUR_MS;
          await world.server.store.forgetKeyedOperations(world.clock);
          expect(await world.call(mutation, args)).toMatchObject({
            body: { data: { [mutation]: cases.answers(args) } },
          });
          expect(await amountsIn(world.server.store)).toEqual(amounts);
        }
        world.clock = start;
      },
      60_000,
    );

    it('a grant is known by its key to the ledger itself, whatever became of the record', async () => {
      const accountId = await world.account();
      const args: Args = { accountId, credits: 50, reason: 'Invoice 17', idempotencyKey: world.name('evt') };
      await world.do('grantCredits', args);
      await world.server.store.forgetKeyedOperations(Number.MAX_SAFE_INTEGER);
      expect(await world.do('grantCredits', args)).toMatchObject({
        balance: { available: 50 },
        entries: [{ credits: 50, balanceAfter: 50 }],
      });
      const changed = await world.call('grantCredits', { ...args, credits: 60 });
      expect(changed.body).toMatchObject({ errors: [{ extensions: { code: 'CONFLICT' } }] });
      expect((await world.server.books(accountId)).sum).toBe(50);
    });
  });
});
