/** An Apollo server of an author's own with the Tollgate plugin, asked without a port: for options that ours does not have. */
import { ApolloServer, HeaderMap } from '@apollo/server';
import type { ApolloServerPlugin } from '@apollo/server';
import { createAccount, grantCredits, issueKey } from '../../src/admin/library.js';
import { accountId } from '../../src/domain/ids.js';
import { viewAt } from '../../src/domain/walletView.js';
import { createPaywall } from '../../src/paywall/createPaywall.js';
import type { Paywall, PaywallOptions } from '../../src/paywall/paywall.js';
import { tollgatePlugin } from '../../src/apollo/tollgatePlugin.js';
import { callerContext } from '../../src/paywall/callerContext.js';
import type { PaywallContext } from '../../src/paywall/callerContext.js';
import { openStore } from '../../src/store/openStore.js';

export interface ApolloAnswer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly link: string | undefined;
  readonly body: unknown;
}

export interface ApolloForTest {
  readonly paywall: Paywall;
  /** The body as a client sends it: one operation, or several in a batch. */
  readonly post: (key: string, body: unknown, headers?: Readonly<Record<string, string>>) => Promise<ApolloAnswer>;
  readonly keyOf: (account: string, credits: number) => Promise<string>;
  readonly available: (account: string) => Promise<{ readonly available: number; readonly held: number }>;
  readonly close: () => Promise<void>;
}

export interface ApolloSetup {
  readonly schema: PaywallOptions['schema'];
  /** Plugins before and after Tollgate's. */
  readonly before?: readonly ApolloServerPlugin<PaywallContext>[];
  readonly after?: readonly ApolloServerPlugin<PaywallContext>[];
  readonly options?: { readonly allowBatchedHttpRequests: boolean };
}

export const startApollo = async ({
  schema,
  before = [],
  after = [],
  options,
}: ApolloSetup): Promise<ApolloForTest> => {
  const store = await openStore('sqlite::memory:');
  const paywall = createPaywall({
    schema,
    store,
    remedyUrl: ({ remedy }) => `https://atlas.test/${remedy}`,
    docsUrl: (cause) => `https://atlas.test/errors/${cause}`,
  });
  const apollo = new ApolloServer<PaywallContext>({
    ...options,
    schema: paywall.schema,
    plugins: [...before, tollgatePlugin(paywall), ...after],
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
  });
  await apollo.start();

  const post: ApolloForTest['post'] = async (key, body, more = {}) => {
    const headers = new HeaderMap(Object.entries({ 'content-type': 'application/json', ...more }));
    const {
      status,
      headers: sent,
      body: answer,
    } = await apollo.executeHTTPGraphQLRequest({
      httpGraphQLRequest: { method: 'POST', headers, search: '', body },
      context: () => callerContext(paywall, `Bearer ${key}`),
    });
    const text = answer.kind === 'complete' ? answer.string : '';
    return {
      status: status ?? 200,
      contentType: sent.get('content-type'),
      link: sent.get('link'),
      body: JSON.parse(text),
    };
  };

  return {
    paywall,
    post,
    keyOf: async (id, credits) => {
      const account = await createAccount(paywall.engine, { id, name: id });
      if (credits > 0) await grantCredits(paywall.engine, account.id, { id: `start-${id}`, credits, reason: 'A test' });
      return (await issueKey(paywall.engine, account.id)).secret;
    },
    available: async (account) => {
      const [wallet] = await store.findWallets([accountId(account)]);
      if (wallet == null) return { available: 0, held: 0 };
      const { available, held } = viewAt(wallet, Date.now());
      return { available, held };
    },
    close: async () => {
      await apollo.stop();
      await paywall.close();
      await store.close();
    },
  };
};
