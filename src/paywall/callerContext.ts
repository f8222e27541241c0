/** Tollgate's part of an operation's context value: who is calling, and the paywall that it calls through. */
import type { Paywall } from './paywall.js';
import type { RequestIds } from './refuse/operationRefusals.js';
import type { OperationOrigin } from './runRequest.js';
import type { RunWatch } from './runWatch.js';

/**
 * What the context value of an operation must have, whoever runs it: `callerContext` gives it. It is under one name, which
 * nobody else has, since others put a `request` of theirs, say, beside it.
 */
export interface PaywallContext {
  readonly tollgate: OperationContext;
}

export interface OperationContext extends OperationOrigin {
  readonly paywall: Paywall;
  /** Told of the operation by the plugin. */
  readonly watch?: RunWatch | undefined;
}

/**
 * For the `context` option of a server, with the request's `Authorization` header. Spread it into a context of your own.
 * It never rejects for the caller's sake: what a bad key means is answered when an operation comes.
 */
export const callerContext = async (
  paywall: Paywall,
  authorization: string | undefined,
  request?: RequestIds,
): Promise<PaywallContext> => ({ tollgate: { caller: await paywall.identify(authorization), paywall, request } });

/** Throws where whoever runs the operation left it out. */
export const operationContextOf = <Part extends Pick<OperationOrigin, 'caller'>>(contextValue: {
  readonly tollgate: Part;
}): Part => {
  const { tollgate } = contextValue as { readonly tollgate?: Part };
  if (tollgate?.caller === undefined) throw new TypeError(NO_CALLER);
  return tollgate;
};

const NO_CALLER =
  'The context value does not say who is calling. Spread what callerContext gives into it: contextValue: { ...(await callerContext(paywall, authorization)) }.';
