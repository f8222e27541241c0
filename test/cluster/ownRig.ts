/**
 * A MongoDB server that one test file has for itself, so that it may vanish or be slow: the test rig beside the
 * repository, on a port of its own. Where the rig is not there the tests are skipped, and in CI they fail.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, it } from 'vitest';

const RIG = path.resolve(import.meta.dirname, '..', '..', '..', 'shared', 'mongo-rig');
/** The first start of a port makes a database cluster. */
const START_TIMEOUT_MS = 60_000;
const run = promisify(execFile);

export interface RigOptions {
  readonly port: number;
  /** Added to every command, as over a network. */
  readonly delayMs?: number;
}

export interface OwnRig {
  readonly url: string;
  /** Clients see their connections drop, and nobody answers any more. */
  readonly vanish: () => Promise<void>;
  /** With all data that there was. */
  readonly comeBack: () => Promise<void>;
}

export const describeWithOwnRig = (
  name: string,
  { port, delayMs = 0 }: RigOptions,
  tests: (rig: OwnRig) => void,
): void => {
  const isThere = existsSync(path.join(RIG, 'up'));
  if (!isThere && process.env['CI'] === undefined) {
    describe.skip(`${name}: skipped, there is no MongoDB rig in ${RIG}`, () => {
      it('needs a MongoDB server that it can take down', () => undefined);
    });
    return;
  }
  const env = { ...process.env, MONGO_RIG_PORT: String(port), MONGO_RIG_DELAY_MS: String(delayMs) };
  const call = async (script: string, ...args: readonly string[]): Promise<void> => {
    await run(path.join(RIG, script), args, { env });
  };
  describe(name, () => {
    beforeAll(() => call('up'), START_TIMEOUT_MS);
    afterAll(() => call('down', '--wipe'), START_TIMEOUT_MS);
    tests({
      url: `mongodb://127.0.0.1:${port}`,
      vanish: () => call('down', '--gateway'),
      comeBack: () => call('up'),
    });
  });
};
