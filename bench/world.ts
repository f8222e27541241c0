/**
 * What every benchmark runs on: Atlas with and without prices, a store in a file of its own, accounts of every standing
 * with keys, and the operations that are sent. The floor is Atlas without any directive: the same resolvers, free.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeExecutableSchema } from '@graphql-tools/schema';
import type { GraphQLSchema } from 'graphql';
import { readTypeDefs } from '../src/api/readTypeDefs.js';
import { publishPlan } from '../src/admin/library.js';
import { loadAtlas } from '../src/demo/loadAtlas.js';
import { atlasResolvers } from '../src/demo/atlasResolvers.js';
import { createAtlasSchema } from '../src/demo/createAtlasSchema.js';
import { accountId, apiKeyId, grantId, planId, subscriptionId } from '../src/domain/ids.js';
import { DAY_MS } from '../src/domain/period.js';
import type { Plan } from '../src/domain/plan.js';
import { emptyWallet } from '../src/domain/wallet.js';
import type { Wallet } from '../src/domain/wallet.js';
import { applyCommand } from '../src/domain/walletCommand.js';
import type { FixedKeys } from '../src/accounts/caller.js';
import { createPaywall } from '../src/paywall/createPaywall.js';
import type { Paywall } from '../src/paywall/paywall.js';
import { openStore } from '../src/store/openStore.js';
import type { Store } from '../src/store/store.js';
import { watchStore } from '../src/store/watchStore.js';
import type { StoreWatch } from '../src/store/watchStore.js';
import { hashOf, KEY_SECRET } from './keys.js';

/** How an account stands, and so what becomes of its operations. */
export type Means = 'covered' | 'limited' | 'paid' | 'nothing';

export const MEANS: readonly Means[] = ['covered', 'limited', 'paid', 'nothing'];

const AT = 'lat: 48.2, lon: 16.37';

export const SEARCH = `query Search { nearest(${AT}, first: 20) { name population lat lon country { code name } } }`;

/** With a free part, so that only half of it is refused. */
export const SEARCH_AND_COUNTRY = `query Both { country(code: "AT") { name region } nearest(${AT}, first: 20) { name } }`;

/** A list of paid items: the list itself is paid, and so is every distance in it. */
export const listOf = (items: number): string =>
  `query List { country(code: "US") { cities(first: ${items}) { name distance(${AT}) } } }`;

export const ACCOUNTS_PER_MEANS = 64;
export const PLENTY = 2 ** 50;

export const FEATURES = ['geocoding', 'cities', 'distance', 'export'];

const planOf = (id: string, units: number | null): Plan => ({
  id: planId(id),
  version: 1,
  name: id,
  status: 'ACTIVE',
  price: { amountMinor: 4900, currency: 'EUR' },
  interval: 'MONTH',
  features: FEATURES.map((feature) => ({
    feature,
    limit: units === null ? null : { units, per: 'DAY' as const },
    whenExhausted: 'REFUSE' as const,
  })),
  creditsPerPeriod: 0,
  trialDays: 0,
  graceDays: 7,
  // More than a run sends, so that requests are counted and none is refused.
  requestsPerMinute: 1e12,
});

const PLANS = { covered: planOf('covered', null), limited: planOf('limited', 1e12) };

export interface World {
  readonly paywall: Paywall;
  readonly store: Store;
  /** Where the store's file is, for benchmarks that need one beside it. */
  readonly folder: string;
  readonly close: () => Promise<void>;
}

export interface WorldTerms {
  readonly schema?: GraphQLSchema;
  /** A store that is open, and is closed with the world; one of SQLite in the folder where it is left out. */
  readonly store?: Store;
  /** Keys that need not be looked up in the store. */
  readonly fixedKeys?: FixedKeys;
  readonly watch?: StoreWatch;
}

const UNWATCHED: StoreWatch = { figures: null, around: null };

/** Opens a world in a new folder and seeds it, or the one that is in `folder` already. */
export const openWorld = async (
  folder?: string,
  { schema, store: given, fixedKeys, watch = UNWATCHED }: WorldTerms = {},
): Promise<World> => {
  const place = folder ?? mkdtempSync(join(tmpdir(), 'tollgate-bench-'));
  const store = watchStore(given ?? (await openStore(`sqlite:${join(place, 'tollgate.db')}`)), watch);
  const paywall = createPaywall({
    schema: schema ?? createAtlasSchema(),
    store,
    keySecret: KEY_SECRET,
    ...(fixedKeys === undefined ? {} : { fixedKeys }),
  });
  loadAtlas();
  if (folder === undefined) await seed(paywall);
  return {
    paywall,
    store,
    folder: place,
    close: async () => {
      await paywall.close();
      await store.close();
      if (folder === undefined) rmSync(place, { recursive: true, force: true });
    },
  };
};

const seed = async (paywall: Paywall): Promise<void> => {
  for (const plan of Object.values(PLANS)) await publishPlan(paywall.engine, plan);
  for (const means of MEANS) await seedAccounts(paywall.engine.store, means, ACCOUNTS_PER_MEANS);
};

/** Adds accounts in one batch, each with a key that is its id. */
export const seedAccounts = async (
  store: Store,
  means: Means,
  count: number,
  prefix: string = means,
): Promise<void> => {
  const ids = Array.from({ length: count }, (_, index) => accountId(keyOf(prefix, index)));
  const now = Date.now();
  await store.saveAccounts(ids.map((id) => ({ id, name: id, createdAt: now, suspendedAt: null, version: 0 })));
  const keyTerms = { prefix: 'bench', scopes: null, createdAt: now, expiresAt: null, revokedAt: null, version: 0 };
  await store.saveApiKeys(ids.map((id) => ({ ...keyTerms, id: apiKeyId(id), accountId: id, secretHash: hashOf(id) })));
  if (means === 'covered' || means === 'limited') {
    const plan = PLANS[means];
    const dates = { startsAt: now - DAY_MS, trialEndsAt: null, paidUntil: now + 30 * DAY_MS, cancelsAt: null };
    await store.saveSubscriptions(
      ids.map((id) => ({
        id: subscriptionId(id),
        accountId: id,
        planId: plan.id,
        planVersion: plan.version,
        ...dates,
        paymentFailure: null,
        version: 0,
      })),
    );
  }
  if (means === 'paid') await store.commitWallets(ids.map((id) => walletWith(id, 1)));
};

/** A wallet with plenty of credits, in so many grants. */
export const walletWith = (id: string, grants: number, credits = PLENTY): Wallet => {
  let wallet = emptyWallet(accountId(id));
  for (let index = 0; index < grants; index += 1) {
    const command = { kind: 'grant', id: grantId(`${id}/${index}`), reason: 'bench', priority: 0 } as const;
    const terms = { credits: Math.floor(credits / grants), expiresAt: null };
    wallet = applyCommand(wallet, { ...command, ...terms }, Date.now()).wallet;
  }
  return wallet;
};

/** The id of an account of a means, and the key that speaks for it. */
export const keyOf = (means: string, index: number): string => `${means}-${index}`;

/** Each request its account's turn, so that no wallet is the only one. */
export const nextKeyOf = (means: Means): (() => string) => {
  const keys = Array.from({ length: ACCOUNTS_PER_MEANS }, (_, index) => keyOf(means, index));
  let turn = 0;
  return () => keys[(turn += 1) % keys.length] ?? '';
};

/** Atlas as if nobody had thought of prices. */
export const createFreeSchema = (): GraphQLSchema =>
  makeExecutableSchema({ typeDefs: pricedTypeDefs(''), resolvers: freeResolvers() });

/** With another directive where Atlas has its prices; an empty one makes everything free. */
export const pricedTypeDefs = (directive: string): string =>
  readTypeDefs('atlas')
    .replaceAll(/@listSize\([^)]*\)/g, '')
    .replaceAll(/@requiresPayment\([^)]*\)/g, directive);

/** The paid lists of Atlas report their length to the paywall; without a paywall there is nobody to report to. */
export const freeResolvers = () => ({
  ...atlasResolvers,
  Query: {
    ...atlasResolvers.Query,
    nearest: (_source: unknown, { lat, lon, first }: { lat: number; lon: number; first: number }) =>
      loadAtlas().cityIndex.nearest({ lat, lon }, first),
  },
  Country: {
    ...atlasResolvers.Country,
    cities: ({ code }: { code: string }, { first }: { first: number }) =>
      (loadAtlas().citiesByCountry.get(code) ?? []).slice(0, first),
  },
});
