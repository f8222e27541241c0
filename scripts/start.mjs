/**
 * `npm start`: builds what changed since the last build, then starts the server in this same process, so that signals
 * and the exit code are the server's own.
 */
import { pathToFileURL } from 'node:url';
import path from 'node:path';
import { build } from './build.mjs';

const root = path.resolve(import.meta.dirname, '..');

// graphql-js runs 1.8 times slower with its development checks on, which it decides on when it is first imported.
process.env['NODE_ENV'] ??= 'production';

if (!(await build())) {
  console.error('Tollgate was not started: the build failed, for the reason above.');
  process.exit(1);
}

await import(pathToFileURL(path.join(root, 'dist', 'main.js')).href);
