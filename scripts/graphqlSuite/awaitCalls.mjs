/** Makes a test wait for operations: their calls go through the paywall, which answers later. */
import ts from 'typescript';

/** @type {Readonly<Record<string, string>>} */
const PAID = { execute: 'executePaid', executeSync: 'executePaid', subscribe: 'subscribePaid' };

/** @param {ts.Node} node */
const isFunction = (node) =>
  ts.isFunctionDeclaration(node) || ts.isFunctionExpression(node) || ts.isArrowFunction(node);

/** `expect(() => …)` is about what is thrown at once: arguments that no operation has. @param {ts.Node} node */
const isExpectedToThrow = (node) =>
  ts.isCallExpression(node.parent) && /^expect/.test(node.parent.expression.getText());

/** The name by which a function is called. @param {ts.Node} node */
const nameOf = (node) => {
  if (ts.isFunctionDeclaration(node)) return node.name?.text;
  return ts.isVariableDeclaration(node.parent) ? node.parent.name.getText() : undefined;
};

/** @type {ts.TransformerFactory<ts.SourceFile>} */
export const awaitCalls = (context) => (file) => {
  const { factory } = context;
  /** @type {Set<string>} */
  const late = new Set(Object.keys(PAID));
  /** @type {Set<ts.Node>} */
  const waiting = new Set();

  /** @param {ts.Node} node @param {ts.Node | null} enclosing */
  const find = (node, enclosing) => {
    const inside = isFunction(node) || ts.isMethodDeclaration(node) ? node : enclosing;
    const isLate = ts.isCallExpression(node) && ts.isIdentifier(node.expression) && late.has(node.expression.text);
    if (isLate && enclosing !== null && isFunction(enclosing) && !isExpectedToThrow(enclosing)) {
      waiting.add(enclosing);
      const name = nameOf(enclosing);
      if (name !== undefined) late.add(name);
    }
    ts.forEachChild(node, (child) => find(child, inside));
  };
  for (let known = -1; known !== late.size + waiting.size;) {
    known = late.size + waiting.size;
    find(file, null);
  }

  /** @param {ts.Node} node @param {boolean} isWaiting @returns {ts.Node} */
  const rewrite = (node, isWaiting) => {
    const waits = isFunction(node) || ts.isMethodDeclaration(node) ? waiting.has(node) : isWaiting;
    const done = ts.visitEachChild(node, (child) => rewrite(child, waits), context);
    if (ts.isCallExpression(done) && ts.isIdentifier(done.expression) && isWaiting && late.has(done.expression.text)) {
      const name = PAID[done.expression.text] ?? done.expression.text;
      const call = factory.updateCallExpression(done, factory.createIdentifier(name), undefined, done.arguments);
      return factory.createParenthesizedExpression(factory.createAwaitExpression(call));
    }
    return waits && waiting.has(node) ? asynchronous(done) : done;
  };

  /** @param {ts.Node} node */
  const asynchronous = (node) => {
    const isAsync =
      ts.canHaveModifiers(node) && node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword);
    if (isAsync) return node;
    const modifiers = [factory.createModifier(ts.SyntaxKind.AsyncKeyword)];
    if (ts.isArrowFunction(node)) {
      return factory.updateArrowFunction(
        node,
        modifiers,
        undefined,
        node.parameters,
        undefined,
        node.equalsGreaterThanToken,
        node.body,
      );
    }
    if (ts.isFunctionExpression(node)) {
      return factory.updateFunctionExpression(
        node,
        modifiers,
        node.asteriskToken,
        node.name,
        undefined,
        node.parameters,
        undefined,
        node.body,
      );
    }
    if (ts.isFunctionDeclaration(node)) {
      return factory.updateFunctionDeclaration(
        node,
        modifiers,
        node.asteriskToken,
        node.name,
        undefined,
        node.parameters,
        undefined,
        node.body,
      );
    }
    return node;
  };
  return /** @type {ts.SourceFile} */ (rewrite(file, false));
};
