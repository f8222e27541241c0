/**
 * One `Idempotency-Key`, two servers on one store, and no fault: each operation is sent to both at once, and again soon
 * after a 409. While one of them captures, the other finds the answer and no hold in a wallet that it remembers.
 */
import { expect, it } from 'vitest';
import { onEachStore } from '../support/onEachStore.js';
import { audit, openAccounts } from './books.js';
import { post } from './clients.js';
import { startServerProcess } from './serverProcess.js';

const OPERATIONS = 300;
const AT_ONCE = 8;
const CREDITS = 10_000;
const COST = 2;
const AGAIN_AFTER_MS = 3;
/** Of one operation: far more than are ever needed. */
const ATTEMPTS_MAX = 1_000;

onEachStore(({ name, database }) => {
  it(
    `on ${name}, two servers that get each of ${OPERATIONS} keyed operations at once charge it once and answer alike`,
    { timeout: 300_000 },
    async () => {
      const { store, url, drop } = await database();
      const [key = ''] = await openAccounts(store, ['ann'], CREDITS);
      const servers = await Promise.all([startServerProcess(url), startServerProcess(url)]);

      const answerOf = async (server: string, operation: string): Promise<string> => {
        const document = `query ${operation} { nearest(lat: 48.2, lon: 16.37, first: ${COST}) { name } }`;
        for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
          const answer = await post(server, key, document, `key-${operation}`);
          if (answer?.status !== 409) return answer?.status === 200 ? dataOf(answer.text) : JSON.stringify(answer);
          await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS));
        }
        return 'always under way';
      };
      const answers: (readonly string[])[] = [];
      let next = 0;
      const client = async (): Promise<void> => {
        for (let n = next++; n < OPERATIONS; n = next++) {
          answers[n] = await Promise.all(servers.map((server) => answerOf(server.url, `Op${n}`)));
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, client));
      for (const server of servers) expect(await server.stop()).toMatchObject({ code: 0, stderr: '' });

      const { charged, balance, openHolds, faults } = await audit(store, 'ann', Date.now());
      const [answer] = answers[0] ?? [];
      expect(new Set(answers.flat())).toEqual(new Set([answer]));
      expect(answer).toContain(`"charged":${COST}`);
      expect([...charged].filter(([, credits]) => credits !== COST)).toEqual([]);
      expect({ operations: charged.size, balance, openHolds, faults }).toEqual({
        operations: OPERATIONS,
        balance: CREDITS - OPERATIONS * COST,
        openHolds: 0,
        faults: [],
      });
      await store.close();
      await drop();
    },
  );
});

/** Without the balance, which other operations change. */
const dataOf = (text: string): string => text.replace(/"balance":\d+/, '"balance":0');
