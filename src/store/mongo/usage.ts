/**
 * The collection of usage, together with the rows that ride in wallets. A row is in both for a while, and the one in the
 * wallet is as new as the other or newer: it counts in its place.
 */
import type { Collection } from 'mongodb';
import type { AccountId } from '../../domain/ids.js';
import { sumRows } from '../../domain/usage.js';
import type { UsageQuery, UsageRow, UsageSum } from '../../domain/usage.js';
import type { Wallet } from '../../domain/wallet.js';
import type { AccountUsage, UsagePage } from '../store.js';
import { inOneReply } from './collections.js';
import type { UsageDocument } from './collections.js';
import type { VersionedRecords } from './versionedRecords.js';

const COUNTS = ['positions', 'units', 'credits', 'coveredUnits', 'refundedCredits', 'refundedUnits'] as const;
const SUMS = Object.fromEntries(COUNTS.map((count) => [count, { $sum: `$${count}` }]));
const MONTH_LENGTH = '2025-01'.length;

export class Usage {
  constructor(
    private readonly collection: Collection<UsageDocument>,
    private readonly wallets: VersionedRecords<Wallet>,
  ) {}

  /** Raising a count to what it came to can be done twice, and late. */
  async append(rows: readonly AccountUsage[]): Promise<void> {
    if (rows.length === 0) return;
    const operations = rows.map(({ accountId, day, coordinate, part, ...counts }) => ({
      updateOne: {
        filter: { _id: { accountId, day, coordinate, part } },
        update: { $max: counts, $setOnInsert: { accountId, day, coordinate, part } },
        upsert: true,
      },
    }));
    await this.collection.bulkWrite(operations, { ordered: false });
  }

  async sum(accountId: AccountId, query: UsageQuery): Promise<readonly UsageSum[]> {
    const { from, to, by, first } = query;
    const riding = (await this.#ridingOf(accountId)).filter(({ day }) => day >= from && day <= to);
    const span = by.includes('DAY') ? '$day' : { $substrBytes: ['$day', 0, MONTH_LENGTH] };
    const groups = {
      day: by.includes('DAY') || by.includes('MONTH') ? span : null,
      coordinate: by.includes('COORDINATE') ? '$coordinate' : null,
    };
    const parts = riding.map(({ part }) => part);
    const stored = await this.collection
      .aggregate<Omit<UsageSum, 'day' | 'coordinate'> & { readonly _id: Pick<UsageSum, 'day' | 'coordinate'> }>([
        { $match: { accountId: { $eq: accountId }, day: { $gte: from, $lte: to }, part: { $nin: parts } } },
        { $group: { _id: groups, ...SUMS } },
        { $sort: { '_id.day': 1, '_id.coordinate': 1 } },
        { $limit: first },
      ])
      .toArray();
    return sumRows([...stored.map(({ _id, ...counts }) => ({ ..._id, ...counts })), ...riding], query);
  }

  async list(accountId: AccountId, { first, after }: UsagePage): Promise<readonly UsageRow[]> {
    const riding = await this.#ridingOf(accountId);
    const parts = riding.map(({ part }) => part);
    const { day = '', coordinate = '', part = -1 } = after ?? {};
    const place = [
      { day: { $gt: day } },
      { day: { $eq: day }, coordinate: { $gt: coordinate } },
      { day: { $eq: day }, coordinate: { $eq: coordinate }, part: { $gt: part } },
    ];
    const filter = { accountId: { $eq: accountId }, part: { $nin: parts }, $or: place };
    const sort = { day: 1, coordinate: 1, part: 1 } as const;
    const documents = await this.collection.find(filter, { sort, ...inOneReply(first) }).toArray();
    const stored = documents.map(rowOf);
    const isAfter = (row: UsageRow) => after === null || byPlace(row, after) > 0;
    return [...stored, ...riding.filter(isAfter)].sort(byPlace).slice(0, first);
  }

  async #ridingOf(accountId: AccountId): Promise<readonly UsageRow[]> {
    const [wallet] = await this.wallets.find([accountId]);
    return wallet?.usage ?? [];
  }
}

const rowOf = ({ day, coordinate, part, ...document }: UsageDocument): UsageRow => ({
  day,
  coordinate,
  part,
  positions: document.positions,
  units: document.units,
  credits: document.credits,
  coveredUnits: document.coveredUnits,
  refundedCredits: document.refundedCredits,
  refundedUnits: document.refundedUnits,
});

type Place = Pick<UsageRow, 'day' | 'coordinate' | 'part'>;

const byPlace = (a: Place, b: Place): number => {
  if (a.day !== b.day) return a.day < b.day ? -1 : 1;
  if (a.coordinate !== b.coordinate) return a.coordinate < b.coordinate ? -1 : 1;
  return a.part - b.part;
};
