/**
 * A server under requests that are malformed or meant to hurt: it answers each with less than 500, stays alive and at its
 * size, and goes on serving those who mean well. `npm run test:hostile` sends 10,000 of them.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { openAccounts } from '../cluster/books.js';
import { startServerProcess } from '../cluster/serverProcess.js';
import { openStore } from '../../src/store/openStore.js';
import { seededRandom } from '../demo/seededRandom.js';
import { hostileBytes, hostileRequest } from './requests.js';
import type { HostileBytes, HostileRequest } from './requests.js';

const COUNT = Number(process.env['TOLLGATE_TEST_HOSTILE_REQUESTS'] ?? '600');
const SEED = Number(process.env['TOLLGATE_TEST_SEED'] ?? '7');
/** One request of so many is sent by who knows no HTTP. */
const BYTES_EVERY = 20;
const SENDERS = 4;
/** What a hostile sender waits between two requests: the machine is the server's as well. */
const PAUSE_MS = 20;
const WELL_BEHAVED_EVERY_MS = 20;
const REQUEST_TIMEOUT_MS = 2_000;
const GROWTH_MIB_MAX = 64;
/** A request takes no less than what is before it in the queue: one document that is as large as it may be. */
const P99_MS_MIN = 15;

const run = promisify(execFile);
const folder = mkdtempSync(path.join(tmpdir(), 'tollgate-hostile-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Outcome {
  readonly kind: string;
  /** `null`: the connection was closed without an answer. */
  readonly status: number | null;
}

const agent = new Agent({ keepAlive: true, maxSockets: 2 * SENDERS });

const send = (url: string, { kind, method, path: to, headers, body }: HostileRequest): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const sent = request({ hostname, port, method, path: to, headers, agent, timeout: 20_000 }, (response) => {
      response.resume().once('close', () => {
        resolve({ kind, status: response.statusCode ?? null });
      });
    });
    sent.once('error', () => {
      resolve({ kind, status: null });
    });
    sent.once('timeout', () => {
      reject(new Error(`No answer to a request of the kind "${kind}".`));
    });
    sent.end(body);
  });

const sendBytes = (url: string, { kind, bytes, isSlow }: HostileBytes): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    const dripping = setInterval(() => isSlow && socket.writable && socket.write('x'), 500);
    // Who says nothing that makes sense may be left waiting for as long as a request may take to arrive.
    const overdue = setTimeout(() => {
      reject(new Error(`A connection of the kind "${kind}" was kept.`));
    }, REQUEST_TIMEOUT_MS + 8_000);
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      if (!isSlow) socket.end();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(dripping);
      clearTimeout(overdue);
      const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1];
      resolve({ kind, status: status === undefined ? null : Number(status) });
    });
  });

/** Well-behaved requests at a steady pace until `isOver`; how long each took, in ms. */
const behave = async (url: string, key: string, isOver: () => boolean): Promise<readonly number[]> => {
  const took: number[] = [];
  const underWay: Promise<void>[] = [];
  const ask = async (): Promise<void> => {
    const startedAt = performance.now();
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({ query: '{ nearest(lat: 48.2, lon: 16.37, first: 2) { name } }' }),
    });
    const body = await response.text();
    took.push(performance.now() - startedAt);
    expect({ status: response.status, body }).toMatchObject({ status: 200, body: expect.stringContaining('Vienna') });
  };
  while (!isOver()) {
    underWay.push(ask());
    await sleep(WELL_BEHAVED_EVERY_MS);
  }
  await Promise.all(underWay);
  return took;
};

const p99 = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? Number.NaN;

const memoryMiB = async (pid: number): Promise<number> => {
  const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(pid)]);
  return Number(stdout.trim()) / 1_024;
};

it(
  `${COUNT} hostile requests (seed ${SEED}) crash nothing, fill nothing and hold nobody up`,
  { timeout: 900_000 },
  async () => {
    const random = seededRandom(SEED);
    const database = `sqlite:${path.join(folder, 'tollgate.db')}`;
    const store = await openStore(database);
    const [key = ''] = await openAccounts(store, ['well-behaved'], 1_000_000);
    await store.close();
    const server = await startServerProcess(database, {
      // They come from one address, and each is to be looked at.
      TOLLGATE_KEYLESS_REQUESTS_PER_MINUTE: 'off',
      TOLLGATE_BAD_KEY_REQUESTS_PER_MINUTE: 'off',
      TOLLGATE_REQUEST_TIMEOUT_MS: String(REQUEST_TIMEOUT_MS),
    });
    const { url } = server;
    await behave(url, key, endOf(2_000));

    const outcomes: Outcome[] = [];
    let left = 0;
    const attack = async (count: number): Promise<void> => {
      left = count;
      const sender = async (): Promise<void> => {
        while (left > 0) {
          left -= 1;
          const one =
            left % BYTES_EVERY === 0 ? sendBytes(url, hostileBytes(random)) : send(url, hostileRequest(random));
          outcomes.push(await one);
          await sleep(PAUSE_MS);
        }
      };
      await Promise.all(Array.from({ length: SENDERS }, sender));
    };

    // The first of them make room for caches and compiled code.
    await attack(Math.floor(COUNT / 5));
    const before = await memoryMiB(server.pid);
    const alone = await behave(url, key, endOf(3_000));
    let isOver = false;
    const beside = behave(url, key, () => isOver);
    await attack(COUNT - Math.floor(COUNT / 5));
    isOver = true;
    const after = await memoryMiB(server.pid);
    const figures = { alone: p99(alone), beside: p99(await beside), before, after };
    console.log(
      `p99 ${figures.alone.toFixed(1)} ms alone, ${figures.beside.toFixed(1)} ms beside; ${before.toFixed(0)} MiB before, ${after.toFixed(0)} MiB after`,
    );

    expect(outcomes).toHaveLength(COUNT);
    expect(outcomes.filter(({ status }) => status !== null && status >= 500)).toEqual([]);
    expect(after - before).toBeLessThan(GROWTH_MIB_MAX);
    expect(figures.beside).toBeLessThanOrEqual(2 * Math.max(figures.alone, P99_MS_MIN));
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    agent.destroy();
    expect(await server.stop()).toMatchObject({ code: 0, stderr: '' });
  },
);

function endOf(ms: number): () => boolean {
  const end = Date.now() + ms;
  return () => Date.now() > end;
}
