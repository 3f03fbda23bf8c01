import { binary } from '../graph/arithmetic.js';
import { concat, pad, reshape, slice } from '../graph/shape-ops.js';
import type { Value } from '../graph/value.js';
import { windowGradient } from '../graph/window-gradients.js';
import { finish, transposedConv } from './conv.js';
import { kernel, type Kernel } from './kernel.js';
import type { TracedTensor } from './traced-tensor.js';
import type { Tracer } from './tracer.js';
import { convAttributes, convWindow, imageLayout, windowAttributes, type Window } from './window.js';

/** A logical [kh, kw, C, M] filter as [C·M, 1, kh, kw], for ONNX's grouped convolution. */
function grouped(t: Tracer, filter: TracedTensor): Value {
  const [height, width, channels, multiplier] = filter.shape as [number, number, number, number];
  return reshape(t.graph, t.full(filter, [2, 3, 0, 1]), [channels * multiplier, 1, height, width]);
}

function depthwise(t: Tracer, x: TracedTensor, filter: TracedTensor, window: Window): TracedTensor {
  const layout = imageLayout(window);
  const shape = [window.batchSize, window.outChannels, window.outHeight, window.outWidth];
  const value = t.graph.op('Conv', [t.full(x, layout), grouped(t, filter)], 'float32', shape, {
    ...windowAttributes(window),
    kernel_shape: [window.filterHeight, window.filterWidth],
    dilations: [window.dilationHeight, window.dilationWidth],
    group: window.inChannels,
  });
  return t.tensor(value, window.outShape, 'float32', layout);
}

/** ∂/∂x: at stride 1 and one filter per channel a depthwise convolution with the rotated filter. */
function inputGradient(t: Tracer, dy: TracedTensor, filter: TracedTensor, window: Window): TracedTensor {
  const layout = imageLayout(window);
  const { padInfo, filterHeight: kh, filterWidth: kw, inChannels } = window;
  const shape = [window.batchSize, inChannels, window.inHeight, window.inWidth];
  if (t.target.ownGradients) {
    const attributes = { ...convAttributes(window), group: inChannels };
    const inputs = [t.full(dy, layout), grouped(t, filter)];
    const value = windowGradient(t.graph, 'convInput', inputs, shape, attributes);
    return t.tensor(value, window.inShape, 'float32', layout);
  }
  const [spanH, spanW] = [(kh - 1) * window.dilationHeight, (kw - 1) * window.dilationWidth];
  const pads = [spanH - padInfo.top, spanW - padInfo.left, spanH - padInfo.bottom, spanW - padInfo.right];
  const direct =
    window.strideHeight === 1 && window.strideWidth === 1 && filter.shape[3] === 1 && Math.min(...pads) >= 0;
  if (!direct) {
    const value = transposedConv(t, t.full(dy, layout), grouped(t, filter), window, inChannels, shape);
    return t.tensor(value, window.inShape, 'float32', layout);
  }
  const flat = reshape(t.graph, grouped(t, filter), [inChannels, kh * kw]);
  const reversed =
    kh * kw === 1 ? flat : slice(t.graph, flat, [{ axis: 1, begin: kh * kw - 1, end: -1, step: -1 }]);
  const rotated = reshape(t.graph, reversed, [inChannels, 1, kh, kw]);
  const value = t.graph.op('Conv', [t.full(dy, layout), rotated], 'float32', shape, {
    strides: [1, 1],
    pads,
    kernel_shape: [kh, kw],
    dilations: [window.dilationHeight, window.dilationWidth],
    group: inChannels,
  });
  return t.tensor(value, window.inShape, 'float32', layout);
}

/** ∂/∂filter: per offset of the window, the sum over batch and plane of the shifted x times dy. */
function filterGradient(t: Tracer, x: TracedTensor, dy: TracedTensor, window: Window): TracedTensor {
  const { graph } = t;
  const layout = imageLayout(window);
  const { padInfo, inChannels, outHeight, outWidth, strideHeight, strideWidth } = window;
  const multiplier = window.outChannels / inChannels;
  if (t.target.ownGradients) {
    const { filterHeight: kh, filterWidth: kw } = window;
    const inputs = [t.full(x, layout), t.full(dy, layout)];
    const attributes = { ...convAttributes(window), group: inChannels };
    const value = windowGradient(graph, 'convFilter', inputs, [window.outChannels, 1, kh, kw], attributes);
    const apart = reshape(graph, value, [inChannels, multiplier, kh, kw]);
    return t.tensor(apart, [kh, kw, inChannels, multiplier], 'float32', [2, 3, 0, 1]);
  }
  const padded = pad(
    graph,
    t.full(x, layout),
    [0, 0, padInfo.top, padInfo.left],
    [0, 0, padInfo.bottom, padInfo.right],
  );
  const [batch, plane] = [window.batchSize, [outHeight, outWidth]];
  const gradient = reshape(graph, t.full(dy, layout), [batch, inChannels, multiplier, ...plane]);
  const sums: Value[] = [];
  for (let i = 0; i < window.filterHeight; i++) {
    for (let j = 0; j < window.filterWidth; j++) {
      const [top, left] = [i * window.dilationHeight, j * window.dilationWidth];
      const part = slice(graph, padded, [
        { axis: 2, begin: top, end: top + (outHeight - 1) * strideHeight + 1, step: strideHeight },
        { axis: 3, begin: left, end: left + (outWidth - 1) * strideWidth + 1, step: strideWidth },
      ]);
      const shifted = reshape(graph, part, [batch, inChannels, 1, ...plane]);
      const product = binary(graph, 'Mul', shifted, gradient);
      const axes = graph.integers([0, 3, 4]);
      const sum = graph.op('ReduceSum', [product, axes], 'float32', [inChannels, multiplier], {
        keepdims: 0,
      });
      sums.push(reshape(graph, sum, [1, inChannels, multiplier]));
    }
  }
  const filter = [window.filterHeight, window.filterWidth, inChannels, multiplier];
  return t.tensor(reshape(graph, concat(graph, sums, 0), filter), filter, 'float32');
}

export const depthwiseKernels: readonly Kernel[] = [
  kernel('DepthwiseConv2dNative', 'Conv (grouped)', ({ t, input, attrs }) => {
    const [x, filter] = [input('x'), input('filter')];
    return depthwise(t, x, filter, convWindow(attrs, x.shape, filter.shape, true));
  }),
  kernel('FusedDepthwiseConv2D', 'Conv (grouped), activation', (call) => {
    const [x, filter] = [call.input('x'), call.input('filter')];
    return finish(call, depthwise(call.t, x, filter, convWindow(call.attrs, x.shape, filter.shape, true)));
  }),
  kernel('DepthwiseConv2dNativeBackpropInput', 'Conv or ConvTranspose (grouped)', ({ t, input, attrs }) => {
    const filter = input('filter');
    const window = convWindow(attrs, attrs['inputShape'] as number[], filter.shape, true);
    return inputGradient(t, input('dy'), filter, window);
  }),
  kernel('DepthwiseConv2dNativeBackpropFilter', 'Slice, Mul, ReduceSum, Concat', ({ t, input, attrs }) => {
    const x = input('x');
    return filterGradient(
      t,
      x,
      input('dy'),
      convWindow(attrs, x.shape, attrs['filterShape'] as number[], true),
    );
  }),
];
