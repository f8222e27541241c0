/**
 * A server under requests that are malformed or meant to hurt: it answers each with less than 500, stays alive and at its
 * size, and goes on serving those who mean well. `npm run test:hostile` sends 10,000 of them.
 */
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
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

const COUNT = Number(process.env['TOLLGATE_TEST_HOSTILE_REQUESTS'] ?? '300');
const SEED = Number(process.env['TOLLGATE_TEST_SEED'] ?? '7');
/** One request of so many is sent by who knows no HTTP. */
const BYTES_EVERY = 20;
const SENDERS = 4;
/** What a hostile sender waits between two requests: the machine is the server's as well. */
const PAUSE_MS = 20;
/** How long those who mean well are alone. A hundredth of what they ask in less time is chance, and is not judged. */
const ALONE_MS = COUNT < 10_000 ? 3_000 : 20_000;
const REQUEST_TIMEOUT_MS = 2_000;
/** The server's, so that what is kept and what waits to be collected are told apart: it would die of what it kept. */
const HEAP_MIB = 128;
const GROWTH_MIB_MAX = 48;
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

/** Well-behaved requests at a steady pace; gives what stops them, and tells how long each took, in ms. */
const behave = (url: string, key: string): (() => Promise<readonly number[]>) => {
  const program = path.join(import.meta.dirname, 'wellBehaved.ts');
  const child = fork(program, [url, key], { execArgv: ['--import', 'tsx', '--unhandled-rejections=strict'] });
  return async () => {
    child.send('stop');
    const [took] = (await once(child, 'message')) as [readonly number[]];
    return took;
  };
};

const behaveFor = async (url: string, key: string, ms: number): Promise<readonly number[]> => {
  const stop = behave(url, key);
  await sleep(ms);
  return stop();
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
      NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}`,
      TOLLGATE_REQUEST_TIMEOUT_MS: String(REQUEST_TIMEOUT_MS),
    });
    const { url } = server;
    await behaveFor(url, key, ALONE_MS / 2);

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
    const alone = p99(await behaveFor(url, key, ALONE_MS));
    const stop = behave(url, key);
    await attack(COUNT - Math.floor(COUNT / 5));
    const beside = p99(await stop());
    const after = await memoryMiB(server.pid);
    console.log(
      `p99 ${alone.toFixed(1)} ms alone, ${beside.toFixed(1)} ms beside; ${before.toFixed(0)} MiB before, ${after.toFixed(0)} MiB after`,
    );

    expect(outcomes).toHaveLength(COUNT);
    expect(outcomes.filter(({ status }) => status !== null && status >= 500)).toEqual([]);
    expect(after - before).toBeLessThan(GROWTH_MIB_MAX);
    if (COUNT >= 10_000) expect(beside).toBeLessThanOrEqual(2 * Math.max(alone, P99_MS_MIN));
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    agent.destroy();
    expect(await server.stop()).toMatchObject({ code: 0, stderr: '' });
  },
);
