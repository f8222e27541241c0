/**
 * Copies everything from one store to another that nobody writes to meanwhile, a page at a time, and then compares the
 * two. It can be repeated: what is there already is left as it is, and what is there and differs ends it, since one of
 * the two is not what its owner takes it for.
 */
import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { AccountId } from '../domain/ids.js';
import type { LedgerEntry } from '../domain/ledger.js';
import type { LogCursor } from '../domain/logCursor.js';
import type { UsageRow } from '../domain/usage.js';
import type { Wallet } from '../domain/wallet.js';
import { KEY_HASH_SECRET, keyOfRecord } from './storedRecords.js';
import type { RecordKind, StoredRecords } from './storedRecords.js';
import type { AccountUsage, ListPage, Store, WriteOutcome } from './store.js';
import { StoreError } from './storeError.js';

export interface Copied {
  readonly plans: number;
  readonly packs: number;
  readonly accounts: number;
  readonly apiKeys: number;
  readonly subscriptions: number;
  readonly keyedOperations: number;
  readonly operators: number;
  readonly providerLinks: number;
  readonly purchases: number;
  readonly paymentEvents: number;
  readonly reconcilers: number;
  readonly auditEntries: number;
  readonly refusals: number;
  readonly wallets: number;
  readonly ledgerEntries: number;
  /** The sum of all balances: the same on both sides, account by account. */
  readonly credits: number;
}

/** Why the copy was given up: the stores can be used, and what they hold does not go together. */
export class CopyError extends Error {
  override readonly name = 'CopyError';
}

const SECRET_BYTES = 32;
const RECORDS_PER_PAGE = 500;
const WALLETS_PER_PAGE = 100;
const WALLETS_AT_ONCE = 8;
const ENTRIES_PER_PAGE = 1_000;

export const copyStore = async (source: Store, target: Store, onStep: (step: string) => void): Promise<Copied> => {
  const plans = await copyOffers('plan', await source.findPlans(), (each) => target.savePlans(each));
  onStep(`${plans} plan versions`);
  const packs = await copyOffers('pack', await source.findPacks(), (each) => target.savePacks(each));
  onStep(`${packs} pack versions`);
  await copySecret(source, target);
  const counts = { accounts: 0, apiKeys: 0, subscriptions: 0, keyedOperations: 0, operators: 0 };
  const payments = { providerLinks: 0, purchases: 0, paymentEvents: 0, reconcilers: 0 };
  for (const kind of ['accounts', 'apiKeys', 'subscriptions', 'keyedOperations', 'operators'] as const) {
    counts[kind] = await copyRecords(source, target, kind);
    onStep(`${counts[kind]} ${kind}`);
  }
  for (const kind of ['providerLinks', 'purchases', 'paymentEvents', 'reconcilers'] as const) {
    payments[kind] = await copyRecords(source, target, kind);
    onStep(`${payments[kind]} ${kind}`);
  }
  await copyKeyUses(source, target);
  const auditEntries = await copyLog(
    (page) => source.findAuditPage(null, page),
    (entries) => target.appendAudit(entries),
  );
  onStep(`${auditEntries} audit entries`);
  const refusals = await copyLog(
    (page) => source.findRefusalPage({ facets: {}, from: null, until: null }, page),
    (records) => target.appendRefusals(records),
  );
  onStep(`${refusals} refusals`);
  const wallets = await eachWallet(source, (page) => copyWallets(source, target, page));
  onStep(`${wallets} wallets`);
  let [ledgerEntries, credits] = [0, 0];
  await eachWallet(source, async (page) => {
    for (const wallet of page) credits += wallet.entrySum;
    ledgerEntries += await compareWallets(source, target, page);
  });
  onStep(`${ledgerEntries} ledger entries compared`);
  return { plans, packs, ...counts, ...payments, auditEntries, refusals, wallets, ledgerEntries, credits };
};

const copyOffers = async <Offered extends { readonly id: string; readonly version: number }>(
  what: 'plan' | 'pack',
  versions: readonly Offered[],
  save: (versions: readonly Offered[]) => Promise<readonly WriteOutcome[]>,
): Promise<number> => {
  const outcomes = await save(versions);
  const differing = versions.find((_, index) => outcomes[index] !== 'WON');
  if (differing !== undefined) throw otherThere(what, `${differing.id}, version ${differing.version}`);
  return versions.length;
};

/** Keys are known by what was made of them with this secret, so both sides must have the same. */
const copySecret = async (source: Store, target: Store): Promise<void> => {
  const secret = await source.keepSecret(KEY_HASH_SECRET, randomBytes(SECRET_BYTES).toString('base64url'));
  if ((await target.keepSecret(KEY_HASH_SECRET, secret)) !== secret) throw otherThere('secrets', KEY_HASH_SECRET);
};

const copyKeyUses = (source: Store, target: Store): Promise<number> =>
  eachPage(source, 'apiKeys', RECORDS_PER_PAGE, async (keys) => {
    const hashes = keys.map(({ secretHash }) => secretHash);
    const uses = await source.findKeyUses(hashes);
    await target.saveKeyUses(
      hashes.flatMap((secretHash, index) => {
        const usedAt = uses[index];
        return usedAt == null ? [] : [{ secretHash, usedAt }];
      }),
    );
  });

const copyLog = async <Entry extends LogCursor>(
  findPage: (page: ListPage<LogCursor>) => Promise<readonly Entry[]>,
  append: (entries: readonly Entry[]) => Promise<void>,
): Promise<number> => {
  let count = 0;
  for (let after: LogCursor | null = null; ;) {
    const entries: readonly Entry[] = await findPage({ count: RECORDS_PER_PAGE, after, isBackward: false });
    const last = entries.at(-1);
    if (last === undefined) return count;
    await append(entries);
    count += entries.length;
    after = { at: last.at, id: last.id };
  }
};

const copyRecords = async (source: Store, target: Store, kind: Exclude<RecordKind, 'wallets'>): Promise<number> =>
  eachPage(source, kind, RECORDS_PER_PAGE, (records) => importAll(target, kind, records));

const importAll = async <Kind extends RecordKind>(
  target: Store,
  kind: Kind,
  records: readonly StoredRecords[Kind][],
): Promise<void> => {
  const outcomes = await target.importRecords(kind, records);
  const differing = records.find((_, index) => outcomes[index] === 'OTHER');
  if (differing !== undefined) throw otherThere(kind, keyOfRecord[kind](differing));
};

const otherThere = (what: string, key: string): CopyError =>
  new CopyError(`The target has another record of ${what} under ${key}. Empty the target, or choose another one.`);

const eachPage = async <Kind extends RecordKind>(
  source: Store,
  kind: Kind,
  first: number,
  work: (records: readonly StoredRecords[Kind][]) => Promise<void>,
): Promise<number> => {
  let count = 0;
  for (let after: string | null = null; ;) {
    const page: readonly StoredRecords[Kind][] = await source.listRecords(kind, { first, after });
    const last = page.at(-1);
    if (last === undefined) return count;
    await work(page);
    count += page.length;
    after = keyOfRecord[kind](last);
  }
};

const eachWallet = (source: Store, work: (wallets: readonly Wallet[]) => Promise<void>): Promise<number> =>
  eachPage(source, 'wallets', WALLETS_PER_PAGE, work);

/** A wallet is copied when its entries are there, so that one that is there need not be looked at again. */
const copyWallets = async (source: Store, target: Store, wallets: readonly Wallet[]): Promise<void> => {
  const found = await target.findWallets(wallets.map(({ accountId }) => accountId));
  const missing = wallets.filter((_, index) => found[index] == null);
  await inParallel(missing, async (wallet) => {
    await copyLedger(source, target, wallet);
    for await (const page of usagePages(source, wallet.accountId)) await target.appendUsage(page);
  });
  // What the target has must be the same: importing what is there tells.
  await importAll(target, 'wallets', wallets.map(withoutJournal));
};

/** Its entries go to the ledger with the others, and its usage likewise; where the source keeps some twice they are the same. */
const withoutJournal = (wallet: Wallet): Wallet => ({ ...wallet, journal: [], usage: [] });

const copyLedger = async (source: Store, target: Store, { accountId }: Wallet): Promise<void> => {
  for await (const page of ledgerPages(source, accountId)) {
    try {
      await target.appendLedger(page);
    } catch (error) {
      if (error instanceof StoreError && error.code === 'CORRUPT') throw otherThere('ledger entries', accountId);
      throw error;
    }
  }
};

async function* ledgerPages(store: Store, accountId: AccountId): AsyncGenerator<readonly LedgerEntry[]> {
  for (let before: number | null = null; ;) {
    const page: readonly LedgerEntry[] = await store.findLedgerPage(accountId, { first: ENTRIES_PER_PAGE, before });
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    before = last.seq;
  }
}

async function* usagePages(store: Store, accountId: AccountId): AsyncGenerator<readonly AccountUsage[]> {
  for (let after: UsageRow | null = null; ;) {
    const page: readonly UsageRow[] = await store.listUsage(accountId, { first: ENTRIES_PER_PAGE, after });
    const last = page.at(-1);
    if (last === undefined) return;
    yield page.map((row) => ({ accountId, ...row }));
    after = last;
  }
}

const compareUsage = async (source: Store, target: Store, { accountId }: Wallet): Promise<void> => {
  const copies = usagePages(target, accountId);
  for await (const page of usagePages(source, accountId)) {
    const copy = await copies.next();
    if (copy.done === true || !isDeepStrictEqual(copy.value, page)) throw otherThere('usage', accountId);
  }
  if ((await copies.next()).done !== true) throw otherThere('usage', accountId);
};

const compareWallets = async (source: Store, target: Store, wallets: readonly Wallet[]): Promise<number> => {
  const copies = await target.findWallets(wallets.map(({ accountId }) => accountId));
  wallets.forEach((wallet, index) => {
    const copy = copies[index];
    if (copy == null || !isDeepStrictEqual(withoutJournal(copy), withoutJournal(wallet))) {
      throw new CopyError(
        `The wallet of ${wallet.accountId} was changed while it was copied. Stop every server first.`,
      );
    }
  });
  await inParallel(wallets, (wallet) => compareUsage(source, target, wallet));
  const counts = await inParallel(wallets, (wallet) => compareLedger(source, target, wallet));
  return counts.reduce((sum, count) => sum + count, 0);
};

/** Entry by entry; and their sum must be the balance, which it is not where the source itself is unsound. */
const compareLedger = async (source: Store, target: Store, wallet: Wallet): Promise<number> => {
  const { accountId, entryCount, entrySum } = wallet;
  const copies = ledgerPages(target, accountId);
  let [count, sum] = [0, 0];
  for await (const page of ledgerPages(source, accountId)) {
    const copy = await copies.next();
    if (copy.done === true || !isDeepStrictEqual(copy.value, page)) throw otherThere('ledger entries', accountId);
    count += page.length;
    sum += page.reduce((total, entry) => total + entry.credits, 0);
  }
  if ((await copies.next()).done !== true) throw otherThere('ledger entries', accountId);
  if (count !== entryCount || sum !== entrySum) {
    throw new CopyError(
      `${accountId} has ${count} entries that sum to ${sum}, and its wallet says ${entryCount} and ${entrySum}: the source is not sound.`,
    );
  }
  return count;
};

/** In order, and so many at a time. */
const inParallel = async <T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> => {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += WALLETS_AT_ONCE) {
    results.push(...(await Promise.all(items.slice(start, start + WALLETS_AT_ONCE).map(work))));
  }
  return results;
};
