/**
 * The connection to MongoDB: pools, timeouts, and what Tollgate's promises rest on. What the connection string says wins
 * over pool sizes and timeouts, but not over read and write concerns: those make a commit a commit.
 */
import { MongoClient, ReadConcern } from 'mongodb';
import type { Db, MongoClientOptions } from 'mongodb';
import { invariant } from '../../domain/invariant.js';
import type { Instant } from '../../domain/period.js';
import { Reachability } from './reachability.js';

export interface MongoOptions {
  readonly maxPoolSize?: number;
  readonly minPoolSize?: number;
  /** How long a call waits for a connection of the pool. */
  readonly waitQueueTimeoutMS?: number;
  /** How long a call waits for a server that can take it; a failover lasts that long. */
  readonly serverSelectionTimeoutMS?: number;
  readonly connectTimeoutMS?: number;
  /** How long a call waits for its reply. */
  readonly socketTimeoutMS?: number;
  /** How often the driver looks whether a server that was lost is back. */
  readonly heartbeatFrequencyMS?: number;
  readonly retryReads?: boolean;
  readonly retryWrites?: boolean;
  /** How long a verb of the store takes at most, whatever the driver is waiting for. */
  readonly verbTimeoutMS?: number;
  /** Told of every command that is sent, for counting. */
  readonly onCommand?: (sent: SentCommand) => void;
}

export interface SentCommand {
  /** As in `find` or `update`. */
  readonly name: string;
  /** As the driver sends it. */
  readonly command: Readonly<Record<string, unknown>>;
}

const DEFAULTS = {
  appName: 'tollgate',
  maxPoolSize: 50,
  minPoolSize: 2,
  // A caller is told to try again later rather than left waiting: a short failover is ridden out, a long one is not.
  waitQueueTimeoutMS: 2_000,
  serverSelectionTimeoutMS: 2_000,
  connectTimeoutMS: 2_000,
  socketTimeoutMS: 5_000,
  heartbeatFrequencyMS: 1_000,
  retryReads: true,
  retryWrites: true,
} as const satisfies MongoClientOptions;

const DATABASE = 'tollgate';

export interface MongoDatabase {
  readonly client: MongoClient;
  readonly db: Db;
  readonly reachability: Reachability;
}

/** Not connected yet: throws for a connection string that makes no sense, never for a server that is not there. */
export const mongoDatabase = (url: string, options: MongoOptions): MongoDatabase => {
  const client = new MongoClient(url, withoutThoseOf(url, driverOptionsOf(options)));
  const { onCommand } = options;
  if (onCommand !== undefined) {
    client.on('commandStarted', ({ commandName, command }) => {
      onCommand({ name: commandName, command });
    });
  }
  return { client, db: client.db(databaseOf(url), GUARANTEES), reachability: new Reachability(client) };
};

/** Without what is the store's own. */
const driverOptionsOf = (options: MongoOptions): MongoClientOptions => {
  const own: readonly string[] = ['onCommand', 'verbTimeoutMS'] satisfies readonly (keyof MongoOptions)[];
  const ofDriver = Object.fromEntries(Object.entries(options).filter(([name]) => !own.includes(name)));
  return { ...DEFAULTS, ...ofDriver, monitorCommands: options.onCommand !== undefined };
};

/**
 * A write is acknowledged when no failover can undo it, and a read sees nothing that one could: a command that is found
 * in a wallet counts as carried out. Numbers come back as numbers, and absent fields stay absent.
 */
const GUARANTEES = {
  writeConcern: { w: 'majority' },
  readConcern: new ReadConcern('majority'),
  readPreference: 'primary',
  promoteLongs: true,
  promoteValues: true,
  useBigInt64: false,
  ignoreUndefined: true,
} as const;

/** The driver prefers options to the connection string, so those that the string has are left out. */
const withoutThoseOf = (url: string, options: MongoClientOptions): MongoClientOptions => {
  const query = new URLSearchParams(url.split('?')[1] ?? '');
  const named = new Map([...query].map(([key, value]) => [key.toLowerCase(), value]));
  const others = Object.fromEntries(Object.entries(options).filter(([key]) => !named.has(key.toLowerCase())));
  const { minPoolSize, maxPoolSize = Number(named.get('maxpoolsize')) } = others as MongoClientOptions;
  // The driver takes no pool that is to have more connections than it may have; 0: any number.
  const isTooMany = minPoolSize !== undefined && maxPoolSize > 0 && maxPoolSize < minPoolSize;
  return isTooMany ? { ...others, minPoolSize: maxPoolSize } : others;
};

/** The driver's own default is `test`, where nobody looks for balances. */
const databaseOf = (url: string): string => {
  const name = /^mongodb(?:\+srv)?:\/\/[^/?]*\/([^?]+)/i.exec(url)?.[1];
  return name === undefined ? DATABASE : decodeURIComponent(name);
};

/** What is asked of the server itself: whether it answers, whether it takes writes, and what time it is there. */
export const probesOf = (db: Db) => ({
  ping: async (): Promise<void> => {
    await db.admin().command({ ping: 1 });
  },
  checkWritable: async (): Promise<void> => {
    const at = { $set: { at: new Date() } };
    await db.collection<{ readonly _id: string; at: Date }>('probes').updateOne({ _id: 'write' }, at, { upsert: true });
  },
  readClock: async (): Promise<Instant> => {
    const { localTime } = await db.admin().command({ hello: 1 });
    invariant(localTime instanceof Date, 'MongoDB said hello and not what time it is');
    return localTime.getTime();
  },
});
