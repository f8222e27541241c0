/** The verbs of the embedded store, over one open file. */
import type { Account, ApiKey } from '../../domain/account.js';
import type { AuditEntry } from '../../domain/audit.js';
import { accountId as accountIdOf } from '../../domain/ids.js';
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
import { OfferVersions } from './offerVersions.js';
import { Payments } from './payments.js';
import { Refusals } from './refusals.js';
import { inTransaction, readClock } from './sqliteDriver.js';
import type { SqliteDriver, SqliteStatement } from './sqliteDriver.js';
import { storeErrorOf } from './storeErrorOf.js';
import { Secrets } from './secrets.js';
import { Usage } from './usage.js';
import { FileMemory, VersionedRecords } from './versionedRecords.js';

export class SqliteStore implements Store {
  readonly #memory: FileMemory;
  readonly #records: { readonly [Kind in RecordKind]: VersionedRecords<StoredRecords[Kind]> };
  readonly #forgetKeyed: SqliteStatement;
  readonly #auditLog: AuditLog;
  readonly #refusals: Refusals;
  readonly #keyUses: KeyUses;
  readonly #listings: Listings;
  readonly #secrets: Secrets;
  readonly #plans: OfferVersions<Plan>;
  readonly #packs: OfferVersions<Pack>;
  readonly #payments: Payments;
  readonly #ledger: Ledger;
  readonly #usage: Usage;
  readonly #requests = new MemoryRequestCounter();
  #isClosed = false;

  constructor(
    private readonly driver: SqliteDriver,
    private readonly file: string,
  ) {
    const memory = (this.#memory = new FileMemory(driver));
    const { accounts, apiKeys, subscriptions, keyedOperations, operators, wallets } = keyOfRecord;
    const { purchases, providerLinks, paymentEvents, reconcilers } = keyOfRecord;
    this.#records = {
      accounts: new VersionedRecords(driver, memory, 'accounts', accounts, readAccount),
      apiKeys: new VersionedRecords(driver, memory, 'api_keys', apiKeys, readApiKey),
      subscriptions: new VersionedRecords(driver, memory, 'subscriptions', subscriptions, readSubscription),
      keyedOperations: new VersionedRecords(driver, memory, 'keyed_operations', keyedOperations, readKeyedOperation),
      operators: new VersionedRecords(driver, memory, 'operators', operators, readOperator),
      wallets: new VersionedRecords(driver, memory, 'wallets', wallets, readWallet),
      purchases: new VersionedRecords(driver, memory, 'purchases', purchases, readPurchase),
      providerLinks: new VersionedRecords(driver, memory, 'provider_links', providerLinks, readProviderLink),
      paymentEvents: new VersionedRecords(driver, memory, 'payment_events', paymentEvents, readPaymentEvent),
      reconcilers: new VersionedRecords(driver, memory, 'reconcilers', reconcilers, readReconciler),
    };
    this.#forgetKeyed = driver.prepare(`DELETE FROM keyed_operations WHERE json_extract(body, '$.expiresAt') < ?`);
    this.#auditLog = new AuditLog(driver);
    this.#refusals = new Refusals(driver);
    this.#keyUses = new KeyUses(driver);
    this.#listings = new Listings(driver);
    this.#secrets = new Secrets(driver);
    this.#plans = new OfferVersions(driver, 'plans', readPlan);
    this.#packs = new OfferVersions(driver, 'packs', readPack);
    this.#payments = new Payments(driver);
    this.#ledger = new Ledger(driver);
    this.#usage = new Usage(driver);
  }

  findApiKeys(secretHashes: readonly string[]): Promise<readonly (ApiKey | null)[]> {
    return this.#use(() => this.#records.apiKeys.find(secretHashes));
  }

  findAccounts(ids: readonly AccountId[]): Promise<readonly (Account | null)[]> {
    return this.#use(() => this.#records.accounts.find(ids));
  }

  findSubscriptions(accountIds: readonly AccountId[]): Promise<readonly (Subscription | null)[]> {
    return this.#use(() => this.#records.subscriptions.find(accountIds));
  }

  findWallets(accountIds: readonly AccountId[]): Promise<readonly (Wallet | null)[]> {
    return this.#use(() => this.#records.wallets.find(accountIds));
  }

  findPlans(): Promise<readonly Plan[]> {
    return this.#use(() => this.#plans.findAll());
  }

  findPacks(): Promise<readonly Pack[]> {
    return this.#use(() => this.#packs.findAll());
  }

  findApiKeysById(ids: readonly ApiKeyId[]): Promise<readonly (ApiKey | null)[]> {
    return this.#use(() => this.#listings.findApiKeysById(ids));
  }

  findKeyUses(secretHashes: readonly string[]): Promise<readonly (Instant | null)[]> {
    return this.#use(() => this.#keyUses.find(secretHashes));
  }

  findOperators(): Promise<readonly Operator[]> {
    return this.#use(() => this.#listings.findOperators());
  }

  findAccountPage(page: ListPage<AccountId>): Promise<readonly Account[]> {
    return this.#use(() => this.#listings.findAccounts(page));
  }

  findApiKeyPage(accountId: AccountId, page: ListPage<ApiKeyId>): Promise<readonly ApiKey[]> {
    return this.#use(() => this.#listings.findApiKeys(accountId, page));
  }

  findSubscriptionPage(to: SubscribedTo, page: ListPage<AccountId>): Promise<readonly Subscription[]> {
    return this.#use(() => this.#listings.findSubscriptions(to, page));
  }

  findAuditPage(target: string | null, page: ListPage<LogCursor>): Promise<readonly AuditEntry[]> {
    return this.#use(() => this.#auditLog.findPage(target, page));
  }

  findKeyedOperations(ids: readonly string[]): Promise<readonly (KeyedOperation | null)[]> {
    return this.#use(() => this.#records.keyedOperations.find(ids));
  }

  findPayments<Kind extends PaymentKind>(
    kind: Kind,
    keys: readonly string[],
  ): Promise<readonly (StoredRecords[Kind] | null)[]> {
    return this.#use(() => this.#records[kind].find(keys));
  }

  findPurchasePage(accountId: AccountId | null, page: ListPage<LogCursor>): Promise<readonly Purchase[]> {
    return this.#use(() => this.#payments.findPurchases(accountId, page));
  }

  findUnsettledPurchases(first: number, after: PurchaseId | null): Promise<readonly Purchase[]> {
    return this.#use(() => this.#payments.findUnsettled(first, after));
  }

  findPurchaseOf(provider: string, reference: PurchaseReference): Promise<Purchase | null> {
    return this.#use(() => this.#payments.findByReference(provider, reference));
  }

  findLinkOfCustomer(provider: string, customerId: string): Promise<ProviderLink | null> {
    return this.#use(() => this.#payments.findLinkOf(provider, customerId));
  }

  findPaymentEventPage(wanted: EventsWanted, page: ListPage<LogCursor>): Promise<readonly PaymentEvent[]> {
    return this.#use(() => this.#payments.findEvents(wanted, page));
  }

  saveAccounts(accounts: readonly Account[]): Promise<readonly WriteOutcome[]> {
    return this.#saveAll(this.#records.accounts, accounts);
  }

  saveApiKeys(keys: readonly ApiKey[]): Promise<readonly WriteOutcome[]> {
    return this.#saveAll(this.#records.apiKeys, keys);
  }

  saveSubscriptions(subscriptions: readonly Subscription[]): Promise<readonly WriteOutcome[]> {
    return this.#saveAll(this.#records.subscriptions, subscriptions);
  }

  savePlans(plans: readonly Plan[]): Promise<readonly WriteOutcome[]> {
    return this.#writeEach(plans, (plan) => this.#plans.save(plan));
  }

  savePacks(packs: readonly Pack[]): Promise<readonly WriteOutcome[]> {
    return this.#writeEach(packs, (pack) => this.#packs.save(pack));
  }

  savePayments<Kind extends PaymentKind>(
    kind: Kind,
    records: readonly StoredRecords[Kind][],
  ): Promise<readonly WriteOutcome[]> {
    return this.#saveAll(this.#records[kind], records);
  }

  forgetPaymentEvents(before: Instant): Promise<void> {
    return this.#use(() => {
      this.#payments.forgetEvents(before);
      this.#memory.forget();
    });
  }

  saveOperators(operators: readonly Operator[]): Promise<readonly WriteOutcome[]> {
    return this.#saveAll(this.#records.operators, operators);
  }

  async saveKeyUses(uses: readonly KeyUse[]): Promise<void> {
    await this.#writeEach(uses, (use) => {
      this.#keyUses.save(use);
    });
  }

  async appendAudit(entries: readonly AuditEntry[]): Promise<void> {
    await this.#writeEach(entries, (entry) => {
      this.#auditLog.append(entry);
    });
  }

  findRefusals(ids: readonly string[]): Promise<readonly (RefusalRecord | null)[]> {
    return this.#use(() => this.#refusals.find(ids));
  }

  findRefusalPage(filter: RefusalFilter, page: ListPage<LogCursor>): Promise<readonly RefusalRecord[]> {
    return this.#use(() => this.#refusals.findPage(filter, page));
  }

  countRefusals(filter: RefusalFilter, spanMs: number): Promise<RefusalCounts> {
    return this.#use(() => this.#refusals.count(filter, spanMs));
  }

  async appendRefusals(records: readonly RefusalRecord[]): Promise<void> {
    if (records.length === 0) return;
    await this.#writeEach([records], (batch) => {
      this.#refusals.append(batch);
    });
  }

  async keepSecret(name: string, proposed: string): Promise<string> {
    const [kept] = await this.#writeEach([name], () => this.#secrets.keep(name, proposed));
    return kept ?? proposed;
  }

  saveKeyedOperations(operations: readonly KeyedOperation[]): Promise<readonly WriteOutcome[]> {
    return this.#saveAll(this.#records.keyedOperations, operations);
  }

  forgetKeyedOperations(before: Instant): Promise<void> {
    return this.#use(() => {
      this.#forgetKeyed.run(before);
      this.#memory.forget();
    });
  }

  commitWallets(wallets: readonly Wallet[]): Promise<readonly (Wallet | null)[]> {
    return this.#writeEach(wallets, (wallet) => {
      const { usage, ...left } = wallet;
      const stored: Wallet = { ...left, version: wallet.version + 1, journal: [] };
      if (!this.#records.wallets.compareAndSet(stored)) return null;
      for (const entry of wallet.journal) this.#ledger.enter(entry);
      if (usage !== undefined) for (const row of usage) this.#usage.add(wallet.accountId, row);
      return stored;
    });
  }

  async appendLedger(entries: readonly LedgerEntry[]): Promise<void> {
    await this.#writeEach(entries, (entry) => {
      this.#ledger.enter(entry);
    });
  }

  async appendUsage(rows: readonly AccountUsage[]): Promise<void> {
    await this.#writeEach(rows, (row) => {
      this.#usage.raise(row);
    });
  }

  sumUsage(accountId: AccountId, query: UsageQuery): Promise<readonly UsageSum[]> {
    return this.#use(() => this.#usage.sum(accountId, query));
  }

  listUsage(accountId: AccountId, page: UsagePage): Promise<readonly UsageRow[]> {
    return this.#use(() => this.#usage.list(accountId, page));
  }

  findLedgerPage(accountId: AccountId, page: LedgerPage): Promise<readonly LedgerEntry[]> {
    return this.#use(() => this.#ledger.findPage(accountId, page));
  }

  findLedgerPages(accountId: AccountId, pages: readonly LedgerPage[]): Promise<readonly (readonly LedgerEntry[])[]> {
    return this.#use(() => pages.map((page) => this.#ledger.findPage(accountId, page)));
  }

  findLedgerEntries(accountId: AccountId, entryIds: readonly string[]): Promise<readonly (LedgerEntry | null)[]> {
    return this.#use(() => this.#ledger.findEntries(accountId, entryIds));
  }

  findHoldEntries(accountId: AccountId, holdId: HoldId): Promise<readonly LedgerEntry[]> {
    return this.#use(() => this.#ledger.findOfHold(accountId, holdId));
  }

  listRecords<Kind extends RecordKind>(kind: Kind, page: RecordPage): Promise<readonly StoredRecords[Kind][]> {
    return this.#use(() => this.#records[kind].list(page));
  }

  importRecords<Kind extends RecordKind>(
    kind: Kind,
    records: readonly StoredRecords[Kind][],
  ): Promise<readonly ImportOutcome[]> {
    return this.#writeEach(records, (record) => this.#records[kind].insert(record));
  }

  /** One process has the file to itself, so what it counts is all there is. */
  async countRequest(bucket: string, windowSeconds: number): Promise<RequestCount> {
    return this.#use(() => this.#requests.count(bucket, windowSeconds));
  }

  async ping(): Promise<void> {
    await this.#use(() => this.#ledger.findPage(accountIdOf('ping'), { first: 1, before: null }));
  }

  checkWritable(): Promise<void> {
    return this.#use(() => inTransaction(this.driver, () => this.#secrets.probe()));
  }

  readClock(): Promise<Instant> {
    return this.#use(() => readClock(this.driver));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.driver.close();
  }

  #saveAll<T extends { readonly version: number }>(
    records: VersionedRecords<T>,
    values: readonly T[],
  ): Promise<readonly WriteOutcome[]> {
    return this.#writeEach(values, (value) =>
      records.compareAndSet({ ...value, version: value.version + 1 }) ? 'WON' : 'LOST',
    );
  }

  #writeEach<T, R>(values: readonly T[], write: (value: T) => R): Promise<readonly R[]> {
    return this.#use(() => {
      if (values.length === 0) return [];
      try {
        return inTransaction(this.driver, () => values.map(write));
      } catch (error) {
        // What was remembered of these writes is not in the file.
        this.#memory.forget();
        throw error;
      }
    });
  }

  /** Every verb but `close` goes through here, so that nothing but `StoreError` leaves the store. */
  async #use<R>(work: () => R): Promise<R> {
    if (this.#isClosed) throw new StoreError('CLOSED', `The store ${this.file} was closed by this process.`);
    try {
      return work();
    } catch (error) {
      throw storeErrorOf(error, this.file);
    }
  }
}
