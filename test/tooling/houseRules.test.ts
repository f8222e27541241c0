/** How the house is built: what files are called, how long they get, and how many share a folder. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const LINES_MAX = 400;
const FILES_IN_FOLDER_MAX = 16;
const NAMED_AFTER_EXPORT_MIN = 0.85;
/** What a program or a package starts with is named after its command or its entry point. */
const ENTRIES: ReadonlySet<string> = new Set(['index.ts', 'main.ts', 'cli.ts', 'migrate.ts', 'apollo.ts']);
/** Each holds the commands on one kind of record and has its name; so does a file of `domain/` with its subject. */
const NAMED_BY_SUBJECT = /^(?:domain\/|admin\/(?:accounts|keys|plans|subscriptions|credits|operators)\.ts$)/;

const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.startsWith('generated/'))
  .map((path) => ({ path, text: readFileSync(join(ROOT, 'src', path), 'utf8') }));

const exportsOf = (path: string, text: string): readonly string[] =>
  ts.createSourceFile(path, text, ts.ScriptTarget.Latest).statements.flatMap((statement) => {
    if (ts.isExportDeclaration(statement)) {
      const { exportClause } = statement;
      return exportClause !== undefined && ts.isNamedExports(exportClause)
        ? exportClause.elements.map(({ name }) => name.text)
        : [];
    }
    const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
    if (!modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.flatMap(({ name }) => (ts.isIdentifier(name) ? [name.text] : []));
    }
    const isNamed =
      ts.isFunctionDeclaration(statement) ||
      ts.isClassDeclaration(statement) ||
      ts.isInterfaceDeclaration(statement) ||
      ts.isTypeAliasDeclaration(statement);
    return isNamed && statement.name !== undefined ? [statement.name.text] : [];
  });

/** `RATE_LIMITS` and `RateLimit` are both ` rate limit `: words in lower case and in the singular. */
const wordsOf = (name: string): string => {
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').split(/[ _]/);
  return ` ${words.map((word) => word.toLowerCase().replace(/s$/, '')).join(' ')} `;
};

/** A file has the name of an export, case aside. Where a subject gives the name, an export has it among its words. */
const isNamedAfterExport = (path: string, exported: readonly string[]): boolean => {
  const name = basename(path, '.ts');
  if (exported.some((each) => each.toLowerCase() === name.toLowerCase())) return true;
  return NAMED_BY_SUBJECT.test(path) && exported.some((each) => wordsOf(each).includes(wordsOf(name)));
};

describe('files of src/', () => {
  it('are named after something that they export, 85 of 100 at least', () => {
    const counted = files
      .filter(({ path }) => !ENTRIES.has(path))
      .map(({ path, text }) => ({ path, exported: exportsOf(path, text) }))
      .filter(({ exported }) => exported.length > 0);
    const others = counted.filter(({ path, exported }) => !isNamedAfterExport(path, exported)).map(({ path }) => path);
    expect(counted.length).toBeGreaterThan(150);
    const share = 1 - others.length / counted.length;
    expect(share, `named after none of their exports:\n${others.join('\n')}`).toBeGreaterThanOrEqual(
      NAMED_AFTER_EXPORT_MIN,
    );
  });

  it('have 400 lines at most', () => {
    const tooLong = files.filter(({ text }) => text.trimEnd().split('\n').length > LINES_MAX);
    expect(tooLong.map(({ path }) => path)).toEqual([]);
  });

  it('share a folder with 15 others at most, in domain/ alone with more', () => {
    const folders = files.map(({ path }) => dirname(path));
    const tooFull = [...new Set(folders)].filter(
      (folder) => folders.filter((each) => each === folder).length > FILES_IN_FOLDER_MAX,
    );
    expect(tooFull).toEqual(['domain']);
  });
});
