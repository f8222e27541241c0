/**
 * A server that is asked to end under load: whoever it has charged has the answer, nothing stays set aside, and it is gone
 * within its grace, whatever a client does.
 */
import { connect } from 'node:net';
import { expect } from 'vitest';
import WebSocket from 'ws';
import type { Store } from '../../src/store/store.js';
import { audit, openAccounts } from './books.js';
import { countOf, runClients } from './clients.js';
import type { Asked } from './clients.js';
import { startServerProcess } from './serverProcess.js';

const ACCOUNTS = ['ann', 'ben', 'eve'];
const CREDITS = 1_000_000;
const CLIENTS = 24;
const LOAD_MS = 1_000;
const GRACE_MS = 5_000;

export interface Drained {
  readonly asked: readonly Asked[];
  readonly tookMs: number;
}

/** `isHeldUp`: by a body that never ends. */
export const endUnderLoad = async (
  databaseUrl: string,
  open: () => Promise<Store>,
  isHeldUp: boolean,
): Promise<Drained> => {
  const before = await open();
  const keys = await openAccounts(before, ACCOUNTS, CREDITS);
  await before.close();
  const server = await startServerProcess(databaseUrl, {
    TOLLGATE_SHUTDOWN_GRACE_MS: String(GRACE_MS),
    TOLLGATE_REQUEST_TIMEOUT_MS: '60000',
    LOG_LEVEL: 'fatal',
  });

  const gone = new Set<number>();
  let count = 0;
  const load = runClients(
    CLIENTS,
    (client) => {
      if (gone.has(client)) return null;
      const n = (count += 1);
      return { url: server.url, key: keys[n % keys.length] ?? '', operation: `Op${n}`, isMutation: n % 5 === 0 };
    },
    ({ outcome }) => {
      // A connection that is refused: the server is gone.
      if (outcome === 'NO_ANSWER') for (let client = 0; client < CLIENTS; client += 1) gone.add(client);
    },
  );
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  await new Promise((resolve) => setTimeout(resolve, LOAD_MS));
  if (isHeldUp) {
    const head = 'POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{';
    const slow = connect(Number(new URL(server.url).port), '127.0.0.1', () => slow.write(head));
    slow.on('error', () => undefined);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }

  const startedAt = performance.now();
  const ended = await server.stop();
  const tookMs = performance.now() - startedAt;
  const asked = await load;
  expect(ended).toMatchObject({ code: 0, signal: null, stderr: '' });
  expect(tookMs).toBeLessThan(GRACE_MS);
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
  return { asked, tookMs };
};
