import type { Builder } from '../build/builder.js';
import { constantOf } from '../build/constants.js';
import type { Quantization } from '../build/quantization.js';
import { channelsLast, type Tensor } from '../build/storage.js';
import { fraction, type FlatNode } from '../graph/flat-graph.js';
import {
  ARGUMENT,
  BINARY,
  ELTWISE,
  FORWARD_INFERENCE,
  NORMALIZATION,
  postOperand,
} from '../library/constants.js';
import { likeOf } from './eltwise.js';
import type { Operator } from './operator.js';
import { wantedQuantization } from './quantize.js';

/** The numbers of a batch normalization whose parameters are constants, as y = x·a + b per channel. */
export interface Scaling {
  readonly a: Float64Array;
  readonly b: Float64Array;
}

/** The factors of a batch normalization; null where its parameters are not constant. */
export function scalingOf(builder: Builder, node: FlatNode): Scaling | null {
  const vectors = node.inputs.slice(1).map((input) => constantOf(builder, input!));
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

/** A batch normalization of its own, with a ReLU after it. x: [B, C, H, W] with statistics per channel. */
export const batchNormalization: Operator = (builder, node) => {
  const [input, scale, shift, mean, variance] = node.inputs as [number, number, number, number, number];
  const value = node.outputs[0]!;
  const next = builder.uses.onlyConsumer(value);
  const relu = next?.op === 'Relu' ? next : null;
  const result = relu === null ? value : relu.outputs[0]!;
  const nodes = relu === null ? [node] : [node, relu];
  const quantization = wantedQuantization(builder, result);
  const scaling = quantization === null ? null : scalingOf(builder, node);
  const x = builder.get(input);
  if (quantization !== null && scaling !== null) {
    quantizedNormalization(builder, x, scaling, quantization, relu !== null, result);
    for (const each of nodes) builder.uses.finish(each);
    return true;
  }
  const y = builder.mayOverwrite(input) ? { ...x } : likeOf(builder, x);
  const flags = NORMALIZATION.globalStatistics | NORMALIZATION.scale | NORMALIZATION.shift;
  const vector = (of: number): Tensor => builder.asPlain(builder.get(of), 'float32');
  builder.steps.emit(
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
  for (const each of nodes) builder.uses.finish(each);
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
  const factor = builder.memory.vector(
    a.map((each) => each / scale),
    shape,
  );
  const sum = builder.memory.vector(
    b.map((each) => each / scale),
    shape,
  );
  const strided = x.strides === null ? builder.as(x, channelsLast(x.shape)) : x;
  const y = builder.memory.fresh(type, x.shape, strided.strides!, [x], scale);
  builder.steps.emit(
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
