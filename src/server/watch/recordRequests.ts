/** Where operations come in: each gets its record there, and the ids by which it can be found again. */
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { nanoid } from 'nanoid';
import type { Caller } from '../../accounts/caller.js';
import type { RunWatch } from '../../paywall/runWatch.js';
import type { Transport } from './ended.js';
import { OperationRecord } from './operationRecord.js';
import type { RecordTerms } from './operationRecord.js';
import type { Watchers } from './watchers.js';

const RECORD = 'operationRecord';
/** What nginx logs where the client went away before it had its answer: no status was sent. */
const CLIENT_CLOSED_REQUEST = 499;
const LEVELS_LOGGED: ReadonlySet<string> = new Set(['trace', 'debug', 'info']);

const SANE = /^[\w.:+/=@-]{1,128}$/;
const TRACEPARENT = /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}(-|$)/;
const NO_TRACE = '0'.repeat(32);

/** The id that a proxy or the client gave in `X-Request-Id`, if it is one that can be logged; else a new one. */
export const requestIdOf = ({ headers }: { readonly headers: IncomingHttpHeaders }): string => {
  const given = headers['x-request-id'];
  return typeof given === 'string' && SANE.test(given) ? given : nanoid();
};

/** The trace of `traceparent` (W3C Trace Context, 3.2); `null` where there is none, or none that can be used. */
export const traceIdOf = ({ traceparent }: IncomingHttpHeaders): string | null => {
  const id = typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent)?.[1] : undefined;
  return id === undefined || id === NO_TRACE ? null : id;
};

/** Whether there is anybody to tell of an operation: without, none is recorded, which costs nothing. */
const isWatched = ({ logger, metrics, tracing }: Watchers): boolean =>
  metrics !== null || tracing !== null || LEVELS_LOGGED.has(logger.level);

const termsOf = ({ tracing }: Watchers, request: FastifyRequest, transport: Transport): RecordTerms => ({
  transport,
  requestId: request.id,
  traceId: traceIdOf(request.headers),
  trace: tracing?.begin(request.headers) ?? null,
});

/** Every answer says by which id its request is found in the log. */
export const answerWithRequestId = (server: FastifyInstance): void => {
  server.decorateRequest(RECORD, null);
  server.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    done();
  });
};

/** Fastify's `onResponse` is not called where the client has gone away. */
export const onceClosed = ({ raw }: FastifyReply, tell: (status: number, isSent: boolean) => void): void => {
  raw.once('close', () => {
    const isSent = raw.writableFinished;
    tell(isSent ? raw.statusCode : CLIENT_CLOSED_REQUEST, isSent);
  });
};

/**
 * For the scope of the GraphQL routes, before whatever may answer there: over HTTP a request is an operation, from its
 * head to the last byte of its answer. Of a stream of events it is one only if it is refused.
 */
export const recordRequests = (scope: FastifyInstance, watchers: Watchers): void => {
  if (!isWatched(watchers)) return;
  scope.addHook('onRequest', (request, reply, done) => {
    if (request.method !== 'OPTIONS' && !request.ws) {
      const transport = request.routeOptions.url?.endsWith('/stream') === true ? 'sse' : 'http';
      const record = new OperationRecord(watchers, termsOf(watchers, request, transport), 'RESPONSE');
      request.setDecorator(RECORD, record);
      onceClosed(reply, (status, isSent) => {
        record.closed(status, isSent);
      });
    }
    done();
  });
};

/** The record of a request; `null` where nobody watches, and for those that are no operation. */
export const recordOf = (request: FastifyRequest): OperationRecord | null =>
  request.getDecorator<OperationRecord | null>(RECORD);

/** Does the work of a request so that what it begins belongs to the trace of its record. */
export const insideTrace = <T>(request: FastifyRequest, work: () => T): T => {
  const record = recordOf(request);
  return record === null ? work() : record.inside(work);
};

/** For operations that the paywall runs itself: one request may bring many of them. */
export const watchRuns = (
  watchers: Watchers,
  request: FastifyRequest,
  transport: Transport,
): ((caller: Caller) => RunWatch) | undefined => {
  if (!isWatched(watchers)) return undefined;
  return (caller) => {
    const record = new OperationRecord(watchers, termsOf(watchers, request, transport), 'ANSWER');
    record.identified(caller);
    return record;
  };
};
