/**
 * The store for several processes: MongoDB, a standalone server, replica set or sharded cluster alike, without
 * transactions. A wallet is one document and its journal rides in it, so that both change in one atomic write; the
 * entries are moved to the ledger's collection with `appendLedger` afterwards.
 */
import type { Account, ApiKey } from '../../domain/account.js';
import type { AuditEntry } from '../../domain/audit.js';
import type { AccountId, ApiKeyId, HoldId, PurchaseId } from '../../domain/ids.js';
import type { KeyedOperation } from '../../domain/keyedOperation.js';
import type { LedgerEntry } from '../../domain/ledger.js';
import type { LogCursor } from '../../domain/logCursor.js';
import type { Operator } from '../../domain/operator.js';
import type { Pack } from '../../domain/offer.js';
import type { PaymentEvent } from '../../domain/paymentEvent.js';
import type { Instant } from '../../domain/period.js';
import type { Plan } from '../../domain/plan.js';
import type { ProviderLink } from '../../domain/providerLink.js';
import type { Purchase } from '../../domain/purchase.js';
import type { RefusalCounts, RefusalFilter, RefusalRecord } from '../../domain/refusalRecord.js';
import type { RequestCount } from '../../domain/rateLimit.js';
import type { Subscription } from '../../domain/subscription.js';
import type { UsageQuery, UsageRow, UsageSum } from '../../domain/usage.js';
import type { Wallet } from '../../domain/wallet.js';
import { MemoryRequestCounter } from '../memoryRequestCounter.js';
import { inTime } from '../inTime.js';
import { keyOfRecord } from '../storedRecords.js';
import type { PaymentKind, RecordKind, StoredRecords } from '../storedRecords.js';
import type {
  AccountUsage,
  EventsWanted,
  ImportOutcome,
  KeyUse,
  LedgerPage,
  ListPage,
  PurchaseReference,
  RecordPage,
  Store,
  SubscribedTo,
  UsagePage,
  WriteOutcome,
} from '../store.js';
import {
  readAccount,
  readApiKey,
  readKeyedOperation,
  readOperator,
  readPack,
  readPaymentEvent,
  readPlan,
  readProviderLink,
  readPurchase,
  readReconciler,
  readSubscription,
  readWallet,
} from '../storedShape.js';
import { StoreError } from '../storeError.js';
import { AuditLog } from './auditLog.js';
import { KeyUses } from './keyUses.js';
import { Ledger } from './ledger.js';
import { Listings } from './listings.js';
import { mongoDatabase, probesOf } from './mongoDatabase.js';
import type { MongoDatabase, MongoOptions } from './mongoDatabase.js';
import { MongoLink } from './mongoLink.js';
import { OfferVersions } from './offerVersions.js';
import { Payments } from './payments.js';
import { Refusals } from './refusals.js';
import { COUNT_TIMEOUT_MS, notCounted, RequestCounter } from './requestCounter.js';
import { collectionsOf, createIndexes } from './collections.js';
import { storeErrorOf } from './storeErrorOf.js';
import { Usage } from './usage.js';
import { VersionedRecords } from './versionedRecords.js';

/** Connects and makes the indexes that are missing. */
export const openMongoStore = async (url: string, options: MongoOptions = {}): Promise<Store> => {
  let database: MongoDatabase | null = null;
  try {
    database = mongoDatabase(url, options);
    await database.client.connect();
    await createIndexes(collectionsOf(database.db));
    const openNext = () => mongoDatabase(url, options);
    return new MongoStore(new MongoLink(database, openNext, recordsOver, options.verbTimeoutMS));
  } catch (error) {
    await database?.client.close();
    throw storeErrorOf(error);
  }
};

const recordsOver = ({ client, db }: MongoDatabase) => {
  const collections = collectionsOf(db);
  const kinds: { readonly [Kind in RecordKind]: VersionedRecords<StoredRecords[Kind]> } = {
    accounts: new VersionedRecords(collections.accounts, keyOfRecord.accounts, readAccount),
    apiKeys: new VersionedRecords(collections.apiKeys, keyOfRecord.apiKeys, readApiKey),
    subscriptions: new VersionedRecords(collections.subscriptions, keyOfRecord.subscriptions, readSubscription),
    keyedOperations: new VersionedRecords(collections.keyedOperations, keyOfRecord.keyedOperations, readKeyedOperation),
    operators: new VersionedRecords(collections.operators, keyOfRecord.operators, readOperator),
    wallets: new VersionedRecords(collections.wallets, keyOfRecord.wallets, readWallet),
    purchases: new VersionedRecords(collections.purchases, keyOfRecord.purchases, readPurchase),
    providerLinks: new VersionedRecords(collections.providerLinks, keyOfRecord.providerLinks, readProviderLink),
    paymentEvents: new VersionedRecords(collections.paymentEvents, keyOfRecord.paymentEvents, readPaymentEvent),
    reconcilers: new VersionedRecords(collections.reconcilers, keyOfRecord.reconcilers, readReconciler),
  };
  return {
    ...kinds,
    plans: new OfferVersions(collections.plans, readPlan),
    packs: new OfferVersions(collections.packs, readPack),
    payments: new Payments(collections),
    ledger: new Ledger(collections.ledger, kinds.wallets),
    usage: new Usage(collections.usage, kinds.wallets),
    auditLog: new AuditLog(collections.audit),
    refusals: new Refusals(collections.refusals),
    keyUses: new KeyUses(collections.keyUses),
    requests: new RequestCounter(client, db.databaseName),
    listings: new Listings(collections),
    keepSecret: async (name: string, proposed: string): Promise<string> => {
      const kept = await collections.secrets.findOneAndUpdate(
        { _id: { $eq: name } },
        { $setOnInsert: { secret: proposed } },
        { upsert: true, returnDocument: 'after' },
      );
      return kept?.secret ?? proposed;
    },
    forgetKeyedOperations: async (before: Instant): Promise<void> => {
      await collections.keyedOperations.deleteMany({ 'body.expiresAt': { $lt: before } });
    },
    ...probesOf(db),
  };
};

type Records = ReturnType<typeof recordsOver>;

const ofKind = <Kind extends RecordKind>(
  records: { readonly [Each in RecordKind]: VersionedRecords<StoredRecords[Each]> },
  kind: Kind,
): VersionedRecords<StoredRecords[Kind]> => records[kind];

class MongoStore implements Store {
  readonly #ownRequests = new MemoryRequestCounter();
  #isClosed = false;

  constructor(private readonly link: MongoLink<Records>) {}

  findApiKeys(secretHashes: readonly string[]): Promise<readonly (ApiKey | null)[]> {
    return this.#use(({ apiKeys }) => apiKeys.find(secretHashes));
  }

  findAccounts(ids: readonly AccountId[]): Promise<readonly (Account | null)[]> {
    return this.#use(({ accounts }) => accounts.find(ids));
  }

  findSubscriptions(accountIds: readonly AccountId[]): Promise<readonly (Subscription | null)[]> {
    return this.#use(({ subscriptions }) => subscriptions.find(accountIds));
  }

  findWallets(accountIds: readonly AccountId[]): Promise<readonly (Wallet | null)[]> {
    return this.#use(({ wallets }) => wallets.find(accountIds));
  }

  findPlans(): Promise<readonly Plan[]> {
    return this.#use(({ plans }) => plans.findAll());
  }

  findPacks(): Promise<readonly Pack[]> {
    return this.#use(({ packs }) => packs.findAll());
  }

  findApiKeysById(ids: readonly ApiKeyId[]): Promise<readonly (ApiKey | null)[]> {
    return this.#use(({ listings }) => listings.findApiKeysById(ids));
  }

  findKeyUses(secretHashes: readonly string[]): Promise<readonly (Instant | null)[]> {
    return this.#use(({ keyUses }) => keyUses.find(secretHashes));
  }

  findOperators(): Promise<readonly Operator[]> {
    return this.#use(({ listings }) => listings.findOperators());
  }

  findAccountPage(page: ListPage<AccountId>): Promise<readonly Account[]> {
    return this.#use(({ listings }) => listings.findAccounts(page));
  }

  findApiKeyPage(accountId: AccountId, page: ListPage<ApiKeyId>): Promise<readonly ApiKey[]> {
    return this.#use(({ listings }) => listings.findApiKeys(accountId, page));
  }

  findSubscriptionPage(to: SubscribedTo, page: ListPage<AccountId>): Promise<readonly Subscription[]> {
    return this.#use(({ listings }) => listings.findSubscriptions(to, page));
  }

  findAuditPage(target: string | null, page: ListPage<LogCursor>): Promise<readonly AuditEntry[]> {
    return this.#use(({ auditLog }) => auditLog.findPage(target, page));
  }

  findKeyedOperations(ids: readonly string[]): Promise<readonly (KeyedOperation | null)[]> {
    return this.#use(({ keyedOperations }) => keyedOperations.find(ids));
  }

  findPayments<Kind extends PaymentKind>(
    kind: Kind,
    keys: readonly string[],
  ): Promise<readonly (StoredRecords[Kind] | null)[]> {
    return this.#use((records) => ofKind(records, kind).find(keys));
  }

  findPurchasePage(accountId: AccountId | null, page: ListPage<LogCursor>): Promise<readonly Purchase[]> {
    return this.#use(({ payments }) => payments.findPurchases(accountId, page));
  }

  findUnsettledPurchases(first: number, after: PurchaseId | null): Promise<readonly Purchase[]> {
    return this.#use(({ payments }) => payments.findUnsettled(first, after));
  }

  findPurchaseOf(provider: string, reference: PurchaseReference): Promise<Purchase | null> {
    return this.#use(({ payments }) => payments.findByReference(provider, reference));
  }

  findLinkOfCustomer(provider: string, customerId: string): Promise<ProviderLink | null> {
    return this.#use(({ payments }) => payments.findLinkOf(provider, customerId));
  }

  findPaymentEventPage(wanted: EventsWanted, page: ListPage<LogCursor>): Promise<readonly PaymentEvent[]> {
    return this.#use(({ payments }) => payments.findEvents(wanted, page));
  }

  saveAccounts(accounts: readonly Account[]): Promise<readonly WriteOutcome[]> {
    return this.#saveAll((records) => records.accounts, accounts);
  }

  saveApiKeys(keys: readonly ApiKey[]): Promise<readonly WriteOutcome[]> {
    return this.#saveAll(({ apiKeys }) => apiKeys, keys);
  }

  saveSubscriptions(subscriptions: readonly Subscription[]): Promise<readonly WriteOutcome[]> {
    return this.#saveAll((records) => records.subscriptions, subscriptions);
  }

  savePlans(plans: readonly Plan[]): Promise<readonly WriteOutcome[]> {
    return this.#use((records) => records.plans.save(plans));
  }

  savePacks(packs: readonly Pack[]): Promise<readonly WriteOutcome[]> {
    return this.#use((records) => records.packs.save(packs));
  }

  savePayments<Kind extends PaymentKind>(
    kind: Kind,
    values: readonly StoredRecords[Kind][],
  ): Promise<readonly WriteOutcome[]> {
    return this.#saveAll((records) => ofKind(records, kind), values);
  }

  async forgetPaymentEvents(before: Instant): Promise<void> {
    await this.#use(({ payments }) => payments.forgetEvents(before));
  }

  saveOperators(operators: readonly Operator[]): Promise<readonly WriteOutcome[]> {
    return this.#saveAll((records) => records.operators, operators);
  }

  saveKeyUses(uses: readonly KeyUse[]): Promise<void> {
    return this.#use(({ keyUses }) => keyUses.save(uses));
  }

  appendAudit(entries: readonly AuditEntry[]): Promise<void> {
    return this.#use(({ auditLog }) => auditLog.append(entries));
  }

  findRefusals(ids: readonly string[]): Promise<readonly (RefusalRecord | null)[]> {
    return this.#use(({ refusals }) => refusals.find(ids));
  }

  findRefusalPage(filter: RefusalFilter, page: ListPage<LogCursor>): Promise<readonly RefusalRecord[]> {
    return this.#use(({ refusals }) => refusals.findPage(filter, page));
  }

  countRefusals(filter: RefusalFilter, spanMs: number): Promise<RefusalCounts> {
    return this.#use(({ refusals }) => refusals.count(filter, spanMs));
  }

  appendRefusals(records: readonly RefusalRecord[]): Promise<void> {
    return this.#use(({ refusals }) => refusals.append(records));
  }

  keepSecret(name: string, proposed: string): Promise<string> {
    return this.#use((records) => records.keepSecret(name, proposed));
  }

  saveKeyedOperations(operations: readonly KeyedOperation[]): Promise<readonly WriteOutcome[]> {
    return this.#saveAll(({ keyedOperations }) => keyedOperations, operations);
  }

  async forgetKeyedOperations(before: Instant): Promise<void> {
    await this.#use((records) => records.forgetKeyedOperations(before));
  }

  async commitWallets(wallets: readonly Wallet[]): Promise<readonly (Wallet | null)[]> {
    const areStored = await this.#use((records) => records.wallets.compareAndSet(wallets));
    return wallets.map((wallet, index) =>
      areStored[index] === true ? { ...wallet, version: wallet.version + 1 } : null,
    );
  }

  appendLedger(entries: readonly LedgerEntry[]): Promise<void> {
    return this.#use(({ ledger }) => ledger.append(entries));
  }

  appendUsage(rows: readonly AccountUsage[]): Promise<void> {
    return this.#use(({ usage }) => usage.append(rows));
  }

  sumUsage(accountId: AccountId, query: UsageQuery): Promise<readonly UsageSum[]> {
    return this.#use(({ usage }) => usage.sum(accountId, query));
  }

  listUsage(accountId: AccountId, page: UsagePage): Promise<readonly UsageRow[]> {
    return this.#use(({ usage }) => usage.list(accountId, page));
  }

  findLedgerPage(accountId: AccountId, page: LedgerPage): Promise<readonly LedgerEntry[]> {
    return this.#use(({ ledger }) => ledger.findPage(accountId, page));
  }

  findLedgerPages(accountId: AccountId, pages: readonly LedgerPage[]): Promise<readonly (readonly LedgerEntry[])[]> {
    return this.#use(({ ledger }) => ledger.findPages(accountId, pages));
  }

  findLedgerEntries(accountId: AccountId, entryIds: readonly string[]): Promise<readonly (LedgerEntry | null)[]> {
    return this.#use(({ ledger }) => ledger.findEntries(accountId, entryIds));
  }

  findHoldEntries(accountId: AccountId, holdId: HoldId): Promise<readonly LedgerEntry[]> {
    return this.#use(({ ledger }) => ledger.findOfHold(accountId, holdId));
  }

  listRecords<Kind extends RecordKind>(kind: Kind, page: RecordPage): Promise<readonly StoredRecords[Kind][]> {
    return this.#use((records) => ofKind(records, kind).list(page));
  }

  importRecords<Kind extends RecordKind>(
    kind: Kind,
    values: readonly StoredRecords[Kind][],
  ): Promise<readonly ImportOutcome[]> {
    return this.#use((records) => ofKind(records, kind).insert(values));
  }

  async countRequest(bucket: string, windowSeconds: number): Promise<RequestCount> {
    try {
      const counting = this.#use(({ requests }) => requests.count(bucket, windowSeconds));
      return await inTime(counting, COUNT_TIMEOUT_MS, notCounted);
    } catch (error) {
      this.#checkOpen(error);
      return this.#ownRequests.count(bucket, windowSeconds);
    }
  }

  async ping(): Promise<void> {
    await this.#use((records) => records.ping());
  }

  checkWritable(): Promise<void> {
    return this.#use((records) => records.checkWritable());
  }

  readClock(): Promise<Instant> {
    return this.#use((records) => records.readClock());
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.link.close();
  }

  async #saveAll<T extends { readonly version: number }>(
    recordsIn: (records: Records) => VersionedRecords<T>,
    values: readonly T[],
  ): Promise<readonly WriteOutcome[]> {
    const areStored = await this.#use((records) => recordsIn(records).compareAndSet(values));
    return areStored.map((isStored) => (isStored ? 'WON' : 'LOST'));
  }

  /** Every verb but `close` goes through here, so that nothing but `StoreError` leaves the store. */
  async #use<R>(work: (records: Records) => Promise<R>): Promise<R> {
    this.#checkOpen();
    try {
      return await this.link.run(work);
    } catch (error) {
      this.#checkOpen(error);
      throw storeErrorOf(error);
    }
  }

  #checkOpen(cause?: unknown): void {
    if (this.#isClosed) throw new StoreError('CLOSED', 'The store was closed by this process.', { cause });
  }
}
