import { slice, transpose } from '../graph/shape-ops.js';
import type { TracedTensor } from '../trace/symbol.js';
import type { Tracer } from '../trace/tracer.js';
import { imageLayout, type Window } from './window.js';

/**
 * ∂/∂filter of a convolution as a convolution: with batch and channels exchanged, x is the image, dy the
 * filter, and stride and dilation exchange their parts. Holds for every stride, padding and dilation.
 */
function asConvolution(t: Tracer, x: TracedTensor, dy: TracedTensor, window: Window): TracedTensor {
  const { graph } = t;
  const layout = imageLayout(window);
  const { padInfo } = window;
  const image = transpose(graph, t.full(x, layout), [1, 0, 2, 3]); // [I, B, H, W]
  const weights = transpose(graph, t.full(dy, layout), [1, 0, 2, 3]); // [O, B, oh, ow]
  const reach = (size: number, pad: number, out: number, stride: number, dilation: number): number =>
    Math.floor((size + pad - (stride * (out - 1) + 1)) / dilation) + 1;
  const [height, width] = [
    reach(
      window.inHeight,
      padInfo.top + padInfo.bottom,
      window.outHeight,
      window.strideHeight,
      window.dilationHeight,
    ),
    reach(
      window.inWidth,
      padInfo.left + padInfo.right,
      window.outWidth,
      window.strideWidth,
      window.dilationWidth,
    ),
  ];
  const shape = [window.inChannels, window.outChannels, height, width];
  const whole = graph.op('Conv', [image, weights], 'float32', shape, {
    strides: [window.dilationHeight, window.dilationWidth],
    pads: [padInfo.top, padInfo.left, padInfo.bottom, padInfo.right],
    kernel_shape: [window.outHeight, window.outWidth],
    dilations: [window.strideHeight, window.strideWidth],
    group: 1,
  });
  const value = slice(graph, whole, [
    { axis: 2, begin: 0, end: window.filterHeight, step: 1 },
    { axis: 3, begin: 0, end: window.filterWidth, step: 1 },
  ]);
  const filter = [window.filterHeight, window.filterWidth, window.inChannels, window.outChannels];
  return t.tensor(value, filter, 'float32', [2, 3, 0, 1]);
}

export function filterGradient(t: Tracer, x: TracedTensor, dy: TracedTensor, window: Window): TracedTensor {
  return asConvolution(t, x, dy, window);
}
