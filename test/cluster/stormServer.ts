/**
 * One server of the storm: a process of its own that sells a schema whose answers tell their own price. Its parent moves
 * its clock and says how often the reply of a write is lost; the writes are the real store's.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { makeExecutableSchema } from '@graphql-tools/schema';
import { pino } from 'pino';
import { billingResolvers } from '../../src/api/billingResolvers.js';
import { billingTypeDefs, directiveTypeDefs } from '../../src/api/readTypeDefs.js';
import { openStore } from '../../src/store/openStore.js';
import type { Store } from '../../src/store/store.js';
import { StoreError } from '../../src/store/storeError.js';
import { startServer } from '../support/server.js';
import type { Weather } from './stormWeather.js';

const HOLD_TTL_MS = 2_000;
const WRITES = /^(commit|save|append|move|insert|put|record)/;

let weather: Weather = { clockOffsetMs: 0, lostReplies: 0 };

const withLostReplies = (real: Store): Store =>
  new Proxy(real, {
    get: (target, verb) => {
      const value: unknown = Reflect.get(target, verb);
      if (typeof value !== 'function') return value;
      return async (...args: readonly unknown[]): Promise<unknown> => {
        const answer: unknown = await Reflect.apply(value, target, args);
        if (WRITES.test(String(verb)) && Math.random() < weather.lostReplies) {
          throw new StoreError('UNREACHABLE', `The reply of ${String(verb)} is lost in the storm.`);
        }
        return answer;
      };
    },
  });

const typeDefs = /* GraphQL */ `
  type Query {
    units(n: Int!): Int @requiresPayment(feature: "credits-only", cost: 1, multipliers: ["n"])
    parcels(first: Int!, real: Int!): [Parcel] @listSize(slicingArguments: ["first"])
    covered(n: Int!): Int @requiresPayment(feature: "basic", cost: 2, multipliers: ["n"])
  }
  type Mutation {
    order(n: Int!): Int @requiresPayment(feature: "credits-only", cost: 1, multipliers: ["n"])
  }
  type Parcel {
    value: Int @requiresPayment(feature: "credits-only", cost: 1)
  }
`;

/** As long as a resolver that asks somebody else takes. */
const afterAWhile = async (n: number): Promise<number> => {
  await pause(Math.random() * 15);
  return n;
};

const schema = makeExecutableSchema({
  typeDefs: [directiveTypeDefs(), typeDefs, billingTypeDefs()],
  resolvers: [
    billingResolvers,
    {
      Query: {
        units: (_: unknown, { n }: { n: number }) => n,
        covered: (_: unknown, { n }: { n: number }) => afterAWhile(n),
        parcels: (_: unknown, { real }: { real: number }) => Array.from({ length: real }, () => ({ value: 1 })),
      },
      Mutation: { order: (_: unknown, { n }: { n: number }) => afterAWhile(n) },
    },
  ],
});

const [databaseUrl = ''] = process.argv.slice(2);
const store = await openStore(databaseUrl);
const server = await startServer({
  schema,
  now: () => Date.now() + weather.clockOffsetMs,
  holdTtlMs: HOLD_TTL_MS,
  logger: pino({ level: 'fatal' }),
  database: () => Promise.resolve({ store: withLostReplies(store), drop: () => store.close() }),
});

process.on('message', (told: Weather) => {
  weather = told;
});
process.once('SIGTERM', () => {
  void server.close().then(() => process.exit(0));
});
// Its parent is gone, and nobody else knows of it.
process.once('disconnect', () => process.exit(1));
process.send?.({ url: server.url });
