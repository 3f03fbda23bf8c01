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

const sum = (graph: Graph, x: Value, axis: number): Value => {
  const shape = x.shape.map((size, i) => (i === axis ? 1 : size));
  return x.shape[axis] === 1
    ? x
    : graph.op('ReduceSum', [x, graph.integers([axis])], 'float32', shape, { keepdims: 1 });
};

/** Sums of the parts, in memory [B, C / n, parts, n], as sums [B, C] of the planes or [1, C] of the whole batch. */
function combined(
  graph: Graph,
  block: number,
  sums: Value,
  x: Value,
  count: number,
  overBatch: boolean,
): Value {
  const [batch, channels] = x.shape as [number, number];
  const left = overBatch ? 1 : batch;
  const each = reshape(graph, sums, [batch, channels * count]);
  const rows = overBatch ? sum(graph, each, 0) : each;
  const added = reshape(graph, rows, [(left * channels) / block, count, block]);
  return reshape(graph, sum(graph, added, 1), [left, channels]);
}

/** Σ of x [B, C, H, W], in NCHWc layout, over each plane, times a factor: [B, C]; `overBatch`, over the batch as well: [1, C]. */
export function planeSums(graph: Graph, block: number, x: Value, overBatch: boolean, factor: number): Value {
  const { planes, height, width, count } = parts(x);
  const view = reshape(graph, x, [planes / block, block, height, width]);
  const shape = [planes / block, block, 1, 1];
  const means = graph.op('GlobalAveragePool', [view], 'float32', shape, {}, NCHWC_DOMAIN);
  const sums = combined(graph, block, means, x, count, overBatch);
  return graph.op('Mul', [sums, graph.scalar(height * width * factor)], 'float32', sums.shape);
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
  return combined(graph, block, sums, x, count, overBatch);
}
