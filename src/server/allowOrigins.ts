/** Whose pages may read answers, over HTTP and over WebSocket alike. */
import fastifyCors from '@fastify/cors';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { GraphQLError } from 'graphql';
import type { EdgeConfig } from '../config.js';
import { sendErrors } from './answerInGraphQL.js';

/** What clients read besides the usual headers. */
const EXPOSED_HEADERS = [
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'Link',
  'WWW-Authenticate',
  'Idempotency-Replayed',
  'X-Request-Id',
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
  if (corsOrigins === true) return;
  // Who answers may have put another one in its place.
  scope.addHook('onSend', async (_request, reply, payload) => {
    const vary = String(reply.getHeader('vary') ?? '');
    if (!/\borigin\b/i.test(vary)) void reply.header('vary', vary === '' ? 'Origin' : `${vary}, Origin`);
    return payload;
  });
};

/** Browsers ask nobody before they open a WebSocket, and let any page read what comes: so it is asked here. */
export const refuseForeignSockets = (scope: FastifyInstance, { corsOrigins }: EdgeConfig): void => {
  if (corsOrigins === true) return;
  scope.addHook('onRequest', async (request, reply) => {
    const { origin } = request.headers;
    // Who sends none is no page.
    if (!request.ws || origin === undefined || corsOrigins.includes(origin) || isOwn(origin, request)) return;
    return sendErrors(reply, [foreign(origin)]);
  });
};

/** Of a page that this server has served. */
const isOwn = (origin: string, { host }: FastifyRequest): boolean =>
  URL.canParse(origin) && new URL(origin).host === host;

const foreign = (origin: string): GraphQLError =>
  new GraphQLError(
    `Pages of ${origin} may not open a WebSocket here. Whoever runs this server can allow them: TOLLGATE_CORS_ORIGINS.`,
    { extensions: { code: 'FORBIDDEN' } },
  );
