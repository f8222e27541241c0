/** Plans: each version is written once. */
import { isDeepStrictEqual } from 'node:util';
import type { Collection } from 'mongodb';
import type { Plan } from '../../domain/plan.js';
import type { WriteOutcome } from '../store.js';
import { readPlan } from '../storedShape.js';
import { inOneReply } from './collections.js';
import type { PlanDocument } from './collections.js';
import { duplicatesOf } from './storeErrorOf.js';

/** Plans are few: they come in one reply, where the server's own batches are of 101. */
const BATCH_SIZE = 1_000;

export class Plans {
  constructor(private readonly collection: Collection<PlanDocument>) {}

  async findAll(): Promise<readonly Plan[]> {
    const documents = await this.collection.find({}, { sort: { _id: 1 }, batchSize: BATCH_SIZE }).toArray();
    return documents.map((document) => readPlan(document.body));
  }

  /** The same version with the same content again is no loss: it is what is stored. */
  async save(plans: readonly Plan[]): Promise<readonly WriteOutcome[]> {
    if (plans.length === 0) return [];
    const documents = plans.map((plan): PlanDocument => ({ _id: { id: plan.id, version: plan.version }, body: plan }));
    try {
      await this.collection.insertMany(documents, { ordered: false });
      return plans.map(() => 'WON');
    } catch (error) {
      if (duplicatesOf(error) === null) throw error;
    }
    const ids = documents.map((document) => document._id);
    const stored = await this.collection.find({ _id: { $in: ids } }, inOneReply(ids.length)).toArray();
    return plans.map((plan) => (stored.some(({ body }) => isDeepStrictEqual(body, plan)) ? 'WON' : 'LOST'));
  }
}
