/**
 * `npm test`: everything that CI checks, the quick checks first, two at a time. Stops at the first that fails and says
 * which, and how to repeat it alone. The last line is the test runner's own count, also kept in reports/summary.txt.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { install } from './install.mjs';

const root = path.resolve(import.meta.dirname, '..');
const reports = path.join(root, 'reports');
const testReport = path.join(reports, 'tests.json');

/** Each is a script of package.json, which `npm run` repeats. What takes longest comes first. */
const quickSteps = [
  { name: 'lint', script: 'lint' },
  { name: 'type check', script: 'typecheck' },
  { name: 'format', script: 'format:check' },
  { name: 'import rules', script: 'imports' },
  { name: 'unused code', script: 'unused' },
  { name: 'generated files current', script: 'codegen:check' },
  { name: 'schema lint', script: 'lint:schema' },
];
const testStep = {
  name: 'tests',
  script: 'test:run',
  args: ['--reporter=default', '--reporter=json', `--outputFile=${testReport}`],
  shown: true,
};
const STEPS_AT_ONCE = 2;

/** @typedef {{ name: string, script: string, args?: string[], shown?: boolean }} Step */

/**
 * Shows the output of the tests as it comes, of other steps only where they fail.
 * @param {Step} step
 */
const succeeds = async ({ script, args = [], shown = false }) => {
  // npm names its own program in the environment, which spares a shell and the `.cmd` suffix on Windows.
  const npm = process.env['npm_execpath'];
  const rest = ['run', '--silent', script, ...(args.length > 0 ? ['--', ...args] : [])];
  const [command, commandArgs] = npm ? [process.execPath, [npm, ...rest]] : ['npm', rest];
  const child = spawn(command, commandArgs, { cwd: root, stdio: shown ? 'inherit' : 'pipe' });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text) => (output += text));
  const [status] = await once(child, 'close').catch((/** @type {Error} */ error) => [error.message]);
  if (status !== 0) console.log(output);
  return status === 0;
};

/**
 * The first that fails. None is begun after that, and those that are under way are waited for.
 * @param {Step[]} steps
 */
const runSteps = async (steps) => {
  /** @type {Step | undefined} */
  let failed;
  const waiting = [...steps];
  const worker = async () => {
    while (failed === undefined) {
      const step = waiting.shift();
      if (step === undefined) return;
      const startedAt = performance.now();
      if (await succeeds(step)) {
        console.log(`✔ ${step.name} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
      } else failed ??= step;
    }
  };
  await Promise.all(Array.from({ length: STEPS_AT_ONCE }, worker));
  return failed;
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

const main = async () => {
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports);
  // What checks of the benchmarks' sources need, once, before two of them ask for it.
  if (!install('bench')) console.log('What bench needs could not be installed, so its checks will fail.');
  const failedStep = (await runSteps(quickSteps)) ?? (await runSteps([testStep]));

  const files = readReport();
  const counts = files.map(countsOf);
  /** @param {'passed' | 'failed' | 'skipped'} kind */
  const total = (kind) => counts.reduce((sum, count) => sum + count[kind], 0);
  explainSkips(files);
  if (failedStep !== undefined) {
    const notRun = failedStep === testStep ? '' : ' The tests were not run.';
    console.log(`\nFailed: ${failedStep.name}. To repeat it alone: npm run ${failedStep.script}.${notRun}`);
  }
  const summary = `${total('passed')} passed, ${total('failed')} failed, ${total('skipped')} skipped`;
  writeFileSync(path.join(reports, 'summary.txt'), `${summary}\n`);
  console.log(`\n${summary}`);
  process.exitCode = failedStep === undefined && total('failed') === 0 && total('passed') > 0 ? 0 : 1;
};

await main();
