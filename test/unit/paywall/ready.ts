/** A paywall on a database in memory, for tests that need no server. */
import { makeExecutableSchema } from '@graphql-tools/schema';
import type { IResolvers } from '@graphql-tools/utils';
import type { ExecutionResult, GraphQLSchema } from 'graphql';
import { createAccount, grantCredits, saveSubscription } from '../../../src/admin/library.js';
import { directiveTypeDefs } from '../../../src/api/readTypeDefs.js';
import type { AccountId } from '../../../src/domain/ids.js';
import { accountId, planId, subscriptionId } from '../../../src/domain/ids.js';
import type { Allowance } from '../../../src/domain/plan.js';
import { viewAt } from '../../../src/domain/walletView.js';
import { createPaywall } from '../../../src/paywall/createPaywall.js';
import type { Caller } from '../../../src/accounts/caller.js';
import type { Paywall, PaywallOptions } from '../../../src/paywall/paywall.js';
import { openStore } from '../../../src/store/openStore.js';
import { NOW, plan, subscription } from '../../support/domain.js';

export const schemaOf = (typeDefs: string, resolvers: IResolvers = {}): GraphQLSchema =>
  makeExecutableSchema({ typeDefs: [directiveTypeDefs(), typeDefs], resolvers });

export interface ReadyPaywall {
  readonly paywall: Paywall;
  /** An account with so many credits, as it calls. */
  readonly callerWith: (credits: number) => Promise<Caller & { readonly accountId: AccountId }>;
  /** Subscribes it to a plan of its own that includes these features. */
  readonly subscribe: (caller: Caller, features: readonly Allowance[]) => Promise<void>;
  readonly run: (
    caller: Caller,
    document: string,
    variableValues?: Readonly<Record<string, unknown>>,
  ) => Promise<ExecutionResult>;
  readonly walletOf: (caller: Caller) => Promise<{ available: number; held: number; holds: number }>;
  readonly close: () => Promise<void>;
}

export const readyPaywall = async (
  schema: GraphQLSchema,
  { store: given, ...options }: Partial<Omit<PaywallOptions, 'schema'>> = {},
): Promise<ReadyPaywall> => {
  const store = given ?? (await openStore('sqlite::memory:'));
  const keys = new Map<string, AccountId>();
  const paywall = createPaywall({ schema, store, now: () => NOW, planRefreshMs: 0, fixedKeys: keys, ...options });
  return {
    paywall,
    callerWith: async (credits) => {
      const id = accountId(`account-${keys.size}`);
      keys.set(id, id);
      await createAccount(paywall.engine, { id, name: id });
      if (credits > 0) await grantCredits(paywall.engine, id, { id: `start-${id}`, credits, reason: 'A test' });
      return { ...(await paywall.identify(`Bearer ${id}`)), accountId: id };
    },
    subscribe: async ({ accountId: id }, features) => {
      if (id === null) throw new Error('Nobody can subscribe without an account.');
      const planOfItsOwn = planId(`plan-of-${id}`);
      await store.savePlans([plan({ id: planOfItsOwn, features })]);
      const its = { id: subscriptionId(`of-${id}`), accountId: id, planId: planOfItsOwn };
      await saveSubscription(paywall.engine, subscription(its));
    },
    run: (caller, document, variableValues) =>
      paywall.execute({ document, variableValues, contextValue: { tollgate: { caller } } }),
    walletOf: async ({ accountId: id }) => {
      const [wallet] = id === null ? [] : await store.findWallets([id]);
      if (wallet == null) return { available: 0, held: 0, holds: 0 };
      const { available, held } = viewAt(wallet, paywall.engine.settings.now());
      return { available, held, holds: wallet.holds.length };
    },
    close: async () => {
      await paywall.close();
      await store.close();
    },
  };
};
