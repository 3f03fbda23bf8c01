import { permuted, sizeOf } from '@anc/core';
import { reshape } from '../graph/shape-ops.js';
import type { Attributes, Value } from '../graph/value.js';
import type { Tracer } from '../trace/tracer.js';

const DOMAIN = 'com.microsoft.nchwc';

/** [B, C, H, W] into blocks of channels: [B, C / n, H, W, n] in memory, the shape stays as it is written. */
export const toBlocks = (t: Tracer, x: Value): Value =>
  t.graph.op('ReorderInput', [x], 'float32', x.shape, { channels_last: 0 }, DOMAIN);

/** Blocks of channels back into [B, C, H, W]. */
export const fromBlocks = (t: Tracer, x: Value): Value =>
  t.graph.op('ReorderOutput', [x], 'float32', x.shape, { channels: x.shape[1]!, channels_last: 0 }, DOMAIN);

/** x and the result in blocks of channels; weights in memory [O / n, I / n, kh, kw, n of I, n of O]. */
export function convOverBlocks(
  t: Tracer,
  x: Value,
  weights: Value,
  shape: readonly number[],
  attributes: Attributes,
): Value {
  return t.graph.op('Conv', [x, weights], 'float32', shape, attributes, DOMAIN);
}

/**
 * Columns of zeros left and right of every row, in blocks of channels. The blocked convolution skips rows outside
 * the image, but takes pixels whose window leaves it sideways one by one: from two columns on, zeros are faster. They
 * come from a convolution that takes every pixel as it is, because Pad runs on one thread.
 */
export function widened(t: Tracer, x: Value, left: number, right: number): Value {
  if (left + right === 0) return x;
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const ones = t.graph.constant('float32', [channels, 1, 1, 1], new Float32Array(channels).fill(1));
  return convOverBlocks(t, x, ones, [batch, channels, height, width + left + right], {
    strides: [1, 1],
    pads: [0, left, 0, right],
    kernel_shape: [1, 1],
    dilations: [1, 1],
    group: channels,
  });
}

/**
 * Transposes rows of n numbers: x's memory is [...axes, n], output axis i is input axis `order[i]`. Gather takes a row at
 * a time, on all threads; Transpose on one.
 */
function rowsTransposed(t: Tracer, x: Value, axes: readonly number[], order: readonly number[]): Value {
  const block = t.channelBlock!;
  const count = sizeOf(axes);
  const rows = reshape(t.graph, x, [count, block]);
  return rowsTaken(t, rows, `${axes.join('×')} by ${order.join()}`, () =>
    permuted(
      Int32Array.from({ length: count }, (_, i) => i),
      axes,
      order,
    ),
  );
}

/** Takes rows of n numbers in another order, on all threads. `name` tells orders apart. */
export function rowsTaken(t: Tracer, rows: Value, name: string, order: () => Int32Array): Value {
  const from = t.graph.named(`order of rows ${name}`, () => {
    const indices = order();
    return t.graph.constant('int32', [indices.length], indices);
  });
  return t.graph.op('Gather', [rows, from], 'float32', [from.shape[0]!, rows.shape[1]!], { axis: 0 });
}

/**
 * [B, O, H, W] in blocks of its channels, with batch and channels exchanged in whole blocks: filters of O from B in
 * memory, [O / n, B / n, H · W, n of B, n of O].
 */
export function blocksExchanged(t: Tracer, x: Value): Value {
  const block = t.channelBlock!;
  const [batch, output, height, width] = x.shape as [number, number, number, number];
  const axes = [batch / block, block, output / block, height * width];
  return reshape(t.graph, rowsTransposed(t, x, axes, [2, 0, 3, 1]), [output, batch, height, width]);
}

/** [B, C, H, W] in blocks of channels as [B / 2, C, H, 2 · W]: the columns of two images in turns. */
export function pairsInTurns(t: Tracer, x: Value): Value {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const axes = [batch / 2, 2, channels / t.channelBlock!, height * width];
  const turns = rowsTransposed(t, x, axes, [0, 2, 3, 1]);
  return reshape(t.graph, turns, [batch / 2, channels, height, 2 * width]);
}
