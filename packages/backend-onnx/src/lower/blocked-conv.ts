import { reshape, transpose } from '../graph/shape-ops.js';
import type { Attributes, Value } from '../graph/value.js';
import type { Tracer } from '../trace/tracer.js';

const DOMAIN = 'com.microsoft.nchwc';

/**
 * Whether ONNX Runtime's convolution over blocks of channels is faster, the way in and out included: measured
 * for 3×3 filters of 16 to 64 channels and 5×5 filters of 64 (1.5 to 3 times).
 * channels: of x; weights: [O, I, kh, kw].
 */
export function paysBlocked(t: Tracer, channels: number, weights: readonly number[]): boolean {
  const block = t.channelBlock;
  const [output, input, height, width] = weights as [number, number, number, number];
  if (block === null || output % block !== 0 || input % block !== 0 || input !== channels) return false;
  return input >= 16 && height * width > 1 && height * width <= 25;
}

/** [B, C, H, W] into blocks of channels: [B, C / n, H, W, n] in memory, the shape stays as it is written. */
export const toBlocks = (t: Tracer, x: Value): Value =>
  t.graph.op('ReorderInput', [x], 'float32', x.shape, { channels_last: 0 }, DOMAIN);

/** Blocks of channels back into [B, C, H, W]. */
export const fromBlocks = (t: Tracer, x: Value): Value =>
  t.graph.op('ReorderOutput', [x], 'float32', x.shape, { channels: x.shape[1]!, channels_last: 0 }, DOMAIN);

/**
 * Columns of zeros left and right of every row, in blocks of channels. The blocked convolution skips rows outside
 * the image, but takes pixels whose window leaves it sideways one by one: from two columns on, zeros are faster. They
 * come from a convolution that takes every pixel as it is, because Pad runs on one thread.
 */
export function widened(t: Tracer, x: Value, left: number, right: number): Value {
  if (left + right === 0) return x;
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const ones = t.graph.constant('float32', [channels, 1, 1, 1], new Float32Array(channels).fill(1));
  return convOverBlocks(t, x, ones, null, [batch, channels, height, width + left + right], {
    strides: [1, 1],
    pads: [0, left, 0, right],
    kernel_shape: [1, 1],
    dilations: [1, 1],
    group: channels,
  });
}

/** x and the result in blocks of channels; weights in memory [O / n, I / n, kh, kw, n of I, n of O]. */
export function convOverBlocks(
  t: Tracer,
  x: Value,
  weights: Value,
  bias: Value | null,
  shape: readonly number[],
  attributes: Attributes,
): Value {
  const inputs = bias === null ? [x, weights] : [x, weights, bias];
  return t.graph.op('Conv', inputs, 'float32', shape, attributes, DOMAIN);
}

/**
 * [O, I, kh, kw] into [O / n, I / n, kh, kw, n of I, n of O] in memory. Two transpositions that each move one axis
 * take a quarter of the time of one that moves all: only those go by rows.
 */
function blockedFilter(t: Tracer, weights: Value): Value {
  const { graph } = t;
  const block = t.channelBlock!;
  const [output, input, height, width] = weights.shape as [number, number, number, number];
  const area = height * width;
  const outputs = reshape(graph, weights, [output / block, block, input * area]);
  const inward = transpose(graph, outputs, [0, 2, 1]); // n of O innermost
  const inputs = reshape(graph, inward, [(output * input) / block ** 2, block, area, block]);
  return reshape(graph, transpose(graph, inputs, [0, 2, 1, 3]), weights.shape);
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
  const blocked = blockedFilter(t, weights);
  const inward = toBlocks(t, x);
  const [top, left, bottom, right] = attributes['pads'] as [number, number, number, number];
  const product =
    Math.max(left, right) < 2
      ? convOverBlocks(t, inward, blocked, bias, shape, attributes)
      : convOverBlocks(t, widened(t, inward, left, right), blocked, bias, shape, {
          ...attributes,
          pads: [top, 0, bottom, 0],
        });
  return fromBlocks(t, product);
}
