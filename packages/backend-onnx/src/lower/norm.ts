import { NCHW, sameLayout, type TracedTensor } from '../trace/symbol.js';
import type { Tracer } from '../trace/tracer.js';
import { kernel, type Kernel } from './kernel.js';

interface Normalization {
  readonly x: TracedTensor;
  readonly mean: TracedTensor;
  readonly variance: TracedTensor;
  readonly scale: TracedTensor | null;
  readonly offset: TracedTensor | null;
  readonly epsilon: number;
}

/** One pass over images in [B, C, H, W]: ONNX's own operation. */
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

/** x·a + b with a = scale / √(variance + ε), b = offset - mean·a. */
function composed(t: Tracer, { x, mean, variance, scale, offset, epsilon }: Normalization): TracedTensor {
  const inverse = t.unary('Reciprocal', t.unary('Sqrt', t.binary('Add', variance, t.number(epsilon))));
  const a = scale === null ? inverse : t.binary('Mul', inverse, scale);
  const shift = t.binary('Mul', mean, a);
  const b = offset === null ? t.unary('Neg', shift) : t.binary('Sub', offset, shift);
  return t.binary('Add', t.binary('Mul', x, a), b);
}

export const normKernels: readonly Kernel[] = [
  kernel('FusedBatchNorm', 'BatchNormalization', ({ t, input, optional, attrs }) => {
    const arguments_: Normalization = {
      x: input('x'),
      mean: input('mean'),
      variance: input('variance'),
      scale: optional('scale'),
      offset: optional('offset'),
      epsilon: (attrs['varianceEpsilon'] as number | null | undefined) ?? 0.001,
    };
    const perChannel = [arguments_.mean, arguments_.variance, arguments_.scale, arguments_.offset].every(
      (v) => v === null || v.shape.length === 1,
    );
    return perChannel && sameLayout(arguments_.x.layout, NCHW)
      ? fused(t, arguments_)
      : composed(t, arguments_);
  }),
];
