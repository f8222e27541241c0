import { buildSchema } from 'graphql';
import { expect, it } from 'vitest';
import { documentReader } from '../../src/paywall/documentLimits.js';

it('a document that is nested beyond the parser’s stack is the sender’s mistake, and no bug', () => {
  const schema = buildSchema('type Query { a(b: [Int]): Int }');
  const deep = `{ a(b: ${'['.repeat(20_000)}${']'.repeat(20_000)}) }`;
  expect(documentReader(schema, null).read(deep)).toMatchObject([{ message: 'The document is nested too deeply.' }]);
});
