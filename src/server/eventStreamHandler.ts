/** Operations over server-sent events, in the `graphql-sse` protocol with distinct connections. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ExecutionResult } from 'graphql';
import { createHandler } from 'graphql-sse/lib/use/fastify';
import { preferredType } from '../http/preferredType.js';
import { enteredBy } from './keepDoor.js';
import { argumentsOf, runners } from './eventOperation.js';
import type { EventContext, Transports } from './eventOperation.js';
import { partyOf } from './operationBounds.js';
import { recordOf, watchRuns } from './watch/recordRequests.js';

/** An interface might have more fields than it says, which graphql-sse does not take; a type has none. */
type PlainContext = Pick<EventContext, keyof EventContext>;

/** Who is calling was found out at the door, and who is barred was told there. */
export const eventStreamHandler = (
  server: FastifyInstance,
  { paywall, ...rest }: Omit<Transports, 'limits'>,
): ((request: FastifyRequest, reply: FastifyReply) => Promise<void>) => {
  const handle = createHandler<PlainContext>({
    onSubscribe: ({ raw }, params) => {
      const { caller, request } = enteredBy(raw);
      const watchEach = watchRuns(rest.watchers, raw, 'sse');
      const isGone = (): boolean => raw.socket.destroyed;
      const place = { connection: raw.socket, party: partyOf(caller, raw.ip) };
      const tollgate = { caller, paywall, request, isGone, watchEach, place };
      const key = raw.headers['idempotency-key'];
      const args = argumentsOf(params, { tollgate }, typeof key === 'string' ? key : undefined);
      if ('schema' in args) return { ...args, contextValue: args.contextValue as PlainContext };
      // In the stream, since clients read no body of another status (graphql-sse, PROTOCOL, "Distinct connections mode").
      recordOf(raw)?.answered({ errors: args });
      return onlyEvent({ errors: args });
    },
    // It was found valid when it was read.
    validate: () => [],
    // No streams that several requests share: they would be kept for whoever asks, and never forgotten.
    authenticate: () => null,
    ...runners({ paywall, ...rest }),
  });
  const open = new Set<FastifyReply>();
  server.addHook('preClose', async () => {
    await rest.drain.idle();
    for (const { raw } of open) raw.end();
  });
  return async (request, reply) => {
    // graphql-sse knows the type only where nothing stands beside it.
    if (preferredType(request.headers.accept, [JSON_TYPE, EVENT_STREAM]) === EVENT_STREAM) {
      request.headers.accept = EVENT_STREAM;
    }
    open.add(reply);
    try {
      await handle(request, reply);
    } finally {
      open.delete(reply);
    }
  };
};

// A result by itself is one to graphql-sse only where it has data.
async function* onlyEvent(result: ExecutionResult): AsyncGenerator<ExecutionResult, void> {
  yield await Promise.resolve(result);
}

const EVENT_STREAM = 'text/event-stream';
const JSON_TYPE = 'application/json';
