/** The pages for people: that they are there, what they say, and what they let a browser do. */
import { describe, expect, it } from 'vitest';
import { REASONS, REFUSAL_CAUSES, REFUSAL_REASONS } from '../../src/domain/refusal.js';
import { remedySlug } from '../../src/server/pages/remedyPage.js';
import { useServers } from '../support/runningServers.js';

const start = useServers();

describe('a page', () => {
  it.each(['/', '/errors', '/remedies', '/errors/paid-content', '/remedies/add-funds'])(
    '%s is HTML under a policy that names its one style, and lets nothing else in',
    async (path) => {
      const { url } = await start();
      const { status, headers } = await fetch(url + path);
      expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
      expect(headers.get('content-security-policy')).toMatch(
        /^default-src 'none'; style-src 'sha256-[^']+'; img-src data:; base-uri 'none'; frame-ancestors 'none'; form-action 'none'$/,
      );
    },
  );

  it('/ tells what is served, the plans and their prices, and the keys of a demo', async () => {
    const guide = new Map([['demo-free', 'No credits, <and> "no" plan']]);
    const { request } = await start({ home: { title: 'Atlas & Co', guide } });
    const { body } = await request('/');
    for (const text of ['<h1>Atlas &#38; Co</h1>', '€49.00 a month', 'No credits, &#60;and&#62; &#34;no&#34; plan']) {
      expect(body).toContain(text);
    }
  });

  it('/ needs no store', async () => {
    const server = await start();
    server.fail('findPlans', 'UNREACHABLE');
    server.paywall.engine.shelf.forget();
    const { status, body } = await server.request('/');
    expect([status, body]).toEqual([200, expect.not.stringContaining('Plans')]);
  });

  it('/errors names every cause, and every reason under it', async () => {
    const { body } = await (await start()).request('/errors');
    const text = String(body).replaceAll('<wbr />', '');
    for (const cause of REFUSAL_CAUSES) expect(text).toContain(`href="/errors/${cause}"`);
    for (const reason of REFUSAL_REASONS) expect(text).toContain(`<code>${reason}</code>`);
  });

  it('/remedies names every remedy that a refusal can have', async () => {
    const { body } = await (await start()).request('/remedies');
    for (const { remedy } of Object.values(REASONS)) expect(body).toContain(`href="/remedies/${remedySlug(remedy)}"`);
  });
});
