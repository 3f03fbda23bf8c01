import { sizeOf } from '@anc/core';
import { sameShape, type Graph } from '../graph.js';
import { reshape } from '../shape-ops.js';
import { integersOf, madeBy, type Node, type Value } from '../value.js';
import { isImage, onlyFor, operands, type BlockRule, type InBlocks } from './in-blocks.js';
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
function variance(node: Node, c: InBlocks): Value | null {
  const { graph } = c;
  const found = node.op === 'ReduceMean' ? deviation(node) : null;
  const blocks = found === null ? null : c.of(c.now(found[0]));
  if (found === null || blocks === null) return null;
  const square = sumsOfProducts(graph, c.block, blocks, blocks, isWhole(node));
  const { shape } = node.outputs[0]!;
  const mean = reshape(graph, scaledToMean(graph, square, found[0]), shape);
  const m = reshape(graph, c.now(found[1]), shape);
  const less = graph.op('Sub', [mean, graph.op('Mul', [m, m], 'float32', shape)], 'float32', shape);
  return graph.op('Max', [less, graph.scalar(0)], 'float32', shape);
}

/** Σ over the axes that `sums` no longer has, as a mean of x. */
const scaledToMean = (graph: Graph, sums: Value, x: Value): Value =>
  graph.op('Mul', [sums, graph.scalar(sizeOf(sums.shape) / sizeOf(x.shape))], 'float32', sums.shape);

const axesOf = (node: Node): number[] => [...integersOf(node.inputs[1]!)].sort((a, b) => a - b);

/** Whether the sum goes over the batch as well. */
const isWhole = (node: Node): boolean => axesOf(node).includes(0);

/** Sums over planes, of products too. */
export const reduction: BlockRule = (node, c) => {
  const [x] = node.inputs as [Value];
  const over = axesOf(node);
  if (!isImage(x, c) || !(sameShape(over, [2, 3]) || sameShape(over, [0, 2, 3]))) return null;
  const spread = variance(node, c);
  if (spread !== null) return spread;
  const product = madeBy(x, 'Mul');
  const factors = product === null || !onlyFor(x, node, c) ? null : operands(product, c);
  const blocks = c.of(c.now(x));
  const asProducts = factors?.every((factor) => sameShape(factor.shape, x.shape)) === true;
  if (!asProducts && blocks === null) return null;
  const sums = asProducts
    ? sumsOfProducts(c.graph, c.block, factors[0]!, factors[1]!, isWhole(node))
    : planeSums(c.graph, c.block, blocks!, isWhole(node));
  const value = node.op === 'ReduceSum' ? sums : scaledToMean(c.graph, sums, x);
  return reshape(c.graph, value, node.outputs[0]!.shape);
};
