import { buildSchema, getOperationAST } from 'graphql';
import { describe, expect, it } from 'vitest';
import { documentReader } from '../../../../src/paywall/documents/documentReader.js';

it('a document that is nested beyond the parser’s stack is the sender’s mistake, and no bug', () => {
  const schema = buildSchema('type Query { a(b: [Int]): Int }');
  const deep = `{ a(b: ${'['.repeat(20_000)}${']'.repeat(20_000)}) }`;
  expect(documentReader(schema, null).read(deep)).toMatchObject([{ message: 'The document is nested too deeply.' }]);
});

describe('a list whose length a variable tells', () => {
  const paged = buildSchema('type Query { items(first: Int = 1000): [Item!] } type Item { name: String }');
  const limits = { tokens: 1_000, depth: 10, aliases: 10, directives: 10, complexity: 500 };
  const listSizes = new Map([
    [
      'Query.items',
      { assumedSize: null, slicingArguments: ['first'], sizedFields: [], requireOneSlicingArgument: false },
    ],
  ]);

  it.each([
    ['has the length of its value', 'query ($n: Int) { items(first: $n) { name } }', { n: 100 }, null],
    ['has the length of a value beyond the usual', 'query ($n: Int) { items(first: $n) { name } }', { n: 499 }, null],
    ['is too long by its value', 'query ($n: Int) { items(first: $n) { name } }', { n: 500 }, 501],
    ['has the argument’s default where it is left out', 'query ($n: Int) { items(first: $n) { name } }', {}, 1_001],
    ['has its own default where it is left out', 'query ($n: Int = 7) { items(first: $n) { name } }', {}, null],
    ['is too long by its own default', 'query ($n: Int = 700) { items(first: $n) { name } }', null, 701],
    [
      'may be short where its document is dear',
      'query ($n: Int) { items(first: $n) { a: name b: name c: name d: name e: name f: name } }',
      { n: 5 },
      null,
    ],
    [
      'may be too long there at 100',
      'query ($n: Int) { items(first: $n) { a: name b: name c: name d: name e: name f: name } }',
      { n: 100 },
      601,
    ],
  ])('%s', (_what, source, variables, complexity) => {
    const reader = documentReader(paged, limits, { lists: { sizes: listSizes, paidCount: 0 } });
    const document = reader.read(source);
    if (!('kind' in document)) throw new Error('It was not read.');
    const operation = getOperationAST(document);
    if (operation == null) throw new Error('It has no operation.');
    const message = `The operation has a complexity of ${complexity}, and at most 500 is allowed.`;
    const fault = reader.tooLarge({ document, operation, variables });
    expect(fault?.message ?? null).toBe(complexity === null ? null : message);
  });
});

const T_OF = (variable: string): string =>
  `query (${variable}) { billing { terms(coordinates: $c) { coordinate cost } } }`;

describe('prices that are asked for by their fields', () => {
  const schema = buildSchema(`
    type Query { billing: Billing }
    type Billing { terms(coordinates: [String!]): [Terms!]! }
    type Terms { coordinate: String cost: Int }
  `);
  const limits = { tokens: 1_000, depth: 10, aliases: 10, directives: 10, complexity: 100 };
  const reader = documentReader(schema, limits, { lists: { sizes: new Map(), paidCount: 60 } });
  const many = Array.from({ length: 50 }, () => 'Query.a');

  it.each([
    ['are as many as are named', '{ billing { terms(coordinates: ["a", "b"]) { coordinate cost } } }', {}, null],
    ['are one where one is named', '{ billing { terms(coordinates: "a") { coordinate cost } } }', {}, null],
    ['are all that there are where none is named', '{ billing { terms { coordinate cost } } }', {}, 122],
    ['are as many as a variable names', T_OF('$c: [String!]'), { c: many }, 102],
    ['may be few', T_OF('$c: [String!]'), { c: ['a'] }, null],
    ['are all where the variable is left out', T_OF('$c: [String!]'), {}, 122],
    ['are those of its default where it is left out', T_OF('$c: [String!] = ["a"]'), {}, null],
    ['count for each alias', '{ billing { a: terms(coordinates: ["a", "b"]) { cost } b: terms { cost } } }', {}, 65],
  ])('%s', (_what, source, variables, complexity) => {
    const document = reader.read(source);
    const operation = 'kind' in document ? getOperationAST(document) : null;
    const [unread] = 'kind' in document ? [] : document;
    const fault =
      'kind' in document && operation != null ? reader.tooLarge({ document, operation, variables }) : unread;
    expect(fault?.message ?? null).toBe(
      complexity === null || complexity <= 100
        ? null
        : `The operation has a complexity of ${complexity}, and at most 100 is allowed.`,
    );
  });
});
