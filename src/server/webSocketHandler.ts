/** Operations over WebSocket, in the `graphql-transport-ws` protocol. */
import type { WebsocketHandler } from '@fastify/websocket';
import { makeHandler } from 'graphql-ws/use/@fastify/websocket';
import { idsOf } from './keepDoor.js';
import { argumentsOf, runners } from './eventOperation.js';
import type { EventContext, Transports } from './eventOperation.js';
import { isFlood } from './rateLimits.js';
import { watchRuns } from './watch/recordRequests.js';

/**
 * The key comes in the first message's payload, since browsers can't send headers, or in the upgrade's header. Each
 * operation is counted, as each request is over HTTP.
 */
export const webSocketHandler = ({ paywall, limits, ...rest }: Transports): WebsocketHandler =>
  makeHandler({
    onSubscribe: async ({ connectionParams, subscriptions, extra: { request, socket } }, id, payload) => {
      const sent = connectionParams?.['authorization'] ?? connectionParams?.['Authorization'];
      const authorization = typeof sent === 'string' ? sent : request.headers.authorization;
      const { caller, rate } = await limits.identify(authorization, request.ip);
      const watchEach = watchRuns(rest.watchers, request, 'websocket');
      // A `complete` of the client ends an operation, and takes its id off the list.
      const isGone = (): boolean => socket.readyState !== socket.OPEN || !(id in subscriptions);
      const tollgate = { caller, paywall, request: idsOf(request), isGone, watchEach };
      const contextValue: EventContext = { tollgate };
      // Who is barred hears that first, whatever is wrong with the document.
      const refused = paywall.barred(caller, idsOf(request));
      if (!isFlood(rate)) refused?.record();
      const args = refused?.answer.errors ?? argumentsOf(payload, contextValue);
      if (!('schema' in args)) watchEach?.(caller).answered({ errors: args });
      return args;
    },
    ...runners({ paywall, ...rest }),
  });
