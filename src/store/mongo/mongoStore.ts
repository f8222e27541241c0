/**
 * The store for several processes: MongoDB, a standalone server, replica set or sharded cluster alike, without
 * transactions. A wallet is one document and its journal rides in it, so that both change in one atomic write; the
 * entries are moved to the ledger's collection with `appendLedger` afterwards.
 */
import type { Account, ApiKey } from '../../domain/account.js';
import type { AuditEntry, AuditPlace } from '../../domain/audit.js';
import type { AccountId, ApiKeyId, HoldId } from '../../domain/ids.js';
import { keyedOperationId } from '../../domain/keyedOperation.js';
import type { KeyedOperation } from '../../domain/keyedOperation.js';
import type { LedgerEntry } from '../../domain/ledger.js';
import type { Operator } from '../../domain/operator.js';
import type { Instant } from '../../domain/period.js';
import type { Plan } from '../../domain/plan.js';
import type { Subscription } from '../../domain/subscription.js';
import type { Wallet } from '../../domain/wallet.js';
import type { KeyUse, LedgerPage, ListPage, Store, SubscribedTo, WriteOutcome } from '../store.js';
import {
  readAccount,
  readApiKey,
  readKeyedOperation,
  readOperator,
  readSubscription,
  readWallet,
} from '../storedShape.js';
import { StoreError } from '../storeError.js';
import { AuditLog } from './auditLog.js';
import { KeyUses } from './keyUses.js';
import { Ledger } from './ledger.js';
import { Listings } from './listings.js';
import { mongoDatabase } from './mongoDatabase.js';
import type { MongoDatabase, MongoOptions } from './mongoDatabase.js';
import { Plans } from './plans.js';
import { collectionsOf, createIndexes } from './schema.js';
import type { Collections } from './schema.js';
import { storeErrorOf } from './storeErrorOf.js';
import { VersionedRecords } from './versionedRecords.js';

/** Connects and makes the indexes that are missing. */
export const openMongoStore = async (url: string, options: MongoOptions = {}): Promise<Store> => {
  let database: MongoDatabase | null = null;
  try {
    database = mongoDatabase(url, options);
    const collections = collectionsOf(database.db);
    await database.client.connect();
    await createIndexes(collections);
    return new MongoStore(database, collections);
  } catch (error) {
    await database?.client.close();
    throw storeErrorOf(error);
  }
};

class MongoStore implements Store {
  readonly #accounts: VersionedRecords<Account>;
  readonly #apiKeys: VersionedRecords<ApiKey>;
  readonly #subscriptions: VersionedRecords<Subscription>;
  readonly #wallets: VersionedRecords<Wallet>;
  readonly #keyedOperations: VersionedRecords<KeyedOperation>;
  readonly #operators: VersionedRecords<Operator>;
  readonly #auditLog: AuditLog;
  readonly #keyUses: KeyUses;
  readonly #listings: Listings;
  readonly #plans: Plans;
  readonly #ledger: Ledger;
  #isClosed = false;

  constructor(
    private readonly database: MongoDatabase,
    private readonly collections: Collections,
  ) {
    const { accounts, apiKeys, subscriptions, wallets, keyedOperations, plans, ledger } = collections;
    this.#accounts = new VersionedRecords(accounts, (account) => account.id, readAccount);
    this.#apiKeys = new VersionedRecords(apiKeys, (key) => key.secretHash, readApiKey);
    this.#subscriptions = new VersionedRecords(subscriptions, (each) => each.accountId, readSubscription);
    this.#wallets = new VersionedRecords(wallets, (wallet) => wallet.accountId, readWallet);
    this.#keyedOperations = new VersionedRecords(keyedOperations, keyedOperationId, readKeyedOperation);
    this.#operators = new VersionedRecords(collections.operators, (operator) => operator.id, readOperator);
    this.#auditLog = new AuditLog(collections.audit);
    this.#keyUses = new KeyUses(collections.keyUses);
    this.#listings = new Listings(collections);
    this.#plans = new Plans(plans);
    this.#ledger = new Ledger(ledger, this.#wallets);
  }

  findApiKeys(secretHashes: readonly string[]): Promise<readonly (ApiKey | null)[]> {
    return this.#use(() => this.#apiKeys.find(secretHashes));
  }

  findAccounts(ids: readonly AccountId[]): Promise<readonly (Account | null)[]> {
    return this.#use(() => this.#accounts.find(ids));
  }

  findSubscriptions(accountIds: readonly AccountId[]): Promise<readonly (Subscription | null)[]> {
    return this.#use(() => this.#subscriptions.find(accountIds));
  }

  findWallets(accountIds: readonly AccountId[]): Promise<readonly (Wallet | null)[]> {
    return this.#use(() => this.#wallets.find(accountIds));
  }

  findPlans(): Promise<readonly Plan[]> {
    return this.#use(() => this.#plans.findAll());
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

  findAuditPage(target: string | null, page: ListPage<AuditPlace>): Promise<readonly AuditEntry[]> {
    return this.#use(() => this.#auditLog.findPage(target, page));
  }

  findKeyedOperations(ids: readonly string[]): Promise<readonly (KeyedOperation | null)[]> {
    return this.#use(() => this.#keyedOperations.find(ids));
  }

  saveAccounts(accounts: readonly Account[]): Promise<readonly WriteOutcome[]> {
    return this.#saveAll(this.#accounts, accounts);
  }

  saveApiKeys(keys: readonly ApiKey[]): Promise<readonly WriteOutcome[]> {
    return this.#saveAll(this.#apiKeys, keys);
  }

  saveSubscriptions(subscriptions: readonly Subscription[]): Promise<readonly WriteOutcome[]> {
    return this.#saveAll(this.#subscriptions, subscriptions);
  }

  savePlans(plans: readonly Plan[]): Promise<readonly WriteOutcome[]> {
    return this.#use(() => this.#plans.save(plans));
  }

  saveOperators(operators: readonly Operator[]): Promise<readonly WriteOutcome[]> {
    return this.#saveAll(this.#operators, operators);
  }

  saveKeyUses(uses: readonly KeyUse[]): Promise<void> {
    return this.#use(() => this.#keyUses.save(uses));
  }

  appendAudit(entries: readonly AuditEntry[]): Promise<void> {
    return this.#use(() => this.#auditLog.append(entries));
  }

  async keepSecret(name: string, proposed: string): Promise<string> {
    const kept = await this.#use(() =>
      this.collections.secrets.findOneAndUpdate(
        { _id: { $eq: name } },
        { $setOnInsert: { secret: proposed } },
        { upsert: true, returnDocument: 'after' },
      ),
    );
    return kept?.secret ?? proposed;
  }

  saveKeyedOperations(operations: readonly KeyedOperation[]): Promise<readonly WriteOutcome[]> {
    return this.#saveAll(this.#keyedOperations, operations);
  }

  async forgetKeyedOperations(before: Instant): Promise<void> {
    await this.#use(() => this.collections.keyedOperations.deleteMany({ 'body.expiresAt': { $lt: before } }));
  }

  async commitWallets(wallets: readonly Wallet[]): Promise<readonly (Wallet | null)[]> {
    const areStored = await this.#use(() => this.#wallets.compareAndSet(wallets));
    return wallets.map((wallet, index) =>
      areStored[index] === true ? { ...wallet, version: wallet.version + 1 } : null,
    );
  }

  appendLedger(entries: readonly LedgerEntry[]): Promise<void> {
    return this.#use(() => this.#ledger.append(entries));
  }

  findLedgerPage(accountId: AccountId, page: LedgerPage): Promise<readonly LedgerEntry[]> {
    return this.#use(() => this.#ledger.findPage(accountId, page));
  }

  findLedgerEntries(accountId: AccountId, entryIds: readonly string[]): Promise<readonly (LedgerEntry | null)[]> {
    return this.#use(() => this.#ledger.findEntries(accountId, entryIds));
  }

  findHoldEntries(accountId: AccountId, holdId: HoldId): Promise<readonly LedgerEntry[]> {
    return this.#use(() => this.#ledger.findOfHold(accountId, holdId));
  }

  async ping(): Promise<void> {
    await this.#use(() => this.database.client.db('admin').command({ ping: 1 }));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.database.client.close();
  }

  async #saveAll<T extends { readonly version: number }>(
    records: VersionedRecords<T>,
    values: readonly T[],
  ): Promise<readonly WriteOutcome[]> {
    const areStored = await this.#use(() => records.compareAndSet(values));
    return areStored.map((isStored) => (isStored ? 'WON' : 'LOST'));
  }

  /** Every verb but `close` goes through here, so that nothing but `StoreError` leaves the store. */
  async #use<R>(work: () => Promise<R>): Promise<R> {
    this.#checkOpen();
    this.database.reachability.check();
    try {
      return await work();
    } catch (error) {
      this.#checkOpen(error);
      throw storeErrorOf(error);
    }
  }

  #checkOpen(cause?: unknown): void {
    if (this.#isClosed) throw new StoreError('CLOSED', 'The store was closed by this process.', { cause });
  }
}
