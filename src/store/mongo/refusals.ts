/**
 * Refusals of the last 30 days: the server removes older ones by itself. A record's content is kept as JSON text, since
 * some of it comes from outside; beside it stands what it is found by.
 */
import type { Collection, Filter } from 'mongodb';
import type { LogCursor } from '../../domain/logCursor.js';
import { HOUR_MS } from '../../domain/period.js';
import { COUNTED_VALUES_MAX, facetsOf, REFUSAL_FACETS, REFUSALS_KEPT_MS } from '../../domain/refusalRecord.js';
import type {
  RefusalCount,
  RefusalCounts,
  RefusalFacet,
  RefusalFilter,
  RefusalRecord,
} from '../../domain/refusalRecord.js';
import { inOrder } from '../inOrder.js';
import type { ListPage } from '../store.js';
import { readRefusalRecord } from '../storedShape.js';
import { beyond, parseEntry } from './collections.js';
import type { RefusalDocument } from './collections.js';
import { duplicatesOf } from './storeErrorOf.js';

export class Refusals {
  constructor(private readonly collection: Collection<RefusalDocument>) {}

  async append(records: readonly RefusalRecord[]): Promise<void> {
    if (records.length === 0) return;
    const documents = records.map((record): RefusalDocument => {
      const { id, at } = record;
      const expiresAt = new Date(at + REFUSALS_KEPT_MS);
      return { _id: id, at, expiresAt, facets: facetsOf(record), entry: JSON.stringify(record) };
    });
    try {
      await this.collection.insertMany(documents, { ordered: false });
    } catch (error) {
      if (duplicatesOf(error) === null) throw error;
    }
  }

  async find(ids: readonly string[]): Promise<readonly (RefusalRecord | null)[]> {
    if (ids.length === 0) return [];
    const documents = await this.collection.find({ _id: { $in: [...ids] } }, ENTRY).toArray();
    return inOrder(ids, documents.map(readDocument), (record) => record.id);
  }

  /** Looks at a short time first, then at longer ones: servers that sort what they find have little to sort then. */
  async findPage(filter: RefusalFilter, page: ListPage<LogCursor>): Promise<readonly RefusalRecord[]> {
    // To MongoDB a limit of 0 means no limit.
    if (page.count <= 0) return [];
    for (const within of timesNear(filter, page)) {
      const found = await this.#findWithin({ ...filter, ...within }, page);
      if (found.length === page.count) return found;
    }
    return this.#findWithin(filter, page);
  }

  async #findWithin(filter: RefusalFilter, page: ListPage<LogCursor>): Promise<readonly RefusalRecord[]> {
    const { count, after, isBackward } = page;
    const order = isBackward ? 1 : -1;
    const matching = { $and: [conditionsOf(filter), beyond<RefusalDocument>(after, isBackward)] };
    const options = { ...ENTRY, sort: { at: order, _id: order }, limit: count } as const;
    const found = (await this.collection.find(matching, options).toArray()).map(readDocument);
    return isBackward ? found.reverse() : found;
  }

  async count(filter: RefusalFilter, spanMs: number): Promise<RefusalCounts> {
    const [overTime, ...counts] = await Promise.all([
      this.#countOverTime(filter, spanMs),
      ...REFUSAL_FACETS.map((facet) => this.#countBy(facet, filter)),
    ]);
    const total = overTime.reduce((sum, each) => sum + each.count, 0);
    const by = Object.fromEntries(REFUSAL_FACETS.map((facet, index) => [facet, counts[index] ?? []]));
    return { total, by: by as Record<RefusalFacet, readonly RefusalCount[]>, overTime };
  }

  async #countOverTime(filter: RefusalFilter, spanMs: number): Promise<RefusalCounts['overTime']> {
    const spans = await this.collection
      .aggregate<{ readonly _id: number; readonly count: number }>([
        { $match: conditionsOf(filter) },
        { $group: { _id: { $subtract: ['$at', { $mod: ['$at', spanMs] }] }, count: { $sum: 1 } } },
        { $sort: { _id: 1 } },
      ])
      .toArray();
    return spans.map(({ _id, count }) => ({ at: _id, count }));
  }

  async #countBy(facet: RefusalFacet, filter: RefusalFilter): Promise<readonly RefusalCount[]> {
    const values = await this.collection
      .aggregate<{ readonly _id: string; readonly count: number }>([
        { $match: conditionsOf(filter) },
        { $unwind: `$facets.${facet}` },
        { $group: { _id: `$facets.${facet}`, count: { $sum: 1 } } },
        { $sort: { count: -1, _id: 1 } },
        { $limit: COUNTED_VALUES_MAX },
      ])
      .toArray();
    return values.map(({ _id, count }) => ({ value: _id, count }));
  }
}

const SPANS_MS = [1, 8, 64].map((hours) => hours * HOUR_MS);

/** The times next to where a page begins, each longer than the one before, and shorter than what the filter asks for. */
const timesNear = (
  { from, until }: RefusalFilter,
  { after, isBackward }: ListPage<LogCursor>,
): readonly Partial<RefusalFilter>[] => {
  if (isBackward) {
    const start = after?.at ?? from ?? Date.now() - REFUSALS_KEPT_MS;
    return SPANS_MS.map((span) => ({ until: start + span })).filter((each) => until === null || each.until < until);
  }
  const start = after?.at ?? until ?? Date.now();
  return SPANS_MS.map((span) => ({ from: start - span })).filter((each) => from === null || each.from > from);
};

const ENTRY = { projection: { entry: 1 } } as const;

const readDocument = ({ entry }: Pick<RefusalDocument, 'entry'>): RefusalRecord => readRefusalRecord(parseEntry(entry));

const conditionsOf = ({ facets, from, until }: RefusalFilter): Filter<RefusalDocument> => ({
  ...Object.fromEntries(Object.entries(facets).map(([facet, value]) => [`facets.${facet}`, { $eq: value }])),
  ...(from === null && until === null
    ? {}
    : { at: { ...(from === null ? {} : { $gte: from }), ...(until === null ? {} : { $lt: until }) } }),
});
