/** `/metrics`, for Prometheus: on the server itself, or on one of its own that the public does not reach. */
import Fastify, { LogController } from 'fastify';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { Metrics } from './metrics.js';

export const metricsRoute = (server: FastifyInstance, metrics: Metrics): void => {
  server.get('/metrics', async (_request, reply) => {
    void reply.header('cache-control', 'no-store').type(metrics.contentType);
    return metrics.read();
  });
};

/** Serves nothing else. Ready to listen. */
export const createMetricsServer = (metrics: Metrics, logger: FastifyBaseLogger): FastifyInstance => {
  const server = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
  });
  metricsRoute(server, metrics);
  return server;
};
