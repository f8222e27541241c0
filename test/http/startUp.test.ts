/** What an operator sees: the server is started as a process, from the same entry as `npm start`. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { partAt } from '../support/bodies.js';
import { freePort, startChild } from '../support/childServer.js';
import type { ChildServer } from '../support/childServer.js';
import { paymentOf } from '../support/refusals.js';

const ROOT = resolve(import.meta.dirname, '../..');
const NPM_START = join(ROOT, 'scripts/start.mjs');
/** What `npm start` runs once it has built. */
const MAIN = join(ROOT, 'dist/main.js');
const TIME_TO_BUILD_MS = 120_000;
/** Some tests start three servers one after the other. */
vi.setConfig({ testTimeout: 60_000 });

let folder = '';
const children: ChildServer[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-start-'));
  // `npm start` with settings that stop it: builds, and leaves what the tests start.
  const built = spawnSync(process.execPath, [NPM_START], { cwd: folder, env: { ...process.env, PORT: 'abc' } });
  expect(built.stderr.toString()).toMatch(/^Tollgate did not start: PORT/);
}, TIME_TO_BUILD_MS);

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
    await child.ended;
  }
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const run = (env: Readonly<Record<string, string>>, { program = MAIN, cwd = folder } = {}): ChildServer => {
  const child = startChild({ args: [program], cwd, env });
  children.push(child);
  return child;
};

const send = async (port: number, key: string, document: string, path = '/graphql') => {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ query: document }),
  });
  const body: unknown = await response.json();
  return { status: response.status, body };
};

const NEAREST_3 = '{ nearest(lat: 48.2, lon: 16.37, first: 3) { name } }';
const BALANCE = '{ billing { balance { available held } ledger { nodes { kind credits } } } }';

const CURL = /^ {2}curl -i (\S+) (.*)$/;

/** The request that a printed line makes: its address, its headers, and what it sends. */
const requestOf = (line: string): { readonly url: string; readonly init: RequestInit } => {
  const [, url = '', rest = ''] = CURL.exec(line) ?? [];
  const headers = [...rest.matchAll(/-H '([^':]+): ([^']+)'/g)].map(([, name = '', value = '']) => [name, value]);
  const body = /-d '([^']+)'$/.exec(rest)?.[1] ?? '';
  return { url, init: { method: 'POST', headers: Object.fromEntries(headers), body } };
};

describe('npm start', () => {
  it(
    'needs no settings: it serves the demo from a file of its own, and prints lines that do what they say',
    async () => {
      const port = await freePort();
      const printed = await run({ PORT: String(port) }, { program: NPM_START }).started;
      expect(printed.split('\n')).toEqual([
        `Tollgate serves Atlas at http://127.0.0.1:${port}/graphql`,
        '',
        'Keys of this demo:',
        '  demo-free    No subscription, no credits',
        '  demo-payg    100 credits, no subscription',
        '  demo-pro     Plan pro, 500 credits',
        '  demo-lapsed  Was on plan pro; its card expired and the grace is over',
        `  demo-owner   Administers, at http://127.0.0.1:${port}/admin/graphql`,
        '',
        'Served free, without a key:',
        expect.stringMatching(CURL),
        '',
        'Charged, 1 credit for each city that it finds:',
        expect.stringMatching(CURL),
        '',
        'Refused with 402, which says what is missing:',
        expect.stringMatching(CURL),
        '',
        `In a browser: http://127.0.0.1:${port}/graphql and http://127.0.0.1:${port}/admin/graphql`,
        '',
      ]);
      const answers: { readonly status: number; readonly body: unknown }[] = [];
      for (const line of printed.split('\n').filter((each) => CURL.test(each))) {
        const { url, init } = requestOf(line);
        const response = await fetch(url, init);
        const body: unknown = await response.json();
        answers.push({ status: response.status, body });
      }
      expect(answers).toEqual([
        { status: 200, body: { data: { country: { name: 'Austria', capital: ['Vienna'] } } } },
        {
          status: 200,
          body: {
            data: { nearest: [{ name: 'Vienna' }, { name: 'Vösendorf' }, { name: 'Leopoldsdorf' }] },
            extensions: paymentOf('Query.nearest', { charged: 3, balance: 97 }),
          },
        },
        {
          status: 402,
          body: {
            errors: [
              {
                message:
                  'Query.nearest costs 3 credits, and 0 are available. Add funds, or subscribe to a plan that covers it: pro.',
                locations: [{ line: 1, column: 3 }],
                path: ['nearest'],
                extensions: {
                  code: 'PAYMENT_REQUIRED',
                  reason: 'INSUFFICIENT_FUNDS',
                  remedy: 'ADD_FUNDS',
                  remedyUrl: expect.stringMatching(`^http://127.0.0.1:${port}/refusals/[\\w-]{21}$`),
                  docs: `http://127.0.0.1:${port}/errors/insufficient-funds`,
                  coordinate: 'Query.nearest',
                  feature: 'geocoding',
                  required: 3,
                  available: 0,
                  plans: ['pro'],
                  resetAt: null,
                  retryable: false,
                  refusalId: expect.any(String),
                },
              },
            ],
          },
        },
      ]);
      const remedyUrl = partAt(answers[2]?.body, 'errors', 0, 'extensions', 'remedyUrl');
      const page = await fetch(String(remedyUrl));
      expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<h1>Put it right</h1>')]);
      const docs = await fetch(String(partAt(answers[2]?.body, 'errors', 0, 'extensions', 'docs')));
      expect([docs.status, await docs.text()]).toEqual([200, expect.stringContaining('<h1>Insufficient funds</h1>')]);
    },
    TIME_TO_BUILD_MS,
  );

  it('a second time finds the same data, after a stop and after a crash: what was spent stays spent', async () => {
    const port = await freePort();
    const cwd = mkdtempSync(join(folder, 'twice-'));
    const first = run({ PORT: String(port) }, { cwd });
    await first.started;
    expect((await send(port, 'demo-payg', NEAREST_3)).status).toBe(200);
    first.kill('SIGTERM');
    expect(await first.ended).toEqual({
      code: 0,
      signal: null,
      stdout: expect.any(String),
      stderr: expect.any(String),
    });

    const second = run({ PORT: String(port) }, { cwd });
    await second.started;
    const charge = { kind: 'CHARGE', credits: -3 };
    const grant = { kind: 'GRANT', credits: 100 };
    expect(await send(port, 'demo-payg', BALANCE)).toEqual({
      status: 200,
      body: { data: { billing: { balance: { available: 97, held: 0 }, ledger: { nodes: [charge, grant] } } } },
    });
    expect((await send(port, 'demo-payg', NEAREST_3)).status).toBe(200);
    second.kill('SIGKILL');
    expect((await second.ended).signal).toBe('SIGKILL');

    await run({ PORT: String(port) }, { cwd }).started;
    expect(await send(port, 'demo-payg', BALANCE)).toEqual({
      status: 200,
      body: { data: { billing: { balance: { available: 94, held: 0 }, ledger: { nodes: [charge, charge, grant] } } } },
    });
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends with code 0 on %s, while a client keeps its connection',
    async (signal) => {
      const port = await freePort();
      const child = run({
        PORT: String(port),
        DATABASE_URL: 'sqlite::memory:',
        TOLLGATE_DEMO: 'true',
        LOG_LEVEL: 'warn',
      });
      await child.started;
      expect((await send(port, 'demo-payg', NEAREST_3)).status).toBe(200);
      child.kill(signal);
      expect(await child.ended).toEqual({ code: 0, signal: null, stdout: expect.any(String), stderr: '' });
    },
  );

  it('tells those who watch it: a log line, metrics at an address of their own, a trace; the last of it when it ends', async () => {
    const traces: string[] = [];
    const collector = createHttpServer((request, response) => {
      traces.push(request.url ?? '');
      request.resume().on('end', () => response.end('{}'));
    }).listen(0, '127.0.0.1');
    await once(collector, 'listening');
    const address = collector.address();
    const [port, metricsPort] = [await freePort(), await freePort()];
    const child = run({
      PORT: String(port),
      DATABASE_URL: 'sqlite::memory:',
      TOLLGATE_DEMO: 'true',
      LOG_LEVEL: 'info',
      TOLLGATE_METRICS: `127.0.0.1:${metricsPort}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    });
    await child.started;
    expect((await send(port, 'demo-payg', NEAREST_3)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${port}/metrics`)).status).toBe(404);
    const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    expect(metrics).toContain('tollgate_credits_charged_total 3');
    expect(metrics).toContain('process_cpu_seconds_total');
    child.kill('SIGTERM');
    const { code, stderr } = await child.ended;
    collector.close();
    expect(code).toBe(0);
    expect(stderr.split('\n').filter((line) => line.includes('"charged":3'))).toHaveLength(1);
    expect(traces).toEqual(['/v1/traces']);
  });

  it('serves metrics beside everything else in the demo', async () => {
    const port = await freePort();
    await run({ PORT: String(port), DATABASE_URL: 'sqlite::memory:', TOLLGATE_DEMO: 'true' }).started;
    expect((await fetch(`http://127.0.0.1:${port}/metrics`)).status).toBe(200);
  });

  it('knows no demo key where a database is named', async () => {
    const port = await freePort();
    const child = run({ PORT: String(port), DATABASE_URL: 'sqlite::memory:' });
    const printed = await child.started;
    expect(printed.split('\n')).toEqual([
      `Tollgate serves Atlas at http://127.0.0.1:${port}/graphql`,
      '',
      `The owner's key for http://127.0.0.1:${port}/admin/graphql, shown this once:`,
      expect.stringMatching(/^ {2}tgo_[\w-]{32}$/),
      '',
    ]);
    expect((await send(port, 'demo-payg', NEAREST_3)).status).toBe(401);
    expect((await send(port, 'demo-owner', '{ me { id } }', '/admin/graphql')).status).toBe(401);
    const owner = printed.split('\n')[3]?.trim() ?? '';
    expect(await send(port, owner, '{ me { id role } }', '/admin/graphql')).toEqual({
      status: 200,
      body: { data: { me: { id: 'owner', role: 'OWNER' } } },
    });
  });
});

describe('a start that fails says in one line what to do, and ends with code 1', () => {
  const expectOneLine = async (child: ChildServer, line: RegExp): Promise<void> => {
    const { code, stdout, stderr } = await child.ended;
    expect({ code, stdout, lines: stderr.split('\n') }).toEqual({
      code: 1,
      stdout: '',
      lines: [expect.stringMatching(line), ''],
    });
  };

  it('where the port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      await expectOneLine(
        run({ PORT: String(port), DATABASE_URL: 'sqlite::memory:', TOLLGATE_DEMO: 'true' }),
        new RegExp(
          `^Tollgate did not start: Port ${port} on 127\\.0\\.0\\.1 is in use\\. .*PORT=${port + 1} npm start$`,
        ),
      );
    } finally {
      taken.close();
    }
  });

  it('where the address for metrics is taken', async () => {
    const port = await freePort();
    const taken = createServer().listen(port, '127.0.0.1');
    await once(taken, 'listening');
    try {
      await expectOneLine(
        run({ PORT: String(await freePort()), DATABASE_URL: 'sqlite::memory:', TOLLGATE_METRICS: `127.0.0.1:${port}` }),
        new RegExp(`^Tollgate did not start: TOLLGATE_METRICS can't be 127\\.0\\.0\\.1:${port}: .*EADDRINUSE`),
      );
    } finally {
      taken.close();
    }
  });

  it('where the folder can’t be written', async () => {
    // A folder beneath a file can't be made by anybody, not even by root.
    writeFileSync(join(folder, 'file'), '');
    await expectOneLine(
      run({ DATABASE_URL: 'sqlite:./file/data/tollgate.db' }),
      /^Tollgate did not start: The database .*file.data.tollgate\.db can't be opened for writing. Let this user write .*choose another path.$/,
    );
  });

  it('where the file is no database', async () => {
    writeFileSync(join(folder, 'letter.db'), 'This is a letter. '.repeat(100));
    await expectOneLine(run({ DATABASE_URL: 'sqlite:./letter.db' }), /^Tollgate did not start: .*letter\.db/);
  });

  it('where the database does not answer', async () => {
    const url = `mongodb://127.0.0.1:${await freePort()}/tollgate?serverSelectionTimeoutMS=200`;
    await expectOneLine(run({ DATABASE_URL: url }), /^Tollgate did not start: .*MongoDB/);
  });

  it.each([
    [{ PORT: 'abc' }, /^Tollgate did not start: PORT must be a port/],
    [
      { DATABASE_URL: 'postgres://user:secret@host/db' },
      /^Tollgate did not start: DATABASE_URL must begin with sqlite:/,
    ],
    [{ HOST: '0.0.0.0' }, /^Tollgate did not start: HOST is 0\.0\.0\.0, and demo keys .*127\.0\.0\.1/],
    [{ HOST: '0.0.0.0', TOLLGATE_DEMO: 'false' }, /^Tollgate did not start: HOST is 0\.0\.0\.0, and nobody has chosen/],
    [{ LOG_LEVEL: 'loud', PORT: '-1' }, /^Tollgate did not start: PORT must be .*; LOG_LEVEL must be one of/],
  ])('where the settings are wrong: %o', async (env, line) => {
    await expectOneLine(run(env), line);
  });

  it('where HOST is no address of this machine', async () => {
    const TOLLGATE_OWNER_KEY = 'owner-of-sixteen-';
    const env = {
      HOST: '192.0.2.1',
      DATABASE_URL: 'sqlite::memory:',
      PORT: String(await freePort()),
      TOLLGATE_OWNER_KEY,
    };
    await expectOneLine(run(env), /^Tollgate did not start: HOST is 192\.0\.2\.1, which is no address of this machine/);
  });
});
