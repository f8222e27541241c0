import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { accountId } from '../../src/domain/ids.js';
import { openStore } from '../../src/store/openStore.js';
import { anAccount, walletOf } from '../contract/store/storedValues.js';

it('the command copies, says what it did, and ends with 1 where it could not', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tollgate-migrate-'));
  const [from, to, empty] = ['from', 'to', 'empty'].map((name) => `sqlite:${path.join(folder, `${name}.db`)}`);
  if (from === undefined || to === undefined || empty === undefined) throw new Error('There are no URLs.');
  const source = await openStore(from);
  await source.saveAccounts([anAccount(accountId('alice'))]);
  await source.commitWallets([walletOf(accountId('alice'), 42, 1)]);
  await source.close();
  const root = path.resolve(import.meta.dirname, '../..');
  const migrate = (...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'src/migrate.ts', ...args], {
      cwd: root,
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  };

  const done = migrate('--from', from, '--to', to);
  expect(done).toMatchObject({ status: 0, stderr: '' });
  expect(done.stdout).toContain('Copied and compared: 1 wallets hold 42 credits on both sides.');
  expect(migrate('--from', from)).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('Usage: npm run migrate'),
  });
  expect(migrate('--from', empty, '--to', to)).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('no account'),
  });
  const target = await openStore(to);
  expect(await target.findAccounts([accountId('alice')])).toMatchObject([{ version: 1 }]);
  await target.close();
  rmSync(folder, { recursive: true });
});
