/** Two servers that share nothing but a MongoDB database never spend the same credit. */
import { afterEach, expect, it } from 'vitest';
import { describeMongo, openMongoForTest } from '../contract/store/mongoForTest.js';
import { audit, openAccounts } from './books.js';
import { countOf, runClients } from './clients.js';
import { startServerProcess } from './serverProcess.js';
import type { ServerProcess } from './serverProcess.js';

const CLIENTS = 64;
const OPERATIONS = 480;
/** Suffices for a third of them. */
const BALANCE = OPERATIONS / 3;

describeMongo('two server processes on one MongoDB', (url) => {
  const servers: ServerProcess[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop();
  });

  it(
    'serve exactly what one balance pays for, to 64 clients that spend it at the same time',
    { timeout: 60_000 },
    async () => {
      const database = await openMongoForTest(url);
      const [key = ''] = await openAccounts(database.store, ['shared'], BALANCE);
      servers.push(...(await Promise.all([startServerProcess(database.url), startServerProcess(database.url)])));

      let asked = 0;
      const outcomes = await runClients(CLIENTS, (client) => {
        if (asked === OPERATIONS) return null;
        const server = servers[(client + asked) % servers.length];
        return { url: server?.url ?? '', key, operation: `Op${(asked += 1)}` };
      });

      const served = outcomes.filter(({ outcome }) => outcome === 'SERVED').map(({ operation }) => operation);
      const { balance, openHolds, charged, faults } = await audit(database.store, 'shared', Date.now());
      const refused = countOf(outcomes, 'REFUSED');
      expect({ served: served.length, refused, balance, openHolds, faults }).toEqual({
        served: BALANCE,
        refused: OPERATIONS - BALANCE,
        balance: 0,
        openHolds: 0,
        faults: [],
      });
      expect([...charged].sort()).toEqual(served.map((operation) => [operation, 1]).sort());
      for (const server of servers.splice(0)) {
        expect(await server.stop()).toMatchObject({ code: 0, stderr: '' });
      }
      await database.drop();
    },
  );
});
