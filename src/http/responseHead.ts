/**
 * From an answer to the head of its response. GraphQL-over-HTTP, "Status Codes": a response with
 * `data` is 2xx, so another status is only ever chosen for an operation that is answered with errors
 * alone. Plain values: whoever serves HTTP, by whatever server, can send them.
 */
import type { Instant } from '../domain/period.js';
import { precedes, REASONS } from '../domain/refusal.js';
import type { RefusalCode, RefusalReason } from '../domain/refusal.js';
import { GRAPHQL_RESPONSE_JSON, typeOfServed } from './preferredType.js';

export interface ResponseHead {
  readonly status: number;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What is sent, as an executor or `Opening` gives it. */
export interface HttpAnswer {
  readonly data?: unknown;
  readonly errors?: readonly AnsweredError[] | undefined;
}

interface AnsweredError {
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

export const STATUS_OF: Readonly<Record<RefusalCode, number>> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  RATE_LIMITED: 429,
  PAYMENT_REQUIRED: 402,
  SERVICE_UNAVAILABLE: 503,
};

/** Of errors that are no refusals; any other is the caller's own mistake, 400. */
const OTHER_STATUS: ReadonlyMap<unknown, number> = new Map([
  ['IDEMPOTENCY_KEY_IN_FLIGHT', 409],
  ['IDEMPOTENCY_ANSWER_NOT_KEPT', 409],
  ['IDEMPOTENCY_KEY_REUSED', 422],
  ['METHOD_NOT_ALLOWED', 405],
  ['IDEMPOTENT_ANSWER_TOO_LARGE', 413],
  ['ANSWER_TOO_LARGE', 413],
  ['UNPAID_VALUE', 500],
  ['INTERNAL_SERVER_ERROR', 500],
]);

/** How long a client should wait before it tries again where nobody knows better. */
const RETRY_AFTER_SECONDS = 2;

interface HeadOptions {
  readonly accept?: string | undefined;
  readonly isReplay?: boolean;
}

/**
 * For an answer that a cache might keep: to a GET request. `isOwn`: it depends on who asked, so that no cache may send it
 * to anybody. A cache that keeps others tells callers apart.
 */
export const cacheHeaders = ({ isOwn }: { readonly isOwn: boolean }): ResponseHead['headers'] =>
  isOwn ? { vary: 'Authorization', 'cache-control': 'private, no-store' } : { vary: 'Authorization' };

/** As a header says it: whole seconds, and never none. */
export const secondsUntil = (instant: Instant): number => Math.max(1, Math.ceil((instant - Date.now()) / 1_000));

/**
 * Status and headers of an answer. `accept`: the request's header. `isReplay`: it is the answer of
 * an operation that was carried out before under its `Idempotency-Key`.
 */
export const responseHead = (
  { data, errors = [] }: HttpAnswer,
  { accept, isReplay = false }: HeadOptions = {},
): ResponseHead => {
  const headers = isReplay ? { 'idempotency-replayed': 'true' } : {};
  if (data === undefined) return headOfErrors(errors, headers);
  return { status: 200, headers: { 'content-type': typeOfServed(accept), ...headers } };
};

const headOfErrors = (errors: readonly AnsweredError[], headers: ResponseHead['headers']): ResponseHead => {
  const answering = errors.reduce<AnsweredError>(
    (first, each) => (stands(each, first) ? each : first),
    errors[0] ?? {},
  );
  const reason = reasonOf(answering);
  const code = reason === null ? answering.extensions?.['code'] : REASONS[reason].code;
  const ofErrors = { 'content-type': GRAPHQL_RESPONSE_JSON, ...headers };
  if (isRefusalCode(code)) return { status: STATUS_OF[code], headers: { ...ofErrors, ...ofRefusal(code, answering) } };
  const status = OTHER_STATUS.get(code) ?? 400;
  const isToWait = status === 409;
  return { status, headers: { ...ofErrors, ...(isToWait ? { 'retry-after': String(RETRY_AFTER_SECONDS) } : {}) } };
};

/** Whether the one answers for the operation rather than the other. */
const stands = (one: AnsweredError, other: AnsweredError): boolean => {
  const [reason, before] = [reasonOf(one), reasonOf(other)];
  return reason !== null && (before === null || precedes(reason, before));
};

const isReason = (value: unknown): value is RefusalReason => typeof value === 'string' && Object.hasOwn(REASONS, value);
const isRefusalCode = (value: unknown): value is RefusalCode =>
  typeof value === 'string' && Object.hasOwn(STATUS_OF, value);

const reasonOf = ({ extensions }: AnsweredError): RefusalReason | null => {
  const reason = extensions?.['reason'];
  return isReason(reason) ? reason : null;
};

const ofRefusal = (code: RefusalCode, { extensions = {} }: AnsweredError): ResponseHead['headers'] => {
  const { remedyUrl, resetAt } = extensions;
  return {
    'cache-control': 'no-store',
    // RFC 9110, 15.5.2: a 401 names a scheme by which to authenticate.
    ...(code === 'UNAUTHENTICATED' ? { 'www-authenticate': 'Bearer' } : {}),
    ...(code === 'PAYMENT_REQUIRED' && typeof remedyUrl === 'string' ? { link: `<${remedyUrl}>; rel="payment"` } : {}),
    ...(code === 'SERVICE_UNAVAILABLE' || code === 'RATE_LIMITED' ? { 'retry-after': String(waitOf(resetAt)) } : {}),
  };
};

const waitOf = (resetAt: unknown): number =>
  typeof resetAt === 'string' ? secondsUntil(Date.parse(resetAt)) : RETRY_AFTER_SECONDS;
