/** `npm run build`: compiles src into dist, and bundles GraphiQL. Only what has changed since the last time. */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { buildGraphiql } from './buildGraphiql.mjs';

const root = path.resolve(import.meta.dirname, '..');

/** Whether all is built; what is wrong with the sources was printed then. */
export const build = async () => {
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const args = [compiler, '-p', path.join(root, 'tsconfig.build.json')];
  if (spawnSync(process.execPath, args, { stdio: 'inherit' }).status !== 0) return false;
  await buildGraphiql();
  return true;
};

if (process.argv[1] === import.meta.filename) process.exitCode = (await build()) ? 0 : 1;
