/**
 * The one port to what lasts. Batches in, results out: an answer has the length and the order of its question
 * (DataLoader's contract), `null` where there is nothing, and an empty batch asks nothing. What must change together is
 * one document, so there is no transaction callback: a write names the version it was decided on, and loses where
 * another was first. A lost race is a value; a store that can't be used throws `StoreError`.
 *
 * Strings come from outside: adapters bind them as values and return them unchanged, whatever they look like.
 */
import type { Account, ApiKey } from '../domain/account.js';
import type { AuditEntry } from '../domain/audit.js';
import type { AccountId, ApiKeyId, HoldId, PlanId, PurchaseId } from '../domain/ids.js';
import type { KeyedOperation } from '../domain/keyedOperation.js';
import type { LedgerEntry } from '../domain/ledger.js';
import type { LogCursor } from '../domain/logCursor.js';
import type { Operator } from '../domain/operator.js';
import type { Pack } from '../domain/offer.js';
import type { PaymentEvent } from '../domain/paymentEvent.js';
import type { Instant } from '../domain/period.js';
import type { Plan } from '../domain/plan.js';
import type { ProviderLink } from '../domain/providerLink.js';
import type { Purchase } from '../domain/purchase.js';
import type { RefusalCounts, RefusalFilter, RefusalRecord } from '../domain/refusalRecord.js';
import type { RequestCount } from '../domain/rateLimit.js';
import type { Subscription } from '../domain/subscription.js';
import type { UsageQuery, UsageRow, UsageSum } from '../domain/usage.js';
import type { Wallet } from '../domain/wallet.js';
import type { PaymentKind, RecordKind, StoredRecords } from './storedRecords.js';

/** `WON`: stored, its version raised by one. `LOST`: another write was first, and nothing was changed. */
export type WriteOutcome = 'WON' | 'LOST';

export interface LedgerPage {
  /** At most this many entries. */
  readonly first: number;
  /** Only entries older than the one with this `seq`; `null`: from the newest. */
  readonly before: number | null;
  /** Only entries newer than the one with this `seq`, and of these the oldest: the way back through a ledger. */
  readonly after?: number;
}

/**
 * A page of a list that has an order: at most `count` values that follow `after`, or that come before it where
 * `isBackward`. `null`: the first of the list, or its last. The answer is always in the order of the list.
 */
export interface ListPage<Cursor = string> {
  readonly count: number;
  readonly after: Cursor | null;
  readonly isBackward: boolean;
}

/**
 * Subscriptions to a plan, or to one version of it; `null` alike: to any. It is the plan in force that counts: a change
 * that was agreed on has taken over from its date on, though nobody wrote it.
 */
export interface SubscribedTo {
  readonly planId: PlanId | null;
  readonly planVersion: number | null;
  readonly at: Instant;
}

/** When a key was last seen to be used. */
export interface KeyUse {
  readonly secretHash: string;
  readonly usedAt: Instant;
}

/** What a purchase is known by at its provider. */
export interface PurchaseReference {
  readonly kind: 'CHECKOUT' | 'PAYMENT' | 'SUBSCRIPTION';
  readonly id: string;
}

/** `FAILED`: not done, and tried in vain. */
export type EventsWanted = 'ALL' | 'UNDONE' | 'FAILED';

/** `STORED`: there was none. `SAME`: it was there already, version and all. `OTHER`: another one is, and stays. */
export type ImportOutcome = 'STORED' | 'SAME' | 'OTHER';

export interface RecordPage {
  /** At most this many. */
  readonly first: number;
  /** Only records whose key comes after this one, in the store's own order; `null`: from the first. */
  readonly after: string | null;
}

/** A row of usage, and whose it is. */
export interface AccountUsage extends UsageRow {
  readonly accountId: AccountId;
}

export interface UsagePage {
  /** At most this many. */
  readonly first: number;
  /** Only rows after this one, by day, coordinate and part; `null`: from the first. */
  readonly after: Pick<UsageRow, 'day' | 'coordinate' | 'part'> | null;
}

export interface Store {
  findApiKeys(secretHashes: readonly string[]): Promise<readonly (ApiKey | null)[]>;
  findAccounts(ids: readonly AccountId[]): Promise<readonly (Account | null)[]>;
  /** The current subscription of each account. */
  findSubscriptions(accountIds: readonly AccountId[]): Promise<readonly (Subscription | null)[]>;
  /** Wallets with all that rides in them; `null` for an account that never had one. */
  findWallets(accountIds: readonly AccountId[]): Promise<readonly (Wallet | null)[]>;
  /** Every version of every plan: plans are few. */
  findPlans(): Promise<readonly Plan[]>;

  /** Every version of every pack. */
  findPacks(): Promise<readonly Pack[]>;

  findApiKeysById(ids: readonly ApiKeyId[]): Promise<readonly (ApiKey | null)[]>;
  /** When these keys were last used, as far as it was written. */
  findKeyUses(secretHashes: readonly string[]): Promise<readonly (Instant | null)[]>;
  /** All operators, those that were removed too: they are few. */
  findOperators(): Promise<readonly Operator[]>;

  /** All accounts, by id. */
  findAccountPage(page: ListPage<AccountId>): Promise<readonly Account[]>;
  /** The keys of an account, by their id. */
  findApiKeyPage(accountId: AccountId, page: ListPage<ApiKeyId>): Promise<readonly ApiKey[]>;
  /** Current subscriptions, by account, as they are stored. */
  findSubscriptionPage(to: SubscribedTo, page: ListPage<AccountId>): Promise<readonly Subscription[]>;
  /** The audit log, the newest entry first; `target`: what was done to this alone. */
  findAuditPage(target: string | null, page: ListPage<LogCursor>): Promise<readonly AuditEntry[]>;

  /** By their ids. Records are kept for `REFUSALS_KEPT_MS`; what is older may be found or not. */
  findRefusals(ids: readonly string[]): Promise<readonly (RefusalRecord | null)[]>;
  /** Records that match, the newest first. */
  findRefusalPage(filter: RefusalFilter, page: ListPage<LogCursor>): Promise<readonly RefusalRecord[]>;
  /** Counts those that match; `spanMs`: how long the spans of `overTime` are, which begin at its multiples. */
  countRefusals(filter: RefusalFilter, spanMs: number): Promise<RefusalCounts>;

  /** By `keyedOperationId`. What has expired may be found or not. */
  findKeyedOperations(ids: readonly string[]): Promise<readonly (KeyedOperation | null)[]>;

  /** By their keys (`keyOfRecord`). */
  findPayments<Kind extends PaymentKind>(
    kind: Kind,
    keys: readonly string[],
  ): Promise<readonly (StoredRecords[Kind] | null)[]>;
  /** Purchases of an account, or of all, the newest first. A place has the `createdAt` of its purchase. */
  findPurchasePage(accountId: AccountId | null, page: ListPage<LogCursor>): Promise<readonly Purchase[]>;
  /** Those that something may still become of (`isUnsettled`), by their ids, at most `first`. */
  findUnsettledPurchases(first: number, after: PurchaseId | null): Promise<readonly Purchase[]>;
  findPurchaseOf(provider: string, reference: PurchaseReference): Promise<Purchase | null>;
  /** The account that a customer of a provider is. */
  findLinkOfCustomer(provider: string, customerId: string): Promise<ProviderLink | null>;
  /** The inbox, the newest first. A place has the `receivedAt` of its event. */
  findPaymentEventPage(wanted: EventsWanted, page: ListPage<LogCursor>): Promise<readonly PaymentEvent[]>;

  /**
   * Insert (`version` 0) or compare and set: the value is stored with `version + 1` if what is stored has `version`.
   * Values of one batch are independent of each other.
   */
  saveAccounts(accounts: readonly Account[]): Promise<readonly WriteOutcome[]>;
  saveApiKeys(keys: readonly ApiKey[]): Promise<readonly WriteOutcome[]>;
  /** One subscription per account: a new one replaces the old at the old one's version. */
  saveSubscriptions(subscriptions: readonly Subscription[]): Promise<readonly WriteOutcome[]>;
  /** A plan's versions are written once: `LOST` where this version is there already, with other content. */
  savePlans(plans: readonly Plan[]): Promise<readonly WriteOutcome[]>;

  /** Packs like plans. */
  savePacks(packs: readonly Pack[]): Promise<readonly WriteOutcome[]>;
  /** A customer of a provider belongs to one account: `LOST` also where it is another's. */
  savePayments<Kind extends PaymentKind>(
    kind: Kind,
    records: readonly StoredRecords[Kind][],
  ): Promise<readonly WriteOutcome[]>;
  /** Drops events that are done and were received before this instant. */
  forgetPaymentEvents(before: Instant): Promise<void>;

  saveOperators(operators: readonly Operator[]): Promise<readonly WriteOutcome[]>;
  /** A use that is older than what is stored changes nothing. */
  saveKeyUses(uses: readonly KeyUse[]): Promise<void>;
  /** Adds entries to the audit log, which can't be changed; idempotent by their ids. */
  appendAudit(entries: readonly AuditEntry[]): Promise<void>;
  /** Adds records, which are not changed afterwards; idempotent by their ids. */
  appendRefusals(records: readonly RefusalRecord[]): Promise<void>;
  /** Keeps the proposed secret under this name unless there is one, and answers the one that is kept. */
  keepSecret(name: string, proposed: string): Promise<string>;

  saveKeyedOperations(operations: readonly KeyedOperation[]): Promise<readonly WriteOutcome[]>;
  /** Drops keyed operations that expired before this instant. */
  forgetKeyedOperations(before: Instant): Promise<void>;

  /**
   * Compare and set of wallets, at most one per account and batch. Stores each with `version + 1`, and its journal
   * with it, atomically: never one without the other. The answer is the wallet as stored, or `null` for a lost race.
   * The journal of a stored wallet has the entries that must still be moved to the ledger with `appendLedger`, and its
   * usage the rows that must still be moved with `appendUsage`.
   *
   * After `StoreError` a write may have been applied: find the wallet again before deciding again.
   */
  commitWallets(wallets: readonly Wallet[]): Promise<readonly (Wallet | null)[]>;
  /** Adds journal entries to the ledger; idempotent: an entry that is there already stays as it is. */
  appendLedger(entries: readonly LedgerEntry[]): Promise<void>;

  /**
   * Entries of one account, newest first. An entry is seen from the moment the commit of its wallet was
   * acknowledged, whether it has been moved to the ledger or not.
   */
  findLedgerPage(accountId: AccountId, page: LedgerPage): Promise<readonly LedgerEntry[]>;
  /** Several pages of one account's entries, each as `findLedgerPage` gives it. */
  findLedgerPages(accountId: AccountId, pages: readonly LedgerPage[]): Promise<readonly (readonly LedgerEntry[])[]>;
  /** One account's entries with these ids, `null` where there is none. Sees journals as `findLedgerPage` does. */
  findLedgerEntries(accountId: AccountId, entryIds: readonly string[]): Promise<readonly (LedgerEntry | null)[]>;
  /** All entries of one hold, oldest first. Sees journals as `findLedgerPage` does. */
  findHoldEntries(accountId: AccountId, holdId: HoldId): Promise<readonly LedgerEntry[]>;

  /** Brings rows of usage up to these counts; a count that is larger already stays as it is. */
  appendUsage(rows: readonly AccountUsage[]): Promise<void>;
  /** Sums an account's usage. What rides in its wallet is in it from the moment the commit was acknowledged. */
  sumUsage(accountId: AccountId, query: UsageQuery): Promise<readonly UsageSum[]>;
  /** An account's rows of usage, those that ride in its wallet too: for copying a store. */
  listUsage(accountId: AccountId, page: UsagePage): Promise<readonly UsageRow[]>;

  /** All records of a kind, a page at a time, in the order of their keys (`keyOfRecord`): for copying a store. */
  listRecords<Kind extends RecordKind>(kind: Kind, page: RecordPage): Promise<readonly StoredRecords[Kind][]>;
  /**
   * Stores records as they are, versions included, where there are none under their keys: for copying a store. A wallet
   * comes without its journal and its usage, once they are stored by themselves.
   */
  importRecords<Kind extends RecordKind>(
    kind: Kind,
    records: readonly StoredRecords[Kind][],
  ): Promise<readonly ImportOutcome[]>;

  /**
   * Counts one request more in this bucket, and answers how many came in its present window: of all processes that
   * share the store, or of this one alone while the store is away. It never waits long, and rejects only with `CLOSED`.
   */
  countRequest(bucket: string, windowSeconds: number): Promise<RequestCount>;

  /** Resolves if the store answers. */
  ping(): Promise<void>;
  /** Resolves if the store takes writes: it writes a little that nobody reads. Not to be asked with each request. */
  checkWritable(): Promise<void>;
  /** What time it is to the store. */
  readClock(): Promise<Instant>;
  /** Idempotent. Every other verb rejects with `CLOSED` afterwards. */
  close(): Promise<void>;
}
