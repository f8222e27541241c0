/**
 * For those who watch the process. `/healthz`: it runs; restarting it would mend nothing. `/readyz`: it can charge; send
 * it no traffic while it can't, though what is free is still served. `/readyz?verbose` tells of its clock besides.
 */
import type { FastifyInstance } from 'fastify';
import { inTime } from '../../store/inTime.js';
import type { Store } from '../../store/store.js';
import type { StoreClock } from './storeClock.js';

const TIMEOUT_MS = 1_000;
const RETRY_AFTER_SECONDS = 2;
/** However often it is asked whether the server is ready. */
const PROBE_EVERY_MS = 5_000;

export interface HealthOptions {
  readonly store: Pick<Store, 'ping' | 'checkWritable'>;
  readonly clock: StoreClock;
}

export const healthRoutes = (server: FastifyInstance, { store, clock }: HealthOptions): void => {
  const probe = new WriteProbe(store);
  server.get('/healthz', (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'ok' }));
  server.get<{ Querystring: { verbose?: string } }>('/readyz', async (request, reply) => {
    const isStopping = server.drain.isBegun;
    const found = isStopping ? null : await stateOf(store, probe);
    const isReady = found === 'ok';
    void reply.header('cache-control', 'no-store').code(isReady ? 200 : 503);
    if (!isReady) void reply.header('retry-after', RETRY_AFTER_SECONDS);
    const verbose = request.query.verbose === undefined ? {} : { clock: await clock.read() };
    if (isStopping) return { status: 'stopping', ...verbose };
    return { status: isReady ? 'ok' : 'unavailable', store: found, ...verbose };
  });
};

/** Why it did not answer is in the log of whoever needed it; here it only matters that it did not. */
const stateOf = async (
  store: HealthOptions['store'],
  probe: WriteProbe,
): Promise<'ok' | 'unreachable' | 'unwritable'> => {
  if (!(await isDone(store.ping()))) return 'unreachable';
  return (await probe.isWritable()) ? 'ok' : 'unwritable';
};

const isDone = (work: Promise<void>): Promise<boolean> =>
  inTime(
    work.then(
      () => true,
      () => false,
    ),
    TIMEOUT_MS,
    () => false,
  );

/** A store can answer and take no write: its disk is full, or it is a copy that may be read alone. */
class WriteProbe {
  #last: { readonly at: number; readonly isWritable: Promise<boolean> } | null = null;

  constructor(private readonly store: Pick<Store, 'checkWritable'>) {}

  /** As of a few seconds ago at most. */
  isWritable(): Promise<boolean> {
    const at = performance.now();
    if (this.#last === null || at - this.#last.at >= PROBE_EVERY_MS) {
      this.#last = { at, isWritable: isDone(this.store.checkWritable()) };
    }
    return this.#last.isWritable;
  }
}
