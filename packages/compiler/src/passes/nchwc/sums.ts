import { sizeOf } from '@anc/core';
import type { Graph } from '../../graph/graph.js';
import { NCHWC_DOMAIN, nchwcConv } from '../../graph/nchwc.js';
import { reshape } from '../../graph/shape-ops.js';
import type { Value } from '../../graph/value.js';

/** About as many numbers in one chain of additions: larger planes are summed in parts, because short chains round less. */
const CHAIN = 256;
const PARTS = 4;

/** x's memory as [B · C · parts, …] planes of its parts. */
function parts(x: Value): { planes: number; height: number; width: number; count: number } {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const count = height * width > CHAIN && height % PARTS === 0 ? PARTS : 1;
  return { planes: batch * channels * count, height: height / count, width, count };
}

/** How the numbers of the parts become those of planes or of the whole batch. */
type Reduction = 'ReduceSum' | 'ReduceMean';

/** x without an axis. */
const reduced = (graph: Graph, op: Reduction, x: Value, axis: number): Value => {
  const shape = x.shape.toSpliced(axis, 1);
  return x.shape[axis] === 1
    ? reshape(graph, x, shape)
    : graph.op(op, [x, graph.integers([axis])], 'float32', shape, { keepdims: 0 });
};

/** Numbers of the parts, in memory [B, C / n, parts, n], combined to those of the planes [B, C] or of the whole batch [C]. */
function combined(
  graph: Graph,
  op: Reduction,
  block: number,
  ofParts: Value,
  x: Value,
  count: number,
  overBatch: boolean,
): Value {
  const [batch, channels] = x.shape as [number, number];
  const isOneBlock = channels === block; // whose parts are rows like images
  if (overBatch && (count === 1 || isOneBlock)) {
    return reduced(graph, op, reshape(graph, ofParts, [batch * count, channels]), 0);
  }
  const each = reshape(graph, ofParts, [batch, channels * count]);
  const rows = overBatch ? reduced(graph, op, each, 0) : each;
  const shape = overBatch ? [channels] : [batch, channels];
  const blocks = reshape(graph, rows, [sizeOf(shape) / block, count, block]);
  return reshape(graph, reduced(graph, op, blocks, 1), shape);
}

/**
 * Σ of x [B, C, H, W], in NCHWc layout, over each plane: [B, C]; `overBatch`, over the batch as well: [C].
 *
 * @param isMean divides by how many numbers were added
 */
export function planeSums(graph: Graph, block: number, x: Value, overBatch: boolean, isMean: boolean): Value {
  const { planes, height, width, count } = parts(x);
  const view = reshape(graph, x, [planes / block, block, height, width]);
  const shape = [planes / block, block, 1, 1];
  const means = graph.op('GlobalAveragePool', [view], 'float32', shape, {}, NCHWC_DOMAIN);
  if (isMean) return combined(graph, 'ReduceMean', block, means, x, count, overBatch);
  const sums = combined(graph, 'ReduceSum', block, means, x, count, overBatch);
  return graph.op('Mul', [sums, graph.scalar(height * width)], 'float32', sums.shape);
}

/**
 * Σ of x·y, both [B, C, H, W] in NCHWc layout, over the same. A convolution of every plane with a filter as large as
 * itself, so that no product is written to memory.
 */
export function sumsOfProducts(graph: Graph, block: number, x: Value, y: Value, overBatch: boolean): Value {
  const { planes, height, width, count } = parts(x);
  const image = reshape(graph, x, [1, planes, height, width]);
  const filters = reshape(graph, y, [planes, 1, height, width]);
  const sums = nchwcConv(graph, [image, filters], [1, planes, 1, 1], {
    strides: [1, 1],
    pads: [0, 0, 0, 0],
    kernel_shape: [height, width],
    dilations: [1, 1],
    group: planes,
  });
  return combined(graph, 'ReduceSum', block, sums, x, count, overBatch);
}
