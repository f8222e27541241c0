/** What holds for every connection, and what browsers are told. All of it is configuration. */
import fastifyCors from '@fastify/cors';
import fastifyHelmet from '@fastify/helmet';
import fastifyWebsocket from '@fastify/websocket';
import type { FastifyHttpOptions, FastifyInstance, RawServerDefault } from 'fastify';
import { readConfig } from '../config.js';
import type { EdgeConfig } from '../config.js';

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

/** What clients read besides the usual headers. */
const EXPOSED_HEADERS = [
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'Link',
  'WWW-Authenticate',
  'Idempotency-Replayed',
];
const PREFLIGHT_SECONDS = 600;

/** Keys are sent in a header and never in a cookie, so pages elsewhere can do nothing in a visitor's name. */
export const allowOrigins = async (scope: FastifyInstance, { corsOrigins }: EdgeConfig): Promise<void> => {
  if (corsOrigins !== true && corsOrigins.length === 0) return;
  await scope.register(fastifyCors, {
    origin: corsOrigins === true ? '*' : [...corsOrigins],
    methods: ['GET', 'POST'],
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: PREFLIGHT_SECONDS,
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
