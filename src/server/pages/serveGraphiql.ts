/**
 * GraphiQL for whoever opens an endpoint in a browser. All of it comes from this server: `npm run build` bundles it into
 * graphiql/dist. The page itself holds nothing that is secret; what it asks for, it asks for as any client does.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { preferredType } from '../../http/preferredType.js';
import { parse, print } from 'graphql';
import { readTypeDefs } from '../../api/readTypeDefs.js';
import type { Example, Product } from '../../product.js';
import { markup } from './markup.js';
import { sendPage } from './htmlPage.js';
import type { Page } from './htmlPage.js';

/** An operation that is there when the page is opened. */
export interface GraphiqlTab {
  readonly query: string;
  /** A JSON object; empty: none. */
  readonly headers: string;
}

/** Where a key belongs. The page leaves an empty one out, so that its schema is there before anybody has a key. */
const EMPTY_TAB: GraphiqlTab = { query: '', headers: '{\n  "Authorization": "Bearer "\n}' };

export interface GraphiqlPage {
  readonly title: string;
  /** At least one. */
  readonly tabs: readonly GraphiqlTab[];
  /** The schema in SDL, where whoever has no key can't ask for it. Left out: the page asks. */
  readonly sdl?: string;
}

/** For each endpoint of a server. In a demo, its operations are there; elsewhere nobody has their keys. */
export const graphiqlPages = (
  { title, examples, seed }: Pick<Product, 'title' | 'examples' | 'seed'>,
  { isDemo, introspection }: { readonly isDemo: boolean; readonly introspection: boolean },
): Readonly<Record<string, GraphiqlPage>> => ({
  '/graphql': { title: `${title} – GraphiQL`, tabs: tabsOf(isDemo ? examples : []) },
  '/admin/graphql': {
    title: 'Tollgate’s administration – GraphiQL',
    tabs: tabsOf((isDemo ? seed?.adminExamples : undefined) ?? []),
    // It is the same everywhere, and no secret.
    ...(introspection ? { sdl: readTypeDefs('admin') } : {}),
  },
});

const tabsOf = (examples: readonly Example[]): readonly GraphiqlTab[] =>
  examples.length === 0 ? [EMPTY_TAB] : examples.map(tabOf);

/** A tab with the operation in it, ready to run. */
export const tabOf = ({ shows, key, type = 'query', name, selection }: Example): GraphiqlTab => ({
  query: `# ${shows}\n${print(parse(`${type} ${name} ${selection}`))}\n`,
  headers: key === null ? '' : JSON.stringify({ Authorization: `Bearer ${key}` }, null, 2),
});

/** Beside `src` in the sources as beside `dist` in the package. */
const BUNDLE = join(import.meta.dirname, '..', '..', '..', 'graphiql', 'dist');
const SETTINGS = '<script type="application/json" id="settings">';

/** Its editor writes styles into the page, and starts workers from the bundle. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "img-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/**
 * Serves a page at each of these paths, to browsers that open it; what is asked of the API there goes its own way. A
 * bundle that is not there yet may come while the server runs: it is looked for until it is found.
 */
export const serveGraphiql = async (
  server: FastifyInstance,
  pages: Readonly<Record<string, GraphiqlPage>>,
  bundle: string = BUNDLE,
): Promise<void> => {
  await server.register(fastifyStatic, {
    root: join(bundle, 'assets'),
    prefix: '/graphiql/assets/',
    // Their names change with what is in them.
    immutable: true,
    maxAge: '1y',
    index: false,
    suppressWarning: true,
  });
  let template: string | null = null;
  server.addHook('onRequest', (request, reply, done) => {
    const page = isOpenedInBrowser(request) && Object.hasOwn(pages, request.url) ? pages[request.url] : undefined;
    if (page === undefined) {
      done();
      return;
    }
    template ??= readTemplate(bundle);
    void reply.header('cache-control', 'no-store');
    if (template === null) void sendPage(reply.headers({ 'retry-after': '5', refresh: '5' }), NOT_BUILT);
    else {
      void reply
        .type('text/html; charset=utf-8')
        .header('content-security-policy', CONTENT_SECURITY_POLICY)
        .send(withSettings(template, { endpoint: request.url, ...page }));
    }
  });
};

const NOT_BUILT: Page = {
  title: 'GraphiQL is not built yet',
  body: markup`<h1>GraphiQL is not built yet</h1>
    <p>
      After <code>npm start</code> it is being bundled, and this page comes back with it. Elsewhere
      <code>npm run build</code> does so. The API is there already, for every client but this page.
    </p>`,
  status: 503,
};

const readTemplate = (bundle: string): string | null => {
  const index = join(bundle, 'index.html');
  return existsSync(index) ? readFileSync(index, 'utf8') : null;
};

const HTML = 'text/html';
/** What clients of the API ask for comes first, for those that take anything. */
const TYPES = ['application/json', 'application/graphql-response+json', 'text/event-stream', HTML];

const isOpenedInBrowser = ({ method, headers }: FastifyRequest): boolean =>
  method === 'GET' && preferredType(headers.accept, TYPES) === HTML;

/** `<` is written as an escape, so that nothing in the settings can end the element. */
const withSettings = (template: string, settings: unknown): string =>
  template.replace(SETTINGS, () => SETTINGS + JSON.stringify(settings).replaceAll('<', '\\u003c'));
