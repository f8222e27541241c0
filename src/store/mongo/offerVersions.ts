/** Plans and packs: each version is written once. */
import { isDeepStrictEqual } from 'node:util';
import type { Collection } from 'mongodb';
import type { WriteOutcome } from '../store.js';
import { inOneReply } from './collections.js';
import type { OfferDocument } from './collections.js';
import { duplicatesOf } from './storeErrorOf.js';

/** Offers are few: they come in one reply, where the server's own batches are of 101. */
const BATCH_SIZE = 1_000;

export class OfferVersions<Offered extends { readonly id: string; readonly version: number }> {
  constructor(
    private readonly collection: Collection<OfferDocument>,
    private readonly read: (stored: unknown) => Offered,
  ) {}

  async findAll(): Promise<readonly Offered[]> {
    const documents = await this.collection.find({}, { sort: { _id: 1 }, batchSize: BATCH_SIZE }).toArray();
    return documents.map((document) => this.read(document.body));
  }

  /** The same version with the same content again is no loss: it is what is stored. */
  async save(offers: readonly Offered[]): Promise<readonly WriteOutcome[]> {
    if (offers.length === 0) return [];
    const documents = offers.map((each): OfferDocument => ({
      _id: { id: each.id, version: each.version },
      body: each,
    }));
    try {
      await this.collection.insertMany(documents, { ordered: false });
      return offers.map(() => 'WON');
    } catch (error) {
      if (duplicatesOf(error) === null) throw error;
    }
    const ids = documents.map((document) => document._id);
    const stored = await this.collection.find({ _id: { $in: ids } }, inOneReply(ids.length)).toArray();
    return offers.map((each) => (stored.some(({ body }) => isDeepStrictEqual(body, each)) ? 'WON' : 'LOST'));
  }
}
