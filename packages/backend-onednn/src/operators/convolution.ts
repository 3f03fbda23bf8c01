import type { Builder, Quantization } from '../build/builder.js';
import { plainStrides, type Tensor } from '../build/storage.js';
import { fraction, integer, integers, type FlatNode } from '../graph/flat-graph.js';
import {
  ARGUMENT,
  CONVOLUTION,
  DECONVOLUTION,
  FORWARD_INFERENCE,
  FORWARD_TRAINING,
  NORMALIZATION,
  QUERY,
  scalesOf,
  postOperand,
  BINARY,
  ELTWISE,
  type DataType,
} from '../library/constants.js';
import type { Handle } from '../library/onednn.js';
import { quantizedWeights, resultOf, wantedQuantization } from './quantize.js';
import { likeOf } from './eltwise.js';
import type { Operator } from './operator.js';
import { window } from './window.js';

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
  const [input, filter, biasValue = null] = node.inputs as [number, number, (number | null)?];
  if (builder.graph.values[input]!.shape.length !== 4) return false;
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
  builder.measure(input);
  const quantization = weights.storage.isConstant ? builder.quantization(input) : null;
  emitConvolution(builder, {
    nodes,
    value,
    x: quantization === null ? builder.get(input) : builder.quantized(input, quantization),
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
export function grouped(builder: Builder, weights: Tensor, groups: number): Tensor {
  if (groups === 1) return weights;
  const [outputs, ...rest] = weights.shape as [number, ...number[]];
  const shape = [groups, outputs / groups, ...rest];
  return builder.view(weights, shape, plainStrides(shape));
}

/** Strides of [B, C, H, W] with channels beside each other. */
function channelsLast(shape: readonly number[]): number[] {
  const [, channels, height, width] = shape as [number, number, number, number];
  return [channels * height * width, 1, width * channels, channels];
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
  const { nodes, value, x, bias, strides, dilations, begin, end, isTransposed = false } = convolution;
  const { shape } = builder.graph.values[value]!;
  const quantized = x.scale === null ? null : quantizedWeights(builder, convolution.weights, x.scale);
  const weights = quantized?.weights ?? convolution.weights;
  const result = resultOf(builder, value, quantized !== null);
  const after = result.after;
  const source: DataType = quantized === null ? builder.factor : x.type;
  const any = (type: DataType, of: readonly number[]): Handle => builder.descriptor(type, of, null);
  // 8-bit code of the library has channels last; what it computes then has the same layout for every type.
  const fixed = quantized === null ? null : channelsLast(shape);
  const all = [x, weights, ...(bias === null ? [] : [bias]), ...after.operands.map(([, tensor]) => tensor)];
  const [sourceLayout, resultLayout] = ((): readonly Handle[] => {
    if (fixed !== null) return [any(source, x.shape), builder.descriptor(result.type, shape, fixed)];
    const groups = weights.shape.length === 5 ? weights.shape[0]! : 1;
    return builder.imageDescriptors(groups, [source, x.shape], [result.type, shape]);
  })() as [Handle, Handle];
  let made!: Tensor;
  builder.emit(
    isTransposed
      ? 'dnnl_deconvolution_forward_primitive_desc_create'
      : 'dnnl_convolution_forward_primitive_desc_create',
    [
      builder.heap === null ? FORWARD_INFERENCE : FORWARD_TRAINING,
      isTransposed ? DECONVOLUTION : CONVOLUTION,
      sourceLayout,
      any(weights.type === 'int8' ? 'int8' : source, weights.shape),
      bias?.descriptor ?? 0,
      resultLayout,
      strides,
      dilations,
      begin,
      end,
    ],
    after.operations,
    (chosen) => {
      const layout = fixed ?? chosen(QUERY.destination);
      made =
        after.addedTo === null
          ? builder.fresh(result.type, shape, layout, all, result.scale)
          : { ...builder.as(after.addedTo, layout, result.type) };
      const kernel = weights.type === 'int8' ? weights.type : source;
      return [
        [ARGUMENT.source, builder.as(x, chosen(QUERY.source), source)],
        [ARGUMENT.weights, builder.as(weights, chosen(QUERY.weights), kernel)],
        ...(bias === null ? [] : [[ARGUMENT.bias, bias] as const]),
        ...after.operands,
        ...(quantized === null ? [] : [[scalesOf(ARGUMENT.weights), quantized.scales] as const]),
        ...(result.scale === null
          ? []
          : [[scalesOf(ARGUMENT.destination), builder.vector([result.scale])] as const]),
        [ARGUMENT.destination, made],
      ];
    },
    [
      ...(quantized === null ? [] : [[ARGUMENT.weights, quantized.mask] as const]),
      ...(result.scale === null ? [] : [[ARGUMENT.destination, 0] as const]),
    ],
  );
  if (result.scale === null) builder.set(after.result, made);
  else builder.setQuantized(after.result, made);
  for (const node of [...nodes, ...after.nodes]) builder.finish(node);
}

/** A batch normalization of its own, with a ReLU after it. x: [B, C, H, W] with statistics per channel. */
export const batchNormalization: Operator = (builder, node) => {
  const [input, scale, shift, mean, variance] = node.inputs as [number, number, number, number, number];
  const value = node.outputs[0]!;
  const next = builder.onlyConsumer(value);
  const relu = next?.op === 'Relu' ? next : null;
  const result = relu === null ? value : relu.outputs[0]!;
  const nodes = relu === null ? [node] : [node, relu];
  const quantization = wantedQuantization(builder, result);
  const scaling = quantization === null ? null : scalingOf(builder, node);
  const x = builder.get(input);
  if (quantization !== null && scaling !== null) {
    quantizedNormalization(builder, x, scaling, quantization, relu !== null, result);
    for (const each of nodes) builder.finish(each);
    return true;
  }
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
      flags | (relu === null ? 0 : NORMALIZATION.relu),
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
  builder.set(result, y);
  for (const each of nodes) builder.finish(each);
  return true;
};

/** A batch normalization whose result is stored in 8 bits at once: a product and a sum, whose factors take its scale in. */
function quantizedNormalization(
  builder: Builder,
  x: Tensor,
  { a, b }: Scaling,
  { type, scale }: Quantization,
  hasRelu: boolean,
  result: number,
): void {
  const shape = [1, a.length, 1, 1];
  const factor = builder.vector(
    a.map((each) => each / scale),
    shape,
  );
  const sum = builder.vector(
    b.map((each) => each / scale),
    shape,
  );
  const strided = x.strides === null ? builder.as(x, channelsLast(x.shape)) : x;
  const y = builder.fresh(type, x.shape, strided.strides!, [x], scale);
  builder.emit(
    'dnnl_binary_primitive_desc_create',
    [BINARY['Mul']!, strided.descriptor, factor.descriptor, y.descriptor],
    [
      { kind: 'binary', algorithm: BINARY['Add']!, operand: sum.descriptor },
      ...(hasRelu ? [{ kind: 'eltwise', algorithm: ELTWISE.relu, alpha: 0, beta: 0 } as const] : []),
    ],
    () => [
      [ARGUMENT.source, strided],
      [ARGUMENT.source1, factor],
      [postOperand(0), sum],
      [ARGUMENT.destination, y],
    ],
  );
  builder.setQuantized(result, y);
}
