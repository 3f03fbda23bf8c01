/** The text that a schema in the source describes an option with, e.g. `z.number().describe('learning rate')`. */

const DEPTH = 8;

/**
 * @param ts the compiler's module
 * @param node the expression of the schema
 * @param checker the compiler's type checker
 * @returns {string | null} null where the expression describes nothing
 */
export function describedIn(ts, node, checker, depth = 0) {
  if (node === undefined || depth > DEPTH) return null;
  const inner = (expression) => describedIn(ts, expression, checker, depth + 1);
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node)) return inner(node.expression);
  if (ts.isCallExpression(node)) {
    const method = ts.isPropertyAccessExpression(node.expression) ? node.expression : null;
    if (method?.name.text === 'describe') return textOf(ts, node.arguments[0]);
    // Of `withDefault(schema.describe(…))` and of `option('rate', schema, 'initial learning rate')`.
    return (
      (method && inner(method.expression)) ??
      node.arguments.map(inner).find((text) => text !== null) ??
      node.arguments.filter(ts.isStringLiteralLike).find(({ text }) => text.includes(' '))?.text ??
      null
    );
  }
  if (!ts.isIdentifier(node) && !ts.isPropertyAccessExpression(node)) return null;
  let symbol = checker.getSymbolAtLocation(ts.isPropertyAccessExpression(node) ? node.name : node);
  if (symbol !== undefined && symbol.flags & ts.SymbolFlags.Alias) symbol = checker.getAliasedSymbol(symbol);
  const declaration = symbol?.declarations?.[0];
  return declaration !== undefined &&
    (ts.isVariableDeclaration(declaration) || ts.isPropertyAssignment(declaration))
    ? inner(declaration.initializer)
    : null;
}

/** The value of a string: a literal, or literals joined by `+`. Parts that the program computes are shown as `…`. */
function textOf(ts, node) {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isBinaryExpression(node)) return textOf(ts, node.left) + textOf(ts, node.right);
  if (ts.isTemplateExpression(node))
    return node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join('');
  return '…';
}
