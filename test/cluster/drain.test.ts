import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/openStore.js';
import { endUnderLoad } from './drainSuite.js';
import { startServerProcess } from './serverProcess.js';

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

  it('says so before, and goes on serving for as long as whoever sends requests needs to notice', async () => {
    const url = `sqlite:${path.join(folder, 'tollgate.db')}`;
    const server = await startServerProcess(url, { TOLLGATE_SHUTDOWN_DELAY_MS: '2000' });
    const ended = server.stop();
    await expect
      .poll(async () => {
        const ready = await fetch(`${server.url}/readyz`);
        return { status: ready.status, body: await ready.json() };
      })
      .toEqual({ status: 503, body: { status: 'stopping' } });
    const served = await fetch(`${server.url}/graphql?query={__typename}`, {
      headers: { 'apollo-require-preflight': '1' },
    });
    expect({ status: served.status, connection: served.headers.get('connection') }).toEqual({
      status: 200,
      connection: 'close',
    });
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('does so within the grace beside a request that never ends', { timeout: 60_000 }, async () => {
    const url = `sqlite:${path.join(folder, 'tollgate.db')}`;
    await endUnderLoad(url, () => openStore(url), true);
  });
});
