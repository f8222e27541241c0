/** The part of the store's contract that administration rests on: lists in pages, operators, the audit log, secrets. */
import { describe, expect, it } from 'vitest';
import { actorOf, attributionOf } from '../../../src/domain/audit.js';
import type { Actor } from '../../../src/domain/audit.js';
import { accountId, apiKeyId, operatorId, planId, subscriptionId } from '../../../src/domain/ids.js';
import type { AccountId, ApiKeyId } from '../../../src/domain/ids.js';
import type { LogCursor } from '../../../src/domain/logCursor.js';
import type { ListPage } from '../../../src/store/store.js';
import type { OpenedStore } from './storeUnderTest.js';
import {
  anAccount,
  anApiKey,
  anAuditEntry,
  anOperator,
  aSubscription,
  HOSTILE_STRINGS,
  walk,
  walletOf,
} from './storedValues.js';

const page = <Cursor = string>(count: number, after: Cursor | null = null, isBackward = false): ListPage<Cursor> => ({
  count,
  after,
  isBackward,
});

export const listingContract = (opened: () => OpenedStore): void => {
  describe('lists in pages', () => {
    const store = () => opened().store;

    it('lead through all accounts by id, there and back, each once', async () => {
      const ids = ['list-c', 'list-a', 'list-b', 'list-e', 'list-d'].map(accountId);
      await store().saveAccounts(ids.map(anAccount));
      const { there, back } = await walk(
        (each: ListPage<AccountId>) => store().findAccountPage(each),
        (account) => account.id,
      );
      expect(there.filter(({ id }) => id.startsWith('list-')).map(({ id }) => id)).toEqual(ids.toSorted());
      expect(back).toEqual(there);
      expect(await store().findAccountPage(page<AccountId>(0))).toEqual([]);
    });

    it('give the keys of one account by their ids, whatever it is called', async () => {
      for (const [index, text] of ['keys of', 'other', ...HOSTILE_STRINGS.map(([, each]) => each)].entries()) {
        const account = accountId(text);
        const keys = [3, 1, 2].map((each) => ({
          ...anApiKey(account, `list-hash-${index}-${each}`),
          id: apiKeyId(`list-${index}-${each}`),
        }));
        await store().saveApiKeys(keys);
        const { there, back } = await walk(
          (each: ListPage<ApiKeyId>) => store().findApiKeyPage(account, each),
          (key) => key.id,
        );
        const mine = there.filter(({ id }) => id.startsWith(`list-${index}-`));
        expect(mine.map(({ id }) => id)).toEqual([1, 2, 3].map((each) => `list-${index}-${each}`));
        expect(back).toEqual(there);
        const [last, none, first] = await store().findApiKeysById(
          [`list-${index}-3`, 'none', `list-${index}-1`].map(apiKeyId),
        );
        expect([last?.accountId, none, first?.id]).toEqual([account, null, `list-${index}-1`]);
      }
      expect(await store().findApiKeysById([])).toEqual([]);
    });

    it('give the subscriptions to a plan, or to one version of it', async () => {
      const pro = planId('listed');
      const accounts = ['s1', 's2', 's3', 's4', 's5'].map((id) => accountId(`list-${id}`));
      await store().saveSubscriptions(
        accounts.map((id, index) => ({ ...aSubscription(id), planId: pro, planVersion: 1 + (index % 2) })),
      );
      const accountsOf = async (planVersion: number | null, at = 0) => {
        const { there, back } = await walk(
          (each: ListPage<AccountId>) => store().findSubscriptionPage({ planId: pro, planVersion, at }, each),
          (subscription) => subscription.accountId,
        );
        expect(back).toEqual(there);
        return there.map((each) => each.accountId);
      };
      expect(await accountsOf(null)).toEqual(accounts);
      expect(await accountsOf(1)).toEqual([accounts[0], accounts[2], accounts[4]]);
      expect(await accountsOf(9)).toEqual([]);
      // Two go over to the plan's version 3, one to another plan, one comes from there; each from an instant on.
      const change = (planVersion: number, planIdOf = pro) => ({
        at: 100,
        id: subscriptionId('next'),
        planId: planIdOf,
        planVersion,
      });
      const changes = [change(3), null, change(3), change(1, planId('elsewhere')), null];
      const changing = accounts.map((id, index) => ({
        ...aSubscription(id),
        planId: pro,
        planVersion: 1 + (index % 2),
        change: changes[index] ?? null,
        version: 1,
      }));
      await store().saveSubscriptions(changing);
      const comer = accountId('list-s0');
      const coming = { ...aSubscription(comer), planId: planId('elsewhere'), change: change(2) };
      await store().saveSubscriptions([coming]);
      expect(await accountsOf(null, 99)).toEqual(accounts);
      expect(await accountsOf(3, 99)).toEqual([]);
      expect(await accountsOf(null, 100)).toEqual([comer, ...accounts.filter((_, index) => index !== 3)]);
      expect(await accountsOf(3, 100)).toEqual([accounts[0], accounts[2]]);
      expect(await accountsOf(1, 100)).toEqual([accounts[4]]);
      expect(await accountsOf(2, 100)).toEqual([comer, accounts[1]]);
      const any = await store().findSubscriptionPage(
        { planId: null, planVersion: null, at: 0 },
        page<AccountId>(1_000),
      );
      expect(any.map((each) => each.accountId)).toEqual(expect.arrayContaining(accounts));
    });

    it('give a ledger from its oldest entries too', async () => {
      const id = accountId('list-ledger');
      const { journal } = walletOf(id, 5, 1);
      const [entry] = journal;
      if (entry === undefined) throw new Error('The wallet has no journal.');
      const entries = [1, 2, 3, 4, 5].map((seq) => ({ ...entry, seq, id: `e${seq}` }));
      await store().appendLedger(entries);
      const seqs = async (wanted: { first: number; before: number | null; after?: number }) =>
        (await store().findLedgerPage(id, wanted)).map(({ seq }) => seq);
      expect(await seqs({ first: 2, before: null, after: 0 })).toEqual([2, 1]);
      expect(await seqs({ first: 2, before: null, after: 2 })).toEqual([4, 3]);
      expect(await seqs({ first: 9, before: 5, after: 1 })).toEqual([4, 3, 2]);
      expect(await seqs({ first: 2, before: null, after: 5 })).toEqual([]);
    });
  });

  describe('operators, audit, secrets', () => {
    const store = () => opened().store;

    it('keep all operators, each replaced on the version it was decided on', async () => {
      const [one, two] = [anOperator('op-b'), anOperator('op-a')];
      expect(await store().saveOperators([one, two])).toEqual(['WON', 'WON']);
      expect(await store().saveOperators([{ ...one, removedAt: 5 }])).toEqual(['LOST']);
      expect(await store().saveOperators([{ ...one, version: 1, removedAt: 5 }])).toEqual(['WON']);
      const found = (await store().findOperators()).filter(({ id }) => id === one.id || id === two.id);
      expect(found).toEqual([
        { ...two, version: 1 },
        { ...one, version: 2, removedAt: 5 },
      ]);
    });

    it('keep the audit log newest first, each entry once and as it was first written', async () => {
      const entries = [
        anAuditEntry('b', 10, 'account/x'),
        anAuditEntry('a', 10),
        anAuditEntry('d', 30, 'account/x'),
        anAuditEntry('c', 20, 'account/$where.__proto__'),
      ];
      await store().appendAudit(entries);
      await store().appendAudit([]);
      await store().appendAudit([{ ...anAuditEntry('a', 99), code: 'CHANGED' }, anAuditEntry('e', 30)]);
      const cursorOf = ({ at, id }: LogCursor): LogCursor => ({ at, id });
      const { there, back } = await walk((each) => store().findAuditPage(null, each), cursorOf);
      expect(there.map(({ id }) => id)).toEqual(['e', 'd', 'c', 'b', 'a']);
      expect(there.at(-1)).toEqual(entries[1]);
      expect(back).toEqual(there);
      const ofX = await walk((each) => store().findAuditPage('account/x', each), cursorOf);
      expect(ofX.there).toEqual([entries[2], entries[0]]);
      expect(ofX.back).toEqual(ofX.there);
      expect(await store().findAuditPage('account/$where.__proto__', page<LogCursor>(9))).toEqual([entries[3]]);
      expect(await store().findAuditPage(null, page<LogCursor>(0))).toEqual([]);
    });

    it('keep who acted, whoever it was', async () => {
      const actors: readonly Actor[] = [
        { kind: 'operator', id: operatorId('$o.1'), role: 'ADMIN', from: null },
        { kind: 'provider', name: 'stripe', event: 'evt_$.1' },
        { kind: 'system', name: 'library' },
      ];
      const entries = actors.map((actor, index) => ({
        ...anAuditEntry(`by-${index}`, index, 'account/acted-on'),
        ...attributionOf(actor),
      }));
      await store().appendAudit(entries);
      const found = await store().findAuditPage('account/acted-on', page<LogCursor>(entries.length));
      expect(found.map(actorOf)).toEqual(actors.toReversed());
    });

    it('keep the latest use of a key', async () => {
      await store().saveKeyUses([{ secretHash: 'u1', usedAt: 5 }]);
      await store().saveKeyUses([
        { secretHash: 'u1', usedAt: 3 },
        { secretHash: 'u$.2', usedAt: 7 },
      ]);
      await store().saveKeyUses([]);
      expect(await store().findKeyUses(['u$.2', 'none', 'u1'])).toEqual([7, null, 5]);
      expect(await store().findKeyUses([])).toEqual([]);
    });

    it('keep the first secret of a name, for every process alike', async () => {
      const other = await opened().second();
      const kept = await Promise.all([store().keepSecret('s', 'one'), other.keepSecret('s', 'two')]);
      expect(new Set(kept).size).toBe(1);
      expect(await store().keepSecret('s', 'three')).toBe(kept[0]);
      expect(await store().keepSecret('$other.', 'four')).toBe('four');
    });
  });
};
