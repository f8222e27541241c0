/**
 * What takes money on this server: Stripe where it is configured, the sandbox in a demo, and nothing elsewhere. Its routes
 * are the provider's webhook, which is read as it came, and the pages of the sandbox.
 */
import { dirname, join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Bank } from '../../accounts/bank.js';
import { openCounter } from '../../api/paymentDesk.js';
import type { Config } from '../../config.js';
import { openPayments } from '../../payments/openPayments.js';
import type { Payments } from '../../payments/openPayments.js';
import type { PaymentProvider } from '../../payments/paymentProvider.js';
import { Sandbox } from '../../payments/sandbox/sandbox.js';
import { sandboxProvider } from '../../payments/sandbox/sandboxProvider.js';
import { sandboxPages } from '../pages/sandboxPages.js';

export interface Till {
  readonly payments: Payments;
  readonly provider: PaymentProvider['name'];
  /** `null`: the provider is a real one. */
  readonly sandbox: Sandbox | null;
  /** Once the server listens. */
  readonly start: () => void;
  readonly close: () => Promise<void>;
}

export interface TillSettings extends Pick<Config, 'isDemo' | 'databaseUrl' | 'payments'> {
  /** Where this server is reached, once it listens. */
  readonly serverUrl: () => string;
}

/** `null`: this server takes no money. The package of Stripe is loaded only where it does. */
export const openTill = async (bank: Bank, settings: TillSettings): Promise<Till | null> => {
  const { payments: configured, isDemo, databaseUrl, serverUrl } = settings;
  const { now } = bank.settings;
  if (configured.stripe !== null) {
    const { stripeProvider } = await import('../../payments/stripe/stripeProvider.js');
    return tillOf(bank, stripeProvider({ ...configured.stripe, now }), null, settings);
  }
  if (!isDemo) return null;
  const sandbox = new Sandbox({ file: sandboxFileBeside(databaseUrl), now, serverUrl });
  return tillOf(bank, sandboxProvider(sandbox), sandbox, settings);
};

const SQLITE = 'sqlite:';

/** A database that ends with the process has a sandbox that does. */
const sandboxFileBeside = (databaseUrl: string): string | null => {
  if (databaseUrl === 'sqlite::memory:') return null;
  return join(databaseUrl.startsWith(SQLITE) ? dirname(databaseUrl.slice(SQLITE.length)) : 'data', 'sandbox.json');
};

const tillOf = (
  bank: Bank,
  provider: PaymentProvider,
  sandbox: Sandbox | null,
  { payments: { returnOrigins, creditPrice }, serverUrl }: TillSettings,
): Till => {
  const payments = openPayments({
    bank,
    provider,
    creditPrice,
    returnUrl: ({ refusalId }) =>
      refusalId === null ? `${serverUrl()}/` : `${serverUrl()}/refusals/${encodeURIComponent(refusalId)}?back`,
  });
  openCounter(bank, {
    desk: payments.desk,
    mayReturnTo: (url) => URL.canParse(url) && isAllowed(new URL(url), [new URL(serverUrl()).origin, ...returnOrigins]),
  });
  return {
    payments,
    provider: provider.name,
    sandbox,
    start: () => {
      payments.reconciler.start();
      sandbox?.start();
    },
    close: async () => {
      await payments.close();
      await sandbox?.close();
    },
  };
};

const isAllowed = ({ protocol, origin }: URL, origins: readonly string[]): boolean =>
  /^https?:$/.test(protocol) && origins.includes(origin);

/** Events are small. What is larger is no event. */
const DELIVERY_BYTES_MAX = 1_048_576;

export const tillRoutes = (server: FastifyInstance, { payments, provider, sandbox }: Till): void => {
  void server.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: DELIVERY_BYTES_MAX }, (_request, body, done) => {
      done(null, body);
    });
    scope.post(`/payments/${provider}/webhook`, async ({ body: sent, headers: head }, reply) => {
      const body = Buffer.isBuffer(sent) ? sent : Buffer.alloc(0);
      const { status, headers, body: answer } = await payments.webhook(body, head);
      return reply.code(status).headers(headers).send(JSON.stringify(answer));
    });
  });
  if (sandbox !== null) sandboxPages(server, sandbox);
};
