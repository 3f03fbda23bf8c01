import { sameAttributes } from '../graph/attributes.js';
import type { Graph } from '../graph/graph.js';
import { POSITIVE_MASK } from '../graph/positive-mask.js';
import { madeBy, type Value } from '../graph/value.js';
import type { PeepholePass } from './pass.js';

/**
 * The gradient of max-pool(relu(x)), unpool(dy) · (x > 0), is unpool(dy · (max-pool(x) > 0)): a gradient lands on the
 * maximum of its window, so its mask is that of the maximum. Where the maximum is positive the first maxima of x and
 * relu(x) are the same; where it is not, nothing passes.
 */
export const maskBeforeUnpool: PeepholePass = {
  name: 'mask-before-unpool',
  stage: 'operation',
  op: 'Mul',
  when: ({ ownGradients }) => !ownGradients,
  rewrite: (graph, { inputs: [a, b] }) => withinWindow(graph, a!, b!) ?? withinWindow(graph, b!, a!),
};

/** The x of a mask x > 0, or relu(x) > 0. */
function maskedBy(mask: Value): Value | null {
  const node = madeBy(mask, 'HardSigmoid');
  if (node === null || !sameAttributes(node.attributes, POSITIVE_MASK)) return null;
  const operand = node.inputs[0]!;
  return madeBy(operand, 'Relu')?.inputs[0] ?? operand;
}

function withinWindow(graph: Graph, unpooled: Value, mask: Value): Value | null {
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
  const kept = graph.op('HardSigmoid', [maxima], 'float32', maxima.shape, POSITIVE_MASK);
  const passed = graph.op('Mul', [dy, kept], 'float32', dy.shape);
  return graph.op('MaxUnpool', [passed, first, size], 'float32', unpooled.shape, unpool.attributes);
}
