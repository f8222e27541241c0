/**
 * `npm start`: compiles what changed since the last time, then starts the server in this same process, so that signals
 * and the exit code are the server's own. GraphiQL, which takes longest and which only browsers ask for, is bundled
 * beside the server once that listens.
 */
import { spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { pathToFileURL } from 'node:url';
import path from 'node:path';
import { isGraphiqlBuilt } from './buildGraphiql.mjs';
import { compile } from './compile.mjs';

const root = path.resolve(import.meta.dirname, '..');
const LESS_URGENT = 10;

const bundleGraphiql = () => {
  console.error('Bundling GraphiQL for browsers, beside the server; the API is there already …');
  const child = spawn(process.execPath, [path.join(root, 'scripts', 'buildGraphiql.mjs')], { stdio: 'inherit' });
  // Clients of the API come first.
  if (child.pid !== undefined) setPriority(child.pid, LESS_URGENT);
  child.unref();
  const stop = () => child.kill();
  process.once('exit', stop);
  child.once('exit', (code) => {
    process.off('exit', stop);
    if (code === 0) console.error('GraphiQL is there.');
    else if (code !== null)
      console.error('GraphiQL was not bundled, for the reason above. `npm run build` tries it again.');
  });
};

// graphql-js runs 1.8 times slower with its development checks on, which it decides on when it is first imported.
process.env['NODE_ENV'] ??= 'production';

try {
  await compile();
} catch {
  console.error('Tollgate was not started: the sources can’t be compiled, for the reason above.');
  process.exit(1);
}

// Comes back once the server listens, or has said why it does not.
await import(pathToFileURL(path.join(root, 'dist', 'main.js')).href);
const isWanted = !['false', '0', 'off'].includes(process.env['TOLLGATE_GRAPHIQL'] ?? '');
if (process.exitCode === undefined && isWanted && !isGraphiqlBuilt()) bundleGraphiql();
