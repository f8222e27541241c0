/** The database is gone for five seconds under load, and comes back. */
import { afterEach, expect, it } from 'vitest';
import { openMongoForTest } from '../contract/store/mongoForTest.js';
import { audit, openAccounts } from './books.js';
import { countOf, post, runClients } from './clients.js';
import type { Asked } from './clients.js';
import { describeWithOwnRig } from './ownRig.js';
import { startServerProcess } from './serverProcess.js';
import type { ServerProcess } from './serverProcess.js';

const ACCOUNTS = ['ann', 'ben', 'eve', 'joe'];
const CREDITS = 1_000_000;
const CLIENTS = 16;
const GONE_MS = 5_000;
/** As long as a call waits for a server that may be back in a moment, and once more for its second attempt. */
const PATIENCE_MS = 2_000;
const HOLD_TTL_MS = 60_000;

interface Looked {
  readonly at: number;
  readonly status: number;
  readonly ms: number;
}

interface Asking extends Asked {
  readonly at: number;
}

const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

describeWithOwnRig('MongoDB that vanishes for five seconds', { port: 27_128 }, (rig) => {
  let server: ServerProcess | null = null;
  afterEach(async () => {
    await server?.stop();
  });

  it('costs 503s that come fast, no free operation, no credit and no restart', { timeout: 60_000 }, async () => {
    const database = await openMongoForTest(rig.url);
    const keys = await openAccounts(database.store, ACCOUNTS, CREDITS);
    const running = await startServerProcess(database.url, { LOG_LEVEL: 'silent' });
    server = running;
    const { url } = running;
    let isOver = false;
    const asked: Asking[] = [];
    let count = 0;
    const paid = runClients(
      CLIENTS,
      () => {
        if (isOver) return null;
        const n = (count += 1);
        return { url, key: keys[n % keys.length] ?? '', operation: `Op${n}` };
      },
      (each) => asked.push({ ...each, at: performance.now() }),
    );
    const look = async (request: () => Promise<number>): Promise<readonly Looked[]> => {
      const looks: Looked[] = [];
      while (!isOver) {
        const startedAt = performance.now();
        const status = await request();
        looks.push({ at: performance.now(), status, ms: performance.now() - startedAt });
        await sleep(50);
      }
      return looks;
    };
    const statusOf = async (key: string | null) =>
      (await post(url, key, '{ country(code: "AT") { name } }'))?.status ?? 0;
    const free = look(() => statusOf(null));
    const freeWithKey = look(() => statusOf(keys[0] ?? ''));
    const ready = look(async () => (await fetch(`${url}/readyz`)).status);
    const healthy = look(async () => (await fetch(`${url}/healthz`)).status);

    await sleep(1_500);
    const goneAt = performance.now();
    await rig.vanish();
    await sleep(GONE_MS);
    await rig.comeBack();
    const backAt = performance.now();
    await sleep(4_000);
    isOver = true;
    await paid;

    // Paid operations: refused while it is gone, never late, and at once when it has been gone for a while.
    const whileGone = (from: number) => asked.filter(({ at, ms }) => at - ms > goneAt + from && at < backAt);
    const refused = asked.filter(({ outcome }) => outcome === 'UNAVAILABLE');
    expect(refused.length).toBeGreaterThan(CLIENTS);
    expect(new Set(refused.map(({ retryAfter }) => retryAfter))).toEqual(new Set(['2']));
    expect(countOf(asked, 'SERVED') + refused.length).toBe(asked.length);
    const late = whileGone(PATIENCE_MS + 500);
    expect(new Set(late.map(({ outcome }) => outcome))).toEqual(new Set(['UNAVAILABLE']));
    // Did they wait as long as a call may, each client would get two or three answers in that time.
    expect(late.length).toBeGreaterThan(4 * CLIENTS);
    const servedAgain = asked.filter(({ at, outcome }) => at > backAt && outcome === 'SERVED');
    expect(servedAgain.length).toBeGreaterThan(CLIENTS);

    // Free operations, with a key and without one; and what is said of the process.
    for (const looks of [await free, await freeWithKey, await healthy]) {
      expect(new Set(looks.map(({ status }) => status))).toEqual(new Set([200]));
      expect(looks.filter(({ at, ms }) => at - ms > goneAt && at < backAt).length).toBeGreaterThan(1);
    }
    const readiness = await ready;
    const statuses = (from: number, to: number) =>
      new Set(readiness.filter(({ at, ms }) => at - ms > from && at < to).map(({ status }) => status));
    expect(statuses(0, goneAt)).toEqual(new Set([200]));
    expect(statuses(goneAt + 1_000, backAt)).toEqual(new Set([503]));
    expect(readiness.at(-1)?.status).toBe(200);

    // What was in doubt is given back, and the books are sound.
    await sleep(2_000);
    const audits = await Promise.all(
      ACCOUNTS.map((account) => audit(database.store, account, Date.now() + 2 * HOLD_TTL_MS)),
    );
    expect(audits.flatMap(({ faults }) => faults)).toEqual([]);
    const charged = new Map(audits.flatMap((each) => [...each.charged]));
    expect(
      asked.filter(({ operation, outcome }) => (charged.get(operation) ?? 0) !== (outcome === 'SERVED' ? 1 : 0)),
    ).toEqual([]);
    expect(await running.stop()).toMatchObject({ code: 0, stderr: '' });
    await database.drop();
  });
});
