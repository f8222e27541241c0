import { ApolloServer } from '@apollo/server';
import { makeExecutableSchema } from '@graphql-tools/schema';
import { mapSchema, MapperKind } from '@graphql-tools/utils';
import { defaultFieldResolver } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tollgatePlugin } from '../../../src/apollo/tollgatePlugin.js';
import { createPaywall, directiveTypeDefs, openStore } from '../../../src/index.js';
import type { Paywall, Store } from '../../../src/index.js';

const typeDefs = [directiveTypeDefs(), 'type Query { free: String paid: String @requiresPayment(cost: 1) }'];
const schema = makeExecutableSchema({ typeDefs });

describe('a server whose schema', () => {
  let store: Store;
  let paywall: Paywall;
  beforeEach(async () => {
    store = await openStore('sqlite::memory:');
    paywall = createPaywall({ schema, store });
  });
  afterEach(async () => {
    await paywall.close();
    await store.close();
  });

  /** What the start says; `null`: it serves. */
  const faultAtStart = async (served: GraphQLSchema): Promise<unknown> => {
    const said: unknown[] = [];
    const note = (message: unknown) => void said.push(message);
    const logger = { debug: note, info: note, warn: note, error: note };
    const server = new ApolloServer({ schema: served, plugins: [tollgatePlugin(paywall)], logger });
    try {
      await server.start();
      await server.stop();
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : error;
    }
  };

  it('is the author’s own does not start, and says which one to serve', async () => {
    expect(await faultAtStart(schema)).toContain('Write `schema: paywall.schema`.');
  });

  it('is the paywall’s starts, also with others’ resolvers around it', async () => {
    expect(await faultAtStart(paywall.schema)).toBeNull();
    const wrapped = mapSchema(paywall.schema, {
      [MapperKind.OBJECT_FIELD]: (config) => {
        const { resolve = defaultFieldResolver } = config;
        return { ...config, resolve: (...args: Parameters<typeof resolve>): unknown => resolve(...args) };
      },
    });
    expect(await faultAtStart(wrapped)).toBeNull();
  });
});

describe('createPaywall', () => {
  it('says what to write where its store was not awaited, or is none', async () => {
    const opening = openStore('sqlite::memory:');
    const withStore = (store: unknown) => () => createPaywall({ schema, store: store as Store });
    expect(withStore(opening)).toThrow('`store` is a promise. Write `store: await openStore(url)`.');
    expect(withStore(undefined)).toThrow('give it a `store`');
    for (const none of [null, 'sqlite:./tollgate.db', {}]) {
      expect(withStore(none)).toThrow('`store` is no store. Write `store: await openStore(url)`.');
    }
    await (await opening).close();
  });
});
