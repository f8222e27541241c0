/**
 * `npm start` in a checkout where nothing was built, and once more: what it says, and which programs it runs. Counted,
 * since how long it takes says more of the machine.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { freePort, startChild } from '../support/childServer.js';
import type { ChildServer } from '../support/childServer.js';

const ROOT = resolve(import.meta.dirname, '../..');
const SOURCES = ['src', 'schema', 'docs/errors', 'package.json', 'package-lock.json', 'tsconfig.json'];
const SCRIPTS = ['start.mjs', 'compile.mjs', 'buildGraphiql.mjs'].map((name) => join('scripts', name));
const PAGES = ['index.html', 'page.js', 'page.css', 'vite.config.js'].map((name) => join('graphiql', name));

/** Notes each program that a process starts. */
const NOTING = `const { appendFileSync } = require('node:fs');
const processes = require('node:child_process');
for (const way of ['spawn', 'spawnSync', 'execFileSync', 'fork']) {
  const original = processes[way];
  processes[way] = (program, ...rest) => {
    appendFileSync(process.env.STARTED_PROGRAMS, [program, rest[0]].flat().join(' ') + '\\n');
    return original(program, ...rest);
  };
}
require('node:module').syncBuiltinESMExports();`;

// A checkout is compiled and started, three times.
vi.setConfig({ testTimeout: 90_000 });

let folder = '';
let child: ChildServer | undefined;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-checkout-'));
  for (const each of [...SOURCES, ...SCRIPTS, ...PAGES])
    cpSync(join(ROOT, each), join(folder, each), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
  writeFileSync(join(folder, 'noting.cjs'), NOTING);
});

afterEach(async () => {
  child?.kill('SIGTERM');
  await child?.ended;
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const start = async (name: string, settings: Readonly<Record<string, string>>) => {
  const started = join(folder, name);
  writeFileSync(started, '');
  const port = await freePort();
  const env = {
    PORT: String(port),
    NODE_OPTIONS: `--require=${join(folder, 'noting.cjs')}`,
    STARTED_PROGRAMS: started,
    ...settings,
  };
  child = startChild({ args: [join(folder, 'scripts', 'start.mjs')], cwd: folder, env });
  await child.started;
  const programs = () =>
    readFileSync(started, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  const stop = async (): Promise<string> => {
    child?.kill('SIGTERM');
    return (await child?.ended)?.stderr ?? '';
  };
  return { url: `http://127.0.0.1:${port}`, programs, stop };
};

it('the first start says what it does, and listens without waiting for GraphiQL', async () => {
  const { url, programs, stop } = await start('first', {});
  const page = await fetch(`${url}/graphql`, { headers: { accept: 'text/html' } });
  expect([page.status, existsSync(join(folder, 'graphiql', 'dist', 'index.html'))]).toEqual([503, false]);
  expect(
    (await fetch(`${url}/graphql?query={__typename}`, { headers: { 'apollo-require-preflight': '1' } })).status,
  ).toBe(200);
  const [compiler = '', bundler = '', ...others] = programs();
  expect(compiler).toContain('esbuild');
  expect(bundler).toContain('buildGraphiql');
  expect(others).toEqual([]);
  expect((await stop()).split('\n')).toEqual([
    'Compiling the sources …',
    'Bundling GraphiQL for browsers, beside the server; the API is there already …',
    '',
  ]);
});

it('a second start runs no program and says nothing but what it serves', async () => {
  const { programs, stop } = await start('second', { TOLLGATE_GRAPHIQL: 'off' });
  expect(programs()).toEqual([]);
  expect(await stop()).toBe('');
});

it('a start after a change compiles it', async () => {
  const file = join(folder, 'src', 'server', 'welcome.ts');
  writeFileSync(file, readFileSync(file, 'utf8').replace('Tollgate serves', 'Tollgate serves you'));
  const { programs, stop } = await start('third', { TOLLGATE_GRAPHIQL: 'off' });
  expect(programs()).toHaveLength(1);
  expect(await stop()).toBe('Compiling the sources …\n');
  expect((await child?.ended)?.stdout).toMatch(/^Tollgate serves you Atlas/);
});

it('a server that is to send traces without the packages for it names them', async () => {
  // As after `npm ci --omit=dev`: every package but those.
  rmSync(join(folder, 'node_modules'));
  mkdirSync(join(folder, 'node_modules', '@opentelemetry'), { recursive: true });
  for (const each of readdirSync(join(ROOT, 'node_modules')).filter((name) => name !== '@opentelemetry')) {
    symlinkSync(join(ROOT, 'node_modules', each), join(folder, 'node_modules', each), 'junction');
  }
  const api = join('node_modules', '@opentelemetry', 'api');
  symlinkSync(join(ROOT, api), join(folder, api), 'junction');
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318', PORT: String(await freePort()) };
  child = startChild({ args: [join(folder, 'dist', 'main.js')], cwd: folder, env });
  const { code, stderr } = await child.ended;
  expect([code, stderr]).toEqual([
    1,
    'Tollgate did not start: OTEL_EXPORTER_OTLP_ENDPOINT asks for traces, and what sends them is not installed: npm install @opentelemetry/exporter-trace-otlp-http @opentelemetry/resources @opentelemetry/sdk-trace-node\n',
  ]);
});
