/**
 * The real server in this process, on a port and a database of its own: what a test sends it goes through HTTP, and what
 * comes back is compared whole.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GraphQLSchema } from 'graphql';
import { pino } from 'pino';
import type { Logger } from 'pino';
import { createAccount, grantCredits, issueKey } from '../../src/admin/library.js';
import type { KeyTerms } from '../../src/admin/library.js';
import { readConfig } from '../../src/config.js';
import type { EdgeConfig } from '../../src/config.js';
import { createAtlasSchema } from '../../src/demo/createAtlasSchema.js';
import { demoKeys, demoOperators } from '../../src/demo/demoKeys.js';
import { seedDemo } from '../../src/demo/seedDemo.js';
import { accountId } from '../../src/domain/ids.js';
import type { LedgerEntry } from '../../src/domain/ledger.js';
import type { RateLimitSettings } from '../../src/domain/rateLimit.js';
import { viewAt } from '../../src/domain/walletView.js';
import { createPaywall } from '../../src/paywall/createPaywall.js';
import type { Paywall, PaywallOptions } from '../../src/paywall/paywall.js';
import { createServer } from '../../src/server/createServer.js';
import type { ServerOptions } from '../../src/server/createServer.js';
import { EDGE_DEFAULTS } from '../../src/server/connectionOptions.js';
import { openTill } from '../../src/server/payments/till.js';
import type { Till } from '../../src/server/payments/till.js';
import type { Metrics } from '../../src/server/watch/metrics.js';
import { storeWatchOf } from '../../src/server/watch/watchers.js';
import type { Tracing } from '../../src/server/watch/watchers.js';
import { openStore } from '../../src/store/openStore.js';
import type { Store } from '../../src/store/store.js';
import { watchStore } from '../../src/store/watchStore.js';
import { observeStore } from './observedStore.js';
import type { ObservedStore } from './observedStore.js';

export interface Answer {
  readonly status: number;
  /** Those of `HEADERS` that were sent, so that one too many is seen like one too few. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** The headers by which a client decides what to do. */
const HEADERS = [
  'content-type',
  'cache-control',
  'link',
  'www-authenticate',
  'retry-after',
  'allow',
  'ratelimit',
  'ratelimit-policy',
  'idempotency-replayed',
] as const;

export interface TestServer extends ObservedStore {
  readonly url: string;
  readonly paywall: Paywall;
  readonly till: Till | null;
  /** Sends an operation; `key` is sent as a bearer token, `null` sends none. */
  readonly query: (
    key: string | null,
    document: string,
    variables?: Readonly<Record<string, unknown>>,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Answer>;
  /** Sends an operation of an operator's. */
  readonly admin: (
    key: string | null,
    document: string,
    variables?: Readonly<Record<string, unknown>>,
  ) => Promise<Answer>;
  /** Sends any request. The path is relative to the server's root. */
  readonly request: (path: string, init?: RequestInit) => Promise<Answer>;
  /** An account with these credits and, as a client would have it, a key from the operator. */
  readonly accountWithKey: (id: string, credits: number, terms?: KeyTerms) => Promise<string>;
  /** What an account has now, and every entry of its ledger, oldest first. */
  readonly books: (account: string) => Promise<Books>;
  readonly close: () => Promise<void>;
}

export interface Books {
  readonly available: number;
  readonly held: number;
  /** Operations that have set something aside. */
  readonly holds: number;
  readonly entries: readonly LedgerEntry[];
  /** Of all entries. */
  readonly sum: number;
}

/** A database that is there for one test. */
export interface TestDatabase {
  readonly store: Store;
  /** Another store on the same database, as a second process has it. */
  readonly second: () => Promise<Store>;
  readonly drop: () => Promise<void>;
}

export type OpenDatabase = () => Promise<TestDatabase>;

export const sqliteDatabase: OpenDatabase = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-http-'));
  const stores: Store[] = [];
  const open = async (): Promise<Store> => {
    const store = await openStore(`sqlite:${join(folder, 'tollgate.db')}`);
    stores.push(store);
    return store;
  };
  return {
    store: await open(),
    second: open,
    drop: async () => {
      for (const store of stores) await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

export interface TestServerOptions extends Partial<Omit<PaywallOptions, 'store' | 'schema'>> {
  /** Atlas with the demo's accounts where it is left out. */
  readonly schema?: GraphQLSchema;
  readonly database?: () => Promise<Pick<TestDatabase, 'store' | 'drop'>>;
  /** None where it is left out. */
  readonly rateLimits?: RateLimitSettings;
  /** Changes to what an empty environment gives. */
  readonly edge?: Partial<EdgeConfig>;
  /** Silent where it is left out. */
  readonly logger?: Logger;
  /** Served at `/metrics` where they are given. */
  readonly metrics?: Metrics;
  readonly tracing?: Tracing;
  readonly graphiql?: ServerOptions['graphiql'];
  readonly home?: ServerOptions['home'];
  /** Through the sandbox. None where it is left out. */
  readonly takesPayments?: boolean;
}

export const startServer = async (options: TestServerOptions = {}): Promise<TestServer> => {
  const { schema, database = sqliteDatabase, logger = pino({ level: 'silent' }), ...others } = options;
  const {
    metrics = null,
    tracing = null,
    rateLimits = null,
    graphiql,
    home,
    edge,
    takesPayments = false,
    ...rest
  } = others;
  const { store: real, drop } = await database();
  const observed = observeStore(real);
  const paywall = createPaywall({
    schema: schema ?? createAtlasSchema(),
    store: watchStore(observed.store, storeWatchOf({ metrics, tracing })),
    remedyUrl: ({ remedy }) => `https://atlas.test/${remedy}`,
    docsUrl: (cause) => `https://atlas.test/errors/${cause}`,
    ...(schema === undefined ? { fixedKeys: demoKeys() } : {}),
    ...rest,
  });
  const { engine } = paywall;
  if (schema === undefined) await seedDemo(engine);
  metrics?.watchEngine(engine);
  let url = '';
  const serverUrl = (): string => url;
  const till = await openTill(engine, { ...NO_TILL, isDemo: takesPayments, serverUrl });
  const server = await createServer({
    serverUrl,
    till,
    paywall,
    logger,
    admin: { fixedOperators: demoOperators() },
    watchers: { metrics, tracing },
    servesMetrics: true,
    rateLimits,
    edge: { ...EDGE_DEFAULTS, ...edge },
    documentLimits: options.documentLimits ?? null,
    ...(graphiql === undefined ? {} : { graphiql }),
    ...(home === undefined ? {} : { home }),
  });
  url = await server.listen({ host: '127.0.0.1', port: 0 });

  const request = async (path: string, init?: RequestInit): Promise<Answer> => {
    const response = await fetch(`${url}${path}`, init);
    const text = await response.text();
    return { status: response.status, headers: headersOf(response), body: bodyOf(text) };
  };

  return {
    ...observed,
    url,
    paywall,
    till,
    request,
    query: (key, document, variables, headers = {}) =>
      request('/graphql', operationOf(key, document, variables, headers)),
    admin: (key, document, variables) => request('/admin/graphql', operationOf(key, document, variables, {})),
    accountWithKey: async (id, credits, terms) => {
      const account = await createAccount(engine, { id, name: id });
      if (credits > 0) await grantCredits(engine, account.id, { id: `start-${id}`, credits, reason: 'A test' });
      return (await issueKey(engine, account.id, terms)).secret;
    },
    books: (account) => readBooks(real, account, engine.settings.now()),
    close: async () => {
      observed.recover();
      await server.close();
      await till?.close();
      await paywall.close();
      await drop();
    },
  };
};

/** Of what the sandbox knows nothing is kept. */
const NO_TILL = { databaseUrl: 'sqlite::memory:', payments: readConfig({}).payments };

const operationOf = (
  key: string | null,
  document: string,
  variables: Readonly<Record<string, unknown>> | undefined,
  headers: Readonly<Record<string, string>>,
): RequestInit => ({
  method: 'POST',
  headers: {
    'content-type': 'application/json',
    ...(key === null ? {} : { authorization: `Bearer ${key}` }),
    ...headers,
  },
  body: JSON.stringify({ query: document, variables }),
});

const headersOf = (response: Response): Readonly<Record<string, string>> =>
  Object.fromEntries(
    HEADERS.flatMap((name) => {
      const value = response.headers.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );

const bodyOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

const PAGE = 1_000;

const readBooks = async (store: Store, account: string, now: number): Promise<Books> => {
  const id = accountId(account);
  const [wallet] = await store.findWallets([id]);
  if (wallet == null) return { available: 0, held: 0, holds: 0, entries: [], sum: 0 };
  const { available, held } = viewAt(wallet, now);
  const newestFirst = await store.findLedgerPage(id, { first: PAGE, before: null });
  const entries = [...newestFirst].reverse();
  const sum = entries.reduce((total, entry) => total + entry.credits, 0);
  const holds = wallet.holds.filter((hold) => hold.expiresAt > now).length;
  return { available, held, holds, entries, sum };
};
