import type { Graph } from './graph.js';
import { madeBy, type Value } from './value.js';
import { reshape } from './shape-ops.js';

/** conv(x) + bias per channel is one operation, over blocks of channels too. */
export function withBias(graph: Graph, product: Value, bias: Value): Value | null {
  const reorder = madeBy(product, 'ReorderOutput');
  const conv = madeBy(reorder?.inputs[0] ?? product, 'Conv');
  if (conv === null || conv.inputs.length > 2) return null;
  const channels = product.shape[1]!;
  const perChannel = bias.shape.length >= 3 && bias.shape.at(-3) === channels;
  if (!perChannel || bias.shape.some((size, i) => size !== 1 && i !== bias.shape.length - 3)) return null;
  const inputs = [...conv.inputs, reshape(graph, bias, [channels])];
  const sum = graph.op('Conv', inputs, 'float32', product.shape, conv.attributes, conv.domain);
  return reorder === null
    ? sum
    : graph.op('ReorderOutput', [sum], 'float32', product.shape, reorder.attributes, reorder.domain);
}

/** max-pool(relu(x)) is relu(max-pool(x)), with fewer elements to rectify; null where x is not rectified. */
export function poolBeforeRelu(graph: Graph, pool: (x: Value) => Value, x: Value): Value | null {
  const relu = madeBy(x, 'Relu');
  if (relu === null) return null;
  const pooled = pool(relu.inputs[0]!);
  return graph.op('Relu', [pooled], 'float32', pooled.shape);
}

/**
 * HardSigmoid max(0, min(1, αx + β)) as the mask x > 0, in one pass where a comparison and its cast take two. The steepest
 * α there is: above 2⁻¹²⁶, which is every normal number, αx is over 1.
 */
export const MASK = { alpha: { float: 3e38 }, beta: { float: 0 } } as const;

/** The x of a mask x > 0, or relu(x) > 0. */
function maskedBy(mask: Value): Value | null {
  const node = madeBy(mask, 'HardSigmoid');
  if (node?.attributes !== MASK) return null;
  const asked = node.inputs[0]!;
  return madeBy(asked, 'Relu')?.inputs[0] ?? asked;
}

/**
 * The gradient of max-pool(relu(x)), unpool(dy) · (x > 0), is unpool(dy · (max-pool(x) > 0)): a gradient
 * lands on the maximum of its window, so its mask is that of the maximum. Where the maximum is positive
 * the first maxima of x and relu(x) are the same; where it is not, nothing passes.
 */
export function withinWindow(graph: Graph, unpooled: Value, mask: Value): Value | null {
  const unpool = madeBy(unpooled, 'MaxUnpool');
  const x = unpool === null ? null : maskedBy(mask);
  if (unpool === null || x === null) return null;
  const [dy, positions, size] = unpool.inputs as [Value, Value, Value];
  const pool = madeBy(positions, 'MaxPool');
  const pooled = pool?.inputs[0];
  if (pool === null || pooled === null || pooled === undefined) return null;
  const rectified = madeBy(pooled, 'Relu')?.inputs[0];
  if (pooled !== x && rectified !== x) return null;
  const outputs = pool.outputs.map(({ type, shape }) => ({ type, shape }));
  const [maxima, first] = graph.node('MaxPool', [x], outputs, pool.attributes) as [Value, Value];
  const kept = graph.op('HardSigmoid', [maxima], 'float32', maxima.shape, MASK);
  const passed = graph.op('Mul', [dy, kept], 'float32', dy.shape);
  return graph.op('MaxUnpool', [passed, first, size], 'float32', unpooled.shape, unpool.attributes);
}
