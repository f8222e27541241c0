/**
 * Stripe's prices of our offers: found by their lookup key, or made. A version never changes, so a price that says
 * something else than its offer is a mistake in the dashboard, and nothing is sold at it.
 */
import type Stripe from 'stripe';
import { lookupKeyOf, offerOfLookupKey } from '../../domain/offer.js';
import type { Price } from '../../domain/plan.js';
import type { ProvidedSubscription } from '../../domain/provided.js';
import { ProviderError } from '../paymentProvider.js';
import type { Offer } from '../paymentProvider.js';
import type { StripeLink } from './stripeLink.js';

/** The dashboard can move a lookup key to another price; who subscribed to the former stays known by this. */
const OFFER = 'tollgate_offer';

/** By ISO 4217 minor units, how many of Stripe's one is, where they are not the same ("Supported currencies"). */
const STRIPE_UNITS: Readonly<Partial<Record<string, readonly [of: number, per: number]>>> = {
  ISK: [100, 1],
  UGX: [100, 1],
  MGA: [1, 100],
};

export const stripeAmount = ({ amountMinor, currency }: Price): number => {
  const [of, per] = STRIPE_UNITS[currency] ?? [1, 1];
  return (amountMinor * of) / per;
};

export const minorOf = (amount: number, currency: string): number => {
  const [of, per] = STRIPE_UNITS[currency] ?? [1, 1];
  return Math.round((amount * per) / of);
};

type Listed = Exclude<Offer, { readonly kind: 'CREDITS' }>;

export const keyOf = (offer: Listed): string =>
  offer.kind === 'PLAN'
    ? lookupKeyOf({ kind: 'PLAN', planId: offer.plan.id, version: offer.plan.version })
    : lookupKeyOf({ kind: 'PACK', packId: offer.pack.id, version: offer.pack.version });

/** The plan that a price is of; `null`: it is none of ours, or a pack's. */
export const planOfPrice = (price: Stripe.Price): ProvidedSubscription['plan'] => {
  const offer = offerOfLookupKey(price.metadata[OFFER] ?? price.lookup_key ?? '');
  return offer?.kind === 'PLAN' ? { planId: offer.planId, planVersion: offer.version } : null;
};

/** Of all plans and packs, by lookup key. */
export class PriceBook {
  readonly #ids = new Map<string, string>();

  constructor(private readonly link: StripeLink) {}

  async idOf(offer: Listed): Promise<string> {
    const key = keyOf(offer);
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const price = (await this.#find(key)) ?? (await this.#make(key, offer));
    checkPrice(price, key, offer);
    this.#ids.set(key, price.id);
    return price.id;
  }

  async #find(key: string): Promise<Stripe.Price | null> {
    const found = await this.link.ask((sdk) => sdk.prices.list({ lookup_keys: [key], active: true, limit: 1 }));
    return found.data[0] ?? null;
  }

  async #make(key: string, offer: Listed): Promise<Stripe.Price> {
    const { name, price } = offer.kind === 'PLAN' ? offer.plan : offer.pack;
    const params: Stripe.PriceCreateParams = {
      currency: price.currency.toLowerCase(),
      unit_amount: stripeAmount(price),
      lookup_key: key,
      metadata: { [OFFER]: key },
      product_data: { name, metadata: { [OFFER]: key } },
      ...(offer.kind === 'PLAN' ? { recurring: { interval: intervalOf(offer.plan.interval) } } : {}),
    };
    try {
      return await this.link.ask((sdk) => sdk.prices.create(params, { idempotencyKey: `tollgate/price/${key}` }));
    } catch (error) {
      // Another server was first.
      const first = error instanceof ProviderError && error.isFinal ? await this.#find(key) : null;
      if (first === null) throw error;
      return first;
    }
  }
}

const intervalOf = (interval: 'MONTH' | 'YEAR'): 'month' | 'year' => (interval === 'MONTH' ? 'month' : 'year');

const checkPrice = (price: Stripe.Price, key: string, offer: Listed): void => {
  const { price: ours } = offer.kind === 'PLAN' ? offer.plan : offer.pack;
  const interval = offer.kind === 'PLAN' ? intervalOf(offer.plan.interval) : undefined;
  const isSame =
    price.unit_amount === stripeAmount(ours) &&
    price.currency === ours.currency.toLowerCase() &&
    price.recurring?.interval === interval &&
    (price.recurring?.interval_count ?? 1) === 1;
  if (isSame) return;
  const fault = `Stripe's price with the lookup key ${key} (${price.id}) is not that of the offer. Take the key off it in the dashboard: the right one is made then.`;
  throw new ProviderError('stripe', fault, true);
};
