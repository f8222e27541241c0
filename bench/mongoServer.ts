/**
 * The MongoDB server that DATABASE_URL names, as far away as a benchmark wants it: over a line of its own that passes
 * each command on some milliseconds later, as a network would.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface MongoServer {
  /** Of a database on it. */
  readonly urlOf: (database: string) => string;
  readonly close: () => void;
}

const named = (): string | null => {
  const url = process.env['DATABASE_URL'] ?? '';
  return /^mongodb:\/\/./.test(url) ? url : null;
};

/** Why there is none; `null`: there is one. */
export const whyNoMongo = (): string | null =>
  named() === null
    ? 'no MongoDB server is named. Set DATABASE_URL=mongodb://host:port to one that may be written to.'
    : null;

export const reachMongo = async (delayMs: number): Promise<MongoServer> => {
  const given = named();
  if (given === null) throw new Error(`The benchmark can't run: ${whyNoMongo() ?? ''}`);
  const url = new URL(given);
  // What the driver finds out about other members of a set would lead it past the line.
  url.searchParams.set('directConnection', 'true');
  const line = delayMs === 0 ? null : await openLine({ host: url.hostname, port: Number(url.port || 27_017) }, delayMs);
  if (line !== null) url.host = `127.0.0.1:${line.port}`;
  return {
    urlOf: (database) => {
      const of = new URL(url);
      of.pathname = `/${database}`;
      return of.href;
    },
    close: () => {
      line?.close();
    },
  };
};

const openLine = async (to: { readonly host: string; readonly port: number }, delayMs: number) => {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ ...to, noDelay: true });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
    }
    // Timers of one length end in the order in which they began, so that no command overtakes another.
    near.on('data', (chunk) => setTimeout(() => far.write(chunk), delayMs));
    far.pipe(near);
    near.on('close', () => far.end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
};
