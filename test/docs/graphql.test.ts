/** Every operation that the documentation shows is valid in the schema that it belongs to, and the demo answers it. */
import { isExecutableDefinitionNode, Kind, parse, print, validate } from 'graphql';
import type { DefinitionNode, FieldDefinitionNode, GraphQLSchema } from 'graphql';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createAccount } from '../../src/index.js';
import { createAdminSchema } from '../../src/api/admin/createAdminSchema.js';
import { readTypeDefs } from '../../src/api/readTypeDefs.js';
import { createAtlasSchema } from '../../src/demo/createAtlasSchema.js';
import { DEMO_OWNER_KEY } from '../../src/demo/demoKeys.js';
import { partAt } from '../support/bodies.js';
import { startServer } from '../support/server.js';
import type { TestServer } from '../support/server.js';
import { codeBlocks, inlineCodes, PAGES, readPage } from './markdown.js';

interface Api {
  readonly name: string;
  readonly path: string;
  readonly schema: GraphQLSchema;
  /** A caller to whom nothing is refused. */
  readonly key: string;
}

const APIS: readonly Api[] = [
  { name: 'the product', path: '/graphql', schema: createAtlasSchema(), key: 'demo-pro' },
  { name: 'the admin API', path: '/admin/graphql', schema: createAdminSchema(), key: DEMO_OWNER_KEY },
];

/** What stands for `…`, by field and argument, or by argument alone. The refusal is one that the demo made. */
const valuesFor = (refusalId: string): Readonly<Record<string, string>> => ({
  accountId: '"demo-payg"',
  'account(id': '"demo-payg"',
  document: '"{ nearest(lat: 48.2, lon: 16.37, first: 3) { name } }"',
  id: JSON.stringify(refusalId),
  variables: '{}',
});

const isOperation = (code: string): boolean =>
  /^(\{ |(query|mutation|subscription)\b.*\{|[a-z]\w+( \{|\(\w+: ).*[)}]$)/.test(code);

/** In running text outer braces and what is asked for may be left out, and `…` is for the reader to fill. */
const operationOf = (code: string, values: Readonly<Record<string, string>>): string => {
  const filled = code.replaceAll(
    /(\w+\()?(\w+): (?:"[^"]*…[^"]*"|…)/g,
    (whole, field: string | undefined, name: string) => {
      const value = values[`${field ?? ''}${name}`] ?? values[name];
      if (value === undefined) throw new Error(`${whole}: nothing is known to put there.`);
      return `${field ?? ''}${name}: ${value}`;
    },
  );
  if (/^(\{|query|mutation|subscription)/.test(filled)) return filled;
  return filled.endsWith(')') ? `{ ${filled} { __typename } }` : `{ ${filled} }`;
};

const OPERATIONS = PAGES.flatMap((page) => {
  const text = readPage(page);
  const blocks = codeBlocks(text, 'graphql').filter((block) =>
    parse(block).definitions.every(isExecutableDefinitionNode),
  );
  const inline = inlineCodes(text).filter(isOperation);
  return [...new Set([...blocks, ...inline])].map((code) => ({ page, code: code.trim() }));
});

describe('operations in the documentation', () => {
  let server: TestServer;
  let values: Readonly<Record<string, string>> = {};
  beforeAll(async () => {
    server = await startServer({ takesPayments: true });
    await createAccount(server.paywall.engine, { id: 'acme', name: 'Acme Inc.' });
    const { body } = await server.query('demo-free', '{ nearest(lat: 48.2, lon: 16.37, first: 3) { name } }');
    const id = partAt(body, 'errors', 0, 'extensions', 'refusalId');
    values = valuesFor(String(id));
    // It is recorded behind the answer.
    await vi.waitFor(async () => {
      const { body: recorded } = await server.admin(DEMO_OWNER_KEY, `{ refusal(id: "${String(id)}") { id } }`);
      expect(recorded).toEqual({ data: { refusal: { id } } });
    });
  });
  afterAll(() => server.close());

  it('are found', () => {
    expect(OPERATIONS.length).toBeGreaterThan(20);
    expect(new Set(OPERATIONS.map(({ page }) => page)).size).toBeGreaterThan(8);
  });

  it.each(OPERATIONS)('$page: $code', async ({ code }) => {
    const document = parse(operationOf(code, values));
    const [api, ...others] = APIS.filter(({ schema }) => validate(schema, document).length === 0);
    if (api === undefined) {
      const faults = APIS.flatMap(({ name, schema }) =>
        validate(schema, document).map(({ message }) => `${name}: ${message}`),
      );
      throw new Error(faults.join('\n'));
    }
    expect(others).toEqual([]);
    const variables = { id: JSON.parse(values['id'] ?? '""') as unknown };
    const answer = await server.request(api.path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${api.key}` },
      body: JSON.stringify({ query: print(document), variables }),
    });
    expect(partAt(answer.body, 'errors')).toBeUndefined();
    expect(answer.status).toBe(200);
    const roots = Object.values(partAt(answer.body, 'data') as object);
    expect(roots.filter((value) => value === null)).toEqual([]);
  });
});

const fieldsOf = (definitions: readonly DefinitionNode[]): ReadonlyMap<string, string> =>
  new Map(
    definitions.flatMap((definition) =>
      definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.OBJECT_TYPE_EXTENSION
        ? (definition.fields ?? []).map(
            (field) => [`${definition.name.value}.${field.name.value}`, shortly(field)] as const,
          )
        : [],
    ),
  );

/** Without what it says for people, and without how long its lists are, which is another chapter. */
const shortly = ({ name, arguments: args = [], type, directives = [] }: FieldDefinitionNode): string =>
  print({
    kind: Kind.FIELD_DEFINITION,
    name,
    arguments: args.map(({ kind, name: named, type: typed, defaultValue }) => ({
      kind,
      name: named,
      type: typed,
      ...(defaultValue && { defaultValue }),
    })),
    type,
    directives: directives.filter((directive) => directive.name.value !== 'listSize'),
  });

const EXCERPTS = PAGES.flatMap((page) =>
  codeBlocks(readPage(page), 'graphql')
    .map((block) => parse(block).definitions)
    .filter((definitions) => !definitions.every(isExecutableDefinitionNode))
    .map((definitions) => ({ page, definitions })),
);

it.each(EXCERPTS)('$page: what it shows of the demo’s schema is what stands there', ({ definitions }) => {
  const shown = fieldsOf(definitions);
  expect(shown.size).toBeGreaterThan(0);
  const real = fieldsOf(parse(readTypeDefs('atlas')).definitions);
  expect([...shown]).toEqual([...shown.keys()].map((coordinate) => [coordinate, real.get(coordinate)]));
});
