/** What becomes of means that were set aside for places which turn out not to need them. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { IResolvers } from '@graphql-tools/utils';
import type { Caller } from '../../../../src/accounts/caller.js';
import { holdId } from '../../../../src/domain/ids.js';
import { viewAt } from '../../../../src/domain/walletView.js';
import { applyCommand } from '../../../../src/domain/walletCommand.js';
import { allowance, NOW } from '../../../support/domain.js';
import { readyPaywall, schemaOf } from '../ready.js';
import type { ReadyPaywall } from '../ready.js';

let opened: ReadyPaywall[] = [];
const ready = async (typeDefs: string, resolvers: IResolvers): Promise<ReadyPaywall> => {
  const paywall = await readyPaywall(schemaOf(typeDefs, resolvers));
  opened.push(paywall);
  return paywall;
};
afterEach(async () => {
  for (const { close } of opened) await close();
  opened = [];
});

const usedBy = async ({ paywall }: ReadyPaywall, { accountId }: Caller): Promise<number> => {
  const [wallet] = accountId === null ? [] : await paywall.engine.store.findWallets([accountId]);
  return wallet == null ? 0 : viewAt(wallet, NOW).counters.reduce((sum, counter) => sum + counter.used, 0);
};

const NOTHING_HELD = { held: 0, holds: 0 };

describe('a list that is shorter than quoted', () => {
  /** MC has one neighbour, and ten are quoted. A city costs 1. */
  const countries = async (delay = 0): Promise<ReadyPaywall> =>
    ready(
      `type Query { country(code: ID!): Country }
       type Country {
         borders: [Country!]! @listSize(assumedSize: 10)
         cities(first: Int! = 10): [City] @requiresPayment(feature: "cities", cost: 1, multipliers: ["first"])
       }
       type City { name: String }`,
      {
        Query: { country: (_root, { code }: { code: string }) => ({ code }) },
        Country: {
          borders: async () => {
            if (delay > 0) await pause(delay);
            return [{ code: 'FR' }];
          },
          cities: () => [{ name: 'A city' }],
        },
      },
    );
  const document = `{
    a: country(code: "MC") { borders { cities(first: 10) { name } } }
    b: country(code: "AT") { cities(first: 10) { name } }
  }`;
  const data = {
    a: { borders: [{ cities: [{ name: 'A city' }] }] },
    b: { cities: [{ name: 'A city' }] },
  };
  const limited = (whenExhausted: 'REFUSE' | 'CREDITS') => [
    allowance('cities', { limit: { units: 100, per: 'DAY' }, whenExhausted }),
  ];

  it.each([0, 20])('leaves its units of a limit to what comes after it (it takes %d ms)', async (delay) => {
    const tollgate = await countries(delay);
    const caller = await tollgate.callerWith(1_000);
    await tollgate.subscribe(caller, limited('CREDITS'));
    const result = await tollgate.run(caller, document);
    expect(result).toMatchObject({ data, extensions: { payment: { charged: 0, balance: 1_000 } } });
    expect(result.errors).toBeUndefined();
    expect(await usedBy(tollgate, caller)).toBe(20);
    expect(await tollgate.walletOf(caller)).toEqual({ available: 1_000, ...NOTHING_HELD });
  });

  it.each([0, 20])('where the limit refuses beyond it, likewise (it takes %d ms)', async (delay) => {
    const tollgate = await countries(delay);
    const caller = await tollgate.callerWith(0);
    await tollgate.subscribe(caller, limited('REFUSE'));
    const result = await tollgate.run(caller, document);
    expect(result).toMatchObject({ data, extensions: { payment: { charged: 0, balance: 0 } } });
    expect(result.errors).toBeUndefined();
    expect(await usedBy(tollgate, caller)).toBe(20);
  });

  it.each([0, 20])('leaves its credits to what comes after it (it takes %d ms)', async (delay) => {
    const tollgate = await countries(delay);
    const caller = await tollgate.callerWith(100);
    const result = await tollgate.run(caller, document);
    expect(result).toMatchObject({ data, extensions: { payment: { charged: 20, balance: 80 } } });
    expect(result.errors).toBeUndefined();
    expect(await tollgate.walletOf(caller)).toEqual({ available: 80, ...NOTHING_HELD });
  });

  it('leaves nothing that it needs', async () => {
    const tollgate = await countries(20);
    const caller = await tollgate.callerWith(15);
    expect(await tollgate.run(caller, document)).toMatchObject({
      data: { a: data.a, b: { cities: null } },
      errors: [{ path: ['b', 'cities'], extensions: { reason: 'INSUFFICIENT_FUNDS', required: 10, available: 5 } }],
      extensions: { payment: { charged: 10, balance: 5 } },
    });
  });
});

describe('what gate 1 could not promise', () => {
  const typeDefs = `
    type Query {
      list: [Item] @listSize(assumedSize: 9)
      longer: [Item] @listSize(assumedSize: 1)
      last: Last @requiresPayment(cost: 2)
    }
    type Item { p: Int @requiresPayment(cost: 1) }
    type Last { value: Int, more: [Item] @listSize(assumedSize: 3) }
  `;
  const resolvers: IResolvers = {
    Query: {
      list: async () => pause(10, [{ p: 1 }]),
      longer: () => [{ p: 1 }, { p: 2 }, { p: 3 }],
      last: () => ({ value: 7, more: [{ p: 1 }, { p: 2 }] }),
    },
  };

  it('is asked again when it resolves, with all that is beneath it', async () => {
    const { run, callerWith, walletOf } = await ready(typeDefs, resolvers);
    const caller = await callerWith(10);
    const document = '{ list { p } last { value more { p } } }';
    const result = await run(caller, document);
    expect(result).toEqual({
      data: { list: [{ p: 1 }], last: { value: 7, more: [{ p: 1 }, { p: 2 }] } },
      extensions: {
        payment: {
          charged: 5,
          balance: 5,
          fields: [
            { coordinate: 'Query.last', positions: 1, credits: 2, coveredBy: null },
            { coordinate: 'Item.p', positions: 3, credits: 3, coveredBy: null },
          ],
        },
      },
    });
    expect(await walletOf(caller)).toEqual({ available: 5, ...NOTHING_HELD });
  });

  it('is served to a list longer than quoted from what another one did not need', async () => {
    const { run, callerWith, walletOf } = await ready(typeDefs, resolvers);
    const caller = await callerWith(10);
    const result = await run(caller, '{ list { p } longer { p } }');
    expect(result).toMatchObject({
      data: { list: [{ p: 1 }], longer: [{ p: 1 }, { p: 2 }, { p: 3 }] },
      extensions: { payment: { charged: 4, balance: 6 } },
    });
    expect(result.errors).toBeUndefined();
    expect(await walletOf(caller)).toEqual({ available: 6, ...NOTHING_HELD });
  });

  it('is refused with what is left where that does not suffice', async () => {
    const { run, callerWith } = await ready(typeDefs, resolvers);
    expect(await run(await callerWith(2), '{ list { p } last { value } }')).toMatchObject({
      data: { list: [{ p: 1 }], last: null },
      errors: [{ path: ['last'], extensions: { required: 2, available: 1, retryable: false } }],
      extensions: { payment: { charged: 1, balance: 1 } },
    });
  });

  it('does not keep a mutation from being all or nothing', async () => {
    const ran: string[] = [];
    const { run, callerWith } = await ready(
      `type Query { a: Int }
       type Mutation { list: [Item] @listSize(assumedSize: 9) last: Int @requiresPayment(cost: 2) }
       type Item { p: Int @requiresPayment(cost: 1) }`,
      { Mutation: { list: () => ran.push('list'), last: () => ran.push('last') } },
    );
    const result = await run(await callerWith(10), 'mutation { list { p } last }');
    expect(result).toMatchObject({ errors: [{ extensions: { coordinate: 'Mutation.last', available: 1 } }] });
    expect(ran).toEqual([]);
  });
});

describe('two lists that arrive one after the other in an operation that was quoted nothing', () => {
  it('are both held for, and both charged', async () => {
    const { run, callerWith, walletOf } = await ready(
      `type Query { a(turns: Int!): [Item] @listSize(assumedSize: 0) }
       type Item { p: Int @requiresPayment(cost: 1) }`,
      {
        Query: {
          a: async (_root, { turns }: { turns: number }) => {
            for (let turn = 0; turn < turns; turn += 1) await new Promise((done) => setImmediate(done));
            return [{ p: 1 }, { p: 2 }, { p: 3 }, { p: 4 }, { p: 5 }];
          },
        },
      },
    );
    const caller = await callerWith(100);
    for (let turns = 1; turns < 6; turns += 1) {
      const before = await walletOf(caller);
      const result = await run(caller, `{ a: a(turns: 1) { p } b: a(turns: ${turns}) { p } }`);
      expect(result).toMatchObject({ extensions: { payment: { charged: 10, balance: before.available - 10 } } });
      expect(await walletOf(caller)).toEqual({ available: before.available - 10, ...NOTHING_HELD });
    }
  });
});

describe('places beneath a union, of which gate 1 could not admit all', () => {
  const typeDefs = `
    type Query { search: [Result] }
    union Result = Company | Person
    type Company {
      name: String
      reports(first: Int! = 10): [Report] @requiresPayment(cost: 1, multipliers: ["first"])
      audit: Audit @requiresPayment(cost: 5)
    }
    type Report { text: String }
    type Audit { score: Int @requiresPayment(cost: 1) }
    type Person { phone: String @requiresPayment(cost: 1) }
  `;
  const document = `{ search {
    ... on Company { name reports { text } audit { score } }
    ... on Person { phone }
  } }`;
  const company = { __typename: 'Company', name: 'ACME', reports: [{ text: 'Good.' }], audit: { score: 9 } };
  const person = { __typename: 'Person', phone: '1' };

  it('are charged once for what is delivered', async () => {
    const { run, callerWith, walletOf } = await ready(typeDefs, { Query: { search: () => [company, person] } });
    const caller = await callerWith(100);
    const result = await run(caller, document);
    expect(result).toMatchObject({
      data: { search: [{ name: 'ACME', reports: [{ text: 'Good.' }], audit: { score: 9 } }, { phone: '1' }] },
      extensions: { payment: { charged: 17, balance: 83 } },
    });
    expect(result.errors).toBeUndefined();
    expect(await walletOf(caller)).toEqual({ available: 83, ...NOTHING_HELD });
  });

  it('or refused with their reason', async () => {
    const { run, callerWith, walletOf } = await ready(typeDefs, { Query: { search: () => [company, person] } });
    const caller = await callerWith(15);
    expect(await run(caller, document)).toMatchObject({
      data: { search: [{ name: 'ACME', reports: [{ text: 'Good.' }], audit: { score: null } }, { phone: null }] },
      errors: [
        { path: ['search', 0, 'audit', 'score'], extensions: { reason: 'INSUFFICIENT_FUNDS', available: 0 } },
        { path: ['search', 1, 'phone'], extensions: { reason: 'INSUFFICIENT_FUNDS', available: 0 } },
      ],
      // Nothing came of the audit.
      extensions: { payment: { charged: 10, balance: 5 } },
    });
    expect(await walletOf(caller)).toEqual({ available: 5, ...NOTHING_HELD });
  });
});

describe('credits that another operation holds', () => {
  it('are told from those that are gone, and can be waited for', async () => {
    const { paywall, run, callerWith } = await ready('type Query { a: Int @requiresPayment(cost: 3) }', {
      Query: { a: () => 1 },
    });
    const caller = await callerWith(5);
    await paywall.engine.keeper.apply(caller.accountId, {
      decide: (wallet, now) => {
        const command = { kind: 'hold', id: holdId('other'), credits: 4, units: [], expiresAt: now + 60_000 } as const;
        return { wallet: applyCommand(wallet, command, now).wallet, outcome: null };
      },
    });
    expect(await run(caller, '{ a }')).toMatchObject({
      errors: [
        {
          message:
            'Query.a costs 3 credits, and 1 are available; 4 more are held by operations under way. Try again when they are done, or add funds.',
          extensions: { reason: 'INSUFFICIENT_FUNDS', required: 3, available: 1, retryable: true },
        },
      ],
    });
  });
});
