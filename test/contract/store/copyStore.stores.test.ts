/** What copying one store to another must do, whichever two they are. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accountId, grantId, holdId } from '../../../src/domain/ids.js';
import type { AccountId } from '../../../src/domain/ids.js';
import { NO_USAGE } from '../../../src/domain/usage.js';
import { applyCommand } from '../../../src/domain/walletCommand.js';
import { CopyError, copyStore } from '../../../src/store/copyStore.js';
import { KEY_HASH_SECRET, keyOfRecord } from '../../../src/store/storedRecords.js';
import type { PaymentKind, StoredRecords } from '../../../src/store/storedRecords.js';
import type { Store } from '../../../src/store/store.js';
import { StoreError } from '../../../src/store/storeError.js';
import { troubledStore } from '../../unit/ledger/troubledStore.js';
import type { OpenedStore } from './storeUnderTest.js';
import {
  aKeyedOperation,
  anAccount,
  anApiKey,
  anAuditEntry,
  anOperator,
  aPack,
  aPaymentEvent,
  aPlan,
  aProviderLink,
  aPurchase,
  aReconciler,
  aRefusalRecord,
  aSubscription,
  HOSTILE_STRINGS,
  walletOf,
} from './storedValues.js';
import { onEachStore } from '../../support/onEachStore.js';
import { openSqliteForTest } from './sqliteForTest.js';

const NOW = Date.UTC(2026, 0, 31, 12);
/** More than fit into one page of wallets. */
const ACCOUNTS = [
  ...HOSTILE_STRINGS.map(([, text]) => text),
  ...Array.from({ length: 90 }, (_, n) => `account-${n}`),
].map(accountId);
const SPENT = 12;
/** MongoDB removes those that are over by the clock of the machine. */
const REFUSALS = [aRefusalRecord('refusal-2', Date.now()), aRefusalRecord('refusal-1', Date.now() - 1)];
const BUSY = accountId('account-7');

/** Each store has an order of its own. */
const keyOf = <Kind extends PaymentKind>(kind: Kind, record: StoredRecords[Kind]): string => keyOfRecord[kind](record);

type Open = () => Promise<OpenedStore>;

const copySuite = (name: string, openSource: Open, openTarget: Open): void => {
  describe(name, () => {
    let [source, target]: OpenedStore[] = [];
    const stores = () => {
      if (source === undefined || target === undefined) throw new Error('The stores are not open.');
      return { from: source.store, to: target.store };
    };
    const copy = (to = stores().to) => copyStore(stores().from, to, () => undefined);
    beforeEach(async () => {
      [source, target] = await Promise.all([openSource(), openTarget()]);
      await fill(source.store);
    });
    afterEach(async () => {
      await source?.drop();
      await target?.drop();
    });

    it('copies everything, versions and all, and compares it', async () => {
      const { from, to } = stores();
      expect(await copy()).toEqual({
        plans: 2,
        packs: 2,
        accounts: ACCOUNTS.length,
        apiKeys: ACCOUNTS.length,
        subscriptions: ACCOUNTS.length,
        keyedOperations: ACCOUNTS.length,
        operators: 2,
        providerLinks: ACCOUNTS.length,
        purchases: ACCOUNTS.length,
        paymentEvents: 2,
        reconcilers: 1,
        auditEntries: 3,
        refusals: 2,
        wallets: ACCOUNTS.length,
        ledgerEntries: ACCOUNTS.length + SPENT,
        credits: ACCOUNTS.length * 100 - SPENT,
      });
      for (const id of [BUSY, ...ACCOUNTS.slice(0, 30)]) expect(await readAll(to, id)).toEqual(await readAll(from, id));
      expect(await to.findPlans()).toEqual(await from.findPlans());
      expect(await to.findOperators()).toEqual(await from.findOperators());
      expect(await to.findPacks()).toEqual(await from.findPacks());
      for (const kind of ['providerLinks', 'purchases', 'paymentEvents', 'reconcilers'] as const) {
        const all = async (store: Store) =>
          new Map(
            (await store.listRecords(kind, { first: 1_000, after: null })).map((each) => [keyOf(kind, each), each]),
          );
        expect(await all(to)).toEqual(await all(from));
      }
      const newest = { count: 10, after: null, isBackward: false };
      expect(await to.findAuditPage(null, newest)).toEqual(await from.findAuditPage(null, newest));
      expect(await to.findRefusalPage({ facets: {}, from: null, until: null }, newest)).toEqual(REFUSALS);
      expect(await to.keepSecret(KEY_HASH_SECRET, 'other')).toBe(await from.keepSecret(KEY_HASH_SECRET, 'other'));
      const hashes = [`hash-${BUSY}`];
      expect(await to.findKeyUses(hashes)).toEqual([NOW]);
    });

    it('leaves a target that goes on where the source ended', async () => {
      const { to } = stores();
      await copy();
      await spend(to, BUSY, 'after');
      const all = { from: '2026-01-01', to: '2026-12-31', by: [], first: 1 };
      expect(await to.sumUsage(BUSY, all)).toMatchObject([{ positions: SPENT + 1, credits: SPENT + 1 }]);
      const entries = await to.findLedgerPage(BUSY, { first: 100, before: null });
      expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => entries.length - index));
      expect(entries.reduce((sum, { credits }) => sum + credits, 0)).toBe(100 - SPENT - 1);
    });

    it('can be repeated, and changes nothing then', async () => {
      const first = await copy();
      const before = await readAll(stores().to, BUSY);
      expect(await copy()).toEqual(first);
      expect(await readAll(stores().to, BUSY)).toEqual(before);
    });

    it.each(['importRecords', 'appendLedger', 'savePlans'] as const)(
      'goes on where it stopped, wherever %s failed',
      { timeout: 60_000 },
      async (verb) => {
        const troubled = troubledStore(stores().to);
        // The first run ends at the first call, the second at the third, and so on.
        let calls = 0;
        let endsAt = 1;
        troubled.whenever(verb, () => ((calls += 1) === endsAt ? 'REPLY_LOST' : null));
        let failures = 0;
        for (; failures < 5; failures += 1) {
          const error: unknown = await copy(troubled.store).then(
            () => null,
            (reason: unknown) => reason,
          );
          if (error === null) break;
          expect(error).toBeInstanceOf(StoreError);
          [calls, endsAt] = [0, endsAt + 2];
        }
        expect(failures).toBeGreaterThan(0);
        await copy();
        expect(await readAll(stores().to, BUSY)).toEqual(await readAll(stores().from, BUSY));
      },
    );

    it('refuses a target that has something else under the same ids', async () => {
      const { to } = stores();
      const refused = async (conflict: (store: Store) => Promise<unknown>, what: string) => {
        await conflict(to);
        await expect(copy()).rejects.toThrow(CopyError);
        await expect(copy()).rejects.toThrow(what);
      };
      await refused((store) => store.commitWallets([walletOf(BUSY, 1, NOW)]), 'another record of');
      const [wallet] = await to.findWallets([BUSY]);
      expect(wallet?.entrySum).toBe(1);
    });

    it.each([
      [
        'an account',
        (store: Store) => store.saveAccounts([{ ...anAccount(BUSY), name: 'Other' }]),
        'accounts under account-7',
      ],
      [
        'a plan',
        (store: Store) => store.savePlans([{ ...aPlan('pro', 1), name: 'Other' }]),
        'plan under pro, version 1',
      ],
      [
        'a ledger',
        (store: Store) =>
          store.appendLedger(walletOf(BUSY, 5, NOW).journal.map((entry) => ({ ...entry, id: 'other' }))),
        'ledger entries under account-7',
      ],
    ])('refuses a target that has %s with other content', async (_what, conflict, message) => {
      await conflict(stores().to);
      await expect(copy()).rejects.toThrow(message);
    });

    it('tells a source whose entries don’t sum to its balances', async () => {
      const { from } = stores();
      const [wallet] = await from.findWallets([BUSY]);
      if (wallet == null) throw new Error('There is no wallet.');
      await from.commitWallets([{ ...wallet, entrySum: wallet.entrySum + 1 }]);
      await expect(copy()).rejects.toThrow('account-7 has 13 entries that sum to 88, and its wallet says 13 and 89');
    });
  });
};

const fill = async (store: Store): Promise<void> => {
  await store.savePlans([aPlan('pro', 1), aPlan('pro', 2)]);
  await store.importRecords(
    'accounts',
    ACCOUNTS.map((id, n) => ({ ...anAccount(id), version: n + 1 })),
  );
  await store.importRecords(
    'apiKeys',
    ACCOUNTS.map((id) => ({ ...anApiKey(id, `hash-${id}`), version: 2 })),
  );
  await store.importRecords(
    'subscriptions',
    ACCOUNTS.map((id) => ({ ...aSubscription(id), version: 3 })),
  );
  await store.importRecords(
    'keyedOperations',
    ACCOUNTS.map((id) => ({ ...aKeyedOperation(id, 'key'), version: 2 })),
  );
  await store.saveOperators([anOperator('owner'), anOperator('support')]);
  await store.savePacks([aPack('small', 1), aPack('small', 2)]);
  await store.importRecords(
    'providerLinks',
    ACCOUNTS.map((id) => ({ ...aProviderLink(id), version: 2 })),
  );
  await store.importRecords(
    'purchases',
    ACCOUNTS.map((id) => ({ ...aPurchase(`purchase-${id}`, id), version: 4 })),
  );
  await store.savePayments('paymentEvents', [aPaymentEvent('evt_1', 1), aPaymentEvent('evt_2', 2, { doneAt: 3 })]);
  await store.savePayments('reconcilers', [aReconciler('stripe')]);
  await store.appendAudit([1, 2, 3].map((n) => anAuditEntry(`audit-${n}`, NOW + n)));
  await store.appendRefusals(REFUSALS);
  await store.saveKeyUses([{ secretHash: `hash-${BUSY}`, usedAt: NOW }]);
  await store.commitWallets(ACCOUNTS.map((id) => walletOf(id, 100, NOW)));
  for (let n = 0; n < SPENT; n += 1) await spend(store, BUSY, `spent-${n}`);
};

const USED = {
  day: '2026-01-31',
  lines: [{ ...NO_USAGE, coordinate: 'Query.a', positions: 1, units: 1, credits: 1 }],
};

const spend = async (store: Store, id: AccountId, hold: string): Promise<void> => {
  const [wallet] = await store.findWallets([id]);
  if (wallet == null) throw new Error('There is no wallet.');
  const command = { kind: 'hold', id: holdId(hold), credits: 1, units: [], expiresAt: NOW + 60_000 } as const;
  const held = applyCommand(wallet, command, NOW);
  const lines = [{ coordinate: 'Query.a', credits: 1 }];
  await store.commitWallets([
    applyCommand(held.wallet, { kind: 'capture', holdId: command.id, lines, units: [], used: USED }, NOW).wallet,
  ]);
};

/** Everything of one account, journals aside: where an entry is makes no difference. */
const readAll = async (store: Store, id: AccountId): Promise<unknown> => {
  const [wallet] = await store.findWallets([id]);
  return {
    account: await store.findAccounts([id]),
    key: await store.findApiKeys([`hash-${id}`]),
    subscription: await store.findSubscriptions([id]),
    wallet: { ...wallet, journal: [], usage: [] },
    usage: await store.sumUsage(id, { from: '2026-01-01', to: '2026-12-31', by: ['DAY', 'COORDINATE'], first: 10 }),
    grant: wallet?.grants.some((grant) => grant.id === grantId('welcome')),
    ledger: await store.findLedgerPage(id, { first: 1_000, before: null }),
  };
};

onEachStore(({ name, database }) => {
  copySuite(`copying from SQLite to ${name}`, openSqliteForTest, database);
  if (name !== 'SQLite') copySuite(`copying from ${name} to SQLite`, database, openSqliteForTest);
});
