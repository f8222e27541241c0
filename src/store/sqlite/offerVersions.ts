/** Plans and packs: each version is written once. */
import { isDeepStrictEqual } from 'node:util';
import type { WriteOutcome } from '../store.js';
import { keyText } from './sqliteDriver.js';
import type { SqliteDriver, SqliteStatement } from './sqliteDriver.js';
import { bodyOf } from './versionedRecords.js';

export class OfferVersions<Offered extends { readonly id: string; readonly version: number }> {
  readonly #findAll: SqliteStatement;
  readonly #findOne: SqliteStatement;
  readonly #insert: SqliteStatement;

  constructor(
    driver: SqliteDriver,
    table: 'plans' | 'packs',
    private readonly read: (stored: unknown) => Offered,
  ) {
    this.#findAll = driver.prepare(`SELECT body FROM ${table} ORDER BY id, version`);
    this.#findOne = driver.prepare(`SELECT body FROM ${table} WHERE id = ? AND version = ?`);
    this.#insert = driver.prepare(`INSERT INTO ${table} (id, version, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`);
  }

  findAll(): readonly Offered[] {
    return this.#findAll.all().map((row) => this.read(bodyOf(row)));
  }

  /** The same version with the same content again is no loss: it is what is stored. */
  save(offered: Offered): WriteOutcome {
    const id = keyText(offered.id);
    const body = JSON.stringify(offered);
    if (this.#insert.run(id, offered.version, body) === 1) return 'WON';
    const [stored] = this.#findOne.all(id, offered.version).map(bodyOf);
    return isDeepStrictEqual(stored, JSON.parse(body)) ? 'WON' : 'LOST';
  }
}
