/** What counts as something, and what as nothing. */
import { buildSchema, execute, parse, validate } from 'graphql';
import type { GraphQLResolveInfo } from 'graphql';
import { expect, it } from 'vitest';
import { DeliveredValue } from '../../../../src/paywall/settle/deliveredValue.js';

const schema = buildSchema(`
  scalar JSON
  interface Named { name: String }
  type Person implements Named { name: String, age: Int, tags: [String], friend: Person, friends: [Person], data: JSON }
  type Company implements Named { name: String, label: String!, owner: Person }
  union Either = Person | Company
  type Query {
    text: String
    list: [[Int]]
    json: JSON
    jsons: [JSON]
    person: Person
    people: [Person]
    named: Named
    either: Either
  }
`);

const resolveTypes = (value: unknown): string =>
  typeof value === 'object' && value !== null && 'label' in value ? 'Company' : 'Person';

/** Runs the operation over this value of its one field, and looks at what came of it. */
const isDelivered = (selection: string, value: unknown): boolean => {
  const document = parse(`${selection}
    fragment Friend on Person { t: __typename friend { ...Name } }
    fragment Name on Named { __typename name }`);
  expect(validate(schema, document).filter(({ message }) => !message.includes('is never used'))).toEqual([]);
  let info: GraphQLResolveInfo | undefined;
  const result = execute({
    schema,
    document,
    fieldResolver: (source: Record<string, unknown> | undefined, _args, _context, field) => {
      if (field.path.prev !== undefined) return source?.[field.fieldName];
      info = field;
      return value;
    },
    typeResolver: resolveTypes,
  });
  if (info === undefined || 'then' in result) throw new Error('It did not run.');
  return new DeliveredValue(info).isIn(result.data?.[info.path.key]);
};

it.each<[string, unknown, boolean]>([
  ['{ text }', 'a', true],
  ['{ text }', '', true],
  ['{ text }', null, false],
  ['{ list }', [[null, 0]], true],
  ['{ list }', [[null], null, []], false],
  ['{ list }', [], false],
  // A scalar is a leaf, whatever it looks like; a list of them is a list.
  ['{ json }', [], true],
  ['{ json }', {}, true],
  ['{ jsons }', [], false],
  ['{ jsons }', [[]], true],
  ['{ person { name age } }', { name: null, age: 0 }, true],
  ['{ person { name age } }', { name: null, age: null }, false],
  ['{ person { tags } }', { tags: [] }, false],
  ['{ person { tags } }', { tags: [null, ''] }, true],
  ['{ person { data } }', { data: [] }, true],
  ['{ person { friend { name } friends { age } } }', { friend: { name: null }, friends: [] }, false],
  ['{ person { friend { name } friends { age } } }', { friend: null, friends: [null, { age: 3 }] }, true],
  ['{ people { name } }', [], false],
  ['{ people { name } }', [null, { name: null }], false],
  ['{ people { name } }', [null, { name: 'Ada' }], true],
  // `__typename` counts where nothing else is asked for.
  ['{ person { __typename } }', {}, true],
  ['{ person { kind: __typename } }', {}, true],
  ['{ people { __typename } }', [null], false],
  ['{ person { __typename name } }', { name: null }, false],
  ['{ person { kind: __typename name } }', { name: null }, false],
  ['{ person { ...Friend } }', { friend: { name: null } }, false],
  ['{ person { ...Friend } }', { friend: { name: 'Bob' } }, true],
  ['{ named { ... { name } ... on Person { age } } }', { name: null, age: 3 }, true],
  ['{ named { name ... on Company { owner { name } } } }', { name: null, label: 'x', owner: { name: 'Ada' } }, true],
  ['{ named { ... on Person { friend { age } } ... on Person { friend { name } } } }', { friend: { name: 'B' } }, true],
  // Of another type than was asked for nothing comes.
  ['{ either { ... on Company { label } } }', { name: 'Ada' }, false],
  ['{ either { ... on Company { label } __typename } }', { name: 'Ada' }, true],
  ['{ either { ... on Company { t: label } ... on Person { t: __typename } } }', { label: 'x' }, true],
])('%s with %j: %s', (selection, value, expected) => {
  expect(isDelivered(selection, value)).toBe(expected);
});
