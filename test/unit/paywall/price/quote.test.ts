import { GraphQLError, Kind, parse, validate, visit } from 'graphql';
import type { DocumentNode } from 'graphql';
import { describe, expect, it } from 'vitest';
import { DocumentCompiler } from '../../../../src/paywall/price/compiledOperation.js';
import type { QuotedType } from '../../../../src/paywall/price/quote.js';
import { readRequirements, typesAbovePaid } from '../../../../src/paywall/price/requirements.js';
import { schemaOf } from '../ready.js';

/** `coordinate × units × positions`, in document order. */
type Line = readonly [coordinate: string, units: number, positions: number];

const compilerOf = (typeDefs: string, maxPositions = 10_000): DocumentCompiler => {
  const schema = schemaOf(typeDefs);
  const requirements = readRequirements(schema, { lint: 'off' });
  return new DocumentCompiler({ schema, requirements, abovePaid: typesAbovePaid(schema, requirements) }, maxPositions);
};

const linesOf = ({ fields }: QuotedType, parents: number): readonly Line[] =>
  fields.flatMap(({ place, units, size, beneath }) => [
    ...(place.paid === null ? [] : [[place.coordinate, units, parents] as const]),
    ...beneath.flatMap((type) => linesOf(type, parents * size)),
  ]);

const quote = (
  typeDefs: string,
  operation: string,
  variables: Readonly<Record<string, unknown>> = {},
): readonly Line[] | string | null => {
  const document = parse(operation);
  expect(validate(schemaOf(typeDefs), document)).toEqual([]);
  const quoted = compilerOf(typeDefs).compile(document, null)?.quote(variables) ?? null;
  if (quoted instanceof GraphQLError) return quoted.message;
  return quoted === null ? null : linesOf(quoted.root, 1);
};

describe('units', () => {
  const PRINT = `
    input Paper { pages: Int!, copies: Int! = 2 }
    input Job { papers: [Paper!]!, paper: Paper! = { pages: 4 } }
    type Query {
      once: Int @requiresPayment(cost: 1)
      print(n: Int! = 3, m: Int! = 1): Int @requiresPayment(cost: 1, multipliers: ["n", "m"])
      one(job: Job!): Int @requiresPayment(cost: 1, multipliers: ["job.paper.pages"])
      all(job: Job!): Int @requiresPayment(cost: 1, multipliers: ["job.papers.pages", "job.paper.copies"])
      sum(sizes: [Int!]!): Int @requiresPayment(cost: 1, multipliers: ["sizes"])
      maybe(sizes: [Int]! = [1, 2]): Int @requiresPayment(cost: 1, multipliers: ["sizes"])
    }
  `;

  const UNITS: readonly (readonly [what: string, operation: string, units: number, variables?: object])[] = [
    ['are one without multipliers', '{ once }', 1],
    ['are the product of the multipliers', '{ print(n: 5, m: 4) }', 20],
    ['are a default where the argument is left out', '{ print }', 3],
    ['are nothing where a multiplier is 0', '{ print(n: 0) }', 0],
    ['are a variable’s value', 'query ($n: Int!) { print(n: $n) }', 7, { n: 7 }],
    ['are a variable’s default', 'query ($n: Int! = 6) { print(n: $n) }', 6],
    ['are the argument’s default where an optional variable is left out', 'query ($n: Int) { print(n: $n) }', 3],
    ['are found in input objects', '{ one(job: { papers: [], paper: { pages: 9 } }) }', 9],
    ['are found in the defaults of input objects', '{ one(job: { papers: [] }) }', 4],
    [
      'are found in variables within input objects',
      'query ($p: Int!) { one(job: { papers: [], paper: { pages: $p } }) }',
      11,
      { p: 11 },
    ],
    ['are summed over lists on the way', '{ all(job: { papers: [{ pages: 2 }, { pages: 3 }] }) }', 10],
    ['are nothing for an empty list', '{ all(job: { papers: [] }) }', 0],
    ['are summed over a list of numbers', '{ sum(sizes: [1, 2, 3]) }', 6],
    ['are those of a single value that stands for a list', '{ sum(sizes: 4) }', 4],
    [
      'are found in a whole input object that is a variable',
      'query ($j: Job!) { all(job: $j) }',
      10,
      { j: { papers: [{ pages: 5, copies: 9 }] } },
    ],
  ];
  for (const [what, operation, units, variables] of UNITS) {
    it(what, () => {
      expect(quote(PRINT, operation, { ...variables })).toMatchObject([[expect.any(String), units, 1]]);
    });
  }

  it.each([
    ['a negative multiplier', '{ print(n: -1) }', 'n'],
    ['a negative number in a list', '{ sum(sizes: [5, -1]) }', 'sizes'],
    ['null in a list', '{ maybe(sizes: [1, null]) }', 'sizes'],
    [
      'a product that is no safe number',
      '{ all(job: { papers: [{ pages: 2147483647 }, { pages: 2147483647 }, { pages: 2147483647 }], paper: { pages: 1, copies: 2147483647 } }) }',
      'job.paper.copies',
    ],
  ])('can’t be told for %s: an error that names the argument', (_what, operation, argument) => {
    expect(quote(PRINT, operation)).toContain(`The argument "${argument}" of Query.`);
  });

  it('are left to the executor where the variables are wrong', () => {
    expect(quote(PRINT, 'query ($n: Int!) { print(n: $n) }', { n: 'many' })).toBeNull();
  });
});

describe('requireOneSlicingArgument', () => {
  const schema = (settings: string) => `
    type Query { list(first: Int, last: Int, most: Int = 4): [Item] @listSize(${settings}) }
    type Item { price: Int @requiresPayment(cost: 1) }
  `;
  const strict = schema('slicingArguments: ["first", "last"], requireOneSlicingArgument: true');
  const items = (positions: number) => [['Item.price', 1, positions]];
  const fault = 'Query.list takes exactly one of the arguments first, last.';

  it.each([
    ['{ list { price } }', {}],
    ['{ list(first: null) { price } }', {}],
    ['{ list(first: 2, last: 2) { price } }', {}],
    ['query ($n: Int) { list(first: $n) { price } }', {}],
    ['query ($n: Int) { list(first: $n, last: 1) { price } }', { n: 1 }],
  ])('refuses %s with %j where it is written', (document, variables) => {
    expect(quote(strict, document, variables)).toBe(fault);
  });

  it('takes one, and of those with defaults the one that is given', () => {
    expect(quote(strict, '{ list(last: 3) { price } }')).toEqual(items(3));
    expect(quote(strict, 'query ($n: Int) { list(first: $n, last: 2) { price } }')).toEqual(items(2));
    const withDefault = schema('slicingArguments: ["first", "most"], requireOneSlicingArgument: true');
    expect(quote(withDefault, '{ list { price } }')).toEqual(items(4));
    expect(quote(withDefault, '{ list(first: 7) { price } }')).toEqual(items(7));
  });

  it('says nothing where it is not written, though it is the default', () => {
    expect(quote(schema('slicingArguments: ["first", "last"]'), '{ list { price } }')).toEqual(items(10));
  });
});

describe('positions beneath lists', () => {
  const SIZES = `
    type Query {
      untold: [Item]
      twice: [[Item]]
      assumed: [Item] @listSize(assumedSize: 4)
      sliced(first: Int, last: Int = 2): [Item] @listSize(slicingArguments: ["first", "last"])
      fallback(first: Int): [Item] @listSize(slicingArguments: ["first"], assumedSize: 9)
      nothing(first: Int): [Item] @listSize(slicingArguments: ["first"])
      told: [[Item]] @listSize(assumedSize: 3)
      page(first: Int = 5): Page @listSize(slicingArguments: ["first"], sizedFields: ["edges", "nodes"])
      one: Item
    }
    type Page { edges: [Edge] nodes: [Item] others: [Item] own: [Item] @listSize(assumedSize: 2) }
    type Edge { node: Item }
    type Item { price: Int @requiresPayment(cost: 1) }
  `;

  it.each<readonly [string, string, number]>([
    ['one object', '{ one { price } }', 1],
    ['a list that nothing tells of: ten', '{ untold { price } }', 10],
    ['lists of lists: ten times ten', '{ twice { price } }', 100],
    ['an assumed size', '{ assumed { price } }', 4],
    ['an assumed size of lists of lists: that of the outer one', '{ told { price } }', 30],
    ['a slicing argument', '{ sliced(first: 7) { price } }', 7],
    ['several slicing arguments: the largest', '{ sliced(first: 7, last: 8) { price } }', 8],
    ['a slicing argument’s default', '{ sliced { price } }', 2],
    ['a slicing argument of 0', '{ fallback(first: 0) { price } }', 0],
    ['a negative slicing argument: none', '{ fallback(first: -3) { price } }', 0],
    ['no slicing argument: the assumed size', '{ fallback { price } }', 9],
    ['a slicing argument that is null: the assumed size', '{ fallback(first: null) { price } }', 9],
    ['no slicing argument and no assumed size: ten', '{ nothing { price } }', 10],
    ['sized fields', '{ page(first: 6) { nodes { price } } }', 6],
    ['sized fields, and objects beneath them', '{ page { edges { node { price } } } }', 5],
    ['fields beside the sized ones', '{ page(first: 6) { others { price } } }', 10],
    ['fields beside the sized ones with a size of their own', '{ page(first: 6) { own { price } } }', 2],
  ])('%s', (_what, operation, positions) => {
    expect(quote(SIZES, operation)).toEqual([['Item.price', 1, positions]]);
  });

  it('multiply with depth', () => {
    const typeDefs = `
      type Query { trees: [Tree] @listSize(assumedSize: 3) }
      type Tree { fruit: Int @requiresPayment(cost: 1) branches(first: Int!): [Tree] @listSize(slicingArguments: ["first"]) }
    `;
    const operation = '{ trees { fruit branches(first: 4) { fruit branches(first: 5) { fruit } } } }';
    expect(quote(typeDefs, operation)).toEqual([
      ['Tree.fruit', 1, 3],
      ['Tree.fruit', 1, 12],
      ['Tree.fruit', 1, 60],
    ]);
  });
});

describe('what is quoted', () => {
  const MIXED = `
    interface Thing { name: Int }
    union Either = Cheap | Dear
    type Cheap implements Thing { name: Int value: Int @requiresPayment(cost: 1) }
    type Dear implements Thing { name: Int worth: Int @requiresPayment(cost: 5) deep: Cheap }
    type Free implements Thing { name: Int }
    type Query { thing: Thing either: Either free: Int paid: Int @requiresPayment(cost: 1) }
    type Mutation { pay: Int @requiresPayment(cost: 1) }
  `;

  it.each<readonly [string, string, readonly Line[] | null]>([
    ['nothing of an operation without paid fields', '{ free thing { name } }', null],
    ['nothing of introspection', '{ __schema { types { name } } __typename }', null],
    [
      'each type that an interface can be',
      '{ thing { ... on Cheap { value } ... on Dear { worth deep { value } } } }',
      [
        ['Cheap.value', 1, 1],
        ['Dear.worth', 1, 1],
        ['Cheap.value', 1, 1],
      ],
    ],
    [
      'only types that a fragment’s own type can be',
      '{ either { ... on Thing { ... on Dear { worth } } } }',
      [['Dear.worth', 1, 1]],
    ],
    ['one operation of several, by its name or where there is but one', 'mutation { pay }', [['Mutation.pay', 1, 1]]],
    ['merged fields once', '{ paid ...F ... { paid } } fragment F on Query { paid }', [['Query.paid', 1, 1]]],
    [
      'merged selections together',
      '{ either { ... on Cheap { value } } either { ... on Dear { worth } } }',
      [
        ['Cheap.value', 1, 1],
        ['Dear.worth', 1, 1],
      ],
    ],
    [
      'the same fragment in two places',
      '{ a: either { ...F } b: either { ...F } } fragment F on Cheap { value }',
      [
        ['Cheap.value', 1, 1],
        ['Cheap.value', 1, 1],
      ],
    ],
    [
      'nothing that is skipped by a fragment’s condition',
      '{ free ...F @skip(if: true) ... @include(if: false) { paid } } fragment F on Query { paid }',
      null,
    ],
    [
      'what one of two spreads leaves in',
      '{ ...F @skip(if: true) ...F } fragment F on Query { paid }',
      [['Query.paid', 1, 1]],
    ],
  ])('is %s', (_what, operation, lines) => {
    expect(quote(MIXED, operation)).toEqual(lines);
  });
});

describe('an operation with too many positions', () => {
  const typeDefs = `
    type Query { list(first: Int!): [Item] @listSize(slicingArguments: ["first"]) item: Item paid: Int @requiresPayment(cost: 1) }
    type Item { price: Int @requiresPayment(cost: 1) self: Item list(first: Int!): [Item] @listSize(slicingArguments: ["first"]) }
  `;
  const outcome = (operation: string | DocumentNode, maxPositions: number): unknown => {
    const document = typeof operation === 'string' ? parse(operation) : operation;
    const quoted = compilerOf(typeDefs, maxPositions).compile(document, null)?.quote({});
    return quoted instanceof GraphQLError ? quoted.toJSON() : 'quoted';
  };

  it('is refused, one with just as many is not', () => {
    expect(outcome('{ list(first: 100) { price } }', 100)).toBe('quoted');
    expect(outcome('{ list(first: 101) { price } }', 100)).toEqual({
      message: 'The operation asks for more than 100 priced fields. Ask for less at a time.',
      extensions: { code: 'BAD_USER_INPUT' },
    });
    expect(outcome('{ list(first: 10) { price list(first: 10) { price } } }', 110)).toBe('quoted');
    expect(outcome('{ paid list(first: 10) { price list(first: 10) { price } } }', 110)).not.toBe('quoted');
  });

  it('is found out without doing the work: fields beyond counting, and fragments that double at each step', () => {
    const wide = `{ ${Array.from({ length: 20_000 }, (_, n) => `a${n}: paid`).join(' ')} }`;
    const doubling = Array.from(
      { length: 40 },
      (_, n) => `fragment F${n} on Item { price a: self { ...F${n + 1} } b: self { ...F${n + 1} } }`,
    );
    const bomb = `{ item { ...F0 } } ${doubling.join(' ')} fragment F40 on Item { price }`;
    for (const operation of [wide, bomb]) {
      // Each of 20,000 fields is looked at a few times; the fragments would be looked at 2 ** 40 times.
      const document = readAtMost(20 * 20_000, parse(operation));
      expect(outcome(document, 10_000)).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
    }
  });

  it('is none where its many fields are free', () => {
    const free = `{ ${Array.from({ length: 5_000 }, (_, n) => `a${n}: item { __typename }`).join(' ')} }`;
    expect(compilerOf(typeDefs, 100).compile(parse(free), null)?.quote({}) ?? null).toBeNull();
  });
});

/** The document, which throws where its selections are looked at more often than so many times. */
function readAtMost(max: number, document: DocumentNode): DocumentNode {
  let reads = 0;
  visit(document, {
    leave: (node) => {
      const { kind } = node;
      if (kind !== Kind.FIELD && kind !== Kind.FRAGMENT_SPREAD) return;
      Object.defineProperty(node, 'kind', {
        get: () => {
          if ((reads += 1) > max) throw new Error(`Selections were looked at more than ${max} times.`);
          return kind;
        },
      });
    },
  });
  reads = 0;
  return document;
}
