/** What holds for every connection, and what browsers are told. All of it is configuration. */
import fastifyHelmet from '@fastify/helmet';
import fastifyWebsocket from '@fastify/websocket';
import type { FastifyHttpOptions, FastifyInstance, RawServerDefault } from 'fastify';
import { readConfig } from '../config.js';
import type { EdgeConfig } from '../config.js';
import { withoutPorts } from '../http/withoutPorts.js';

export const EDGE_DEFAULTS: EdgeConfig = readConfig({}).edge;

/** How often Node looks for connections that are late. */
const LOOK_EVERY_MS = 1_000;

export const connectionOptions = (edge: EdgeConfig) =>
  ({
    bodyLimit: edge.bodyBytesMax,
    requestTimeout: edge.requestTimeoutMs,
    connectionTimeout: edge.idleTimeoutMs,
    trustProxy: edge.trustProxy,
    // What is still sent on an open connection is answered, and the connection closed with the answer.
    return503OnClosing: false,
    http: { headersTimeout: edge.requestTimeoutMs, connectionsCheckingInterval: LOOK_EVERY_MS },
  }) satisfies FastifyHttpOptions<RawServerDefault>;

/** For the first of all hooks: who is calling is read of the header later. */
export const readForwardedFor = (server: FastifyInstance, { trustProxy }: EdgeConfig): void => {
  if (trustProxy === false) return;
  server.addHook('onRequest', (request, _reply, done) => {
    const header = request.headers['x-forwarded-for'];
    if (typeof header === 'string') request.headers['x-forwarded-for'] = withoutPorts(header);
    done();
  });
};

/** Nothing that is served here is a page with scripts, or is to be framed. */
export const addSecurityHeaders = async (server: FastifyInstance): Promise<void> => {
  await server.register(fastifyHelmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: ["'unsafe-inline'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
  });
};

/** Those under way are finished before the server closes, and then told that it goes. */
export const addWebSockets = async (server: FastifyInstance, { bodyBytesMax }: EdgeConfig): Promise<void> => {
  await server.register(fastifyWebsocket, {
    options: { maxPayload: bodyBytesMax },
    preClose: (done) => {
      void server.drain.idle().then(() => {
        for (const client of server.websocketServer.clients) client.close(GOING_AWAY, 'The server is stopping.');
        server.websocketServer.close(done);
      });
    },
  });
};

/** RFC 6455, 7.4.1. */
const GOING_AWAY = 1001;
