/** What is wrong with an offer, in what plans and packs have in common: their name, their version and their price. */
import { isCredits } from './credits.js';
import { isCurrency } from './currency.js';

export interface OfferFault {
  /** The part that is wrong, as in `features.0.limit`. */
  readonly argument: string;
  readonly message: string;
}

/** Longer than that no offer lasts, in days. */
export const DAYS_MAX = 3650;

interface Offered {
  readonly id: string;
  readonly version: number;
  readonly name: string;
  readonly price: { readonly amountMinor: number; readonly currency: string };
}

/** The faults of all conditions that don't hold, in their order. */
export const faultsOf = (
  conditions: readonly (readonly [isSound: boolean, argument: string, message: string])[],
): readonly OfferFault[] =>
  conditions.flatMap(([isSound, argument, message]) => (isSound ? [] : [{ argument, message }]));

export const offerFaults = (kind: 'plan' | 'pack', { id, version, name, price }: Offered): readonly OfferFault[] =>
  faultsOf([
    [
      /^[a-z0-9]+(-[a-z0-9]+)*$/.test(id),
      'id',
      `A ${kind}’s id is a slug: lower-case letters, digits and single hyphens.`,
    ],
    [Number.isSafeInteger(version) && version >= 1, 'version', 'A version is a whole number from 1.'],
    [name.trim() !== '', 'name', `A ${kind} needs a name.`],
    [isCredits(price.amountMinor), 'price.amountMinor', 'A price is a whole number of minor units, not negative.'],
    [
      isCurrency(price.currency),
      'price.currency',
      'A currency is one of ISO 4217 that is in use, in three capital letters, as in EUR.',
    ],
  ]);
