/**
 * What every store must do, whatever it is made of: an adapter's test joins with one call. There are no switches for
 * what an adapter can't do.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CREDITS_MAX } from '../../../src/domain/credits.js';
import { accountId, apiKeyId, grantId, holdId } from '../../../src/domain/ids.js';
import type { AccountId } from '../../../src/domain/ids.js';
import { keyedOperationId } from '../../../src/domain/keyedOperation.js';
import type { LedgerEntry } from '../../../src/domain/ledger.js';
import { emptyWallet } from '../../../src/domain/wallet.js';
import type { Wallet } from '../../../src/domain/wallet.js';
import { applyCommand } from '../../../src/domain/walletCommand.js';
import { keyOfRecord } from '../../../src/store/storedRecords.js';
import type { RecordKind, StoredRecords } from '../../../src/store/storedRecords.js';
import type { LedgerPage, Store } from '../../../src/store/store.js';
import { StoreError } from '../../../src/store/storeError.js';
import { listingContract } from './listingContract.js';
import { paymentContract } from './paymentContract.js';
import { aUsageRow, usageContract } from './usageContract.js';
import { refusalContract } from './refusalContract.js';
import type { OpenedStore, StoreUnderTest } from './storeUnderTest.js';

import {
  aKeyedOperation,
  anAccount,
  anApiKey,
  anAuditEntry,
  anOperator,
  aPack,
  aPurchase,
  aRefusalRecord,
  aPlan,
  aSubscription,
  HOSTILE_STRINGS,
  walletOf,
} from './storedValues.js';

const NOW = Date.UTC(2026, 0, 31, 12);
const ALICE = accountId('alice');
const BOB = accountId('bob');
const NOBODY = accountId('nobody');
const ALL_REFUSALS = { facets: {}, from: null, until: null };
const PAGE = { count: 1, after: null, isBackward: false };

export const storeContract = (name: string, { open, openUnreachable }: StoreUnderTest): void => {
  describe(name, () => {
    let opened: OpenedStore;
    let store: Store;
    beforeAll(async () => {
      opened = await open();
      ({ store } = opened);
    });
    afterAll(async () => {
      await opened.drop();
    });

    /** An account of its own for each test, so that all of them share one database. */
    let count = 0;
    const anyone = (): AccountId => accountId(`account-${(count += 1)}`);

    describe('batches', () => {
      it('answers every find verb in length and order, with null for what is missing', async () => {
        const [alice, bob] = [anAccount(ALICE), anAccount(BOB)];
        const keys = [anApiKey(ALICE, 'hash-a'), anApiKey(BOB, 'hash-b')];
        const subscriptions = [aSubscription(ALICE), aSubscription(BOB)];
        await store.saveAccounts([alice, bob]);
        await store.saveApiKeys(keys);
        await store.saveSubscriptions(subscriptions);
        const wallets = await store.commitWallets([walletOf(ALICE, 5, NOW), walletOf(BOB, 7, NOW)]);
        const [bobsEntry] = await store.findLedgerPage(BOB, { first: 1, before: null });

        const ids = [BOB, NOBODY, ALICE, BOB];
        const inOrder = <T extends { version: number }>(of: readonly T[]) => {
          const [a, b] = of.map((value) => ({ ...value, version: 1 }));
          return [b, null, a, b];
        };
        expect(await store.findAccounts(ids)).toEqual(inOrder([alice, bob]));
        expect(await store.findApiKeys(['hash-b', 'none', 'hash-a', 'hash-b'])).toEqual(inOrder(keys));
        expect(await store.findSubscriptions(ids)).toEqual(inOrder(subscriptions));
        expect(await store.findWallets(ids)).toEqual([wallets[1], null, wallets[0], wallets[1]]);
        const entryIds = ['none', bobsEntry?.id ?? '', bobsEntry?.id ?? ''];
        expect(await store.findLedgerEntries(BOB, entryIds)).toEqual([null, bobsEntry, bobsEntry]);
        expect(await store.findLedgerEntries(NOBODY, entryIds)).toEqual([null, null, null]);
      });

      it('answers an empty batch with an empty answer', async () => {
        expect(await store.findApiKeys([])).toEqual([]);
        expect(await store.findAccounts([])).toEqual([]);
        expect(await store.findSubscriptions([])).toEqual([]);
        expect(await store.findWallets([])).toEqual([]);
        expect(await store.findLedgerEntries(ALICE, [])).toEqual([]);
        expect(await store.saveAccounts([])).toEqual([]);
        expect(await store.saveApiKeys([])).toEqual([]);
        expect(await store.saveSubscriptions([])).toEqual([]);
        expect(await store.savePlans([])).toEqual([]);
        expect(await store.findKeyedOperations([])).toEqual([]);
        expect(await store.saveKeyedOperations([])).toEqual([]);
        expect(await store.commitWallets([])).toEqual([]);
        await store.appendLedger([]);
      });

      it('answers a batch of a thousand', async () => {
        const accounts = Array.from({ length: 1000 }, () => anAccount(anyone()));
        expect(new Set(await store.saveAccounts(accounts))).toEqual(new Set(['WON']));
        const found = await store.findAccounts(accounts.map((account) => account.id).reverse());
        expect(found.map((account) => account?.id)).toEqual(accounts.map((account) => account.id).reverse());
      });
    });

    describe('compare and set', () => {
      it('saves accounts on the version they were decided on, and no other', async () => {
        const account = anAccount(anyone());
        expect(await store.saveAccounts([account])).toEqual(['WON']);
        expect(await store.saveAccounts([{ ...account, name: 'second' }])).toEqual(['LOST']);
        expect(await store.saveAccounts([{ ...account, name: 'third', version: 1 }])).toEqual(['WON']);
        expect(await store.saveAccounts([{ ...account, name: 'fourth', version: 1 }])).toEqual(['LOST']);
        expect(await store.saveAccounts([{ ...account, name: 'fifth', version: 9 }])).toEqual(['LOST']);
        expect(await store.findAccounts([account.id])).toEqual([{ ...account, name: 'third', version: 2 }]);
      });

      it('saves API keys on the version they were decided on, and no other', async () => {
        const key = anApiKey(anyone(), 'hash-cas');
        const revoked = { ...key, revokedAt: NOW };
        expect(await store.saveApiKeys([key])).toEqual(['WON']);
        expect(await store.saveApiKeys([revoked])).toEqual(['LOST']);
        expect(await store.saveApiKeys([{ ...revoked, version: 1 }])).toEqual(['WON']);
        expect(await store.saveApiKeys([{ ...key, version: 1 }])).toEqual(['LOST']);
        expect(await store.findApiKeys([key.secretHash])).toEqual([{ ...revoked, version: 2 }]);
      });

      it('keeps one subscription per account: a new one replaces the old one at its version', async () => {
        const first = aSubscription(anyone());
        const other = { ...first, id: aSubscription(anyone()).id, cancelsAt: NOW };
        expect(await store.saveSubscriptions([first])).toEqual(['WON']);
        expect(await store.saveSubscriptions([other])).toEqual(['LOST']);
        expect(await store.saveSubscriptions([{ ...other, version: 1 }])).toEqual(['WON']);
        expect(await store.saveSubscriptions([{ ...first, version: 1 }])).toEqual(['LOST']);
        expect(await store.findSubscriptions([first.accountId])).toEqual([{ ...other, version: 2 }]);
      });

      it('locks a keyed operation for one of those that want it', async () => {
        const operation = aKeyedOperation(anyone(), 'key');
        const id = keyedOperationId(operation);
        const outcomes = await Promise.all([1, 2, 3].map(() => store.saveKeyedOperations([operation])));
        expect(outcomes.flat().sort()).toEqual(['LOST', 'LOST', 'WON']);
        const answered = { ...operation, state: 'ANSWERED', answer: '{"data":null}', version: 1 } as const;
        expect(await store.saveKeyedOperations([answered])).toEqual(['WON']);
        expect(await store.saveKeyedOperations([answered])).toEqual(['LOST']);
        expect(await store.findKeyedOperations(['none', id])).toEqual([null, { ...answered, version: 2 }]);
      });

      it('forgets keyed operations that have expired, and no others', async () => {
        const account = anyone();
        const [over, kept] = [aKeyedOperation(account, 'over', 1_000), aKeyedOperation(account, 'kept', 1_001)];
        await store.saveKeyedOperations([over, kept]);
        await store.forgetKeyedOperations(1_001);
        const found = await store.findKeyedOperations([over, kept].map(keyedOperationId));
        expect(found).toEqual([null, { ...kept, version: 1 }]);
      });

      it('writes a plan version once: again is no loss, with other content it is', async () => {
        const plan = aPlan('written-once', 1);
        const next = { ...aPlan('written-once', 2), name: 'Second version' };
        expect(await store.savePlans([plan])).toEqual(['WON']);
        expect(await store.savePlans([plan, { ...plan, name: 'Other' }, next])).toEqual(['WON', 'LOST', 'WON']);
        const saved = (await store.findPlans()).filter((each) => each.id === plan.id);
        expect([...saved].sort((a, b) => a.version - b.version)).toEqual([plan, next]);
      });

      it('tells a value that was never stored from one at another version', async () => {
        const id = anyone();
        expect(await store.saveAccounts([{ ...anAccount(id), version: 1 }])).toEqual(['LOST']);
        expect(await store.commitWallets([{ ...walletOf(id, 5, NOW), version: 1 }])).toEqual([null]);
        expect(await store.findAccounts([id])).toEqual([null]);
        expect(await store.findWallets([id])).toEqual([null]);
      });

      it('lets some of a batch win and others lose, and says which', async () => {
        const [winner, loser, fresh, late, absent] = [anyone(), anyone(), anyone(), anyone(), anyone()];
        const before = await store.commitWallets([
          walletOf(winner, 1, NOW),
          walletOf(loser, 2, NOW),
          walletOf(late, 3, NOW),
        ]);
        const [winning, losing] = before.map((wallet) => grantMore(wallet, 'second', 10));
        await store.commitWallets([grantMore(before[1], 'first', 20)]);

        const batch = [
          losing ?? emptyWallet(loser),
          winning ?? emptyWallet(winner),
          walletOf(late, 99, NOW),
          walletOf(fresh, 4, NOW),
          { ...walletOf(absent, 5, NOW), version: 3 },
        ];
        const answer = await store.commitWallets(batch);
        expect(answer.map((wallet) => wallet?.version ?? null)).toEqual([null, 2, null, 1, null]);
        const stored = await store.findWallets([loser, winner, late, fresh, absent]);
        expect(stored.map((wallet) => wallet?.entrySum ?? null)).toEqual([22, 11, 3, 4, null]);
        expect(stored[1]).toEqual(answer[1]);
        expect(await sumOfEntries(store, loser)).toBe(22);
        expect(await sumOfEntries(store, late)).toBe(3);
        expect(await sumOfEntries(store, absent)).toBe(0);
      });
    });

    describe('races', () => {
      it('never lets two callers of one store spend the same credit', async () => {
        const id = anyone();
        await store.commitWallets([walletOf(id, 10, NOW)]);
        const outcomes = await Promise.all(Array.from({ length: 50 }, (_, caller) => spendOne(store, id, caller)));
        expect(outcomes.filter((outcome) => outcome === 'SPENT')).toHaveLength(10);
        expect(await sumOfEntries(store, id)).toBe(0);
      });

      it('never lets two stores on one database spend the same credit', async () => {
        const id = anyone();
        const other = await opened.second();
        await store.commitWallets([walletOf(id, 10, NOW)]);
        const outcomes = await Promise.all(
          Array.from({ length: 50 }, (_, caller) => spendOne(caller % 2 === 0 ? store : other, id, caller)),
        );
        expect(outcomes.filter((outcome) => outcome === 'SPENT')).toHaveLength(10);
        expect(await sumOfEntries(store, id)).toBe(0);
        expect(await store.findWallets([id])).toEqual(await other.findWallets([id]));
      });
    });

    describe('the ledger', () => {
      /** Five grants, the second of them captured from in part: seven entries in three commits. */
      const aHistory = async (id: AccountId): Promise<readonly LedgerEntry[]> => {
        const [first] = await store.commitWallets([walletOf(id, 10, NOW)]);
        const held = applyCommand(
          grantMore(first, 'two', 20),
          { kind: 'hold', id: holdId('h'), credits: 15, units: [], expiresAt: NOW + 60_000 },
          NOW,
        );
        const [second] = await store.commitWallets([held.wallet]);
        const lines = [
          { coordinate: 'Query.a', credits: 4 },
          { coordinate: 'Query.b', credits: 8 },
        ];
        const captured = applyCommand(
          second ?? emptyWallet(id),
          { kind: 'capture', holdId: holdId('h'), lines, units: [], operation: 'Op' },
          NOW + 1,
        );
        await store.commitWallets([captured.wallet]);
        const [all] = await Promise.all([store.findLedgerPage(id, { first: 100, before: null })]);
        return all;
      };

      /** As the keeper does: what rides in the wallet is moved to the ledger, then dropped with the next commit. */
      const moveJournal = async (id: AccountId): Promise<void> => {
        const [wallet] = await store.findWallets([id]);
        const journal = wallet?.journal ?? [];
        await store.appendLedger(journal);
        await store.appendLedger(journal);
      };
      const dropJournal = async (id: AccountId): Promise<void> => {
        const [wallet] = await store.findWallets([id]);
        await store.commitWallets([{ ...(wallet ?? emptyWallet(id)), journal: [] }]);
      };

      it('shows each entry once: when committed, when moved, and when dropped from the wallet', async () => {
        const id = anyone();
        const history = await aHistory(id);
        expect(history.map((entry) => [entry.seq, entry.kind, entry.credits, entry.balanceAfter])).toEqual([
          [5, 'CHARGE', -2, 18],
          [4, 'CHARGE', -6, 20],
          [3, 'CHARGE', -4, 26],
          [2, 'GRANT', 20, 30],
          [1, 'GRANT', 10, 10],
        ]);
        const charges = [...history].reverse().filter((entry) => entry.holdId === 'h');
        const check = async () => {
          expect(await store.findLedgerPage(id, { first: 100, before: null })).toEqual(history);
          expect(await store.findHoldEntries(id, holdId('h'))).toEqual(charges);
          expect(await store.findHoldEntries(id, holdId('other'))).toEqual([]);
          const ids = history.map((entry) => entry.id);
          expect(await store.findLedgerEntries(id, [...ids, 'none'])).toEqual([...history, null]);
        };
        await check();
        await moveJournal(id);
        await check();
        await dropJournal(id);
        await check();
        await store.appendLedger(history);
        await check();
      });

      it('pages through entries, newest first, wherever they are', async () => {
        const id = anyone();
        let [wallet] = await store.commitWallets([walletOf(id, 1, NOW)]);
        for (let round = 2; round <= 7; round += 1) {
          [wallet] = await store.commitWallets([grantMore(wallet, `round-${round}`, 1)]);
          if (round === 4) await moveJournal(id);
        }
        const seqs: number[][] = [];
        for (let before: number | null = null; ;) {
          const page: readonly LedgerEntry[] = await store.findLedgerPage(id, { first: 3, before });
          if (page.length === 0) break;
          seqs.push(page.map((entry) => entry.seq));
          before = page.at(-1)?.seq ?? 0;
        }
        expect(seqs).toEqual([[7, 6, 5], [4, 3, 2], [1]]);
        expect(await store.findLedgerPage(id, { first: 0, before: null })).toEqual([]);
        expect(await store.findLedgerPage(NOBODY, { first: 10, before: null })).toEqual([]);
      });

      it('finds several pages at once, each as it is found by itself', async () => {
        const id = anyone();
        let [wallet] = await store.commitWallets([walletOf(id, 1, NOW)]);
        for (let round = 2; round <= 9; round += 1) {
          [wallet] = await store.commitWallets([grantMore(wallet, `round-${round}`, 1)]);
          if (round === 5) await moveJournal(id);
        }
        const ends: readonly (number | null)[] = [null, 1, 2, 6, 9, 100];
        const pages: readonly LedgerPage[] = [0, 1, 3, 50].flatMap((first) => [
          ...ends.map((before) => ({ first, before })),
          ...[0, 1, 4, 8, 9, 100].map((after) => ({ first, before: null, after })),
          { first, before: 8, after: 2 },
        ]);
        for (const account of [id, NOBODY]) {
          const alone: (readonly LedgerEntry[])[] = [];
          for (const page of pages) alone.push(await store.findLedgerPage(account, page));
          expect(await store.findLedgerPages(account, pages)).toEqual(alone);
        }
        expect(await store.findLedgerPages(id, [])).toEqual([]);
      });

      it('adds an entry once, and leaves the one that is there as it is', async () => {
        const id = anyone();
        const { journal } = walletOf(id, 10, NOW);
        await Promise.all([store.appendLedger(journal), store.appendLedger(journal)]);
        await store.appendLedger(journal.map((entry) => ({ ...entry, credits: 99 })));
        expect(await store.findLedgerPage(id, { first: 10, before: null })).toEqual(journal);
      });

      it('adds the new ones of a batch in which others are there already', async () => {
        const id = anyone();
        const { journal } = grantMore(walletOf(id, 10, NOW), 'more', 5);
        await store.appendLedger(journal.slice(0, 1));
        await store.appendLedger([...journal, ...journal]);
        expect(await store.findLedgerPage(id, { first: 10, before: null })).toEqual([...journal].reverse());
      });

      it('refuses an entry whose place another one has, instead of losing it', async () => {
        const id = anyone();
        const [entry] = walletOf(id, 10, NOW).journal;
        if (entry === undefined) throw new Error('The wallet has no journal.');
        await store.appendLedger([entry]);
        const error = await errorOf(store.appendLedger([{ ...entry, id: 'other' }]));
        expect(error.code).toBe('CORRUPT');
        expect(await store.findLedgerPage(id, { first: 10, before: null })).toEqual([entry]);
      });

      it('keeps the ledgers of accounts apart, even where ids are the same', async () => {
        const [one, two] = [anyone(), anyone()];
        await store.commitWallets([walletOf(one, 1, NOW), walletOf(two, 2, NOW)]);
        const [ones, twos] = await Promise.all(
          [one, two].map((id) => store.findLedgerPage(id, { first: 9, before: null })),
        );
        expect(ones?.map((entry) => [entry.id, entry.credits])).toEqual([[twos?.[0]?.id, 1]]);
        expect(twos?.map((entry) => entry.credits)).toEqual([2]);
      });

      it('shows pages without gaps while entries are committed and moved', async () => {
        const id = anyone();
        await store.commitWallets([walletOf(id, 1, NOW)]);
        let isDone = false;
        const write = async () => {
          for (let round = 0; round < 30; round += 1) {
            const [wallet] = await store.findWallets([id]);
            await store.appendLedger(wallet?.journal ?? []);
            await store.commitWallets([grantMore(wallet && { ...wallet, journal: [] }, `g${round}`, 1)]);
          }
          isDone = true;
        };
        const read = async () => {
          while (!isDone) {
            const page = await store.findLedgerPage(id, { first: 100, before: null });
            expect(page.map((entry) => entry.seq)).toEqual(page.map((_, index) => page.length - index));
          }
        };
        await Promise.all([write(), read()]);
        expect(await sumOfEntries(store, id)).toBe(31);
      });
    });

    describe('copying', () => {
      const valuesOf = (id: AccountId) => ({
        accounts: { ...anAccount(id), version: 7 },
        apiKeys: { ...anApiKey(id, `hash-${id}`), version: 7 },
        subscriptions: { ...aSubscription(id), version: 7 },
        keyedOperations: { ...aKeyedOperation(id, 'copied'), version: 7 },
        operators: { ...anOperator(id), version: 7 },
        wallets: { ...walletOf(id, 5, NOW), journal: [], version: 7 },
      });
      const KINDS = ['accounts', 'apiKeys', 'subscriptions', 'keyedOperations', 'operators', 'wallets'] as const;

      it.each(KINDS)('imports %s as they are, once, and leaves what is there', async (kind) => {
        const [one, two, three] = [anyone(), anyone(), anyone()].map((id) => valuesOf(id)[kind]);
        if (one === undefined || two === undefined || three === undefined) throw new Error('There are no values.');
        expect(await store.importRecords(kind, [one, two])).toEqual(['STORED', 'STORED']);
        const changed = { ...two, version: 8 };
        expect(await store.importRecords(kind, [one, changed, three])).toEqual(['SAME', 'OTHER', 'STORED']);
        expect(await store.importRecords(kind, [])).toEqual([]);
        const listed = await everyRecord(store, kind, 1_000);
        for (const value of [one, two, three]) expect(listed).toContainEqual(value);
      });

      it('goes on from the version that was imported', async () => {
        const id = anyone();
        const { accounts: account, wallets: wallet } = valuesOf(id);
        await store.importRecords('accounts', [account]);
        await store.importRecords('wallets', [wallet]);
        expect(await store.saveAccounts([{ ...account, version: 6 }, account])).toEqual(['LOST', 'WON']);
        const [stored] = await store.commitWallets([grantMore(wallet, 'after', 1)]);
        expect(stored?.version).toBe(8);
        expect(await store.commitWallets([grantMore(wallet, 'late', 1)])).toEqual([null]);
      });

      it.each(KINDS)('lists %s a page at a time, each once, whatever their keys look like', async (kind) => {
        const own = await open();
        const ids = [...HOSTILE_STRINGS.map(([, text]) => text), 'a', 'b', 'B', 'aa'].map(accountId);
        const values = ids.map((id) => valuesOf(id)[kind]);
        const keyOf = (value: unknown) => keyOfRecord[kind](value as never);
        for (const value of values) await own.store.importRecords(kind, [value]);
        for (const first of [1, 7, 1_000]) {
          const listed = await everyRecord(own.store, kind, first);
          expect(listed.map(keyOf).sort()).toEqual(values.map(keyOf).sort());
        }
        expect(await own.store.listRecords(kind, { first: 2, after: null })).toHaveLength(2);
        await own.drop();
      });
    });
    listingContract(() => opened);
    refusalContract(() => opened);
    usageContract(() => opened);
    paymentContract(() => opened);

    describe('requests', () => {
      it('are counted in each bucket for itself, all that come at once too', async () => {
        const count = async (bucket: string) => (await store.countRequest(bucket, 60)).count;
        expect(await count('one')).toBe(1);
        const counts = await Promise.all(Array.from({ length: 20 }, () => count('one')));
        expect([...counts].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 2));
        expect(await count('$where')).toBe(1);
      });

      it('are counted from one on in the next window, which begins with its first request', async () => {
        const before = Date.now();
        const first = await store.countRequest('window', 1);
        const second = await store.countRequest('window', 1);
        expect([first.count, second.count]).toEqual([1, 2]);
        expect(first.resetAt).toBeGreaterThanOrEqual(before + 900);
        // The same window, by a clock that may be read a moment later: another one would end a second later.
        expect(Math.abs(second.resetAt - first.resetAt)).toBeLessThan(500);
        await new Promise((resolve) => setTimeout(resolve, 1_100));
        expect((await store.countRequest('window', 1)).count).toBe(1);
      });
    });

    describe('values come back unchanged', () => {
      it.each([0, 1, CREDITS_MAX - 1, CREDITS_MAX])('the number %d', async (extreme) => {
        const id = anyone();
        const account = { ...anAccount(id), createdAt: extreme, suspendedAt: extreme };
        await store.saveAccounts([account]);
        expect(await store.findAccounts([id])).toEqual([{ ...account, version: 1 }]);
        const plan = { ...aPlan(`extreme-${extreme}`, 1), creditsPerPeriod: extreme, requestsPerMinute: extreme };
        await store.savePlans([plan]);
        expect((await store.findPlans()).find((each) => each.id === plan.id)).toEqual(plan);
        const window = { startsAt: 0, endsAt: extreme };
        const counters = [{ key: 'cities:DAY', window, used: extreme }];
        const [stored] = await store.commitWallets([{ ...emptyWallet(id), entrySum: extreme, counters }]);
        expect(await store.findWallets([id])).toEqual([stored]);
        expect(stored).toMatchObject({ entrySum: extreme, counters });
      });

      it('the largest balance, taken and entered', async () => {
        const id = anyone();
        await store.commitWallets([walletOf(id, CREDITS_MAX, NOW)]);
        expect(await spendOne(store, id, 1)).toBe('SPENT');
        const entries = await store.findLedgerPage(id, { first: 10, before: null });
        expect(entries.map((entry) => entry.balanceAfter)).toEqual([CREDITS_MAX - 1, CREDITS_MAX]);
      });

      it('the largest place in a ledger', async () => {
        const id = anyone();
        const [entry] = walletOf(id, 1, NOW).journal;
        if (entry === undefined) throw new Error('The wallet has no journal.');
        await store.appendLedger([{ ...entry, seq: CREDITS_MAX }]);
        expect(await store.findLedgerPage(id, { first: 10, before: null })).toEqual([{ ...entry, seq: CREDITS_MAX }]);
        expect(await store.findLedgerPage(id, { first: 10, before: CREDITS_MAX })).toEqual([]);
      });

      it.each(HOSTILE_STRINGS)('the string of %s, in every field', async (_name, text) => {
        const id = accountId(text);
        const account = { ...anAccount(id), name: text };
        const key = { ...anApiKey(id, text), id: anApiKey(id, text).id, prefix: text, scopes: [text] };
        const subscription = { ...aSubscription(id), id: aSubscription(id).id };
        const plan = {
          ...aPlan(text, 1),
          name: text,
          features: [{ feature: text, limit: null, whenExhausted: 'REFUSE' }],
        } as const;
        expect(await store.saveAccounts([account])).toEqual(['WON']);
        expect(await store.saveApiKeys([key])).toEqual(['WON']);
        expect(await store.saveSubscriptions([subscription])).toEqual(['WON']);
        expect(await store.savePlans([plan])).toEqual(['WON']);
        const operation = { ...aKeyedOperation(id, text), answer: text, operationName: text };
        expect(await store.saveKeyedOperations([operation])).toEqual(['WON']);
        expect(await store.findKeyedOperations([keyedOperationId(operation)])).toEqual([{ ...operation, version: 1 }]);
        expect(await store.findAccounts([id])).toEqual([{ ...account, version: 1 }]);
        expect(await store.findApiKeys([text])).toEqual([{ ...key, version: 1 }]);
        expect(await store.findSubscriptions([id])).toEqual([{ ...subscription, version: 1 }]);
        expect((await store.findPlans()).find((each) => each.id === text)).toEqual(plan);
        expect(await store.saveAccounts([{ ...account, version: 1 }])).toEqual(['WON']);

        const wallet = hostileWallet(id, text);
        const [stored] = await store.commitWallets([wallet]);
        expect(stored).toMatchObject({ grants: wallet.grants, counters: wallet.counters, ended: wallet.ended });
        expect(await store.findWallets([id])).toEqual([stored]);
        const entries = await store.findLedgerPage(id, { first: 10, before: null });
        expect(entries).toEqual([...wallet.journal].reverse());
        expect(await store.findHoldEntries(id, holdId(text))).toEqual(wallet.journal.slice(1));
        await store.appendLedger(wallet.journal);
        expect(
          await store.findLedgerEntries(
            id,
            wallet.journal.map((entry) => entry.id),
          ),
        ).toEqual(wallet.journal);
        expect(await store.findHoldEntries(id, holdId(text))).toEqual(wallet.journal.slice(1));
      });
    });

    describe('opening and closing', () => {
      let own: OpenedStore | null = null;
      afterEach(async () => {
        await own?.drop();
        own = null;
      });

      it('takes a probe of writing, again and again, and shows nothing of it', async () => {
        expect(await store.keepSecret('beside the probe', 'its own')).toBe('its own');
        for (let nth = 0; nth < 3; nth += 1) await store.checkWritable();
        expect(await store.keepSecret('beside the probe', 'another')).toBe('its own');
      });

      it('tells what time it is', async () => {
        const before = Date.now();
        const at = await store.readClock();
        expect(Number.isSafeInteger(at)).toBe(true);
        // A store on another machine has a clock of its own; that of a test is this one's.
        expect(Math.abs(at - before)).toBeLessThan(60_000);
      });

      it('answers a ping', async () => {
        await store.ping();
      });

      it('keeps everything when it is opened again', async () => {
        own = await open();
        const before = own.store;
        await before.saveAccounts([anAccount(ALICE)]);
        await before.saveApiKeys([anApiKey(ALICE, 'hash')]);
        await before.saveSubscriptions([aSubscription(ALICE)]);
        await before.savePlans([aPlan('kept', 1)]);
        await before.commitWallets([walletOf(ALICE, 5, NOW)]);
        const readAll = async (from: Store) => [
          await from.findAccounts([ALICE]),
          await from.findApiKeys(['hash']),
          await from.findSubscriptions([ALICE]),
          await from.findPlans(),
          await from.findWallets([ALICE]),
          await from.findLedgerPage(ALICE, { first: 10, before: null }),
        ];
        const all = await readAll(before);
        const after = await own.reopen();
        expect(await readAll(after)).toEqual(all);
        expect(await after.saveAccounts([{ ...anAccount(ALICE), version: 1 }])).toEqual(['WON']);
      });

      it('rejects every verb with CLOSED once it was closed, and closes twice without complaint', async () => {
        own = await open();
        const closed = own.store;
        await closed.close();
        await closed.close();
        const verbs: Readonly<Record<Exclude<keyof Store, 'close'>, () => Promise<unknown>>> = {
          findApiKeys: () => closed.findApiKeys(['hash']),
          findAccounts: () => closed.findAccounts([ALICE]),
          checkWritable: () => closed.checkWritable(),
          readClock: () => closed.readClock(),
          findLedgerPages: () => closed.findLedgerPages(ALICE, []),
          findSubscriptions: () => closed.findSubscriptions([ALICE]),
          findWallets: () => closed.findWallets([ALICE]),
          findPlans: () => closed.findPlans(),
          saveAccounts: () => closed.saveAccounts([anAccount(ALICE)]),
          saveApiKeys: () => closed.saveApiKeys([anApiKey(ALICE, 'hash')]),
          saveSubscriptions: () => closed.saveSubscriptions([aSubscription(ALICE)]),
          savePlans: () => closed.savePlans([aPlan('closed', 1)]),
          findPacks: () => closed.findPacks(),
          savePacks: () => closed.savePacks([aPack('closed', 1)]),
          findPayments: () => closed.findPayments('purchases', ['p']),
          savePayments: () => closed.savePayments('purchases', [aPurchase('p', ALICE)]),
          findPurchasePage: () => closed.findPurchasePage(null, PAGE),
          findUnsettledPurchases: () => closed.findUnsettledPurchases(1, null),
          findPurchaseOf: () => closed.findPurchaseOf('stripe', { kind: 'PAYMENT', id: 'pi' }),
          findLinkOfCustomer: () => closed.findLinkOfCustomer('stripe', 'cus'),
          findPaymentEventPage: () => closed.findPaymentEventPage('ALL', PAGE),
          forgetPaymentEvents: () => closed.forgetPaymentEvents(NOW),
          findKeyedOperations: () => closed.findKeyedOperations(['id']),
          saveKeyedOperations: () => closed.saveKeyedOperations([aKeyedOperation(ALICE, 'key')]),
          forgetKeyedOperations: () => closed.forgetKeyedOperations(NOW),
          commitWallets: () => closed.commitWallets([walletOf(ALICE, 5, NOW)]),
          appendLedger: () => closed.appendLedger(walletOf(ALICE, 5, NOW).journal),
          findLedgerPage: () => closed.findLedgerPage(ALICE, { first: 1, before: null }),
          findLedgerEntries: () => closed.findLedgerEntries(ALICE, ['id']),
          findHoldEntries: () => closed.findHoldEntries(ALICE, holdId('h')),
          appendUsage: () => closed.appendUsage([aUsageRow(ALICE)]),
          sumUsage: () => closed.sumUsage(ALICE, { from: '', to: '9', by: [], first: 1 }),
          listUsage: () => closed.listUsage(ALICE, { first: 1, after: null }),
          listRecords: () => closed.listRecords('accounts', { first: 1, after: null }),
          importRecords: () => closed.importRecords('accounts', [anAccount(ALICE)]),
          findApiKeysById: () => closed.findApiKeysById([apiKeyId('k')]),
          findKeyUses: () => closed.findKeyUses(['hash']),
          findOperators: () => closed.findOperators(),
          findAccountPage: () => closed.findAccountPage(PAGE),
          findApiKeyPage: () => closed.findApiKeyPage(ALICE, PAGE),
          findSubscriptionPage: () => closed.findSubscriptionPage({ planId: null, planVersion: null, at: 0 }, PAGE),
          findAuditPage: () => closed.findAuditPage(null, PAGE),
          saveOperators: () => closed.saveOperators([anOperator('o')]),
          saveKeyUses: () => closed.saveKeyUses([{ secretHash: 'h', usedAt: 1 }]),
          appendAudit: () => closed.appendAudit([anAuditEntry('a', 1)]),
          findRefusals: () => closed.findRefusals(['r']),
          findRefusalPage: () => closed.findRefusalPage(ALL_REFUSALS, PAGE),
          countRefusals: () => closed.countRefusals(ALL_REFUSALS, 1_000),
          appendRefusals: () => closed.appendRefusals([aRefusalRecord('r', NOW)]),
          keepSecret: () => closed.keepSecret('s', 'x'),
          countRequest: () => closed.countRequest('bucket', 1),
          ping: () => closed.ping(),
        };
        for (const [verb, call] of Object.entries(verbs)) {
          expect([verb, (await errorOf(call())).code]).toEqual([verb, 'CLOSED']);
        }
      });

      it('opened in a place that can’t be reached, throws StoreError with a code and the cause', async () => {
        const error = await errorOf(openUnreachable());
        expect(['UNREACHABLE', 'FAILED']).toContain(error.code);
        expect(error.cause).toBeInstanceOf(Error);
      });
    });
  });
};

const grantMore = (wallet: Wallet | null | undefined, id: string, credits: number): Wallet => {
  if (!wallet) throw new Error('There is no wallet to grant to.');
  const command = { kind: 'grant', id: grantId(id), credits, expiresAt: null, priority: 1, reason: 'more' } as const;
  return applyCommand(wallet, command, NOW).wallet;
};

/** Takes one credit, as one caller among many: decides on what is stored, and again for as long as another was first. */
const spendOne = async (store: Store, id: AccountId, caller: number): Promise<'SPENT' | 'REFUSED'> => {
  const hold = holdId(`hold-${caller}`);
  for (;;) {
    const [found] = await store.findWallets([id]);
    const wallet = found ?? emptyWallet(id);
    const held = applyCommand(wallet, { kind: 'hold', id: hold, credits: 1, units: [], expiresAt: NOW + 60_000 }, NOW);
    if (held.result.status === 'REFUSED') return 'REFUSED';
    const lines = [{ coordinate: 'Query.a', credits: 1 }];
    const captured = applyCommand(held.wallet, { kind: 'capture', holdId: hold, lines, units: [] }, NOW);
    const [stored] = await store.commitWallets([captured.wallet]);
    if (stored) return 'SPENT';
  }
};

const sumOfEntries = async (store: Store, id: AccountId): Promise<number> => {
  const entries = await store.findLedgerPage(id, { first: 1000, before: null });
  return entries.reduce((sum, entry) => sum + entry.credits, 0);
};

const everyRecord = async <Kind extends RecordKind>(
  store: Store,
  kind: Kind,
  first: number,
): Promise<readonly StoredRecords[Kind][]> => {
  const all: StoredRecords[Kind][] = [];
  for (let after: string | null = null; ;) {
    const page: readonly StoredRecords[Kind][] = await store.listRecords(kind, { first, after });
    const last = page.at(-1);
    if (last === undefined) return all;
    all.push(...page);
    after = keyOfRecord[kind](last);
  }
};

const errorOf = async (failing: Promise<unknown>): Promise<StoreError> => {
  const error: unknown = await failing.then(
    () => new Error('It did not fail.'),
    (reason: unknown) => reason,
  );
  if (error instanceof StoreError) return error;
  throw error;
};

/** A wallet that has the text in each string that it and its entries can hold. */
const hostileWallet = (id: AccountId, text: string): Wallet => {
  const granted = applyCommand(
    emptyWallet(id),
    { kind: 'grant', id: grantId(text), credits: 10, expiresAt: null, priority: 0, reason: text },
    NOW,
  ).wallet;
  const units = [{ key: text, window: { startsAt: 0, endsAt: NOW + 1 }, units: 1, limit: 5 }];
  const held = applyCommand(
    granted,
    { kind: 'hold', id: holdId(text), credits: 5, units, expiresAt: NOW + 60_000 },
    NOW,
  ).wallet;
  const lines = [{ coordinate: text, credits: 5 }];
  const captured = applyCommand(
    held,
    { kind: 'capture', holdId: holdId(text), lines, units, operation: text },
    NOW,
  ).wallet;
  const open = { kind: 'hold', id: holdId(`${text}/open`), credits: 1, units: [], expiresAt: NOW + 60_000 } as const;
  return applyCommand(captured, open, NOW).wallet;
};
