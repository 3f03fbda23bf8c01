import { sizeOf } from '@anc/core';
import { sameShape, type Graph } from '../../graph/graph.js';
import { reshape } from '../../graph/shape-ops.js';
import { integersOf, madeBy, type Node, type Value } from '../../graph/value.js';
import { isImage, isOnlyReader, operands, type NchwcContext, type NchwcRule } from './context.js';
import { planeSums, sumsOfProducts } from './sums.js';

/** The x of (x - m)², where m is x's mean over the same axes as `node`'s, and m. */
function deviation(node: Node): readonly [Value, Value] | null {
  const [a, b] = (madeBy(node.inputs[0]!, 'Mul')?.inputs ?? []) as [Value?, Value?];
  const difference = a !== undefined && a === b ? madeBy(a, 'Sub') : null;
  const [x, m] = (difference?.inputs ?? []) as [Value?, Value?];
  const mean = m === undefined ? null : madeBy(m, 'ReduceMean');
  const own = mean !== null && mean.inputs[0] === x && mean.inputs[1] === node.inputs[1];
  return own ? [x!, m!] : null;
}

/**
 * The mean of (x - m)² as that of x², less m²: x is read once and nothing is written. Loses the digits by which m² is
 * larger than the variance; never gives less than nothing.
 */
function variance(node: Node, c: NchwcContext): Value | null {
  const { graph } = c;
  const found = node.op === 'ReduceMean' ? deviation(node) : null;
  const blocked = found === null ? null : c.blocked(c.current(found[0]));
  if (found === null || blocked === null) return null;
  const square = sumsOfProducts(graph, c.block, blocked, blocked, isOverBatch(node));
  const { shape } = square;
  const mean = scaled(graph, square, share(node));
  const m = reshape(graph, c.current(found[1]), shape);
  const less = graph.op('Sub', [mean, graph.op('Mul', [m, m], 'float32', shape)], 'float32', shape);
  return graph.op('Max', [less, graph.scalar(0)], 'float32', shape);
}

const scaled = (graph: Graph, sums: Value, factor: number): Value =>
  factor === 1 ? sums : graph.op('Mul', [sums, graph.scalar(factor)], 'float32', sums.shape);

/** What a sum is multiplied by to be the reduction: 1, or for means one over the number of elements in each. */
const share = ({ op, inputs, outputs }: Node): number =>
  op === 'ReduceSum' ? 1 : sizeOf(outputs[0]!.shape) / sizeOf(inputs[0]!.shape);

const axesOf = (node: Node): number[] => [...integersOf(node.inputs[1]!)].sort((a, b) => a - b);

/** Whether the sum goes over the batch as well. */
const isOverBatch = (node: Node): boolean => axesOf(node).includes(0);

/** Sums over planes, of products too. */
export const reduction: NchwcRule = (node, c) => {
  const [x] = node.inputs as [Value];
  const over = axesOf(node);
  if (!isImage(x, c) || !(sameShape(over, [2, 3]) || sameShape(over, [0, 2, 3]))) return null;
  const spread = variance(node, c);
  const { shape } = node.outputs[0]!;
  if (spread !== null) return reshape(c.graph, spread, shape);
  const product = madeBy(x, 'Mul');
  const factors = product === null || !isOnlyReader(x, node, c) ? null : operands(product, c);
  const blocked = c.blocked(c.current(x));
  const asProducts = factors?.every((factor) => sameShape(factor.shape, x.shape)) === true;
  if (!asProducts && blocked === null) return null;
  const value = asProducts
    ? scaled(
        c.graph,
        sumsOfProducts(c.graph, c.block, factors[0]!, factors[1]!, isOverBatch(node)),
        share(node),
      )
    : planeSums(c.graph, c.block, blocked!, isOverBatch(node), node.op === 'ReduceMean');
  return reshape(c.graph, value, shape);
};
