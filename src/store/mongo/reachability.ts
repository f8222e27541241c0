/**
 * Whether there is a server to write to, as the driver's monitors see it. A call waits for one as long as the driver lets
 * it; once none was there for that long, the next calls need not wait as well. They fail at once until the monitors,
 * which go on looking, find one.
 */
import type {
  MongoClient,
  ServerHeartbeatFailedEvent,
  ServerHeartbeatSucceededEvent,
  TopologyDescription,
} from 'mongodb';
import { StoreError } from '../storeError.js';

/** What a heartbeat may take beyond its own time limit before its monitor is taken for dead. */
const HEARTBEAT_GRACE_MS = 500;
/** What a second attempt may take once a server is there again. */
const LOSS_GRACE_MS = 500;

export class Reachability {
  readonly #patienceMs: number;
  readonly #heartbeatMsMax: number;
  /** When the heartbeats that have no outcome yet were begun, by server. */
  readonly #beatingSince = new Map<string, number>();
  #isLost = false;
  /** When it was lost for the last time, whether or not a server is there again. */
  #lostAt = Number.NEGATIVE_INFINITY;

  constructor(client: MongoClient) {
    const { serverSelectionTimeoutMS, connectTimeoutMS, heartbeatFrequencyMS } = client.options;
    this.#patienceMs = serverSelectionTimeoutMS;
    this.#heartbeatMsMax = connectTimeoutMS + heartbeatFrequencyMS + HEARTBEAT_GRACE_MS;
    client.on('topologyDescriptionChanged', ({ newDescription }) => {
      const wasLost = this.#isLost;
      this.#isLost = !hasWritable(newDescription);
      if (this.#isLost && !wasLost) this.#lostAt = performance.now();
    });
    client.on('serverHeartbeatStarted', ({ connectionId }) => this.#beatingSince.set(connectionId, performance.now()));
    const noteEnd = ({ connectionId }: ServerHeartbeatSucceededEvent | ServerHeartbeatFailedEvent) =>
      void this.#beatingSince.delete(connectionId);
    client.on('serverHeartbeatSucceeded', noteEnd).on('serverHeartbeatFailed', noteEnd);
  }

  /** Throws `UNREACHABLE` where waiting for a server would be in vain. */
  check(): void {
    const lostMs = this.#isLost ? performance.now() - this.#lostAt : 0;
    if (lostMs <= this.#patienceMs) return;
    throw new StoreError('UNREACHABLE', `MongoDB has not been reachable for ${(lostMs / 1_000).toFixed(1)} s.`);
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /**
   * Whether a command that is under way since then waits for an answer that won't come: the server was lost meanwhile,
   * which ends its connections, and a second attempt would have had the time to find it again.
   */
  isInVain(since: number): boolean {
    return since < this.#lostAt && performance.now() - this.#lostAt > this.#patienceMs + LOSS_GRACE_MS;
  }

  /** Whether no server is known and one of the monitors that would find it waits for ever. */
  get isStuck(): boolean {
    if (!this.#isLost) return false;
    const tooOld = performance.now() - this.#heartbeatMsMax;
    return [...this.#beatingSince.values()].some((since) => since < tooOld);
  }
}

const hasWritable = ({ servers }: TopologyDescription): boolean =>
  [...servers.values()].some((server) => server.isWritable);
