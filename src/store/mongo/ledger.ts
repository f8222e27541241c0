/**
 * The ledger's collection, together with the journals that ride in wallets. An entry goes from the one to the other and
 * never back, and is in both for a while. So every read takes the journal first and the ledger second: an entry that is
 * moved in between is then seen twice, and never not at all.
 */
import type { Collection, Filter } from 'mongodb';
import type { AccountId, HoldId } from '../../domain/ids.js';
import type { LedgerEntry } from '../../domain/ledger.js';
import type { Wallet } from '../../domain/wallet.js';
import { inOrder } from '../inOrder.js';
import type { LedgerPage } from '../store.js';
import { readLedgerEntry } from '../storedShape.js';
import { StoreError } from '../storeError.js';
import { inOneReply } from './collections.js';
import type { LedgerDocument } from './collections.js';
import { duplicatesOf } from './storeErrorOf.js';
import type { VersionedRecords } from './versionedRecords.js';

const WITHOUT_ID = { projection: { _id: 0 } } as const;

export class Ledger {
  constructor(
    private readonly collection: Collection<LedgerDocument>,
    private readonly wallets: VersionedRecords<Wallet>,
  ) {}

  async append(entries: readonly LedgerEntry[]): Promise<void> {
    if (entries.length === 0) return;
    // Two processes may move the same entries: in one order, as in `VersionedRecords`.
    const sorted = entries.toSorted((a, b) => a.seq - b.seq || (a.accountId < b.accountId ? -1 : 1));
    const documents = sorted.map((entry): LedgerDocument => ({
      _id: ledgerIdOf(entry.accountId, entry.id),
      ...entry,
    }));
    try {
      await this.collection.insertMany(documents, { ordered: false });
    } catch (error) {
      const duplicates = duplicatesOf(error);
      if (duplicates === null) throw error;
      await this.#checkPlaces(documents.filter((_, index) => duplicates.indexes.includes(index)));
    }
  }

  /**
   * An entry that is there already may be left out, but not one whose place another one has: then a movement would be
   * missing, and the ledger's sum no longer the balance.
   */
  async #checkPlaces(documents: readonly LedgerDocument[]): Promise<void> {
    const ids = documents.map((document) => document._id);
    const options = { projection: { accountId: 1, id: 1, seq: 1 }, ...inOneReply(ids.length) } as const;
    const stored = await this.collection.find({ _id: { $in: ids } }, options).toArray();
    const places = new Set(stored.map(placeOf));
    const missing = documents.find((document) => !places.has(placeOf(document)));
    if (missing !== undefined) {
      const { accountId, id, seq } = missing;
      throw new StoreError('CORRUPT', `The ledger of ${accountId} has another entry in place of ${id} (${seq}).`);
    }
  }

  /** As of the moment when the wallet was read, so that a page never has an entry without those before it. */
  async findPage(accountId: AccountId, { first, before, after }: LedgerPage): Promise<readonly LedgerEntry[]> {
    // To MongoDB a limit of 0 means no limit.
    if (first <= 0) return [];
    const wallet = await this.#findWallet(accountId);
    const newest = Math.min(wallet?.entryCount ?? Number.MAX_SAFE_INTEGER, (before ?? Infinity) - 1);
    const oldest = (after ?? 0) + 1;
    const filter = { accountId: { $eq: accountId }, seq: { $lte: newest, $gte: oldest } };
    const moved = await this.#find(filter, { sort: { seq: after === undefined ? -1 : 1 }, ...inOneReply(first) });
    const riding = (wallet?.journal ?? []).filter(({ seq }) => seq <= newest && seq >= oldest);
    const merged = merge(moved, riding);
    return (after === undefined ? merged.slice(-first) : merged.slice(0, first)).reverse();
  }

  /** By two reads, however many pages: entries are numbered without gaps, so it is known which are on each. */
  async findPages(accountId: AccountId, pages: readonly LedgerPage[]): Promise<readonly (readonly LedgerEntry[])[]> {
    if (pages.length === 0) return [];
    const wallet = await this.#findWallet(accountId);
    if (wallet === null) return Promise.all(pages.map((page) => this.findPage(accountId, page)));
    const spans = pages.map((page) => spanOf(page, wallet.entryCount));
    const ranges = spans.map(({ oldest, newest }) => ({ seq: { $gte: oldest, $lte: newest } }));
    const moved = await this.#find({ accountId: { $eq: accountId }, $or: ranges }, {});
    const merged = merge(moved, wallet.journal);
    return spans.map(({ oldest, newest }) => merged.filter(({ seq }) => seq >= oldest && seq <= newest).reverse());
  }

  async findEntries(accountId: AccountId, ids: readonly string[]): Promise<readonly (LedgerEntry | null)[]> {
    if (ids.length === 0) return [];
    const wallet = await this.#findWallet(accountId);
    const keys = ids.map((id) => ledgerIdOf(accountId, id));
    // The account is in the key already; named by itself, it tells a sharded cluster where to look.
    const moved = await this.#find({ _id: { $in: keys }, accountId: { $eq: accountId } }, inOneReply(keys.length));
    return inOrder(ids, merge(moved, wallet?.journal ?? []), (entry) => entry.id);
  }

  async findOfHold(accountId: AccountId, holdId: HoldId): Promise<readonly LedgerEntry[]> {
    const wallet = await this.#findWallet(accountId);
    const moved = await this.#find({ accountId: { $eq: accountId }, holdId: { $eq: holdId } }, {});
    const riding = (wallet?.journal ?? []).filter((entry) => entry.holdId === holdId);
    return merge(moved, riding);
  }

  async #findWallet(accountId: AccountId): Promise<Wallet | null> {
    const [wallet] = await this.wallets.find([accountId]);
    return wallet ?? null;
  }

  async #find(
    filter: Filter<LedgerDocument>,
    options: { readonly sort?: { readonly seq: 1 | -1 }; readonly limit?: number; readonly batchSize?: number },
  ): Promise<readonly LedgerEntry[]> {
    const documents = await this.collection.find(filter, { ...options, ...WITHOUT_ID }).toArray();
    return documents.map((document) => readLedgerEntry(document));
  }
}

const ledgerIdOf = (accountId: string, id: string): LedgerDocument['_id'] => ({ accountId, id });
const placeOf = ({ accountId, id, seq }: Pick<LedgerDocument, 'accountId' | 'id' | 'seq'>): string =>
  JSON.stringify([accountId, id, seq]);

/** The numbers of the entries on a page: from the newest backward, or onward from where it begins. */
const spanOf = (
  { first, before, after }: LedgerPage,
  entryCount: number,
): { readonly oldest: number; readonly newest: number } => {
  const newest = Math.min(entryCount, (before ?? Number.POSITIVE_INFINITY) - 1);
  const oldest = (after ?? 0) + 1;
  const count = Math.max(0, first);
  return after === undefined
    ? { oldest: Math.max(oldest, newest - count + 1), newest }
    : { oldest, newest: Math.min(newest, oldest + count - 1) };
};

/** Each entry once, oldest first. */
const merge = (moved: readonly LedgerEntry[], riding: readonly LedgerEntry[]): LedgerEntry[] => {
  const byId = new Map([...riding, ...moved].map((entry) => [entry.id, entry]));
  return [...byId.values()].sort((a, b) => a.seq - b.seq);
};
