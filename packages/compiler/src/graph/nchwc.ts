import { sizeOf } from '@anc/core';
import { permuted } from '@anc/core/internal';
import type { Graph } from './graph.js';
import { reshape, transpose } from './shape-ops.js';
import type { Attributes, Value } from './value.js';

/**
 * ONNX Runtime's operators on the NCHWc layout: [B, C / n, H, W, n] in memory, n channels side by side as a processor's
 * vectors hold them. The shape of a value in this layout is still written [B, C, H, W].
 */
export const NCHWC_DOMAIN = 'com.microsoft.nchwc';

/** [B, C, H, W] into NCHWc layout. */
export const toNchwc = (graph: Graph, x: Value): Value =>
  graph.op('ReorderInput', [x], 'float32', x.shape, { channels_last: 0 }, NCHWC_DOMAIN);

/** NCHWc layout back into [B, C, H, W]; of fewer channels, the first. */
export function fromNchwc(graph: Graph, x: Value, channels = x.shape[1]!): Value {
  const shape = [x.shape[0]!, channels, ...x.shape.slice(2)];
  return graph.op('ReorderOutput', [x], 'float32', shape, { channels, channels_last: 0 }, NCHWC_DOMAIN);
}

/**
 * inputs: x; a filter, in memory [O / n, I / n, kh, kw, n of I, n of O]; perhaps a bias; perhaps a sum that the result is
 * added to. All but filter and bias in NCHWc layout.
 */
export const nchwcConv = (
  graph: Graph,
  inputs: readonly (Value | null)[],
  shape: readonly number[],
  attributes: Attributes,
): Value => graph.op('Conv', inputs, 'float32', shape, attributes, NCHWC_DOMAIN);

/**
 * [O, I, kh, kw] into [O / n, I / n, kh, kw, n of I, n of O] in memory. Two transpositions that each move one axis
 * take a quarter of the time of one that moves all: only those go by rows.
 */
export function nchwcFilter(graph: Graph, block: number, filter: Value): Value {
  const [output, input, height, width] = filter.shape as [number, number, number, number];
  const area = height * width;
  const outputs = reshape(graph, filter, [output / block, block, input * area]);
  const inward = transpose(graph, outputs, [0, 2, 1]); // n of O innermost
  const inputs = reshape(graph, inward, [(output * input) / block ** 2, block, area, block]);
  return reshape(graph, transpose(graph, inputs, [0, 2, 1, 3]), filter.shape);
}

/**
 * The NCHWc filter of a convolution's input gradient: inputs and outputs exchanged, rotated by 180° in the plane. Whole
 * blocks of the convolution's own filter change places, then each is transposed.
 */
export function rotatedNchwcFilter(graph: Graph, block: number, filter: Value): Value {
  const [output, input, height, width] = filter.shape as [number, number, number, number];
  const axes = [output / block, input / block, height * width];
  const blocks = reshape(graph, nchwcFilter(graph, block, filter), [sizeOf(axes), block ** 2]);
  const rotated = gatherRows(graph, blocks, `rotated ${axes.join('×')}`, () => {
    return permuted(countedUp(sizeOf(axes)), axes, [1, 0, 2]).map((place) => {
      const [whole, area] = [Math.floor(place / axes[2]!), axes[2]!];
      return whole * area + (area - 1 - (place % area));
    });
  });
  const each = reshape(graph, rotated, [sizeOf(axes), block, block]);
  return reshape(graph, transpose(graph, each, [0, 2, 1]), [input, output, height, width]);
}

/**
 * [O, I, kh, kw] into [O / n, I, kh, kw, n of O] in memory: for images [B, I, H, W] of less than n channels, which are
 * read as they are.
 */
export function nchwcFilterForImage(graph: Graph, block: number, filter: Value): Value {
  const [output, input, height, width] = filter.shape as [number, number, number, number];
  const outputs = reshape(graph, filter, [output / block, block, input * height * width]);
  return reshape(graph, transpose(graph, outputs, [0, 2, 1]), filter.shape);
}

/** The same of constant filters, which zeros fill up to whole blocks of O: a constant. */
export function constantNchwcFilterForImage(graph: Graph, block: number, filter: Value): Value {
  const { source, shape } = filter;
  if (source.kind !== 'constant') throw new Error('the filters are not constant');
  const [output, ...rest] = shape as [number, number, number, number];
  const whole = Math.ceil(output / block) * block;
  return graph.named(`filters ${filter.id} in blocks of ${block}`, () => {
    const data = new Float32Array(whole * sizeOf(rest));
    data.set(source.data as Float32Array);
    return graph.constant(
      'float32',
      [whole, ...rest],
      permuted(data, [whole / block, block, sizeOf(rest)], [0, 2, 1]),
    );
  });
}

/** Every channel of x, in NCHWc layout, times its factor [C] plus its offset [C]: one pass on all threads. */
export function scaleChannels(graph: Graph, x: Value, factors: Value | null, offsets: Value | null): Value {
  const [, channels] = x.shape as [number, number];
  const filters = factors === null ? ones(graph, channels) : reshape(graph, factors, [channels, 1, 1, 1]);
  const inputs = [x, filters, ...(offsets === null ? [] : [reshape(graph, offsets, [channels])])];
  return nchwcConv(graph, inputs, x.shape, { ...pointwise(channels), pads: [0, 0, 0, 0] });
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
 * Columns of zeros left and right of every row, in NCHWc layout. The NCHWc convolution skips rows outside the image, but
 * takes pixels whose window leaves it sideways one by one: from two columns on, zeros are faster. They come from a
 * convolution that takes every pixel as it is, because Pad runs on one thread.
 */
export function padWidth(graph: Graph, x: Value, left: number, right: number): Value {
  if (left + right === 0) return x;
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  return nchwcConv(graph, [x, ones(graph, channels)], [batch, channels, height, width + left + right], {
    ...pointwise(channels),
    pads: [0, left, 0, right],
  });
}

/**
 * Transposes rows of `length` numbers: x's memory is [...axes, length], output axis i is input axis `order[i]`. Gather
 * takes a row at a time, on all threads; Transpose on one.
 */
function transposeRows(
  graph: Graph,
  x: Value,
  length: number,
  axes: readonly number[],
  order: readonly number[],
): Value {
  const count = sizeOf(axes);
  const rows = reshape(graph, x, [count, length]);
  return gatherRows(graph, rows, `${axes.join('×')} by ${order.join()}`, () =>
    permuted(countedUp(count), axes, order),
  );
}

/** 0, 1, 2, … */
function countedUp(count: number): Int32Array {
  const numbers = new Int32Array(count);
  for (let i = 0; i < count; i++) numbers[i] = i;
  return numbers;
}

/** Orders of rows by name, as long as a graph holds them: a function is traced more than once. */
const orders = new Map<string, WeakRef<Int32Array>>();

function knownOrder(name: string, make: () => Int32Array): Int32Array {
  const known = orders.get(name)?.deref();
  if (known !== undefined) return known;
  const made = make();
  orders.set(name, new WeakRef(made));
  return made;
}

/** Takes rows of n numbers in another order, on all threads. Equal names mean equal orders. */
export function gatherRows(graph: Graph, rows: Value, name: string, order: () => Int32Array): Value {
  const from = graph.named(`order of rows ${name}`, () => {
    const indices = knownOrder(name, order);
    return graph.constant('int32', [indices.length], indices);
  });
  return graph.op('Gather', [rows, from], 'float32', [from.shape[0]!, rows.shape[1]!], { axis: 0 });
}

/**
 * [B, O, H, W] in NCHWc layout, with batch and channels exchanged in whole blocks: the filters of a convolution in groups, each
 * of which reads an equal part of the batch: [groups · O, B / groups, H, W], in memory
 * [groups, O / n, B / groups / n, H · W, n of B, n of O].
 */
export function exchangeBlocks(graph: Graph, block: number, x: Value, groups: number): Value {
  const [batch, output, height, width] = x.shape as [number, number, number, number];
  const axes = [groups, batch / groups / block, block, output / block, height * width];
  const rows = transposeRows(graph, x, block, axes, [0, 3, 1, 4, 2]);
  return reshape(graph, rows, [groups * output, batch / groups, height, width]);
}

/** How many channels {@link exchangeIntoNchwc} interleaves, column by column: all of a single block, else half of each. */
export const interleavedChannels = (block: number, channels: number): number =>
  channels === block ? block : block / 2;

/**
 * Images [B, C, H, W] in NCHWc layout with batch and channels exchanged, in blocks of the batch, where the columns of
 * m channels ({@link interleavedChannels}) are interleaved: [C / m, B, H, m · W]. So they come out of one reordering, in long rows;
 * and a convolution with few results in a row gets rows that fill its registers.
 */
export function exchangeIntoNchwc(graph: Graph, block: number, x: Value): Value {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const interleaved = interleavedChannels(block, channels);
  const shape = [channels / interleaved, batch, height, interleaved * width];
  const side = toNchwc(graph, reshape(graph, x, [1, batch, 1, channels * height * width]));
  if (interleaved === channels) return reshape(graph, side, shape);
  // In memory: batch / n, channels / n, height · width, 2, interleaved, n.
  const axes = [batch / block, channels / block, height * width, block / interleaved];
  return reshape(graph, transposeRows(graph, side, interleaved * block, axes, [1, 3, 0, 2]), shape);
}
