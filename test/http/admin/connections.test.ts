/** Lists of the admin API: there and back, and as fast at the end as at the start. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { accountId, grantId } from '../../../src/domain/ids.js';
import type { LedgerEntry } from '../../../src/domain/ledger.js';
import { listAt, partAt } from '../../support/bodies.js';
import { sqliteDatabase } from '../../support/server.js';
import { OWNER, PLAN, World } from './world.js';

const ENTRIES = 100_000;
const BIG = accountId('big');
const PAGE = `query ($first: Int, $after: String, $last: Int, $before: String) {
  ledger(accountId: "big", first: $first, after: $after, last: $last, before: $before) {
    nodes { balanceAfter } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;

const MB = 2 ** 20;
const inMb = (bytes: number): string => (bytes / MB).toFixed(1);

/** What is really in use. */
const heapAfterCollection = (): number => {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
};

let world: World;
beforeAll(async () => {
  world = await World.open({ database: sqliteDatabase });
  await world.do('createAccount', { id: BIG, name: 'Big' });
  for (let start = 0; start < ENTRIES; start += 10_000) {
    await world.server.store.appendLedger(Array.from({ length: 10_000 }, (_, index) => entryOf(start + index + 1)));
  }
}, 60_000);
afterAll(() => world.server.close());

const entryOf = (seq: number): LedgerEntry => ({
  id: `command/e${seq}/0`,
  accountId: BIG,
  seq,
  at: seq,
  kind: 'GRANT',
  credits: 1,
  grantId: grantId('g'),
  balanceAfter: seq,
});

const page = async (args: Readonly<Record<string, unknown>>) => {
  const data = await world.ask(PAGE, args);
  return {
    entries: listAt(data, 'ledger', 'nodes').map((node) => partAt(node, 'balanceAfter')),
    info: partAt(data, 'ledger', 'pageInfo'),
    end: partAt(data, 'ledger', 'pageInfo', 'endCursor'),
    start: partAt(data, 'ledger', 'pageInfo', 'startCursor'),
  };
};

const cursorAt = (seq: number): string => Buffer.from(`seq:${seq}`).toString('base64url');

describe('a connection over 100,000 ledger entries', () => {
  it('leads through all of them, there and back, each once', async () => {
    const walk = async (isBackward: boolean) => {
      const found: unknown[] = [];
      for (let cursor: unknown = null; ;) {
        const args = isBackward ? { last: 100, before: cursor } : { first: 100, after: cursor };
        const { entries, start, end, info } = await page(args);
        found.push(...(isBackward ? entries.toReversed() : entries));
        if (partAt(info, isBackward ? 'hasPreviousPage' : 'hasNextPage') !== true) return found;
        cursor = isBackward ? start : end;
      }
    };
    const newestFirst = Array.from({ length: ENTRIES }, (_, index) => ENTRIES - index);
    expect(await walk(false)).toEqual(newestFirst);
    expect(await walk(true)).toEqual(newestFirst.toReversed());
  }, 120_000);

  it('reads no more for a page than what is on it and whether there is more, and keeps nothing of it', async () => {
    const { store } = world.server;
    const found = vi.spyOn(store, 'findLedgerPages');
    let readMax = 0;
    const heaps: number[] = [];
    for (const isBackward of [false, true]) {
      let cursor: unknown = null;
      for (let pages = 1; pages <= 600; pages += 1) {
        const args = isBackward ? { last: 100, before: cursor } : { first: 100, after: cursor };
        const { start, end } = await page(args);
        cursor = isBackward ? start : end;
        const read = await Promise.all(
          found.mock.results.map(({ value }) => value as Promise<readonly (readonly LedgerEntry[])[]>),
        );
        readMax = Math.max(readMax, read.flat(2).length);
        found.mockClear();
        if (pages % 200 === 0) heaps.push(heapAfterCollection());
      }
    }
    found.mockRestore();
    expect(readMax).toBe(101);
    const [first = 0, ...later] = heaps;
    console.log(`heap after 200 pages ${inMb(first)} MB, then ${later.map(inMb).join(', ')} MB`);
    expect(Math.max(...later) - first).toBeLessThan(8 * MB);
  }, 60_000);

  it('takes the same time for a page at the end as at the start, within 30 %', async () => {
    const ends = { start: cursorAt(ENTRIES - 100), end: cursorAt(202) };
    const forward = await closestRatioOf(
      () => page({ first: 100, after: ends.end }),
      () => page({ first: 100, after: ends.start }),
    );
    const backward = await closestRatioOf(
      () => page({ last: 100, before: ends.end }),
      () => page({ last: 100, before: ends.start }),
    );
    console.log(`end / start, medians: forward ${forward.toFixed(2)}, backward ${backward.toFixed(2)}`);
    for (const ratio of [forward, backward]) {
      expect(ratio).toBeGreaterThan(0.7);
      expect(ratio).toBeLessThan(1.3);
    }
  }, 60_000);

  it('says in which direction it goes on', async () => {
    const bounds = async (args: Readonly<Record<string, unknown>>) => {
      const { info } = await page(args);
      return [partAt(info, 'hasPreviousPage'), partAt(info, 'hasNextPage')];
    };
    expect(await bounds({ first: 2 })).toEqual([false, true]);
    expect(await bounds({ last: 2 })).toEqual([true, false]);
    expect(await bounds({ first: 2, after: cursorAt(3) })).toEqual([true, false]);
    expect(await bounds({ last: 2, before: cursorAt(ENTRIES - 2) })).toEqual([false, true]);
    expect((await page({ first: 0 })).entries).toEqual([]);
  });

  it.each([
    [{ first: 1, last: 1 }, 'last'],
    [{ first: -1 }, 'first'],
    [{ last: 101 }, 'last'],
    [{ first: 1, before: cursorAt(5) }, 'before'],
    [{ last: 1, after: cursorAt(5) }, 'after'],
    [{ after: 'nonsense' }, 'after'],
    [{ last: 1, before: '' }, 'before'],
  ])('refuses %o', async (args, argument) => {
    const { body } = await world.server.admin(OWNER, PAGE, args);
    expect(body).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT', argument } }] });
  });
});

/** Of three tries the one that is closest to 1: what else the machine does can only take the two apart. */
const closestRatioOf = async (...both: Parameters<typeof ratioOf>): Promise<number> => {
  let closest = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const ratio = await ratioOf(...both);
    if (Math.abs(Math.log(ratio)) < Math.abs(Math.log(closest))) closest = ratio;
    if (Math.abs(Math.log(closest)) < Math.log(1.15)) break;
  }
  return closest;
};

/** Of the medians of many measurements, taken in turns so that whatever else the machine does falls on both. */
const ratioOf = async (one: () => Promise<unknown>, other: () => Promise<unknown>): Promise<number> => {
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < 120; round += 1) {
    // Who comes second finds the caches warm, so they change places.
    const both = [[0, one] as const, [1, other] as const];
    for (const [index, run] of round % 2 === 0 ? both : both.toReversed()) {
      const startedAt = performance.now();
      await run();
      if (round >= 20) times[index].push(performance.now() - startedAt);
    }
  }
  return median(times[0]) / median(times[1]);
};

const median = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[times.length / 2] ?? Number.NaN;

it('all other lists lead there and back too', async () => {
  const planId = await world.plan();
  const accounts = [await world.subscribed(planId), await world.subscribed(planId), await world.subscribed(planId)];
  for (let key = 0; key < 3; key += 1) await world.keyOf(accounts[0] ?? '');
  await world.plan(PLAN);
  await world.operator('SUPPORT');
  await world.operator('SUPPORT');
  const lists = [
    ['accounts', 'accounts(ARGS) { nodes { id } pageInfo { startCursor endCursor } }', ['accounts']],
    ['plans', 'plans(ARGS) { nodes { id } pageInfo { startCursor endCursor } }', ['plans']],
    ['operators', 'operators(ARGS) { nodes { id } pageInfo { startCursor endCursor } }', ['operators']],
    ['audit log', 'auditLog(ARGS) { nodes { id } pageInfo { startCursor endCursor } }', ['auditLog']],
    [
      'subscriptions',
      `subscriptions(planId: "${planId}", planVersion: 2, ARGS) { nodes { id accountId } pageInfo { startCursor endCursor } }`,
      ['subscriptions'],
    ],
    [
      'keys',
      `account(id: "${accounts[0] ?? ''}") { apiKeys(ARGS) { nodes { id } pageInfo { startCursor endCursor } } }`,
      ['account', 'apiKeys'],
    ],
  ] as const;
  for (const [name, document, path] of lists) {
    const idsOf = async (args: string) => {
      const data = await world.ask(`{ ${document.replace('ARGS', args)} }`);
      return {
        ids: listAt(data, ...path, 'nodes').map((node) => partAt(node, 'id')),
        start: String(partAt(data, ...path, 'pageInfo', 'startCursor')),
        end: String(partAt(data, ...path, 'pageInfo', 'endCursor')),
      };
    };
    const all = await idsOf('first: 100');
    expect(all.ids.length, name).toBeGreaterThan(1);
    const head = await idsOf('first: 1');
    const tail = await idsOf(`first: 100, after: "${head.end}"`);
    expect([...head.ids, ...tail.ids], name).toEqual(all.ids);
    const last = await idsOf('last: 1');
    const rest = await idsOf(`last: 100, before: "${last.start}"`);
    expect([...rest.ids, ...last.ids], name).toEqual(all.ids);
  }
});
