/**
 * At the door, before a body is read: who is calling, and whether this request is one too many. It refuses those that
 * are, and keys that are no good, and leaves everything else to who comes after it.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../accounts/caller.js';
import type { RequestIds } from '../paywall/refuse/operationRefusals.js';
import type { Paywall } from '../paywall/paywall.js';
import { sendErrors } from './answerInGraphQL.js';
import { isFlood, rateHeaders } from './rateLimits.js';
import type { RateLimits } from './rateLimits.js';
import type { OperationRecord } from './watch/operationRecord.js';
import { recordOf, traceIdOf } from './watch/recordRequests.js';

/** What is known of a request once it has passed the door. */
export interface Entered {
  readonly caller: Caller;
  readonly request: RequestIds;
  readonly watch: OperationRecord | undefined;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** `null` on routes without a doorkeeper. */
    entered: Entered | null;
  }
}

/** For the scope in which the GraphQL routes are registered. */
export const keepDoor = (scope: FastifyInstance, paywall: Paywall, limits: RateLimits): void => {
  scope.decorateRequest('entered', null);
  scope.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
    const record = recordOf(request);
    const identify = () => limits.identify(request.headers.authorization, request.ip);
    const { caller, rate } = await (record?.during?.('identify', identify) ?? identify());
    const ids = idsOf(request, record);
    request.entered = { caller, request: ids, watch: record ?? undefined };
    record?.identified(caller);
    if (rate !== null) reply.headers(rateHeaders(rate));
    const refused = caller.barred === null ? null : paywall.barred(caller, ids);
    if (refused === null) return;
    if (!isFlood(rate)) refused.record();
    record?.answered(refused.answer);
    return sendErrors(reply, refused.answer.errors);
  });
};

/** By what a request is found in logs. */
export const idsOf = (request: FastifyRequest, record = recordOf(request)): RequestIds => ({
  requestId: request.id,
  traceId: record === null ? traceIdOf(request.headers) : record.traceId,
});

export const enteredBy = ({ entered }: FastifyRequest): Entered => {
  if (entered === null) throw new Error('A request came in by a route without a doorkeeper.');
  return entered;
};
