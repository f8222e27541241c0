/** Tollgate as the random runs ask it: on a database in memory, watched for what it holds. */
import type { FastifyInstance } from 'fastify';
import { GraphQLError } from 'graphql';
import { pino } from 'pino';
import { createAccount, grantCredits, saveSubscription } from '../../src/admin/library.js';
import type { AccountId } from '../../src/domain/ids.js';
import { accountId, planId, subscriptionId } from '../../src/domain/ids.js';
import type { Wallet } from '../../src/domain/wallet.js';
import { viewAt } from '../../src/domain/walletView.js';
import { createPaywall } from '../../src/paywall/createPaywall.js';
import type { Paywall } from '../../src/paywall/paywall.js';
import type { OperationQuote } from '../../src/paywall/quoteRequest.js';
import { createServer } from '../../src/server/createServer.js';
import { openStore } from '../../src/store/openStore.js';
import type { Store } from '../../src/store/store.js';
import { NOW, plan, subscription } from '../support/domain.js';
import type { World } from './generatedWorld.js';
import type { Account, Rules } from './plainTollgate.js';

export interface Outcome {
  /** `null` without a server. */
  readonly status: number | null;
  readonly body: Body;
  /** What the account has afterwards. */
  readonly available: number;
  readonly held: number;
  readonly holds: number;
  /** The sum of its ledger. */
  readonly sum: number;
  /** Units used of each limited feature. */
  readonly used: Readonly<Record<string, number>>;
  /** What it was quoted beforehand; `null`: it was refused as unsound. */
  readonly quote: OperationQuote | null;
  /** The most credits that were held at one time. */
  readonly heldMost: number;
}

export interface Body {
  readonly data?: unknown;
  readonly errors?: readonly BodyError[];
  readonly extensions?: { readonly payment?: Payment };
}

export interface BodyError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: { readonly code?: string; readonly reason?: string; readonly coordinate?: string };
}

export interface Payment {
  readonly charged: number;
  readonly balance: number;
  readonly fields: readonly { readonly coordinate: string; readonly positions: number; readonly credits: number }[];
}

export interface TollgateUnderTest {
  readonly run: (account: Account, operation: Sent) => Promise<Outcome>;
  readonly close: () => Promise<void>;
}

export interface Sent {
  readonly document: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly isOverHttp: boolean;
}

export const startTollgate = async (world: World, rules: Rules): Promise<TollgateUnderTest> => {
  const real = await openStore('sqlite::memory:');
  const watched = watchHolds(real);
  const keys = new Map<string, AccountId>();
  const paywall = createPaywall({
    schema: world.schema,
    store: watched.store,
    lint: 'off',
    now: () => NOW,
    planRefreshMs: 0,
    fixedKeys: keys,
    maxPositions: rules.maxPositions,
    whenRefused: rules.isReject ? 'REJECT' : 'PARTIAL',
  });
  let server: FastifyInstance | null = null;
  let accounts = 0;

  return {
    run: async (account, sent) => {
      const id = accountId(`account-${(accounts += 1)}`);
      keys.set(id, id);
      await openAccount(paywall, id, account);
      watched.forget();
      const quote = await quoteFor(paywall, id, sent);
      if (sent.isOverHttp) server ??= await createServer({ paywall, logger: pino({ level: 'silent' }) });
      const answer =
        sent.isOverHttp && server !== null ? await post(server, id, sent) : await execute(paywall, id, sent);
      // What an operation left behind would still ask for more now.
      for (let turn = 0; turn < 3; turn += 1) await new Promise((done) => setImmediate(done));
      return { ...answer, quote, ...(await booksOf(real, id)), heldMost: watched.heldMost() };
    },
    close: async () => {
      await server?.close();
      await paywall.close();
      await real.close();
    },
  };
};

const openAccount = async ({ engine }: Paywall, id: AccountId, account: Account): Promise<void> => {
  await createAccount(engine, { id, name: id });
  if (account.credits > 0)
    await grantCredits(engine, id, { id: `of-${id}`, credits: account.credits, reason: 'A test' });
  if (account.plan === null) return;
  const features = account.plan.map(({ feature, limit, whenExhausted }) => ({
    feature,
    limit: limit === null ? null : { units: limit, per: 'DAY' as const },
    whenExhausted,
  }));
  await engine.store.savePlans([plan({ id: planId(`plan-of-${id}`), features })]);
  const its = { id: subscriptionId(`of-${id}`), accountId: id, planId: planId(`plan-of-${id}`) };
  await saveSubscription(engine, subscription(its));
};

const quoteFor = async (paywall: Paywall, id: AccountId, { document, variables }: Sent) => {
  const caller = await paywall.identify(`Bearer ${id}`);
  try {
    return await paywall.quote({ document, variables, caller });
  } catch (error) {
    if (error instanceof GraphQLError) return null;
    throw error;
  }
};

const execute = async (paywall: Paywall, id: AccountId, { document, variables }: Sent) => {
  const contextValue = { tollgate: { caller: await paywall.identify(`Bearer ${id}`) } };
  const result = await paywall.execute({ document, variableValues: variables, contextValue });
  return { status: null, body: JSON.parse(JSON.stringify(result)) as Body };
};

const post = async (server: FastifyInstance, id: AccountId, { document, variables }: Sent) => {
  const { statusCode, body } = await server.inject({
    method: 'POST',
    url: '/graphql',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${id}` },
    payload: JSON.stringify({ query: document, variables }),
  });
  return { status: statusCode, body: JSON.parse(body) as Body };
};

const booksOf = async (store: Store, id: AccountId) => {
  const [wallet] = await store.findWallets([id]);
  if (wallet == null) return { available: 0, held: 0, holds: 0, sum: 0, used: {} };
  const { available, held, counters } = viewAt(wallet, NOW);
  const entries = await store.findLedgerPage(id, { first: 1000, before: null });
  const sum = entries.reduce((total, { credits }) => total + credits, 0);
  const used = Object.fromEntries(
    counters.filter((each) => each.used > 0).map((each) => [each.key.split(':')[0], each.used]),
  );
  return { available, held, holds: wallet.holds.length, sum, used };
};

/** Notes the most that any wallet that is written has on hold. */
const watchHolds = (store: Store): { store: Store; forget: () => void; heldMost: () => number } => {
  let most = 0;
  const heldIn = ({ holds }: Wallet): number =>
    holds.flatMap(({ takes }) => takes).reduce((sum, { credits }) => sum + credits, 0);
  const commitWallets: Store['commitWallets'] = (wallets) => {
    for (const wallet of wallets) most = Math.max(most, heldIn(wallet));
    return store.commitWallets(wallets);
  };
  const watched = new Proxy(store, {
    get: (target, verb) => {
      if (verb === 'commitWallets') return commitWallets;
      const value: unknown = Reflect.get(target, verb);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  return {
    store: watched,
    forget: () => {
      most = 0;
    },
    heldMost: () => most,
  };
};
