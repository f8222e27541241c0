/** What is loaded with the library: everybody who installs it pays for it. */
import { existsSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';

const SRC = join(import.meta.dirname, '..', '..', 'src');

/** The modules that a file loads: imports and exports of values, not of types, and not those that come later. */
const loadedBy = (file: string): readonly string[] => {
  const { statements } = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
  return statements.flatMap((statement) => {
    const isOfType =
      (ts.isImportDeclaration(statement) && statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword) ||
      (ts.isExportDeclaration(statement) && statement.isTypeOnly);
    if (isOfType || !(ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement))) return [];
    const { moduleSpecifier } = statement;
    return moduleSpecifier !== undefined && ts.isStringLiteral(moduleSpecifier) ? [moduleSpecifier.text] : [];
  });
};

/** The packages of a module, and of all that it loads. */
const packagesOf = (entry: string): readonly string[] => {
  const [files, packages] = [new Set([join(SRC, entry)]), new Set<string>()];
  for (const file of files) {
    for (const name of loadedBy(file)) {
      if (name.startsWith('.')) files.add(join(dirname(file), name.replace(/\.js$/, '.ts')));
      else if (!name.startsWith('node:') && !builtinModules.includes(name)) packages.add(nameOf(name));
    }
  }
  expect([...files].filter((file) => !existsSync(file))).toEqual([]);
  return [...packages].sort();
};

const nameOf = (specifier: string): string => {
  const parts = specifier.split('/');
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
};

it('`tollgate` loads no server: neither Apollo’s nor the one that we ship', () => {
  expect(packagesOf('index.ts')).toEqual([
    '@graphql-tools/utils',
    'dataloader',
    'graphql',
    'graphql-scalars',
    'lru-cache',
    'nanoid',
  ]);
});

it('`tollgate/apollo` loads Apollo Server, and nothing of the server that we ship', () => {
  expect(packagesOf('apollo.ts')).toEqual(['@apollo/server', 'graphql', 'negotiator']);
});
