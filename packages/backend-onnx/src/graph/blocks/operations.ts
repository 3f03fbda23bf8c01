import { permuted, sizeOf } from '@anc/core';
import type { Graph } from '../graph.js';
import { reshape, transpose } from '../shape-ops.js';
import type { Attributes, Value } from '../value.js';

/** ONNX Runtime's operations over blocks of channels. */
export const BLOCKS = 'com.microsoft.nchwc';

/** [B, C, H, W] into blocks of channels: [B, C / n, H, W, n] in memory, the shape stays as it is written. */
export const toBlocks = (graph: Graph, x: Value): Value =>
  graph.op('ReorderInput', [x], 'float32', x.shape, { channels_last: 0 }, BLOCKS);

/** Blocks of channels back into [B, C, H, W]. */
export const fromBlocks = (graph: Graph, x: Value): Value =>
  graph.op('ReorderOutput', [x], 'float32', x.shape, { channels: x.shape[1]!, channels_last: 0 }, BLOCKS);

/**
 * inputs: x; weights, in memory [O / n, I / n, kh, kw, n of I, n of O]; perhaps a bias; perhaps a sum that the result is
 * added to. All but weights and bias in blocks of channels.
 */
export const convOverBlocks = (
  graph: Graph,
  inputs: readonly (Value | null)[],
  shape: readonly number[],
  attributes: Attributes,
): Value => graph.op('Conv', inputs, 'float32', shape, attributes, BLOCKS);

/**
 * [O, I, kh, kw] into [O / n, I / n, kh, kw, n of I, n of O] in memory. Two transpositions that each move one axis
 * take a quarter of the time of one that moves all: only those go by rows.
 */
export function blockedFilter(graph: Graph, block: number, weights: Value): Value {
  const [output, input, height, width] = weights.shape as [number, number, number, number];
  const area = height * width;
  const outputs = reshape(graph, weights, [output / block, block, input * area]);
  const inward = transpose(graph, outputs, [0, 2, 1]); // n of O innermost
  const inputs = reshape(graph, inward, [(output * input) / block ** 2, block, area, block]);
  return reshape(graph, transpose(graph, inputs, [0, 2, 1, 3]), weights.shape);
}

/**
 * The blocked filter of a convolution's input gradient: inputs and outputs exchanged, turned by 180° in the plane. Whole
 * blocks of the convolution's own filter change places, then each is transposed.
 */
export function turnedFilter(graph: Graph, block: number, weights: Value): Value {
  const [output, input, height, width] = weights.shape as [number, number, number, number];
  const axes = [output / block, input / block, height * width];
  const blocks = reshape(graph, blockedFilter(graph, block, weights), [sizeOf(axes), block ** 2]);
  const turned = rowsTaken(graph, blocks, `turned ${axes.join('×')}`, () => {
    const places = Int32Array.from({ length: sizeOf(axes) }, (_, i) => i);
    return permuted(places, axes, [1, 0, 2]).map((place) => {
      const [whole, area] = [Math.floor(place / axes[2]!), axes[2]!];
      return whole * area + (area - 1 - (place % area));
    });
  });
  const each = reshape(graph, turned, [sizeOf(axes), block, block]);
  return reshape(graph, transpose(graph, each, [0, 2, 1]), [input, output, height, width]);
}

/** [O, I, kh, kw] into [O / n, I, kh, kw, n of O] in memory: for images [B, I, H, W] of less than n channels, not in blocks. */
export function filterFromImage(graph: Graph, block: number, weights: Value): Value {
  const [output, input, height, width] = weights.shape as [number, number, number, number];
  const outputs = reshape(graph, weights, [output / block, block, input * height * width]);
  return reshape(graph, transpose(graph, outputs, [0, 2, 1]), weights.shape);
}

/** Every channel of x, in blocks, times its factor [C] plus its offset [C]: one pass on all threads. */
export function channelsScaled(graph: Graph, x: Value, factors: Value | null, offsets: Value | null): Value {
  const [, channels] = x.shape as [number, number];
  const filters = factors === null ? ones(graph, channels) : reshape(graph, factors, [channels, 1, 1, 1]);
  const inputs = [x, filters, ...(offsets === null ? [] : [reshape(graph, offsets, [channels])])];
  return convOverBlocks(graph, inputs, x.shape, { ...pointwise(channels), pads: [0, 0, 0, 0] });
}

const ones = (graph: Graph, channels: number): Value =>
  graph.constant('float32', [channels, 1, 1, 1], new Float32Array(channels).fill(1));

const pointwise = (channels: number): Attributes => ({
  strides: [1, 1],
  kernel_shape: [1, 1],
  dilations: [1, 1],
  group: channels,
});

/**
 * Columns of zeros left and right of every row, in blocks of channels. The blocked convolution skips rows outside
 * the image, but takes pixels whose window leaves it sideways one by one: from two columns on, zeros are faster. They
 * come from a convolution that takes every pixel as it is, because Pad runs on one thread.
 */
export function widened(graph: Graph, x: Value, left: number, right: number): Value {
  if (left + right === 0) return x;
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  return convOverBlocks(graph, [x, ones(graph, channels)], [batch, channels, height, width + left + right], {
    ...pointwise(channels),
    pads: [0, left, 0, right],
  });
}

/**
 * Transposes rows of `length` numbers: x's memory is [...axes, length], output axis i is input axis `order[i]`. Gather
 * takes a row at a time, on all threads; Transpose on one.
 */
function rowsTransposed(
  graph: Graph,
  x: Value,
  length: number,
  axes: readonly number[],
  order: readonly number[],
): Value {
  const count = sizeOf(axes);
  const rows = reshape(graph, x, [count, length]);
  return rowsTaken(graph, rows, `${axes.join('×')} by ${order.join()}`, () =>
    permuted(
      Int32Array.from({ length: count }, (_, i) => i),
      axes,
      order,
    ),
  );
}

/** Takes rows of n numbers in another order, on all threads. `name` tells orders apart. */
export function rowsTaken(graph: Graph, rows: Value, name: string, order: () => Int32Array): Value {
  const from = graph.named(`order of rows ${name}`, () => {
    const indices = order();
    return graph.constant('int32', [indices.length], indices);
  });
  return graph.op('Gather', [rows, from], 'float32', [from.shape[0]!, rows.shape[1]!], { axis: 0 });
}

/**
 * [B, O, H, W] in blocks of its channels, with batch and channels exchanged in whole blocks: filters of O from B in
 * memory, [O / n, B / n, H · W, n of B, n of O].
 */
export function blocksExchanged(graph: Graph, block: number, x: Value): Value {
  const [batch, output, height, width] = x.shape as [number, number, number, number];
  const axes = [batch / block, block, output / block, height * width];
  return reshape(graph, rowsTransposed(graph, x, block, axes, [2, 0, 3, 1]), [output, batch, height, width]);
}

/** How many channels' columns {@link exchangedIntoBlocks} puts side by side. */
export const turnsOf = (block: number): number => block / 2;

/**
 * Images [B, C, H, W] in blocks of channels with batch and channels exchanged, in blocks of the batch, where the columns
 * of n / 2 channels take turns: [2 · C / n, B, H, n / 2 · W]. So they come out of one reordering, in long rows; and a
 * convolution with few results in a row gets rows that fill its registers.
 */
export function exchangedIntoBlocks(graph: Graph, block: number, x: Value): Value {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const turns = turnsOf(block);
  const side = toBlocks(graph, reshape(graph, x, [1, batch, 1, channels * height * width]));
  // In memory: batch / n, channels / n, height · width, 2, turns, n.
  const axes = [batch / block, channels / block, height * width, block / turns];
  const rows = rowsTransposed(graph, side, turns * block, axes, [1, 3, 0, 2]);
  return reshape(graph, rows, [channels / turns, batch, height, turns * width]);
}
