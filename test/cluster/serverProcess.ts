/** Servers as processes of their own, so that they can be killed, and share nothing but the database. */
import path from 'node:path';
import { freePort, startChild } from '../support/childServer.js';
import type { Ended } from '../support/childServer.js';

const ROOT = path.resolve(import.meta.dirname, '..', '..');

export interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  /** Ends it as a power cut would, at once and without a word. */
  readonly crash: () => Promise<Ended>;
  /** Asks it to end, and waits for it. */
  readonly stop: () => Promise<Ended>;
}

/** The server of src/main.ts, compiled as it is loaded. */
export const startServerProcess = async (
  databaseUrl: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> => {
  const port = String(await freePort());
  const env = { NODE_ENV: 'production', DATABASE_URL: databaseUrl, PORT: port, TOLLGATE_DEMO: 'true', ...settings };
  const args = ['--import', 'tsx', '--unhandled-rejections=strict', path.join('src', 'main.ts')];
  const child = startChild({ args, cwd: ROOT, env: { LOG_LEVEL: 'error', ...env } });
  await child.started;
  const end = (signal: NodeJS.Signals) => () => {
    child.kill(signal);
    return child.ended;
  };
  return { url: `http://127.0.0.1:${port}`, pid: child.pid, crash: end('SIGKILL'), stop: end('SIGTERM') };
};
