/** What the SQLite store remembers of its file is never older than the file, and never what was rolled back. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { accountId, grantId } from '../../../../src/domain/ids.js';
import { emptyWallet } from '../../../../src/domain/wallet.js';
import type { Wallet } from '../../../../src/domain/wallet.js';
import { applyCommand } from '../../../../src/domain/walletCommand.js';
import { openStore } from '../../../../src/store/openStore.js';
import { FileMemory } from '../../../../src/store/sqlite/versionedRecords.js';
import type { SqliteRow, SqliteStatement } from '../../../../src/store/sqlite/sqliteDriver.js';
import type { Store } from '../../../../src/store/store.js';

const ALICE = accountId('alice');
const BOB = accountId('bob');
const NOW = Date.UTC(2025, 0, 1);

let folder: string;
let store: Store;
let other: Store;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-memory-'));
  store = await openStore(`sqlite:${join(folder, 'tollgate.db')}`);
  other = await openStore(`sqlite:${join(folder, 'tollgate.db')}`);
});

afterEach(async () => {
  await store.close();
  await other.close();
  rmSync(folder, { recursive: true, force: true });
});

const granted = (wallet: Wallet, id: string, credits: number): Wallet => {
  const command = { kind: 'grant', id: grantId(id), credits, expiresAt: null, priority: 0, reason: 'test' } as const;
  return applyCommand(wallet, command, NOW).wallet;
};

const creditsOf = async (of: Store, id: typeof ALICE): Promise<number | null> => {
  const [wallet] = await of.findWallets([id]);
  return wallet == null ? null : wallet.entrySum;
};

it('what another connection writes is seen at once, found or not found before', async () => {
  expect(await creditsOf(store, ALICE)).toBeNull();
  const [first] = await other.commitWallets([granted(emptyWallet(ALICE), 'g1', 5)]);
  expect(await creditsOf(store, ALICE)).toBe(5);
  await other.commitWallets([granted(first ?? emptyWallet(ALICE), 'g2', 2)]);
  expect(await creditsOf(store, ALICE)).toBe(7);
  expect(await creditsOf(other, ALICE)).toBe(7);
});

it('a write that another one forestalled leaves what is stored', async () => {
  const wallet = granted(emptyWallet(ALICE), 'g1', 5);
  expect(await creditsOf(store, ALICE)).toBeNull();
  await other.commitWallets([wallet]);
  expect(await store.commitWallets([granted(emptyWallet(ALICE), 'g9', 9)])).toEqual([null]);
  expect(await creditsOf(store, ALICE)).toBe(5);
});

it('what was rolled back is not remembered', async () => {
  const [bob] = await store.commitWallets([granted(emptyWallet(BOB), 'g1', 1)]);
  // Only a store that has looked at the file before takes what it remembers for what is there.
  expect(await creditsOf(store, ALICE)).toBeNull();
  const alice = granted(emptyWallet(ALICE), 'g1', 5);
  // Bob's entry is in the ledger at another place already, so the whole batch is refused.
  const clashing = { ...granted(emptyWallet(BOB), 'g1', 1), version: bob?.version ?? 0 };
  const entries = clashing.journal.map((entry) => ({ ...entry, seq: entry.seq + 1 }));
  await expect(store.commitWallets([alice, { ...clashing, journal: entries }])).rejects.toMatchObject({
    code: 'CORRUPT',
  });
  expect(await creditsOf(store, ALICE)).toBeNull();
  expect(await creditsOf(store, BOB)).toBe(1);
});

it('a look that fails is made again by the next read of the same run', () => {
  let version = 1;
  let isReadable = true;
  const look = () => {
    if (!isReadable) throw new Error('disk I/O error');
    return { data_version: version };
  };
  const memory = new FileMemory({ exec: () => undefined, close: () => undefined, prepare: () => statementOf(look) });
  const table = memory.tableOf<number>();
  memory.refresh();
  table.set('key', { value: 1 });
  return Promise.resolve().then(() => {
    isReadable = false;
    expect(() => {
      memory.refresh();
    }).toThrow('disk I/O error');
    [version, isReadable] = [2, true];
    memory.refresh();
    expect(table.get('key')).toBeUndefined();
  });
});

const statementOf = (get: () => SqliteRow): SqliteStatement => ({ get, run: () => 0, all: () => [get()] });
