/** Every reason for which a client can be refused has a page that says what it means and how to put it right. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REASONS, REFUSAL_CAUSES, REFUSAL_REASONS } from '../../src/domain/refusal.js';
import { readPage, ROOT } from '../docs/markdown.js';
import { startServer } from '../support/server.js';
import type { TestServer } from '../support/server.js';

const PAGES = join(ROOT, 'docs', 'errors');

describe('docs/errors', () => {
  it('has a page for each cause and no other', () => {
    expect(readdirSync(PAGES).sort()).toEqual(REFUSAL_CAUSES.map((cause) => `${cause}.md`).sort());
  });

  it.each(REFUSAL_REASONS)('explains %s, to clients and to operators', (reason) => {
    const { cause, code } = REASONS[reason];
    expect(existsSync(join(PAGES, `${cause}.md`))).toBe(true);
    const page = readPage(`docs/errors/${cause}.md`);
    expect(page).toContain(`\`${reason}\``);
    expect(page).toContain(`\`${code}\``);
    for (const heading of ['## What it means', '## How to see it', '## How to put it right']) {
      expect(page).toContain(`\n${heading}\n`);
    }
    expect(page).toMatch(/^\*\*As a client\.\*\*/m);
    expect(page).toMatch(/^\*\*As an operator\.\*\*/m);
  });
});

describe('the server', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.close());

  it.each(REFUSAL_CAUSES)('shows the page about %s', async (cause) => {
    const { status, headers, body } = await server.request(`/errors/${cause}`);
    expect([status, headers]).toEqual([200, { 'content-type': 'text/html; charset=utf-8' }]);
    const title = /^# (.+)$/m.exec(readPage(`docs/errors/${cause}.md`))?.[1] ?? '';
    expect(body).toContain(`<h1>${title}</h1>`);
    expect(body).toContain('<h2>How to put it right</h2>');
  });

  it('follows the links between pages as they are written in the files', async () => {
    expect((await server.request('/errors/paid-content.md')).status).toBe(200);
  });

  it.each(['nothing', '..%2Foperations', '..%2f..%2fpackage.json', 'README'])('has no page %s', async (name) => {
    expect((await server.request(`/errors/${name}`)).status).toBe(404);
  });
});
