/**
 * From refusals to heads of responses. GraphQL-over-HTTP, "Status Codes": a response with non-null `data` is 2xx, so a
 * status is only ever chosen for an operation that is answered with errors alone.
 */
import { HeaderMap } from '@apollo/server';
import type { HTTPGraphQLHead } from '@apollo/server';
import type { GraphQLError } from 'graphql';
import { STATUS_OF } from './refusalStatus.js';
import type { Instant } from '../domain/period.js';
import { REASONS } from '../domain/refusal.js';
import type { Refusal, RefusalCode } from '../domain/refusal.js';

export const GRAPHQL_RESPONSE_JSON = 'application/graphql-response+json; charset=utf-8';
const JSON_UTF8 = 'application/json; charset=utf-8';

/**
 * The type of a response that is sent whatever the client accepts (RFC 9110, 12.5.1, allows to disregard `Accept`): of
 * the two types of GraphQL-over-HTTP the one that the client names first, and plain JSON where it names neither.
 */
export const typeOfServed = (accept = ''): string => {
  const [graphql, json] = [accept.indexOf('application/graphql-response+json'), accept.indexOf('application/json')];
  return graphql >= 0 && (json < 0 || graphql < json) ? GRAPHQL_RESPONSE_JSON : JSON_UTF8;
};

/** As a header says it: whole seconds, and never none. */
export const secondsUntil = (instant: Instant): number => Math.max(1, Math.ceil((instant - Date.now()) / 1_000));

/** How long a client should wait before it tries again where the store can't be reached. */
const RETRY_AFTER_SECONDS = 2;

/** Status and headers of an operation that was refused as a whole, by the refusal that answers for it. */
export const headOfRefusal = (
  code: RefusalCode,
  { remedyUrl = null, resetAt = null }: { remedyUrl?: string | null; resetAt?: Instant | null } = {},
): HTTPGraphQLHead => {
  const headers = new HeaderMap([
    ['content-type', GRAPHQL_RESPONSE_JSON],
    ['cache-control', 'no-store'],
  ]);
  // RFC 9110, 15.5.2: a 401 names a scheme by which to authenticate.
  if (code === 'UNAUTHENTICATED') headers.set('www-authenticate', 'Bearer');
  if (code === 'PAYMENT_REQUIRED' && remedyUrl !== null) headers.set('link', `<${remedyUrl}>; rel="payment"`);
  if (code === 'SERVICE_UNAVAILABLE' || code === 'RATE_LIMITED') {
    headers.set('retry-after', String(resetAt === null ? RETRY_AFTER_SECONDS : secondsUntil(resetAt)));
  }
  return { status: STATUS_OF[code], headers };
};

/** Status and headers where the operation ran and its answer is not sent: it could not be charged. */
export const headOfFailure = ({ extensions }: GraphQLError): HTTPGraphQLHead =>
  extensions['code'] === 'UNPAID_VALUE'
    ? { status: 500, headers: new HeaderMap([['content-type', GRAPHQL_RESPONSE_JSON]]) }
    : headOfRefusal('SERVICE_UNAVAILABLE');

/** Of errors that are no refusals; any other is the caller's own mistake, 400. */
const CONFLICT_STATUS: Readonly<Record<string, number>> = {
  IDEMPOTENCY_KEY_IN_FLIGHT: 409,
  IDEMPOTENCY_ANSWER_NOT_KEPT: 409,
  IDEMPOTENCY_KEY_REUSED: 422,
};

/** Status and headers of an answer without `data`. */
export const headOfAnswer = (refusal: Refusal | null, errors: readonly GraphQLError[]): HTTPGraphQLHead => {
  if (refusal === null) {
    const status = CONFLICT_STATUS[String(errors[0]?.extensions['code'])] ?? 400;
    const headers = new HeaderMap([['content-type', GRAPHQL_RESPONSE_JSON]]);
    if (status === 409) headers.set('retry-after', String(RETRY_AFTER_SECONDS));
    return { status, headers };
  }
  const { code, remedy } = REASONS[refusal.reason];
  const url = errors.find((error) => error.extensions['remedy'] === remedy)?.extensions['remedyUrl'];
  return headOfRefusal(code, { remedyUrl: typeof url === 'string' ? url : null, resetAt: refusal.resetAt });
};
