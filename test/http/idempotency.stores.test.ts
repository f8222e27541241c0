/** What an `Idempotency-Key` promises, over HTTP, on a store of its own. */
import { makeExecutableSchema } from '@graphql-tools/schema';
import { GraphQLError } from 'graphql';
import type { GraphQLResolveInfo } from 'graphql';
import { afterEach, describe, expect, it } from 'vitest';
import { directiveTypeDefs } from '../../src/api/readTypeDefs.js';
import { grantCredits, issueKey } from '../../src/admin/library.js';
import { accountId } from '../../src/domain/ids.js';
import { KEY_TTL_MS } from '../../src/domain/keyedOperation.js';
import { MEMORY_MS } from '../../src/domain/wallet.js';
import { payment } from '../../src/paywall/gate/payment.js';
import { startServer } from '../support/server.js';
import type { Answer, TestServer } from '../support/server.js';
import { onEachStore } from '../support/onEachStore.js';

const typeDefs = /* GraphQL */ `
  type Query {
    free: String
    quote(of: String! = "TGT"): String @requiresPayment(cost: 3)
    scoped: String @requiresPayment(feature: "scoped", cost: 2)
    used(units: Int!): String @requiresPayment(cost: 1, multipliers: ["units"])
    long(length: Int!): String @requiresPayment(cost: 1)
    endless: Endless @requiresPayment(cost: 1)
    lines(count: Int!): [Line!]
  }
  "What JSON can't write."
  scalar Endless
  type Line {
    text: String @requiresPayment(cost: 1)
  }
  type Mutation {
    order(what: String!): String @requiresPayment(cost: 10)
  }
`;

const ORDER = 'mutation ($what: String!) { order(what: $what) }';
const QUOTE = '{ quote }';
const LINES = 'query ($count: Int!) { lines(count: $count) { text } }';
const HOLD_TTL_MS = 60_000;
const ANSWER_BYTES_MAX = 5_000;

/** What a served operation on one coordinate answers. */
const served = (data: object, charged: number, balance: number, coordinate: string): Partial<Answer> => {
  const fields = [{ coordinate, positions: 1, credits: charged, coveredBy: null }];
  return { status: 200, body: { data, extensions: { payment: { charged, balance, fields } } } };
};

const coded = (status: number, code: string) => ({ status, body: { errors: [{ extensions: { code } }] } });

onEachStore(({ name, database }) => {
  describe(`Idempotency-Key on ${name}`, () => {
    let server: TestServer;
    let ordered: string[];
    /** What happens while a mutation runs. */
    let whileOrdering: () => void | Promise<void>;
    let clock: number;
    /** How often `quote` was asked for. */
    let quoted: number;

    const start = async (credits: number): Promise<string> => {
      ordered = [];
      quoted = 0;
      whileOrdering = () => undefined;
      clock = Date.parse('2026-03-01T12:00:00Z');
      const order = async (_root: unknown, { what }: { what: string }) => {
        ordered.push(what);
        await whileOrdering();
        if (what === 'nothing') throw new GraphQLError('There is no such thing.');
        return `${what} ${ordered.length}`;
      };
      const lines = (_root: unknown, { count }: { count: number }) =>
        Array.from({ length: count }, (_, at) => ({ text: String(at) }));
      const schema = makeExecutableSchema({
        typeDefs: [directiveTypeDefs(), typeDefs],
        resolvers: {
          Query: {
            free: () => 'free',
            scoped: () => 'yours',
            quote: async () => {
              quoted += 1;
              await whileOrdering();
              return `fine ${quoted}`;
            },
            used: (_source: unknown, _args: unknown, _context: unknown, info: GraphQLResolveInfo) => {
              payment.report(info, 1);
              return 'little';
            },
            long: (_root: unknown, { length }: { length: number }) => 'x'.repeat(length),
            endless: () => 1n,
            lines,
          },
          Mutation: { order },
        },
      });
      server = await startServer({
        schema,
        database,
        now: () => clock,
        holdTtlMs: HOLD_TTL_MS,
        idempotentAnswerBytesMax: ANSWER_BYTES_MAX,
      });
      return server.accountWithKey('buyer', credits);
    };
    afterEach(() => server.close());

    const send = (key: string, document: string, idempotencyKey: string, variables?: Record<string, unknown>) =>
      server.query(key, document, variables, { 'idempotency-key': `"${idempotencyKey}"` });
    const orderTea = (key: string, idempotencyKey = 'tea') => send(key, ORDER, idempotencyKey, { what: 'tea' });
    const available = async () => {
      const { available: credits, held, sum } = await server.books('buyer');
      expect(sum).toBe(credits + held);
      return { credits, held };
    };

    it('carries a mutation out once and sends its answer again', async () => {
      const key = await start(100);
      expect(await orderTea(key)).toMatchObject(served({ order: 'tea 1' }, 10, 90, 'Mutation.order'));
      expect(await orderTea(key)).toMatchObject(served({ order: 'tea 1' }, 10, 90, 'Mutation.order'));
      expect(ordered).toEqual(['tea']);
      expect(await available()).toEqual({ credits: 90, held: 0 });
    });

    it('sends a failed mutation’s answer again, uncharged', async () => {
      const key = await start(100);
      const first = await send(key, ORDER, 'none', { what: 'nothing' });
      expect(first).toMatchObject({ status: 200, body: { data: { order: null } } });
      expect((await send(key, ORDER, 'none', { what: 'nothing' })).body).toEqual(first.body);
      expect(ordered).toEqual(['nothing']);
      expect(await available()).toEqual({ credits: 100, held: 0 });
    });

    it('sends the answer of a query again: nothing runs, and nothing is charged', async () => {
      const key = await start(100);
      const first = await send(key, QUOTE, 'q');
      expect(first).toMatchObject(served({ quote: 'fine 1' }, 3, 97, 'Query.quote'));
      expect(first.headers['idempotency-replayed']).toBeUndefined();
      for (let time = 0; time < 3; time += 1) {
        const again = await send(key, QUOTE, 'q');
        expect({ status: again.status, body: again.body }).toEqual({ status: first.status, body: first.body });
        expect(again.headers['idempotency-replayed']).toBe('true');
      }
      expect(quoted).toBe(1);
      expect(await available()).toEqual({ credits: 97, held: 0 });
    });

    it('charges a resolver that reported less than it was quoted once, however often it is sent again', async () => {
      const key = await start(100);
      for (let time = 0; time < 3; time += 1) {
        expect((await send(key, '{ used(units: 50) }', 'u')).body).toMatchObject({
          extensions: { payment: { charged: 1, balance: 99 } },
        });
      }
      expect(await send(key, '{ used(units: 51) }', 'u')).toMatchObject(coded(422, 'IDEMPOTENCY_KEY_REUSED'));
      expect(await available()).toEqual({ credits: 99, held: 0 });
    });

    it('sends the answer again of which a part was refused, as it was', async () => {
      const key = await start(2);
      const first = await send(key, LINES, 'lines', { count: 4 });
      expect(first.body).toMatchObject({
        data: { lines: [{ text: '0' }, { text: '1' }, { text: null }, { text: null }] },
        extensions: { payment: { charged: 2, balance: 0 } },
      });
      await grantCredits(server.paywall.engine, accountId('buyer'), { id: 'more', credits: 5, reason: 'A test' });
      const again = await send(key, LINES, 'lines', { count: 4 });
      expect(again.body).toMatchObject({
        data: { lines: [{ text: '0' }, { text: '1' }, { text: null }, { text: null }] },
        extensions: { payment: { charged: 2, balance: 5 } },
      });
      expect(await available()).toEqual({ credits: 5, held: 0 });
    });

    it('keeps no answer in which all that is paid was refused: the same key runs once it was paid for', async () => {
      const key = await start(0);
      const document = '{ free quote }';
      expect((await send(key, document, 'r')).body).toMatchObject({ data: { free: 'free', quote: null } });
      await grantCredits(server.paywall.engine, accountId('buyer'), { id: 'more', credits: 5, reason: 'A test' });
      expect((await send(key, document, 'r')).body).toMatchObject({ data: { free: 'free', quote: 'fine 1' } });
      expect(await available()).toEqual({ credits: 2, held: 0 });
    });

    it('keeps long answers as they are, also those that don’t get shorter, and sends none that is too long', async () => {
      const key = await start(100);
      const short = await send(key, '{ long(length: 4000) }', 'short');
      expect((await send(key, '{ long(length: 4000) }', 'short')).body).toEqual(short.body);
      for (let time = 0; time < 2; time += 1) {
        expect(await send(key, '{ long(length: 5000) }', 'long')).toMatchObject({
          ...coded(413, 'IDEMPOTENT_ANSWER_TOO_LARGE'),
        });
      }
      expect((await server.query(key, '{ long(length: 5000) }')).status).toBe(200);
      expect(await send(key, ORDER, 'much', { what: 'x'.repeat(ANSWER_BYTES_MAX) })).toMatchObject(
        coded(413, 'IDEMPOTENT_ANSWER_TOO_LARGE'),
      );
      expect((await send(key, ORDER, 'much', { what: 'x'.repeat(ANSWER_BYTES_MAX) })).status).toBe(413);
      expect(ordered).toHaveLength(1);
      await expect.poll(available).toEqual({ credits: 98, held: 0 });
    });

    it('charges nothing for an answer that can’t be written, and does not run it again', async () => {
      const key = await start(100);
      for (let time = 0; time < 3; time += 1) {
        expect(await send(key, '{ endless }', 'e')).toMatchObject(coded(500, 'INTERNAL_SERVER_ERROR'));
      }
      await expect.poll(available).toEqual({ credits: 100, held: 0 });
    });

    it('answers from the record only who may ask: no suspended account, and no key without the scope', async () => {
      const key = await start(100);
      const { engine } = server.paywall;
      const narrow = (await issueKey(engine, accountId('buyer'), { scopes: ['other'] })).secret;
      const wide = (await issueKey(engine, accountId('buyer'), { scopes: ['scoped'] })).secret;
      const first = await send(key, '{ scoped }', 's');
      expect(first.status).toBe(200);
      expect(await send(narrow, '{ scoped }', 's')).toMatchObject({
        status: 403,
        body: { errors: [{ extensions: { reason: 'SCOPE_MISSING', coordinate: 'Query.scoped' } }] },
      });
      expect((await send(wide, '{ scoped }', 's')).body).toEqual(first.body);
      const [account] = await server.store.findAccounts([accountId('buyer')]);
      if (account == null) throw new Error('There is no such account.');
      await server.store.saveAccounts([{ ...account, suspendedAt: clock }]);
      clock += 1;
      expect(await send(key, '{ scoped }', 's')).toMatchObject({
        status: 403,
        body: { errors: [{ extensions: { reason: 'ACCOUNT_SUSPENDED' } }] },
      });
      expect(await available()).toEqual({ credits: 98, held: 0 });
    });

    it('charges other keys, other accounts and requests without a key each for themselves', async () => {
      const key = await start(100);
      const other = await server.accountWithKey('other', 100);
      await send(key, QUOTE, 'one');
      await send(key, QUOTE, 'two');
      await server.query(key, QUOTE);
      await send(other, QUOTE, 'one');
      expect(await available()).toEqual({ credits: 91, held: 0 });
      expect((await server.books('other')).available).toBe(97);
    });

    it('answers 409 while the same operation is under way, and its answer afterwards', async () => {
      const key = await start(100);
      let during: Answer | undefined;
      whileOrdering = async () => {
        during = await orderTea(key);
      };
      const first = await orderTea(key);
      expect(during).toMatchObject({ ...coded(409, 'IDEMPOTENCY_KEY_IN_FLIGHT'), headers: { 'retry-after': '2' } });
      const headers = { ...first.headers, 'idempotency-replayed': 'true' };
      expect(await orderTea(key)).toEqual({ ...first, headers });
      expect(ordered).toEqual(['tea']);
    });

    it('runs one of many that come at once', async () => {
      const key = await start(100);
      const answers = await Promise.all(Array.from({ length: 20 }, () => orderTea(key)));
      const statuses = answers.map(({ status }) => status);
      expect(ordered).toEqual(['tea']);
      expect(statuses.every((status) => status === 200 || status === 409)).toBe(true);
      expect(await available()).toEqual({ credits: 90, held: 0 });
    });

    it('answers 422 for another operation or other variables under the same key', async () => {
      const key = await start(100);
      await orderTea(key, 'same');
      expect(await send(key, ORDER, 'same', { what: 'coffee' })).toMatchObject(coded(422, 'IDEMPOTENCY_KEY_REUSED'));
      expect(await send(key, QUOTE, 'same')).toMatchObject(coded(422, 'IDEMPOTENCY_KEY_REUSED'));
      expect(ordered).toEqual(['tea']);
      expect(await available()).toEqual({ credits: 90, held: 0 });
    });

    it('remembers a key for 24 hours, and no longer', async () => {
      const key = await start(100);
      await orderTea(key);
      clock += KEY_TTL_MS / 2;
      await orderTea(key);
      clock += KEY_TTL_MS / 2 - 1;
      await orderTea(key);
      expect(ordered).toHaveLength(1);
      clock += 1;
      await server.store.forgetKeyedOperations(clock + 1);
      await orderTea(key);
      expect(ordered).toHaveLength(2);
      expect(await available()).toEqual({ credits: 80, held: 0 });
    });

    it('locks nothing for an operation that is refused', async () => {
      const key = await start(4);
      expect(await orderTea(key)).toMatchObject(coded(402, 'PAYMENT_REQUIRED'));
      await grantCredits(server.paywall.engine, accountId('buyer'), { id: 'more', credits: 6, reason: 'A test' });
      expect(await orderTea(key)).toMatchObject(served({ order: 'tea 1' }, 10, 0, 'Mutation.order'));
    });

    it('says what is wrong with a key that can’t be used', async () => {
      const key = await start(100);
      const bare = await server.query(key, QUOTE, {}, { 'idempotency-key': 'not-quoted' });
      const empty = await send(key, QUOTE, '');
      const long = await send(key, QUOTE, 'x'.repeat(256));
      for (const answer of [bare, empty, long]) expect(answer).toMatchObject(coded(400, 'BAD_USER_INPUT'));
      expect(await available()).toEqual({ credits: 100, held: 0 });
    });

    it('takes the key from the request’s extensions too', async () => {
      const key = await start(100);
      const body = JSON.stringify({ query: QUOTE, extensions: { idempotencyKey: 'e' } });
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
      for (let time = 0; time < 2; time += 1) await server.request('/graphql', { method: 'POST', headers, body });
      expect(await available()).toEqual({ credits: 97, held: 0 });
    });

    it('asks the store for nothing where nothing is paid', async () => {
      const key = await start(100);
      server.takeCalls();
      expect(await send(key, '{ free }', 'f')).toMatchObject({ status: 200, body: { data: { free: 'free' } } });
      expect(server.takeCalls().byVerb).toEqual({ findApiKeys: 1 });
    });

    describe('when the store fails', () => {
      it('sends the answer of a mutation whose capture was lost, and charges it once', async () => {
        const key = await start(100);
        whileOrdering = () => {
          server.fail('commitWallets', 'UNREACHABLE', 1_000);
        };
        expect(await orderTea(key)).toMatchObject(coded(503, 'SERVICE_UNAVAILABLE'));
        server.recover();
        expect(await orderTea(key)).toMatchObject(served({ order: 'tea 1' }, 10, 90, 'Mutation.order'));
        expect(ordered).toEqual(['tea']);
        expect(await available()).toEqual({ credits: 90, held: 0 });
      });

      it('charges once where the capture was applied and its reply lost', async () => {
        const key = await start(100);
        whileOrdering = () => {
          server.fail('commitWallets', 'REPLY_LOST', 1_000);
        };
        await orderTea(key);
        server.recover();
        expect(await orderTea(key)).toMatchObject(served({ order: 'tea 1' }, 10, 90, 'Mutation.order'));
        expect(ordered).toEqual(['tea']);
        expect(await available()).toEqual({ credits: 90, held: 0 });
      });

      it('charges a query once whose process died between answer and capture, and whose hold is over', async () => {
        const key = await start(100);
        whileOrdering = () => {
          server.fail('commitWallets', 'UNREACHABLE', 1_000);
        };
        expect(await send(key, QUOTE, 'q')).toMatchObject(coded(503, 'SERVICE_UNAVAILABLE'));
        clock += HOLD_TTL_MS;
        server.recover();
        for (let time = 0; time < 3; time += 1) {
          expect(await send(key, QUOTE, 'q')).toMatchObject(served({ quote: 'fine 1' }, 3, 97, 'Query.quote'));
          // Longer than the wallet remembers what is over.
          clock += MEMORY_MS + 1;
        }
        expect(quoted).toBe(1);
        expect(await available()).toEqual({ credits: 97, held: 0 });
      });

      it('charges a query once whose capture was applied and forgotten by the wallet before it was sent again', async () => {
        const key = await start(100);
        whileOrdering = () => {
          server.fail('commitWallets', 'REPLY_LOST', 1_000);
        };
        await send(key, QUOTE, 'q');
        server.recover();
        for (let time = 0; time < 3; time += 1) {
          clock += MEMORY_MS + 1;
          expect(await send(key, QUOTE, 'q')).toMatchObject(served({ quote: 'fine 1' }, 3, 97, 'Query.quote'));
        }
        expect(await available()).toEqual({ credits: 97, held: 0 });
      });

      it('charges for a kept answer although its hold has expired, and not if the credits are gone', async () => {
        const key = await start(15);
        whileOrdering = () => {
          server.fail('commitWallets', 'UNREACHABLE', 1_000);
        };
        expect(await orderTea(key)).toMatchObject(coded(503, 'SERVICE_UNAVAILABLE'));
        // The hold is over before the store is back, so nothing was charged.
        clock += HOLD_TTL_MS;
        server.recover();
        whileOrdering = () => undefined;
        await Promise.all([1, 2, 3].map((each) => send(key, QUOTE, `spend ${each}`)));
        expect(await orderTea(key)).toMatchObject(coded(402, 'PAYMENT_REQUIRED'));
        await grantCredits(server.paywall.engine, accountId('buyer'), { id: 'more', credits: 10, reason: 'A test' });
        expect(await orderTea(key)).toMatchObject(served({ order: 'tea 1' }, 10, 6, 'Mutation.order'));
        expect(await orderTea(key)).toMatchObject(served({ order: 'tea 1' }, 10, 6, 'Mutation.order'));
        expect(ordered).toEqual(['tea']);
        expect(await available()).toEqual({ credits: 6, held: 0 });
      });

      it('charges nothing for an answer that could not be kept, and runs it again once its lock is over', async () => {
        const key = await start(100);
        whileOrdering = () => {
          server.fail('saveKeyedOperations', 'UNREACHABLE', 1);
        };
        expect(await orderTea(key)).toMatchObject(coded(503, 'SERVICE_UNAVAILABLE'));
        whileOrdering = () => undefined;
        expect(await orderTea(key)).toMatchObject(coded(409, 'IDEMPOTENCY_KEY_IN_FLIGHT'));
        clock += HOLD_TTL_MS;
        expect(await orderTea(key)).toMatchObject(served({ order: 'tea 2' }, 10, 90, 'Mutation.order'));
        expect(await available()).toEqual({ credits: 90, held: 0 });
      });

      it('refuses with 503 where it can’t be told whether the key was used', async () => {
        const key = await start(100);
        server.fail('findKeyedOperations', 'UNREACHABLE', 1);
        expect(await orderTea(key)).toMatchObject(coded(503, 'SERVICE_UNAVAILABLE'));
        expect(ordered).toEqual([]);
        expect(await orderTea(key)).toMatchObject(served({ order: 'tea 1' }, 10, 90, 'Mutation.order'));
      });
    });
  });
});
