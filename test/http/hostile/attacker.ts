/**
 * Sends hostile requests, as many as its parent asks for each time, and then says what became of each. A process of its own,
 * which gives way to the server and to those who mean well: in earnest it is on another machine.
 */
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { constants, setPriority } from 'node:os';
import { seededRandom } from '../../support/seededRandom.js';
import { hostileBytes, hostileRequest } from './requests.js';
import type { HostileBytes, HostileRequest } from './requests.js';

/** One request of so many is sent by who knows no HTTP. */
const BYTES_EVERY = 20;
const SENDERS = 4;
/** What a hostile sender waits between two requests. */
const PAUSE_MS = 20;
/** How long a connection may be kept. */
const KEPT_MS_MAX = 10_000;

const [url = '', seed = ''] = process.argv.slice(2);
const random = seededRandom(Number(seed));
setPriority(constants.priority.PRIORITY_LOW);

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export interface Outcome {
  readonly kind: string;
  /** `null`: the connection was closed without an answer. */
  readonly status: number | null;
}

const agent = new Agent({ keepAlive: true, maxSockets: 2 * SENDERS });

const send = ({ kind, method, path: to, headers, body }: HostileRequest): Promise<Outcome> =>
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

const sendBytes = ({ kind, bytes, isSlow }: HostileBytes): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    const dripping = setInterval(() => isSlow && socket.writable && socket.write('x'), 500);
    // Who says nothing that makes sense may be left waiting for as long as a request may take to arrive.
    const overdue = setTimeout(() => {
      reject(new Error(`A connection of the kind "${kind}" was kept.`));
    }, KEPT_MS_MAX);
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

const attack = async (count: number): Promise<readonly Outcome[]> => {
  const outcomes: Outcome[] = [];
  let left = count;
  const sender = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const one = left % BYTES_EVERY === 0 ? sendBytes(hostileBytes(random)) : send(hostileRequest(random));
      outcomes.push(await one);
      await sleep(PAUSE_MS);
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, sender));
  return outcomes;
};

process.on('message', (count) => {
  void attack(Number(count)).then((outcomes) => process.send?.(outcomes));
});
process.once('disconnect', () => {
  agent.destroy();
});
