import type { Builder } from '../build/builder.js';
import { measure, quantizationOf, quantizedInput } from '../build/quantization.js';
import { channelsLast, plainStrides, type Tensor } from '../build/storage.js';
import { integer, integers, type FlatNode } from '../graph/flat-graph.js';
import {
  ARGUMENT,
  CONVOLUTION,
  DECONVOLUTION,
  FORWARD_INFERENCE,
  FORWARD_TRAINING,
  QUERY,
  scalesOf,
  type DataType,
} from '../library/constants.js';
import type { Handle } from '../library/onednn.js';
import { scalingOf, type Scaling } from './normalization.js';
import type { Operator } from './operator.js';
import { quantizedWeights, resultOf } from './quantize.js';
import { window } from './window.js';

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
  const next = builder.uses.onlyConsumer(value);
  const scaling =
    next?.op === 'BatchNormalization' && next.inputs[0] === value ? scalingOf(builder, next) : null;
  if (scaling !== null && weights.storage.isConstant && (bias === null || bias.storage.isConstant)) {
    ({ weights, bias } = scaled(builder, scaling, weights, bias));
    nodes.push(next!);
    value = next!.outputs[0]!;
  }
  const groups = integer(node, 'group', 1);
  measure(builder, input);
  const quantization = weights.storage.isConstant ? quantizationOf(builder, input) : null;
  emitConvolution(builder, {
    nodes,
    value,
    x: quantization === null ? builder.get(input) : quantizedInput(builder, input, quantization),
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
  const turned = builder.memory.view(
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
  const from = builder.memory.host(weights).data;
  const made = builder.memory.plain('float32', weights.shape, [weights]);
  const each = from.length / a.length;
  const to = builder.memory.host(made).data;
  for (let i = 0; i < from.length; i++) to[i] = from[i]! * a[Math.floor(i / each)]!;
  const shift = builder.memory.plain('float32', [a.length], [weights]);
  const before = bias === null ? null : builder.memory.host(bias).data;
  const shifts = builder.memory.host(shift).data;
  for (let c = 0; c < a.length; c++) shifts[c] = (before?.[c] ?? 0) * a[c]! + b[c]!;
  return { weights: made, bias: shift };
}

/** Weights with an axis of groups in front. */
export function grouped(builder: Builder, weights: Tensor, groups: number): Tensor {
  if (groups === 1) return weights;
  const [outputs, ...rest] = weights.shape as [number, ...number[]];
  const shape = [groups, outputs / groups, ...rest];
  return builder.memory.view(weights, shape, plainStrides(shape));
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
  const any = (type: DataType, of: readonly number[]): Handle => builder.memory.descriptor(type, of, null);
  // 8-bit code of the library has channels last; what it computes then has the same layout for every type.
  const fixed = quantized === null ? null : channelsLast(shape);
  const all = [x, weights, ...(bias === null ? [] : [bias]), ...after.operands.map(([, tensor]) => tensor)];
  const [sourceLayout, resultLayout] = ((): readonly Handle[] => {
    if (fixed !== null) return [any(source, x.shape), builder.memory.descriptor(result.type, shape, fixed)];
    const groups = weights.shape.length === 5 ? weights.shape[0]! : 1;
    return builder.memory.imageDescriptors(groups, [source, x.shape], [result.type, shape]);
  })() as [Handle, Handle];
  let made!: Tensor;
  builder.steps.emit(
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
          ? builder.memory.fresh(result.type, shape, layout, all, result.scale)
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
          : [[scalesOf(ARGUMENT.destination), builder.memory.vector([result.scale])] as const]),
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
  for (const node of [...nodes, ...after.nodes]) builder.uses.finish(node);
}
