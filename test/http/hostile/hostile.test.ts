/**
 * A server under requests that are malformed or meant to hurt: it answers each with less than 500, stays alive and at its
 * size, and goes on serving those who mean well. `npm run test:hostile` sends 10,000 of them.
 */
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { openAccounts } from '../../cluster/books.js';
import { startServerProcess } from '../../cluster/serverProcess.js';
import { openStore } from '../../../src/store/openStore.js';
import type { Outcome } from './attacker.js';

const COUNT = Number(process.env['TOLLGATE_TEST_HOSTILE_REQUESTS'] ?? '300');
const SEED = Number(process.env['TOLLGATE_TEST_SEED'] ?? '7');
/** Those who mean well are alone and beside hostile requests in turns, so that a busy machine is so for both. */
const TURNS = COUNT < 10_000 ? 1 : 20;
const ALONE_MS = COUNT < 10_000 ? 500 : 3_000;
const REQUEST_TIMEOUT_MS = 2_000;
/**
 * The server's, so that what is kept and what waits to be collected are told apart: it would die of what it kept. Atlas and
 * the sources that are compiled as they are loaded take 80 of it; in half as much the collector holds everybody up.
 */
const HEAP_MIB = 256;
const GROWTH_MIB_MAX = 48;
/** A request takes no less than what is before it in the queue: one document that is as large as it may be. */
const P99_MS_MIN = 15;

const run = promisify(execFile);
const folder = mkdtempSync(path.join(tmpdir(), 'tollgate-hostile-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Client<Message, Reply> {
  readonly ask: (message: Message) => Promise<Reply>;
  readonly stop: () => void;
}

/** One of the programs beside this one, which answers each message with one. */
const startClient = <Message extends string | number, Reply>(name: string, args: readonly string[]) => {
  const execArgv = ['--import', 'tsx', '--unhandled-rejections=strict'];
  const child = fork(path.join(import.meta.dirname, name), args, { execArgv });
  const client: Client<Message, Reply> = {
    ask: async (message) => {
      child.send(message);
      const [reply] = (await once(child, 'message')) as [Reply];
      return reply;
    },
    stop: () => {
      child.disconnect();
    },
  };
  return client;
};

const p99 = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? Number.NaN;

const memoryMiB = async (pid: number): Promise<number> => {
  const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(pid)]);
  return Number(stdout.trim()) / 1_024;
};

const NO_LIMITS = { TOLLGATE_KEYLESS_REQUESTS_PER_MINUTE: 'off', TOLLGATE_BAD_KEY_REQUESTS_PER_MINUTE: 'off' };

describe.each([
  // They come from one address, and each is to be looked at.
  ['without rate limits', NO_LIMITS],
  ['with the rate limits of an empty environment', {}],
])('%s', (_what, settings) => {
  it(
    `${COUNT} hostile requests (seed ${SEED}) crash nothing, fill nothing and hold nobody up`,
    { timeout: 900_000 },
    async () => {
      const database = `sqlite:${path.join(mkdtempSync(path.join(folder, 'run-')), 'tollgate.db')}`;
      const store = await openStore(database);
      const [key = ''] = await openAccounts(store, ['well-behaved'], 1_000_000);
      await store.close();
      const server = await startServerProcess(database, {
        ...settings,
        NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}`,
        TOLLGATE_REQUEST_TIMEOUT_MS: String(REQUEST_TIMEOUT_MS),
      });
      onTestFinished(async () => {
        await server.stop();
      });
      const { url } = server;
      const attacker = startClient<number, readonly Outcome[]>('attacker.ts', [url, String(SEED)]);
      const wellBehaved = startClient<'took', readonly number[]>('wellBehaved.ts', [url, key]);

      // The first of them make room for caches and compiled code.
      const share = Math.floor((COUNT * 4) / 5 / TURNS);
      const outcomes = [...(await attacker.ask(COUNT - TURNS * share))];
      await wellBehaved.ask('took');
      const before = await memoryMiB(server.pid);
      const [alone, beside]: [number[], number[]] = [[], []];
      for (let turn = 0; turn < TURNS; turn++) {
        await sleep(ALONE_MS);
        alone.push(...(await wellBehaved.ask('took')));
        outcomes.push(...(await attacker.ask(share)));
        beside.push(...(await wellBehaved.ask('took')));
      }
      const after = await memoryMiB(server.pid);
      attacker.stop();
      wellBehaved.stop();
      console.log(
        `p99 ${p99(alone).toFixed(1)} ms alone, ${p99(beside).toFixed(1)} ms beside; ${before.toFixed(0)} MiB before, ${after.toFixed(0)} MiB after`,
      );

      expect(outcomes).toHaveLength(COUNT);
      expect(outcomes.filter(({ status }) => status !== null && status >= 500)).toEqual([]);
      expect(after - before).toBeLessThan(GROWTH_MIB_MAX);
      // A hundredth of what they ask in less time is chance, and is not judged.
      if (COUNT >= 10_000) expect(p99(beside)).toBeLessThanOrEqual(2 * Math.max(p99(alone), P99_MS_MIN));
      expect((await fetch(`${url}/readyz`)).status).toBe(200);
      expect(await server.stop()).toMatchObject({ code: 0, stderr: '' });
    },
  );
});
