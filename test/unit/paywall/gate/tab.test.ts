/** What becomes of positions that nobody foresaw, and of those that nobody waits for any more. */
import { afterEach, describe, expect, it } from 'vitest';
import { grantCredits } from '../../../../src/admin/library.js';
import { payment } from '../../../../src/paywall/gate/payment.js';
import { openStore } from '../../../../src/store/openStore.js';
import { EventEmitter, once } from 'node:events';
import { isObjectType } from 'graphql';
import type { GraphQLResolveInfo } from 'graphql';
import { readyPaywall, schemaOf } from '../ready.js';
import type { ReadyPaywall } from '../ready.js';

let opened: ReadyPaywall[] = [];
const ready: typeof readyPaywall = async (...args) => {
  const paywall = await readyPaywall(...args);
  opened.push(paywall);
  return paywall;
};
afterEach(async () => {
  for (const { close } of opened) await close();
  opened = [];
});

const turnsOfTheEventLoop = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((done) => setImmediate(done));
};

describe('a list that should have been empty', () => {
  it('is charged for all that it has, paid fields beneath paid ones included', async () => {
    const schema = schemaOf(
      `type Query { boxes(first: Int!): [Box] @listSize(slicingArguments: ["first"]) }
       type Box { inner: Inner @requiresPayment(cost: 2) }
       type Inner { value: Int @requiresPayment(cost: 1) }`,
      { Query: { boxes: () => [{}, {}] }, Box: { inner: () => ({}) }, Inner: { value: () => 7 } },
    );
    const { run, callerWith, walletOf } = await ready(schema);
    const caller = await callerWith(5);
    const result = await run(caller, '{ boxes(first: 0) { inner { value } } }');
    expect(result).toMatchObject({
      data: { boxes: [{ inner: { value: 7 } }, { inner: { value: null } }] },
      errors: [{ path: ['boxes', 1, 'inner', 'value'], extensions: { reason: 'INSUFFICIENT_FUNDS', available: 0 } }],
      // The second box has nothing in it.
      extensions: { payment: { charged: 3, balance: 2 } },
    });
    expect(await walletOf(caller)).toEqual({ available: 2, held: 0, holds: 0 });
  });
});

describe('an item that an error in another item has made null', () => {
  // `gold` of the first item waits for more to be held when the second item fails and takes the list with it.
  const schema = schemaOf(
    `type Query { veins(first: Int!): [Vein!] @listSize(slicingArguments: ["first"]) }
     type Vein { gold: Int @requiresPayment(cost: 2) depth: Int! }`,
    {
      Query: { veins: () => [{ depth: 1 }, { depth: null }] },
      Vein: { gold: () => 1 },
    },
  );

  it.each([0, 1])('is not charged and leaves nothing on hold (%d quoted)', async (first) => {
    const failures: unknown[] = [];
    const { run, callerWith, walletOf } = await ready(schema, { onFailure: (error) => failures.push(error) });
    const caller = await callerWith(10);
    const result = await run(caller, 'query ($first: Int!) { veins(first: $first) { depth gold } }', { first });
    await turnsOfTheEventLoop(30);
    expect(result).toMatchObject({ data: { veins: null }, extensions: { payment: { charged: 0, balance: 10 } } });
    expect(await walletOf(caller)).toEqual({ available: 10, held: 0, holds: 0 });
    expect(failures).toEqual([]);
  });
});

describe('a caller of several operations', () => {
  it('is refused only as long as the credits are missing', async () => {
    const schema = schemaOf('type Query { a: Int @requiresPayment(cost: 2) }', { Query: { a: () => 1 } });
    const { paywall, run, callerWith } = await ready(schema);
    const caller = await callerWith(0);
    expect(await run(caller, '{ a }')).toMatchObject({ errors: [{ extensions: { reason: 'INSUFFICIENT_FUNDS' } }] });
    await grantCredits(paywall.engine, caller.accountId, { id: 'later', credits: 3, reason: 'A test' });
    expect(await run(caller, '{ a }')).toMatchObject({ data: { a: 1 }, extensions: { payment: { balance: 1 } } });
  });
});

describe('a resolver that is called more than once for its position', () => {
  it('is charged once: a wrapper that tries again does not make it two', async () => {
    const schema = schemaOf(
      `type Query { list: [Item] @listSize(assumedSize: 1) }
       type Item { a: Int @requiresPayment(cost: 2) }`,
      { Query: { list: () => [{}, {}] }, Item: { a: () => 1 } },
    );
    const { paywall, run, callerWith, walletOf } = await ready(schema);
    const field = paywall.schema.getType('Item');
    const paid = isObjectType(field) ? field.getFields()['a'] : undefined;
    const resolve = paid?.resolve;
    if (paid === undefined || resolve === undefined) throw new Error('Item.a has no resolver.');
    paid.resolve = async (...args) => {
      await Promise.all([resolve(...args), resolve(...args)]);
      return resolve(...args);
    };
    const caller = await callerWith(20);
    const result = await run(caller, '{ list { a } }');
    expect(result).toMatchObject({
      data: { list: [{ a: 1 }, { a: 1 }] },
      extensions: { payment: { charged: 4, balance: 16, fields: [{ coordinate: 'Item.a', positions: 2 }] } },
    });
    expect(await walletOf(caller)).toEqual({ available: 16, held: 0, holds: 0 });
  });
});

describe('response keys that mean something to JavaScript', () => {
  it('are charged like any other', async () => {
    const schema = schemaOf(
      'type Query { a: Int @requiresPayment(cost: 1) b: B } type B { c: Int @requiresPayment(cost: 1) }',
      {
        Query: { a: () => 1, b: () => ({}) },
        B: { c: () => 2 },
      },
    );
    const { run, callerWith, walletOf } = await ready(schema);
    const caller = await callerWith(10);
    const keys = ['__proto__', 'constructor', 'hasOwnProperty', 'toString', 'then', 'valueOf'];
    const document = `{ ${keys.map((key) => `${key}: b { ${key}: c }`).join(' ')} }`;
    const result = await run(caller, document);
    expect(result.errors).toBeUndefined();
    expect(result.extensions).toMatchObject({ payment: { charged: 6, balance: 4 } });
    expect(await walletOf(caller)).toEqual({ available: 4, held: 0, holds: 0 });
    const rest = await run(caller, `{ ${keys.map((key) => `${key}: a`).join(' ')} }`);
    expect(rest.errors?.map(({ path }) => path)).toEqual([['then'], ['valueOf']]);
  });
});

describe('an extension that is under way when an error makes its item null', () => {
  it('is waited for, so that nothing of it stays on hold', async () => {
    const store = await openStore('sqlite::memory:');
    const door = new EventEmitter();
    const [writing, opening] = [once(door, 'writing'), once(door, 'open')];
    let isSlow = false;
    const commitWallets: typeof store.commitWallets = async (wallets) => {
      if (isSlow) {
        door.emit('writing');
        await opening;
      }
      return store.commitWallets(wallets);
    };
    const slow = new Proxy(store, {
      get: (target, verb) => {
        const value: unknown = verb === 'commitWallets' ? commitWallets : Reflect.get(target, verb);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    const schema = schemaOf(
      `type Query { veins(first: Int!): [Vein!] @listSize(slicingArguments: ["first"]) }
       type Vein { gold: Int @requiresPayment(cost: 2) depth: Int! }`,
      {
        Query: { veins: () => [{ depth: 1 }, { depth: () => turnsOfTheEventLoop(3).then(() => null) }] },
        Vein: { gold: () => 1 },
      },
    );
    const { paywall, run, callerWith, walletOf } = await ready(schema, { store: slow });
    const caller = await callerWith(10);
    isSlow = true;
    // The wallet is being written for something else, so that the extension has to wait its turn.
    const granted = grantCredits(paywall.engine, caller.accountId, { id: 'more', credits: 5, reason: 'A test' });
    await writing;
    const running = run(caller, '{ veins(first: 0) { depth gold } }');
    await turnsOfTheEventLoop(6);
    door.emit('open');
    const result = await running;
    await granted;
    await paywall.close();
    expect(result).toMatchObject({ data: { veins: null }, extensions: { payment: { charged: 0, balance: 15 } } });
    expect(await walletOf(caller)).toEqual({ available: 15, held: 0, holds: 0 });
  });
});

describe('payment.report', () => {
  const reporting = (report: (info: GraphQLResolveInfo) => void) =>
    schemaOf(
      'type Query { chat(maxTokens: Int!): String @requiresPayment(cost: 2, multipliers: ["maxTokens"]) other: String }',
      {
        Query: {
          chat: (_source: unknown, _args: unknown, _context: unknown, info: GraphQLResolveInfo) => {
            report(info);
            return 'hi';
          },
          other: (_source: unknown, _args: unknown, _context: unknown, info: GraphQLResolveInfo) => {
            payment.report(info, 0);
            return 'free';
          },
        },
      },
    );

  it('charges what was used and releases the rest; the last report counts', async () => {
    const schema = reporting((info) => {
      payment.report(info, 9);
      payment.report(info, 3);
    });
    const { run, callerWith, walletOf } = await ready(schema);
    const caller = await callerWith(20);
    const result = await run(caller, '{ chat(maxTokens: 10) }');
    expect(result.extensions).toMatchObject({ payment: { charged: 6, balance: 14 } });
    expect(await walletOf(caller)).toEqual({ available: 14, held: 0, holds: 0 });
  });

  it.each([11, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('does not take %d units of 10', async (units) => {
    const { run, callerWith, walletOf } = await ready(reporting((info) => payment.report(info, units)));
    const caller = await callerWith(20);
    const result = await run(caller, '{ chat(maxTokens: 10) }');
    expect(result.errors?.[0]?.message).toBe(
      `payment.report: Query.chat was quoted 10 units and can't have used ${units}: give a whole number from 0 to 10.`,
    );
    expect(await walletOf(caller)).toEqual({ available: 20, held: 0, holds: 0 });
  });

  it('is for paid fields alone', async () => {
    const { run, callerWith } = await ready(reporting(() => undefined));
    const result = await run(await callerWith(1), '{ other }');
    expect(result.errors?.[0]?.message).toBe(
      'payment.report: Query.other is not a paid field of an operation under way.',
    );
  });
});

describe('an operation that graphql-js will not run', () => {
  it('leaves nothing on hold', async () => {
    const schema = schemaOf('type Query { a: Int @requiresPayment(cost: 1) }');
    const { paywall, callerWith, walletOf } = await ready(schema);
    const caller = await callerWith(3);
    const request = { document: '{ a }', contextValue: { tollgate: { caller } }, variableValues: 'none' as never };
    await expect(paywall.execute(request)).rejects.toThrow('Variables must be provided as an Object');
    expect(await walletOf(caller)).toEqual({ available: 3, held: 0, holds: 0 });
  });
});

describe('whenRefused: REJECT', () => {
  it('blocks an operation of which anything is refused, and says all that is', async () => {
    const schema = schemaOf(
      'type Query { free: Int a: Int @requiresPayment(cost: 1) b: Int @requiresPayment(cost: 1) }',
    );
    const { run, callerWith, walletOf } = await ready(schema, { whenRefused: 'REJECT' });
    const caller = await callerWith(1);
    const result = await run(caller, '{ free a b }');
    expect(result).toEqual({
      errors: [expect.objectContaining({ extensions: expect.objectContaining({ coordinate: 'Query.b' }) })],
    });
    expect(await walletOf(caller)).toEqual({ available: 1, held: 0, holds: 0 });
  });
});

describe('a refusal that a nullable item stops on its way up', () => {
  it('blocks nothing', async () => {
    const schema = schemaOf(
      'type Query { free: Int boxes: [Box]! @listSize(assumedSize: 2) } type Box { a: Int! @requiresPayment(cost: 5) }',
      { Query: { free: () => 1, boxes: () => [{}, {}] }, Box: { a: () => 7 } },
    );
    const { run, callerWith } = await ready(schema, { lint: 'off' });
    const result = await run(await callerWith(5), '{ free boxes { a } }');
    expect(result).toMatchObject({ data: { free: 1, boxes: [{ a: 7 }, null] }, errors: [{ path: ['boxes', 1, 'a'] }] });
  });
});

describe('a refusal that would null its way up to the root', () => {
  it('blocks the operation: nothing runs and nothing is held', async () => {
    const ran: string[] = [];
    const schema = schemaOf('type Query { free: Int box: Box! } type Box { a: Int! @requiresPayment(cost: 5) }', {
      Query: { free: () => ran.push('free'), box: () => ({}) },
    });
    const { run, callerWith, walletOf } = await ready(schema, { lint: 'off' });
    const caller = await callerWith(4);
    const result = await run(caller, '{ free box { a } }');
    expect(result.data).toBeUndefined();
    expect(ran).toEqual([]);
    expect(await walletOf(caller)).toEqual({ available: 4, held: 0, holds: 0 });
  });
});
