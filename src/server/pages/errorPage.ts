/** The pages of docs/errors, behind `extensions.docs` where the operator has no other place for them. */
import { readFileSync } from 'node:fs';
import { marked } from 'marked';
import { REASONS, REFUSAL_CAUSES } from '../../domain/refusal.js';
import type { RefusalCause } from '../../domain/refusal.js';
import { STATUS_OF } from '../../http/responseHead.js';
import { markup, Markup } from './markup.js';
import type { Page } from './htmlPage.js';

const rendered = new Map<RefusalCause, Page>();

/** `null` where no cause has this name. The pages link to each other as files do, with `.md`. */
export const errorPage = (name: string): Page | null => {
  const cause = REFUSAL_CAUSES.find((each) => name === each || name === `${each}.md`);
  if (cause === undefined) return null;
  const page = rendered.get(cause) ?? render(cause);
  rendered.set(cause, page);
  return page;
};

const sourceOf = (cause: RefusalCause): string =>
  readFileSync(new URL(`../../../docs/errors/${cause}.md`, import.meta.url), 'utf8');

const titleIn = (source: string): string => /^# (.+)$/m.exec(source)?.[1] ?? '';

const render = (cause: RefusalCause): Page => {
  const source = sourceOf(cause);
  return { title: titleIn(source), body: new Markup(marked.parse(source, { async: false })) };
};

/** Every cause, with the reasons that it is told by. */
export const errorIndex = (): Page => ({
  title: 'Errors',
  body: markup`<h1>Errors</h1>
    <p>
      Whatever is refused says so in <code>errors[].extensions</code>: <code>reason</code> tells why,
      <code>remedy</code> what puts it right, and <code>docs</code> leads to one of these pages.
    </p>
    <table>
      <thead>
        <tr>
          <th scope="col">Cause</th>
          <th scope="col">Status</th>
          <th scope="col">Reasons</th>
        </tr>
      </thead>
      <tbody>
        ${REFUSAL_CAUSES.map(rowOf)}
      </tbody>
    </table>`,
});

const rowOf = (cause: RefusalCause): Markup => {
  const reasons = Object.entries(REASONS).filter(([, row]) => row.cause === cause);
  const statuses = [...new Set(reasons.map(([, { code }]) => STATUS_OF[code]))].join(', ');
  const names = reasons.map(([reason]) => markup`<code>${breakable(reason)}</code> `);
  return markup`<tr>
    <td><a href="/errors/${cause}">${titleIn(sourceOf(cause))}</a></td>
    <td>${statuses}</td>
    <td>${names}</td>
  </tr>`;
};

/** Long names may be broken between their words. */
const breakable = (name: string): readonly Markup[] =>
  name.split('_').map((word, index) => (index === 0 ? markup`${word}` : markup`_<wbr />${word}`));
