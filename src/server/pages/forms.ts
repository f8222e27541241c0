/**
 * Forms of the pages, which work without scripts. Whoever has a page's address may send its form, from that page: a
 * browser says where a form comes from, and what comes from elsewhere is refused. Programs say nothing of it.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { markup } from './markup.js';
import { sendPage } from './htmlPage.js';
import type { Page } from './htmlPage.js';

const FORM_BYTES_MAX = 16_384;

/** For the scope in which their routes are registered: reads forms, and keeps those of other pages out. */
export const takeForms = (scope: FastifyInstance): void => {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: FORM_BYTES_MAX },
    (_request, body, done) => {
      done(null, Object.fromEntries(new URLSearchParams(String(body))));
    },
  );
  scope.addHook('onRequest', async (request, reply) => {
    if (request.method === 'POST' && !isOwnForm(request)) return sendPage(reply, FOREIGN);
  });
};

const isOwnForm = ({ headers, host }: FastifyRequest): boolean => {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const { origin } = headers;
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === host);
};

const FOREIGN: Page = {
  title: 'Not sent from here',
  status: 403,
  body: markup`<h1>Not sent from here</h1>
    <p>This form came from a page of somebody else. Open the link that you were given, and try again there.</p>`,
};

/** A field of a form that was sent; empty where there is none. */
export const fieldOf = ({ body }: FastifyRequest, name: string): string => {
  const fields = typeof body === 'object' && body !== null ? Object.entries(body) : [];
  const value: unknown = fields.find(([key]) => key === name)?.[1];
  return typeof value === 'string' ? value : '';
};
