/** What clients are told of a refusal, spelled out here once more so that a change of it is noticed. */
import { expect } from 'vitest';

interface RefusalFigures {
  readonly code: string;
  readonly reason: string;
  readonly remedy: string;
  readonly coordinate: string | null;
  readonly feature?: string | null;
  readonly required?: number | null;
  readonly available?: number | null;
  readonly plans?: readonly string[];
  readonly resetAt?: string | null;
  readonly retryable?: boolean;
}

/** The page about each reason. */
const CAUSES: Readonly<Record<string, string>> = {
  KEY_REQUIRED: 'incorrect-api-key',
  KEY_UNKNOWN: 'incorrect-api-key',
  KEY_EXPIRED: 'incorrect-api-key',
  KEY_REVOKED: 'incorrect-api-key',
  ACCOUNT_SUSPENDED: 'unauthorised-access',
  SCOPE_MISSING: 'unauthorised-access',
  RATE_LIMITED: 'excessive-requests',
  PAYMENT_METHOD_EXPIRED: 'payment-method-expired',
  PAYMENT_FAILED: 'payment-method-expired',
  SUBSCRIPTION_EXPIRED: 'subscription-expired',
  KEY_BUDGET_REACHED: 'key-budget-reached',
  LIMIT_REACHED: 'paid-content',
  INSUFFICIENT_FUNDS: 'insufficient-funds',
  PLAN_UPGRADE_REQUIRED: 'paid-content',
  SUBSCRIPTION_REQUIRED: 'paid-content',
  STORE_UNAVAILABLE: 'gateway-failing',
};

/** `errors[].extensions` of a refusal by the test server, whole. What is left out is as where it does not apply. */
export const refusalExtensions = (figures: RefusalFigures): Readonly<Record<string, unknown>> => ({
  feature: null,
  required: null,
  available: null,
  plans: [],
  resetAt: null,
  retryable: false,
  ...figures,
  remedyUrl: `https://atlas.test/${figures.remedy}`,
  docs: `https://atlas.test/errors/${CAUSES[figures.reason]}`,
  refusalId: expect.any(String),
});

/** A field that credits can buy, and they don't suffice. */
export const insufficientFunds = (
  coordinate: string,
  figures: {
    readonly required: number;
    readonly available: number;
    readonly feature?: string;
    readonly plans?: readonly string[];
  },
): Readonly<Record<string, unknown>> =>
  refusalExtensions({
    code: 'PAYMENT_REQUIRED',
    reason: 'INSUFFICIENT_FUNDS',
    remedy: 'ADD_FUNDS',
    coordinate,
    ...figures,
  });

/** The headers of each answer without `data`. */
export const HEADERS_OF = {
  400: { 'content-type': 'application/graphql-response+json; charset=utf-8' },
  401: {
    'content-type': 'application/graphql-response+json; charset=utf-8',
    'cache-control': 'no-store',
    'www-authenticate': 'Bearer',
  },
  403: { 'content-type': 'application/graphql-response+json; charset=utf-8', 'cache-control': 'no-store' },
  503: {
    'content-type': 'application/graphql-response+json; charset=utf-8',
    'cache-control': 'no-store',
    'retry-after': '2',
  },
} as const;

export const headersOf402 = (remedy: string): Readonly<Record<string, string>> => ({
  'content-type': 'application/graphql-response+json; charset=utf-8',
  'cache-control': 'no-store',
  link: `<https://atlas.test/${remedy}>; rel="payment"`,
});

export const JSON_HEADERS = { 'content-type': 'application/json; charset=utf-8' } as const;

/** `extensions.payment` where one coordinate was paid with credits. */
export const paymentOf = (
  coordinate: string,
  {
    charged,
    balance,
    positions = 1,
  }: { readonly charged: number; readonly balance: number; readonly positions?: number },
): Readonly<Record<string, unknown>> => ({
  payment: { charged, balance, fields: [{ coordinate, positions, credits: charged, coveredBy: null }] },
});
