/** What is acknowledged is on the disk: asked of the connection that the store uses, since it is a setting of each. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { openStore } from '../../../../src/store/openStore.js';
import type * as Driver from '../../../../src/store/sqlite/sqliteDriver.js';

const { drivers } = vi.hoisted(() => ({ drivers: [] as Driver.SqliteDriver[] }));

vi.mock('../../../../src/store/sqlite/sqliteDriver.js', async (importOriginal) => {
  const original = await importOriginal<typeof Driver>();
  const openSqliteDriver: typeof original.openSqliteDriver = async (path) => {
    const driver = await original.openSqliteDriver(path);
    drivers.push(driver);
    return driver;
  };
  return { ...original, openSqliteDriver };
});

it('the store’s own connection syncs each commit, to a log beside the file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-pragmas-'));
  const store = await openStore(`sqlite:${join(folder, 'tollgate.db')}`);
  const [driver] = drivers;
  const valueOf = (pragma: string): unknown => Object.values(driver?.prepare(`PRAGMA ${pragma}`).get() ?? {})[0];
  // 2: FULL (SQLite, "PRAGMA synchronous").
  expect([drivers.length, valueOf('synchronous'), valueOf('journal_mode')]).toEqual([1, 2, 'wal']);
  await store.close();
  rmSync(folder, { recursive: true });
});
