/**
 * The one connection to Stripe: the SDK at the version of the API that its typings describe, with time-outs, and its
 * errors in the words of the port. Neither the key nor anything that looks like one leaves this file.
 */
import Stripe from 'stripe';
import { ProviderError } from '../paymentProvider.js';

export interface StripeOptions {
  readonly secretKey: string;
  /** Of the endpoint; a second one while the first is being replaced. None: no delivery is believed. */
  readonly webhookSecrets: readonly string[];
  /** Left out: Stripe itself. */
  readonly apiUrl?: string | null;
  readonly timeoutMs?: number;
  /** How often a request is sent again, under the same key, that got no answer. */
  readonly retriesMax?: number;
  readonly now?: () => number;
}

const API_VERSION = '2026-10-28.endive';
/** Whoever clicks waits for it, and so does a webhook, which is given up after about 20 s. */
const TIMEOUT_MS = 6_000;
const RETRIES_MAX = 1;
/** Refused for now: a wrong key until somebody mends it, a lock or a limit until it is over. */
const NOT_FINAL: ReadonlySet<number> = new Set([401, 403, 408, 409, 429]);
const SECRET = /\b(?:sk|rk|pk|whsec)_[\w*.]+/g;

export class StripeLink {
  /** Whether real money moves. Objects of the other mode are not ours. */
  readonly isLive: boolean;
  readonly now: () => number;
  readonly #sdk: Stripe;

  constructor({ secretKey, apiUrl, timeoutMs, retriesMax, now }: StripeOptions) {
    this.isLive = !/^[a-z]+_test_/.test(secretKey);
    this.now = now ?? Date.now;
    this.#sdk = new Stripe(secretKey, {
      apiVersion: API_VERSION,
      appInfo: { name: 'Tollgate' },
      telemetry: false,
      timeout: timeoutMs ?? TIMEOUT_MS,
      maxNetworkRetries: retriesMax ?? RETRIES_MAX,
      ...(apiUrl == null ? {} : placeOf(apiUrl)),
    });
  }

  get signatures(): NonNullable<Stripe['webhooks']['signature']> {
    const { signature } = this.#sdk.webhooks;
    if (signature === null) throw new Error('The Stripe SDK has no check of signatures.');
    return signature;
  }

  /** Throws `ProviderError` for whatever Stripe or the way to it refuses. */
  async ask<Answer>(call: (sdk: Stripe) => Promise<Answer>): Promise<Answer> {
    try {
      return await call(this.#sdk);
    } catch (error) {
      throw providerErrorOf(error);
    }
  }

  /** `null` for what is not there (any more), or is of the other mode. */
  async find<Answer extends object>(call: (sdk: Stripe) => Promise<Answer>): Promise<Answer | null> {
    try {
      const found = await call(this.#sdk);
      return 'livemode' in found && found.livemode !== this.isLive ? null : found;
    } catch (error) {
      if (isMissing(error)) return null;
      throw providerErrorOf(error);
    }
  }

  /** All pages of a list; none where what it is a list of is not there. */
  async all<Item>(call: (sdk: Stripe) => AsyncIterable<Item>): Promise<readonly Item[]> {
    const items: Item[] = [];
    try {
      for await (const item of call(this.#sdk)) items.push(item);
      return items;
    } catch (error) {
      if (isMissing(error)) return [];
      throw providerErrorOf(error);
    }
  }
}

const placeOf = (apiUrl: string) => {
  const { hostname, port, protocol } = new URL(apiUrl);
  const scheme = protocol === 'http:' ? ('http' as const) : ('https' as const);
  return { host: hostname, port: port === '' ? (scheme === 'http' ? 80 : 443) : Number(port), protocol: scheme };
};

const isMissing = (error: unknown): boolean =>
  error instanceof Stripe.errors.StripeError && error.statusCode === 404 && error.code === 'resource_missing';

/** What the SDK throws knows the request and its headers: only what is known to be harmless is taken from it. */
const providerErrorOf = (error: unknown): unknown => {
  if (!(error instanceof Stripe.errors.StripeError)) return error;
  const { statusCode = null, requestId } = error;
  const isFinal = statusCode !== null && statusCode >= 400 && statusCode < 500 && !NOT_FINAL.has(statusCode);
  const request = requestId === undefined ? '' : ` (request ${requestId})`;
  const isCustomerGone = error.code === 'resource_missing' && error.param === 'customer';
  return new ProviderError('stripe', `${sentenceOf(error)}${request}`, isFinal, { isCustomerGone });
};

const sentenceOf = (error: InstanceType<typeof Stripe.errors.StripeError>): string => {
  const { statusCode, code } = error;
  if (statusCode === undefined) return 'Stripe could not be reached in time.';
  if (statusCode === 401)
    return 'Stripe does not know STRIPE_SECRET_KEY. Look at its API keys, and set one that is in force.';
  if (statusCode === 403) return 'STRIPE_SECRET_KEY may not do this. Give the key the permission, or take another.';
  const said = error.message.replace(SECRET, '…').split('\n')[0] ?? '';
  return `Stripe refused with ${statusCode}${code === undefined ? '' : ` ${code}`}: ${said}`;
};
