/**
 * After a load of every kind of operation the client, the log, the metrics and the ledger tell the same totals. The store
 * fails and loses replies meanwhile, so that charges are confirmed late, or given back.
 */
import { makeExecutableSchema } from '@graphql-tools/schema';
import { GraphQLScalarType } from 'graphql';
import { describe, expect, it, vi } from 'vitest';
import { directiveTypeDefs } from '../../../src/api/readTypeDefs.js';
import { publishPlan, saveSubscription } from '../../../src/admin/library.js';
import { accountId, planId, subscriptionId } from '../../../src/domain/ids.js';
import { DAY_MS } from '../../../src/domain/period.js';
import { REFUSAL_REASONS } from '../../../src/domain/refusal.js';
import { Metrics } from '../../../src/server/watch/metrics.js';
import { seededRandom } from '../../support/seededRandom.js';
import { chargedIn, listAt, partAt } from '../../support/bodies.js';
import { useServers } from '../../support/runningServers.js';
import type { Answer, TestServer } from '../../support/server.js';
import { ANSWERED, logLines, SETTLED_LATER } from './logLines.js';
import type { LogLines } from './logLines.js';
import { scrape, totalOf, totalsBy } from './prometheus.js';
import { onEachStore } from '../../support/onEachStore.js';

const SEED = Number(process.env['TOLLGATE_SEED'] ?? 7);
const OPERATIONS = 400;
const AT_ONCE = 8;
const TIME_TO_RUN_MS = 60_000;

const typeDefs = /* GraphQL */ `
  scalar Big
  type Query {
    free: String
    covered: String @requiresPayment(feature: "included")
    paid(units: Int! = 1): String @requiresPayment(feature: "work", cost: 3, multipliers: ["units"])
    broken: String @requiresPayment(feature: "work", cost: 2)
    bug: String
    unsendable: Big @requiresPayment(feature: "work", cost: 2)
    "Longer than a list is taken to be."
    parts: [Part!]
  }
  type Mutation {
    build(name: String!): String @requiresPayment(feature: "work", cost: 10)
  }
  type Part {
    weight: Int @requiresPayment(feature: "work", cost: 1)
  }
`;

const fail = (): never => {
  throw new Error('A bug.');
};

const schema = () =>
  makeExecutableSchema({
    typeDefs: [directiveTypeDefs(), typeDefs],
    resolvers: {
      Big: new GraphQLScalarType({ name: 'Big', serialize: () => 10n }),
      Query: {
        free: () => 'air',
        covered: () => 'included',
        paid: () => 'done',
        broken: fail,
        bug: fail,
        unsendable: () => 10,
        parts: () => Array.from({ length: 25 }, () => ({ weight: 1 })),
      },
      Mutation: { build: (_root, { name }: { name: string }) => name },
    },
  });

/** What is sent, by how often. */
const DOCUMENTS = [
  'query Free { free }',
  'query Covered { covered }',
  'query Covered { covered }',
  'query Paid { paid }',
  'query Paid { a: paid b: paid(units: 4) }',
  'query Mixed { free covered paid }',
  'query Parts { parts { weight } }',
  'query Broken { free broken }',
  'query Bug { bug paid }',
  'query Unsendable { unsendable }',
  'mutation Build { build(name: "shed") }',
  'query Invalid { nothing }',
  'query Unparsed {',
] as const;

interface Sent {
  readonly answer: Answer;
  readonly document: string;
  readonly key: string | null;
  readonly idempotencyKey: string | null;
}

const CREDITS = [0, 40, 150, 400];

const openAccounts = async (server: TestServer): Promise<readonly (string | null)[]> => {
  const { engine } = server.paywall;
  const features = [{ feature: 'included', limit: null, whenExhausted: 'REFUSE' as const }];
  const price = { amountMinor: 100, currency: 'EUR' };
  const days = { trialDays: 0, graceDays: 0, creditsPerPeriod: 0, requestsPerMinute: null };
  const terms = { name: 'Flat', status: 'ACTIVE', price, interval: 'MONTH', features, ...days } as const;
  await publishPlan(engine, { id: planId('flat'), version: 1, ...terms });
  const keys: string[] = [];
  const now = engine.settings.now();
  for (const [index, credits] of CREDITS.entries()) {
    keys.push(await server.accountWithKey(`account-${index}`, credits));
    if (index % 2 === 0) continue;
    await saveSubscription(engine, {
      id: subscriptionId(`flat-${index}`),
      accountId: accountId(`account-${index}`),
      planId: planId('flat'),
      planVersion: 1,
      startsAt: now - DAY_MS,
      trialEndsAt: null,
      paidUntil: now + 30 * DAY_MS,
      cancelsAt: null,
      paymentFailure: null,
      version: 0,
    });
  }
  return [...keys, ...keys, null, 'tg_nobody-knows-this-key'];
};

const putLoadOn = async (server: TestServer, keys: readonly (string | null)[]): Promise<readonly Sent[]> => {
  const random = seededRandom(SEED);
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  const sent: Sent[] = [];
  const send = async ({ document, key, idempotencyKey }: Omit<Sent, 'answer'>): Promise<void> => {
    const headers: Record<string, string> = idempotencyKey === null ? {} : { 'idempotency-key': `"${idempotencyKey}"` };
    const answer = await server.query(key, document, undefined, headers);
    sent.push({ answer, document, key, idempotencyKey });
  };
  // Later it is chance whether one is kept before the credits are spent.
  const kept = { document: 'mutation Build { build(name: "shed") }', key: keys[3] ?? null, idempotencyKey: 'kept' };
  for (let time = 0; time < 2; time += 1) await send(kept);
  let begun = 0;
  const sendOneAfterTheOther = async (): Promise<void> => {
    while ((begun += 1) <= OPERATIONS) {
      const document = pick(DOCUMENTS) ?? '';
      const isKeyed = document.startsWith('mutation') && random() < 0.7;
      if (random() < 0.03) {
        const outage = random() < 0.5 ? 'REPLY_LOST' : 'UNREACHABLE';
        server.fail('commitWallets', outage, 1 + Math.floor(random() * 6));
      }
      const idempotencyKey = isKeyed ? `key-${Math.floor(random() * 3)}` : null;
      await send({ document, key: pick(keys) ?? null, idempotencyKey });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sendOneAfterTheOther));
  server.recover();
  // Who got no answer because its charge could not be confirmed asks again, and gets the one that was kept.
  for (const each of sent.filter(({ idempotencyKey }) => idempotencyKey !== null)) await send(each);
  return sent;
};

const tally = (values: readonly (string | number | null | undefined)[]): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const value of values) counts[String(value)] = (counts[String(value)] ?? 0) + 1;
  return counts;
};

const sumOf = (values: readonly (number | undefined)[]): number =>
  values.reduce<number>((sum, value) => sum + (value ?? 0), 0);

/** Each reason of an answer once. */
const reasonsIn = ({ body }: Answer): readonly string[] => {
  const reasons: ReadonlySet<unknown> = new Set(REFUSAL_REASONS);
  return [...new Set(listAt(body, 'errors').map((error) => partAt(error, 'extensions', 'reason')))].filter(
    (reason): reason is string => reasons.has(reason),
  );
};

/** A mutation that was sent again gets the first answer again, and was charged for once. */
const chargedToClients = (sent: readonly Sent[]): number => {
  const keyed = new Map<string, number>();
  let sum = 0;
  for (const { answer, key, idempotencyKey } of sent) {
    const charged = chargedIn(answer.body);
    if (idempotencyKey === null) sum += charged;
    else keyed.set(`${key} ${idempotencyKey}`, Math.max(keyed.get(`${key} ${idempotencyKey}`) ?? 0, charged));
  }
  return sum + sumOf([...keyed.values()]);
};

const settled = async (server: TestServer, log: LogLines, operations: number): Promise<void> => {
  await vi.waitFor(
    () => {
      expect(log.lines(ANSWERED)).toHaveLength(operations);
      expect(server.paywall.engine.background.length).toBe(0);
      expect(server.paywall.engine.keeper.stats.journalLength).toBe(0);
    },
    { timeout: TIME_TO_RUN_MS / 2 },
  );
};

onEachStore(({ name, database }) => {
  const start = useServers({ database });

  describe(`totals on ${name}, seed ${SEED}`, () => {
    it(
      'are the same in the answers, the log, the metrics and the ledger',
      async () => {
        const log = logLines();
        const server = await start({ schema: schema(), logger: log.logger, metrics: new Metrics() });
        const keys = await openAccounts(server);
        const sent = await putLoadOn(server, keys);
        await settled(server, log, sent.length);

        const lines = log.lines(ANSWERED);
        const all = [...lines, ...log.lines(SETTLED_LATER)];
        await server.paywall.engine.refusals.flush();
        const samples = await scrape(server.url);
        const books = await Promise.all(CREDITS.map((_credits, index) => server.books(`account-${index}`)));
        const entries = books.flatMap((each) => each.entries);
        const movedBy = (kind: string) =>
          Math.abs(sumOf(entries.filter((entry) => entry.kind === kind).map(({ credits }) => credits)));

        expect(tally(lines.map(({ status }) => status))).toEqual(tally(sent.map(({ answer }) => answer.status)));
        expect(totalsBy(samples, 'tollgate_operations_total', 'status')).toEqual(
          tally(lines.map(({ status }) => status)),
        );
        expect(totalsBy(samples, 'tollgate_operations_total', 'outcome')).toEqual(
          tally(lines.map(({ outcome }) => outcome)),
        );
        expect(totalOf(samples, 'tollgate_operation_duration_seconds_count')).toBe(sent.length);

        const refused = tally(lines.flatMap(({ reasons = [] }) => reasons));
        expect(refused).toEqual(tally(sent.flatMap(({ answer }) => reasonsIn(answer))));
        expect(totalsBy(samples, 'tollgate_refusals_total', 'reason')).toEqual(refused);

        const charged = movedBy('CHARGE');
        const givenBack = movedBy('REFUND');
        expect({
          charged: sumOf(all.map((line) => line.charged)),
          givenBack: sumOf(all.map((line) => line.givenBack)),
        }).toEqual({ charged, givenBack });
        expect({
          charged: totalOf(samples, 'tollgate_credits_charged_total'),
          givenBack: totalOf(samples, 'tollgate_credits_given_back_total'),
        }).toEqual({ charged, givenBack });
        expect(chargedToClients(sent)).toBe(charged - givenBack);

        expect(totalOf(samples, 'tollgate_credits_held_total')).toBe(sumOf(lines.map(({ held }) => held)));
        expect(totalOf(samples, 'tollgate_holds_open')).toBe(0);
        expect(sumOf(books.map(({ held }) => held))).toBe(0);
        // The uses of keys are written once a minute.
        expect(totalsBy(samples, 'tollgate_queue_length', 'queue')).toEqual({ key_use: CREDITS.length });
        expect(totalOf(samples, 'tollgate_refusals_dropped_total')).toBe(0);

        // The load was of every kind.
        expect(Object.keys(tally(lines.map(({ outcome }) => outcome))).sort()).toEqual([
          'FAILED',
          'INVALID',
          'PARTIAL',
          'REFUSED',
          'REPLAYED',
          'SERVED',
        ]);
        expect(Object.keys(refused)).toEqual(
          expect.arrayContaining(['INSUFFICIENT_FUNDS', 'KEY_REQUIRED', 'KEY_UNKNOWN', 'SUBSCRIPTION_REQUIRED']),
        );
        expect(charged).toBeGreaterThan(givenBack);
        // What can't be sent is known before it is charged for, so that nothing of it has to be given back.
        expect(all.filter((line) => line.operation === 'Unsendable' && (line.charged ?? 0) > 0)).toEqual([]);
      },
      TIME_TO_RUN_MS,
    );
  });
});
