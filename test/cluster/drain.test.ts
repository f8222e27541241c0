import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/openStore.js';
import { endUnderLoad } from './drainSuite.js';

describe('SIGTERM under load, on SQLite', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'tollgate-drain-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('loses no answer, leaves no hold and ends at once', { timeout: 60_000 }, async () => {
    const url = `sqlite:${path.join(folder, 'tollgate.db')}`;
    const { tookMs } = await endUnderLoad(url, () => openStore(url), false);
    expect(tookMs).toBeLessThan(3_000);
  });

  it('does so within the grace beside a request that never ends', { timeout: 60_000 }, async () => {
    const url = `sqlite:${path.join(folder, 'tollgate.db')}`;
    await endUnderLoad(url, () => openStore(url), true);
  });
});
