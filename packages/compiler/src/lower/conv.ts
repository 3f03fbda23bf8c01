import { nchwcFilter, rotatedNchwcFilter } from '../graph/nchwc.js';
import { rotatePlanes, transpose } from '../graph/shape-ops.js';
import type { Attributes, Value } from '../graph/value.js';
import { filterGradient } from './filter-gradient.js';
import { kernel, type Call, type Kernel } from './kernel.js';
import { convInNchwc, nchwcPays } from './nchwc-conv.js';
import { stridedGradient, suitsPhases } from './strided-gradient.js';
import { OIHW, type TracedTensor } from './traced-tensor.js';
import type { Tracer } from './tracer.js';
import { activate } from './unary.js';
import { convWindow, imageLayout, padsAround, windowAttributes, type Window } from './window.js';

/** A convolution without bias, in [B, C, H, W] in memory. */
function conv2d(t: Tracer, x: TracedTensor, filter: TracedTensor, window: Window): TracedTensor {
  const layout = imageLayout(window);
  const oihw = t.full(filter, OIHW); // [O, I / groups, kh, kw]
  const shape = [window.batchSize, window.outChannels, window.outHeight, window.outWidth];
  const attributes = {
    ...windowAttributes(window),
    kernel_shape: [window.filterHeight, window.filterWidth],
    dilations: [window.dilationHeight, window.dilationWidth],
    group: window.inChannels / oihw.shape[1]!,
  };
  const value =
    attributes.group === 1 && addsPlanes(t, window, window.outChannels, window.inChannels)
      ? byAddingPlanes(t, t.full(x, layout), oihw, shape, { ...attributes, pads: padsAround(window) })
      : convolution(t, t.full(x, layout), oihw, shape, attributes);
  return t.tensor(value, window.outShape, 'float32', layout);
}

/**
 * Whether a transposed convolution pays, which multiplies first and then adds shifted planes: where the result has few
 * channels, these are less than the columns that a convolution makes of the many channels that it reads.
 */
function addsPlanes(t: Tracer, window: Window, result: number, read: number): boolean {
  if (t.target.accelerated) return false;
  const { filterHeight, filterWidth, strideHeight, strideWidth } = window;
  const few = result < 8 && result < read && filterHeight * filterWidth > 1;
  return few && strideHeight === 1 && strideWidth === 1 && Math.min(...padsAround(window)) >= 0;
}

/** A convolution at stride 1 as the transposed one with filters turned by 180°. pads: around its output. */
function byAddingPlanes(
  t: Tracer,
  x: Value,
  filter: Value,
  shape: readonly number[],
  attributes: Attributes,
): Value {
  const turned = rotatePlanes(t.graph, transpose(t.graph, filter, [1, 0, 2, 3]));
  return t.graph.op('ConvTranspose', [x, turned], 'float32', shape, attributes);
}

/** x: [B, C, H, W]; filter: [O, I / groups, kh, kw]. */
function convolution(
  t: Tracer,
  x: Value,
  filter: Value,
  shape: readonly number[],
  attributes: Attributes,
): Value {
  if (nchwcPays(t, x.shape[1]!, filter.shape)) {
    return convInNchwc(t, x, nchwcFilter(t.graph, t.target.channelBlock!, filter), shape, attributes);
  }
  return t.graph.op('Conv', [x, filter], 'float32', shape, attributes);
}

/**
 * ∂/∂x of a convolution. At stride 1 it is a convolution of dy with the rotated, transposed filter (as fast as the
 * forward one); else one convolution per phase of the stride, or a transposed convolution.
 */
export function inputGradient(
  t: Tracer,
  dy: TracedTensor,
  filter: TracedTensor,
  window: Window,
): TracedTensor {
  const { graph } = t;
  const layout = imageLayout(window);
  const oihw = t.full(filter, OIHW);
  const { filterHeight: kh, filterWidth: kw } = window;
  const group = window.inChannels / oihw.shape[1]!;
  const shape = [window.batchSize, window.inChannels, window.inHeight, window.inWidth];
  const dilations = [window.dilationHeight, window.dilationWidth];
  const pads = padsAround(window);
  // Padding a small dy out to a full convolution multiplies the work; past a point the other form is faster.
  const [output, input] = [oihw.shape[0]!, oihw.shape[1]!];
  const inNchwc = nchwcPays(t, window.outChannels, [input, output, kh, kw]);
  const worthwhile = inNchwc ? 2.5 : 1.6;
  const inflation = (window.inHeight * window.inWidth) / (window.outHeight * window.outWidth);
  const direct =
    !addsPlanes(t, window, input, output) &&
    inflation < worthwhile &&
    window.strideHeight === 1 &&
    window.strideWidth === 1 &&
    group === 1 &&
    Math.min(...pads) >= 0;
  const attributes = { strides: [1, 1], pads, kernel_shape: [kh, kw], dilations, group: 1 };
  const gradient = t.full(dy, layout);
  const convolved = (): Value =>
    inNchwc
      ? convInNchwc(t, gradient, rotatedNchwcFilter(graph, t.target.channelBlock!, oihw), shape, attributes)
      : graph.op(
          'Conv',
          [gradient, rotatePlanes(graph, transpose(graph, oihw, [1, 0, 2, 3]))],
          'float32',
          shape,
          attributes,
        );
  const value = direct
    ? convolved()
    : suitsPhases(t, window, group)
      ? stridedGradient(t, gradient, oihw, window)
      : transposedConv(t, gradient, oihw, window, group, shape);
  return t.tensor(value, window.inShape, 'float32', layout);
}

/** filter: [O, I / groups, kh, kw]. */
export function transposedConv(
  t: Tracer,
  dy: Value,
  filter: Value,
  window: Window,
  group: number,
  shape: readonly number[],
): Value {
  const { padInfo, strideHeight, strideWidth } = window;
  const reachH = strideHeight * (dy.shape[2]! - 1) + (window.filterHeight - 1) * window.dilationHeight + 1;
  const reachW = strideWidth * (dy.shape[3]! - 1) + (window.filterWidth - 1) * window.dilationWidth + 1;
  return t.graph.op('ConvTranspose', [dy, filter], 'float32', shape, {
    ...windowAttributes(window),
    kernel_shape: [window.filterHeight, window.filterWidth],
    dilations: [window.dilationHeight, window.dilationWidth],
    group,
    // rows and columns that no window reaches get no gradient
    output_padding: [
      shape[2]! - (reachH - padInfo.top - padInfo.bottom),
      shape[3]! - (reachW - padInfo.left - padInfo.right),
    ],
  });
}

export function finish({ t, optional, attrs }: Call, x: TracedTensor): TracedTensor {
  const bias = optional('bias');
  const sum = bias === null ? x : t.binary('Add', x, bias);
  const alpha = (attrs['leakyreluAlpha'] as number | undefined) ?? 0.2;
  return activate(t, sum, attrs['activation'] as string, optional('preluActivationWeights'), alpha);
}

export const convKernels: readonly Kernel[] = [
  kernel('Conv2D', 'Conv', ({ t, input, attrs }) => {
    const [x, filter] = [input('x'), input('filter')];
    return conv2d(t, x, filter, convWindow(attrs, x.shape, filter.shape));
  }),
  kernel('FusedConv2D', 'Conv, activation', (call) => {
    const [x, filter] = [call.input('x'), call.input('filter')];
    return finish(call, conv2d(call.t, x, filter, convWindow(call.attrs, x.shape, filter.shape)));
  }),
  kernel('Conv2DBackpropInput', 'Conv or ConvTranspose', ({ t, input, attrs }) => {
    const filter = input('filter');
    const window = convWindow(attrs, attrs['inputShape'] as number[], filter.shape);
    return inputGradient(t, input('dy'), filter, window);
  }),
  kernel('Conv2DBackpropFilter', 'see filter-gradient.ts', ({ t, input, attrs }) => {
    const x = input('x');
    return filterGradient(t, x, input('dy'), convWindow(attrs, x.shape, attrs['filterShape'] as number[]));
  }),
];
