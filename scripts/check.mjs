/**
 * `npm test`: everything that CI checks, the quick checks first. Stops at the first that fails and says which, and how
 * to repeat it alone. The last line is the test runner's own count, also kept in reports/summary.txt.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const reports = path.join(root, 'reports');
const testReport = path.join(reports, 'tests.json');

/** Each is a script of package.json, which `npm run` repeats. */
const steps = [
  { name: 'type check', script: 'typecheck' },
  { name: 'generated files current', script: 'codegen:check' },
  { name: 'import rules', script: 'imports' },
  { name: 'format', script: 'format:check' },
  { name: 'lint', script: 'lint' },
  { name: 'schema lint', script: 'lint:schema' },
  { name: 'unused code', script: 'unused' },
  {
    name: 'tests',
    script: 'test:run',
    args: ['--reporter=default', '--reporter=json', `--outputFile=${testReport}`],
    shown: true,
  },
];

/**
 * Shows the output of the tests as it comes, of other steps only where they fail.
 * @param {{ script: string, args?: string[], shown?: boolean }} step
 */
const runStep = ({ script, args = [], shown = false }) => {
  // npm names its own program in the environment, which spares a shell and the `.cmd` suffix on Windows.
  const npm = process.env['npm_execpath'];
  const rest = ['run', '--silent', script, ...(args.length > 0 ? ['--', ...args] : [])];
  const [command, commandArgs] = npm ? [process.execPath, [npm, ...rest]] : ['npm', rest];
  const { status, stdout, stderr } = spawnSync(command, commandArgs, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: shown ? 'inherit' : 'pipe',
  });
  // null where the output was shown already, or where the program could not even be started.
  if (status !== 0) console.log(`${stdout ?? ''}${stderr ?? ''}`);
  return status === 0;
};

/** @typedef {{ name: string, status: string, assertionResults: { status: string }[] }} TestFile */

/**
 * A file that fails before its first test has no test to count: it counts as one failure itself.
 * @param {TestFile} file
 */
const countsOf = ({ status, assertionResults }) => {
  const passed = assertionResults.filter((test) => test.status === 'passed').length;
  const failedTests = assertionResults.filter((test) => test.status === 'failed').length;
  const failed = failedTests === 0 && status === 'failed' ? 1 : failedTests;
  return { passed, failed, skipped: assertionResults.length - passed - failedTests };
};

/** @returns {TestFile[]} What the runner reported; nothing where it did not get that far. */
const readReport = () => {
  try {
    return JSON.parse(readFileSync(testReport, 'utf8')).testResults;
  } catch {
    return [];
  }
};

/** @param {TestFile[]} files */
const explainSkips = (files) => {
  const skipping = files.filter((file) => countsOf(file).skipped > 0);
  for (const file of skipping) {
    console.log(`Skipped: ${countsOf(file).skipped} in ${path.relative(root, file.name)}`);
  }
  if (skipping.length > 0 && !process.env['DATABASE_URL']?.startsWith('mongodb')) {
    console.log('The MongoDB tests run only with DATABASE_URL=mongodb://…, which is not set.');
  }
};

const main = () => {
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports);
  let failedStep;
  for (const step of steps) {
    const startedAt = performance.now();
    if (!runStep(step)) {
      failedStep = step;
      break;
    }
    console.log(`✔ ${step.name} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
  }

  const files = readReport();
  const counts = files.map(countsOf);
  /** @param {'passed' | 'failed' | 'skipped'} kind */
  const total = (kind) => counts.reduce((sum, count) => sum + count[kind], 0);
  explainSkips(files);
  if (failedStep !== undefined) {
    const notRun = failedStep.name === 'tests' ? '' : ' The tests were not run.';
    console.log(`\nFailed: ${failedStep.name}. To repeat it alone: npm run ${failedStep.script}.${notRun}`);
  }
  const summary = `${total('passed')} passed, ${total('failed')} failed, ${total('skipped')} skipped`;
  writeFileSync(path.join(reports, 'summary.txt'), `${summary}\n`);
  console.log(`\n${summary}`);
  process.exitCode = failedStep === undefined && total('failed') === 0 && total('passed') > 0 ? 0 : 1;
};

main();
