import { broadcastShapes, sameShape, type Graph } from './graph.js';
import { madeBy, scalarOf, type ElementType, type Value } from './value.js';

const FOLD: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  Max: (a, b) => Math.max(a, b),
  Min: (a, b) => Math.min(a, b),
  Pow: (a, b) => a ** b,
};

/** The operand that an operation does not change, or null: x+0, x-0, x*1, x/1, x^1. */
function neutral(op: string, a: Value, b: Value): Value | null {
  const [left, right] = [scalarOf(a), scalarOf(b)];
  if ((op === 'Add' && left === 0) || (op === 'Mul' && left === 1)) return b;
  if ((op === 'Add' || op === 'Sub') && right === 0) return a;
  if ((op === 'Mul' || op === 'Div' || op === 'Pow') && right === 1) return a;
  return null;
}

/**
 * An elementwise operation of two values that broadcast. Constants fold, neutral elements vanish, constant factors
 * merge, and the graph's peepholes apply.
 */
export function binary(graph: Graph, op: string, a: Value, b: Value, type: ElementType = a.type): Value {
  const shape = broadcastShapes(a.shape, b.shape);
  const unchanged = neutral(op, a, b);
  if (unchanged !== null && sameShape(unchanged.shape, shape)) return unchanged;
  const [left, right] = [scalarOf(a), scalarOf(b)];
  const fold = FOLD[op];
  if (left !== null && right !== null && fold !== undefined && a.type === 'float32') {
    return graph.scalar(Math.fround(fold(left, right)), type, shape.length);
  }
  const replacement = graph.replacement({ op, inputs: [a, b], type, shape, attributes: {} });
  if (replacement !== null) return replacement;
  if (op === 'Mul' && type === 'float32') {
    // c·(d·x) = (c·d)·x: chains of scalar factors, as in gradients of means, become one product.
    const merged = mergeFactors(graph, a, b) ?? mergeFactors(graph, b, a);
    if (merged !== null && sameShape(merged.shape, shape)) return merged;
  }
  return graph.op(op, [a, b], type, shape);
}

function mergeFactors(graph: Graph, factor: Value, product: Value): Value | null {
  const outer = scalarOf(factor);
  const inner = outer === null ? null : madeBy(product, 'Mul');
  if (outer === null || inner === null) return null;
  const [x, y] = inner.inputs as [Value, Value];
  const [cx, cy] = [scalarOf(x), scalarOf(y)];
  const constant = cx ?? cy;
  if (constant === null) return null;
  return binary(graph, 'Mul', cx === null ? x : y, graph.scalar(Math.fround(outer * constant)));
}

const UNARY_FOLD: Readonly<Record<string, (x: number) => number>> = {
  Neg: (x) => -x,
  Sqrt: Math.sqrt,
  Reciprocal: (x) => 1 / x,
  Exp: Math.exp,
  Log: Math.log,
  Abs: Math.abs,
};

/** An elementwise operation of one value. Constants fold. */
export function unary(
  graph: Graph,
  op: string,
  x: Value,
  attributes: Readonly<Record<string, number | { readonly float: number }>> = {},
): Value {
  const scalar = scalarOf(x);
  const fold = UNARY_FOLD[op];
  if (scalar !== null && fold !== undefined && x.type === 'float32') {
    return graph.scalar(Math.fround(fold(scalar)), x.type, x.shape.length);
  }
  return graph.op(op, [x], x.type, x.shape, attributes);
}
