/** When API keys were last used: apart from the keys, so that noting it never loses or wins against a change of one. */
import type { Collection } from 'mongodb';
import type { Instant } from '../../domain/period.js';
import type { KeyUse } from '../store.js';
import type { KeyUseDocument } from './collections.js';

export class KeyUses {
  constructor(private readonly collection: Collection<KeyUseDocument>) {}

  async save(uses: readonly KeyUse[]): Promise<void> {
    if (uses.length === 0) return;
    const operations = uses
      .toSorted((a, b) => (a.secretHash < b.secretHash ? -1 : 1))
      .map(({ secretHash, usedAt }) => ({
        updateOne: { filter: { _id: { $eq: secretHash } }, update: { $max: { usedAt } }, upsert: true },
      }));
    await this.collection.bulkWrite(operations, { ordered: false });
  }

  async find(secretHashes: readonly string[]): Promise<readonly (Instant | null)[]> {
    if (secretHashes.length === 0) return [];
    const documents = await this.collection.find({ _id: { $in: [...secretHashes] } }).toArray();
    const byHash = new Map(documents.map(({ _id, usedAt }) => [_id, usedAt]));
    return secretHashes.map((hash) => byHash.get(hash) ?? null);
  }
}
