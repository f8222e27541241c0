/** What the README says that the commands print is what they print, and its answers are what the server answers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadAtlas } from '../../src/demo/atlasData.js';
import { welcome } from '../../src/demo/welcome.js';
import { REASONS } from '../../src/domain/refusal.js';
import { remedySlug } from '../../src/server/pages/remedyPage.js';
import { startServer } from '../support/server.js';
import type { Answer, TestServer } from '../support/server.js';
import { codeBlocks, codeBlockWith, readPage, ROOT } from './markdown.js';

const PUBLIC_URL = 'http://127.0.0.1:4000';
const readme = readPage('README.md');

describe('the commands of the README', () => {
  it('are scripts of package.json', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object };
    const commands = codeBlocks(readme, 'sh').filter((command) => command.startsWith('npm ci'));
    expect(commands).toEqual(['npm ci && npm start\n', 'npm ci && npm test\n']);
    expect(scripts).toMatchObject({ start: expect.any(String), test: expect.any(String) });
  });

  it('print what the README shows, curl lines and all', () => {
    const printed = welcome({ publicUrl: PUBLIC_URL, isDemo: true });
    expect(codeBlockWith(readme, 'text', 'curl')).toBe(`${printed}\n`);
  });

  it('serve as many countries and cities as the README says', () => {
    const { countries, cities } = loadAtlas();
    expect(readme).toContain(`${countries.length} countries`);
    expect(readme).toContain(`${cities.length.toLocaleString('en')} cities`);
  });
});

describe('the answers in the README', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({
      remedyUrl: (remedy) => `${PUBLIC_URL}/remedies/${remedySlug(remedy)}`,
      docsUrl: (cause) => `${PUBLIC_URL}/errors/${cause}`,
    });
  });
  afterAll(() => server.close());

  /** Each refusal has an id of its own. */
  const withoutIds = (body: unknown): unknown =>
    JSON.parse(JSON.stringify(body), (key, value: unknown) => (key === 'refusalId' ? typeof value : value));

  it.each(examplesOf(readme))('are those of the server: $title', async ({ key, status, query, response }) => {
    const answer: Answer = await server.query(key, query);
    expect({ status: answer.status, body: withoutIds(answer.body) }).toEqual({ status, body: withoutIds(response) });
  });

  it('are those of the server: what it cost', async () => {
    const [, query = '', key = ''] = /`(\{ country[^`]*distance[^`]*)` as\s+`([\w-]+)`/.exec(readme) ?? [];
    const { body } = await server.query(key, query);
    expect(body).toMatchObject({
      extensions: { payment: JSON.parse(codeBlockWith(readme, 'json', 'City.distance')) },
    });
  });

  it('can be asked for beforehand with the query that the README names', async () => {
    const [, query = ''] = /`(\{ billing[^`]*terms[^`]*)`/.exec(readme) ?? [];
    const { status, body } = await server.query('demo-payg', query);
    expect({ status, body }).toMatchObject({ status: 200, body: { data: { billing: { terms: expect.any(Array) } } } });
  });
});

it('the README names every reason of a refusal, with its remedy and its code', () => {
  const rows = readme.split('\n').filter((line) => line.startsWith('| `'));
  for (const [reason, { remedy, code }] of Object.entries(REASONS)) {
    const row = rows.find((each) => each.includes(`\`${reason}\``));
    expect(row, reason).toContain(`\`${remedy}\``);
    expect(row, reason).toContain(`\`${code}\``);
  }
});

interface Example {
  readonly title: string;
  /** `null`: without one. */
  readonly key: string | null;
  readonly status: number;
  readonly query: string;
  readonly response: unknown;
}

/** "**Charged.** As `demo-payg`, `200`" and the two code blocks after it: an operation and its answer. */
function examplesOf(markdown: string): readonly Example[] {
  const form =
    /^\*\*(\w+)\.\*\* (?:Without a key|As `([\w-]+)`), `(\d+)`[^`]*```graphql\n([\s\S]*?)```\s*```json\n([\s\S]*?)```/gm;
  const examples = [...markdown.matchAll(form)].map(([, title = '', key, status, query = '', response = '']) => ({
    title,
    key: key ?? null,
    status: Number(status),
    query: query.trim(),
    response: JSON.parse(response) as unknown,
  }));
  expect(examples.map(({ title }) => title)).toEqual(['Served', 'Charged', 'Partial', 'Refused']);
  return examples;
}
