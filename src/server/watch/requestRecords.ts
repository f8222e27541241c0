/** Where operations come in: each gets its record there, and the headers by which it can be found again. */
import type { FastifyInstance, FastifyRequest, RouteShorthandOptions } from 'fastify';
import type { Caller } from '../../paywall/caller.js';
import type { Paywall, PaywallContext } from '../../paywall/paywall.js';
import type { RunWatch } from '../../paywall/watch.js';
import { callerContext } from '../callerContext.js';
import { OperationRecord } from './operationRecord.js';
import type { Transport } from './operationRecord.js';
import { traceIdOf } from './requestIds.js';
import type { Watchers } from './watchers.js';

const RECORD = 'operationRecord';
/** What nginx logs where the client went away before it had its answer: no status was sent. */
const CLIENT_CLOSED_REQUEST = 499;
const LEVELS_LOGGED: ReadonlySet<string> = new Set(['trace', 'debug', 'info']);

/** Whether there is anybody to tell of an operation: without, none is recorded, which costs nothing. */
const isWatched = ({ logger, metrics, tracing }: Watchers): boolean =>
  metrics !== null || tracing !== null || LEVELS_LOGGED.has(logger.level);

const beginRecord = (watchers: Watchers, request: FastifyRequest, transport: Transport): OperationRecord =>
  new OperationRecord(watchers, {
    transport,
    requestId: request.id,
    traceId: traceIdOf(request.headers),
    trace: watchers.tracing?.begin(request.headers) ?? null,
  });

/** Every answer says by which id its request is found in the log. */
export const answerWithRequestId = (server: FastifyInstance): void => {
  server.decorateRequest(RECORD, null);
  server.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    done();
  });
};

/** For the routes of operations over HTTP: a request is one, from its first byte to the last of its answer. */
export const recordRequests = (watchers: Watchers): Pick<RouteShorthandOptions, 'onRequest'> => {
  if (!isWatched(watchers)) return {};
  return {
    onRequest: (request, reply, done) => {
      const isOperation = request.method !== 'OPTIONS' && !request.ws;
      if (isOperation) {
        const record = beginRecord(watchers, request, 'http');
        request.setDecorator(RECORD, record);
        // Fastify's `onResponse` is not called where the client has gone away.
        reply.raw.once('close', () => {
          const isSent = reply.raw.writableFinished;
          record.closed(isSent ? reply.raw.statusCode : CLIENT_CLOSED_REQUEST, isSent);
        });
      }
      done();
    },
  };
};

const recordOf = (request: FastifyRequest): OperationRecord | null =>
  request.getDecorator<OperationRecord | null>(RECORD);

/** The context value of an operation over HTTP. */
export const recordedContext = async (paywall: Paywall, request: FastifyRequest): Promise<PaywallContext> => {
  const record = recordOf(request);
  const { authorization } = request.headers;
  if (record === null) return callerContext(paywall, authorization);
  const context = await record.during('identify', () => callerContext(paywall, authorization));
  record.account = context.caller.accountId;
  return { ...context, watch: record };
};

/** Does the work of a request so that what it begins belongs to the trace of its record. */
export const insideTrace = <T>(request: FastifyRequest, work: () => T): T => recordOf(request)?.inside(work) ?? work();

/** For operations that the paywall runs itself: one request may bring many of them. */
export type RecordRuns = (request: FastifyRequest) => ((caller: Caller) => RunWatch) | undefined;

export const recordRuns = (watchers: Watchers, transport: Transport): RecordRuns => {
  if (!isWatched(watchers)) return () => undefined;
  return (request) => (caller) => {
    const record = beginRecord(watchers, request, transport);
    record.account = caller.accountId;
    return record;
  };
};
