/** GraphiQL for one endpoint. The server writes into `#settings` which one, and the operations to begin with. */
import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './page.css';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';

/** @typedef {{ query: string, headers?: string }} Tab */

/** @param {string} id */
const elementOf = (id) => {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`The page has no #${id}.`);
  return element;
};

/** @type {{ endpoint: string, title: string, tabs: Tab[] }} */
const { endpoint, title, tabs } = JSON.parse(elementOf('settings').textContent);

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
 * GraphiQL asks for the schema before its editor for headers is there: with those of the first tab, then.
 * @type {typeof send}
 */
const fetcher = (params, options) => {
  const isEarly = params.operationName === 'IntrospectionQuery' && options?.headers === undefined;
  return send(params, isEarly ? { ...options, headers: JSON.parse(tabs[0]?.headers || '{}') } : options);
};

document.title = title;
createRoot(elementOf('graphiql')).render(
  createElement(GraphiQL, {
    fetcher,
    storage,
    defaultTabs: tabs,
    defaultEditorToolsVisibility: 'headers',
    shouldPersistHeaders: true,
  }),
);
