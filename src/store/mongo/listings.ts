/** Lists in pages, each next to the place where the last one ended: a page costs the same wherever it is in its list. */
import type { Collection, Filter } from 'mongodb';
import type { Account, ApiKey } from '../../domain/account.js';
import type { AccountId, ApiKeyId } from '../../domain/ids.js';
import type { Operator } from '../../domain/operator.js';
import type { Subscription } from '../../domain/subscription.js';
import { inOrder } from '../inOrder.js';
import type { ListPage, SubscribedTo } from '../store.js';
import { readAccount, readApiKey, readOperator, readSubscription } from '../storedShape.js';
import type { Collections, VersionedDocument } from './collections.js';

const BODY = { projection: { body: 1 } } as const;

/** Values of the list that `filter` makes, in the order of the field `key`. */
const findPage = async <T>(
  collection: Collection<VersionedDocument>,
  filter: Filter<VersionedDocument>,
  { key, read }: { readonly key: '_id' | 'body.id'; readonly read: (stored: unknown) => T },
  { count, after, isBackward }: ListPage,
): Promise<readonly T[]> => {
  // To MongoDB a limit of 0 means no limit.
  if (count <= 0) return [];
  const place = after === null ? {} : { [key]: isBackward ? { $lt: after } : { $gt: after } };
  const documents = await collection
    .find({ ...filter, ...place }, { ...BODY, sort: { [key]: isBackward ? -1 : 1 }, limit: count })
    .toArray();
  const found = documents.map((document) => read(document.body));
  return isBackward ? found.reverse() : found;
};

export class Listings {
  constructor(private readonly collections: Collections) {}

  findAccounts(page: ListPage<AccountId>): Promise<readonly Account[]> {
    return findPage(this.collections.accounts, {}, { key: '_id', read: readAccount }, page);
  }

  findApiKeys(accountId: AccountId, page: ListPage<ApiKeyId>): Promise<readonly ApiKey[]> {
    const filter = { 'body.accountId': { $eq: accountId } };
    return findPage(this.collections.apiKeys, filter, { key: 'body.id', read: readApiKey }, page);
  }

  async findApiKeysById(ids: readonly ApiKeyId[]): Promise<readonly (ApiKey | null)[]> {
    if (ids.length === 0) return [];
    const documents = await this.collections.apiKeys.find({ 'body.id': { $in: [...ids] } }, BODY).toArray();
    return inOrder(
      ids,
      documents.map((document) => readApiKey(document.body)),
      (key) => key.id,
    );
  }

  findSubscriptions(
    { planId, planVersion, at }: SubscribedTo,
    page: ListPage<AccountId>,
  ): Promise<readonly Subscription[]> {
    // The plan in force: a change that was agreed on has taken over from its date on.
    const isOf = (part: 'body' | 'body.change'): Filter<VersionedDocument> => ({
      [`${part}.planId`]: { $eq: planId },
      ...(planVersion === null ? {} : { [`${part}.planVersion`]: { $eq: planVersion } }),
    });
    const hasChanged = { $lte: at };
    const filter: Filter<VersionedDocument> =
      planId === null
        ? {}
        : {
            $or: [
              { ...isOf('body'), 'body.change.at': { $not: hasChanged } },
              { ...isOf('body.change'), 'body.change.at': hasChanged },
            ],
          };
    return findPage(this.collections.subscriptions, filter, { key: '_id', read: readSubscription }, page);
  }

  async findOperators(): Promise<readonly Operator[]> {
    const documents = await this.collections.operators.find({}, { ...BODY, sort: { _id: 1 } }).toArray();
    return documents.map((document) => readOperator(document.body));
  }
}
