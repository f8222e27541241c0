/**
 * `npm run bench [-- <name>…]`: compiles src and bench as `npm run build` compiles src, and runs the benchmarks on that:
 * what is measured is what is shipped, without a compiler in the process.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const env = { ...process.env, NODE_ENV: 'production' };

/** @param {string[]} args */
const run = (args) => spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' }).status ?? 1;

process.exitCode = run([
  path.join('node_modules', 'typescript', 'bin', 'tsc'),
  '-p',
  path.join('bench', 'tsconfig.build.json'),
]);
if (process.exitCode === 0) {
  // Where the compiled sources look for them: the schemas beside `src`, and packages above `bench`.
  cpSync(path.join(root, 'schema'), path.join(root, 'build', 'schema'), { recursive: true });
  const packages = path.join(root, 'build', 'bench', 'node_modules');
  rmSync(packages, { recursive: true, force: true });
  symlinkSync(path.join(root, 'bench', 'node_modules'), packages, 'junction');
  process.exitCode = run([path.join('build', 'bench', 'run.js'), ...process.argv.slice(2)]);
}
