/** What the documentation points to is there, and what must be documented is. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PAGES, readPage, ROOT } from './markdown.js';

describe.each(PAGES)('%s', (page) => {
  const text = readPage(page);

  it('links to files and headings that are there', () => {
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    const relative = links.filter((target) => !/^[a-z]+:/i.test(target));
    expect(relative.filter((target) => !leadsSomewhere(page, target))).toEqual([]);
  });

  it('names files of the project that are there', () => {
    const named = [...text.matchAll(/`((?:src|schema|scripts|test|docs)\/[\w./-]*)`/g)].map(([, path = '']) => path);
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});

it('docs/architecture.md gives each runtime dependency a line that says why', () => {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { dependencies: object };
  const rows = readPage('docs/architecture.md').match(/^\| `[^|]+\|.*$/gm) ?? [];
  const named = rows.flatMap((row) => row.split('|')[1]?.match(/(?<=`)[^`,]+(?=`)/g) ?? []);
  expect(Object.keys(dependencies).filter((name) => !named.includes(name))).toEqual([]);
});

it('docs/operations.md explains every variable that the server reads', () => {
  const read = readFileSync(join(ROOT, 'src/config.ts'), 'utf8').match(/^ {2}[A-Z][A-Z_]+(?=: )/gm) ?? [];
  const explained = readPage('docs/operations.md').match(/^\| `[A-Z_]+`/gm) ?? [];
  expect(explained.map((row) => row.slice(3, -1))).toEqual(
    expect.arrayContaining([...new Set(read)].map((name) => name.trim())),
  );
});

const leadsSomewhere = (page: string, target: string): boolean => {
  const [path = '', heading] = target.split('#');
  const file = path === '' ? page : join(dirname(page), path);
  if (!existsSync(join(ROOT, file))) return false;
  return heading === undefined || headingsOf(readPage(file)).includes(heading);
};

/** As GitHub names them in links. */
const headingsOf = (markdown: string): readonly string[] =>
  (markdown.match(/^#+ .*$/gm) ?? []).map((line) =>
    line
      .replace(/^#+ /, '')
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
