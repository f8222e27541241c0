/**
 * What a newcomer does: starts the demo, sends the README's refused line, opens its `remedyUrl`, pays with two clicks, and
 * sends the same line again.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { codeBlockWith, readPage, ROOT } from '../docs/markdown.js';
import { partAt } from '../support/bodies.js';
import { freePort, startChild } from '../support/childServer.js';
import type { ChildServer } from '../support/childServer.js';
import { expectAccessible, isChromiumMissing, keepScreenshot, LOOKS, useChromium } from './chromium.js';

const open = useChromium();
const folder = mkdtempSync(join(tmpdir(), 'tollgate-first-'));
let child: ChildServer | null = null;

afterEach(async () => {
  child?.kill('SIGTERM');
  await child?.ended;
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The request of a line with curl in the README, sent to a server on another port. */
const lineOf = (text: string, port: number) => {
  const line = codeBlockWith(readPage('README.md'), 'sh', text);
  const headers = [...line.matchAll(/-H '([^':]+): ([^']+)'/g)].map(([, name = '', value = '']) => [name, value]);
  const body = /-d '([^']+)'/.exec(line)?.[1] ?? '';
  const url = (/http:\S+/.exec(line)?.[0] ?? '').replace(':4000', `:${port}`);
  return async () => {
    const response = await fetch(url, { method: 'POST', headers: Object.fromEntries(headers), body });
    const answer: unknown = await response.json();
    return { status: response.status, answer };
  };
};

describe.skipIf(isChromiumMissing)('a fresh demo', () => {
  it.each(Object.entries(LOOKS))(
    'refuses with 402, is paid with two clicks, and serves (%s)',
    async (look, settings) => {
      const port = await freePort();
      const cwd = mkdtempSync(join(folder, 'demo-'));
      child = startChild({ args: [join(ROOT, 'dist/main.js')], cwd, env: { PORT: String(port) } });
      await child.started;
      const send = lineOf('Bearer demo-free', port);
      const refused = await send();
      expect(refused.status).toBe(402);

      const page = await open(settings);
      await page.goto(String(partAt(refused.answer, 'errors', 0, 'extensions', 'remedyUrl')));
      await expectAccessible(page);
      await keepScreenshot(page, `refusal-${look}`);
      await page.getByRole('button', { name: 'Pay €5.00' }).click();

      await page.waitForURL(/\/payments\/sandbox\/checkout\//);
      await expectAccessible(page);
      await keepScreenshot(page, `checkout-${look}`);
      await page.getByRole('button', { name: 'Pay', exact: true }).click();

      await page.waitForURL(/\/refusals\/[\w-]+\?back$/);
      await expectAccessible(page);
      await keepScreenshot(page, `served-${look}`);
      expect(await page.getByRole('status').textContent()).toBe('Send the same request again: it would be served now.');

      const served = await send();
      expect(served).toMatchObject({ status: 200, answer: { extensions: { payment: { charged: 3, balance: 97 } } } });
    },
  );
});
