/** Servers of one test file: each test starts its own, and all of them are closed after it. */
import { afterEach } from 'vitest';
import { startServer } from './server.js';
import type { TestServer, TestServerOptions } from './server.js';

export const useServers = (
  defaults: TestServerOptions = {},
): ((options?: TestServerOptions) => Promise<TestServer>) => {
  let running: TestServer[] = [];
  afterEach(async () => {
    for (const server of running) await server.close();
    running = [];
  });
  return async (options = {}) => {
    const server = await startServer({ ...defaults, ...options });
    running.push(server);
    return server;
  };
};
