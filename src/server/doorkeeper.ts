/**
 * At the door, before a body is read: who is calling, and whether this request is one too many. It refuses those that
 * are, and keys that are no good, and leaves everything else to who comes after it.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../accounts/caller.js';
import type { RequestIds } from '../paywall/refuse/operationRefusals.js';
import type { Paywall } from '../paywall/paywall.js';
import { sendErrors } from './graphqlErrors.js';
import { isFlood, rateHeaders } from './rateLimits.js';
import type { RateLimits } from './rateLimits.js';
import { traceIdOf } from './watch/requestIds.js';
import { recordOf } from './watch/requestRecords.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who sent it; `null` on routes without a doorkeeper. */
    caller: Caller | null;
  }
}

/** For the scope in which the GraphQL routes are registered. */
export const keepDoor = (scope: FastifyInstance, paywall: Paywall, limits: RateLimits): void => {
  scope.decorateRequest('caller', null);
  scope.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
    const record = recordOf(request);
    const identify = () => limits.identify(request.headers.authorization, request.ip);
    const { caller, rate } = await (record === null ? identify() : record.during('identify', identify));
    request.caller = caller;
    record?.identified(caller);
    if (rate !== null) reply.headers(rateHeaders(rate));
    const refused = caller.barred === null ? null : paywall.barred(caller, idsOf(request));
    if (refused === null) return;
    if (!isFlood(rate)) refused.record();
    record?.answered(refused.answer);
    return sendErrors(reply, refused.answer.errors);
  });
};

/** By what a request is found in logs. */
export const idsOf = (request: FastifyRequest): RequestIds => ({
  requestId: request.id,
  traceId: recordOf(request)?.traceId ?? traceIdOf(request.headers),
});

/** Of a request that has passed the door. */
export const callerOf = ({ caller }: FastifyRequest): Caller => {
  if (caller === null) throw new Error('A request came in by a route without a doorkeeper.');
  return caller;
};
