/** Every command that the documentation shows is run, beside the demo, or what it names is looked up. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_OWNER_KEY } from '../../src/demo/demoKeys.js';
import { openStore } from '../../src/store/openStore.js';
import { listAt, partAt } from '../support/bodies.js';
import { startServer } from '../support/server.js';
import type { TestServer } from '../support/server.js';
import { codeBlocks, inlineCodes, PAGES, readPage, ROOT } from './markdown.js';
import { runInShell } from './shell.js';
import type { ShellRun } from './shell.js';

interface Package {
  readonly name: string;
  readonly version: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Package;

/** One a line, but for lines that a backslash or an open quotation continues. */
const commandsOf = (block: string): readonly string[] => {
  const commands: string[] = [];
  let pending = '';
  for (const line of block.trimEnd().split('\n')) {
    pending += pending === '' ? line : `\n${line}`;
    const isOpen = line.endsWith('\\') || (pending.replaceAll(/'[^']*'|\\./g, '').match(/"/g) ?? []).length % 2 === 1;
    if (isOpen) continue;
    commands.push(pending);
    pending = '';
  }
  return commands;
};

const SHOWN = PAGES.flatMap((page) =>
  codeBlocks(readPage(page), 'sh')
    .flatMap(commandsOf)
    .map((command) => ({ page, command })),
);

/** The program that a command calls, without the variables that are set for it. */
const programOf = (command: string): string => /^(?:[A-Z_]+=\S+ )*(\S+)/.exec(command)?.[1] ?? '';

/** Those that are run here. */
const RUN: readonly string[] = ['curl', 'tollgate', 'sqlite3'];
/** MongoDB's own programs come with its server, and are installed by whoever runs one. */
const OF_MONGODB: readonly string[] = ['mongodump', 'mongorestore'];

it('no command is shown that is neither run nor looked up', () => {
  const known = [...RUN, ...OF_MONGODB, 'npm', 'npx', 'node'];
  expect(SHOWN.filter(({ command }) => !known.includes(programOf(command)))).toEqual([]);
  expect(SHOWN.length).toBeGreaterThan(15);
});

describe('scripts that the documentation names', () => {
  const pieces = PAGES.flatMap((page) => {
    const text = readPage(page);
    const shown = [...codeBlocks(text, 'sh').flatMap(commandsOf), ...inlineCodes(text)];
    return shown.flatMap((code) => code.split(' && ')).map((piece) => ({ page, piece: piece.trim() }));
  });

  it('are scripts of package.json', () => {
    const named = pieces.flatMap(({ page, piece }) => {
      const [, , script] = /^(?:[A-Z_]+=\S+ )*npm (run (?:--silent )?|(?=start$|test$))([\w:-]+)/.exec(piece) ?? [];
      return script === undefined ? [] : [{ page, script }];
    });
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter(({ script }) => !(script in manifest.scripts))).toEqual([]);
  });

  it('run tests that are there', () => {
    const paths = pieces.flatMap(({ page, piece }) =>
      [...piece.matchAll(/(?:^npx vitest run|--mutate) (\S+)/g)].map(([, path = '']) => ({ page, path })),
    );
    expect(paths.length).toBeGreaterThan(0);
    expect(paths.filter(({ path }) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('install this version, and packages in the major version that is tested', () => {
    const [, archive = '', packages = ''] =
      /^npm install \.\/(\S+) (.+)$/m.exec(codeBlocks(readPage('README.md'), 'sh').join('\n')) ?? [];
    expect(archive).toBe(`${manifest.name}-${manifest.version}.tgz`);
    const { dependencies, devDependencies, peerDependencies } = manifest;
    const tested = { ...devDependencies, ...peerDependencies, ...dependencies };
    for (const each of packages.split(' ')) {
      const [, name = '', major = ''] = /^(.+)@(\d+)$/.exec(each) ?? [];
      expect(tested[name]?.replace(/^\D+/, '').split('.')[0], each).toBe(major);
    }
  });
});

it('variables that the documentation names are read by something', () => {
  const named = PAGES.flatMap((page) => readPage(page).match(/\b(?:TOLLGATE|BENCH)_[A-Z_]+\b/g) ?? []);
  const sources = ['src', 'test', 'bench', 'scripts'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.m?[tj]s$/.test(path) && !path.startsWith('docs/') && !path.includes('node_modules'))
      .map((path) => readFileSync(join(ROOT, folder, path), 'utf8')),
  );
  const code = [...sources, JSON.stringify(manifest)].join('\n');
  expect(named.length).toBeGreaterThan(20);
  expect([...new Set(named)].filter((name) => !code.includes(name))).toEqual([]);
});

describe('commands beside the demo', () => {
  let server: TestServer;
  let folder = '';
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tollgate-commands-'));
    mkdirSync(join(folder, 'data'));
    mkdirSync(join(folder, 'bin'));
    const cli = [process.execPath, '--import', import.meta.resolve('tsx'), join(ROOT, 'src/cli.ts')];
    const quoted = cli.map((part) => `'${part}'`).join(' ');
    writeFileSync(join(folder, 'bin/tollgate'), `#!/bin/sh\nexec ${quoted} "$@"\n`, { mode: 0o755 });
    const [plans = ''] = codeBlocks(readPage('docs/operations.md'), 'yaml');
    writeFileSync(join(folder, 'plans.yaml'), plans);
    server = await startServer({
      database: async () => {
        const store = await openStore(`sqlite:${join(folder, 'data/tollgate.db')}`);
        return { store, drop: () => store.close() };
      },
    });
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const run = (command: string): Promise<ShellRun> =>
    runInShell(
      command
        .replaceAll(/http:\/\/127\.0\.0\.1:4000|https:\/\/api\.example/g, server.url)
        .replaceAll('<key>', 'demo-payg'),
      {
        cwd: folder,
        env: {
          PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
          TOLLGATE_URL: server.url,
          TOLLGATE_OPERATOR_KEY: DEMO_OWNER_KEY,
        },
      },
    );

  const shownWith = (program: string) => SHOWN.filter(({ command }) => programOf(command) === program);

  it.each(shownWith('curl'))('$page: $command', async ({ command }) => {
    const { code, stdout } = await run(command);
    expect(code).toBe(0);
    const body: unknown = JSON.parse(stdout.split('\r\n\r\n').at(-1) ?? '');
    const faults = listAt(body, 'errors').filter((error) => partAt(error, 'extensions', 'reason') === undefined);
    expect(faults).toEqual([]);
  });

  it.each(shownWith('tollgate'))('$page: $command', async ({ command }) => {
    const { code, stdout, stderr } = await run(command);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [, file] = /> (\S+)$/.exec(command) ?? [];
    const printed = file === undefined ? stdout : readFileSync(join(folder, file), 'utf8');
    expect(printed.trim()).not.toBe('');
  });

  it.skipIf(!isInstalled('sqlite3')).each(shownWith('sqlite3'))('$page: $command', async ({ command }) => {
    const { code, stdout, stderr } = await run(command);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    // One says that the file is sound; what looks for wallets that are not the sum of their entries finds none.
    expect(stdout.trim()).toBe(command.includes('integrity_check') ? 'ok' : '');
    if (command.includes("INTO 'backup.db'")) expect(existsSync(join(folder, 'backup.db'))).toBe(true);
  });
});

/** `sqlite3` is a program of its own, which the documentation offers and Tollgate does not need. */
function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, program)));
}
