import {
  buildSchema,
  GraphQLEnumType,
  GraphQLInputObjectType,
  GraphQLInt,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { directiveTypeDefs } from '../../../../src/api/readTypeDefs.js';
import { PriceSettingsError, readRequirements } from '../../../../src/paywall/price/requirements.js';
import type { ReadOptions, Requirements } from '../../../../src/paywall/price/requirements.js';

const read = (typeDefs: string, options?: ReadOptions): Requirements =>
  readRequirements(buildSchema(`${directiveTypeDefs()}\n${typeDefs}`), options);

/** Every fault that the build says; none where it goes through. */
const faultsOf = (build: () => unknown): readonly string[] => {
  try {
    build();
    return [];
  } catch (error) {
    if (error instanceof PriceSettingsError) return error.faults;
    throw error;
  }
};

const faultsIn = (typeDefs: string): readonly string[] => faultsOf(() => read(typeDefs));

describe('settings that make sense', () => {
  it('are read with their coordinate, feature, cost and multipliers', () => {
    const { paid, listSizes } = read(`
      input Paper { pages: Int! = 1 }
      type Query {
        plain: String @requiresPayment
        print(copies: Int!, paper: Paper!): String @requiresPayment(feature: "print", cost: 3, multipliers: ["copies", "paper.pages"])
        list(first: Int): Page @listSize(assumedSize: 5, slicingArguments: ["first"], sizedFields: ["nodes"])
        search: [Int] @requiresPayment(cost: 1, chargeEmpty: true)
      }
      type Page { nodes: [Int!]! }
    `);
    expect([...paid]).toEqual([
      ['Query.plain', { coordinate: 'Query.plain', feature: null, cost: null, multipliers: [], chargeEmpty: false }],
      [
        'Query.print',
        {
          coordinate: 'Query.print',
          feature: 'print',
          cost: 3,
          multipliers: [['copies'], ['paper', 'pages']],
          chargeEmpty: false,
        },
      ],
      ['Query.search', { coordinate: 'Query.search', feature: null, cost: 1, multipliers: [], chargeEmpty: true }],
    ]);
    expect([...listSizes]).toEqual([
      [
        'Query.list',
        { assumedSize: 5, slicingArguments: ['first'], sizedFields: ['nodes'], requireOneSlicingArgument: false },
      ],
    ]);
  });

  it('may have any cost that an Int can be, 0 too', () => {
    const { paid } = read('type Query { a: Int @requiresPayment(cost: 0) b: Int @requiresPayment(cost: 2147483647) }');
    expect([...paid.values()].map(({ cost }) => cost)).toEqual([0, 2_147_483_647]);
  });
});

describe('settings that make no sense stop the build, which names the field', () => {
  it.each([
    [
      'a negative cost',
      'type Query { a: Int @requiresPayment(cost: -1) }',
      'Query.a: `cost` must be a whole number of credits from 0 to 2^53 - 1.',
    ],
    [
      'an empty feature',
      'type Query { a: Int @requiresPayment(feature: " ") }',
      'Query.a: `feature` must be a name, or be left out.',
    ],
    [
      'an empty multiplier',
      'type Query { a: Int @requiresPayment(multipliers: [""]) }',
      'Query.a: `multipliers` must be a list of names.',
    ],
    [
      'a multiplier that names no argument',
      'type Query { a(b: Int!): Int @requiresPayment(multipliers: ["c"]) }',
      'Query.a: the multiplier "c" names no argument of this field.',
    ],
    [
      'a multiplier without a value',
      'type Query { a(b: Int): Int @requiresPayment(multipliers: ["b"]) }',
      'Query.a: the multiplier "b" must be non-null or have a default, so that it always has a value.',
    ],
    [
      'a multiplier whose default is null',
      'type Query { a(b: Int = null): Int @requiresPayment(multipliers: ["b"]) }',
      'Query.a: the multiplier "b" must be non-null or have a default, so that it always has a value.',
    ],
    [
      'a multiplier that is no Int',
      'type Query { a(b: Float!): Int @requiresPayment(multipliers: ["b"]) }',
      'Query.a: the multiplier "b" must name an Int, or a list of them.',
    ],
    [
      'a multiplier beneath a scalar',
      'type Query { a(b: Int!): Int @requiresPayment(multipliers: ["b.c"]) }',
      'Query.a: the multiplier "b.c" asks for "c" of something that is no input object.',
    ],
    [
      'a multiplier that an input object lacks',
      'input In { d: Int! } type Query { a(b: In!): Int @requiresPayment(multipliers: ["b.c"]) }',
      'Query.a: the multiplier "b.c" names "c", which In does not have.',
    ],
    [
      'a multiplier that an input object may leave out',
      'input In { c: Int } type Query { a(b: In!): Int @requiresPayment(multipliers: ["b.c"]) }',
      'Query.a: the multiplier "b.c" names "c", which must be non-null or have a default.',
    ],
    [
      'the directive on an interface’s field',
      'interface I { a: Int @requiresPayment } type Query { b: I }',
      "I.a: @requiresPayment belongs on the fields of the implementing types, not on an interface's field.",
    ],
    [
      'a negative assumed size',
      'type Query { a: [Int] @listSize(assumedSize: -1) }',
      'Query.a: `assumedSize` must be a whole number, not negative.',
    ],
    [
      'a slicing argument that is not there',
      'type Query { a: [Int] @listSize(slicingArguments: ["first"]) }',
      'Query.a: the slicing argument "first" names no Int argument of this field.',
    ],
    [
      'a slicing argument that is no Int',
      'type Query { a(first: String): [Int] @listSize(slicingArguments: ["first"]) }',
      'Query.a: the slicing argument "first" names no Int argument of this field.',
    ],
    [
      'an assumed size of what is no list',
      'type Query { a: Int @listSize(assumedSize: 2) }',
      'Query.a: @listSize says how long a list is: this field is none, and `sizedFields` names none beneath it.',
    ],
    [
      'a sized field that is not there',
      'type Query { a: Page @listSize(assumedSize: 2, sizedFields: ["nope"]) } type Page { nodes: [Int] }',
      'Query.a: the sized field "nope" names no list among the fields of Page.',
    ],
    [
      'a sized field that is no list',
      'type Query { a: Page @listSize(assumedSize: 2, sizedFields: ["one"]) } type Page { one: Int }',
      'Query.a: the sized field "one" names no list among the fields of Page.',
    ],
    [
      'a sized field of a union',
      'type Query { a: Pages @listSize(assumedSize: 2, sizedFields: ["nodes"]) } union Pages = Page type Page { nodes: [Int] }',
      'Query.a: the sized field "nodes" names no list among the fields of Pages.',
    ],
    [
      'an assumed size where a slicing argument is required',
      'type Query { a(n: Int): [Int] @listSize(assumedSize: 2, slicingArguments: ["n"], requireOneSlicingArgument: true) }',
      'Query.a: `assumedSize` never counts: `requireOneSlicingArgument` asks for an argument in its place.',
    ],
    [
      'an assumed size beside a slicing argument with a default',
      'type Query { a(n: Int = 5): [Int] @listSize(assumedSize: 2, slicingArguments: ["n"]) }',
      'Query.a: `assumedSize` never counts: the slicing argument "n" has a default.',
    ],
    [
      '@free on an interface’s field',
      'interface I { a: Int @free } type Query { b: I }',
      "I.a: @free belongs on the fields of the implementing types, not on an interface's field.",
    ],
    [
      'a price and @free on one field',
      'type Query { a: Int @free @requiresPayment }',
      'Query.a: @free and @requiresPayment contradict each other.',
    ],
    [
      'multipliers for all fields of a type',
      'type Query @requiresPayment(multipliers: ["n"]) { a(n: Int!): Int }',
      'Query: `multipliers` name arguments of one field: put them there.',
    ],
  ])('%s', (_what, typeDefs, fault) => {
    expect(faultsIn(typeDefs)).toEqual([fault]);
  });

  it('all of them at once', () => {
    const faults = faultsIn('type Query { a: Int @requiresPayment(cost: -1) b: Int @requiresPayment(feature: "") }');
    expect(faults.map((fault) => fault.slice(0, 8))).toEqual(['Query.a:', 'Query.b:']);
  });

  it('in code-first schemas, where no SDL has checked the types, as well', () => {
    const field = (settings: unknown) => ({
      type: GraphQLString,
      extensions: { directives: { requiresPayment: settings } },
    });
    const fields = {
      fraction: field({ cost: 1.5 }),
      huge: field({ cost: 2 ** 53 }),
      words: field({ cost: '3' }),
      list: field({ feature: ['x'] }),
      numbers: field({ multipliers: [1] }),
      empty: field({ chargeEmpty: 'yes' }),
      price: field({ price: 3 }),
      misspelt: field({ cost: 1, mulitpliers: ['n'] }),
    };
    const schema = new GraphQLSchema({ query: new GraphQLObjectType({ name: 'Query', fields }) });
    expect(faultsOf(() => readRequirements(schema)).map((fault) => fault.split(':')[0])).toEqual([
      'Query.fraction',
      'Query.huge',
      'Query.words',
      'Query.list',
      'Query.numbers',
      'Query.empty',
      'Query.price',
      'Query.misspelt',
    ]);
    expect(faultsOf(() => readRequirements(schema)).slice(-2)).toEqual([
      'Query.price: @requiresPayment has no setting "price": it has feature, cost, multipliers, chargeEmpty.',
      'Query.misspelt: @requiresPayment has no setting "mulitpliers": it has feature, cost, multipliers, chargeEmpty.',
    ]);
  });

  it('in SDL that nobody has validated as well', () => {
    const schema = buildSchema(
      `${directiveTypeDefs()} type Query { a: Int @requiresPayment(cost: "2") b: [Int] @listSize(assumedSize: "9") }`,
      { assumeValidSDL: true },
    );
    expect(faultsOf(() => readRequirements(schema))).toEqual([
      'Query.a: Argument "cost" has invalid value "2".',
      'Query.b: Argument "assumedSize" has invalid value "9".',
    ]);
  });
});

const HALF_PAID = `
  interface I { a: Int b: Int }
  type Paid implements I { a: Int @requiresPayment(cost: 1) b: Int }
  type Free implements I { a: Int b: Int }
  type Query { i: I }
`;
const NON_NULL = 'type Query { a: Int! @requiresPayment(cost: 1) b: [Int!] @requiresPayment(cost: 1) }';

const FINDINGS = {
  halfPaid: 'I.a: paid in some implementing types and free in Free: a way around the paywall.',
  nonNull: 'Query.a: a paid field should be nullable, or its refusal wipes out its siblings.',
};

describe('a type’s price', () => {
  const pricesIn = (typeDefs: string, options?: ReadOptions) =>
    [...read(typeDefs, options).paid.values()].map(({ coordinate, feature, cost }) => [coordinate, feature, cost]);

  it('is that of all its fields, but for those with a directive of their own', () => {
    expect(
      pricesIn(`
        type Query @requiresPayment(feature: "api", cost: 2) {
          id: ID
          plain: Int
          dear: Int @requiresPayment(cost: 9)
          status: String @free
        }
        type Other { plain: Int }
      `),
    ).toEqual([
      ['Query.id', 'api', 2],
      ['Query.plain', 'api', 2],
      ['Query.dear', null, 9],
    ]);
  });

  it('leaves `id` free where the type is no root', () => {
    const item = 'type Query { item: Item } type Item @requiresPayment(cost: 1) { id: ID! name: String }';
    expect(pricesIn(item)).toEqual([['Item.name', null, 1]]);
    expect(pricesIn(item.replace('id: ID!', 'id: ID @requiresPayment(cost: 3)'))).toEqual([
      ['Item.id', null, 3],
      ['Item.name', null, 1],
    ]);
  });

  it('is linted like those of fields', () => {
    expect(faultsIn('type Query @requiresPayment { a: Int! b: Int }')).toEqual([FINDINGS.nonNull]);
    expect(
      faultsIn(`
        interface I { a: Int b: Int }
        type Paid implements I @requiresPayment { a: Int b: Int @free }
        type Free implements I { a: Int b: Int }
        type Query { i: I }
      `),
    ).toEqual([FINDINGS.halfPaid]);
  });

  it('in code-first schemas counts alike', () => {
    const query = new GraphQLObjectType({
      name: 'Query',
      extensions: { directives: { requiresPayment: { cost: 2 } } },
      fields: {
        paid: { type: GraphQLInt },
        free: { type: GraphQLInt, extensions: { directives: { free: {} } } },
        dear: { type: GraphQLInt, extensions: { directives: { requiresPayment: { cost: 3, chargeEmpty: true } } } },
      },
    });
    expect([...readRequirements(new GraphQLSchema({ query })).paid.values()]).toEqual([
      { coordinate: 'Query.paid', feature: null, cost: 2, multipliers: [], chargeEmpty: false },
      { coordinate: 'Query.dear', feature: null, cost: 3, multipliers: [], chargeEmpty: true },
    ]);
  });

  it('does not belong on an interface', () => {
    expect(
      faultsIn(
        'directive @price(cost: Int) on INTERFACE interface I @price { a: Int } type Query { b: I c: Int @requiresPayment }',
      ),
    ).toEqual([]);
    const schema = buildSchema(
      'directive @price(cost: Int) on INTERFACE interface I @price { a: Int } type Query { b: I }',
    );
    expect(faultsOf(() => readRequirements(schema, { directiveName: 'price' }))).toEqual([
      'I: @price belongs on the implementing types, not on an interface.',
    ]);
  });
});

describe('what is a trap is linted', () => {
  it.each([
    ['a way around through an interface', HALF_PAID, FINDINGS.halfPaid],
    ['a paid field that is non-null', NON_NULL, FINDINGS.nonNull],
  ])('%s: stops the build, warns, or nothing', (_what, typeDefs, finding) => {
    expect(faultsIn(typeDefs)).toEqual([finding]);
    const warnings: string[] = [];
    read(typeDefs, { lint: 'warn', onWarning: (warning) => warnings.push(warning) });
    expect(warnings).toEqual([finding]);
    read(typeDefs, { lint: 'off', onWarning: (warning) => warnings.push(warning) });
    expect(warnings).toHaveLength(1);
  });

  it('and an interface whose field is paid, or free, in all types is not', () => {
    expect(
      faultsIn(
        HALF_PAID.replace(
          'type Free implements I { a: Int',
          'type Free implements I { a: Int @requiresPayment(cost: 2)',
        ),
      ),
    ).toEqual([]);
  });
});

describe('the directive', () => {
  it('can have another name, and then its own name means nothing', () => {
    const schema = buildSchema(`
      directive @price(cost: Int) on FIELD_DEFINITION
      directive @requiresPayment(cost: Int) on FIELD_DEFINITION
      type Query { a: Int @price(cost: 1) b: Int @requiresPayment(cost: 1) }
    `);
    expect([...readRequirements(schema, { directiveName: 'price' }).paid.keys()]).toEqual(['Query.a']);
  });

  it('is read from `extensions.directives`, which may hold a list', () => {
    const priced = (settings: unknown) => ({
      type: GraphQLInt,
      extensions: { directives: { requiresPayment: settings } },
    });
    const query = new GraphQLObjectType({
      name: 'Query',
      fields: { a: priced({ cost: 2 }), b: priced([{ cost: 3 }]) },
    });
    const { paid } = readRequirements(new GraphQLSchema({ query }));
    expect([...paid.values()].map(({ coordinate, cost }) => [coordinate, cost])).toEqual([
      ['Query.a', 2],
      ['Query.b', 3],
    ]);
  });
});

describe('nothing opens by accident', () => {
  const codeFirst = (directives: unknown): Requirements => {
    const fields = { a: { type: GraphQLInt, extensions: { directives } } };
    return readRequirements(new GraphQLSchema({ query: new GraphQLObjectType({ name: 'Query', fields }) }));
  };

  it.each([
    [{ requiresPayment: true }, 'Query.a: the settings of @requiresPayment must be an object, as in { cost: 1 }.'],
    [{ requiresPayment: [{ cost: 1 }, { cost: 2 }] }, 'Query.a: @requiresPayment is given more than once.'],
    [
      { requirePayment: { cost: 1 } },
      'Query.a: @requirePayment does nothing. Write @requiresPayment, or choose a name that is less like it.',
    ],
    [
      { RequiresPayment: { cost: 1 } },
      'Query.a: @RequiresPayment does nothing. Write @requiresPayment, or choose a name that is less like it.',
    ],
    [
      { requires_payment: { cost: 1 } },
      'Query.a: @requires_payment does nothing. Write @requiresPayment, or choose a name that is less like it.',
    ],
    [{ listSise: {} }, 'Query.a: @listSise does nothing. Write @listSize, or choose a name that is less like it.'],
  ])('%o in `extensions.directives`', (directives, fault) => {
    expect(faultsOf(() => codeFirst(directives))).toEqual([fault]);
  });

  it('through a directive of SDL whose name is nearly that of the price', () => {
    const schema = buildSchema(`
      directive @requirePayment(cost: Int) on FIELD_DEFINITION
      type Query { a: Int @requirePayment(cost: 1) }
    `);
    expect(faultsOf(() => readRequirements(schema))).toEqual([
      'Query.a: @requirePayment does nothing. Write @requiresPayment, or choose a name that is less like it.',
    ]);
  });

  it('where a name is like none of ours, or as short as ours and one letter different, it is the author’s', () => {
    expect([...codeFirst({ auth: {}, requiresRole: {}, size: {}, requiresPayment: { cost: 1 } }).paid.keys()]).toEqual([
      'Query.a',
    ]);
    const schema = buildSchema(`
      directive @paid(cost: Int) on FIELD_DEFINITION
      directive @said on FIELD_DEFINITION
      type Query { a: Int @paid(cost: 1) @said }
    `);
    expect([...readRequirements(schema, { directiveName: 'paid' }).paid.keys()]).toEqual(['Query.a']);
  });

  it('through a price where none is read', () => {
    const directives = { requiresPayment: { cost: 1 } };
    const extensions = { directives };
    const input = new GraphQLInputObjectType({ name: 'In', fields: { n: { type: GraphQLInt, extensions } } });
    const colour = new GraphQLEnumType({ name: 'Colour', values: { RED: { extensions } } });
    const query = new GraphQLObjectType({
      name: 'Query',
      fields: { a: { type: colour, args: { by: { type: input, extensions } }, extensions } },
    });
    expect(faultsOf(() => readRequirements(new GraphQLSchema({ query, extensions })))).toEqual([
      'The schema: @requiresPayment is not read here. It belongs on fields and object types.',
      'Query.a(by:): @requiresPayment is not read here. It belongs on fields and object types.',
      'Colour.RED: @requiresPayment is not read here. It belongs on fields and object types.',
      'In.n: @requiresPayment is not read here. It belongs on fields and object types.',
    ]);
  });

  it('where the directive is declared and puts no price on anything', () => {
    const fault =
      'The schema declares @requiresPayment and has no price. Put it on what is paid, in SDL or in `extensions.directives`. ' +
      'Where nothing is paid, leave its declaration out.';
    expect(faultsIn('type Query { a: Int }')).toEqual([fault]);
    expect(readRequirements(buildSchema('type Query { a: Int }')).paid.size).toBe(0);
  });
});
