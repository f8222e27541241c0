/**
 * A server that is killed at random moments under load, started again each time. What it had answered is charged, what
 * it had not answered is not, and the books are sound. The one exception can't be avoided by anyone who charges before
 * sending: between the capture and the last byte of the answer a death leaves an operation charged and unanswered. How
 * often that happens is counted and printed; a client that sends an Idempotency-Key gets the answer afterwards, and is
 * charged once.
 *
 * `TOLLGATE_CRASH_SEED` repeats a run's moments, `TOLLGATE_CRASHES` says how many there are: one where it is not set, ten in
 * CI, 50 by `npm run test:crash`.
 */
import { expect, it } from 'vitest';
import { openStore } from '../../src/store/openStore.js';
import { seededRandom } from '../support/seededRandom.js';
import { audit, openAccounts } from './books.js';
import type { Audit } from './books.js';
import { ask, countOf, MUTATION_COST, runClients } from './clients.js';
import type { Asked, AskOptions } from './clients.js';
import { startServerProcess } from './serverProcess.js';
import type { ServerProcess } from './serverProcess.js';
import { onEachStore } from '../support/onEachStore.js';

const CRASHES = Number(process.env['TOLLGATE_CRASHES'] ?? 1);
const SEED = Number(process.env['TOLLGATE_CRASH_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

const ACCOUNTS = ['ann', 'ben', 'eve'];
const CREDITS = 1_000_000;
const CLIENTS = 16;
const HOLD_TTL_MS = 2_000;
/** After the first answer of a new server: the first moments of a process are the slowest. */
const KILL_WITHIN_MS = 400;

interface Crashed {
  readonly asked: readonly Asked[];
  /** What was sent with a key and never answered. */
  readonly pending: readonly AskOptions[];
}

const crashAgainAndAgain = async (name: string, databaseUrl: string): Promise<void> => {
  const open = () => openStore(databaseUrl);
  console.log(`${name}: ${CRASHES} crashes, TOLLGATE_CRASH_SEED=${SEED}`);
  const random = seededRandom(SEED);
  const before = await open();
  const keys = await openAccounts(before, ACCOUNTS, CREDITS);
  await before.close();

  const rounds: Crashed[] = [];
  for (let round = 0; round < CRASHES; round += 1) {
    const server = await start(databaseUrl);
    rounds.push(await loadUntilKilled(server, { keys, round, killAfterMs: random() * KILL_WITHIN_MS }));
  }
  const asked = rounds.flatMap((each) => each.asked);
  // The longest that anything is held or locked, by an operation that the last crash cut off.
  await new Promise((resolve) => setTimeout(resolve, HOLD_TTL_MS));
  const server = await start(databaseUrl);
  const again = await askAgain(
    server,
    rounds.flatMap(({ pending }) => pending),
  );
  expect(await server.stop()).toMatchObject({ code: 0, stderr: '' });

  const after = await open();
  const audits = await Promise.all(ACCOUNTS.map((account) => audit(after, account, Date.now())));
  await after.close();
  check([...asked, ...again], audits);
  report(name, asked, audits);
};

const start = (databaseUrl: string): Promise<ServerProcess> =>
  startServerProcess(databaseUrl, { TOLLGATE_HOLD_TTL_MS: String(HOLD_TTL_MS) });

interface Round {
  readonly keys: readonly string[];
  readonly round: number;
  readonly killAfterMs: number;
}

const loadUntilKilled = async (server: ServerProcess, { keys, round, killAfterMs }: Round): Promise<Crashed> => {
  let isDead = false;
  let count = 0;
  const sent = new Map<string, AskOptions>();
  const next = (): AskOptions | null => {
    if (isDead) return null;
    const n = (count += 1);
    const operation = `Op${round}_${n}`;
    const idempotency = n % 2 === 0 ? { idempotencyKey: `key-${operation}`, isMutation: n % 4 === 0 } : {};
    const options = { url: server.url, key: keys[n % keys.length] ?? '', operation, cost: (n % 3) + 1, ...idempotency };
    sent.set(operation, options);
    return options;
  };
  await ask({ url: server.url, key: keys[0] ?? '', operation: `First${round}`, idempotencyKey: `first-${round}` });
  const killing = new Promise((resolve) => setTimeout(resolve, killAfterMs)).then(async () => {
    const ended = server.crash();
    isDead = true;
    expect(await ended).toMatchObject({ signal: 'SIGKILL', stderr: '' });
  });
  const [asked] = await Promise.all([runClients(CLIENTS, next), killing]);
  const unanswered = asked.filter(({ outcome }) => outcome === 'NO_ANSWER').map(({ operation }) => sent.get(operation));
  return { asked, pending: unanswered.filter((each) => each?.idempotencyKey !== undefined).filter(isSent) };
};

const isSent = (options: AskOptions | undefined): options is AskOptions => options !== undefined;

const askAgain = async (server: ServerProcess, pending: readonly AskOptions[]): Promise<readonly Asked[]> => {
  const asked = await Promise.all(pending.map((options) => ask({ ...options, url: server.url })));
  expect(countOf(asked, 'SERVED')).toBe(pending.length);
  // And once more, since what was sent again may be sent again.
  const twice = await Promise.all(pending.map((options) => ask({ ...options, url: server.url })));
  expect(countOf(twice, 'SERVED')).toBe(pending.length);
  return asked;
};

const check = (asked: readonly Asked[], audits: readonly Audit[]): void => {
  expect(audits.flatMap(({ faults }) => faults)).toEqual([]);
  expect(audits.map(({ openHolds }) => openHolds)).toEqual(ACCOUNTS.map(() => 0));
  const charged = chargedIn(audits);
  const outcomes = new Map<string, Asked>();
  for (const each of asked) outcomes.set(each.operation, each);
  const wrong = [...outcomes.values()].filter(({ operation, outcome, cost }) => {
    const credits = charged.get(operation) ?? 0;
    if (outcome === 'SERVED') return credits !== cost;
    return outcome === 'NO_ANSWER' ? credits !== 0 && credits !== cost : credits !== 0;
  });
  expect(wrong).toEqual([]);
  expect([...charged.keys()].filter((name) => !outcomes.has(name) && !name.startsWith('First'))).toEqual([]);
  const total = [...charged.values()].reduce((sum, credits) => sum + credits, 0);
  expect(audits.reduce((sum, { balance }) => sum + balance, 0)).toBe(ACCOUNTS.length * CREDITS - total);
  expect(countOf(asked, 'SERVED')).toBeGreaterThan(CRASHES);
};

const chargedIn = (audits: readonly Audit[]): ReadonlyMap<string, number> =>
  new Map(audits.flatMap((each) => [...each.charged]));

/** Of what the crashes cut off, how much was charged: without a key, nobody will ever get its answer. */
const report = (name: string, asked: readonly Asked[], audits: readonly Audit[]): void => {
  const charged = chargedIn(audits);
  const unanswered = asked.filter(({ outcome }) => outcome === 'NO_ANSWER');
  const withoutKey = unanswered.filter(({ operation }) => Number(operation.split('_')[1]) % 2 === 1);
  const lost = withoutKey.filter(({ operation }) => charged.has(operation));
  console.log(
    `${name}: ${countOf(asked, 'SERVED')} operations served, ${unanswered.length} cut off by ${CRASHES} crashes; ` +
      `of the ${withoutKey.length} among them without an Idempotency-Key ${lost.length} were charged; ` +
      `all ${unanswered.length - withoutKey.length} with one were answered later and charged once ` +
      `(mutations: ${MUTATION_COST} credits each)`,
  );
};

onEachStore(({ name, database }) => {
  it(
    `on ${name}, a server killed at random moments charges exactly what it answered`,
    { timeout: 60_000 + CRASHES * 15_000 },
    async () => {
      const { url, store, drop } = await database();
      await store.close();
      await crashAgainAndAgain(name, url);
      await drop();
      expect.hasAssertions();
    },
  );
});
