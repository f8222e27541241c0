/** What the tests of the documentation read out of Markdown. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');

const pagesIn = (folder: string): readonly string[] =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => (folder === '.' ? name : `${folder}/${name}`));

/** Rooms have a README each, with the decisions that explain their code. */
function foldersOf(folder: string): readonly string[] {
  const entries = readdirSync(join(ROOT, folder), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => `${folder}/${name}`);
}

/** Every page that people read. */
export const PAGES: readonly string[] = ['.', 'docs', 'docs/errors', ...foldersOf('src')].flatMap(pagesIn);

/** Words, as people count them: what has no letter or digit in it is none. */
export const countWords = (text: string): number => text.split(/\s+/).filter((word) => /\w/.test(word)).length;

export const readPage = (page: string): string => readFileSync(join(ROOT, page), 'utf8');

const FENCED = /^```(\w+)\n([\s\S]*?)^```$/gm;

/** The contents of the fenced code blocks in one language, in the order of the page. */
export const codeBlocks = (markdown: string, language: string): readonly string[] =>
  [...markdown.matchAll(FENCED)].filter(([, fence]) => fence === language).map(([, , code = '']) => code);

/** The one code block of a language that has a text in it. */
export const codeBlockWith = (markdown: string, language: string, text: string): string => {
  const found = codeBlocks(markdown, language).filter((code) => code.includes(text));
  const [only] = found;
  if (only === undefined || found.length > 1) {
    throw new Error(`${found.length} blocks of ${language} have "${text}" in them, and one should.`);
  }
  return only;
};

/** What stands between backticks in running text. */
export const inlineCodes = (markdown: string): readonly string[] =>
  [...markdown.replaceAll(FENCED, '').matchAll(/`([^`]+)`/g)].map(([, code = '']) => code.replaceAll('\n', ' '));
