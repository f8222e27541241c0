/**
 * One collection of values that are found by a key and replaced by compare and set, a batch in one round trip.
 *
 * MongoDB counts how many updates of a batch matched, but not which, and a reply can be lost. So each write leaves an id
 * of its own in the document, beside those of the last writes before it: one id per version, so that the writer of a
 * version is known also after others have written on top of it.
 */
import { isDeepStrictEqual } from 'node:util';
import { nanoid } from 'nanoid';
import type { AnyBulkWriteOperation, Collection } from 'mongodb';
import { WRITES_REMEMBERED } from '../../domain/wallet.js';
import { inOrder } from '../inOrder.js';
import type { ImportOutcome, RecordPage } from '../store.js';
import { StoreError } from '../storeError.js';
import { inOneReply } from './collections.js';
import type { VersionedDocument } from './collections.js';
import { duplicatesOf, isOutcomeUnknown } from './storeErrorOf.js';

const WRITE_ID_LENGTH = 12;

interface Write {
  readonly id: string;
  readonly writeId: string;
  /** The version it was decided on. */
  readonly after: number;
  readonly operation: AnyBulkWriteOperation<VersionedDocument>;
}

interface Sent {
  readonly appliedCount: number;
  /** Whether the count is of this batch's only attempt. */
  readonly isCertain: boolean;
}

export class VersionedRecords<T extends { readonly version: number }> {
  constructor(
    private readonly collection: Collection<VersionedDocument>,
    private readonly keyOf: (value: T) => string,
    private readonly read: (stored: unknown) => T,
  ) {}

  async find(keys: readonly string[]): Promise<readonly (T | null)[]> {
    if (keys.length === 0) return [];
    const options = { projection: { body: 1 }, ...inOneReply(keys.length) };
    const documents = await this.collection.find({ _id: { $in: [...keys] } }, options).toArray();
    const found = documents.map((document) => this.read(document.body));
    return inOrder(keys, found, this.keyOf);
  }

  async list({ first, after }: RecordPage): Promise<readonly T[]> {
    const filter = after === null ? {} : { _id: { $gt: after } };
    const options = { projection: { body: 1 }, sort: { _id: 1 }, ...inOneReply(first) } as const;
    const documents = await this.collection.find(filter, options).toArray();
    return documents.map((document) => this.read(document.body));
  }

  /** Stores each value as it is, unless there is one under its key. */
  async insert(values: readonly T[]): Promise<readonly ImportOutcome[]> {
    if (values.length === 0) return [];
    const documents = values.map((value): VersionedDocument => {
      const { version } = value;
      return { _id: this.keyOf(value), version, body: value, recentWrites: [nanoid(WRITE_ID_LENGTH)] };
    });
    const present = await this.#insertAll(documents);
    if (present.size === 0) return values.map(() => 'STORED');
    const stored = await this.find(values.map(this.keyOf));
    return values.map((value, index) => {
      if (!present.has(index)) return 'STORED';
      return isDeepStrictEqual(stored[index], value) ? 'SAME' : 'OTHER';
    });
  }

  /** The places of those whose key exists already. */
  async #insertAll(documents: readonly VersionedDocument[]): Promise<ReadonlySet<number>> {
    try {
      await this.collection.insertMany(documents, { ordered: false });
      return new Set();
    } catch (error) {
      const duplicates = duplicatesOf(error);
      if (duplicates === null) throw error;
      return new Set(duplicates.indexes);
    }
  }

  /** Stores each value, its version raised by one, if what is stored has its version. Answers which were stored. */
  async compareAndSet(values: readonly T[]): Promise<readonly boolean[]> {
    if (values.length === 0) return [];
    const writes = values.map((value) => this.#writeOf(value));
    const { appliedCount, isCertain } = await this.#send(writes);
    if (appliedCount === writes.length) return writes.map(() => true);
    // Not even a count of 0 is proof: a retry by the driver may find the first attempt applied.
    return this.#findWinners(writes, isCertain);
  }

  #writeOf(value: T): Write {
    const id = this.keyOf(value);
    const after = value.version;
    const version = after + 1;
    const body: T = { ...value, version };
    const writeId = nanoid(WRITE_ID_LENGTH);
    const operation: AnyBulkWriteOperation<VersionedDocument> =
      after === 0
        ? { insertOne: { document: { _id: id, version, body, recentWrites: [writeId] } } }
        : {
            updateOne: {
              filter: { _id: { $eq: id }, version: { $eq: after } },
              update: {
                $set: { version, body },
                $push: { recentWrites: { $each: [writeId], $slice: -WRITES_REMEMBERED } },
              },
            },
          };
    return { id, writeId, after, operation };
  }

  /**
   * Sends the batch, and once more where its outcome is unknown. The same compare and set can't be applied twice, and
   * once the second attempt is answered the first can't be applied any more: the version it asks for is gone.
   */
  async #send(writes: readonly Write[]): Promise<Sent> {
    try {
      return { appliedCount: await this.#sendOnce(writes), isCertain: true };
    } catch (error) {
      if (!isOutcomeUnknown(error)) throw error;
      return { appliedCount: await this.#sendOnce(writes), isCertain: false };
    }
  }

  async #sendOnce(writes: readonly Write[]): Promise<number> {
    // In one order everywhere: a server that locks a whole batch must not find two batches waiting for each other.
    const operations = writes.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map((write) => write.operation);
    try {
      const result = await this.collection.bulkWrite(operations, { ordered: false });
      return result.insertedCount + result.matchedCount;
    } catch (error) {
      const duplicates = duplicatesOf(error);
      if (duplicates === null) throw error;
      return duplicates.appliedCount;
    }
  }

  async #findWinners(writes: readonly Write[], isCertain: boolean): Promise<readonly boolean[]> {
    const ids = writes.map((write) => write.id);
    const options = { projection: { version: 1, recentWrites: 1 }, ...inOneReply(ids.length) };
    const documents = await this.collection.find({ _id: { $in: ids } }, options).toArray();
    const inBatch = inOrder(ids, documents, (document) => document._id);
    return writes.map((write, index) => isWinner(write, inBatch[index] ?? null, isCertain));
  }
}

const isWinner = (write: Write, document: VersionedDocument | null, isCertain: boolean): boolean => {
  const versionsSince = (document?.version ?? 0) - write.after;
  // With one attempt this means that another write was first and no majority has it yet. With two it can't be.
  if (versionsSince <= 0 && isCertain) return false;
  const writer = versionsSince > 0 ? document?.recentWrites.at(-versionsSince) : undefined;
  if (writer === undefined) {
    throw new StoreError(
      'UNREACHABLE',
      'MongoDB’s reply to a write was lost, and it can’t be told any more who was first.',
    );
  }
  return writer === write.writeId;
};
