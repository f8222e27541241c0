import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountId } from '../../../src/domain/ids.js';
import { DAY_MS } from '../../../src/domain/period.js';
import { openStore } from '../../../src/store/openStore.js';
import { openSqliteDriver } from '../../../src/store/sqlite/sqliteDriver.js';
import { openSqliteForTest } from './sqliteForTest.js';
import { storeContract } from './storeContract.js';
import { anAccount, anAuditEntry, aRefusalRecord, walletOf } from './storedValues.js';

const ALICE = accountId('alice');

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-sqlite-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

storeContract('SQLite', {
  open: openSqliteForTest,
  openUnreachable: () => openStore(`sqlite:${folder}`),
});

describe('a SQLite file', () => {
  it('keeps a lone surrogate too, in keys and in values', async () => {
    const store = await openStore('sqlite::memory:');
    const account = { ...anAccount(accountId('\ud800')), name: '\udfff' };
    await store.saveAccounts([account, anAccount(accountId('\ufffd'))]);
    expect(await store.findAccounts([account.id])).toEqual([{ ...account, version: 1 }]);
    await store.close();
  });

  it('in memory is its own for each store', async () => {
    const [one, two] = [await openStore('sqlite::memory:'), await openStore('sqlite::memory:')];
    await one.saveAccounts([anAccount(ALICE)]);
    expect(await two.findAccounts([ALICE])).toEqual([null]);
    await one.close();
    await two.close();
  });

  it('that is no database is CORRUPT, and left as it is', async () => {
    const path = join(folder, 'text.db');
    const text = 'This is a letter, not a database. '.repeat(100);
    writeFileSync(path, text);
    await expect(openStore(`sqlite:${path}`)).rejects.toMatchObject({ code: 'CORRUPT', cause: expect.any(Error) });
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('of another application is CORRUPT, and nothing is written to it', async () => {
    const path = join(folder, 'other.db');
    const driver = await openSqliteDriver(path);
    driver.exec('CREATE TABLE notes (text TEXT)');
    await expect(openStore(`sqlite:${path}`)).rejects.toMatchObject({ code: 'CORRUPT' });
    expect(driver.prepare('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 'notes' }]);
    driver.close();
  });

  it('of a newer Tollgate is CORRUPT', async () => {
    const path = join(folder, 'newer.db');
    await (await openStore(`sqlite:${path}`)).close();
    const driver = await openSqliteDriver(path);
    driver.exec('PRAGMA user_version = 999');
    driver.close();
    await expect(openStore(`sqlite:${path}`)).rejects.toMatchObject({ code: 'CORRUPT' });
  });

  it('with a value that was changed by hand is CORRUPT where it is read', async () => {
    const path = join(folder, 'edited.db');
    const store = await openStore(`sqlite:${path}`);
    await store.commitWallets([walletOf(ALICE, 5, 1)]);
    const driver = await openSqliteDriver(path);
    driver.exec(`UPDATE wallets SET body = '{"accountId":"alice"}'`);
    await expect(store.findWallets([ALICE])).rejects.toMatchObject({ code: 'CORRUPT' });
    driver.exec(`UPDATE wallets SET body = 'no JSON'`);
    await expect(store.findWallets([ALICE])).rejects.toMatchObject({ code: 'CORRUPT' });
    driver.close();
    await store.close();
  });

  it('that another process is writing to is UNREACHABLE, and free again afterwards', async () => {
    const path = join(folder, 'locked.db');
    const store = await openStore(`sqlite:${path}`, { sqlite: { busyTimeoutMs: 20 } });
    const other = await openSqliteDriver(path);
    other.exec('BEGIN IMMEDIATE');
    const failure = { name: 'StoreError', code: 'UNREACHABLE', cause: expect.any(Error) };
    await expect(store.saveAccounts([anAccount(ALICE)])).rejects.toMatchObject(failure);
    expect(await store.findAccounts([ALICE])).toEqual([null]);
    other.exec('COMMIT');
    other.close();
    expect(await store.saveAccounts([anAccount(ALICE)])).toEqual(['WON']);
    await store.close();
  });

  it('takes a batch of wallets and journals as a whole or not at all', async () => {
    const path = join(folder, 'whole.db');
    const store = await openStore(`sqlite:${path}`);
    const [first, second] = [walletOf(ALICE, 5, 1), walletOf(accountId('bob'), 7, 1)];
    await store.appendLedger(second.journal.map((entry) => ({ ...entry, id: 'in its place' })));
    await expect(store.commitWallets([first, second])).rejects.toMatchObject({ code: 'CORRUPT' });
    expect(await store.findWallets([first.accountId, second.accountId])).toEqual([null, null]);
    expect(await store.findLedgerPage(ALICE, { first: 10, before: null })).toEqual([]);
    expect(await store.commitWallets([first])).toEqual([{ ...first, version: 1, journal: [] }]);
    await store.close();
  });

  it('whose folder can’t be made is FAILED, and says where', async () => {
    const file = join(folder, 'a-file');
    writeFileSync(file, '');
    const opening = openStore(`sqlite:${join(file, 'data', 'tollgate.db')}`);
    await expect(opening).rejects.toMatchObject({ code: 'FAILED', cause: expect.any(Error) });
    await expect(opening).rejects.toThrow(file);
  });

  it('refuses to change or to drop an audit entry, whoever asks', async () => {
    const path = join(folder, 'audit.db');
    const store = await openStore(`sqlite:${path}`);
    await store.appendAudit([anAuditEntry('a', 1)]);
    const driver = await openSqliteDriver(path);
    for (const sql of [`UPDATE audit SET at = 2`, 'DELETE FROM audit']) {
      expect(() => {
        driver.exec(sql);
      }).toThrow('append-only');
    }
    driver.close();
    await store.close();
  });

  it('removes refusals of more than 30 days ago, some with each batch that is added', async () => {
    const store = await openStore('sqlite::memory:');
    const all = { facets: { account: 'alice' }, from: null, until: null };
    const ids = async () => {
      const found = await store.findRefusalPage(all, { count: 100, after: null, isBackward: false });
      return found.map(({ id }) => id);
    };
    const start = Date.UTC(2026, 0, 1);
    await store.appendRefusals([1, 2, 3, 4, 5].map((n) => aRefusalRecord(`old-${n}`, start + n)));
    await store.appendRefusals([aRefusalRecord('new-1', start + 3 + 30 * DAY_MS)]);
    expect(await ids()).toEqual(['new-1', 'old-5', 'old-4', 'old-3']);
    await store.appendRefusals([aRefusalRecord('new-2', start + 31 * DAY_MS)]);
    expect(await ids()).toEqual(['new-2', 'new-1', 'old-5']);
    expect(await store.findRefusals(['old-1', 'old-5'])).toMatchObject([null, { id: 'old-5' }]);
    expect(await store.countRefusals(all, DAY_MS)).toMatchObject({ total: 3, by: { reason: [{ count: 3 }] } });
    await store.close();
  });

  it('is searched by an index in every verb', async () => {
    const path = join(folder, 'plan.db');
    await (await openStore(`sqlite:${path}`)).close();
    const driver = await openSqliteDriver(path);
    const planOf = (sql: string): string =>
      driver
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all()
        .map((row) => String(row['detail']))
        .join('\n');
    const queries = [
      `SELECT body FROM wallets WHERE id IN (SELECT value FROM json_each('[]'))`,
      `SELECT body FROM api_keys WHERE id IN (SELECT value FROM json_each('[]'))`,
      `SELECT body FROM ledger WHERE account_id = 'a' AND seq < 9 ORDER BY seq DESC LIMIT 9`,
      `SELECT body FROM ledger WHERE account_id = 'a' AND id IN (SELECT value FROM json_each('[]'))`,
      `SELECT body FROM ledger WHERE account_id = 'a' AND hold_id = 'h' ORDER BY seq`,
      `SELECT body FROM ledger WHERE account_id = 'a' AND seq > 1 AND seq < 9 ORDER BY seq LIMIT 9`,
      `SELECT body FROM api_keys WHERE body -> '$.id' IN (SELECT value FROM json_each('[]'))`,
      `SELECT body FROM api_keys WHERE body -> '$.accountId' = 'a' AND body -> '$.id' > 'k' ORDER BY body -> '$.id' LIMIT 9`,
      `SELECT body FROM subscriptions WHERE body -> '$.planId' = 'p' AND id > 'a' ORDER BY id LIMIT 9`,
      `SELECT body FROM subscriptions WHERE body -> '$.planId' = 'p' AND body -> '$.planVersion' = '1' AND id > 'a' ORDER BY id LIMIT 9`,
      `SELECT body FROM audit WHERE (at, id) < (9, '') ORDER BY at DESC, id DESC LIMIT 9`,
      `SELECT body FROM audit WHERE target = 't' AND (at, id) < (9, '') ORDER BY at DESC, id DESC LIMIT 9`,
      'SELECT body FROM refusals WHERE at < 9 ORDER BY at LIMIT 9',
      `SELECT body FROM (SELECT at, id FROM refusals AS f WHERE at < 9 AND (at, id) < (9, '') ORDER BY at DESC, id DESC LIMIT 9) AS found CROSS JOIN refusals USING (id)`,
      `SELECT body FROM (SELECT at, id FROM refusal_facets AS f WHERE facet = 'account' AND value = 'a' AND at >= 1 AND (at, id) < (9, '')
        AND EXISTS (SELECT 1 FROM refusal_facets AS o WHERE o.facet = 'reason' AND o.value = 'r' AND o.at = f.at AND o.id = f.id)
        ORDER BY at DESC, id DESC LIMIT 9) AS found CROSS JOIN refusals USING (id)`,
      `SELECT body FROM purchases WHERE true AND json_extract(body, '$.createdAt') <= 9
        AND (json_extract(body, '$.createdAt'), id) < (9, '')
        ORDER BY json_extract(body, '$.createdAt') DESC, id DESC LIMIT 9`,
      `SELECT body FROM purchases WHERE body -> '$.accountId' = '"a"'
        AND json_extract(body, '$.createdAt') <= 9 AND (json_extract(body, '$.createdAt'), id) < (9, '')
        ORDER BY json_extract(body, '$.createdAt') DESC, id DESC LIMIT 9`,
      `SELECT body FROM purchases WHERE (json_extract(body, '$.status') IN ('OPEN', 'PENDING', 'ACTION_REQUIRED')
        OR json_extract(body, '$.shortfall') > 0) AND id > 'a' ORDER BY id LIMIT 9`,
      ...['$.checkout.id', '$.paymentId', '$.subscriptionId'].map(
        (path) =>
          `SELECT body FROM purchases WHERE body -> '$.provider' = '"s"' AND body -> '${path}' = '"x"' ORDER BY id`,
      ),
      `SELECT body FROM provider_links WHERE body -> '$.provider' = '"s"' AND body -> '$.customerId' = '"c"'
        AND json_extract(body, '$.customerId') IS NOT NULL`,
      `SELECT body FROM payment_events WHERE json_extract(body, '$.doneAt') IS NULL AND json_extract(body, '$.receivedAt') <= 9
        AND (json_extract(body, '$.receivedAt'), id) < (9, '')
        ORDER BY json_extract(body, '$.receivedAt') DESC, id DESC LIMIT 9`,
    ];
    for (const sql of queries)
      expect(planOf(sql)).not.toMatch(
        /SCAN (wallets|api_keys|ledger|subscriptions|audit|refusals|refusal_facets|purchases|provider_links|payment_events)\b|SCAN [fo]\b|TEMP B-TREE FOR ORDER/,
      );
    driver.close();
  });
});

describe('openStore', () => {
  it.each([
    ['', 'does not begin with a kind of store'],
    ['data/tollgate.db', 'does not begin with a kind of store'],
    ['postgres://user:secret@host/db', '"postgres:"'],
    ['sqlite:', 'does not say where the SQLite file is'],
    ['sqlite://tollgate.db', 'does not say where the SQLite file is'],
  ])('refuses %j with what is wrong and what to write', async (url, said) => {
    const opening = openStore(url);
    await expect(opening).rejects.toMatchObject({ name: 'StoreError', code: 'FAILED' });
    await expect(opening).rejects.toThrow(said);
    await expect(opening).rejects.not.toThrow('secret');
  });

  it('takes a relative path from the working directory', async () => {
    const before = process.cwd();
    const base = join(folder, 'relative');
    mkdirSync(base);
    process.chdir(base);
    try {
      await (await openStore('sqlite:./data/tollgate.db')).close();
      expect(
        readFileSync(join(base, 'data', 'tollgate.db'))
          .subarray(0, 15)
          .toString(),
      ).toBe('SQLite format 3');
    } finally {
      process.chdir(before);
    }
  });
});
