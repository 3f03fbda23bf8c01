import type { Graph } from '../graph/graph.js';
import { reshape } from '../graph/shape-ops.js';
import { madeBy, type Value } from '../graph/value.js';
import type { PeepholePass } from './pass.js';

/** conv(x) + bias per channel is one operation, in NCHWc layout too. */
export const fuseConvBias: PeepholePass = {
  name: 'fuse-conv-bias',
  stage: 'operation',
  op: 'Add',
  when: () => true,
  rewrite: (graph, { inputs: [a, b] }) => withBias(graph, a!, b!) ?? withBias(graph, b!, a!),
};

function withBias(graph: Graph, product: Value, bias: Value): Value | null {
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
