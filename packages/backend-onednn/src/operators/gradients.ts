import type { Builder } from '../build/builder.js';
import { plainStrides, type Tensor } from '../build/storage.js';
import { integer, integers, type FlatNode } from '../graph/flat-graph.js';
import {
  ARGUMENT,
  CONVOLUTION,
  FORWARD_TRAINING,
  POOLING,
  QUERY,
  type DataType,
} from '../library/constants.js';
import type { Handle } from '../library/onednn.js';
import { grouped } from './convolution.js';
import type { Operator } from './operator.js';
import { window } from './window.js';

/** The arguments of a convolution's descriptors after its tensors. */
const windowOf = (node: FlatNode): readonly (readonly number[])[] => {
  const { strides, dilations, begin, end } = window(node);
  return [strides, dilations, begin, end];
};

const shapeOf = (builder: Builder, value: number): readonly number[] => builder.graph.values[value]!.shape;

/** Descriptors of a convolution whose gradient is computed, and of its forward pass. type: of what is multiplied. */
function convolutionOf(
  builder: Builder,
  node: FlatNode,
  type: DataType,
  [x, weights, y]: readonly [
    readonly [DataType, readonly number[]],
    readonly [DataType, readonly number[]],
    readonly [DataType, readonly number[]],
  ],
) {
  const groups = integer(node, 'group', 1);
  const [source, result] = builder.memory.imageDescriptors(groups, x, y) as [Handle, Handle];
  const filter = builder.memory.descriptor(...weights, null);
  const images = builder.memory.imageDescriptors(groups, [type, x[1]], [type, y[1]]) as [Handle, Handle];
  const forward = builder.steps.describe('dnnl_convolution_forward_primitive_desc_create', [
    ...[
      FORWARD_TRAINING,
      CONVOLUTION,
      images[0],
      builder.memory.descriptor(type, weights[1], null),
      0,
      images[1],
    ],
    ...windowOf(node),
  ]);
  return { source, filter, result, forward };
}

/** ∂/∂x of a convolution, of dy [B, O, oh, ow] and weights [O, I / groups, kh, kw]. */
export const convolutionInput: Operator = (builder, node) => {
  const [gradient, filter] = node.inputs as [number, number];
  const dy = builder.get(gradient);
  const plain = builder.asPlain(builder.get(filter), 'float32');
  const weights = grouped(builder, plain, integer(node, 'group', 1));
  const [value] = node.outputs as [number];
  const shape = shapeOf(builder, value);
  const { factor } = builder;
  const type = builder.storedAs(value);
  const described = convolutionOf(builder, node, factor, [
    [type, shape],
    [factor, weights.shape],
    [factor, dy.shape],
  ]);
  let made!: Tensor;
  builder.steps.emit(
    'dnnl_convolution_backward_data_primitive_desc_create',
    [
      ...[CONVOLUTION, described.source, described.filter, described.result],
      ...[...windowOf(node), described.forward],
    ],
    [],
    (chosen) => {
      made = builder.memory.fresh(type, shape, chosen(QUERY.gradientOfSource), [dy, weights]);
      return [
        [ARGUMENT.gradientOfDestination, builder.as(dy, chosen(QUERY.gradientOfDestination), factor)],
        [ARGUMENT.weights, builder.as(weights, chosen(QUERY.weights), factor)],
        [ARGUMENT.gradientOfSource, made],
      ];
    },
  );
  builder.set(value, made);
  builder.uses.finish(node);
  return true;
};

/**
 * Whether oneDNN's gradient of weights in bfloat16 reads memory that nothing has written, so that it is another one each time: versions
 * 3.2 and 3.6 do where a strided window has one place only along an axis.
 */
const isComputedWrong = (node: FlatNode, [, , ...places]: readonly number[]): boolean =>
  window(node).strides.some((stride) => stride > 1) && places.includes(1);

/** ∂/∂weights of a convolution, of x [B, I, H, W] and dy [B, O, oh, ow]: [O, I / groups, kh, kw]. */
export const convolutionFilter: Operator = (builder, node) => {
  const [x, dy] = node.inputs.map((input) => builder.get(input!)) as [Tensor, Tensor];
  const groups = integer(node, 'group', 1);
  const shape = shapeOf(builder, node.outputs[0]!);
  const [outputs, ...rest] = shape as [number, ...number[]];
  const sizes = groups === 1 ? shape : [groups, outputs / groups, ...rest];
  const factor = isComputedWrong(node, dy.shape) ? 'float32' : builder.factor;
  const described = convolutionOf(builder, node, factor, [
    [factor, x.shape],
    ['float32', sizes],
    [factor, dy.shape],
  ]);
  let made!: Tensor;
  builder.steps.emit(
    'dnnl_convolution_backward_weights_primitive_desc_create',
    [
      ...[CONVOLUTION, described.source, described.filter, 0, described.result],
      ...[...windowOf(node), described.forward],
    ],
    [],
    (chosen) => {
      made = builder.memory.fresh('float32', sizes, chosen(QUERY.gradientOfWeights), [x, dy]);
      return [
        [ARGUMENT.source, builder.as(x, chosen(QUERY.source), factor)],
        [ARGUMENT.gradientOfDestination, builder.as(dy, chosen(QUERY.gradientOfDestination), factor)],
        [ARGUMENT.gradientOfWeights, made],
      ];
    },
  );
  builder.set(node.outputs[0]!, builder.memory.view(builder.asPlain(made), shape, plainStrides(shape)));
  builder.uses.finish(node);
  return true;
};

/** The arguments of a pooling's descriptors after its tensors: the size of the window stands after its strides. */
const poolingWindow = (node: FlatNode): readonly (readonly number[])[] => {
  const { strides, begin, end } = window(node);
  return [strides, integers(node, 'kernel_shape'), [0, 0], begin, end];
};

/** Maxima of [B, C, H, W] with their places, which only the backward pass reads, in a form of the library's own. */
export const maxPoolWithPlaces: Operator = (builder, node) => {
  const [value, places] = node.outputs as [number, number?];
  const readers = places === undefined ? null : builder.uses.consumers(places);
  if (places === undefined || readers === null || readers.length === 0) return false;
  if (readers.some(({ op }) => op !== 'MaxPoolGradient')) return false;
  const x = builder.get(node.inputs[0]!);
  const shape = shapeOf(builder, value);
  let [result, workspace] = [x, x];
  const forward = builder.steps.emit(
    'dnnl_pooling_forward_primitive_desc_create',
    [
      ...[FORWARD_TRAINING, POOLING.max, x.descriptor, builder.memory.descriptor(x.type, shape, null)],
      ...poolingWindow(node),
    ],
    [],
    (chosen) => {
      result = builder.memory.fresh(x.type, shape, chosen(QUERY.destination), [x]);
      workspace = builder.memory.fresh('uint8', shape, chosen(QUERY.workspace), [x]);
      return [
        [ARGUMENT.source, x],
        [ARGUMENT.workspace, workspace],
        [ARGUMENT.destination, result],
      ];
    },
  );
  builder.set(value, result);
  builder.set(places, workspace);
  builder.forward.set(places, { descriptor: forward, result: result.descriptor });
  builder.uses.finish(node);
  return true;
};

/** The gradient of a max-pool: dy at the places of the maxima. */
export const maxPoolInput: Operator = (builder, node) => {
  const [gradient, places] = node.inputs as [number, number];
  const forward = builder.forward.get(places);
  if (forward === undefined) return false;
  poolingInput(
    builder,
    node,
    POOLING.max,
    builder.as(builder.get(gradient), forward.result),
    forward.descriptor,
    [[ARGUMENT.workspace, builder.get(places)]],
  );
  return true;
};

/** The gradient of an average pool without padding among its numbers. */
export const averagePoolInput: Operator = (builder, node) => {
  const dy = builder.get(node.inputs[0]!);
  const any = (shape: readonly number[]): Handle => builder.memory.descriptor('float32', shape, null);
  const x = builder.memory.descriptor(
    'float32',
    shapeOf(builder, node.outputs[0]!),
    plainStrides(shapeOf(builder, node.outputs[0]!)),
  );
  const forward = builder.steps.describe('dnnl_pooling_forward_primitive_desc_create', [
    ...[FORWARD_TRAINING, POOLING.averageWithoutPadding, x, any(dy.shape)],
    ...poolingWindow(node),
  ]);
  poolingInput(builder, node, POOLING.averageWithoutPadding, dy, forward, []);
  return true;
};

function poolingInput(
  builder: Builder,
  node: FlatNode,
  algorithm: number,
  dy: Tensor,
  forward: Handle,
  more: readonly (readonly [number, Tensor])[],
): void {
  const shape = shapeOf(builder, node.outputs[0]!);
  let made!: Tensor;
  builder.steps.emit(
    'dnnl_pooling_backward_primitive_desc_create',
    [
      algorithm,
      builder.memory.descriptor('float32', shape, null),
      dy.descriptor,
      ...poolingWindow(node),
      forward,
    ],
    [],
    (chosen) => {
      made = builder.memory.fresh('float32', shape, chosen(QUERY.gradientOfSource), [dy]);
      return [[ARGUMENT.gradientOfDestination, dy], ...more, [ARGUMENT.gradientOfSource, made]];
    },
  );
  builder.set(node.outputs[0]!, made);
  builder.uses.finish(node);
}
