import { makeExecutableSchema } from '@graphql-tools/schema';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { directiveTypeDefs } from '../../../src/api/readTypeDefs.js';
import { startServer } from '../../support/server.js';
import type { TestServer } from '../../support/server.js';
import { CLIENTS, relayRejection } from './clients.js';

const schema = makeExecutableSchema({
  typeDefs: [directiveTypeDefs(), 'type Query { air: String gold: String @requiresPayment(feature: "gold", cost: 2) }'],
  resolvers: { Query: { air: () => 'O2', gold: () => 'Au' } },
});

let server: TestServer;
let keys: Readonly<Record<'poor' | 'rich', string>>;
beforeAll(async () => {
  server = await startServer({ schema });
  keys = { poor: await server.accountWithKey('poor', 1), rich: await server.accountWithKey('rich', 1_000) };
});
afterAll(() => server.close());

const ADD_FUNDS = { code: 'PAYMENT_REQUIRED', reason: 'INSUFFICIENT_FUNDS', remedy: 'ADD_FUNDS' };
const USE_VALID_KEY = { code: 'UNAUTHENTICATED', reason: 'KEY_UNKNOWN', remedy: 'USE_VALID_KEY' };

const question = (key: string, query: string) => ({ url: `${server.url}/graphql`, key, query });

describe.each(CLIENTS)('%s', (_name, ask) => {
  /** A client that does not tell the status has none to compare. */
  const withStatus = async (key: string, query: string, status: number) => {
    const seen = await ask(question(key, query));
    return { ...seen, status: seen.status ?? status };
  };

  it('sees what is served', async () => {
    expect(await withStatus(keys.rich, '{ air gold }', 200)).toEqual({
      data: { air: 'O2', gold: 'Au' },
      errors: [],
      status: 200,
    });
  });

  it('sees why an operation was refused, and what to do about it', async () => {
    expect(await withStatus(keys.poor, '{ gold }', 402)).toEqual({ data: null, errors: [ADD_FUNDS], status: 402 });
  });

  it('sees what of an operation was refused, beside what was served', async () => {
    expect(await withStatus(keys.poor, '{ air gold }', 200)).toEqual({
      data: { air: 'O2', gold: null },
      errors: [ADD_FUNDS],
      status: 200,
    });
  });

  it('sees that its key is no good', async () => {
    expect(await withStatus('tg_nobody', '{ air }', 401)).toEqual({ data: null, errors: [USE_VALID_KEY], status: 401 });
  });
});

describe('Relay’s fetchQuery', () => {
  it('rejects with the errors where there is no data', async () => {
    expect(await relayRejection(question(keys.poor, 'query Asked { gold }'))).toEqual([ADD_FUNDS]);
    expect(await relayRejection(question('tg_nobody', 'query Asked { gold }'))).toEqual([USE_VALID_KEY]);
  });
});
