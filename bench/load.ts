/** The load generator, autocannon, and the servers it is pointed at: on loopback, each in a process of its own. */
import autocannon from 'autocannon';
import { startChild } from './child.js';
import type { Question } from './httpServer.js';

export interface LoadedServer {
  readonly url: string;
  readonly ask: (question: Question) => Promise<number>;
  readonly stop: () => Promise<void>;
}

/** Without a folder it is the floor. `watchedBy`: as `httpServer.ts` takes them. */
export const startServer = async (folder?: string, watchedBy: readonly string[] = []): Promise<LoadedServer> => {
  const { ready, ask, stop } = await startChild('./httpServer.js', folder === undefined ? [] : [folder, ...watchedBy]);
  return { url: String(ready), ask: async (question) => (await ask(question)) as number, stop };
};

export interface Load {
  readonly source: string;
  /** Each connection goes through them in turn. */
  readonly keys: readonly string[];
  readonly connections: number;
  readonly seconds: number;
  readonly status: number;
}

export interface Loaded {
  readonly perSecond: number;
  readonly p50Ms: number;
  /** autocannon does not give the 95th percentile: this one is stricter. */
  readonly p97Ms: number;
  /** The server's processor time for one request. */
  readonly cpuMicros: number;
}

export const putLoadOn = async (server: LoadedServer, load: Load): Promise<Loaded> => {
  const { source, keys, connections, seconds, status } = load;
  const cpuBefore = await server.ask('cpu');
  const result = await autocannon({
    url: `${server.url}/graphql`,
    connections,
    duration: seconds,
    requests: keys.map((key) => ({
      method: 'POST',
      path: '/graphql',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({ query: source }),
    })),
  });
  const cpuAfter = await server.ask('cpu');
  const answered = status < 300 ? result['2xx'] : result['4xx'];
  if (answered !== result.requests.total || result.errors > 0) {
    throw new Error(`Of ${result.requests.total} answers ${answered} have the status expected, ${status}.`);
  }
  return {
    perSecond: answered / result.duration,
    p50Ms: result.latency.p50,
    p97Ms: result.latency.p97_5,
    cpuMicros: (cpuAfter - cpuBefore) / answered,
  };
};
