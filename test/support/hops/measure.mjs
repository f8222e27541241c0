/**
 * How often the journey of one operation goes back and forth between our files: the demo's server, as a process of its own
 * and on SQLite, with each function of `src` saying that it was entered. Alone: `node test/support/hops/measure.mjs
 * [repository]`, which also does for an older state of it.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

/**
 * @typedef {object} Hops
 * @property {number} status
 * @property {number} calls Of our own functions.
 * @property {number} functions That were called.
 * @property {number} files That these stand in.
 * @property {number} stays Runs of calls in one file.
 * @property {number} returns Stays in a file that had one before.
 * @property {readonly string[]} journey The file of each stay.
 */

const QUERY = '{ nearest(lat: 48.2, lon: 16.37, first: 3) { name } }';
const WARM_UPS = 4;
const ROUNDS = 4;
/** Longer than what an operation leaves to be done takes, and shorter than plans are kept for. */
const PAUSE_MS = 150;

/**
 * One operation that is paid with credits, and one that is answered by 402.
 *
 * @param {string} root
 * @returns {Promise<{ readonly paid: Hops, readonly refused: Hops }>}
 */
export const measureHops = async (root) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'tollgate-hops-'));
  const port = await freePort();
  const preload = pathToFileURL(path.join(import.meta.dirname, 'preload.mjs')).href;
  const child = fork(path.join(root, 'src', 'main.ts'), [], {
    cwd: root,
    execArgv: ['--import', preload],
    env: {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      LOG_LEVEL: 'warn',
      PORT: String(port),
      TOLLGATE_DEMO: 'true',
      DATABASE_URL: `sqlite:${path.join(folder, 'tollgate.db')}`,
    },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  try {
    await Promise.race([
      once(/** @type {import('node:stream').Readable} */ (child.stdout), 'data'),
      once(child, 'exit').then(() => Promise.reject(new Error('The traced server ended before it served.'))),
    ]);
    /** @param {'begin' | 'end'} message */
    const tell = async (message) => {
      const answer = once(child, 'message');
      child.send(message);
      const [hops] = await answer;
      return /** @type {(readonly [string, string])[]} */ (hops);
    };
    /** @param {string} key */
    const send = async (key) => {
      const response = await globalThis.fetch(`http://127.0.0.1:${port}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
        body: JSON.stringify({ query: QUERY }),
      });
      await response.text();
      return response.status;
    };
    /** @param {string} key */
    const measure = async (key) => {
      for (let count = 0; count < WARM_UPS; count += 1) await send(key);
      /** @type {Hops[]} */
      const measured = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        await pause(PAUSE_MS);
        await send(key);
        await pause(PAUSE_MS);
        await tell('begin');
        const status = await send(key);
        measured.push({ status, ...hopsOf(await tell('end')) });
      }
      // What is done in the background now and then can only add to it.
      return measured.reduce((least, each) => (each.calls < least.calls ? each : least));
    };
    return { paid: await measure('demo-payg'), refused: await measure('demo-free') };
  } finally {
    const ended = once(child, 'exit');
    if (child.exitCode === null && child.kill('SIGKILL')) await ended;
    await rm(folder, { recursive: true, force: true });
  }
};

/**
 * @param {readonly (readonly [file: string, place: string])[]} hops
 * @returns {Omit<Hops, 'status'>}
 */
const hopsOf = (hops) => {
  const journey = hops.map(([file]) => file).filter((file, index, all) => file !== all[index - 1]);
  const files = new Set(journey).size;
  const functions = new Set(hops.map((hop) => hop.join(':'))).size;
  return { calls: hops.length, functions, files, stays: journey.length, returns: journey.length - files, journey };
};

const freePort = async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('The system gave no port.');
  return address.port;
};

if (process.argv[1] === import.meta.filename) {
  const { paid, refused } = await measureHops(path.resolve(process.argv[2] ?? '.'));
  for (const [name, { journey, ...figures }] of Object.entries({ paid, refused })) {
    console.log(name, JSON.stringify(figures));
    if (process.argv.includes('--journey')) console.log(journey.join('\n'));
  }
}
