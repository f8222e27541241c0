/**
 * What clients were promised with the last release still holds: each change of a published schema is looked at, and one
 * that breaks something fails here.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema, isEnumType, isInputObjectType, isObjectType } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../docs/markdown.js';

const sdlOf = (folder: string, files: readonly string[]): string =>
  files.map((file) => readFileSync(join(ROOT, folder, `${file}.graphql`), 'utf8')).join('\n');

/** `billing` extends a schema that has a `Query` of its own. */
const PUBLISHED: Readonly<Record<string, (folder: string) => GraphQLSchema>> = {
  product: (folder) => buildSchema(`type Query { unused: Int }\n${sdlOf(folder, ['directive', 'billing'])}`),
  admin: (folder) => buildSchema(sdlOf(folder, ['admin'])),
};

const breaking = async (before: GraphQLSchema, after: GraphQLSchema): Promise<readonly string[]> =>
  (await diff(before, after))
    .filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking)
    .map(({ message }) => message);

describe.each(Object.entries(PUBLISHED))('the schema of %s', (_name, schemaIn) => {
  it('breaks nothing of what the last release promised', async () => {
    expect(await breaking(schemaIn('schema/released'), schemaIn('schema'))).toEqual([]);
  });
});

it('a change that breaks something is noticed', async () => {
  const before = buildSchema('type Query { a: Int b(c: Int): Int }');
  const after = buildSchema('type Query { b(c: Int!): Int }');
  expect(await breaking(before, after)).toHaveLength(2);
});

it('what both schemas have under one name has the fields, values and words of `billing` in both', () => {
  const [product, admin] = [PUBLISHED['product']?.('schema'), PUBLISHED['admin']?.('schema')];
  const shared = Object.values(product?.getTypeMap() ?? {}).filter(
    ({ name }) => !name.startsWith('__') && name !== 'Query' && admin?.getType(name) !== undefined,
  );
  expect(shared.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['Account', 'Plan', 'PlanSubscription', 'LedgerEntry', 'Balance', 'PageInfo']),
  );
  for (const type of shared) {
    const other = admin?.getType(type.name);
    if (isEnumType(type) && isEnumType(other)) {
      expect(other.getValues().map(({ name }) => name)).toEqual(type.getValues().map(({ name }) => name));
    }
    const hasFields = isObjectType(type) || isInputObjectType(type);
    if (!hasFields || !(isObjectType(other) || isInputObjectType(other))) continue;
    const inWords = (fields: Readonly<Record<string, { readonly type: unknown; readonly description?: unknown }>>) =>
      Object.fromEntries(Object.entries(fields).map(([name, each]) => [name, [String(each.type), each.description]]));
    expect(inWords(other.getFields()), type.name).toMatchObject(inWords(type.getFields()));
  }
});
