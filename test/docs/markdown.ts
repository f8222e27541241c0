/** What the tests of the documentation read out of Markdown. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');

/** The pages that a newcomer reads. */
export const PAGES = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'docs/architecture.md',
  'docs/operations.md',
  'docs/performance.md',
  'docs/threat-model.md',
  'SECURITY.md',
] as const;

export const readPage = (page: string): string => readFileSync(join(ROOT, page), 'utf8');

/** The contents of the fenced code blocks in one language, in the order of the page. */
export const codeBlocks = (markdown: string, language: string): readonly string[] =>
  [...markdown.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter(([, fence]) => fence === language)
    .map(([, , code = '']) => code);

/** The one code block of a language that has a text in it. */
export const codeBlockWith = (markdown: string, language: string, text: string): string => {
  const found = codeBlocks(markdown, language).filter((code) => code.includes(text));
  const [only] = found;
  if (only === undefined || found.length > 1) {
    throw new Error(`${found.length} blocks of ${language} have "${text}" in them, and one should.`);
  }
  return only;
};
