/** The README is short, and what it shows is what comes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAtlas } from '../../src/demo/createAtlas.js';
import { loadAtlas } from '../../src/demo/loadAtlas.js';
import { welcome } from '../../src/server/welcome.js';
import { startServer } from '../support/server.js';
import type { TestServer } from '../support/server.js';
import { codeBlocks, codeBlockWith, countWords, readPage, ROOT } from './markdown.js';
import { runInShell } from './shell.js';

const PUBLIC_URL = 'http://127.0.0.1:4000';
const WORDS_MAX = 1_500;
const readme = readPage('README.md');

describe('the README', () => {
  it(`has fewer than ${WORDS_MAX} words`, () => {
    expect(countWords(readme)).toBeLessThan(WORDS_MAX);
  });

  it('goes from two commands and the first 402 to a server of one’s own, within its first third', () => {
    const headings = readme.match(/^## .*$/gm) ?? [];
    expect(headings.slice(0, 4)).toEqual([
      '## Two commands',
      '## The first 402',
      '## The directive',
      '## In a server of your own',
    ]);
    const [before = ''] = readme.split('## In a server of your own');
    expect(countWords(before) * 3).toBeLessThanOrEqual(countWords(readme));
  });

  it('begins with two commands, which are scripts of package.json', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object };
    const commands = codeBlocks(readme, 'sh').filter((command) => command.startsWith('npm ci'));
    expect(commands).toEqual(['npm ci && npm start\n', 'npm ci && npm test\n']);
    expect(scripts).toMatchObject({ start: 'node scripts/start.mjs', test: 'node scripts/check.mjs' });
  });

  it('shows how the print of the first command begins, and the curl line of its refusal', () => {
    const product = createAtlas();
    const printed = welcome({ publicUrl: PUBLIC_URL, product, seed: product.seed ?? null });
    expect(printed.startsWith(codeBlockWith(readme, 'text', 'Keys of this demo'))).toBe(true);
    expect(printed.split('\n').map((line) => line.trim())).toContain(refused.trim());
  });

  it('counts countries and cities as they are', () => {
    const { countries, cities } = loadAtlas();
    expect(readme).toContain(`${countries.length} countries`);
    expect(readme).toContain(`${cities.length.toLocaleString('en')} cities`);
  });
});

const refused = codeBlockWith(readme, 'sh', 'Bearer demo-free');
const grant = codeBlockWith(readme, 'sh', 'grantCredits');

describe('the first 402', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.close());

  const run = async (command: string) => {
    const { code, stdout } = await runInShell(command.replaceAll(PUBLIC_URL, server.url));
    const [head = '', ...rest] = stdout.split('\r\n\r\n');
    return { code, head: rest.length > 0 ? head : '', body: rest.length > 0 ? rest.join('') : stdout };
  };

  it('comes as the README shows it, is put right by its second command, and then is served', async () => {
    const first = await run(refused);
    expect(first).toMatchObject({ code: 0, head: expect.stringMatching(/^HTTP\/1\.1 402 Payment Required/) });
    expect(JSON.parse(first.body)).toMatchObject(JSON.parse(codeBlockWith(readme, 'json', 'INSUFFICIENT_FUNDS')));

    const { code, body } = await run(grant);
    const granted: unknown = JSON.parse(body);
    expect({ code, granted }).toEqual({
      code: 0,
      granted: { data: { grantCredits: { balance: { available: 50 } } } },
    });

    const second = await run(refused);
    expect(second).toMatchObject({ code: 0, head: expect.stringMatching(/^HTTP\/1\.1 200 OK/) });
    const [, shown = ''] = /`("charged":\d+,"balance":\d+)`/.exec(readme) ?? [];
    expect(shown).not.toBe('');
    expect(second.body).toContain(shown);
    expect(JSON.parse(second.body)).toMatchObject({ data: { nearest: [{}, {}, {}] } });
  });
});
