import { defineConfig } from 'vitest/config';
import { FOLDERS } from './folders.mjs';

const { tests } = FOLDERS[process.env['TOLLGATE_MUTATION_FOLDER'] ?? 'domain'] ?? { tests: [] };

/** What each mutant is tried with: the tests that `folders.mjs` names for its folder, on the embedded store. */
export default defineConfig({
  // As in the project's own configuration: one copy of graphql.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    include: tests.map((path) => (path.endsWith('.ts') ? path : `${path}/**/*.test.ts`)),
    exclude: [
      'test/**/mongo*.test.ts',
      'test/**/mongo/**',
      'test/http/{admin/*.stores,hostile/*,randomDocuments,startUp,graphiql,pages}.test.ts',
    ],
    env: { TOLLGATE_TEST_STORE: 'sqlite' },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
