/**
 * Whether a paid operation gets slower where there are many accounts: its whole journey (key, account, subscription and
 * wallet read, held, run, captured) on a store with 200 accounts and on one with many, in turn, for both kinds of
 * store. `BENCH_ACCOUNTS` says how many, as in `BENCH_ACCOUNTS=200000 npm run bench -- accounts`; MongoDB is measured where `DATABASE_URL` names one.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'graphql';
import { MongoClient } from 'mongodb';
import { loadAtlas } from '../src/demo/loadAtlas.js';
import { createAtlasSchema } from '../src/demo/createAtlasSchema.js';
import { accountId, apiKeyId, grantId } from '../src/domain/ids.js';
import { emptyWallet } from '../src/domain/wallet.js';
import { applyCommand } from '../src/domain/walletCommand.js';
import { createPaywall } from '../src/paywall/createPaywall.js';
import { openStore } from '../src/store/openStore.js';
import type { Store } from '../src/store/store.js';
import { atMost } from './benchmark.js';
import type { Benchmark, Findings, Table, Target } from './benchmark.js';
import { spreadOf } from './statistics.js';
import { hashOf, KEY_SECRET } from './keys.js';

const FEW = 200;
const MANY = Number(process.env['BENCH_ACCOUNTS'] ?? 20_000);
const BATCH = 1_000;
const WARM_UP = 100;
const OPERATIONS = 1_000;
const RATIO_MAX = 1.3;
/** Long before the measurement, and the same for all accounts. */
const NOW = Date.UTC(2026, 0, 1);
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
      const { errors } = await paywall.execute({ document: DOCUMENT, contextValue: { tollgate: { caller } } });
      if (errors !== undefined) throw new Error(errors[0]?.message);
      return performance.now() - chargedAt;
    },
    close: async () => {
      await paywall.close();
      await store.close();
    },
  };
};

interface Comparison {
  readonly name: string;
  /** Medians in ms. */
  readonly few: number;
  readonly many: number;
}

/** In turn, so that whatever else the machine does slows both. */
const compare = async (name: string, urlOf: (count: number) => string): Promise<Comparison> => {
  const [few, many] = [await populate(urlOf(FEW), FEW), await populate(urlOf(MANY), MANY)];
  const [ofFew, ofMany]: [number[], number[]] = [[], []];
  for (let n = 0; n < WARM_UP + OPERATIONS; n += 1) {
    const [one, other] = [await few.charge(), await many.charge()];
    if (n < WARM_UP) continue;
    ofFew.push(one);
    ofMany.push(other);
  }
  await few.close();
  await many.close();
  return { name, few: spreadOf(ofFew).median, many: spreadOf(ofMany).median };
};

const onSqlite = async (): Promise<Comparison> => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tollgate-bench-'));
  try {
    return await compare('SQLite', (count) => `sqlite:${path.join(folder, `${count}.db`)}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const onMongo = async (url: string): Promise<Comparison> => {
  const databaseOf = (count: number) => `tollgate_bench_${process.pid}_${count}`;
  try {
    return await compare('MongoDB', (count) => `${url}/${databaseOf(count)}`);
  } finally {
    const client = await new MongoClient(url).connect();
    for (const count of [FEW, MANY]) await client.db(databaseOf(count)).dropDatabase();
    await client.close();
  }
};

const measure = async (): Promise<Findings> => {
  loadAtlas();
  const url = process.env['DATABASE_URL'];
  const hasMongo = url?.startsWith('mongodb://') === true;
  if (!hasMongo) console.log('MongoDB is not measured: DATABASE_URL does not name one.');
  const comparisons = [await onSqlite(), ...(hasMongo ? [await onMongo(url)] : [])];
  const rows = comparisons.map(({ name, few, many }) => [
    name,
    few.toFixed(2),
    many.toFixed(2),
    (many / few).toFixed(2),
  ]);
  const columns = ['store', `${FEW} accounts, ms`, `${MANY} accounts, ms`, '×'];
  const tables: readonly Table[] = [{ title: 'Median of a paid operation of a random account', columns, rows }];
  const targets = comparisons.map(({ name, few, many }): Target =>
    atMost(`Median with ${MANY} accounts beside ${FEW}, ${name}`, RATIO_MAX, many / few),
  );
  return { tables, charts: [], targets };
};

export const accounts: Benchmark = {
  name: 'accounts',
  title: 'A paid operation where there are many accounts',
  measure,
};
