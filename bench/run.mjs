/**
 * `npm run bench -- <name> …`: what Tollgate costs, and beside it what else one could use. Ends with 1 where a figure
 * misses its target.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';

const benches = {
  domain: 'domain.ts',
  'group-commit': 'groupCommit.ts',
  accounts: 'accounts.ts',
};

const names = process.argv.slice(2);
const unknown = names.filter((name) => !Object.hasOwn(benches, name));
if (names.length === 0 || unknown.length > 0) {
  console.error(`Usage: npm run bench -- <name> …, where a name is one of ${Object.keys(benches).join(', ')}.`);
  process.exitCode = 1;
} else {
  for (const name of names) {
    console.log(`\n${name}`);
    const file = path.join(import.meta.dirname, benches[/** @type {keyof typeof benches} */ (name)]);
    // As in production: graphql-js is slower with its development checks on.
    const env = { ...process.env, NODE_ENV: 'production' };
    const { status } = spawnSync(process.execPath, ['--import', 'tsx', file], { stdio: 'inherit', env });
    if (status !== 0) process.exitCode = 1;
  }
}
