/** The audit log's table. Entries are added and read; the file itself refuses to change or to drop one. */
import type { AuditEntry } from '../../domain/audit.js';
import type { LogCursor } from '../../domain/logCursor.js';
import type { ListPage } from '../store.js';
import { readAuditEntry } from '../storedShape.js';
import { keyText } from './sqliteDriver.js';
import type { SqliteDriver, SqliteStatement } from './sqliteDriver.js';
import { bodyOf } from './versionedRecords.js';

/** Beyond all instants that there are. */
const FUTURE: LogCursor = { at: Number.MAX_SAFE_INTEGER, id: '' };
const PAST: LogCursor = { at: Number.MIN_SAFE_INTEGER, id: '' };

export class AuditLog {
  readonly #insert: SqliteStatement;
  readonly #findOlder: SqliteStatement;
  readonly #findNewer: SqliteStatement;
  readonly #findOlderOf: SqliteStatement;
  readonly #findNewerOf: SqliteStatement;

  constructor(driver: SqliteDriver) {
    this.#insert = driver.prepare(
      'INSERT INTO audit (id, at, target, body) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    );
    const select = (where: string, order: string) =>
      driver.prepare(`SELECT body FROM audit WHERE ${where} (?, ?) ORDER BY at ${order}, id ${order} LIMIT ?`);
    this.#findOlder = select('(at, id) <', 'DESC');
    this.#findNewer = select('(at, id) >', 'ASC');
    this.#findOlderOf = select('target = ? AND (at, id) <', 'DESC');
    this.#findNewerOf = select('target = ? AND (at, id) >', 'ASC');
  }

  append(entry: AuditEntry): void {
    const target = entry.target === null ? null : keyText(entry.target);
    this.#insert.run(keyText(entry.id), entry.at, target, JSON.stringify(entry));
  }

  /** The log begins with its newest entry, so that what follows an entry is older. */
  findPage(target: string | null, { count, after, isBackward }: ListPage<LogCursor>): readonly AuditEntry[] {
    if (count <= 0) return [];
    const { at, id } = after ?? (isBackward ? PAST : FUTURE);
    const place = [at, keyText(id), count] as const;
    const [find, findOf] = isBackward ? [this.#findNewer, this.#findNewerOf] : [this.#findOlder, this.#findOlderOf];
    const rows = target === null ? find.all(...place) : findOf.all(keyText(target), ...place);
    const found = rows.map((row) => readAuditEntry(bodyOf(row)));
    return isBackward ? found.reverse() : found;
  }
}
