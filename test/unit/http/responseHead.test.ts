import { expect, it } from 'vitest';
import { REASONS, REFUSAL_REASONS } from '../../../src/domain/refusal.js';
import type { RefusalReason } from '../../../src/domain/refusal.js';
import { responseHead, STATUS_OF } from '../../../src/http/responseHead.js';

const GRAPHQL_TYPE = 'application/graphql-response+json; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';
const ofErrors = { 'content-type': GRAPHQL_TYPE };
const ofRefusal = { ...ofErrors, 'cache-control': 'no-store' };

const refused = (reason: RefusalReason, more: Readonly<Record<string, unknown>> = {}) => {
  const { code, remedy } = REASONS[reason];
  return { extensions: { code, reason, remedy, remedyUrl: `https://pay.test/${reason}`, resetAt: null, ...more } };
};

const EXTRA: Readonly<Partial<Record<number, Readonly<Record<string, string>>>>> = {
  401: { 'www-authenticate': 'Bearer' },
  429: { 'retry-after': '2' },
  503: { 'retry-after': '2' },
};

it.each(REFUSAL_REASONS)('a refusal of the whole operation has its status and its headers: %s', (reason) => {
  const status = STATUS_OF[REASONS[reason].code];
  const link: Readonly<Record<string, string>> =
    status === 402 ? { link: `<https://pay.test/${reason}>; rel="payment"` } : {};
  expect(responseHead({ errors: [refused(reason)] })).toEqual({
    status,
    headers: { ...ofRefusal, ...EXTRA[status], ...link },
  });
});

it('of several refusals the first in order of precedence answers, and of equals the first given', () => {
  const errors = [
    { extensions: { code: 'BAD_USER_INPUT' } },
    refused('INSUFFICIENT_FUNDS', { remedyUrl: 'https://pay.test/second' }),
    refused('LIMIT_REACHED', { remedyUrl: 'https://pay.test/first' }),
    refused('LIMIT_REACHED', { remedyUrl: 'https://pay.test/third' }),
    refused('STORE_UNAVAILABLE'),
  ];
  expect(responseHead({ errors })).toEqual({
    status: 402,
    headers: { ...ofRefusal, link: '<https://pay.test/first>; rel="payment"' },
  });
  expect(responseHead({ errors: [...errors, refused('KEY_EXPIRED')] }).status).toBe(401);
});

it('where nobody has a page for the remedy there is no link to it', () => {
  expect(responseHead({ errors: [refused('SUBSCRIPTION_REQUIRED', { remedyUrl: null })] })).toEqual({
    status: 402,
    headers: ofRefusal,
  });
});

it('who is to wait is told how long, in whole seconds and never none', () => {
  const waitUntil = (resetAt: number) =>
    responseHead({ errors: [refused('RATE_LIMITED', { resetAt: new Date(resetAt).toISOString() })] }).headers;
  expect(waitUntil(Date.now() - 60_000)).toEqual({ ...ofRefusal, 'retry-after': '1' });
  const seconds = Number(waitUntil(Date.now() + 3_600_000)['retry-after']);
  expect(Number.isInteger(seconds)).toBe(true);
  // However slow the machine: between asking and answering it loses some of the hour, and gains nothing.
  expect(seconds).toBeLessThanOrEqual(3_600);
  expect(seconds).toBeGreaterThan(0);
});

it.each([
  ['UNAUTHENTICATED', { status: 401, headers: { ...ofRefusal, 'www-authenticate': 'Bearer' } }],
  ['SERVICE_UNAVAILABLE', { status: 503, headers: { ...ofRefusal, 'retry-after': '2' } }],
  ['IDEMPOTENCY_KEY_IN_FLIGHT', { status: 409, headers: { ...ofErrors, 'retry-after': '2' } }],
  ['IDEMPOTENCY_ANSWER_NOT_KEPT', { status: 409, headers: { ...ofErrors, 'retry-after': '2' } }],
  ['IDEMPOTENCY_KEY_REUSED', { status: 422, headers: ofErrors }],
  ['UNPAID_VALUE', { status: 500, headers: ofErrors }],
  ['INTERNAL_SERVER_ERROR', { status: 500, headers: ofErrors }],
  ['GRAPHQL_VALIDATION_FAILED', { status: 400, headers: ofErrors }],
  ['toString', { status: 400, headers: ofErrors }],
  [undefined, { status: 400, headers: ofErrors }],
])('an error that is no refusal has the status of its code: %s', (code, head) => {
  expect(responseHead({ errors: [{ extensions: { code } }] })).toEqual(head);
});

it('errors without any extensions are the caller’s own', () => {
  expect(responseHead({ errors: [{}] })).toEqual({ status: 400, headers: ofErrors });
  expect(responseHead({ errors: [] })).toEqual({ status: 400, headers: ofErrors });
});

it('whatever has data is 200, in the type that the client likes best, refused fields or none', () => {
  expect(responseHead({ data: { a: 1 } })).toEqual({ status: 200, headers: { 'content-type': JSON_TYPE } });
  expect(
    responseHead(
      { data: { a: null }, errors: [refused('INSUFFICIENT_FUNDS')] },
      { accept: 'application/graphql-response+json' },
    ),
  ).toEqual({ status: 200, headers: { 'content-type': GRAPHQL_TYPE } });
  expect(responseHead({ data: null, errors: [{}] })).toEqual({ status: 200, headers: { 'content-type': JSON_TYPE } });
});

it('an answer that is sent again says so', () => {
  expect(responseHead({ data: { a: 1 } }, { isReplay: true })).toEqual({
    status: 200,
    headers: { 'content-type': JSON_TYPE, 'idempotency-replayed': 'true' },
  });
});
