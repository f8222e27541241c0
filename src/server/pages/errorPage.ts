/** The pages of docs/errors, behind `extensions.docs` where the operator has no other place for them. */
import { readFileSync } from 'node:fs';
import { marked } from 'marked';
import { REFUSAL_CAUSES } from '../../domain/refusal.js';
import type { RefusalCause } from '../../domain/refusal.js';
import { htmlPage } from './htmlPage.js';

const rendered = new Map<RefusalCause, string>();

/** The page's HTML, or `null` where no cause has this name. The pages link to each other as files do, with `.md`. */
export const errorPage = (name: string): string | null => {
  const cause = REFUSAL_CAUSES.find((each) => name === each || name === `${each}.md`);
  if (cause === undefined) return null;
  const page = rendered.get(cause) ?? render(cause);
  rendered.set(cause, page);
  return page;
};

const render = (cause: RefusalCause): string => {
  const source = readFileSync(new URL(`../../../docs/errors/${cause}.md`, import.meta.url), 'utf8');
  const title = /^# (.+)$/m.exec(source)?.[1] ?? cause;
  return htmlPage(title, marked.parse(source, { async: false }));
};
