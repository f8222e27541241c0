/**
 * What a provider's delivery is answered, without any HTTP server: 2xx once its effect is written, or where it is none of
 * ours, since a provider switches off an endpoint that refuses; 5xx as long as it is not written, so that it comes again;
 * 400 for whoever can't show that they are the provider.
 */
import type { Bank } from '../accounts/bank.js';
import type { Inbox } from './inbox.js';
import { WebhookFault } from './paymentProvider.js';
import type { PaymentProvider, ProviderEvent } from './paymentProvider.js';

export type WebhookHeaders = Readonly<Record<string, string | string[] | undefined>>;

export interface WebhookAnswer {
  readonly status: 200 | 400 | 503;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, string>>;
}

/** `body`: as it came, byte for byte: that is what is signed. */
export type Webhook = (body: Buffer, headers: WebhookHeaders) => Promise<WebhookAnswer>;

const RETRY_AFTER_SECONDS = 30;

export const createWebhook = (
  { settings }: Pick<Bank, 'settings'>,
  provider: Pick<PaymentProvider, 'verify'>,
  inbox: Pick<Inbox, 'take'>,
): Webhook => {
  const take = async (event: ProviderEvent): Promise<WebhookAnswer> => {
    try {
      const { isOurs } = await inbox.take(event);
      return answer(200, { received: event.id, effect: isOurs ? 'applied' : 'not ours' });
    } catch (error) {
      settings.onFailure(error);
      const retry = { 'retry-after': String(RETRY_AFTER_SECONDS) };
      return answer(503, { error: 'Its effect could not be written yet. Send it again.' }, retry);
    }
  };
  return async (body, headers) => {
    const verified = verify(provider, { body, headers, now: settings.now() });
    return verified instanceof WebhookFault
      ? answer(400, { error: `${verified.reason}: ${verified.message}` })
      : take(verified);
  };
};

const verify = (
  provider: Pick<PaymentProvider, 'verify'>,
  { body, headers, now }: { readonly body: Buffer; readonly headers: WebhookHeaders; readonly now: number },
): ProviderEvent | WebhookFault => {
  try {
    return provider.verify(body, headers, now);
  } catch (error) {
    if (error instanceof WebhookFault) return error;
    throw error;
  }
};

const answer = (
  status: WebhookAnswer['status'],
  body: WebhookAnswer['body'],
  headers: WebhookAnswer['headers'] = {},
): WebhookAnswer => ({
  status,
  body,
  headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', ...headers },
});
