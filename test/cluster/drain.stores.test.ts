/**
 * A server that is asked to end under load: whoever it has charged has the answer, nothing stays set aside, and it is gone
 * within its grace, whatever a client does.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import WebSocket from 'ws';
import { openStore } from '../../src/store/openStore.js';
import { onEachStore } from '../support/onEachStore.js';
import { audit, openAccounts } from './books.js';
import { countOf, runClients } from './clients.js';
import { startServerProcess } from './serverProcess.js';

const ACCOUNTS = ['ann', 'ben', 'eve'];
const CREDITS = 1_000_000;
const CLIENTS = 24;
const GRACE_MS = 5_000;

/** `isHeldUp`: by a body that never ends. */
const endUnderLoad = async (databaseUrl: string, isHeldUp: boolean): Promise<void> => {
  const open = () => openStore(databaseUrl);
  const before = await open();
  const keys = await openAccounts(before, ACCOUNTS, CREDITS);
  await before.close();
  const server = await startServerProcess(databaseUrl, {
    TOLLGATE_SHUTDOWN_GRACE_MS: String(GRACE_MS),
    TOLLGATE_REQUEST_TIMEOUT_MS: '60000',
    LOG_LEVEL: 'fatal',
  });

  const gone = new Set<number>();
  let [count, served] = [0, 0];
  const load = runClients(
    CLIENTS,
    (client) => {
      if (gone.has(client)) return null;
      const n = (count += 1);
      return { url: server.url, key: keys[n % keys.length] ?? '', operation: `Op${n}`, isMutation: n % 5 === 0 };
    },
    ({ outcome }) => {
      if (outcome === 'SERVED') served += 1;
      // A connection that is refused: the server is gone.
      if (outcome === 'NO_ANSWER') for (let client = 0; client < CLIENTS; client += 1) gone.add(client);
    },
  );
  await vi.waitUntil(() => served > 2 * CLIENTS, { timeout: 30_000 });
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  await once(socket, 'open');
  if (isHeldUp) {
    const head = 'POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{';
    const slow = connect(Number(new URL(server.url).port), '127.0.0.1', () => slow.write(head));
    slow.on('error', () => undefined);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }

  const ended = await server.stop();
  const asked = await load;
  // It would be 1 where that took longer than the grace.
  expect(ended).toMatchObject({ code: 0, signal: null, stderr: '' });
  expect(await closed).toBe(1001);

  const after = await open();
  const audits = await Promise.all(ACCOUNTS.map((account) => audit(after, account, Date.now())));
  await after.close();
  expect(audits.map(({ openHolds, faults }) => ({ openHolds, faults }))).toEqual(
    ACCOUNTS.map(() => ({ openHolds: 0, faults: [] })),
  );
  const charged = new Map(audits.flatMap((each) => [...each.charged]));
  expect(countOf(asked, 'SERVED')).toBeGreaterThan(CLIENTS);
  expect(countOf(asked, 'SERVED') + countOf(asked, 'NO_ANSWER')).toBe(asked.length);
  const wrong = asked.filter(
    ({ operation, outcome, cost }) => (charged.get(operation) ?? 0) !== (outcome === 'SERVED' ? cost : 0),
  );
  expect(wrong).toEqual([]);
};

onEachStore(({ name, database }) => {
  describe(`SIGTERM on ${name}`, () => {
    let url = '';
    let drop = async (): Promise<void> => undefined;
    beforeEach(async () => {
      const opened = await database();
      await opened.store.close();
      ({ url, drop } = opened);
    });
    afterEach(() => drop());

    it('under load loses no answer, leaves no hold and ends within the grace', { timeout: 60_000 }, async () => {
      await endUnderLoad(url, false);
    });

    it('does so beside a request that never ends', { timeout: 60_000 }, async () => {
      await endUnderLoad(url, true);
    });

    it(
      'is told before, and served on for as long as whoever sends requests needs to notice',
      { timeout: 60_000 },
      async () => {
        const server = await startServerProcess(url, { TOLLGATE_SHUTDOWN_DELAY_MS: '2000' });
        const ended = server.stop();
        await expect
          .poll(async () => {
            const ready = await fetch(`${server.url}/readyz`);
            return { status: ready.status, body: await ready.json() };
          })
          .toEqual({ status: 503, body: { status: 'stopping' } });
        const served = await fetch(`${server.url}/graphql?query={__typename}`, {
          headers: { 'apollo-require-preflight': '1' },
        });
        expect({ status: served.status, connection: served.headers.get('connection') }).toEqual({
          status: 200,
          connection: 'close',
        });
        expect(await ended).toMatchObject({ code: 0, stderr: '' });
      },
    );
  });
});
