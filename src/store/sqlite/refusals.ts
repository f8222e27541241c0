/**
 * Refusals of the last 30 days. A record is found by its id, by time, and by each of its facets: a row per value, which has
 * the record's place in it, so that a page by any filter is read off an index.
 */
import type { LogCursor } from '../../domain/logCursor.js';
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
import { keyList, keyText } from './sqliteDriver.js';
import type { SqliteDriver, SqliteStatement, SqliteValue } from './sqliteDriver.js';
import { bodyOf } from './versionedRecords.js';

/** How many that are over are removed for each one that is added, so that a file which has many gets rid of them. */
const FORGOTTEN_PER_ADDED = 2;

/** A part of a `WHERE`, and the values of its places. */
interface Condition {
  readonly sql: string;
  readonly values: readonly SqliteValue[];
}

export class Refusals {
  readonly #insert: SqliteStatement;
  readonly #insertFacets: SqliteStatement;
  readonly #find: SqliteStatement;
  readonly #findOver: SqliteStatement;
  readonly #forget: SqliteStatement;
  readonly #forgetFacet: SqliteStatement;
  /** By their text: there are as many as combinations of facets that are asked for. */
  readonly #prepared = new Map<string, SqliteStatement>();

  constructor(private readonly driver: SqliteDriver) {
    this.#insert = driver.prepare('INSERT INTO refusals (id, at, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
    this.#insertFacets = driver.prepare(
      `INSERT INTO refusal_facets (facet, value, at, id) SELECT value ->> 0, value ->> 1, ?, ? FROM json_each(?)`,
    );
    this.#find = driver.prepare('SELECT body FROM refusals WHERE id IN (SELECT value FROM json_each(?))');
    this.#findOver = driver.prepare('SELECT body FROM refusals WHERE at < ? ORDER BY at LIMIT ?');
    this.#forget = driver.prepare('DELETE FROM refusals WHERE id = ?');
    this.#forgetFacet = driver.prepare(
      'DELETE FROM refusal_facets WHERE facet = ? AND value = ? AND at = ? AND id = ?',
    );
  }

  /** Belongs into a transaction. Removes some that are over. */
  append(records: readonly RefusalRecord[]): void {
    for (const record of records) {
      const id = keyText(record.id);
      const isNew = this.#insert.run(id, record.at, JSON.stringify(record)) === 1;
      if (isNew) this.#insertFacets.run(record.at, id, JSON.stringify(facetRows(record)));
    }
    const newest = Math.max(...records.map(({ at }) => at));
    this.#forgetOlder(newest - REFUSALS_KEPT_MS, FORGOTTEN_PER_ADDED * records.length);
  }

  find(ids: readonly string[]): readonly (RefusalRecord | null)[] {
    if (ids.length === 0) return [];
    const rows = this.#find.all(keyList(ids));
    return inOrder(
      ids,
      rows.map((row) => readRefusalRecord(bodyOf(row))),
      (record) => record.id,
    );
  }

  findPage(filter: RefusalFilter, { count, after, isBackward }: ListPage<LogCursor>): readonly RefusalRecord[] {
    if (count <= 0) return [];
    const place: Condition | null =
      after === null
        ? null
        : { sql: `(at, id) ${isBackward ? '>' : '<'} (?, ?)`, values: [after.at, keyText(after.id)] };
    const order = isBackward ? 'ASC' : 'DESC';
    const { table, where, values } = matching(filter, place);
    const sql = `SELECT body FROM (
        SELECT at, id FROM ${table} AS f WHERE ${where} ORDER BY at ${order}, id ${order} LIMIT ?
      ) AS found CROSS JOIN refusals USING (id) ORDER BY found.at ${order}, found.id ${order}`;
    const records = this.#run(sql, [...values, count]).map((row) => readRefusalRecord(bodyOf(row)));
    return isBackward ? records.reverse() : records;
  }

  count(filter: RefusalFilter, spanMs: number): RefusalCounts {
    const { table, where, values } = matching(filter, null);
    const overTime = this.#run(
      `SELECT at - at % ? AS span, count(*) AS n FROM ${table} AS f WHERE ${where} GROUP BY span ORDER BY span`,
      [spanMs, ...values],
    ).map((row) => ({ at: Number(row['span']), count: Number(row['n']) }));
    const total = overTime.reduce((sum, each) => sum + each.count, 0);
    const by = Object.fromEntries(REFUSAL_FACETS.map((facet) => [facet, this.#countBy(facet, filter)]));
    return { total, by: by as Record<RefusalFacet, readonly RefusalCount[]>, overTime };
  }

  #countBy(facet: RefusalFacet, filter: RefusalFilter): readonly RefusalCount[] {
    const conditions = [...timesOf(filter), ...entriesOf(filter).map(alsoHas)];
    const where = ['facet = ?', ...conditions.map(({ sql }) => sql)].join(' AND ');
    return this.#run(
      `SELECT value, count(*) AS n FROM refusal_facets AS f WHERE ${where} GROUP BY value ORDER BY n DESC, value LIMIT ?`,
      [facet, ...conditions.flatMap((each) => each.values), COUNTED_VALUES_MAX],
    ).map((row) => ({ value: textOf(row['value']), count: Number(row['n']) }));
  }

  #forgetOlder(than: number, countMax: number): void {
    for (const row of this.#findOver.all(than, countMax)) {
      const record = readRefusalRecord(bodyOf(row));
      for (const [facet, value] of facetRows(record)) {
        this.#forgetFacet.run(facet, value, record.at, keyText(record.id));
      }
      this.#forget.run(keyText(record.id));
    }
  }

  #run(sql: string, values: readonly SqliteValue[]) {
    const statement = this.#prepared.get(sql) ?? this.driver.prepare(sql);
    this.#prepared.set(sql, statement);
    return statement.all(...values);
  }
}

const facetRows = (record: RefusalRecord): readonly (readonly [RefusalFacet, string])[] => {
  const facets = facetsOf(record);
  return REFUSAL_FACETS.flatMap((facet) => facets[facet].map((value) => [facet, keyText(value)] as const));
};

/** The facets that a filter names, those first that few records share. */
const SELECTIVE_FIRST: readonly RefusalFacet[] = ['account', 'coordinate', 'feature', 'plan', 'reason'];

const entriesOf = ({ facets }: RefusalFilter): readonly (readonly [RefusalFacet, string])[] =>
  SELECTIVE_FIRST.flatMap((facet) => {
    const value = facets[facet];
    return value === undefined ? [] : [[facet, keyText(value)] as const];
  });

const timesOf = ({ from, until }: RefusalFilter): readonly Condition[] => [
  ...(from === null ? [] : [{ sql: 'at >= ?', values: [from] }]),
  ...(until === null ? [] : [{ sql: 'at < ?', values: [until] }]),
];

const alsoHas = ([facet, value]: readonly [RefusalFacet, string]): Condition => ({
  sql: `EXISTS (SELECT 1 FROM refusal_facets AS o WHERE o.facet = ? AND o.value = ? AND o.at = f.at AND o.id = f.id)`,
  values: [facet, value],
});

/** Where to look for what a filter wants: the rows of one facet, or all records by time. */
const matching = (filter: RefusalFilter, place: Condition | null) => {
  const [first, ...others] = entriesOf(filter);
  const conditions: readonly Condition[] = [
    ...(first === undefined ? [] : [{ sql: 'facet = ? AND value = ?', values: first }]),
    ...timesOf(filter),
    ...(place === null ? [] : [place]),
    ...others.map(alsoHas),
  ];
  return {
    table: first === undefined ? 'refusals' : 'refusal_facets',
    where: conditions.length === 0 ? 'true' : conditions.map(({ sql }) => sql).join(' AND '),
    values: conditions.flatMap(({ values }) => values),
  };
};

/** What `keyText` was made of. */
const textOf = (key: unknown): string => String(JSON.parse(`"${String(key)}"`));
