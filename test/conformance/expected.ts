/** Parts of answers that the rows are written in. What a row does not say is spelled out here, as clients see it. */
import { expect } from 'vitest';

interface Where {
  readonly locations: readonly { readonly line: number; readonly column: number }[];
  readonly path?: readonly (string | number)[];
}

/** Where an error is: the columns of the field in the operation, and the path in the answer, or that it would have had. */
export const at = (columns: number | readonly number[], ...path: readonly (string | number)[]): Where => ({
  locations: [columns].flat().map((column) => ({ line: 1, column })),
  ...(path.length === 0 ? {} : { path }),
});

const refusal = (message: string, where: Where, extensions: Readonly<Record<string, unknown>>): unknown => ({
  message,
  ...where,
  extensions: {
    code: 'PAYMENT_REQUIRED',
    remedyUrl: `https://atlas.test/${String(extensions['remedy'])}`,
    docs: `https://atlas.test/errors/${extensions['remedy'] === 'ADD_FUNDS' ? 'insufficient-funds' : 'paid-content'}`,
    required: null,
    available: null,
    plans: [],
    resetAt: null,
    retryable: false,
    refusalId: expect.any(String),
    ...extensions,
  },
});

const inCredits = (count: number): string => (count === 1 ? '1 credit' : `${count} credits`);

/** The credits don't suffice. */
export const poor = (coordinate: string, required: number, available: number, where: Where): unknown =>
  refusal(
    `${coordinate} costs ${inCredits(required)}, and ${available} are available. Add funds, or subscribe to a plan that covers it: all.`,
    where,
    {
      reason: 'INSUFFICIENT_FUNDS',
      remedy: 'ADD_FUNDS',
      coordinate,
      feature: 'f',
      required,
      available,
      plans: ['all'],
    },
  );

/** There is a subscription, and its plan does not have the feature. */
export const notInPlan = (coordinate: string, feature: string, where: Where): unknown =>
  refusal(`${coordinate} is not in the subscription's plan. No plan on offer covers it at present.`, where, {
    reason: 'PLAN_UPGRADE_REQUIRED',
    remedy: 'UPGRADE_PLAN',
    coordinate,
    feature,
  });

/** There is no subscription, and credits can't buy it. */
export const notSubscribed = (coordinate: string, feature: string, where: Where): unknown =>
  refusal(`${coordinate} needs a subscription. No plan on offer covers it at present.`, where, {
    reason: 'SUBSCRIPTION_REQUIRED',
    remedy: 'SUBSCRIBE',
    coordinate,
    feature,
  });

/** What the mine's own resolver says when it fails. */
export const collapsed = (where: Where): unknown => ({
  message: 'The mine collapsed.',
  ...where,
  extensions: { code: 'COLLAPSED' },
});

type PaidField = readonly [coordinate: string, positions: number, credits: number, coveredBy?: string];

/** `extensions.payment`. */
export const payment = (charged: number, balance: number, ...fields: readonly PaidField[]): unknown => ({
  charged,
  balance,
  fields: fields.map(([coordinate, positions, credits, coveredBy = null]) => ({
    coordinate,
    positions,
    credits,
    coveredBy,
  })),
});
