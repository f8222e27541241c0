import { defineConfig } from 'vitest/config';

/** Tests that use the MongoDB server, each in a database of its own. */
const mongoTests = ['test/**/mongo*.test.ts', 'test/**/mongo/**/*.test.ts'];
/** Those that set its fail point, of which there is one for the whole server. */
const failPointTests = 'test/**/*.failPoint.test.ts';
/** Those of `onEachStore`: each project runs them on its own store. */
const storeTests = 'test/**/*.stores.test.ts';

export default defineConfig({
  // Vite would take graphql's ES modules for the sources, where Node takes its CommonJS for the libraries: two of it.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    pool: 'forks',
    // Once, before files that serve it run side by side.
    globalSetup: 'test/tooling/built.ts',
    // Vitest leaves one core free by itself, which on a machine with two would run one file at a time.
    maxWorkers: '100%',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['src/generated/**', 'src/main.ts'],
      reporter: ['text', 'html'],
      thresholds: { 'src/domain/**': { lines: 100, branches: 100 } },
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'default',
          include: ['test/**/*.test.ts'],
          exclude: [...mongoTests, failPointTests],
          env: { TOLLGATE_TEST_STORE: 'sqlite' },
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'mongo',
          include: [...mongoTests, storeTests],
          exclude: [failPointTests],
          env: { TOLLGATE_TEST_STORE: 'mongodb' },
          setupFiles: ['test/tooling/mongoRequiredInCi.ts'],
          // One file at a time: of two, the test server loses cursors of one now and then.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'fail-point',
          include: [failPointTests],
          setupFiles: ['test/tooling/mongoRequiredInCi.ts'],
          // After all others.
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
