/**
 * The README's server is run as it stands there, and so is the script of docs/operations.md. `tollgate` is mapped to
 * `src/index.ts` and `tollgate/apollo` to `src/apollo.ts`, not left to the package's own `exports`: those lead to `dist`, which tests don't build, and which may
 * be of another day.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeBlockWith, readPage, ROOT } from './markdown.js';

/** Inside the project, so that imports of packages resolve, and in a folder that git and the checks leave out. */
const parent = join(ROOT, 'reports');
let folder: string;
const started: ChildProcess[] = [];

beforeAll(() => {
  mkdirSync(parent, { recursive: true });
  folder = mkdtempSync(join(parent, 'readme-'));
  const paths = { tollgate: [join(ROOT, 'src/index.ts')], 'tollgate/apollo': [join(ROOT, 'src/apollo.ts')] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: { allowJs: true, paths } }));
});

afterAll(async () => {
  for (const child of started.filter(({ exitCode }) => exitCode === null)) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a script in the folder and resolves with the first line that it prints. */
const run = async (name: string, code: string, env: Readonly<Record<string, string>>): Promise<string> => {
  writeFileSync(join(folder, name), code);
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), name], {
    cwd: folder,
    env: { PATH: '', NODE_ENV: 'production', TSX_TSCONFIG_PATH: join(folder, 'tsconfig.json'), ...env },
  });
  started.push(child);
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += String(chunk)));
  return new Promise((resolve, reject) => {
    child.stdout.once('data', (chunk: Buffer) => {
      resolve(String(chunk).trim());
    });
    child.once('exit', (code) => {
      reject(new Error(`${name} ended with ${code} and printed nothing. ${errors}`));
    });
  });
};

describe('the server in the README', () => {
  let url = '';
  let key = '';
  beforeAll(async () => {
    const code = codeBlockWith(readPage('README.md'), 'js', 'ApolloServer');
    const printed = await run('weather.mjs', code, { PORT: '0' });
    [, url = '', key = ''] = /^(http\S+) is open\. The key of Acme Inc\.: (tg_\S+)$/.exec(printed) ?? [];
  });

  const query = async (document: string, secret?: string) => {
    const headers = { 'content-type': 'application/json', ...(secret && { authorization: `Bearer ${secret}` }) };
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query: document }) });
    return { status: response.status, body: await response.json() };
  };

  it('serves what is free without a key', async () => {
    expect(await query('{ motto }')).toEqual({ status: 200, body: { data: { motto: 'Rain or shine' } } });
  });

  it('refuses what is paid without a key', async () => {
    expect(await query('{ forecast }')).toEqual({
      status: 401,
      body: { errors: [expect.objectContaining({ extensions: expect.objectContaining({ reason: 'KEY_REQUIRED' }) })] },
    });
  });

  it('charges what was granted, and refuses with 402 what the rest does not pay for', async () => {
    expect(await query('{ forecast(days: 4) }', key)).toEqual({
      status: 200,
      body: {
        data: { forecast: 'sunny sunny sunny sunny ' },
        extensions: {
          payment: {
            charged: 8,
            balance: 2,
            fields: [{ coordinate: 'Query.forecast', positions: 1, credits: 8, coveredBy: null }],
          },
        },
      },
    });
    expect(await query('{ forecast(days: 4) }', key)).toEqual({
      status: 402,
      body: {
        errors: [
          {
            message: 'Query.forecast costs 8 credits, and 2 are available. Add funds.',
            locations: [{ line: 1, column: 3 }],
            path: ['forecast'],
            extensions: {
              code: 'PAYMENT_REQUIRED',
              reason: 'INSUFFICIENT_FUNDS',
              remedy: 'ADD_FUNDS',
              remedyUrl: null,
              docs: null,
              coordinate: 'Query.forecast',
              feature: null,
              required: 8,
              available: 2,
              plans: [],
              resetAt: null,
              retryable: false,
              refusalId: expect.any(String),
            },
          },
        ],
      },
    });
  });
});

it('the script in docs/operations.md makes a customer with a key', async () => {
  const code = codeBlockWith(readPage('docs/operations.md'), 'js', 'createAccount');
  const printed = await run('customer.mjs', code, { DATABASE_URL: 'sqlite:./customers.db' });
  expect(printed).toMatch(/^tg_[\w-]{32}$/);
});
