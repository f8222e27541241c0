/** The context value of a request: who is calling, and the paywall that it calls through. */
import type { RequestIds } from '../paywall/refuse/operationRefusals.js';
import type { Paywall, PaywallContext } from '../paywall/paywall.js';

/**
 * For the `context` option of Apollo Server, with the request's `Authorization` header. Spread it into a context of
 * your own. It never rejects for the caller's sake: what a bad key means is answered by the plugin.
 */
export const callerContext = async (
  paywall: Paywall,
  authorization: string | undefined,
  request?: RequestIds,
): Promise<PaywallContext> => ({
  caller: await paywall.identify(authorization),
  paywall,
  ...(request === undefined ? {} : { request }),
});
