/**
 * Hooks of Node's module loader: sources of the server are compiled as they are loaded, and each of their functions,
 * nested ones included, first says that it was entered. Packages are loaded as they are.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** @typedef {{ readonly root: string }} HookOptions The repository whose `src` is traced. */

let source = '';

/** @type {import('node:module').InitializeHook<HookOptions>} */
export const initialize = ({ root }) => {
  source = path.join(root, 'src') + path.sep;
};

/** @type {import('node:module').ResolveHook} */
export const resolve = (specifier, context, nextResolve) => {
  const { parentURL } = context;
  const isOurs = parentURL?.startsWith('file:') && fileURLToPath(parentURL).startsWith(source);
  if (!isOurs || !specifier.startsWith('.')) return nextResolve(specifier, context);
  return nextResolve(specifier.replace(/\.js$/, '.ts'), context);
};

/** @type {import('node:module').LoadHook} */
export const load = async (url, context, nextLoad) => {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return nextLoad(url, context);
  const file = fileURLToPath(url);
  const { outputText } = ts.transpileModule(await readFile(file, 'utf8'), {
    fileName: file,
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, verbatimModuleSyntax: true },
    transformers: { before: [noteEntries(file.slice(source.length))] },
  });
  return { format: 'module', shortCircuit: true, source: outputText };
};

/**
 * @param {string} file
 * @returns {ts.TransformerFactory<ts.SourceFile>}
 */
const noteEntries = (file) => (context) => (sourceFile) => {
  const { factory } = context;
  /** @param {ts.Node} node */
  const note = (node) => {
    const { line, character } = sourceFile.getLineAndCharacterOfPosition(node.getStart(sourceFile));
    const entry = [file, `${line + 1}:${character + 1}`].map((text) => factory.createStringLiteral(text));
    return factory.createExpressionStatement(
      factory.createCallExpression(factory.createIdentifier('noteHop'), undefined, entry),
    );
  };
  /**
   * @param {ts.Node} node
   * @param {ts.Block} body
   */
  const noted = (node, body) => factory.updateBlock(body, [note(node), ...body.statements]);
  /** @type {(node: ts.Node) => ts.Node} */
  const visit = (original) => {
    const node = ts.visitEachChild(original, visit, context);
    if (ts.isArrowFunction(node)) {
      const body = ts.isBlock(node.body) ? node.body : factory.createBlock([factory.createReturnStatement(node.body)]);
      return factory.updateArrowFunction(
        node,
        node.modifiers,
        node.typeParameters,
        node.parameters,
        node.type,
        node.equalsGreaterThanToken,
        noted(original, body),
      );
    }
    if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) return node;
    const withBody = /** @type {ts.FunctionLikeDeclaration} */ (node);
    // Of a body the block alone changes, so that one visitor does for every kind of function.
    return ts.visitEachChild(
      withBody,
      (child) => (child === withBody.body && ts.isBlock(child) ? noted(original, child) : child),
      context,
    );
  };
  return ts.visitEachChild(sourceFile, visit, context);
};
