/**
 * What can be bought for money: a plan, a pack of credits, or any number of credits at a price for one. A published
 * version of a pack never changes, like one of a plan. What is published without a draft goes by the steps below.
 */
import { isCredits } from './credits.js';
import { packId, planId } from './ids.js';
import type { PackId, PlanId } from './ids.js';
import { DAYS_MAX, faultsOf, offerFaults } from './offerFaults.js';
import type { OfferFault } from './offerFaults.js';
import type { PlanStatus, Price } from './plan.js';

export interface Pack {
  readonly id: PackId;
  readonly version: number;
  readonly name: string;
  /** A pack has no drafts. */
  readonly status: Exclude<PlanStatus, 'DRAFT'>;
  readonly credits: number;
  readonly price: Price;
  /** Days from the payment on. `null`: they don't expire. */
  readonly expiresAfterDays: number | null;
}

/** What a purchase is of, by name: the version that was offered stays the one that was bought. */
export type Bought =
  | { readonly kind: 'PLAN'; readonly planId: PlanId; readonly planVersion: number; readonly withTrial: boolean }
  | { readonly kind: 'PACK'; readonly packId: PackId; readonly packVersion: number }
  | { readonly kind: 'CREDITS' };

/** What somebody wants to buy: whatever version is on sale. */
export type Wanted =
  | { readonly kind: 'PLAN'; readonly planId: PlanId }
  | { readonly kind: 'PACK'; readonly packId: PackId }
  | { readonly kind: 'CREDITS'; readonly credits: number };

/** So many credits cost so much, and others in proportion: one credit may cost less than a minor unit. */
export interface CreditPrice extends Price {
  readonly forCredits: number;
}

/** What any number of credits costs, rounded up; `null`: more than can be counted. */
export const priceOfCredits = ({ amountMinor, currency, forCredits }: CreditPrice, credits: number): Price | null => {
  const whole = BigInt(forCredits);
  const cost = (BigInt(credits) * BigInt(amountMinor) + whole - 1n) / whole;
  return isCredits(Number(cost)) ? { amountMinor: Number(cost), currency } : null;
};

export const packFaults = (pack: Pack): readonly OfferFault[] => {
  const { price, credits, expiresAfterDays: days } = pack;
  return [
    ...offerFaults('pack', pack),
    ...faultsOf([
      [price.amountMinor !== 0, 'price.amountMinor', 'A pack costs something: what is given for nothing is a grant.'],
      [isCredits(credits) && credits > 0, 'credits', 'A pack has a whole number of credits from 1 to 2^53 - 1.'],
      [
        days === null || (isCredits(days) && days >= 1 && days <= DAYS_MAX),
        'expiresAfterDays',
        `Credits of a pack last a whole number of days from 1 to ${DAYS_MAX}, or for ever.`,
      ],
    ]),
  ];
};

type OfferName =
  | { readonly kind: 'PLAN'; readonly planId: PlanId; readonly version: number }
  | { readonly kind: 'PACK'; readonly packId: PackId; readonly version: number };

/** By which a provider's price is known. Ids are slugs, so that a pack is never taken for a plan of its name. */
export const lookupKeyOf = (offer: OfferName): string =>
  offer.kind === 'PLAN'
    ? `tollgate:${offer.planId}:v${offer.version}`
    : `tollgate:pack/${offer.packId}:v${offer.version}`;

const LOOKUP_KEY = /^tollgate:(?<pack>pack\/)?(?<id>[a-z0-9-]+):v(?<version>[1-9]\d{0,14})$/;

/** The offer that a provider's price is of; `null`: none of ours. */
export const offerOfLookupKey = (key: string): OfferName | null => {
  const { pack, id, version } = LOOKUP_KEY.exec(key)?.groups ?? {};
  if (id === undefined) return null;
  return pack === undefined
    ? { kind: 'PLAN', planId: planId(id), version: Number(version) }
    : { kind: 'PACK', packId: packId(id), version: Number(version) };
};
