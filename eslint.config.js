/** Form is Prettier's matter. These rules are for what a reader would otherwise have to watch for. */
import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const ENV_MESSAGE = 'Only src/main.ts and src/config.ts read the environment. Take the value as an argument.';
const EXIT_MESSAGE = 'Only src/main.ts ends the process. Throw, and let it decide.';
const PURE_MESSAGE = 'src/domain has no clock, no randomness and no I/O. Take the value as an argument.';

const environment = { object: 'process', property: 'env', message: ENV_MESSAGE };
const exit = { object: 'process', property: 'exit', message: EXIT_MESSAGE };

const impure = {
  globals: [
    'console',
    'crypto',
    'fetch',
    'performance',
    'process',
    'queueMicrotask',
    'setImmediate',
    'setInterval',
    'setTimeout',
  ].map((name) => ({ name, message: PURE_MESSAGE })),
  properties: [
    { object: 'Date', property: 'now', message: PURE_MESSAGE },
    { object: 'Math', property: 'random', message: PURE_MESSAGE },
  ],
  syntax: [
    { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: PURE_MESSAGE },
    { selector: 'CallExpression[callee.name="Date"]', message: PURE_MESSAGE },
    { selector: 'ImportExpression', message: 'src/domain imports statically, so that the import rules can see it.' },
  ],
};

export default defineConfig([
  globalIgnores([
    '**/node_modules/',
    '**/dist/',
    'build/',
    '.stryker-tmp/',
    'coverage/',
    'reports/',
    'data/',
    'src/generated/',
  ]),
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // There are no enums, and looking for them took a fifth of the time.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      // `Promise<Result | void>` is how Apollo Server's plugins say that a hook may leave it as it is.
      '@typescript-eslint/no-invalid-void-type': 'off',
      // A method of a port is `async` where it never waits, too: so that what it throws is a rejection, as the port promises.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'object-shorthand': 'error',
      'max-depth': ['error', 3],
      // A flat `switch` over a closed union is long, not complex: it counts as one.
      complexity: ['error', { max: 15, variant: 'modified' }],
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'] }],
    },
  },
  {
    files: ['graphiql/page.js'],
    languageOptions: { globals: { document: 'readonly', sessionStorage: 'readonly' } },
  },
  {
    files: ['src/**'],
    rules: {
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true, named: true, defaultFrom: true } }],
      'no-restricted-properties': ['error', environment, exit],
    },
  },
  {
    files: ['src/domain/**'],
    rules: {
      'no-restricted-globals': ['error', ...impure.globals],
      'no-restricted-properties': ['error', environment, exit, ...impure.properties],
      'no-restricted-syntax': ['error', ...impure.syntax],
    },
  },
  {
    files: ['src/store/**'],
    rules: {
      // Codes and schemes that come from other systems are open sets, and `default` is where the rest of them belongs.
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  { files: ['src/config.ts'], rules: { 'no-restricted-properties': ['error', exit] } },
  { files: ['src/main.ts', 'src/cli.ts'], rules: { 'no-console': 'off', 'no-restricted-properties': 'off' } },
  {
    files: ['test/**'],
    rules: {
      // Matchers such as expect.objectContaining are typed `any`; they can only end in an assertion.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      // Fixtures are taken apart where they are made, and methods are named to be spied upon.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['**/*.mjs', '**/*.cjs', '**/*.js'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: {
      globals: { console: 'readonly', process: 'readonly', performance: 'readonly', module: 'writable' },
    },
  },
]);
