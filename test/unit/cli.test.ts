/** `tollgate` as a script runs it, against the running server. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { partAt } from '../support/bodies.js';
import { OWNER, World } from '../http/admin/world.js';

const CLI = resolve(import.meta.dirname, '../../src/cli.ts');

let world: World;
let folder = '';
beforeAll(async () => {
  world = await World.open();
  folder = mkdtempSync(join(tmpdir(), 'tollgate-cli-'));
});
afterAll(async () => {
  await world.server.close();
  rmSync(folder, { recursive: true, force: true });
});

const run = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), CLI, ...args], {
    env: { PATH: '', TOLLGATE_URL: world.server.url, TOLLGATE_OPERATOR_KEY: OWNER, ...env },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk: Buffer) => (stderr += String(chunk)));
  await once(child, 'close');
  return { code: child.exitCode, stdout, stderr };
};

const fileOf = (text: string): string => {
  const path = join(folder, 'plans.yaml');
  writeFileSync(path, text);
  return path;
};

const FILE = `plans:
  - id: basic
    name: Basic
    amountMinor: 900
    currency: EUR
    interval: MONTH
    features:
      - feature: covered
      - { feature: paid, limit: 10, per: DAY, whenExhausted: CREDITS }
    trialDays: 7
  - id: team
    name: Team
    amountMinor: 9900
    currency: EUR
    interval: YEAR
`;

describe('plans apply', () => {
  it('shows with --dry-run what it would do, does it, and a second time does nothing', async () => {
    const path = fileOf(FILE);
    const done = (stdout: string) => ({ code: 0, stdout, stderr: '' });
    expect(await run(['plans', 'apply', path, '--dry-run'])).toEqual(done('+ basic\n+ team\n'));
    expect(await world.ask('{ plan(id: "basic") { id } }')).toEqual({ plan: null });
    expect(await run(['plans', 'apply', path])).toEqual(done('+ basic\n+ team\n'));
    expect(await run(['plans', 'apply', path])).toEqual(done('= basic\n= team\n'));

    const dearer = fileOf(FILE.replace('amountMinor: 900\n', 'amountMinor: 1000\n'));
    const edited = done('~ basic\n    amountMinor: 900 → 1000\n= team\n');
    expect(await run(['plans', 'apply', dearer, '--dry-run'])).toEqual(edited);
    expect(await run(['plans', 'apply', dearer])).toEqual(edited);
    expect(await world.ask('{ plan(id: "basic") { version status amountMinor } }')).toEqual({
      plan: { version: 3, status: 'ACTIVE', amountMinor: 1_000 },
    });

    const { stdout } = await run(['plans', 'export']);
    expect(await run(['plans', 'apply', fileOf(stdout)])).toEqual(done('= basic\n= team\n'));
  }, 60_000);

  it('does the same with packs: put on sale, changed, and left alone the second time', async () => {
    const small = (credits: number) =>
      fileOf(`packs:\n  - { id: cli-small, name: Small, credits: ${credits}, amountMinor: 500, currency: EUR }\n`);
    expect(await run(['plans', 'apply', small(500), '--dry-run'])).toMatchObject({ code: 0, stdout: '+ cli-small\n' });
    expect(await run(['plans', 'apply', small(500)])).toMatchObject({ code: 0, stdout: '+ cli-small\n' });
    expect(await run(['plans', 'apply', small(500)])).toMatchObject({ code: 0, stdout: '= cli-small\n' });
    const changed = await run(['plans', 'apply', small(700)]);
    expect(changed).toMatchObject({ code: 0, stdout: '~ cli-small\n    credits: 500 → 700\n' });
    expect((await run(['plans', 'export'])).stdout).toContain('credits: 700');
  }, 60_000);

  it('publishes a draft that is there, changed where it differs', async () => {
    await world.do('createPlanDraft', {
      planId: 'drafted',
      plan: { name: 'D', amountMinor: 1, currency: 'EUR', interval: 'MONTH', features: [] },
    });
    const path = fileOf('plans: [{ id: drafted, name: D, amountMinor: 2, currency: EUR, interval: MONTH }]');
    expect((await run(['plans', 'apply', path])).stdout).toBe('^ drafted\n    amountMinor: 1 → 2\n');
    expect(await world.ask('{ plan(id: "drafted") { version status } }')).toEqual({
      plan: { version: 3, status: 'ACTIVE' },
    });
  });

  it.each([
    ['no YAML', 'plans: [', 'The file is no YAML'],
    ['a field that is none', 'plans: [{ id: a, price: 3 }]', 'plans.0'],
    ['no plans', '{}', 'plans: '],
  ])('says what is wrong with %s', async (_name, text, said) => {
    const { code, stderr } = await run(['plans', 'apply', fileOf(text)]);
    expect(code).toBe(1);
    expect(stderr).toContain(`tollgate: ${said}`);
  });
});

it('keys issue prints a secret that works, and the same one for the same call', async () => {
  const account = await world.account(10);
  const args = ['keys', 'issue', account, '--scope', 'paid', '--idempotency-key', 'script-1'];
  const first = await run(args);
  expect(first).toEqual({ code: 0, stdout: expect.stringMatching(/^tg_[\w-]{32}\n$/), stderr: '' });
  expect(await run(args)).toEqual(first);
  const { status } = await world.server.query(first.stdout.trim(), '{ paid }');
  expect(status).toBe(200);
});

it('keys issue takes a budget', async () => {
  const account = await world.account(10);
  const { stdout } = await run(['keys', 'issue', account, '--budget', '5/day']);
  expect((await world.server.query(stdout.trim(), '{ paid }')).status).toBe(200);
  expect((await world.server.query(stdout.trim(), '{ paid }')).body).toMatchObject({
    errors: [{ extensions: { reason: 'KEY_BUDGET_REACHED', required: 5, available: 0 } }],
  });
  const wrong = await run(['keys', 'issue', account, '--budget', 'much/day']);
  expect({ code: wrong.code, stdout: wrong.stdout }).toEqual({ code: 1, stdout: '' });
});

it('export prints all accounts, a line each, without secrets', async () => {
  const account = await world.account(3);
  const { secret } = await world.keyOf(account);
  const { stdout } = await run(['export']);
  const lines = stdout.trim().split('\n');
  const mine = lines.map((line) => JSON.parse(line) as unknown).find((each) => partAt(each, 'id') === account);
  expect(mine).toMatchObject({ balance: { available: 3 }, subscription: null, apiKeys: { nodes: [{ scopes: null }] } });
  expect(stdout).not.toContain(secret);
});

it.each([
  [{ TOLLGATE_OPERATOR_KEY: '' }, 'Set TOLLGATE_OPERATOR_KEY'],
  [{ TOLLGATE_OPERATOR_KEY: 'tgo_unknown' }, 'This is for operators.'],
  [{ TOLLGATE_URL: 'http://127.0.0.1:1' }, 'http://127.0.0.1:1/admin/graphql can'],
])('says in one line what is wrong: %o', async (env, said) => {
  const { code, stdout, stderr } = await run(['export'], env);
  expect({ code, stdout, lines: stderr.trim().split('\n').length }).toEqual({ code: 1, stdout: '', lines: 1 });
  expect(stderr).toContain(`tollgate: ${said}`);
});
