/**
 * `npm run test:graphql-js -- <git directory of graphql-js> [revision] [--plain]`: graphql-js's own tests of execution
 * (version 16) through a paywall that prices every field, for a caller who can pay. They are taken out of the repository
 * that is given, made to wait where the paywall does, and kept nowhere. `--plain` runs them as they are executed otherwise,
 * to tell what the paywall changes from what has changed in graphql-js since.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { awaitCalls } from './awaitCalls.mjs';
import { DIFFERENCES } from './differences.mjs';
import { runTests } from './describeTests.mjs';

const [gitDirectory, ...options] = process.argv.slice(2);
if (gitDirectory === undefined) throw new Error('Name the git directory of graphql-js.');
const revision = options.find((option) => !option.startsWith('--')) ?? '16.x.x';
const isPlain = options.includes('--plain');
const TESTS = 'src/execution/__tests__';
const SUPPORT = 'src/__testUtils__';
/** It is about answers that come without waiting, which those of a paywall never do. */
const LEFT_OUT = new Set(['sync-test.ts']);

const root = path.resolve(import.meta.dirname, '../..');
const made = path.join(root, 'node_modules', '.cache', 'graphqlSuite');

/** @param {readonly string[]} args */
const git = (args) => execFileSync('git', ['-C', gitDirectory, ...args], { encoding: 'utf8' });

/** @param {string} folder */
const filesIn = (folder) =>
  git(['ls-tree', '--name-only', revision, `${folder}/`])
    .split('\n')
    .filter((file) => file.endsWith('.ts') && !LEFT_OUT.has(path.basename(file)));

/**
 * Where an import of theirs leads here: to their own helpers, or to the graphql that is installed.
 * @param {string} from
 * @param {string} to
 */
const placeOf = (from, to) => {
  if (to === 'mocha') return path.join(import.meta.dirname, 'describeTests.mjs');
  if (!to.startsWith('.')) return to;
  const target = path.posix.join(path.posix.dirname(from), to);
  const isTheirs = target.startsWith(TESTS) || target.startsWith(SUPPORT);
  return isTheirs ? path.join(made, `${target}.mjs`) : `graphql/${target.replace('src/', '')}.js`;
};

/** @param {string} file */
const translate = (file) => {
  const source = git(['show', `${revision}:${file}`]);
  const { outputText } = ts.transpileModule(source, {
    fileName: file,
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022 },
    transformers: { before: file.endsWith('-test.ts') ? [awaitCalls] : [] },
  });
  const text = outputText.replace(/(from ')([^']+)(';)/g, (_, before, to, after) => before + placeOf(file, to) + after);
  const paid = path.join(import.meta.dirname, isPlain ? 'executePlain.mjs' : 'executePaid.mjs');
  const target = path.join(made, file.replace(/\.ts$/, '.mjs'));
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, `import { executePaid, subscribePaid } from '${paid}';\n${text}`);
  return target;
};

// Tests make promises that reject before anybody waits for them; a paywall lets somebody wait a little later.
process.on('unhandledRejection', () => undefined);
rmSync(made, { recursive: true, force: true });
filesIn(SUPPORT).forEach(translate);
const tests = filesIn(TESTS)
  .map(translate)
  .filter((file) => file.endsWith('-test.mjs'));
for (const file of tests) await import(pathToFileURL(file).href);
const { passed, failures } = await runTests();
const unknown = failures.filter(({ name }) => isPlain || !(name in DIFFERENCES));
for (const { name, error } of unknown) console.log(`\n${name}\n${String(error?.stack ?? error).slice(0, 1_500)}`);
console.log(`graphql-js ${revision}: ${passed} pass, ${failures.length} fail, ${unknown.length} of them unexpectedly`);
// What tests have left open would keep it going.
process.exit(unknown.length === 0 ? 0 : 1);
