/**
 * `npm run test:apollo`: Apollo Server's integration suite against servers with the plug-in and a price on every field. It
 * fails where a test fails that is not known to, or where one passes that is.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { DIFFERENCES } from './differences.mjs';

const home = import.meta.dirname;
const made = path.join(home, 'node_modules', '.tollgate');
const resultFile = path.join(made, 'result.json');

/**
 * Tests of incremental delivery put answers in place of an execution: those are not sent, since nobody paid for them.
 */
const SUITE = `
  import { defineIntegrationTestSuite } from '@apollo/server-integration-testsuite';
  import { startPaidServer } from './startPaidServer.ts';
  defineIntegrationTestSuite(startPaidServer, { noIncrementalDelivery: true });
`;

// Jest's modules are CommonJS. What the suite has, too, must be the suite's; what has code of the machine stays outside.
mkdirSync(made, { recursive: true });
await build({
  stdin: { contents: SUITE, resolveDir: home },
  outfile: path.join(made, 'integration.cjs'),
  bundle: true,
  format: 'cjs',
  platform: 'node',
  external: ['graphql', '@apollo/server', '@apollo/server-integration-testsuite', 'libsql', 'mongodb'],
  supported: { 'dynamic-import': false },
  logLevel: 'error',
});

const jest = path.join(home, 'node_modules', 'jest', 'bin', 'jest.js');
const { status } = spawnSync(
  process.execPath,
  [
    jest,
    '--config',
    path.join(home, 'jest.config.json'),
    '--json',
    '--outputFile',
    resultFile,
    '--silent',
    '--forceExit',
  ],
  { cwd: home, stdio: ['ignore', 'ignore', process.argv.includes('--verbose') ? 'inherit' : 'ignore'] },
);
if (status === null) throw new Error('Jest was ended before it told a result.');

/** @type {{ testResults: { message: string, assertionResults: { fullName: string, status: string, failureMessages: string[] }[] }[] }} */
const { testResults } = JSON.parse(readFileSync(resultFile, 'utf8'));
const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
if (tests.length === 0) throw new Error(testResults.map(({ message }) => message).join('\n'));
const failed = tests.filter((test) => test.status === 'failed');
const unknown = failed.filter(({ fullName }) => !(fullName in DIFFERENCES));
const names = new Set(failed.map(({ fullName }) => fullName));
const healed = Object.keys(DIFFERENCES).filter((name) => !names.has(name));

for (const { fullName, failureMessages } of unknown) console.error(`\n${fullName}\n${failureMessages.join('\n')}`);
for (const name of healed) console.error(`\nNo difference any more, or no such test: ${name}`);
const passed = tests.filter((test) => test.status === 'passed').length;
console.log(
  `Apollo's integration suite: ${passed} of ${tests.length} pass, ${failed.length} fail, ${unknown.length} of them unexpectedly`,
);
process.exitCode = unknown.length === 0 && healed.length === 0 ? 0 : 1;
