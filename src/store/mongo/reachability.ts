/**
 * Whether there is a server to write to, as the driver's monitors see it. A call waits for one as long as the driver lets
 * it; once none was there for that long, the next calls need not wait as well. They fail at once until the monitors,
 * which go on looking, find one.
 */
import type { MongoClient, TopologyDescription } from 'mongodb';
import { StoreError } from '../storeError.js';

export class Reachability {
  readonly #patienceMs: number;
  #lostAt: number | null = null;

  constructor(client: MongoClient) {
    this.#patienceMs = client.options.serverSelectionTimeoutMS;
    client.on('topologyDescriptionChanged', ({ newDescription }) => {
      this.#lostAt = hasWritable(newDescription) ? null : (this.#lostAt ?? performance.now());
    });
  }

  /** Throws `UNREACHABLE` where waiting for a server would be in vain. */
  check(): void {
    const lostMs = this.#lostAt === null ? 0 : performance.now() - this.#lostAt;
    if (lostMs <= this.#patienceMs) return;
    throw new StoreError('UNREACHABLE', `MongoDB has not been reachable for ${(lostMs / 1_000).toFixed(1)} s.`);
  }
}

const hasWritable = ({ servers }: TopologyDescription): boolean =>
  [...servers.values()].some((server) => server.isWritable);
