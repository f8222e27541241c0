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
    const reader = documentReader(paged, limits, { listSizes });
    const document = reader.read(source);
    if (!('kind' in document)) throw new Error('It was not read.');
    const operation = getOperationAST(document);
    if (operation == null) throw new Error('It has no operation.');
    const message = `The operation has a complexity of ${complexity}, and at most 500 is allowed.`;
    const fault = reader.tooLarge({ document, operation, variables });
    expect(fault?.message ?? null).toBe(complexity === null ? null : message);
  });
});
