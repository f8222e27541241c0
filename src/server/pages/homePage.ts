/** What somebody sees who opens the server's address: what is served here, and where to go on. */
import type { Plan } from '../../domain/plan.js';
import type { Seed } from '../../product.js';
import { markup } from './markup.js';
import type { Markup } from './markup.js';
import type { Page } from './htmlPage.js';
import { priceOf } from './moneyText.js';

export interface Home {
  /** Of the product. */
  readonly title: string;
  /** What each key of the demo shows; `null`: this is none. */
  readonly guide: Seed['guide'] | null;
}

export const homePage = ({ title, guide }: Home, offers: readonly Plan[]): Page => ({
  title,
  body: markup`<h1>${title}</h1>
    <p>
      A GraphQL API in which some fields have a price. In a browser its endpoint,
      <a href="/graphql"><code>/graphql</code></a>, is an editor with its schema.
    </p>
    <ul>
      <li>Send your key as <code>Authorization: Bearer &lt;key&gt;</code>.</li>
      <li>
        <code>{ billing { balance { available } terms { coordinate cost } } }</code> tells what you have and what fields
        cost, for nothing.
      </li>
      <li>
        What is refused leads to a page that puts it right. <a href="/errors">Errors</a> and
        <a href="/remedies">remedies</a> explain each.
      </li>
    </ul>
    ${offers.length === 0 ? '' : plansOf(offers)} ${guide === null ? '' : keysOf(guide)}`,
});

const plansOf = (offers: readonly Plan[]): Markup =>
  markup`<h2>Plans</h2>
    <table>
      <thead>
        <tr>
          <th scope="col">Plan</th>
          <th scope="col">Price</th>
          <th scope="col">Covers</th>
        </tr>
      </thead>
      <tbody>
        ${offers.map(
          ({ name, price, interval, features }) =>
            markup`<tr>
              <td>${name}</td>
              <td>${priceOf(price)} a ${interval.toLowerCase()}</td>
              <td>${features.map(({ feature }) => feature).join(', ')}</td>
            </tr>`,
        )}
      </tbody>
    </table>`;

const keysOf = (guide: Seed['guide']): Markup =>
  markup`<h2>Keys of this demo</h2>
    <p>They are known to everybody, and good on this machine alone.</p>
    <table>
      <thead>
        <tr>
          <th scope="col">Key</th>
          <th scope="col">What it shows</th>
        </tr>
      </thead>
      <tbody>
        ${[...guide].map(
          ([key, shows]) =>
            markup`<tr>
              <td><code>${key}</code></td>
              <td>${shows}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    <p>
      Operators administer everything at <a href="/admin/graphql"><code>/admin/graphql</code></a
      >.
    </p>`;
