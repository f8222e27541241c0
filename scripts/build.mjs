/** `npm run build`: all of the package. Compiles src into dist, types and all, and bundles GraphiQL. Only what has changed. */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { buildGraphiql } from './buildGraphiql.mjs';
import { stampDist } from './compile.mjs';

const root = path.resolve(import.meta.dirname, '..');
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const args = [compiler, '-p', path.join(root, 'scripts', 'tsconfig.build.json')];

if (spawnSync(process.execPath, args, { stdio: 'inherit' }).status === 0) {
  stampDist();
  await buildGraphiql();
} else process.exitCode = 1;
