/**
 * Two server processes on one MongoDB share a rate limit. The window is short here; `npm run test:rate` takes a whole
 * minute.
 */
import { afterEach, expect, it } from 'vitest';
import { accountId, planId, subscriptionId } from '../../src/domain/ids.js';
import { DAY_MS, plan, subscription } from '../support/domain.js';
import { describeMongo, openMongoForTest } from '../contract/store/mongoForTest.js';
import { openAccounts } from './books.js';
import { post } from './clients.js';
import { startServerProcess } from './serverProcess.js';
import type { ServerProcess } from './serverProcess.js';

const WINDOW_SECONDS = Number(process.env['TOLLGATE_TEST_WINDOW_SECONDS'] ?? '5');
const PER_MINUTE = 1_200;
const LIMIT = (PER_MINUTE * WINDOW_SECONDS) / 60;
const CLIENTS = 16;

describeMongo('two server processes on one MongoDB', (url) => {
  const servers: ServerProcess[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop();
  });

  it('let the limit of a key through once between them', { timeout: (WINDOW_SECONDS + 60) * 1_000 }, async () => {
    const { store, url: databaseUrl, drop } = await openMongoForTest(url);
    const [key = ''] = await openAccounts(store, ['limited'], 1);
    const id = planId('limited');
    expect(await store.savePlans([plan({ id, features: [], requestsPerMinute: PER_MINUTE })])).toEqual(['WON']);
    const dates = { startsAt: Date.now() - DAY_MS, paidUntil: Date.now() + DAY_MS };
    const changes = { id: subscriptionId('limited'), accountId: accountId('limited'), planId: id, ...dates };
    expect(await store.saveSubscriptions([subscription(changes)])).toEqual(['WON']);
    const settings = { TOLLGATE_RATE_WINDOW_SECONDS: String(WINDOW_SECONDS) };
    servers.push(
      ...(await Promise.all([startServerProcess(databaseUrl, settings), startServerProcess(databaseUrl, settings)])),
    );

    // The window begins with the first request, so that it is over before this is.
    const endsAt = Date.now() + WINDOW_SECONDS * 1_000;
    const counts = new Map<number, number>();
    const client = async (_: unknown, number: number): Promise<void> => {
      for (let asked = number; ; asked += 1) {
        const answer = await post(servers[asked % servers.length]?.url ?? '', key, '{ __typename }');
        // What was answered in this time was counted in it, however long it took.
        if (Date.now() >= endsAt) return;
        const status = answer?.status ?? 0;
        counts.set(status, (counts.get(status) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));

    expect([...counts.keys()].sort()).toEqual([200, 429]);
    expect(counts.get(200)).toBeGreaterThanOrEqual(LIMIT);
    expect(counts.get(200)).toBeLessThanOrEqual(LIMIT + servers.length);
    for (const server of servers.splice(0)) expect(await server.stop()).toMatchObject({ code: 0, stderr: '' });
    await drop();
  });
});
