import { reshape, transpose } from '../graph/shape-ops.js';
import type { Attributes, Value } from '../graph/value.js';
import type { Tracer } from '../trace/tracer.js';

const DOMAIN = 'com.microsoft.nchwc';

/**
 * Whether ONNX Runtime's convolution over blocks of channels is faster, the way in and out included: measured
 * for 3×3 filters of 32 and 64 channels and 5×5 filters of 64 (2 to 3 times); not for 16 channels.
 * channels: of x; weights: [O, I, kh, kw].
 */
export function paysBlocked(t: Tracer, channels: number, weights: readonly number[]): boolean {
  const block = t.channelBlock;
  const [output, input, height, width] = weights as [number, number, number, number];
  if (block === null || output % block !== 0 || input % block !== 0 || input !== channels) return false;
  return input >= 32 && height * width > 1 && height * width <= 25;
}

/**
 * A convolution in [B, C / n, H, W, n], n channels side by side as the processor's vectors hold them: the
 * layout that ONNX Runtime takes by itself where weights are constants. Weights: [O, I, kh, kw].
 */
export function blockedConv(
  t: Tracer,
  x: Value,
  weights: Value,
  bias: Value | null,
  shape: readonly number[],
  attributes: Attributes,
): Value {
  const { graph } = t;
  const block = t.channelBlock!;
  const [output, input, height, width] = weights.shape as [number, number, number, number];
  const cut = reshape(graph, weights, [output / block, block, input / block, block, height, width]);
  const blocked = reshape(graph, transpose(graph, cut, [0, 2, 4, 5, 3, 1]), weights.shape);
  const inward = graph.op('ReorderInput', [x], 'float32', x.shape, { channels_last: 0 }, DOMAIN);
  const inputs = bias === null ? [inward, blocked] : [inward, blocked, bias];
  const product = graph.op('Conv', inputs, 'float32', shape, attributes, DOMAIN);
  return graph.op(
    'ReorderOutput',
    [product],
    'float32',
    shape,
    { channels: output, channels_last: 0 },
    DOMAIN,
  );
}
