/**
 * Chromium for tests that look at pages as people do. Where there is none the tests say so and are left out; in CI,
 * which installs it, they fail. What they saw is kept under reports/, which nobody needs to look at for them to pass.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, expect } from 'vitest';
import { ROOT } from '../docs/markdown.js';

const PLACES = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const executablePath = PLACES.find((place) => place !== undefined && existsSync(place));

/** Whether the tests of a file are left out. */
export const isChromiumMissing = executablePath === undefined && process.env['CI'] === undefined;
if (isChromiumMissing) {
  console.log('There is no Chromium here: set CHROMIUM=/path/to/it, or install it, as with apt-get install chromium');
}

/** How pages are looked at. */
export const LOOKS = {
  desktop: { viewport: { width: 1200, height: 850 } },
  narrow: { viewport: { width: 390, height: 844 } },
  dark: { viewport: { width: 1200, height: 850 }, colorScheme: 'dark' },
} as const satisfies Readonly<Record<string, BrowserContextOptions>>;

/** One browser for the tests of a file; each page that is opened is a visitor of its own. */
export const useChromium = () => {
  let started: Promise<Browser> | null = null;
  afterAll(async () => (await started)?.close());
  return async (look: BrowserContextOptions = LOOKS.desktop): Promise<Page> => {
    if (executablePath === undefined) throw new Error('There is no Chromium here, and CI must have it.');
    // Containers give it no sandbox of its own; it sees nothing but pages of these tests.
    started ??= chromium.launch({ executablePath, args: ['--no-sandbox'] });
    const page = await (await started).newPage(look);
    page.setDefaultTimeout(60_000);
    page.on('console', (message) => {
      // What a policy forbids is told nowhere else.
      if (message.type() === 'error' && message.text().includes('Content Security Policy'))
        throw new Error(message.text());
    });
    return page;
  };
};

const require = createRequire(import.meta.url);
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

/** Fails where axe finds something that keeps people out, or where the page is wider than its window. */
export const expectAccessible = async (page: Page): Promise<void> => {
  // Page.evaluate goes past the policy of the page, which stays as it is.
  const found = await page.evaluate(`${AXE}; axe.run().then(({ violations }) =>
    violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' | ')))`);
  expect(found, page.url()).toEqual([]);
  const isWider = await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
  expect(isWider, `${page.url()} is wider than its window`).toBe(false);
};

/** Keeps what is seen as reports/pages/<name>.png. */
export const keepScreenshot = async (page: Page, name: string): Promise<void> => {
  const folder = join(ROOT, 'reports', 'pages');
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
};
