/** Plans: each version is written once. */
import { isDeepStrictEqual } from 'node:util';
import type { Plan } from '../../domain/plan.js';
import type { WriteOutcome } from '../store.js';
import { readPlan } from '../storedShape.js';
import { keyText } from './sqliteDriver.js';
import type { SqliteDriver, SqliteStatement } from './sqliteDriver.js';
import { bodyOf } from './versionedRecords.js';

export class Plans {
  readonly #findAll: SqliteStatement;
  readonly #findOne: SqliteStatement;
  readonly #insert: SqliteStatement;

  constructor(driver: SqliteDriver) {
    this.#findAll = driver.prepare('SELECT body FROM plans ORDER BY id, version');
    this.#findOne = driver.prepare('SELECT body FROM plans WHERE id = ? AND version = ?');
    this.#insert = driver.prepare('INSERT INTO plans (id, version, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
  }

  findAll(): readonly Plan[] {
    return this.#findAll.all().map((row) => readPlan(bodyOf(row)));
  }

  /** The same version with the same content again is no loss: it is what is stored. */
  save(plan: Plan): WriteOutcome {
    const id = keyText(plan.id);
    const body = JSON.stringify(plan);
    if (this.#insert.run(id, plan.version, body) === 1) return 'WON';
    const [stored] = this.#findOne.all(id, plan.version).map(bodyOf);
    return isDeepStrictEqual(stored, JSON.parse(body)) ? 'WON' : 'LOST';
  }
}
