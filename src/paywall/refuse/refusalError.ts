/** Turns refusals into the errors that clients see: the same shape at field and at operation level. */
import { GraphQLError } from 'graphql';
import type { FieldNode } from 'graphql';
import { unreachable } from '../../domain/invariant.js';
import { REASONS } from '../../domain/refusal.js';
import type { Refusal, RefusalCause, Remedy } from '../../domain/refusal.js';

/** `errors[].extensions` of a refusal. */
export interface RefusalExtensions extends Record<string, unknown> {
  readonly code: string;
  readonly reason: string;
  readonly remedy: Remedy;
  readonly remedyUrl: string | null;
  /** The page about this cause; `null`: the author gave no place for those. */
  readonly docs: string | null;
  readonly coordinate: string | null;
  readonly feature: string | null;
  readonly required: number | null;
  readonly available: number | null;
  readonly plans: readonly string[];
  /** ISO 8601. */
  readonly resetAt: string | null;
  readonly retryable: boolean;
  readonly refusalId: string;
}

export interface RefusalContext {
  /** One operation's refusals are recorded together under it. */
  readonly refusalId: string;
  /** Where a person puts it right; `null`: the author gave no place. */
  readonly remedyUrl: (remedy: Remedy, refusal: Refusal) => string | null;
  /** Where the page about a cause is; `null`: nowhere. */
  readonly docsUrl: (cause: RefusalCause) => string | null;
}

export const refusalExtensions = (
  refusal: Refusal,
  { refusalId, remedyUrl, docsUrl }: RefusalContext,
): RefusalExtensions => {
  const { remedy, code, cause } = REASONS[refusal.reason];
  const { reason, coordinate, feature, required, available, plans, resetAt, retryable } = refusal;
  return {
    code,
    reason,
    remedy,
    remedyUrl: remedyUrl(remedy, refusal),
    docs: docsUrl(cause),
    coordinate,
    feature,
    required,
    available,
    plans,
    resetAt: resetAt === null ? null : new Date(resetAt).toISOString(),
    retryable,
    refusalId,
  };
};

/** Of a refusal that is about the operation as such. */
export const OF_NO_FIELD = {
  coordinate: null,
  feature: null,
  required: null,
  available: null,
  plans: [],
  resetAt: null,
} as const;

/** Where a refused field stands in the operation, and where in the response it would have been. */
export interface RefusalPlace {
  readonly nodes?: readonly FieldNode[];
  readonly path?: readonly (string | number)[];
}

export const refusalError = (refusal: Refusal, context: RefusalContext, place: RefusalPlace = {}): GraphQLError => {
  const message = refusalMessage(refusal);
  const options = {
    ...(place.nodes === undefined ? {} : { nodes: [...place.nodes] }),
    ...(place.path === undefined ? {} : { path: place.path }),
    extensions: refusalExtensions(refusal, context),
  };
  return withoutStack(() => new GraphQLError(message, options));
};

/** A refusal is an answer, not a fault: it has no stack to show, and taking one would cost more than the refusal. */
const withoutStack = (make: () => GraphQLError): GraphQLError => {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    const error = make();
    delete error.stack;
    return error;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
};

/** A sentence that a person can act on. */
export const refusalMessage = (refusal: Refusal): string => {
  const { reason } = refusal;
  const coordinate = nameOf(refusal);
  switch (reason) {
    case 'KEY_REQUIRED':
      return `${coordinate} is not free. Send an API key in the header "Authorization: Bearer <key>".`;
    case 'KEY_UNKNOWN':
      return 'This API key is not known. Check that it was copied whole, or ask for a new one.';
    case 'KEY_EXPIRED':
      return 'This API key has expired. Use a key that is valid.';
    case 'KEY_REVOKED':
      return 'This API key has been revoked. Use a key that is valid.';
    case 'ACCOUNT_SUSPENDED':
      return `${coordinate} is not available: the account is suspended. Contact support.`;
    case 'SCOPE_MISSING':
      return `This API key may not use ${coordinate}: it lacks the scope "${refusal.feature ?? coordinate}". Contact whoever issued the key.`;
    case 'RATE_LIMITED':
      return `Too many requests. ${waitAdvice(refusal)}`;
    case 'PAYMENT_METHOD_EXPIRED':
      return `${coordinate} is not available: the subscription is unpaid because its card has expired. Update the payment method.`;
    case 'PAYMENT_FAILED':
      return `${coordinate} is not available: the subscription is unpaid because its payment failed. Update the payment method.`;
    case 'SUBSCRIPTION_EXPIRED':
      return `${coordinate} is not available: the subscription that covered it has ended. Renew it.`;
    case 'KEY_BUDGET_REACHED':
      return budgetMessage(refusal);
    case 'LIMIT_REACHED':
      return limitMessage(refusal);
    case 'INSUFFICIENT_FUNDS':
      return fundsMessage(refusal);
    case 'PLAN_UPGRADE_REQUIRED':
      return `${coordinate} is not in the subscription's plan. ${planAdvice('Upgrade', refusal)}`;
    case 'SUBSCRIPTION_REQUIRED':
      return `${coordinate} needs a subscription. ${planAdvice('Subscribe', refusal)}`;
    case 'STORE_UNAVAILABLE':
      return `${coordinate} can't be served at the moment: what the account has can't be looked up. Try again later.`;
    default:
      return unreachable(reason);
  }
};

const waitAdvice = ({ resetAt }: Refusal): string =>
  resetAt === null ? 'Slow down.' : `Slow down: the next one is answered from ${new Date(resetAt).toISOString()} on.`;

const planAdvice = (verb: string, { plans }: Refusal): string =>
  plans.length === 0
    ? 'No plan on offer covers it at present.'
    : `${verb} to a plan that covers it: ${plans.join(', ')}.`;

const nameOf = ({ coordinate }: Refusal): string => coordinate ?? 'This API';

const limitMessage = (refusal: Refusal): string => {
  const { required, available } = refusal;
  const upgrade = refusal.plans.length === 0 ? '' : ` ${planAdvice('Upgrade', refusal)}`;
  const needs = `${nameOf(refusal)} needs ${required ?? 0} units of the plan's limit, of which ${available ?? 0} are left`;
  return `${needs}${heldAdvice(refusal)}.${resetAdvice(refusal)}${upgrade}`;
};

const budgetMessage = (refusal: Refusal): string => {
  const left = `${nameOf(refusal)} costs ${credits(refusal.required ?? 0)}, and ${refusal.available ?? 0} are left of this API key's budget`;
  return `${left}${heldAdvice(refusal)}.${resetAdvice(refusal)} Ask whoever issued the key to raise it.`;
};

const heldAdvice = ({ held }: Refusal): string =>
  held === undefined ? '' : `; ${held} more are held by operations under way: try again when they are done`;

const resetAdvice = ({ resetAt }: Refusal): string =>
  resetAt === null ? '' : ` It begins anew at ${new Date(resetAt).toISOString()}.`;

const fundsMessage = (refusal: Refusal): string => {
  const { required, available, held, plans } = refusal;
  const price = required === null ? 'more credits than any account can have' : credits(required);
  const orSubscribe = plans.length === 0 ? '' : `, or subscribe to a plan that covers it: ${plans.join(', ')}`;
  const cost = `${nameOf(refusal)} costs ${price}, and ${available ?? 0} are available`;
  return held === undefined
    ? `${cost}. Add funds${orSubscribe}.`
    : `${cost}; ${held} more are held by operations under way. Try again when they are done, or add funds${orSubscribe}.`;
};

const credits = (count: number): string => (count === 1 ? '1 credit' : `${count} credits`);
