import type { Builder } from '../engine/builder.js';
import { plainStrides, type Tensor } from '../engine/storage.js';
import { fraction, integer, integers, type FlatNode } from '../graph/flat-graph.js';
import {
  ARGUMENT,
  CONVOLUTION,
  DECONVOLUTION,
  FORWARD_INFERENCE,
  NORMALIZATION,
  QUERY,
  type DataType,
} from '../library/constants.js';
import type { Handle } from '../library/onednn.js';
import { operationsAfter } from './after.js';
import { likeOf } from './eltwise.js';
import type { Operator } from './operator.js';

/** The numbers of a batch normalization whose parameters are constants, as y = x·a + b per channel. */
interface Scaling {
  readonly a: Float64Array;
  readonly b: Float64Array;
}

function scalingOf(builder: Builder, node: FlatNode): Scaling | null {
  const vectors = node.inputs.slice(1).map((input) => builder.constant(input!));
  if (vectors.some((vector) => vector === null)) return null;
  const [scale, offset, mean, variance] = vectors.map((vector) => vector!.data) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const epsilon = fraction(node, 'epsilon', 1e-5);
  const a = Float64Array.from(scale, (s, c) => s / Math.sqrt(variance[c]! + epsilon));
  return { a, b: Float64Array.from(offset, (o, c) => o - mean[c]! * a[c]!) };
}

/**
 * A convolution with what follows it: a batch normalization of constants, which becomes part of the weights, and
 * elementwise operations. x: [B, C, H, W]; weights: [O, I / groups, kh, kw].
 */
export const convolution: Operator = (builder, node) => {
  const [input, filter, biasValue = null] = node.inputs as [number, number, number | null];
  const x = builder.get(input);
  if (x.shape.length !== 4) return false;
  let weights = builder.asPlain(builder.get(filter), 'float32');
  let bias = biasValue === null ? null : builder.asPlain(builder.get(biasValue), 'float32');
  const nodes = [node];
  let value = node.outputs[0]!;
  const next = builder.onlyConsumer(value);
  const scaling =
    next?.op === 'BatchNormalization' && next.inputs[0] === value ? scalingOf(builder, next) : null;
  if (scaling !== null && weights.storage.isConstant && (bias === null || bias.storage.isConstant)) {
    ({ weights, bias } = scaled(builder, scaling, weights, bias));
    nodes.push(next!);
    value = next!.outputs[0]!;
  }
  const groups = integer(node, 'group', 1);
  emitConvolution(builder, {
    nodes,
    value,
    x,
    weights: grouped(builder, weights, groups),
    bias,
    ...window(node),
  });
  return true;
};

/** A transposed convolution. x: [B, C, H, W]; weights: [C, O / groups, kh, kw]. */
export const transposedConvolution: Operator = (builder, node) => {
  const [input, filter] = node.inputs as [number, number];
  const x = builder.get(input);
  if (x.shape.length !== 4) return false;
  const groups = integer(node, 'group', 1);
  const weights = grouped(builder, builder.asPlain(builder.get(filter), 'float32'), groups);
  const swapped = [...weights.shape.keys()];
  const at = groups === 1 ? 0 : 1;
  [swapped[at], swapped[at + 1]] = [at + 1, at];
  const turned = builder.view(
    weights,
    swapped.map((axis) => weights.shape[axis]!),
    swapped.map((axis) => weights.strides![axis]!),
  );
  const { strides, dilations, begin, end } = window(node);
  // rows and columns that no window reaches belong to the padding at the end
  const more = integers(node, 'output_padding');
  const pads = end.map((pad, axis) => pad - (more[axis] ?? 0));
  emitConvolution(builder, {
    nodes: [node],
    value: node.outputs[0]!,
    x,
    weights: turned,
    bias: null,
    strides,
    dilations,
    begin,
    end: pads,
    isTransposed: true,
  });
  return true;
};

/** Strides, gaps between the elements of a window, and padding at the begin and the end. */
export function window(node: FlatNode) {
  const pads = integers(node, 'pads');
  const list = (name: string): readonly number[] =>
    integers(node, name).length > 0 ? integers(node, name) : [1, 1];
  return {
    strides: list('strides'),
    dilations: list('dilations').map((each) => each - 1),
    begin: [pads[0] ?? 0, pads[1] ?? 0],
    end: [pads[2] ?? 0, pads[3] ?? 0],
  };
}

/** Weights and bias that scale and shift the result per channel. */
function scaled(
  builder: Builder,
  { a, b }: Scaling,
  weights: Tensor,
  bias: Tensor | null,
): { weights: Tensor; bias: Tensor } {
  const from = builder.host(weights).data;
  const made = builder.plain('float32', weights.shape, [weights]);
  const each = from.length / a.length;
  const to = builder.host(made).data;
  for (let i = 0; i < from.length; i++) to[i] = from[i]! * a[Math.floor(i / each)]!;
  const shift = builder.plain('float32', [a.length], [weights]);
  const before = bias === null ? null : builder.host(bias).data;
  const shifts = builder.host(shift).data;
  for (let c = 0; c < a.length; c++) shifts[c] = (before?.[c] ?? 0) * a[c]! + b[c]!;
  return { weights: made, bias: shift };
}

/** Weights with an axis of groups in front. */
function grouped(builder: Builder, weights: Tensor, groups: number): Tensor {
  if (groups === 1) return weights;
  const [outputs, ...rest] = weights.shape as [number, ...number[]];
  const shape = [groups, outputs / groups, ...rest];
  return builder.view(weights, shape, plainStrides(shape));
}

interface Convolution {
  readonly nodes: readonly FlatNode[];
  /** What it computes before the operations after it. */
  readonly value: number;
  readonly x: Tensor;
  readonly weights: Tensor;
  readonly bias: Tensor | null;
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly begin: readonly number[];
  readonly end: readonly number[];
  readonly isTransposed?: boolean;
}

function emitConvolution(builder: Builder, convolution: Convolution): void {
  const {
    nodes,
    value,
    x,
    weights,
    bias,
    strides,
    dilations,
    begin,
    end,
    isTransposed = false,
  } = convolution;
  const type: DataType = builder.activation;
  const { shape } = builder.graph.values[value]!;
  const after = operationsAfter(builder, value, true);
  const any = (of: readonly number[]): Handle => builder.descriptor(type, of, null);
  const all = [x, weights, ...(bias === null ? [] : [bias]), ...after.operands.map(([, tensor]) => tensor)];
  let result!: Tensor;
  builder.emit(
    isTransposed
      ? 'dnnl_deconvolution_forward_primitive_desc_create'
      : 'dnnl_convolution_forward_primitive_desc_create',
    [
      FORWARD_INFERENCE,
      isTransposed ? DECONVOLUTION : CONVOLUTION,
      any(x.shape),
      any(weights.shape),
      bias?.descriptor ?? 0,
      any(shape),
      strides,
      dilations,
      begin,
      end,
    ],
    after.operations,
    (chosen) => {
      const layout = chosen(QUERY.destination);
      result =
        after.addedTo === null
          ? builder.fresh(type, shape, layout, all)
          : { ...builder.as(after.addedTo, layout, type) };
      return [
        [ARGUMENT.source, builder.as(x, chosen(QUERY.source), type)],
        [ARGUMENT.weights, builder.as(weights, chosen(QUERY.weights), type)],
        ...(bias === null ? [] : [[ARGUMENT.bias, bias] as const]),
        ...after.operands,
        [ARGUMENT.destination, result],
      ];
    },
  );
  builder.set(after.result, result);
  for (const node of [...nodes, ...after.nodes]) builder.finish(node);
}

/** A batch normalization of its own, with a ReLU after it. x: [B, C, H, W] with statistics per channel. */
export const batchNormalization: Operator = (builder, node) => {
  const [input, scale, shift, mean, variance] = node.inputs as [number, number, number, number, number];
  const x = builder.get(input);
  const value = node.outputs[0]!;
  const next = builder.onlyConsumer(value);
  const hasRelu = next?.op === 'Relu';
  const y = builder.mayOverwrite(input) ? { ...x } : likeOf(builder, x);
  const flags = NORMALIZATION.globalStatistics | NORMALIZATION.scale | NORMALIZATION.shift;
  const vector = (of: number): Tensor => builder.asPlain(builder.get(of), 'float32');
  builder.emit(
    'dnnl_batch_normalization_forward_primitive_desc_create',
    [
      FORWARD_INFERENCE,
      x.descriptor,
      y.descriptor,
      fraction(node, 'epsilon', 1e-5),
      flags | (hasRelu ? NORMALIZATION.relu : 0),
    ],
    [],
    () => [
      [ARGUMENT.source, x],
      [ARGUMENT.mean, vector(mean)],
      [ARGUMENT.variance, vector(variance)],
      [ARGUMENT.scale, vector(scale)],
      [ARGUMENT.shift, vector(shift)],
      [ARGUMENT.destination, y],
    ],
  );
  builder.set(hasRelu ? next!.outputs[0]! : value, y);
  builder.finish(node);
  if (hasRelu) builder.finish(next!);
  return true;
};
