/** When API keys were last used: apart from the keys, so that noting it never loses or wins against a change of one. */
import type { Instant } from '../../domain/period.js';
import type { KeyUse } from '../store.js';
import { keyList, keyText } from './sqliteDriver.js';
import type { SqliteDriver, SqliteStatement } from './sqliteDriver.js';

export class KeyUses {
  readonly #upsert: SqliteStatement;
  readonly #find: SqliteStatement;

  constructor(driver: SqliteDriver) {
    this.#upsert = driver.prepare(
      `INSERT INTO key_uses (id, used_at) VALUES (?, ?)
       ON CONFLICT (id) DO UPDATE SET used_at = max(used_at, excluded.used_at)`,
    );
    this.#find = driver.prepare('SELECT id, used_at FROM key_uses WHERE id IN (SELECT value FROM json_each(?))');
  }

  save({ secretHash, usedAt }: KeyUse): void {
    this.#upsert.run(keyText(secretHash), usedAt);
  }

  find(secretHashes: readonly string[]): readonly (Instant | null)[] {
    if (secretHashes.length === 0) return [];
    const rows = this.#find.all(keyList(secretHashes));
    const byId = new Map(rows.map((row) => [row['id'], Number(row['used_at'])]));
    return secretHashes.map((hash) => byId.get(keyText(hash)) ?? null);
  }
}
