/** The audit log's collection. Entries are added and read, never changed. */
import type { Collection } from 'mongodb';
import type { AuditEntry } from '../../domain/audit.js';
import type { LogCursor } from '../../domain/logCursor.js';
import type { ListPage } from '../store.js';
import { readAuditEntry } from '../storedShape.js';
import { beyond, parseEntry } from './collections.js';
import type { AuditDocument } from './collections.js';
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
  async findPage(target: string | null, page: ListPage<LogCursor>): Promise<readonly AuditEntry[]> {
    const { count, after, isBackward } = page;
    // To MongoDB a limit of 0 means no limit.
    if (count <= 0) return [];
    const order = isBackward ? 1 : -1;
    const filter = {
      ...(target === null ? {} : { target: { $eq: target } }),
      ...beyond<AuditDocument>(after, isBackward),
    };
    const documents = await this.collection.find(filter, { sort: { at: order, _id: order }, limit: count }).toArray();
    const found = documents.map((document) => readAuditEntry(parseEntry(document.entry)));
    return isBackward ? found.reverse() : found;
  }
}
