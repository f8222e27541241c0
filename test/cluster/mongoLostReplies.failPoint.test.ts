/**
 * Connections that break at the worst moments, under load: before a command is carried out, and after, when its reply is
 * lost. Each kind of write that the server gets in turn, found out by looking at what is sent. Uses the fail point, of
 * which there is one for the whole server.
 */
import { MongoClient } from 'mongodb';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { loadAtlas } from '../../src/demo/loadAtlas.js';
import type { MongoOptions } from '../../src/store/mongo/mongoDatabase.js';
import { describeMongo, openMongoForTest } from '../contract/store/mongoForTest.js';
import type { OpenedMongo } from '../contract/store/mongoForTest.js';
import { startServer } from '../support/server.js';
import type { TestServer } from '../support/server.js';
import { audit } from './books.js';
import type { Audit } from './books.js';
import { countOf, runClients } from './clients.js';
import type { Asked } from './clients.js';

const ACCOUNTS = ['ann', 'ben', 'eve', 'joe'];
const CLIENTS = 16;
const OPERATIONS = 160;
const CREDITS = 1_000;
const HOLD_TTL_MS = 10_000;
const COSTS = [1, 2, 3];
/** Commands of which it makes no difference whether they were carried out. */
const READS = ['find', 'getMore', 'ping', 'hello', 'endSessions', 'createIndexes'];

describeMongo('MongoDB, connections that break under load', (url) => {
  let admin: MongoClient;
  const sent = new Set<string>();
  beforeAll(async () => {
    admin = await new MongoClient(url).connect();
    loadAtlas();
  });
  const failPoint = async (mode: object | 'off', data: object = {}): Promise<void> => {
    await admin.db('admin').command({ configureFailPoint: 'failCommand', mode, data });
  };
  let database: OpenedMongo | null = null;
  let server: TestServer | null = null;
  afterEach(async () => {
    await failPoint('off');
    await server?.close();
    await database?.drop();
    [server, database] = [null, null];
  });
  afterAll(async () => {
    await admin.close();
  });

  /** A server with accounts, and the keys of these. */
  const start = async (options: MongoOptions): Promise<readonly string[]> => {
    database = await openMongoForTest(url, { ...options, onCommand: ({ name }) => sent.add(name) });
    const { store } = database;
    // The database is dropped after the audit, not with the server.
    server = await startServer({
      database: async () => ({ store, drop: async () => undefined }),
      holdTtlMs: HOLD_TTL_MS,
    });
    const keys: string[] = [];
    for (const account of ACCOUNTS) keys.push(await server.accountWithKey(account, CREDITS));
    return keys;
  };

  /** Load on all accounts; `trouble` is called when about a tenth of it has been sent. */
  const load = async (keys: readonly string[], trouble: () => Promise<void>): Promise<readonly Asked[]> => {
    let count = 0;
    let making: Promise<void> = Promise.resolve();
    const asked = await runClients(CLIENTS, () => {
      if (count === OPERATIONS) return null;
      if (count === OPERATIONS / 10) making = trouble();
      const n = (count += 1);
      return { url: server?.url ?? '', key: keys[n % keys.length] ?? '', operation: `Op${n}`, cost: COSTS[n % 3] ?? 1 };
    });
    await making;
    return asked;
  };

  /** Once nothing is given back or written any more. */
  const settled = async (): Promise<readonly Audit[]> => {
    const underWay = () => {
      const { keeper, background } = server?.paywall.engine ?? never();
      return keeper.stats.queueLength + background.length;
    };
    await expect.poll(underWay, { timeout: 10_000 }).toBe(0);
    const at = Date.now() + 2 * HOLD_TTL_MS;
    return Promise.all(ACCOUNTS.map((account) => audit(database?.store ?? never(), account, at)));
  };

  const check = (asked: readonly Asked[], audits: readonly Audit[]): void => {
    expect(audits.flatMap(({ faults }) => faults)).toEqual([]);
    expect(audits.map(({ openHolds }) => openHolds)).toEqual(ACCOUNTS.map(() => 0));
    const charged = new Map(audits.flatMap((each) => [...each.charged]));
    const wrong = asked
      .map(({ operation, outcome, cost }) => ({
        operation,
        outcome,
        due: outcome === 'SERVED' ? cost : 0,
        charged: charged.get(operation) ?? 0,
      }))
      .filter((each) => each.due !== each.charged);
    expect(wrong).toEqual([]);
    expect(countOf(asked, 'REFUSED') + countOf(asked, 'NO_ANSWER')).toBe(0);
    const due = asked.reduce((sum, { outcome, cost }) => sum + (outcome === 'SERVED' ? cost : 0), 0);
    const left = audits.reduce((sum, { balance }) => sum + balance, 0);
    expect(left).toBe(ACCOUNTS.length * CREDITS - due);
  };

  it('without any trouble, serves all of it; and shows which commands write', async () => {
    const keys = await start({});
    const asked = await load(keys, async () => undefined);
    check(asked, await settled());
    expect(countOf(asked, 'SERVED')).toBe(OPERATIONS);
    expect([...sent].filter((name) => !READS.includes(name)).sort()).toEqual(['findAndModify', 'insert', 'update']);
  });

  const moments = [
    { when: 'before it is carried out', data: { closeConnection: true } },
    { when: 'after it was carried out', data: { closeConnection: true, afterExecution: true } },
  ];
  const courses = [
    { who: 'the driver tries again', retryWrites: true, times: 4 },
    { who: 'the store and its keeper try again', retryWrites: false, times: 8 },
  ];
  const cases = [['insert'], ['update']].flatMap((commands) =>
    moments.flatMap((moment) => courses.map((course) => ({ commands, ...moment, ...course }))),
  );
  // Nobody tries again so often: some operations are answered with 503, and what they took is given back.
  const inVain = moments.map((moment) => ({
    commands: ['insert', 'update', 'find'],
    ...moment,
    who: 'all of them in vain',
    retryWrites: false,
    times: 24,
  }));

  it.each([...cases, ...inVain])(
    '$commands broken $when, $who: nothing is charged twice and nothing lost',
    async ({ commands, data, retryWrites, times }) => {
      const keys = await start({ retryWrites });
      const asked = await load(keys, () => failPoint({ times }, { failCommands: commands, ...data }));
      await failPoint('off');
      check(asked, await settled());
      expect(countOf(asked, 'SERVED')).toBeGreaterThan(OPERATIONS / 4);
    },
  );
});

const never = (): never => {
  throw new Error('No database is open.');
};
