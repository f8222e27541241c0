/**
 * A plan: a versioned offer. A published version never changes; editing one makes the next. What is wrong with a
 * draft is a list of faults, so that an operator sees all of them at once.
 */
import { isCredits } from './credits.js';
import type { PlanId } from './ids.js';
import { DAYS_MAX, faultsOf, offerFaults } from './offerFaults.js';
import type { OfferFault } from './offerFaults.js';
import type { Interval, LimitPer } from './period.js';

export type PlanStatus = 'DRAFT' | 'ACTIVE' | 'ARCHIVED';
/** In what time a plan gives its credits once. */
export type CreditsPer = 'BILLING_PERIOD' | 'MONTH';
export type WhenExhausted = 'REFUSE' | 'CREDITS';

/** A limit counts units per window; an allowance without one is unlimited. */
export interface Limit {
  readonly units: number;
  readonly per: LimitPer;
}

export interface Allowance {
  readonly feature: string;
  readonly limit: Limit | null;
  /** What happens when the limit is used up. Without a limit it says nothing. */
  readonly whenExhausted: WhenExhausted;
}

export interface Price {
  /** In the currency's minor unit: 4900 is 49.00 EUR. */
  readonly amountMinor: number;
  /** ISO 4217. */
  readonly currency: string;
}

export interface Plan {
  readonly id: PlanId;
  readonly version: number;
  readonly name: string;
  readonly status: PlanStatus;
  readonly price: Price;
  readonly interval: Interval;
  readonly features: readonly Allowance[];
  readonly creditsPerPeriod: number;
  /** Absent: per billing period. Per month: for each month of the account's calendar, in part where a period begins or ends in it. */
  readonly creditsPer?: CreditsPer;
  readonly trialDays: number;
  readonly graceDays: number;
  /** `null`: no limit of this plan's own. */
  readonly requestsPerMinute: number | null;
}

/** The allowance under which this plan covers the feature, or `null` where it does not. A field that names no feature is covered by every plan. */
export const allowanceFor = (plan: Plan, feature: string | null): Allowance | null =>
  feature === null
    ? { feature: '', limit: null, whenExhausted: 'REFUSE' }
    : (plan.features.find((allowance) => allowance.feature === feature) ?? null);

const PER_YEAR = { MONTH: 12n, YEAR: 1n } as const;

const pricePerYear = ({ price, interval }: Plan): bigint => BigInt(price.amountMinor) * PER_YEAR[interval];

/**
 * The order of offers: those in one's own currency first, then by the names of currencies, since amounts in two of them
 * can't be compared; within one currency by what a year costs, so that a month's price and a year's are; then by id.
 */
export const cheapestFirst =
  (ownCurrency: string | null) =>
  (a: Plan, b: Plan): number => {
    const [one, other] = [a.price.currency, b.price.currency];
    if (one !== other) return one === ownCurrency || (other !== ownCurrency && one < other) ? -1 : 1;
    const difference = pricePerYear(a) - pricePerYear(b);
    return difference === 0n ? (a.id < b.id ? -1 : 1) : Number(difference);
  };

/** The ids of the plans on offer that cover this many units of the feature, cheapest first. */
export const plansCovering = (
  offers: readonly Plan[],
  feature: string | null,
  units: number,
  ownCurrency: string | null = null,
): readonly PlanId[] =>
  offers
    .filter((plan) => {
      const allowance = plan.status === 'ACTIVE' ? allowanceFor(plan, feature) : null;
      return allowance !== null && (allowance.limit === null || allowance.limit.units >= units);
    })
    .sort(cheapestFirst(ownCurrency))
    .map((plan) => plan.id);

const isCount = isCredits;

export const planFaults = (plan: Plan): readonly OfferFault[] => [
  ...offerFaults('plan', plan),
  ...faultsOf([
    [isCount(plan.creditsPerPeriod), 'creditsPerPeriod', 'Credits are a whole number from 0 to 2^53 - 1.'],
    [
      isCount(plan.trialDays) && plan.trialDays <= DAYS_MAX,
      'trialDays',
      `A trial lasts a whole number of days from 0 to ${DAYS_MAX}.`,
    ],
    [
      isCount(plan.graceDays) && plan.graceDays <= DAYS_MAX,
      'graceDays',
      `A grace lasts a whole number of days from 0 to ${DAYS_MAX}.`,
    ],
    [
      plan.requestsPerMinute === null || (isCount(plan.requestsPerMinute) && plan.requestsPerMinute > 0),
      'requestsPerMinute',
      'Requests per minute are a whole number from 1, or absent.',
    ],
    ...plan.features.flatMap(({ feature, limit }, index) => [
      [feature.trim() !== '', `features.${index}.feature`, 'An allowance names a feature.'] as const,
      [
        plan.features.findIndex((other) => other.feature === feature) === index,
        `features.${index}.feature`,
        `The feature "${feature}" is named twice.`,
      ] as const,
      [
        limit === null || isCount(limit.units),
        `features.${index}.limit`,
        'A limit is a whole number of units, not negative.',
      ] as const,
    ]),
  ]),
];
