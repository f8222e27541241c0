/** GraphiQL is bundled beside a server that listens already, so the server waits for it and not the other way round. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify from 'fastify';
import { afterEach, expect, it } from 'vitest';
import { serveGraphiql } from '../../../../src/server/pages/serveGraphiql.js';

const folder = mkdtempSync(join(tmpdir(), 'tollgate-graphiql-'));
const bundle = join(folder, 'dist');
const accept = 'text/html';

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

it('a page whose bundle is not there yet says so, and is there as soon as the bundle is', async () => {
  const server = Fastify();
  await serveGraphiql(server, { '/graphql': { title: 'Atlas', tabs: [] } }, bundle);
  const open = async (url: string) => {
    const { statusCode, headers, body } = await server.inject({ url, headers: { accept } });
    return { statusCode, refresh: headers.refresh ?? null, body };
  };

  const early = await open('/graphql');
  expect(early).toMatchObject({ statusCode: 503, refresh: '5', body: expect.stringContaining('npm run build') });
  expect((await open('/graphiql/assets/page.js')).statusCode).toBe(404);

  mkdirSync(join(bundle, 'assets'), { recursive: true });
  writeFileSync(join(bundle, 'assets', 'page.js'), '// the page');
  writeFileSync(join(bundle, 'index.html'), '<script type="application/json" id="settings"></script>');

  expect(await open('/graphql')).toEqual({
    statusCode: 200,
    refresh: null,
    body: '<script type="application/json" id="settings">{"endpoint":"/graphql","title":"Atlas","tabs":[]}</script>',
  });
  expect(await open('/graphiql/assets/page.js')).toEqual({ statusCode: 200, refresh: null, body: '// the page' });
});
