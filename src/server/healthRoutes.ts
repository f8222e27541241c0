/**
 * For those who watch the process. `/healthz`: it runs; restarting it would mend nothing. `/readyz`: it can charge; send
 * it no traffic while it can't, though what is free is still served.
 */
import type { FastifyInstance } from 'fastify';
import { inTime } from '../store/inTime.js';
import type { Store } from '../store/store.js';

const PING_TIMEOUT_MS = 1_000;
const RETRY_AFTER_SECONDS = 2;

export const healthRoutes = (server: FastifyInstance, store: Pick<Store, 'ping'>): void => {
  server.get('/healthz', (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'ok' }));
  server.get('/readyz', async (_request, reply) => {
    const isReady = !server.drain.isBegun && (await answersInTime(store));
    void reply.header('cache-control', 'no-store').code(isReady ? 200 : 503);
    if (!isReady) void reply.header('retry-after', RETRY_AFTER_SECONDS);
    if (server.drain.isBegun) return { status: 'stopping' };
    return { status: isReady ? 'ok' : 'unavailable', store: isReady ? 'ok' : 'unreachable' };
  });
};

/** Why it did not answer is in the log of whoever needed it; here it only matters that it did not. */
const answersInTime = (store: Pick<Store, 'ping'>): Promise<boolean> => {
  const answered = store.ping().then(
    () => true,
    () => false,
  );
  return inTime(answered, PING_TIMEOUT_MS, () => false);
};
