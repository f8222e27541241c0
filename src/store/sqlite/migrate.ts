/**
 * Tables and indexes, and how a file comes to have them. `user_version` counts the steps of `MIGRATIONS` that a file has
 * been through; `application_id` says that it is Tollgate's, so that nobody's other database is written to.
 */
import { StoreError } from '../storeError.js';
import { inTransaction } from './sqliteDriver.js';
import type { SqliteDriver } from './sqliteDriver.js';

/** "TLGT" in ASCII. */
const APPLICATION_ID = 0x544c4754;

/**
 * Steps are added at the end and never changed. A value is kept whole in `body` as JSON; the other columns are what it
 * is found by and compared by. The ledger has a rowid, so that its long rows are written side by side at the end and only
 * its indexes are written all over the file: measured over 100,000 accounts, a quarter more commits than sorted by account.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE accounts (id TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE api_keys (id TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE subscriptions (id TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE wallets (id TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE TABLE plans (
    id TEXT NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (id, version)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE ledger (
    account_id TEXT NOT NULL, seq INTEGER NOT NULL, id TEXT NOT NULL, hold_id TEXT, body TEXT NOT NULL,
    PRIMARY KEY (account_id, seq)
  ) STRICT;
  CREATE UNIQUE INDEX ledger_by_id ON ledger (account_id, id);
  CREATE INDEX ledger_by_hold ON ledger (account_id, hold_id, seq) WHERE hold_id IS NOT NULL;
  `,
  `
  CREATE TABLE keyed_operations (id TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE INDEX keyed_operations_by_expiry ON keyed_operations (json_extract(body, '$.expiresAt'));
  `,
  // For administration. `->` gives JSON text, which is one to one for every string, where `json_extract` is not.
  `
  CREATE TABLE operators (id TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE secrets (name TEXT PRIMARY KEY, secret TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE key_uses (id TEXT PRIMARY KEY, used_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE audit (id TEXT PRIMARY KEY, at INTEGER NOT NULL, target TEXT, body TEXT NOT NULL) STRICT;
  CREATE INDEX audit_by_time ON audit (at, id);
  CREATE INDEX audit_by_target ON audit (target, at, id);
  CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
  CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
  CREATE INDEX api_keys_by_id ON api_keys (body -> '$.id');
  CREATE INDEX api_keys_by_account ON api_keys (body -> '$.accountId', body -> '$.id');
  CREATE INDEX subscriptions_by_plan ON subscriptions (body -> '$.planId', id);
  CREATE INDEX subscriptions_by_version ON subscriptions (body -> '$.planId', body -> '$.planVersion', id);
  `,
  `
  CREATE TABLE refusals (id TEXT PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE INDEX refusals_by_time ON refusals (at, id);
  CREATE TABLE refusal_facets (
    facet TEXT NOT NULL, value TEXT NOT NULL, at INTEGER NOT NULL, id TEXT NOT NULL, PRIMARY KEY (facet, value, at, id)
  ) STRICT, WITHOUT ROWID;
  `,
  // By the plan that takes over at a period's end.
  `
  CREATE INDEX subscriptions_by_next_plan ON subscriptions (body -> '$.change.planId', id)
    WHERE body -> '$.change.planId' IS NOT NULL;
  `,
  // Payments. A customer of a provider belongs to one account, whoever writes at the same moment.
  `
  CREATE TABLE packs (
    id TEXT NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (id, version)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE purchases (id TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE INDEX purchases_by_time ON purchases (json_extract(body, '$.createdAt'), id);
  CREATE INDEX purchases_by_account ON purchases (body -> '$.accountId', json_extract(body, '$.createdAt'), id);
  CREATE INDEX purchases_by_checkout ON purchases (body -> '$.provider', body -> '$.checkout.id', id);
  CREATE INDEX purchases_by_payment ON purchases (body -> '$.provider', body -> '$.paymentId', id);
  CREATE INDEX purchases_by_subscription ON purchases (body -> '$.provider', body -> '$.subscriptionId', id);
  CREATE INDEX purchases_unsettled ON purchases (id)
    WHERE (json_extract(body, '$.status') IN ('OPEN', 'PENDING', 'ACTION_REQUIRED')
      OR json_extract(body, '$.shortfall') > 0);
  CREATE TABLE provider_links (id TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX provider_links_by_customer ON provider_links (body -> '$.provider', body -> '$.customerId')
    WHERE json_extract(body, '$.customerId') IS NOT NULL;
  CREATE TABLE payment_events (id TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE INDEX payment_events_by_time ON payment_events (json_extract(body, '$.receivedAt'), id);
  CREATE INDEX payment_events_undone ON payment_events (json_extract(body, '$.receivedAt'), id)
    WHERE json_extract(body, '$.doneAt') IS NULL;
  CREATE TABLE reconcilers (id TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE usage (
    account_id TEXT NOT NULL, day TEXT NOT NULL, coordinate TEXT NOT NULL, part INTEGER NOT NULL,
    positions INTEGER NOT NULL, units INTEGER NOT NULL, credits INTEGER NOT NULL, covered_units INTEGER NOT NULL,
    refunded_credits INTEGER NOT NULL, refunded_units INTEGER NOT NULL,
    PRIMARY KEY (account_id, day, coordinate, part)
  ) STRICT, WITHOUT ROWID;
  `,
];

/** Brings the file up to this version of Tollgate. Two processes may do it at the same time. */
export const migrate = (driver: SqliteDriver): void => {
  inTransaction(driver, () => {
    const [row] = driver
      .prepare(
        `SELECT application_id AS "owner", user_version AS "steps", (SELECT count(*) FROM sqlite_schema) AS "tables"
         FROM pragma_application_id, pragma_user_version`,
      )
      .all();
    const steps = Number(row?.['steps']);
    const isNew = row?.['owner'] === 0 && steps === 0 && row['tables'] === 0;
    if (!isNew && row?.['owner'] !== APPLICATION_ID) {
      throw new StoreError('CORRUPT', 'The SQLite file is another application’s database. Choose another path.');
    }
    if (steps > MIGRATIONS.length) {
      throw new StoreError('CORRUPT', 'The SQLite file was written by a newer version of Tollgate. Run that version.');
    }
    for (const step of MIGRATIONS.slice(steps)) driver.exec(step);
    driver.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${MIGRATIONS.length};`);
  });
};
