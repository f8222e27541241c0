/** The import rules must bite: each is shown one import that it forbids, beside others that it must let pass. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cruise } from 'dependency-cruiser';
import extractDepcruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

/** A small Tollgate in which every import is allowed. */
const allowed: Readonly<Record<string, string>> = {
  'src/domain/plan.ts': `import type { Id } from './ids.js'; export const plan = 1; export type Plan = Id;`,
  'src/domain/ids.ts': `export type Id = string;`,
  'src/store/store.ts': `import type { Plan } from '../domain/plan.js'; export type Store = Plan;`,
  'src/store/mongo/openMongoStore.ts': `import { MongoClient } from 'mongodb'; import type { Store } from '../store.js';
    export const mongoStore = (): Store => String(MongoClient);`,
  'src/store/openStore.ts': `export { mongoStore } from './mongo/openMongoStore.js';`,
  'src/ledger/walletKeeper.ts': `import { plan } from '../domain/plan.js'; import type { Store } from '../store/store.js';
    export const keeper = (_: Store): number => plan;`,
  'src/paywall/quote.ts': `import { GraphQLError } from 'graphql'; import { keeper } from '../ledger/walletKeeper.js';
    export const quote = [GraphQLError, keeper];`,
  'src/paywall/settle/settleTab.ts': `import '../gate/tab.js'; export const settle = 1;`,
  'src/paywall/gate/tab.ts': `import '../refuse/refusalError.js'; import '../price/places.js'; export const tab = 1;`,
  'src/paywall/refuse/refusalError.ts': `import '../price/places.js'; export const refusalError = 1;`,
  'src/paywall/documents/documentReader.ts': `import '../price/places.js'; export const documentReader = 1;`,
  'src/paywall/price/places.ts': `export const places = 1;`,
  'src/api/billingResolvers.ts': `import type { Billing } from '../generated/billingTypes.js'; import { quote } from '../paywall/quote.js';
    export const billing = (_: Billing): unknown => quote;`,
  'src/generated/billingTypes.ts': `import type { quote } from '../paywall/quote.js'; export type Billing = typeof quote;`,
  'src/generated/atlasTypes.ts': `import type { CityRecord } from '../demo/loadAtlas.js'; export type City = CityRecord;`,
  'src/demo/loadAtlas.ts': `import { quote } from '../paywall/quote.js'; export interface CityRecord { quote: typeof quote }`,
  'src/server/app.ts': `import fastify from 'fastify'; import { billing } from '../api/billingResolvers.js'; import type { Config } from '../config.js';
    export const app = (_: Config): unknown => [fastify, billing];`,
  'src/payments/stripe/stripeProvider.ts': `import Stripe from 'stripe'; import { billing } from '../../api/billingResolvers.js';
    export const provider = [Stripe, billing];`,
  'src/config.ts': `export type Config = string;`,
  'src/product.ts': `import type { quote } from './paywall/quote.js'; export type Product = typeof quote;`,
  'src/openProduct.ts': `import type { Product } from './product.js';
    export const openProduct = async (): Promise<Product> => (await import('./demo/createAtlas.js')).atlas();`,
  'src/demo/createAtlas.ts': `import type { Product } from '../product.js'; import type { City } from '../generated/atlasTypes.js';
    export const atlas = (_?: City): Product => [];`,
  'test/support/fixture.ts': `export * from '../../src/domain/plan.js';`,
};

/** Files with one import too many, and the rules that must say so. */
const forbidden: readonly (readonly [file: string, source: string, ...rules: string[]])[] = [
  ['src/domain/a.ts', `import '../store/store.js';`, 'domain-imports-inward', 'domain-is-pure'],
  ['src/domain/b.ts', `import 'node:crypto';`, 'domain-is-pure'],
  ['src/domain/c.ts', `import type {} from 'graphql';`, 'domain-is-pure'],
  [
    'src/store/d.ts',
    `import './mongo/openMongoStore.js';`,
    'adapters-in-open-store-alone',
    'store-port-imports-inward',
  ],
  ['src/store/sqlite/e.ts', `import '../mongo/openMongoStore.js';`, 'sqlite-imports-inward'],
  ['src/store/sqlite/f.ts', `import 'mongodb';`, 'mongodb-in-one-place'],
  ['src/store/mongo/v.ts', `import type {} from 'node:sqlite';`, 'sqlite-in-one-place'],
  ['src/ledger/g.ts', `import type {} from '../paywall/quote.js';`, 'ledger-imports-inward'],
  ['src/ledger/h.ts', `import '../store/openStore.js';`, 'ledger-imports-inward'],
  ['src/paywall/i.ts', `import '../api/billingResolvers.js';`, 'paywall-imports-inward'],
  ['src/paywall/j.ts', `import type {} from '@apollo/server';`, 'server-in-one-place'],
  ['src/paywall/refuse/z.ts', `import '../documents/documentReader.js';`, 'paywall-refuse-looks-down'],
  ['src/paywall/documents/z.ts', `import type {} from '../gate/tab.js';`, 'paywall-documents-looks-down'],
  ['src/paywall/price/z.ts', `import '../refuse/refusalError.js';`, 'paywall-price-looks-down'],
  ['src/api/k.ts', `import '../server/app.js';`, 'api-imports-inward'],
  ['src/api/x.ts', `import type {} from '../generated/atlasTypes.js';`, 'api-imports-inward'],
  ['src/generated/adminTypes.ts', `import type {} from '../demo/loadAtlas.js';`, 'generated-imports-inward'],
  [
    'src/main.ts',
    `import './server/app.js'; import './store/openStore.js'; import './openProduct.js'; import './demo/createAtlas.js';`,
    'main-imports-inward',
  ],
  // The library gets hold of the server by way of another part.
  [
    'src/index.ts',
    `export * from './api/billingResolvers.js'; export * from './store/openStore.js'; export * from './api/y.js';`,
    'library-without-server',
  ],
  ['src/api/y.ts', `export type { app } from '../server/app.js';`, 'api-imports-inward'],
  ['src/payments/inbox.ts', `import type {} from 'stripe';`, 'stripe-in-one-place'],
  ['src/payments/v.ts', `import '../server/app.js';`, 'payments-imports-inward'],
  ['src/api/v.ts', `import type {} from '../payments/inbox.js';`, 'api-imports-inward'],
  ['src/server/w.ts', `import 'prom-client';`, 'watchers-in-one-place'],
  ['src/server/l.ts', `import '../demo/loadAtlas.js';`, 'server-imports-inward'],
  ['src/server/m.ts', `import '../main.js';`, 'server-imports-inward'],
  ['src/server/n.ts', `import '../../test/support/fixture.js';`, 'src-does-not-import-tests'],
  ['src/generated/o.ts', `import { quote } from '../paywall/quote.js'; export { quote };`, 'generated-imports-types'],
  ['src/demo/p.ts', `import 'vitest';`, 'src-runs-without-dev-dependencies'],
  ['src/demo/q.ts', `import '../config.js';`, 'demo-imports-inward'],
  ['src/demo/r.ts', `import './nowhere.js';`, 'resolvable'],
  ['src/helpers/s.ts', `import '../domain/plan.js';`, 'src-is-known'],
  // A cycle is reported once, one of types alone too.
  [
    'src/api/t.ts',
    `import { u } from './u.js'; export const t = (): unknown => u; export type T = string;`,
    'no-import-cycles',
  ],
  ['src/api/u.ts', `import type { T } from './t.js'; export const u: T = '';`],
];

let folder = '';

beforeAll(async () => {
  // Inside the project, so that the packages it imports are found.
  await mkdir(path.join(root, 'reports'), { recursive: true });
  folder = await mkdtemp(path.join(root, 'reports', 'importRules-'));
  const sources = [...Object.entries(allowed), ...forbidden.map(([file, source]) => [file, source] as const)];
  for (const [file, source] of sources) {
    await mkdir(path.join(folder, path.dirname(file)), { recursive: true });
    await writeFile(path.join(folder, file), source);
  }
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('each import rule finds the import that it forbids, and nothing else', async () => {
  const options = await extractDepcruiseOptions(path.join(root, 'scripts/importRules.cjs'));
  const { output } = await cruise(['src', 'test'], { ...options, baseDir: folder });
  if (typeof output === 'string') throw new Error(`A report was expected, not: ${output}`);

  const found = output.summary.violations.map(({ from, rule }) => `${from}: ${rule.name}`);
  const expected = forbidden.flatMap(([file, , ...rules]) => rules.map((rule) => `${file}: ${rule}`));
  expect(found.toSorted()).toEqual(expected.toSorted());
});
