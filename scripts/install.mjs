/**
 * `node scripts/install.mjs <folder>`: the packages of a slower check, which have a package.json and a lock of their own,
 * so that `npm ci` need not install them. Nothing happens where they are there as the lock has them.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');

/** @param {string} file */
const textOf = (file) => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
};

/**
 * Whether they are there now.
 * @param {string} folder
 */
export const install = (folder) => {
  const home = path.join(root, folder);
  const installed = path.join(home, 'node_modules', '.installed-lock.json');
  const lock = textOf(path.join(home, 'package-lock.json'));
  if (lock !== null && textOf(installed) === lock) return true;
  console.error(`Installing what ${folder} needs …`);
  // npm names its own program in the environment, which spares a shell and the `.cmd` suffix on Windows.
  const npm = process.env['npm_execpath'];
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const [command, commandArgs] = npm ? [process.execPath, [npm, ...args]] : ['npm', args];
  // Where npm runs this as a script, it says which folder is meant, and means its own.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== 'npm_config_local_prefix'));
  const { status } = spawnSync(command, commandArgs, { cwd: home, env, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status === 0) writeFileSync(installed, lock ?? '');
  return status === 0;
};

if (process.argv[1] === import.meta.filename) {
  process.exitCode = process.argv.slice(2).every(install) ? 0 : 1;
}
