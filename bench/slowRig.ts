/** The MongoDB test rig on a port of its own, each command some milliseconds slower, as over a network. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';

const RIG = path.resolve(import.meta.dirname, '..', '..', 'shared', 'mongo-rig');

export interface Rig {
  readonly url: string;
  readonly stop: () => void;
}

export const startRig = (port: number, delayMs: number): Rig => {
  const env = { ...process.env, MONGO_RIG_PORT: String(port), MONGO_RIG_DELAY_MS: String(delayMs) };
  const url = execFileSync(path.join(RIG, 'up'), {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  }).trim();
  return {
    url,
    stop: () => {
      execFileSync(path.join(RIG, 'down'), ['--wipe'], { env });
    },
  };
};
