import { GraphQLError, GraphQLObjectType, GraphQLSchema, GraphQLString, parse } from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import { afterEach, describe, expect, it } from 'vitest';
import { priceInWords } from '../../../../src/paywall/gate/applyPaywall.js';
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

describe('the price', () => {
  it.each([
    [{ feature: null, cost: null, multipliers: [] }, 'Covered by every plan.'],
    [{ feature: 'geo', cost: null, multipliers: [] }, 'Covered by plans with the feature "geo".'],
    [{ feature: 'geo', cost: 1, multipliers: [] }, 'Covered by plans with the feature "geo"; otherwise 1 credit.'],
    [{ feature: null, cost: 0, multipliers: [] }, 'Covered by every plan; otherwise 0 credits.'],
    [
      { feature: 'geo', cost: 2, multipliers: [['first'], ['in', 'n']] },
      'Covered by plans with the feature "geo"; otherwise 2 credits × first × in.n.',
    ],
    [
      { feature: null, cost: 1, multipliers: [], chargeEmpty: true },
      'Covered by every plan; otherwise 1 credit. Charged also where nothing is found.',
    ],
  ])('%j is said in words', (price, words) => {
    expect(priceInWords({ coordinate: 'Query.a', chargeEmpty: false, ...price })).toBe(words);
  });

  it('follows what the author says of the field, and nothing is added to a free one', async () => {
    const { paywall } = await ready(
      schemaOf(
        'type Query { "The year." year: Int @requiresPayment(cost: 1) bare: Int @requiresPayment(cost: 2) "Free." free: Int }',
      ),
    );
    const fields = paywall.schema.getQueryType()?.getFields();
    expect(fields?.['year']?.description).toBe('The year.\n\nCovered by every plan; otherwise 1 credit.');
    expect(fields?.['bare']?.description).toBe('Covered by every plan; otherwise 2 credits.');
    expect(fields?.['free']?.description).toBe('Free.');
  });
});

describe('the author’s schema', () => {
  it('stays as it is: the paywall’s is a copy', async () => {
    const schema = schemaOf('type Query { year: Int @requiresPayment(cost: 1) }', { Query: { year: () => 1969 } });
    const before = schema.getQueryType()?.getFields()['year'];
    const { description, resolve } = before ?? {};
    const { paywall } = await ready(schema);
    expect(before).toMatchObject({ description, resolve });
    expect(paywall.schema.getQueryType()?.getFields()['year']?.resolve).not.toBe(resolve);
  });

  it('keeps its extensions, deprecations and arguments', async () => {
    const extensions = { directives: { requiresPayment: { cost: 1 } }, complexity: 3 };
    const deprecationReason = 'Ask for the date.';
    const year = { type: GraphQLString, extensions, deprecationReason, args: { era: { type: GraphQLString } } };
    const { paywall } = await ready(
      new GraphQLSchema({ query: new GraphQLObjectType({ name: 'Query', fields: { year } }) }),
    );
    const field = paywall.schema.getQueryType()?.getFields()['year'];
    expect(field).toMatchObject({ extensions, deprecationReason, args: [{ name: 'era' }] });
  });
});

describe('a paid resolver', () => {
  it('gets the very source, arguments and context of its field, and its result is passed on as it is', async () => {
    const seen: unknown[] = [];
    const schema = schemaOf('type Query { echo(word: String!): String @requiresPayment(cost: 1) }', {
      Query: {
        echo: (source: unknown, args: object, context: object) => {
          seen.push(source, { ...args }, Reflect.get(context, 'mine'));
          return 'said';
        },
      },
    });
    const { paywall, callerWith } = await ready(schema);
    const mine = {};
    const contextValue = { tollgate: { caller: await callerWith(1) }, mine };
    const result = await paywall.execute({ document: '{ echo(word: "x") }', contextValue, rootValue: 'root' });
    expect(result.data).toEqual({ echo: 'said' });
    expect(seen).toEqual(['root', { word: 'x' }, mine]);
    expect(seen[2]).toBe(mine);
  });

  it('gets a context with the class of the one that was given', async () => {
    class Context {
      readonly tollgate;
      constructor(caller: Awaited<ReturnType<ReadyPaywall['callerWith']>>) {
        this.tollgate = { caller };
      }
      greet(): string {
        return 'hello';
      }
    }
    const schema = schemaOf('type Query { greeting: String @requiresPayment(cost: 1) }', {
      Query: { greeting: (_source: unknown, _args: unknown, context: Context) => context.greet() },
    });
    const { paywall, callerWith } = await ready(schema);
    const contextValue = new Context(await callerWith(1));
    expect((await paywall.execute({ document: '{ greeting }', contextValue })).data).toEqual({ greeting: 'hello' });
  });

  it('stays synchronous while the tab holds what it needs', async () => {
    const order: string[] = [];
    const note = (what: string) => () => {
      order.push(what);
      return what;
    };
    const schema = schemaOf(
      'type Query { a: String @requiresPayment(cost: 1) b: String c: String @requiresPayment(cost: 1) }',
      {
        Query: {
          a: () => {
            queueMicrotask(note('a microtask later'));
            return note('a')();
          },
          b: note('b'),
          c: note('c'),
        },
      },
    );
    const { run, callerWith } = await ready(schema);
    await run(await callerWith(2), '{ a b c }');
    expect(order).toEqual(['a', 'b', 'c', 'a microtask later']);
  });

  it('that throws before it has a result, or fails later, charges nothing, and its error is its own', async () => {
    const schema = schemaOf('type Query { a: String @requiresPayment(cost: 1) b: String @requiresPayment(cost: 1) }', {
      Query: {
        a: () => {
          throw new GraphQLError('first');
        },
        b: () => Promise.reject(new Error('second')),
      },
    });
    const { run, callerWith, walletOf } = await ready(schema);
    const caller = await callerWith(5);
    const { errors, extensions } = await run(caller, '{ a b }');
    expect(errors?.map(({ message, path }) => [message, path])).toEqual([
      ['first', ['a']],
      ['second', ['b']],
    ]);
    expect(extensions).toEqual({ payment: { charged: 0, balance: 5, fields: [] } });
    expect(await walletOf(caller)).toEqual({ available: 5, held: 0, holds: 0 });
  });
});

describe('an executor whose resolvers are not told where they are', () => {
  it('is refused with a sentence at the first paid field, and nothing is charged', async () => {
    const schema = schemaOf(
      'type Query { free: String box: Box } type Box { note: String @requiresPayment(cost: 1) }',
      { Query: { free: () => 'free', box: () => ({ note: 'never seen' }) } },
    );
    const { paywall, callerWith, walletOf } = await ready(schema);
    const caller = await callerWith(5);
    const [document, contextValue] = [parse('{ free box { note } }'), { tollgate: { caller, paywall } }];
    const opening = await paywall.open({ document, caller, contextValue });
    const compiled = compileQuery(paywall.schema, document);
    if (!isCompiledQuery(compiled) || opening.kind !== 'open') throw new Error('It does not run.');
    const result = await compiled.query(undefined, contextValue, {});
    const { errors = [], data } = result;
    expect({ data, errors: errors.map(({ message, extensions }) => ({ message, extensions })) }).toEqual({
      data: { free: 'free', box: { note: null } },
      errors: [
        {
          message:
            'Box.note is not free, and this executor does not tell its resolvers where in the answer they are: info.path, as graphql-js makes it, with the names of types. Run the operation with graphql-js.',
          extensions: { code: 'UNSUPPORTED_EXECUTOR', coordinate: 'Box.note' },
        },
      ],
    });
    expect(await opening.settle(result)).toEqual({ charged: 0, balance: 5, fields: [] });
    expect(await walletOf(caller)).toEqual({ available: 5, held: 0, holds: 0 });
  });
});
