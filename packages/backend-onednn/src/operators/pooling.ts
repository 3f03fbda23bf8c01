import type { Builder } from '../build/builder.js';
import { numbersOf } from '../build/constants.js';
import type { Tensor } from '../build/storage.js';
import { integer, integers, type FlatNode } from '../graph/flat-graph.js';
import { ARGUMENT, FORWARD_INFERENCE, POOLING, QUERY } from '../library/constants.js';
import type { Operator } from './operator.js';
import { window } from './window.js';

/** Pools windows of [B, C, H, W]. The library's descriptor takes the size of the window after its strides. */
function pool(
  builder: Builder,
  node: FlatNode,
  algorithm: number,
  kernel: readonly number[],
  { strides, begin, end }: { strides: readonly number[]; begin: readonly number[]; end: readonly number[] },
): void {
  const [input] = node.inputs as [number];
  const quantized = algorithm === POOLING.max ? builder.quantizedAlone(input) : null;
  const x = quantized ?? builder.get(input);
  const shape = builder.graph.values[node.outputs[0]!]!.shape;
  let result!: Tensor;
  builder.steps.emit(
    'dnnl_pooling_forward_primitive_desc_create',
    [
      FORWARD_INFERENCE,
      algorithm,
      x.descriptor,
      builder.memory.descriptor(x.type, shape, null),
      strides,
      kernel,
      [0, 0],
      begin,
      end,
    ],
    [],
    (chosen) => {
      result = builder.memory.fresh(x.type, shape, chosen(QUERY.destination), [x], x.scale);
      return [
        [ARGUMENT.source, x],
        [ARGUMENT.destination, result],
      ];
    },
  );
  if (quantized === null) builder.set(node.outputs[0]!, result);
  else builder.setQuantized(node.outputs[0]!, result);
  builder.uses.finish(node);
}

const isImage = (builder: Builder, node: FlatNode): boolean => {
  const { shape, type } = builder.graph.values[node.inputs[0]!]!;
  return shape.length === 4 && type === 'float32';
};

/** Maxima; where something reads their positions it is left to the host. */
export const maxPool: Operator = (builder, node) => {
  const [, positions] = node.outputs;
  if (!isImage(builder, node) || (positions !== undefined && builder.uses.isRead(positions))) return false;
  pool(builder, node, POOLING.max, integers(node, 'kernel_shape'), window(node));
  return true;
};

export const averagePool: Operator = (builder, node) => {
  if (!isImage(builder, node) || integer(node, 'count_include_pad', 0) !== 0) return false;
  pool(builder, node, POOLING.averageWithoutPadding, integers(node, 'kernel_shape'), window(node));
  return true;
};

const WHOLE = { strides: [1, 1], begin: [0, 0], end: [0, 0] };

/** The mean of each plane, for GlobalAveragePool and a ReduceMean of the last two axes of images. */
export const planeMean: Operator = (builder, node) => {
  if (!isImage(builder, node)) return false;
  const { shape } = builder.graph.values[node.inputs[0]!]!;
  if (node.op === 'ReduceMean') {
    const axes = numbersOf(builder, node, 1);
    if (axes.join() !== '2,3' || integer(node, 'keepdims', 1) !== 1) return false;
  }
  pool(builder, node, POOLING.averageWithoutPadding, shape.slice(2), WHOLE);
  return true;
};
