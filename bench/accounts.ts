/**
 * Whether a paid operation gets slower where there are many accounts: its whole journey (key, account, subscription and
 * wallet read, held, run, captured) on a store with 200 accounts and on one with 200,000, in turn, for both kinds of
 * store. `BENCH_ACCOUNTS` sets the larger number; MongoDB is measured where `DATABASE_URL` names one.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'graphql';
import { MongoClient } from 'mongodb';
import { loadAtlas } from '../src/demo/atlasData.js';
import { createAtlasSchema } from '../src/demo/atlasSchema.js';
import { accountId, apiKeyId, grantId } from '../src/domain/ids.js';
import { emptyWallet } from '../src/domain/wallet.js';
import { applyCommand } from '../src/domain/walletCommands.js';
import { createPaywall } from '../src/paywall/paywall.js';
import { openStore } from '../src/store/openStore.js';
import type { Store } from '../src/store/store.js';
import { hashOf, KEY_SECRET } from './keys.js';

const FEW = 200;
const MANY = Number(process.env['BENCH_ACCOUNTS'] ?? 200_000);
const BATCH = 1_000;
const WARM_UP = 100;
const OPERATIONS = 1_000;
const RATIO_MAX = 1.3;
const NOW = Date.now();
const DOCUMENT = parse('{ nearest(lat: 48.2, lon: 16.37, first: 1) { name } }');

const secretOf = (n: number): string => `secret-${n}`;

const fill = async (store: Store, count: number): Promise<void> => {
  for (let start = 0; start < count; start += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, count - start) }, (_, index) => start + index);
    const ids = numbers.map((n) => accountId(`account-${n}`));
    const wallets = ids.map((id) => {
      const grant = { kind: 'grant', id: grantId('start'), credits: 1_000, expiresAt: null, priority: 0 } as const;
      return applyCommand(emptyWallet(id), { ...grant, reason: 'A benchmark' }, NOW).wallet;
    });
    const accounts = ids.map((id) => ({ id, name: id, createdAt: NOW, suspendedAt: null, version: 1 }));
    const times = { createdAt: NOW, expiresAt: null, revokedAt: null };
    const keys = numbers.map((n) => ({
      id: apiKeyId(`key-${n}`),
      accountId: accountId(`account-${n}`),
      secretHash: hashOf(secretOf(n)),
      prefix: 'tg_',
      scopes: null,
      ...times,
      version: 1,
    }));
    await store.importRecords('accounts', accounts);
    await store.importRecords('apiKeys', keys);
    await store.appendLedger(wallets.flatMap(({ journal }) => journal));
    await store.importRecords(
      'wallets',
      wallets.map((wallet) => ({ ...wallet, journal: [], version: 1 })),
    );
  }
};

interface Population {
  readonly count: number;
  readonly charge: () => Promise<number>;
  readonly close: () => Promise<void>;
}

/** A store with so many accounts, and how long one charge of a random one of them takes. */
const populate = async (url: string, count: number): Promise<Population> => {
  const store = await openStore(url);
  const startedAt = performance.now();
  await fill(store, count);
  console.log(`${count} accounts loaded in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
  const paywall = createPaywall({ schema: createAtlasSchema(), store, keySecret: KEY_SECRET });
  return {
    count,
    charge: async () => {
      const secret = secretOf(Math.floor(Math.random() * count));
      const chargedAt = performance.now();
      const caller = await paywall.identify(`Bearer ${secret}`);
      const { errors } = await paywall.execute({ document: DOCUMENT, contextValue: { caller } });
      if (errors !== undefined) throw new Error(errors[0]?.message);
      return performance.now() - chargedAt;
    },
    close: async () => {
      await paywall.close();
      await store.close();
    },
  };
};

const p50 = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** In turn, so that whatever else the machine does slows both. */
const compare = async (name: string, urlOf: (count: number) => string): Promise<boolean> => {
  const [few, many] = [await populate(urlOf(FEW), FEW), await populate(urlOf(MANY), MANY)];
  const times = new Map<Population, number[]>([
    [few, []],
    [many, []],
  ]);
  for (let n = 0; n < WARM_UP + OPERATIONS; n += 1) {
    for (const [population, measured] of times) {
      const ms = await population.charge();
      if (n >= WARM_UP) measured.push(ms);
    }
  }
  for (const [{ count }, measured] of times) {
    console.log(`${p50(measured).toFixed(2).padStart(8)} ms p50  ${name}, ${count} accounts`);
  }
  const ratio = p50(times.get(many) ?? []) / p50(times.get(few) ?? []);
  console.log(`${ratio.toFixed(2).padStart(8)} ×  (at most ${RATIO_MAX} ×)`);
  await few.close();
  await many.close();
  return ratio <= RATIO_MAX;
};

const onSqlite = async (): Promise<boolean> => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tollgate-bench-'));
  const isWithin = await compare('SQLite', (count) => `sqlite:${path.join(folder, `${count}.db`)}`);
  rmSync(folder, { recursive: true });
  return isWithin;
};

const onMongo = async (url: string): Promise<boolean> => {
  const databaseOf = (count: number) => `tollgate_bench_${process.pid}_${count}`;
  const isWithin = await compare('MongoDB', (count) => `${url}/${databaseOf(count)}`);
  const client = await new MongoClient(url).connect();
  for (const count of [FEW, MANY]) await client.db(databaseOf(count)).dropDatabase();
  await client.close();
  return isWithin;
};

loadAtlas();
const results = [await onSqlite()];
const url = process.env['DATABASE_URL'];
if (url?.startsWith('mongodb://') === true) results.push(await onMongo(url));
else console.log('MongoDB was not measured: DATABASE_URL does not name one.');
process.exitCode = results.every(Boolean) ? 0 : 1;
