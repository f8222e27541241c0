/** Whether the server says that it is ready where it is, and not where it is not. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { accountId } from '../../src/domain/ids.js';
import { StoreClock } from '../../src/server/watch/storeClock.js';
import type { ClockReading } from '../../src/server/watch/storeClock.js';
import { openStore } from '../../src/store/openStore.js';
import type { Store } from '../../src/store/store.js';
import { StoreError } from '../../src/store/storeError.js';
import { workshop } from '../support/workshop.js';
import { startServer } from '../support/server.js';
import type { TestServer, TestServerOptions } from '../support/server.js';

let server: TestServer;
afterEach(() => server.close());

const start = async (options: TestServerOptions = {}): Promise<TestServer> => (server = await startServer(options));

const OK = { status: 200, headers: expect.anything(), body: { status: 'ok', store: 'ok' } };
const notReady = (store: string) => ({
  status: 503,
  headers: expect.objectContaining({ 'retry-after': '2', 'cache-control': 'no-store' }),
  body: { status: 'unavailable', store },
});

/** A file that may have so many pages, and no more. */
const fileOf = (pagesMax: number) => async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-full-'));
  const store = await openStore(`sqlite:${join(folder, 'tollgate.db')}`, { sqlite: { pagesMax } });
  const drop = async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  };
  return { store, drop };
};

/** Writes until nothing more fits. */
const fill = async (store: Store): Promise<void> => {
  const text = 'x'.repeat(2_000);
  for (let nth = 0; ; nth += 1) {
    const full = await store.keepSecret(`filler ${nth}`, text).then(
      () => false,
      (error: unknown) => error instanceof StoreError,
    );
    if (full) return;
  }
};

describe('a store that takes no writes', () => {
  it('makes the server unready on SQLite, as every paid request is refused', async () => {
    await start({ schema: workshop().schema, database: fileOf(200) });
    const key = await server.accountWithKey('alice', 50);
    await fill(server.store);
    expect(await server.request('/readyz')).toEqual(notReady('unwritable'));
    expect((await server.store.findAccounts([accountId('alice')]))[0]).not.toBeNull();
    const paid = [];
    for (let nth = 0; nth < 30; nth += 1) paid.push((await server.query(key, '{ steady }')).status);
    expect(paid.at(-1)).toBe(503);
  });

  it('is told from one that does not answer', async () => {
    await start();
    server.fail('ping', 'UNREACHABLE');
    expect(await server.request('/readyz')).toEqual(notReady('unreachable'));
    server.recover();
    server.fail('checkWritable', 'UNREACHABLE');
    expect(await server.request('/readyz')).toEqual(notReady('unwritable'));
    server.recover();
  });

  it('is looked for once in a while, however often it is asked', async () => {
    await start();
    server.takeCalls();
    const answers = await Promise.all(Array.from({ length: 50 }, () => server.request('/readyz')));
    for (const answer of answers) expect(answer).toEqual(OK);
    const { ping, checkWritable } = server.takeCalls().byVerb;
    expect({ ping, checkWritable }).toEqual({ ping: 50, checkWritable: 1 });
  });
});

describe('the clock', () => {
  it('is told where it is asked for, and nothing of it elsewhere', async () => {
    await start({ holdTtlMs: 60_000 });
    expect(await server.request('/readyz')).toEqual(OK);
    expect((await server.request('/readyz?verbose')).body).toEqual({
      status: 'ok',
      store: 'ok',
      clock: { skewMs: expect.any(Number), toleratedMs: 30_000, isTolerable: true },
    });
  });

  it('that is apart from the store’s by half a hold’s life is said so', async () => {
    await start({ holdTtlMs: 60_000, now: () => Date.now() + 3_600_000 });
    const { status, body } = await server.request('/readyz?verbose');
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        status: 'ok',
        store: 'ok',
        clock: { skewMs: expect.closeTo(3_600_000, -5), toleratedMs: 30_000, isTolerable: false },
      },
    });
  });

  it('is measured at the start, and what was measured stays while the store is away', async () => {
    await start();
    const told: ClockReading[] = [];
    let apartMs = 0;
    const settings = { now: () => 1_000_000 + apartMs, holdTtlMs: 100 };
    let readClock: () => Promise<number> = async () => 1_000_000;
    const clock = new StoreClock({
      store: { readClock: () => readClock() },
      settings,
      onApart: (reading) => told.push(reading),
    });
    const measured = async (): Promise<number | null> => {
      await clock.measure();
      return clock.skewMs;
    };
    apartMs = -40_000;
    expect(await measured()).toBeCloseTo(-40_000, -4);
    expect(await measured()).toBeCloseTo(-40_000, -4);
    expect(told).toHaveLength(1);
    readClock = () => Promise.reject(new StoreError('UNREACHABLE', 'Away.'));
    expect(await measured()).toBeCloseTo(-40_000, -4);
    readClock = async () => 960_000;
    await measured();
    readClock = async () => 0;
    await measured();
    expect(told.map(({ isTolerable }) => isTolerable)).toEqual([false, false]);
  });
});
