/** Collections and indexes. A collection is made by its first write; everything but the ledger is found by `_id`. */
import type { Collection, Db, Filter } from 'mongodb';
import type { LedgerEntry } from '../../domain/ledger.js';
import type { LogCursor } from '../../domain/logCursor.js';
import { REFUSAL_FACETS } from '../../domain/refusalRecord.js';
import type { UsageCounts } from '../../domain/usage.js';
import type { RefusalFacet } from '../../domain/refusalRecord.js';
import { StoreError } from '../storeError.js';

/** What logs have in common that begin with their newest entry. */
export interface LogDocument {
  readonly _id: string;
  readonly at: number;
  /** The whole entry as JSON: what it repeats comes from outside, and is not to be taken for paths or operators. */
  readonly entry: string;
}

/**
 * What follows a place, or comes before it. The first condition alone would do for the index; the second leaves out those of
 * the same instant.
 */
export const beyond = <Document extends LogDocument>(
  after: LogCursor | null,
  isBackward: boolean,
): Filter<Document> => {
  if (after === null) return {};
  const { at, id } = after;
  const conditions: Filter<LogDocument> = isBackward
    ? { at: { $gte: at }, $or: [{ at: { $gt: at } }, { _id: { $gt: id } }] }
    : { at: { $lte: at }, $or: [{ at: { $lt: at } }, { _id: { $lt: id } }] };
  return conditions as Filter<Document>;
};

export const parseEntry = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new StoreError('CORRUPT', 'A stored log entry is not JSON: it was changed by hand.', { cause });
  }
};

/**
 * One value that is replaced as a whole, under its key. Strings from outside are values here, never names of fields, so
 * that none of them can be taken for a path or an operator.
 */
export interface VersionedDocument {
  readonly _id: string;
  readonly version: number;
  readonly body: unknown;
  /** Who wrote the last versions, newest last: one id per write, by which a writer knows its own. */
  readonly recentWrites: string[];
}

export interface OfferDocument {
  readonly _id: { readonly id: string; readonly version: number };
  readonly body: unknown;
}

/** The fields of `_id` keep this order: to MongoDB it is part of the value. */
export interface LedgerDocument extends LedgerEntry {
  readonly _id: { readonly accountId: string; readonly id: string };
}

/** The fields of `_id` keep this order. */
export interface UsageDocument extends UsageCounts {
  readonly _id: {
    readonly accountId: string;
    readonly day: string;
    readonly coordinate: string;
    readonly part: number;
  };
  readonly accountId: string;
  readonly day: string;
  readonly coordinate: string;
  readonly part: number;
}

export interface AuditDocument extends LogDocument {
  readonly target: string | null;
}

export interface RefusalDocument extends LogDocument {
  /** When the server removes it. */
  readonly expiresAt: Date;
  readonly facets: Readonly<Record<RefusalFacet, readonly string[]>>;
}

export interface KeyUseDocument {
  readonly _id: string;
  readonly usedAt: number;
}

export interface SecretDocument {
  readonly _id: string;
  readonly secret: string;
}

/** As RateLimiterMongo writes it. */
export interface RequestCountDocument {
  readonly key: string;
  readonly points: number;
  readonly expire: Date;
}

export const REQUEST_COUNTS = 'requestCounts';

export interface Collections {
  readonly accounts: Collection<VersionedDocument>;
  readonly apiKeys: Collection<VersionedDocument>;
  readonly subscriptions: Collection<VersionedDocument>;
  readonly wallets: Collection<VersionedDocument>;
  readonly keyedOperations: Collection<VersionedDocument>;
  readonly operators: Collection<VersionedDocument>;
  readonly purchases: Collection<VersionedDocument>;
  readonly providerLinks: Collection<VersionedDocument>;
  readonly paymentEvents: Collection<VersionedDocument>;
  readonly reconcilers: Collection<VersionedDocument>;
  readonly plans: Collection<OfferDocument>;
  readonly packs: Collection<OfferDocument>;
  readonly audit: Collection<AuditDocument>;
  readonly refusals: Collection<RefusalDocument>;
  readonly keyUses: Collection<KeyUseDocument>;
  readonly secrets: Collection<SecretDocument>;
  readonly ledger: Collection<LedgerDocument>;
  readonly usage: Collection<UsageDocument>;
  readonly requestCounts: Collection<RequestCountDocument>;
}

export const collectionsOf = (db: Db): Collections => ({
  accounts: db.collection<VersionedDocument>('accounts'),
  apiKeys: db.collection<VersionedDocument>('apiKeys'),
  subscriptions: db.collection<VersionedDocument>('subscriptions'),
  wallets: db.collection<VersionedDocument>('wallets'),
  keyedOperations: db.collection<VersionedDocument>('keyedOperations'),
  operators: db.collection<VersionedDocument>('operators'),
  purchases: db.collection<VersionedDocument>('purchases'),
  providerLinks: db.collection<VersionedDocument>('providerLinks'),
  paymentEvents: db.collection<VersionedDocument>('paymentEvents'),
  reconcilers: db.collection<VersionedDocument>('reconcilers'),
  plans: db.collection<OfferDocument>('plans'),
  packs: db.collection<OfferDocument>('packs'),
  audit: db.collection<AuditDocument>('audit'),
  refusals: db.collection<RefusalDocument>('refusals'),
  keyUses: db.collection<KeyUseDocument>('keyUses'),
  secrets: db.collection<SecretDocument>('secrets'),
  ledger: db.collection<LedgerDocument>('ledger'),
  usage: db.collection<UsageDocument>('usage'),
  requestCounts: db.collection<RequestCountDocument>(REQUEST_COUNTS),
});

/** For a search that finds so many at most: else the first 101 come in one reply and the others in a second one. */
export const inOneReply = (countMax: number): { readonly limit: number; readonly batchSize: number } => ({
  limit: countMax,
  batchSize: countMax,
});

/**
 * Makes the indexes that are missing. Each begins with the account, the shard key, so that they can be unique on a
 * sharded cluster too. `_id` keeps an entry from being entered twice, and the first index two entries from one place.
 */
export const createIndexes = async (collections: Collections): Promise<void> => {
  const { ledger, usage, keyedOperations, audit, refusals, apiKeys, subscriptions, requestCounts } = collections;
  await ledger.createIndexes([
    { name: 'accountSeq', key: { accountId: 1, seq: -1 }, unique: true },
    {
      name: 'accountHoldSeq',
      key: { accountId: 1, holdId: 1, seq: 1 },
      partialFilterExpression: { holdId: { $exists: true } },
    },
  ]);
  await usage.createIndexes([{ name: 'accountDay', key: { accountId: 1, day: 1, coordinate: 1, part: 1 } }]);
  await keyedOperations.createIndexes([{ name: 'expiry', key: { 'body.expiresAt': 1 } }]);
  await audit.createIndexes([
    { name: 'time', key: { at: -1, _id: -1 } },
    { name: 'target', key: { target: 1, at: -1, _id: -1 } },
  ]);
  await refusals.createIndexes([
    { name: 'time', key: { at: -1, _id: -1 } },
    ...REFUSAL_FACETS.map((facet) => ({ name: facet, key: { [`facets.${facet}`]: 1, at: -1, _id: -1 } as const })),
    { name: 'expiry', key: { expiresAt: 1 }, expireAfterSeconds: 0 },
  ]);
  await apiKeys.createIndexes([
    { name: 'keyId', key: { 'body.id': 1 } },
    { name: 'account', key: { 'body.accountId': 1, 'body.id': 1 } },
  ]);
  await subscriptions.createIndexes([
    { name: 'plan', key: { 'body.planId': 1, _id: 1 } },
    { name: 'planVersion', key: { 'body.planId': 1, 'body.planVersion': 1, _id: 1 } },
    {
      name: 'nextPlan',
      key: { 'body.change.planId': 1, _id: 1 },
      partialFilterExpression: { 'body.change.planId': { $exists: true } },
    },
  ]);
  await createPaymentIndexes(collections);
  await requestCounts.createIndexes([
    { name: 'bucket', key: { key: 1 }, unique: true },
    { name: 'expiry', key: { expire: 1 }, expireAfterSeconds: 0 },
  ]);
};

/** Links to customers are few: their collection is not one to be sharded, since a customer must be unique in all of it. */
const createPaymentIndexes = async ({ purchases, providerLinks, paymentEvents }: Collections): Promise<void> => {
  await purchases.createIndexes([
    { name: 'time', key: { 'body.createdAt': -1, _id: -1 } },
    { name: 'account', key: { 'body.accountId': 1, 'body.createdAt': -1, _id: -1 } },
    { name: 'checkout', key: { 'body.provider': 1, 'body.checkout.id': 1 } },
    { name: 'payment', key: { 'body.provider': 1, 'body.paymentId': 1 } },
    { name: 'subscription', key: { 'body.provider': 1, 'body.subscriptionId': 1 } },
    { name: 'status', key: { 'body.status': 1, _id: 1 } },
    { name: 'shortfall', key: { 'body.shortfall': 1 }, partialFilterExpression: { 'body.shortfall': { $gt: 0 } } },
  ]);
  await providerLinks.createIndexes([
    {
      name: 'customer',
      key: { 'body.provider': 1, 'body.customerId': 1 },
      unique: true,
      partialFilterExpression: { 'body.customerId': { $gt: '' } },
    },
  ]);
  await paymentEvents.createIndexes([
    { name: 'time', key: { 'body.receivedAt': -1, _id: -1 } },
    { name: 'done', key: { 'body.doneAt': 1, 'body.receivedAt': -1, _id: -1 } },
  ]);
};
