import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { buildSchema } from 'graphql';
import * as other from 'graphql-other';
import { describe, expect, it } from 'vitest';
import { checkCopyOfGraphql } from '../../../../src/paywall/price/checkCopyOfGraphql.js';

const ROOT = path.resolve(import.meta.dirname, '..', '..', '..', '..');
const PROGRAM = path.join('test', 'support', 'otherGraphql', 'build.ts');

/** What becomes of each schema in a process with this `NODE_ENV`. */
const outcomesIn = async (NODE_ENV: string): Promise<unknown> => {
  const env = { ...process.env, NODE_ENV };
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', PROGRAM], { cwd: ROOT, env });
  return JSON.parse(stdout);
};

const REMEDY =
  "was made by another copy of graphql than Tollgate's, which would find no prices in it. `npm ls graphql` lists the copies. " +
  'Have one: graphql is a peer dependency, so let your project depend on one version that suits all who use it, or name it ' +
  'under `overrides` in package.json.';
const NO_SCHEMA =
  '`schema` is no GraphQLSchema. Write `schema: makeExecutableSchema({ typeDefs, resolvers })`, from @graphql-tools/schema.';

describe('a schema of which another copy of graphql made a part', () => {
  it('is refused by createPaywall in production, where graphql itself says nothing', { timeout: 60_000 }, async () => {
    expect(await outcomesIn('production')).toEqual({
      own: 'built',
      foreign: `The schema ${REMEDY}`,
      foreignType: `The type of forecast in Query ${REMEDY}`,
      foreignArgument: `The type of days in Query ${REMEDY}`,
      noSchema: NO_SCHEMA,
    });
  });

  it('is refused with the same sentence elsewhere', () => {
    const typeDefs = 'type Query { a: Int }';
    const check = (schema: unknown) => () => {
      checkCopyOfGraphql(schema);
    };
    expect(check(buildSchema(typeDefs))).not.toThrow();
    expect(check(other.buildSchema(typeDefs))).toThrow(`The schema ${REMEDY}`);
    for (const none of [undefined, null, typeDefs, { typeDefs }]) expect(check(none)).toThrow(NO_SCHEMA);
  });
});
