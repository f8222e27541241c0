/**
 * A storm: three servers on one store, 200 clients, 20 accounts, an operator, and all that can befall servers. At the end
 * the books of every account are right, what was acknowledged was charged once, what had a key at most once and was
 * answered alike, and nothing is held but what a kill left behind until it expires.
 *
 * `TOLLGATE_STORM_OPERATIONS` says how many operations there are: 300 where it is not set, 3,000 in CI, 100,000 by `npm run
 * test:storm`. `TOLLGATE_STORM_SEED` draws the same ones again; when what befalls whom is the machine's own.
 */
import { expect, it } from 'vitest';
import { openStore } from '../../src/store/openStore.js';
import { partAt } from '../support/bodies.js';
import { onEachStore } from '../support/onEachStore.js';
import { seededRandom } from '../support/seededRandom.js';
import type { LedgerEntry } from '../../src/domain/ledger.js';
import { audit, chargesIn } from './books.js';
import type { Audit } from './books.js';
import { REASON, StormClients } from './stormClients.js';
import type { Heard, Sent } from './stormClients.js';
import { StormFleet } from './stormWeather.js';

const OPERATIONS = Number(process.env['TOLLGATE_STORM_OPERATIONS'] ?? 300);
const SEED = Number(process.env['TOLLGATE_STORM_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
/** No more than a guard against a storm that never ends: a busy machine takes its time. */
const PATIENCE_MS = 3_600_000 + OPERATIONS * 300;
const CLIENTS = 200;
const ACCOUNTS = Array.from({ length: 20 }, (_, index) => `account-${index}`);
const CREDITS_AT_START = 200;

const plan = (amountMinor: number, limit: number) => ({
  name: `Storm ${amountMinor}`,
  amountMinor,
  currency: 'EUR',
  interval: 'MONTH',
  features: [{ feature: 'basic', limit, per: 'DAY', whenExhausted: 'CREDITS' }],
  creditsPerPeriod: 10,
  trialDays: 0,
  graceDays: 7,
});

const storm = async (name: string, databaseUrl: string): Promise<void> => {
  console.log(`${name}: ${OPERATIONS} operations, TOLLGATE_STORM_SEED=${SEED}`);
  const random = seededRandom(SEED);
  const fleet = new StormFleet(databaseUrl, seededRandom(SEED + 1));
  await fleet.start();
  const keys = new Map<string, string>();
  const clients = new StormClients(fleet, keys, random);
  await prepare(clients, keys);

  const raging = fleet.rage();
  await clients.run(CLIENTS, OPERATIONS);
  fleet.calmDown();
  await raging;
  expect(await fleet.stop()).toEqual([0, 0, 0]);

  const store = await openStore(databaseUrl);
  const audits = new Map<string, Audit>();
  for (const account of ACCOUNTS) audits.set(account, await audit(store, account, Date.now()));
  await store.close();
  report(name, fleet, clients, audits);
  check(clients, audits);
};

const prepare = async (clients: StormClients, keys: Map<string, string>): Promise<void> => {
  for (const [planId, each] of [
    ['small', plan(900, 20)],
    ['large', plan(2_900, 200)],
  ] as const) {
    await clients.administer('createPlanDraft', { planId, plan: each });
    await clients.administer('publishPlan', { planId, version: 1 });
  }
  for (const id of ACCOUNTS) {
    await clients.administer('createAccount', { id, name: id });
    const body = await clients.administer('issueApiKey', { accountId: id });
    keys.set(id, String(partAt(body, 'data', 'issueApiKey', 'secret')));
    await clients.administer('startSubscription', { accountId: id, planId: 'small' });
    await clients.administer('grantCredits', { accountId: id, credits: CREDITS_AT_START, reason: 'start' });
  }
};

const check = (clients: StormClients, audits: ReadonlyMap<string, Audit>): void => {
  const charged = chargedBeforeRefunds([...audits.values()].flatMap(({ entries }) => entries));
  const names = new Set(clients.sent.map(({ operation }) => operation));
  // All of it at once: each tells something of what was wrong.
  expect({
    absurd: clients.absurd,
    books: [...audits.values()].flatMap(({ faults }) => faults),
    operations: clients.sent.flatMap((each) => faultsOf(each, charged.get(each.operation) ?? 0)),
    neverSent: [...charged.keys()].filter((operation) => !names.has(operation)),
    grants: [...faultsOfGrants(clients, audits)],
  }).toEqual({ absurd: [], books: [], operations: [], neverSent: [], grants: [] });
  const cutOff = clients.sent.filter(({ heard }) => heard.some(wasCutOff)).length;
  const held = [...audits.values()].reduce((sum, { openHolds }) => sum + openHolds, 0);
  expect(held).toBeLessThanOrEqual(cutOff);
};

/** What each operation was charged by the paywall, whatever the operator gave back of it later. */
const chargedBeforeRefunds = (entries: readonly LedgerEntry[]): ReadonlyMap<string, number> =>
  chargesIn(entries.filter(({ kind, reason }) => kind !== 'REFUND' || reason?.startsWith(REASON) !== true));

/** What is wrong with one operation, by what its clients heard and what the ledger says. */
const faultsOf = (sent: Sent, charged: number): readonly string[] => {
  const { operation, isKeyed, costMax, isCoverable, costOf, heard } = sent;
  const faults: string[] = [];
  const tell = (fault: string): void => {
    const told = heard.map(({ status, charged: said }) => `${status}/${said}`).join(' ');
    faults.push(`${operation}${isKeyed ? ' (keyed)' : ''}: ${fault}; charged ${charged}, heard ${told}`);
  };
  for (const { status, charged: said, data } of heard) {
    if (status !== 200) continue;
    const cost = costOf(data);
    if (isCoverable ? said > cost : said !== cost) tell(`an answer says ${said}, what it delivers costs ${cost}`);
  }
  const answers = heard.filter(isAnswer);
  const said = answers[0]?.charged ?? 0;
  if (answers.length > 0 || !mayBeCharged(sent)) {
    if (charged !== said) tell(`${said} was due`);
  }
  const ways = new Set(answers.map((each) => JSON.stringify([each.data, each.charged])));
  if (ways.size > 1) tell(`it was answered in ${ways.size} ways`);
  if (charged > costMax || charged < 0) tell(`at most ${costMax} was due`);
  return faults;
};

/** A refusal is no answer, whole or of each paid field: the same key runs once it was paid for. */
const isAnswer = ({ status, charged, body }: Heard): boolean =>
  status === 200 && (charged > 0 || partAt(body, 'errors') === undefined);

/** Nobody knows whether an answer arrived that was cut off. */
const mayBeCharged = ({ heard }: Sent): boolean => heard.some((each) => each.status === 'NO_ANSWER' || wasCutOff(each));

/** What is answered by 503 is given back in the background, unless that server is killed meanwhile. */
const wasCutOff = ({ status, life }: Heard): boolean => life.wasKilled && (status === 'NO_ANSWER' || status === 503);

/** Each grant and refund that was confirmed is in the ledger once. */
function* faultsOfGrants(clients: StormClients, audits: ReadonlyMap<string, Audit>): Generator<string> {
  for (const [kind, confirmed] of [
    ['GRANT', clients.granted],
    ['REFUND', clients.refunded],
  ] as const) {
    for (const [reason, { account, credits }] of confirmed) {
      const entries = audits.get(account)?.entries.filter((each) => each.kind === kind && each.reason === reason) ?? [];
      const sum = entries.reduce((total, entry) => total + entry.credits, 0);
      if (sum !== credits) yield `${account}: ${kind} ${reason} of ${credits} is in the ledger with ${sum}`;
    }
  }
}

const report = (
  name: string,
  { events }: StormFleet,
  clients: StormClients,
  audits: ReadonlyMap<string, Audit>,
): void => {
  const statuses = new Map<unknown, number>();
  for (const { heard } of clients.sent) {
    for (const { status } of heard) statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  const held = [...audits.values()].reduce((sum, { openHolds }) => sum + openHolds, 0);
  console.log(
    `${name}: ${JSON.stringify({ ...events, sent: clients.sent.length, held, ...Object.fromEntries(statuses) })}`,
  );
};

onEachStore(({ name, database }) => {
  it(`on ${name}, three servers in a storm keep their books`, { timeout: PATIENCE_MS }, async () => {
    const { url, store, drop } = await database();
    await store.close();
    await storm(name, url);
    await drop();
    expect.hasAssertions();
  });
});
