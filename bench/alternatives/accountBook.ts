/**
 * What one would write without Tollgate: tables of subscriptions, of what their plans include, and of balances, in a SQLite
 * file as durable as Tollgate's. Its debit is conditional, so that by itself it never takes a balance below zero.
 */
import { join } from 'node:path';
import Libsql from 'libsql';
import { ACCOUNTS_PER_MEANS, FEATURES, keyOf, PLENTY } from '../world.js';

const PLAN = 'covered';

export class AccountBook {
  readonly database: Libsql.Database;

  constructor(folder: string, file: string) {
    this.database = new Libsql(join(folder, `${file}.db`));
    this.database.exec(`
      PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;
      CREATE TABLE subscriptions (account TEXT PRIMARY KEY, plan TEXT NOT NULL, paid_until INTEGER NOT NULL)
        STRICT, WITHOUT ROWID;
      CREATE TABLE plan_features (plan TEXT, feature TEXT, PRIMARY KEY (plan, feature)) STRICT, WITHOUT ROWID;
      CREATE TABLE balances (account TEXT PRIMARY KEY, credits INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    `);
    const include = this.database.prepare('INSERT INTO plan_features VALUES (?, ?)');
    for (const feature of FEATURES) include.run(PLAN, feature);
    const subscribe = this.database.prepare('INSERT INTO subscriptions VALUES (?, ?, ?)');
    for (let index = 0; index < ACCOUNTS_PER_MEANS; index += 1) {
      subscribe.run(keyOf('covered', index), PLAN, Date.now() * 2);
      this.setBalance(keyOf('paid', index), PLENTY);
    }
    this.#findCoverage = this.database.prepare(
      'SELECT paid_until FROM subscriptions JOIN plan_features USING (plan) WHERE account = ? AND feature = ?',
    );
    this.#findFeatures = this.database.prepare(
      'SELECT feature FROM subscriptions JOIN plan_features USING (plan) WHERE account = ? AND paid_until > ?',
    );
    this.#findBalance = this.database.prepare('SELECT credits FROM balances WHERE account = ?');
    this.#debit = this.database.prepare('UPDATE balances SET credits = credits - ? WHERE account = ? AND credits >= ?');
    this.#drain = this.database.prepare('UPDATE balances SET credits = max(0, credits - ?) WHERE account = ?');
  }

  readonly #findCoverage: Libsql.Statement;
  readonly #findFeatures: Libsql.Statement;
  readonly #findBalance: Libsql.Statement;
  readonly #debit: Libsql.Statement;
  readonly #drain: Libsql.Statement;

  setBalance(account: string, credits: number): void {
    this.database.prepare('INSERT OR REPLACE INTO balances VALUES (?, ?)').run(account, credits);
  }

  async isCovered(account: string, feature: string): Promise<boolean> {
    const row = this.#findCoverage.get(account, feature) as { readonly paid_until: number } | undefined;
    return row !== undefined && row.paid_until > Date.now();
  }

  /** All that the account's plan includes. */
  async findFeatures(account: string): Promise<ReadonlySet<string>> {
    const rows = this.#findFeatures.all(account, Date.now()) as readonly { readonly feature: string }[];
    return new Set(rows.map(({ feature }) => feature));
  }

  async findCredits(account: string): Promise<number> {
    const row = this.#findBalance.get(account) as { readonly credits: number } | undefined;
    return row?.credits ?? 0;
  }

  /** Takes the credits if they are there. */
  async debit(account: string, credits: number): Promise<boolean> {
    return this.#debit.run(credits, account, credits).changes === 1;
  }

  /** Takes what is there, after the fact. */
  async drain(account: string, credits: number): Promise<void> {
    this.#drain.run(credits, account);
  }

  close(): void {
    this.database.close();
  }
}
