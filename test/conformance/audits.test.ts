/** GraphQL-over-HTTP as graphql-http audits it, against the running server. */
import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer } from '../support/server.js';
import type { TestServer } from '../support/server.js';

const NOT_200 =
  'For clients that accept plain JSON alone the draft would have 200 with errors. An answer without data is never 2xx here, and a 4xx is sent as application/graphql-response+json, so that no proxy takes it for another’s page.';
const NO_PREFLIGHT =
  'A GET is served only with a header that makes browsers ask first (CSRF prevention of Apollo Server). The audit sends none.';

/** What is not “ok”, and why it stays so. */
const KNOWN: Readonly<Record<string, { readonly status: 'notice' | 'warn'; readonly why: string }>> = {
  '572B': { status: 'warn', why: NOT_200 },
  FDE2: { status: 'warn', why: NOT_200 },
  '7B9B': { status: 'warn', why: NOT_200 },
  '5A70': { status: 'notice', why: NO_PREFLIGHT },
  D6D5: { status: 'notice', why: NO_PREFLIGHT },
  '6A70': { status: 'notice', why: NO_PREFLIGHT },
};

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

/** Every audit that is not “ok”, with its status. */
const findingsOf = async (fetchFn: typeof fetch): Promise<Readonly<Record<string, string>>> => {
  const findings: [string, string][] = [];
  for (const audit of serverAudits({ url: `${server.url}/graphql`, fetchFn })) {
    const { status } = await audit.fn();
    if (status !== 'ok') findings.push([audit.id, status]);
  }
  return Object.fromEntries(findings);
};

describe('graphql-http’s server audits', () => {
  it('find no error, and no warning or notice but those that are known', async () => {
    const known = Object.entries(KNOWN).map(([id, { status }]) => [id, status]);
    expect(await findingsOf(fetch)).toEqual(Object.fromEntries(known));
  });

  it('find nothing against GET once it is sent with the header that it needs', async () => {
    const withPreflight: typeof fetch = (input, init) => {
      const headers = new Headers(init?.headers);
      headers.set('apollo-require-preflight', 'yes');
      return fetch(input, { ...init, headers });
    };
    const known = Object.entries(KNOWN).filter(([, { why }]) => why !== NO_PREFLIGHT);
    expect(await findingsOf(withPreflight)).toEqual(Object.fromEntries(known.map(([id, { status }]) => [id, status])));
  });
});
