/** The part of the store's contract that the diagnosis rests on: refusals, found and counted by everything they have. */
import { describe, expect, it } from 'vitest';
import { accountId, planId } from '../../../src/domain/ids.js';
import type { LogCursor } from '../../../src/domain/logCursor.js';
import { HOUR_MS } from '../../../src/domain/period.js';
import type { RecordedRefusal, RefusalFilter, RefusalRecord } from '../../../src/domain/refusalRecord.js';
import type { OpenedStore } from './storeUnderTest.js';
import { aRefusalRecord, HOSTILE_STRINGS, walk } from './storedValues.js';

/** Records are kept for 30 days, by the clock of the machine. */
const NOW = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;

const filterBy = (facets: RefusalFilter['facets'], times: Partial<RefusalFilter> = {}): RefusalFilter => ({
  from: null,
  until: null,
  ...times,
  facets,
});

const refusal = (changes: Partial<RecordedRefusal>): RecordedRefusal => {
  const [first] = aRefusalRecord('any', NOW).refusals;
  if (first === undefined) throw new Error('A record has no refusal.');
  return { ...first, ...changes };
};

export const refusalContract = (opened: () => OpenedStore): void => {
  describe('refusals', () => {
    const store = () => opened().store;
    const idsOf = (records: readonly RefusalRecord[]) => records.map(({ id }) => id);
    const find = async (filter: RefusalFilter, count = 100) =>
      idsOf(await store().findRefusalPage(filter, { count, after: null, isBackward: false }));

    it('are found by id, in length and order, each as it was first written', async () => {
      const [one, two] = [aRefusalRecord('by-id-1', NOW), aRefusalRecord('by-id-2', NOW)];
      await store().appendRefusals([]);
      await store().appendRefusals([one, two]);
      await store().appendRefusals([{ ...one, operationName: 'Changed' }, aRefusalRecord('by-id-3', NOW)]);
      expect(await store().findRefusals(['by-id-2', 'none', 'by-id-1'])).toEqual([two, null, one]);
      expect(await store().findRefusals(['by-id-3'])).toEqual([aRefusalRecord('by-id-3', NOW)]);
      expect(await store().findRefusals([])).toEqual([]);
    });

    it('are listed newest first by each facet and any time, there and back, each once', async () => {
      const mine = accountId('lister');
      const records = [
        aRefusalRecord('b', NOW + 1, { accountId: mine }),
        aRefusalRecord('a', NOW + 1, { accountId: mine, planId: planId('lister-plan'), subscriptionState: 'ACTIVE' }),
        aRefusalRecord('d', NOW + 3, { accountId: mine, refusals: [refusal({ reason: 'LIMIT_REACHED' })] }),
        aRefusalRecord('c', NOW + 2, {
          accountId: mine,
          refusals: [refusal({ feature: 'lister-x' }), refusal({ coordinate: 'Lister.y', feature: null })],
        }),
        aRefusalRecord('e', NOW + 4, {
          accountId: null,
          refusals: [refusal({ reason: 'KEY_UNKNOWN', feature: null })],
        }),
      ];
      await store().appendRefusals(records);
      const cursorOf = ({ at, id }: LogCursor): LogCursor => ({ at, id });
      const { there, back } = await walk(
        (page) => store().findRefusalPage(filterBy({ account: mine }), page),
        cursorOf,
      );
      expect(there).toEqual([records[2], records[3], records[0], records[1]]);
      expect(back).toEqual(there);
      const all = await walk((page) => store().findRefusalPage(filterBy({}, { from: NOW + 1 }), page), cursorOf);
      expect(idsOf(all.there)).toEqual(['e', 'd', 'c', 'b', 'a']);
      expect(all.back).toEqual(all.there);

      expect(await find(filterBy({ plan: 'lister-plan' }))).toEqual(['a']);
      expect(await find(filterBy({ reason: 'LIMIT_REACHED' }))).toEqual(['d']);
      expect(await find(filterBy({ feature: 'lister-x' }))).toEqual(['c']);
      expect(await find(filterBy({ coordinate: 'Lister.y' }))).toEqual(['c']);
      expect(await find(filterBy({ account: mine, reason: 'INSUFFICIENT_FUNDS' }))).toEqual(['c', 'b', 'a']);
      expect(await find(filterBy({ account: mine, reason: 'INSUFFICIENT_FUNDS', feature: 'lister-x' }))).toEqual(['c']);
      expect(await find(filterBy({ account: mine, plan: 'other' }))).toEqual([]);
      expect(await find(filterBy({ account: mine }, { from: NOW + 2, until: NOW + 3 }))).toEqual(['c']);
      expect(await find(filterBy({ account: mine }), 0)).toEqual([]);
    });

    it('are counted by value and over time', async () => {
      const at = NOW - 10 * HOUR_MS;
      const mine = { accountId: accountId('counter'), planId: planId('counted') };
      await store().appendRefusals([
        aRefusalRecord('count-1', at, mine),
        aRefusalRecord('count-2', at + 5, mine),
        aRefusalRecord('count-3', at + HOUR_MS, { ...mine, refusals: [refusal({}), refusal({ feature: 'other' })] }),
        aRefusalRecord('count-4', at + HOUR_MS, { accountId: accountId('another') }),
        aRefusalRecord('count-5', at + 3 * HOUR_MS, {
          accountId: null,
          refusals: [refusal({ reason: 'KEY_UNKNOWN' })],
        }),
      ]);
      const counts = await store().countRefusals(filterBy({}, { from: at, until: at + 3 * HOUR_MS }), HOUR_MS);
      expect(counts).toEqual({
        total: 4,
        by: {
          account: [
            { value: 'counter', count: 3 },
            { value: 'another', count: 1 },
          ],
          plan: [{ value: 'counted', count: 3 }],
          reason: [{ value: 'INSUFFICIENT_FUNDS', count: 4 }],
          feature: [
            { value: 'geocoding', count: 4 },
            { value: 'other', count: 1 },
          ],
          coordinate: [{ value: 'Query.nearest', count: 4 }],
        },
        overTime: [
          { at, count: 2 },
          { at: at + HOUR_MS, count: 2 },
        ],
      });
      const ofAccount = await store().countRefusals(filterBy({ account: 'counter', feature: 'other' }), HOUR_MS);
      expect(ofAccount).toMatchObject({
        total: 1,
        by: { account: [{ value: 'counter', count: 1 }], feature: [{ count: 1 }, { value: 'other', count: 1 }] },
      });
      expect(await store().countRefusals(filterBy({ account: 'nobody' }), HOUR_MS)).toEqual({
        total: 0,
        by: { account: [], plan: [], reason: [], feature: [], coordinate: [] },
        overTime: [],
      });
    });

    it('are found and counted by whatever their values are', async () => {
      for (const [index, [, text]] of HOSTILE_STRINGS.entries()) {
        const record = aRefusalRecord(`hostile-${index}-${text.slice(0, 20)}`, NOW + index, {
          accountId: accountId(text),
          planId: planId(text),
          operationName: text,
          requestId: text,
          refusals: [refusal({ feature: text, coordinate: text })],
        });
        await store().appendRefusals([record]);
        expect(await store().findRefusals([record.id])).toEqual([record]);
        for (const facet of ['account', 'plan', 'feature', 'coordinate'] as const) {
          expect(await find(filterBy({ [facet]: text }))).toEqual([record.id]);
          const { by } = await store().countRefusals(filterBy({ [facet]: text }), HOUR_MS);
          expect(by[facet]).toEqual([{ value: text, count: 1 }]);
        }
      }
    });
  });
};
