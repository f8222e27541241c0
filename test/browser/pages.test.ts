/** The pages for people, as a browser shows them: readable by everybody, at any width, in the dark, by the keyboard. */
import { describe, expect, it } from 'vitest';
import { createAtlas } from '../../src/demo/createAtlas.js';
import { graphiqlPages } from '../../src/server/pages/serveGraphiql.js';
import { useServers } from '../support/runningServers.js';
import { expectAccessible, isChromiumMissing, keepScreenshot, LOOKS, useChromium } from './chromium.js';

const start = useServers();
const open = useChromium();

describe.skipIf(isChromiumMissing)('a page', () => {
  const pages = { home: '/', errors: '/errors', error: '/errors/insufficient-funds', remedies: '/remedies' };

  it.each(Object.entries(pages))('%s keeps nobody out, wide, narrow and dark', async (name, path) => {
    const { url } = await start();
    for (const [look, settings] of Object.entries(LOOKS)) {
      const page = await open(settings);
      const requests: string[] = [];
      page.on('request', (request) => requests.push(request.url()));
      await page.goto(url + path);
      await expectAccessible(page);
      await keepScreenshot(page, `${name}-${look}`);
      expect(requests.filter((each) => !each.startsWith('data:'))).toEqual([url + path]);
      await page.close();
    }
  });

  it('leads by the keyboard from one to the next', async () => {
    const { url } = await start();
    const page = await open();
    await page.goto(url);
    for (const name of ['Tollgate', 'Errors', 'Remedies']) {
      await page.keyboard.press('Tab');
      expect(await page.locator(':focus').textContent()).toBe(name);
    }
    await page.keyboard.press('Enter');
    await page.waitForURL(`${url}/remedies`);
    await page.close();
  });
});

describe.skipIf(isChromiumMissing)('GraphiQL outside a demo', () => {
  const graphiql = graphiqlPages(createAtlas(), { isDemo: false, introspection: true });

  it.each([
    ['/graphql', 'nearest'],
    ['/admin/graphql', 'auditLog'],
  ])(
    '%s opens with its schema, before anybody has a key',
    async (path, field) => {
      const { url } = await start({ graphiql });
      const page = await open();
      const statuses: number[] = [];
      page.on('response', (response) => {
        if (response.request().method() === 'POST') statuses.push(response.status());
      });
      await page.goto(url + path);
      await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
      await page.getByRole('link', { name: 'Query', exact: true }).click();
      await page.getByRole('link', { name: field, exact: true }).first().waitFor();
      expect(statuses.filter((status) => status !== 200)).toEqual([]);
    },
    180_000,
  );
});
