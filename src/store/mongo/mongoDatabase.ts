/**
 * The connection to MongoDB: pools, timeouts, and what Tollgate's promises rest on. What the connection string says wins
 * over pool sizes and timeouts, but not over read and write concerns: those make a commit a commit.
 */
import { MongoClient, ReadConcern } from 'mongodb';
import type { Db, MongoClientOptions } from 'mongodb';

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
  readonly retryReads?: boolean;
  readonly retryWrites?: boolean;
}

const DEFAULTS = {
  appName: 'tollgate',
  maxPoolSize: 50,
  minPoolSize: 2,
  waitQueueTimeoutMS: 5_000,
  serverSelectionTimeoutMS: 5_000,
  connectTimeoutMS: 5_000,
  socketTimeoutMS: 10_000,
  retryReads: true,
  retryWrites: true,
} as const satisfies MongoClientOptions;

const DATABASE = 'tollgate';

export interface MongoDatabase {
  readonly client: MongoClient;
  readonly db: Db;
}

/** Not connected yet: throws for a connection string that makes no sense, never for a server that is not there. */
export const mongoDatabase = (url: string, options: MongoOptions): MongoDatabase => {
  const client = new MongoClient(url, withoutThoseOf(url, { ...DEFAULTS, ...options }));
  return { client, db: client.db(databaseOf(url), GUARANTEES) };
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
  const named = new Set([...query.keys()].map((key) => key.toLowerCase()));
  return Object.fromEntries(Object.entries(options).filter(([key]) => !named.has(key.toLowerCase())));
};

/** The driver's own default is `test`, where nobody looks for balances. */
const databaseOf = (url: string): string => {
  const name = /^mongodb(?:\+srv)?:\/\/[^/?]*\/([^?]+)/i.exec(url)?.[1];
  return name === undefined ? DATABASE : decodeURIComponent(name);
};
