/** GraphiQL for one endpoint. The server writes into `#settings` which one, and the operations to begin with. */
import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './page.css';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { buildSchema } from 'graphql';
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';

/** @typedef {{ query: string, headers?: string }} Tab */

/** @param {string} id */
const elementOf = (id) => {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`The page has no #${id}.`);
  return element;
};

/** @type {{ endpoint: string, title: string, tabs: Tab[], sdl?: string }} */
const { endpoint, title, tabs, sdl } = JSON.parse(elementOf('settings').textContent);

/**
 * What is written here, keys included, is kept until the browser's tab is closed, and apart from what belongs to the
 * other endpoint.
 */
const storage = {
  /** @param {string} name */
  getItem: (name) => sessionStorage.getItem(`${endpoint} ${name}`),
  /** @param {string} name @param {string} value */
  setItem: (name, value) => sessionStorage.setItem(`${endpoint} ${name}`, value),
  /** @param {string} name */
  removeItem: (name) => sessionStorage.removeItem(`${endpoint} ${name}`),
  clear: () => sessionStorage.clear(),
  get length() {
    return sessionStorage.length;
  },
};

const send = createGraphiQLFetcher({ url: endpoint });

/**
 * A key that nobody has filled in is none.
 * @param {Record<string, string>} headers
 */
const withoutEmptyKey = (headers) =>
  Object.fromEntries(
    Object.entries(headers).filter(
      ([name, value]) => name.toLowerCase() !== 'authorization' || !/^bearer\s*$/i.test(value),
    ),
  );

/**
 * GraphiQL asks for the schema before its editor for headers is there: with those of the first tab, then.
 * @type {typeof send}
 */
const fetcher = (params, options) => {
  const isEarly = params.operationName === 'IntrospectionQuery' && options?.headers === undefined;
  const headers = isEarly ? JSON.parse(tabs[0]?.headers || '{}') : (options?.headers ?? {});
  return send(params, { ...options, headers: withoutEmptyKey(headers) });
};

document.title = title;
createRoot(elementOf('graphiql')).render(
  createElement(GraphiQL, {
    fetcher,
    ...(sdl === undefined ? {} : { schema: buildSchema(sdl) }),
    storage,
    defaultTabs: tabs,
    defaultEditorToolsVisibility: 'headers',
    shouldPersistHeaders: true,
  }),
);
