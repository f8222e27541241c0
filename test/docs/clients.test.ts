/** What docs/clients.md says of answers is what the server answers, and it leaves out no status and no reason. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STATUS_OF } from '../../src/http/responseHead.js';
import { REASONS } from '../../src/domain/refusal.js';
import { remedyAddress } from '../../src/server/pages/remedyPage.js';
import { startServer } from '../support/server.js';
import type { Answer, TestServer } from '../support/server.js';
import { codeBlockWith, readPage } from './markdown.js';

const PUBLIC_URL = 'http://127.0.0.1:4000';
const page = readPage('docs/clients.md');

describe('the answers in docs/clients.md', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({
      remedyUrl: (occasion) => remedyAddress(PUBLIC_URL, occasion),
      docsUrl: (cause) => `${PUBLIC_URL}/errors/${cause}`,
    });
  });
  afterAll(() => server.close());

  /** Each refusal has an id of its own. */
  const withoutIds = (body: unknown): unknown =>
    JSON.parse(JSON.stringify(body), (key, value: unknown) => {
      if (key === 'remedyUrl') return String(value).replace(/\/[\w-]{21}$/, '/id');
      return key === 'refusalId' ? typeof value : value;
    });

  it.each(examplesOf(page))('are those of the server: $title', async ({ key, status, query, response }) => {
    const answer: Answer = await server.query(key, query);
    expect({ status: answer.status, body: withoutIds(answer.body) }).toEqual({ status, body: withoutIds(response) });
  });

  it('are those of the server: what it cost', async () => {
    const [, query = '', key = ''] = /`(\{ country[^`]*distance[^`]*)` as\s+`([\w-]+)`/.exec(page) ?? [];
    const { body } = await server.query(key, query);
    expect(body).toMatchObject({
      extensions: { payment: JSON.parse(codeBlockWith(page, 'json', 'City.distance')) },
    });
  });
});

it('docs/clients.md names every reason of a refusal, with its remedy, its code and its status', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  for (const [reason, { remedy, code }] of Object.entries(REASONS)) {
    const row = rows.find((each) => each.includes(`\`${reason}\``));
    expect(row, reason).toContain(`\`${remedy}\``);
    expect(row, reason).toContain(`\`${code}\` ${STATUS_OF[code]} `);
  }
});

it('docs/clients.md names every status of an operation', () => {
  const named = page.match(/^\| \d{3}/gm)?.map((start) => Number(start.slice(2))) ?? [];
  expect(named).toEqual(expect.arrayContaining([200, 400, 409, 422, ...Object.values(STATUS_OF)]));
  expect(named).toEqual(named.toSorted((a, b) => a - b));
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
