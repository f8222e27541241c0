/** Every read that an operation waits for finds what it looks for by an index, and in one reply. */
import { MongoClient } from 'mongodb';
import type { Document } from 'mongodb';
import { expect, it } from 'vitest';
import { accountId, holdId } from '../../../../src/domain/ids.js';
import type { SentCommand } from '../../../../src/store/mongo/mongoDatabase.js';
import type { Store } from '../../../../src/store/store.js';
import { describeMongo, openMongoForTest } from '../../../contract/store/mongoForTest.js';
import { anAccount, walletOf } from '../../../contract/store/storedValues.js';

const COMMAND_NOT_FOUND = 59;
const ALICE = accountId('alice');

const READS: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
  findApiKeys: (store) => store.findApiKeys(['a', 'b']),
  findAccounts: (store) => store.findAccounts([ALICE]),
  findSubscriptions: (store) => store.findSubscriptions([ALICE]),
  findWallets: (store) => store.findWallets([ALICE]),
  findKeyedOperations: (store) => store.findKeyedOperations(['["alice","key"]']),
  findLedgerPage: (store) => store.findLedgerPage(ALICE, { first: 10, before: 5 }),
  findLedgerEntries: (store) => store.findLedgerEntries(ALICE, ['command/welcome/0']),
  findHoldEntries: (store) => store.findHoldEntries(ALICE, holdId('h')),
  findPurchasePage: (store) => store.findPurchasePage(ALICE, { count: 9, after: null, isBackward: false }),
  findPurchaseOf: (store) => store.findPurchaseOf('stripe', { kind: 'PAYMENT', id: 'pi' }),
  findLinkOfCustomer: (store) => store.findLinkOfCustomer('stripe', 'cus'),
  findPaymentEventPage: (store) => store.findPaymentEventPage('UNDONE', { count: 9, after: null, isBackward: false }),
};

describeMongo('MongoDB’s indexes', (url) => {
  it.each(Object.entries(READS))('cover %s', async (_name, read) => {
    const sent: SentCommand[] = [];
    const { store, database, drop } = await openMongoForTest(url, { onCommand: (command) => sent.push(command) });
    await store.saveAccounts([anAccount(ALICE)]);
    await store.commitWallets([walletOf(ALICE, 5, 1)]);
    await store.appendLedger(walletOf(ALICE, 5, 1).journal);
    sent.length = 0;
    await read(store);
    expect(sent.map(({ name }) => name)).toEqual(sent.map(() => 'find'));

    const client = await new MongoClient(url).connect();
    const db = client.db(database);
    for (const { command } of sent) {
      const filter = command['filter'] as Document;
      const indexes = await db.collection(String(command['find'])).indexes();
      const asked = Object.keys(filter);
      expect(indexes.some(({ key }) => asked.includes(Object.keys(key)[0] ?? ''))).toBe(true);
      expect(await stagesOf(client, database, command)).not.toContain('COLLSCAN');
    }
    await client.close();
    await drop();
  });
});

/** The stages of the plan by which the server would carry it out; none where it does not explain. */
const stagesOf = async (
  client: MongoClient,
  database: string,
  { find, filter, sort, limit }: Document,
): Promise<string> => {
  try {
    const command = {
      find,
      filter,
      ...(sort === undefined ? {} : { sort }),
      ...(limit === undefined ? {} : { limit }),
    };
    const explained = await client.db(database).command({ explain: command, verbosity: 'queryPlanner' });
    return JSON.stringify(explained['queryPlanner']);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === COMMAND_NOT_FOUND) return 'not explained';
    throw error;
  }
};
