/** Operations over WebSocket, in the `graphql-transport-ws` protocol. */
import type { WebsocketHandler } from '@fastify/websocket';
import { GraphQLError } from 'graphql';
import type { ExecutionArgs } from 'graphql';
import type { ConnectionInitMessage, Context } from 'graphql-ws';
import { makeHandler } from 'graphql-ws/use/@fastify/websocket';
import type { Extra } from 'graphql-ws/use/@fastify/websocket';
import { idsOf } from './keepDoor.js';
import { argumentsOf, runners } from './eventOperation.js';
import type { EventPayload, Transports } from './eventOperation.js';
import { partyOf } from './operationBounds.js';
import type { Place } from './operationBounds.js';
import { isFlood } from './rateLimits.js';
import { watchRuns } from './watch/recordRequests.js';

/**
 * The key comes in the first message's payload, since browsers can't send headers, or in the upgrade's header. Each
 * operation is counted, as each request is over HTTP. Of one connection so many are looked at, at once.
 */
export const webSocketHandler = (transports: Transports): WebsocketHandler =>
  makeHandler({
    onSubscribe: async (context, id, payload) => {
      const leaveConnection = await transports.bounds.enterConnection(context.extra.socket);
      if (leaveConnection instanceof GraphQLError) return [leaveConnection];
      try {
        const args = isGone(context, id)
          ? GONE
          : await argumentsFor(transports, context, { id, payload, leaveConnection });
        if (!('schema' in args)) leaveConnection();
        return args;
      } catch (error) {
        leaveConnection();
        throw error;
      }
    },
    ...runners(transports),
  });

type SocketContext = Context<ConnectionInitMessage['payload'], Extra>;

/** A `complete` of the client ends an operation, and takes its id off the list. */
const isGone = ({ extra: { socket }, subscriptions }: SocketContext, id: string): boolean =>
  socket.readyState !== socket.OPEN || !(id in subscriptions);

/** Nobody is told. */
const GONE: readonly GraphQLError[] = [new GraphQLError('The client did not wait for this operation.')];

interface Subscribed extends Required<Pick<Place, 'leaveConnection'>> {
  readonly id: string;
  readonly payload: EventPayload;
}

const argumentsFor = async (
  { paywall, limits, watchers }: Transports,
  context: SocketContext,
  { id, payload, leaveConnection }: Subscribed,
): Promise<ExecutionArgs | readonly GraphQLError[]> => {
  const { connectionParams, extra } = context;
  const { request, socket } = extra;
  const sent = connectionParams?.['authorization'] ?? connectionParams?.['Authorization'];
  const authorization = typeof sent === 'string' ? sent : request.headers.authorization;
  const { caller, rate } = await limits.identify(authorization, request.ip);
  const watchEach = watchRuns(watchers, request, 'websocket');
  const place = { connection: socket, party: partyOf(caller, request.ip), leaveConnection };
  const tollgate = { caller, paywall, request: idsOf(request), isGone: () => isGone(context, id), watchEach, place };
  // Who is barred hears that first, whatever is wrong with the document.
  const refused = paywall.barred(caller, idsOf(request));
  if (!isFlood(rate)) refused?.record();
  const args = refused?.answer.errors ?? argumentsOf(payload, { tollgate });
  if (!('schema' in args)) watchEach?.(caller).answered({ errors: args });
  return args;
};
