/** How many commands an operation costs, with five milliseconds added to each: they don't grow with what is asked. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SentCommand } from '../../src/store/mongo/mongoDatabase.js';
import { loadAtlas } from '../../src/demo/loadAtlas.js';
import { openMongoForTest } from '../contract/store/mongoForTest.js';
import type { OpenedMongo } from '../contract/store/mongoForTest.js';
import { startServer } from '../support/server.js';
import type { TestServer } from '../support/server.js';
import { describeWithOwnRig } from './ownRig.js';

const DELAY_MS = 5;
const CREDITS = 100_000;
const PLAN_REFRESH_MS = 60_000;

describeWithOwnRig('commands sent to MongoDB', { port: 27_129, delayMs: DELAY_MS }, (rig) => {
  let sent: SentCommand[] = [];
  let database: OpenedMongo;
  let server: TestServer;
  beforeAll(async () => {
    loadAtlas();
    database = await openMongoForTest(rig.url, { onCommand: (command) => sent.push(command) });
    server = await startServer({ database: async () => database, planRefreshMs: PLAN_REFRESH_MS });
  }, 30_000);
  afterAll(async () => {
    await server.close();
  });

  const charged = (body: unknown): unknown =>
    (body as { extensions?: { payment?: { charged?: unknown } } }).extensions?.payment?.charged;
  /** What an operation sends, in order; what moves to the ledger and to usage afterwards is on nobody's way. */
  const commandsOf = async (run: () => Promise<unknown>): Promise<readonly string[]> => {
    await expect.poll(() => server.paywall.engine.keeper.stats.journalLength).toBe(0);
    sent = [];
    await run();
    return sent
      .map(({ name, command }) => `${name} ${String(command[name])}`)
      .filter((each) => !/ (?:ledger|usage)$/.test(each));
  };

  it('are the same for 1, 10, 100 and 1,000 paid fields', async () => {
    const key = await server.accountWithKey('fields', CREDITS);
    const commandsFor = (count: number) =>
      commandsOf(async () => {
        const fields = Array.from({ length: count }, (_, n) => `f${n}: nearest(lat: 1, lon: 1, first: 1) { name }`);
        const { status, body } = await server.query(key, `{ ${fields.join(' ')} }`);
        expect({ status, charged: charged(body) }).toEqual({ status: 200, charged: count });
      });
    await commandsFor(1);
    const one = await commandsFor(1);
    expect(one).toEqual([
      'find apiKeys',
      'find accounts',
      'find subscriptions',
      'find wallets',
      'update wallets',
      'update wallets',
    ]);
    for (const count of [10, 100, 1_000]) expect(await commandsFor(count)).toEqual(one);
  });

  it('are the same for lists of 1, 10, 100 and 1,000 items with a paid field each', async () => {
    const key = await server.accountWithKey('lists', CREDITS);
    const commandsFor = (count: number) =>
      commandsOf(async () => {
        const document = `{ nearest(lat: 1, lon: 1, first: ${count}) { distance(lat: 1, lon: 1) } }`;
        const { status, body } = await server.query(key, document);
        expect({ status, charged: charged(body) }).toEqual({ status: 200, charged: 3 * count });
      });
    await commandsFor(1);
    const one = await commandsFor(1);
    expect(one).toHaveLength(6);
    for (const count of [10, 100, 1_000]) expect(await commandsFor(count)).toEqual(one);
  });

  it('are shared by the requests of many accounts that come at once', { timeout: 30_000 }, async () => {
    const accounts = Array.from({ length: 100 }, (_, n) => `account-${n}`);
    const keys: string[] = [];
    for (let start = 0; start < accounts.length; start += 25) {
      const some = accounts.slice(start, start + 25).map((account) => server.accountWithKey(account, 100));
      keys.push(...(await Promise.all(some)));
    }
    const askAll = async () => {
      const asking = keys.map((key) => server.query(key, '{ nearest(lat: 1, lon: 1, first: 3) { name } }'));
      const answers = await Promise.all(asking);
      expect(answers.map(({ status, body }) => [status, charged(body)])).toEqual(keys.map(() => [200, 3]));
    };
    // The first time, clients open their connections one after the other.
    await askAll();
    const commands = await commandsOf(askAll);
    const finds = commands.filter((command) => command.startsWith('find'));
    const writes = commands.filter((command) => command.startsWith('update'));
    console.log(`100 requests of 100 accounts: ${finds.length} finds, ${writes.length} writes`);
    expect(finds.length).toBeLessThan(100);
    expect(writes.length).toBeLessThan(100);
  });
});
