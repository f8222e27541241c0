/**
 * The audit log's collection. Entries are added and read, never changed. An entry's content is kept as JSON text: what it
 * repeats comes from outside, and names of fields are not to be taken for paths or operators.
 */
import type { Collection, Filter } from 'mongodb';
import type { AuditEntry, AuditPlace } from '../../domain/audit.js';
import type { ListPage } from '../store.js';
import { readAuditEntry } from '../storedShape.js';
import { StoreError } from '../storeError.js';
import type { AuditDocument } from './schema.js';
import { duplicatesOf } from './storeErrorOf.js';

export class AuditLog {
  constructor(private readonly collection: Collection<AuditDocument>) {}

  async append(entries: readonly AuditEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const documents = entries.map((entry): AuditDocument => {
      const { id, at, target } = entry;
      return { _id: id, at, target, entry: JSON.stringify(entry) };
    });
    try {
      await this.collection.insertMany(documents, { ordered: false });
    } catch (error) {
      if (duplicatesOf(error) === null) throw error;
    }
  }

  /** The log begins with its newest entry, so that what follows an entry is older. */
  async findPage(target: string | null, page: ListPage<AuditPlace>): Promise<readonly AuditEntry[]> {
    const { count, after, isBackward } = page;
    // To MongoDB a limit of 0 means no limit.
    if (count <= 0) return [];
    const order = isBackward ? 1 : -1;
    const filter = { ...(target === null ? {} : { target: { $eq: target } }), ...beyond(after, isBackward) };
    const documents = await this.collection.find(filter, { sort: { at: order, _id: order }, limit: count }).toArray();
    const found = documents.map((document) => readAuditEntry(parse(document.entry)));
    return isBackward ? found.reverse() : found;
  }
}

/** The first condition alone would do for the index; the second leaves out those of the same instant. */
const beyond = (after: AuditPlace | null, isBackward: boolean): Filter<AuditDocument> => {
  if (after === null) return {};
  const { at, id } = after;
  return isBackward
    ? { at: { $gte: at }, $or: [{ at: { $gt: at } }, { _id: { $gt: id } }] }
    : { at: { $lte: at }, $or: [{ at: { $lt: at } }, { _id: { $lt: id } }] };
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new StoreError('CORRUPT', 'A stored audit entry is not JSON: it was changed by hand.', { cause });
  }
};
