import { sameShape } from '../graph/graph.js';
import { reshape } from '../graph/shape-ops.js';
import { scalarOf } from '../graph/value.js';
import { kernel, type Kernel } from './kernel.js';
import { NCHW, sameLayout, type TracedTensor } from './traced-tensor.js';
import type { Tracer } from './tracer.js';

interface Normalization {
  readonly x: TracedTensor;
  readonly mean: TracedTensor;
  readonly variance: TracedTensor;
  readonly scale: TracedTensor | null;
  readonly offset: TracedTensor | null;
  readonly epsilon: number;
}

/** One pass over images in [B, C, H, W]: ONNX's own operator, which runtimes fold into a convolution before it. */
function fused(t: Tracer, { x, mean, variance, scale, offset, epsilon }: Normalization): TracedTensor {
  const channels = mean.shape;
  const value = t.full(x, NCHW);
  const inputs = [
    value,
    t.full(scale ?? t.uniform(1, channels)),
    t.full(offset ?? t.uniform(0, channels)),
    t.full(mean),
    t.full(variance),
  ];
  const attributes = { epsilon: { float: epsilon } };
  return t.tensor(
    t.graph.op('BatchNormalization', inputs, 'float32', value.shape, attributes),
    x.shape,
    'float32',
    NCHW,
  );
}

/**
 * One pass on all threads: a 1×1 filter and a bias per channel, into which a following ReLU fuses. BatchNormalization
 * runs on one thread.
 */
function perChannel(t: Tracer, normalization: Normalization): TracedTensor {
  const { graph } = t;
  const value = t.full(normalization.x, NCHW);
  const channels = value.shape[1]!;
  const [a, b] = scaleAndShift(t, normalization).map((part) => t.full(part));
  const filters = reshape(graph, a!, [channels, 1, 1, 1]);
  const attributes = { kernel_shape: [1, 1], pads: [0, 0, 0, 0], strides: [1, 1], dilations: [1, 1] };
  const result = graph.op('Conv', [value, filters, b!], 'float32', value.shape, {
    ...attributes,
    group: channels,
  });
  return t.tensor(result, normalization.x.shape, 'float32', NCHW);
}

/** a = scale / √(variance + ε) and b = offset - mean·a, so that the result is x·a + b. */
function scaleAndShift(
  t: Tracer,
  { mean, variance, scale, offset, epsilon }: Normalization,
): readonly [TracedTensor, TracedTensor] {
  const inverse = t.unary('Reciprocal', t.unary('Sqrt', t.binary('Add', variance, t.number(epsilon))));
  const a = scale === null ? inverse : t.binary('Mul', inverse, scale);
  if (offset !== null && scalarOf(mean.value) === 0 && sameShape(offset.shape, mean.shape))
    return [a, offset];
  const shift = t.binary('Mul', mean, a);
  const b = offset === null ? t.unary('Neg', shift) : t.binary('Sub', offset, shift);
  return [a, b];
}

/** A product and a sum, for any layout. */
function composed(t: Tracer, normalization: Normalization): TracedTensor {
  const [a, b] = scaleAndShift(t, normalization);
  return t.binary('Add', t.binary('Mul', normalization.x, a), b);
}

export const normKernels: readonly Kernel[] = [
  kernel('FusedBatchNorm', 'BatchNormalization', ({ t, input, optional, attrs }) => {
    const normalization: Normalization = {
      x: input('x'),
      mean: input('mean'),
      variance: input('variance'),
      scale: optional('scale'),
      offset: optional('offset'),
      epsilon: (attrs['varianceEpsilon'] as number | null | undefined) ?? 0.001,
    };
    const vectors = [normalization.mean, normalization.variance, normalization.scale, normalization.offset];
    const whole = vectors.every((v) => v === null || v.shape.length === 1);
    const isFused = t.target.ownGradients && t.target.kind === 'step';
    if (!whole || isFused || !sameLayout(normalization.x.layout, NCHW)) return composed(t, normalization);
    return t.target.channelBlock === null ? fused(t, normalization) : perChannel(t, normalization);
  }),
];
