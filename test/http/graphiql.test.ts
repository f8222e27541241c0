/** What a browser gets that opens an endpoint: GraphiQL, all of it from this server, with operations that work. */
import { describe, expect, it } from 'vitest';
import { ADMIN_EXAMPLES, EXAMPLES } from '../../src/demo/examples.js';
import type { Example } from '../../src/product.js';
import { tabOf } from '../../src/server/pages/serveGraphiql.js';
import { useServers } from '../support/runningServers.js';

const BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const PAGES = {
  '/graphql': { title: 'Atlas', tabs: EXAMPLES.map(tabOf) },
  '/admin/graphql': { title: 'Administration </script>', tabs: ADMIN_EXAMPLES.map(tabOf) },
};
const start = useServers({ graphiql: PAGES });

const open = async (url: string) => {
  const response = await fetch(url, { headers: BROWSER });
  return { status: response.status, headers: response.headers, text: await response.text() };
};

const settingsIn = (page: string): unknown =>
  JSON.parse(/<script type="application\/json" id="settings">(.*?)<\/script>/s.exec(page)?.[1] ?? 'null');

describe('an endpoint that is opened in a browser', () => {
  it.each(Object.entries(PAGES))('%s is GraphiQL for it, with operations', async (path, page) => {
    const { url } = await start();
    const { status, headers, text } = await open(url + path);
    expect({ status, type: headers.get('content-type') }).toEqual({ status: 200, type: 'text/html; charset=utf-8' });
    expect(settingsIn(text)).toEqual({ endpoint: path, ...page });
  });

  it('comes from this server alone, which is all that its policy allows', async () => {
    const { url } = await start();
    const { headers, text } = await open(`${url}/graphql`);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/https?:|\*/);
    const sources = [...text.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, source]) => source ?? '');
    const assets = sources.filter((source) => !source.startsWith('data:'));
    expect(assets.length).toBeGreaterThan(1);
    for (const asset of assets) {
      expect(asset).toMatch(/^\/graphiql\/assets\//);
      const { status, headers: head } = await open(url + asset);
      const type = asset.endsWith('.css') ? 'text/css' : 'application/javascript';
      expect([status, head.get('content-type'), head.get('cache-control')]).toEqual([
        200,
        `${type}; charset=utf-8`,
        'public, max-age=31536000, immutable',
      ]);
    }
  });

  it('gives nothing of the disk beside its own files', async () => {
    const { url } = await start();
    for (const path of ['made-of.txt', 'assets/', 'assets/..%2Fmade-of.txt', 'assets/%2e%2e/%2e%2e/page.js']) {
      expect((await open(`${url}/graphiql/${path}`)).status).toBeOneOf([403, 404]);
    }
  });

  it('answers clients of the API as before', async () => {
    const { url, query } = await start();
    expect((await query(null, '{ __typename }')).status).toBe(200);
    const path = `${url}/graphql?query=${encodeURIComponent('{ __typename }')}`;
    const response = await fetch(path, { headers: { ...BROWSER, 'apollo-require-preflight': 'true' } });
    expect([response.status, await response.json()]).toEqual([200, { data: { __typename: 'Query' } }]);
  });

  it('is no page at all where GraphiQL is off, and never one that loads from another host', async () => {
    const { url } = await start({ graphiql: undefined });
    for (const path of ['/graphql', '/admin/graphql']) {
      const { status, text } = await open(url + path);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(text).not.toContain('<script');
    }
    expect((await open(`${url}/graphiql/assets/index.js`)).status).toBe(404);
  });
});

describe('an operation of GraphiQL', () => {
  const sent = (operation: Example): string => tabOf(operation).query;

  it.each(EXAMPLES)('$name of the product does what it says', async (operation) => {
    const { query } = await start();
    const answer = await query(operation.key, sent(operation));
    expect(answer.status).toBe(operation.name === 'Refused' ? 402 : 200);
    const isRefused = operation.name === 'Refused' || operation.name === 'Partial';
    expect(Object.hasOwn(answer.body as object, 'errors')).toBe(isRefused);
  });

  it('of the operator is answered without an error, one after the other', async () => {
    const { admin, books } = await start();
    for (const operation of ADMIN_EXAMPLES) {
      const answer = await admin(operation.key, sent(operation));
      expect(answer).toMatchObject({ status: 200, body: { data: {} } });
      expect(answer.body).not.toHaveProperty('errors');
    }
    expect((await books('demo-free')).available).toBe(50);
  });
});
