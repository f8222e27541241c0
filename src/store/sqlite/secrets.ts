/** Secrets of the server, by name; and, in the same table, what is written to see whether anything can be. */
import { keyText } from './sqliteDriver.js';
import type { SqliteDriver, SqliteStatement } from './sqliteDriver.js';

const PROBE = 'write-probe/';
/** More than a page has room for, as the next entry of a ledger may need it. */
const PROBE_REPEATS = 1_000;

export class Secrets {
  readonly #propose: SqliteStatement;
  readonly #find: SqliteStatement;
  readonly #forget: SqliteStatement;

  constructor(driver: SqliteDriver) {
    this.#propose = driver.prepare('INSERT INTO secrets (name, secret) VALUES (?, ?) ON CONFLICT DO NOTHING');
    this.#find = driver.prepare('SELECT secret FROM secrets WHERE name = ?');
    this.#forget = driver.prepare('DELETE FROM secrets WHERE name = ?');
  }

  keep(name: string, proposed: string): string {
    const key = keyText(name);
    this.#propose.run(key, proposed);
    return String(this.#find.all(key)[0]?.['secret']);
  }

  /** Writes what nobody ever sees, in one transaction. */
  probe(): void {
    const key = keyText(PROBE);
    this.#propose.run(key, PROBE.repeat(PROBE_REPEATS));
    this.#forget.run(key);
  }
}
