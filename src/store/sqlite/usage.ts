/** The table of usage. What rides in a wallet is added in the transaction of its commit, so that it is counted once. */
import type { AccountId } from '../../domain/ids.js';
import { sumRows } from '../../domain/usage.js';
import type { UsageCounts, UsageQuery, UsageRow, UsageSum } from '../../domain/usage.js';
import type { AccountUsage, UsagePage } from '../store.js';
import { keyText } from './sqliteDriver.js';
import type { SqliteDriver, SqliteRow, SqliteStatement } from './sqliteDriver.js';

const COUNTS = ['positions', 'units', 'credits', 'coveredUnits', 'refundedCredits', 'refundedUnits'] as const;
const COLUMNS = ['positions', 'units', 'credits', 'covered_units', 'refunded_credits', 'refunded_units'] as const;
const EXACT_MAX = Number.MAX_SAFE_INTEGER;
/** Longer than any; a number that SQLite takes for a length. */
const DAY_LENGTH_MAX = 100;
/** Of what is added in commits. Rows that other stores made have parts from 1. */
const OWN_PART = 0;

const upsert = (driver: SqliteDriver, merge: (column: string) => string): SqliteStatement =>
  driver.prepare(
    `INSERT INTO usage (account_id, day, coordinate, part, ${COLUMNS.join(', ')})
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET ${COLUMNS.map((column) => `${column} = ${merge(column)}`).join(', ')}`,
  );

export class Usage {
  readonly #add: SqliteStatement;
  readonly #raise: SqliteStatement;
  readonly #find: SqliteStatement;
  readonly #list: SqliteStatement;

  constructor(driver: SqliteDriver) {
    this.#add = upsert(driver, (column) => `min(${EXACT_MAX}, ${column} + excluded.${column})`);
    this.#raise = upsert(driver, (column) => `max(${column}, excluded.${column})`);
    const sums = COLUMNS.map((column) => `min(${EXACT_MAX}, sum(${column})) AS ${column}`).join(', ');
    this.#find = driver.prepare(
      `SELECT span AS day, field AS coordinate, 0 AS part, ${sums}
       FROM (SELECT substr(day, 1, ?) AS span, iif(?, coordinate, '') AS field, ${COLUMNS.join(', ')}
             FROM usage WHERE account_id = ? AND day >= ? AND day <= ?)
       GROUP BY span, field ORDER BY span, field LIMIT ?`,
    );
    this.#list = driver.prepare(
      `SELECT day, coordinate, part, ${COLUMNS.join(', ')} FROM usage
       WHERE account_id = ? AND (day, coordinate, part) > (?, ?, ?) ORDER BY day, coordinate, part LIMIT ?`,
    );
  }

  /** Adds what a commit brings. Belongs into its transaction. */
  add(accountId: AccountId, row: UsageRow): void {
    this.#add.run(...valuesOf(accountId, { ...row, part: OWN_PART }));
  }

  /** Brings a row up to what it came to elsewhere. Belongs into a transaction. */
  raise({ accountId, ...row }: AccountUsage): void {
    this.#raise.run(...valuesOf(accountId, row));
  }

  sum(accountId: AccountId, query: UsageQuery): readonly UsageSum[] {
    const { from, to, by, first } = query;
    const spanLength = by.includes('DAY') ? DAY_LENGTH_MAX : by.includes('MONTH') ? '2025-01'.length : 0;
    const isByField = by.includes('COORDINATE') ? 1 : 0;
    const rows = this.#find.all(spanLength, isByField, keyText(accountId), from, to, first);
    return sumRows(rows.map(rowOf), query);
  }

  list(accountId: AccountId, { first, after }: UsagePage): readonly UsageRow[] {
    const { day, coordinate, part } = after ?? { day: '', coordinate: '', part: -1 };
    return this.#list.all(keyText(accountId), day, coordinate, part, first).map(rowOf);
  }
}

const valuesOf = (accountId: AccountId, row: UsageRow): readonly (string | number)[] => [
  keyText(accountId),
  row.day,
  row.coordinate,
  row.part,
  ...COUNTS.map((count) => row[count]),
];

const rowOf = (row: SqliteRow): UsageRow => {
  const counts = COUNTS.map((count, index) => [count, Number(row[COLUMNS[index] ?? count])]);
  return {
    day: String(row['day']),
    coordinate: String(row['coordinate']),
    part: Number(row['part']),
    ...(Object.fromEntries(counts) as Record<keyof UsageCounts, number>),
  };
};
