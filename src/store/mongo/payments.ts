/** Purchases, links and the inbox, by what they are looked for besides their ids. */
import type { Collection, Filter } from 'mongodb';
import type { AccountId, PurchaseId } from '../../domain/ids.js';
import type { LogCursor } from '../../domain/logCursor.js';
import type { PaymentEvent } from '../../domain/paymentEvent.js';
import type { Instant } from '../../domain/period.js';
import type { ProviderLink } from '../../domain/providerLink.js';
import type { Purchase } from '../../domain/purchase.js';
import type { EventsWanted, ListPage, PurchaseReference } from '../store.js';
import { readPaymentEvent, readProviderLink, readPurchase } from '../storedShape.js';
import type { Collections, VersionedDocument } from './collections.js';

const BODY = { projection: { body: 1 } } as const;

type Documents = Filter<VersionedDocument>;

/** Values that match, by the time in the field `at`, the newest first. */
const findNewestFirst = async <T>(
  collection: Collection<VersionedDocument>,
  filter: Documents,
  { at, read }: { readonly at: 'body.createdAt' | 'body.receivedAt'; readonly read: (stored: unknown) => T },
  { count, after, isBackward }: ListPage<LogCursor>,
): Promise<readonly T[]> => {
  // To MongoDB a limit of 0 means no limit.
  if (count <= 0) return [];
  const order = isBackward ? 1 : -1;
  const sort = { [at]: order, _id: order } as const;
  const documents = await collection
    .find({ ...filter, ...placeOf(at, after, isBackward) }, { ...BODY, sort, limit: count })
    .toArray();
  const found = documents.map((document) => read(document.body));
  return isBackward ? found.reverse() : found;
};

/** The first condition alone would do for the index; the second leaves out those of the same instant. */
const placeOf = (field: string, after: LogCursor | null, isBackward: boolean): Documents => {
  if (after === null) return {};
  const { at, id } = after;
  return isBackward
    ? { [field]: { $gte: at }, $or: [{ [field]: { $gt: at } }, { _id: { $gt: id } }] }
    : { [field]: { $lte: at }, $or: [{ [field]: { $lt: at } }, { _id: { $lt: id } }] };
};

const EVENTS: Readonly<Record<EventsWanted, Documents>> = {
  ALL: {},
  UNDONE: { 'body.doneAt': { $eq: null } },
  FAILED: { 'body.doneAt': { $eq: null }, 'body.error': { $ne: null } },
};

const REFERENCES: Readonly<Record<PurchaseReference['kind'], string>> = {
  CHECKOUT: 'body.checkout.id',
  PAYMENT: 'body.paymentId',
  SUBSCRIPTION: 'body.subscriptionId',
};

export class Payments {
  constructor(private readonly collections: Collections) {}

  findPurchases(accountId: AccountId | null, page: ListPage<LogCursor>): Promise<readonly Purchase[]> {
    const filter = accountId === null ? {} : { 'body.accountId': { $eq: accountId } };
    return findNewestFirst(this.collections.purchases, filter, { at: 'body.createdAt', read: readPurchase }, page);
  }

  async findUnsettled(count: number, after: PurchaseId | null): Promise<readonly Purchase[]> {
    if (count <= 0) return [];
    const filter: Documents = {
      $or: [{ 'body.status': { $in: ['OPEN', 'PENDING', 'ACTION_REQUIRED'] } }, { 'body.shortfall': { $gt: 0 } }],
      ...(after === null ? {} : { _id: { $gt: after } }),
    };
    const options = { ...BODY, sort: { _id: 1 }, limit: count } as const;
    const documents = await this.collections.purchases.find(filter, options).toArray();
    return documents.map((document) => readPurchase(document.body));
  }

  async findByReference(provider: string, { kind, id }: PurchaseReference): Promise<Purchase | null> {
    const filter = { 'body.provider': { $eq: provider }, [REFERENCES[kind]]: { $eq: id } };
    const document = await this.collections.purchases.findOne(filter, { ...BODY, sort: { _id: 1 } });
    return document === null ? null : readPurchase(document.body);
  }

  async findLinkOf(provider: string, customerId: string): Promise<ProviderLink | null> {
    const filter = { 'body.provider': { $eq: provider }, 'body.customerId': { $eq: customerId } };
    const document = await this.collections.providerLinks.findOne(filter, BODY);
    return document === null ? null : readProviderLink(document.body);
  }

  findEvents(wanted: EventsWanted, page: ListPage<LogCursor>): Promise<readonly PaymentEvent[]> {
    const how = { at: 'body.receivedAt', read: readPaymentEvent } as const;
    return findNewestFirst(this.collections.paymentEvents, EVENTS[wanted], how, page);
  }

  async forgetEvents(before: Instant): Promise<void> {
    await this.collections.paymentEvents.deleteMany({
      'body.receivedAt': { $lt: before },
      'body.doneAt': { $ne: null },
    });
  }
}
