import { im2colProducts } from '../graph/im2col.js';
import {
  exchangeBlocks,
  exchangeIntoNchwc,
  fromNchwc,
  interleavedChannels,
  nchwcConv,
  padWidth,
  toNchwc,
} from '../graph/nchwc.js';
import type { Graph } from '../graph/graph.js';
import { concat, pad, reshape, rotatePlanes, slice, transpose } from '../graph/shape-ops.js';
import type { Value } from '../graph/value.js';
import { windowGradient } from '../graph/window-gradients.js';
import { identityLayout, OIHW, type TracedTensor } from './traced-tensor.js';
import type { Tracer } from './tracer.js';
import { convAttributes, imageLayout, padsAround, type Window } from './window.js';

/** Output size of the exchanged convolution: the filter's size, and what stride and dilation leave over. */
function reach(window: Window): readonly [number, number] {
  const { padInfo } = window;
  const along = (size: number, out: number, stride: number, dilation: number): number =>
    Math.floor((size - (stride * (out - 1) + 1)) / dilation) + 1;
  return [
    along(
      window.inHeight + padInfo.top + padInfo.bottom,
      window.outHeight,
      window.strideHeight,
      window.dilationHeight,
    ),
    along(
      window.inWidth + padInfo.left + padInfo.right,
      window.outWidth,
      window.strideWidth,
      window.dilationWidth,
    ),
  ];
}

/** Attributes of the convolution with batch and channels exchanged: stride and dilation change places. */
const exchanged = (window: Window, pads: readonly number[]) => ({
  strides: [window.dilationHeight, window.dilationWidth],
  pads: [...pads],
  kernel_shape: [window.outHeight, window.outWidth],
  dilations: [window.strideHeight, window.strideWidth] as const,
  group: 1,
});

/** whole: [O, I, …] of the exchanged convolution, cut to the filter. */
function asFilter(t: Tracer, whole: Value, window: Window): TracedTensor {
  const value = slice(t.graph, whole, [
    { axis: 2, begin: 0, end: window.filterHeight, step: 1 },
    { axis: 3, begin: 0, end: window.filterWidth, step: 1 },
  ]);
  const filter = [window.filterHeight, window.filterWidth, window.inChannels, window.outChannels];
  return t.tensor(value, filter, 'float32', OIHW);
}

/** [1, 2 · C, H, W] as [1, C, H, W]. */
function sumOfHalves(graph: Graph, x: Value): Value {
  const [, channels, height, width] = x.shape as [number, number, number, number];
  const halves = reshape(graph, x, [2, channels / 2, height, width]);
  const shape = [1, channels / 2, height, width];
  return graph.op('ReduceSum', [halves, graph.integers([0])], 'float32', shape, { keepdims: 1 });
}

/**
 * ∂/∂filter of a convolution as a convolution: with batch and channels exchanged, x is the image, dy the filter, and
 * stride and dilation exchange their parts. In NCHWc layout, whose channels here are the images of the batch.
 */
function nchwcConvolution(t: Tracer, x: TracedTensor, dy: TracedTensor, window: Window): TracedTensor {
  const { graph } = t;
  const layout = imageLayout(window);
  const { inChannels: input, outChannels: output } = window;
  const { top, left, bottom, right } = window.padInfo;
  const block = t.target.channelBlock!;
  const interleaved = interleavedChannels(block, input);
  const images = exchangeIntoNchwc(graph, block, toNchwc(graph, t.full(x, layout)));
  const count = images.shape[0]!;
  // Threads share images, groups and rows: a single image is read in two groups, whose results are added.
  const groups = count === 1 && window.batchSize % (2 * block) === 0 ? 2 : 1;
  const filter = exchangeBlocks(graph, block, toNchwc(graph, t.full(dy, layout)), groups);
  const [height, width] = reach(window);
  const attributes = exchanged(window, [top, 0, bottom, 0]);
  const [down, across] = attributes.dilations;
  const wide = padWidth(graph, images, interleaved * left, interleaved * right);
  const parts = fromNchwc(
    graph,
    nchwcConv(graph, [wide, filter], [count, groups * output, height, interleaved * width], {
      ...attributes,
      dilations: [down, interleaved * across],
      group: groups,
    }),
  );
  const whole = groups === 1 ? parts : sumOfHalves(graph, parts);
  // Two transpositions that each move one axis, long rows first, are faster than others.
  const area = height * width;
  const apart = reshape(graph, whole, [count, output * area, interleaved]);
  const ofInputs = reshape(graph, transpose(graph, apart, [0, 2, 1]), [input, output, area]);
  const each = reshape(graph, transpose(graph, ofInputs, [1, 0, 2]), [output, input, height, width]);
  return asFilter(t, each, window);
}

/**
 * ∂/∂filter by one matrix product per offset of the window, in [B, H, W, C]: the shifted x, transposed, times dy. Reads x
 * once per offset and needs no larger buffer.
 */
function perOffset(t: Tracer, x: TracedTensor, dy: TracedTensor, window: Window): TracedTensor {
  const { graph } = t;
  const { padInfo, outHeight, outWidth, strideHeight, strideWidth, inChannels, outChannels } = window;
  const nhwc = window.dataFormat === 'channelsFirst' ? [0, 2, 3, 1] : identityLayout(4);
  const padded = pad(
    graph,
    t.full(x, nhwc),
    [0, padInfo.top, padInfo.left, 0],
    [0, padInfo.bottom, padInfo.right, 0],
  );
  const rows = window.batchSize * outHeight * outWidth;
  const gradient = reshape(graph, t.full(dy, nhwc), [rows, outChannels]);
  const products: Value[] = [];
  for (let i = 0; i < window.filterHeight; i++) {
    for (let j = 0; j < window.filterWidth; j++) {
      const [top, left] = [i * window.dilationHeight, j * window.dilationWidth];
      const part = slice(graph, padded, [
        { axis: 1, begin: top, end: top + (outHeight - 1) * strideHeight + 1, step: strideHeight },
        { axis: 2, begin: left, end: left + (outWidth - 1) * strideWidth + 1, step: strideWidth },
      ]);
      const shifted = reshape(graph, part, [rows, inChannels]);
      const shape = [outChannels, inChannels];
      const product = graph.op('Gemm', [gradient, shifted], 'float32', shape, { transA: 1, transB: 0 });
      products.push(reshape(graph, product, [1, ...shape]));
    }
  }
  const filter = [window.filterHeight, window.filterWidth, inChannels, outChannels];
  const physical = [window.filterHeight, window.filterWidth, outChannels, inChannels];
  const value = reshape(graph, concat(graph, products, 0), physical);
  return t.tensor(value, filter, 'float32', [0, 1, 3, 2]);
}

/** The same by one product per image with the columns of x (im2col): few channels make few columns. */
function im2col(t: Tracer, x: TracedTensor, dy: TracedTensor, window: Window): TracedTensor {
  const { graph } = t;
  const layout = imageLayout(window);
  const { padInfo, filterHeight: kh, filterWidth: kw, inChannels, outChannels } = window;
  const each = im2colProducts(graph, t.full(x, layout), t.full(dy, layout), {
    kernelSize: [kh, kw],
    strides: [window.strideHeight, window.strideWidth],
    dilations: [window.dilationHeight, window.dilationWidth],
    pads: [padInfo.top, padInfo.left, padInfo.bottom, padInfo.right],
    outputSize: [window.outHeight, window.outWidth],
  });
  const shape = [outChannels, inChannels * kh * kw];
  const sum = graph.op('ReduceSum', [each, graph.integers([0])], 'float32', shape, { keepdims: 0 });
  const value = reshape(graph, sum, [outChannels, inChannels, kh, kw]);
  return t.tensor(value, [kh, kw, inChannels, outChannels], 'float32', OIHW);
}

/**
 * The same with the columns of dy, at stride 1: the roles of image and gradient exchanged, which gives the filter turned
 * by 180°. For a layer of few filters, such as the one that makes an image, these columns are few.
 */
function im2colOfGradient(t: Tracer, x: TracedTensor, dy: TracedTensor, window: Window): TracedTensor {
  const { graph } = t;
  const layout = imageLayout(window);
  const { filterHeight: kh, filterWidth: kw, inChannels, outChannels } = window;
  const each = im2colProducts(graph, t.full(dy, layout), t.full(x, layout), {
    kernelSize: [kh, kw],
    strides: [1, 1],
    dilations: [window.dilationHeight, window.dilationWidth],
    pads: padsAround(window),
    outputSize: [window.inHeight, window.inWidth],
  });
  const shape = [inChannels, outChannels * kh * kw];
  const sum = graph.op('ReduceSum', [each, graph.integers([0])], 'float32', shape, { keepdims: 0 });
  const turned = rotatePlanes(graph, reshape(graph, sum, [inChannels, outChannels, kh, kw]));
  return t.tensor(turned, [kh, kw, inChannels, outChannels], 'float32', [2, 3, 0, 1]);
}

/** The forms by name: what a benchmark compares. */
export const filterGradientForms = { nchwcConvolution, im2col, im2colOfGradient, perOffset };

/** A name in `filterGradientForms`. */
export type FilterGradientForm = keyof typeof filterGradientForms;

/** Whether a form applies to a window, with `block` channels per block of the NCHWc layout (null: there is no such layout). */
export function suits(form: FilterGradientForm, window: Window, block: number | null): boolean {
  const { batchSize, inChannels, outChannels, strideHeight, strideWidth } = window;
  if (form === 'im2colOfGradient')
    return strideHeight === 1 && strideWidth === 1 && Math.min(...padsAround(window)) >= 0;
  if (form !== 'nchwcConvolution') return true;
  return block !== null && [batchSize, inChannels, outChannels].every((n) => n % block === 0);
}

/** Most elements that the columns of x may have: 256 MiB. */
const MOST_COLUMNS = 2 ** 26;

/** The fastest form for a shape, by measurement on two processors (batch 128), in WebAssembly too. */
export function fastestForm(window: Window, block: number | null): FilterGradientForm {
  const area = window.filterHeight * window.filterWidth;
  const { batchSize, inChannels, outChannels, outHeight, outWidth } = window;
  const fewFilters = area > 1 && outChannels < 8 && outChannels < inChannels;
  if (fewFilters && suits('im2colOfGradient', window, block)) return 'im2colOfGradient';
  const fits = batchSize * inChannels * area * outHeight * outWidth <= MOST_COLUMNS;
  if (fits && (area === 1 || inChannels < 8)) return 'im2col';
  if (suits('nchwcConvolution', window, block)) return 'nchwcConvolution';
  return fits ? 'im2col' : 'perOffset';
}

let forced: FilterGradientForm | null = null;

/** Traces `f` with one form wherever it applies: for benchmarks and tests. */
export function forcedForm<T>(form: FilterGradientForm, f: () => T): T {
  forced = form;
  try {
    return f();
  } finally {
    forced = null;
  }
}

/** By the engine's own operation. */
function ownGradient(t: Tracer, x: TracedTensor, dy: TracedTensor, window: Window): TracedTensor {
  const layout = imageLayout(window);
  const { filterHeight: kh, filterWidth: kw, inChannels, outChannels } = window;
  const inputs = [t.full(x, layout), t.full(dy, layout)];
  const shape = [outChannels, inChannels, kh, kw];
  const value = windowGradient(t.graph, 'convFilter', inputs, shape, { ...convAttributes(window), group: 1 });
  return t.tensor(value, [kh, kw, inChannels, outChannels], 'float32', OIHW);
}

export function filterGradient(t: Tracer, x: TracedTensor, dy: TracedTensor, window: Window): TracedTensor {
  if (t.target.ownGradients && forced === null) return ownGradient(t, x, dy, window);
  // With im2col the WebGPU provider's results are wrong: the contract of backends found it.
  const fastest = t.target.accelerated ? 'perOffset' : fastestForm(window, t.target.channelBlock);
  const form = forced !== null && suits(forced, window, t.target.channelBlock) ? forced : fastest;
  return filterGradientForms[form](t, x, dy, window);
}
