import { sizeOf } from '@anc/core';
import { binary } from '../graph/arithmetic.js';
import type { Graph, Operation } from '../graph/graph.js';
import { expand, reshape } from '../graph/shape-ops.js';
import { madeBy, scalarOf, type Value } from '../graph/value.js';
import { windowGradient } from '../graph/window-gradients.js';
import { kernel, type Kernel } from './kernel.js';
import type { TracedTensor } from './traced-tensor.js';
import type { Tracer } from './tracer.js';
import { imageLayout, isPadded, poolWindow, windowAttributes, type Window } from './window.js';

const outputShape = (w: Window): number[] => [w.batchSize, w.outChannels, w.outHeight, w.outWidth];
const inputShape = (w: Window): number[] => [w.batchSize, w.inChannels, w.inHeight, w.inWidth];

const overlaps = (w: Window): boolean => w.strideHeight < w.filterHeight || w.strideWidth < w.filterWidth;

const poolOperation = (x: Value, window: Window): Operation => ({
  op: 'MaxPool',
  inputs: [x],
  type: 'float32',
  shape: outputShape(window),
  attributes: { ...windowAttributes(window), kernel_shape: [window.filterHeight, window.filterWidth] },
});

/** The maximum of each window, and the flat position of its first maximum. */
function maxPool(t: Tracer, x: Value, window: Window): readonly [Value, Value] {
  const { op, inputs, shape, attributes } = poolOperation(x, window);
  const outputs = [
    { type: 'float32', shape },
    { type: 'int64', shape },
  ] as const;
  return t.graph.node(op, inputs, outputs, attributes) as readonly [Value, Value];
}

/** Sends dy to the first maximum of its window, as tfjs's cpu backend does. */
function maxPoolGradient(t: Tracer, dy: TracedTensor, x: TracedTensor, window: Window): TracedTensor {
  const { graph } = t;
  const layout = imageLayout(window);
  const [, positions] = maxPool(t, visiblyPadded(graph, t.full(x, layout)), window);
  const gradient = t.full(dy, layout);
  const shape = inputShape(window);
  if (t.target.ownGradients) {
    const { attributes } = poolOperation(gradient, window);
    const value = windowGradient(graph, 'maxPool', [gradient, positions], shape, attributes);
    return t.tensor(value, window.inShape, 'float32', layout);
  }
  if (!overlaps(window)) {
    const value = graph.op('MaxUnpool', [gradient, positions, graph.integers(shape)], 'float32', shape, {
      ...windowAttributes(window),
      kernel_shape: [window.filterHeight, window.filterWidth],
    });
    return t.tensor(value, window.inShape, 'float32', layout);
  }
  const count = sizeOf(gradient.shape);
  const zeros = expand(graph, graph.scalar(0, 'float32', 1), [sizeOf(shape)]);
  const flat = graph.op(
    'ScatterElements',
    [zeros, reshape(graph, positions, [count]), reshape(graph, gradient, [count])],
    'float32',
    [sizeOf(shape)],
    { axis: 0, reduction: 'add' },
  );
  return t.tensor(reshape(graph, flat, shape), window.inShape, 'float32', layout);
}

function averagePool(t: Tracer, x: TracedTensor, window: Window): TracedTensor {
  const layout = imageLayout(window);
  const value = t.graph.op('AveragePool', [t.full(x, layout)], 'float32', outputShape(window), {
    ...windowAttributes(window),
    kernel_shape: [window.filterHeight, window.filterWidth],
    count_include_pad: 0,
  });
  return t.tensor(value, window.outShape, 'float32', layout);
}

/** Number of pixels of the image in each window, [1, 1, oh, ow]. */
function windowCounts(window: Window): Float32Array {
  const inside = (out: number, stride: number, before: number, size: number, length: number): number => {
    const begin = out * stride - before;
    return Math.min(begin + size, length) - Math.max(begin, 0);
  };
  return Float32Array.from({ length: window.outHeight * window.outWidth }, (_, i) => {
    const [row, column] = [Math.floor(i / window.outWidth), i % window.outWidth];
    return (
      inside(row, window.strideHeight, window.padInfo.top, window.filterHeight, window.inHeight) *
      inside(column, window.strideWidth, window.padInfo.left, window.filterWidth, window.inWidth)
    );
  });
}

/** Spreads dy / count over each window. */
function averagePoolGradient(t: Tracer, dy: TracedTensor, window: Window): TracedTensor {
  const { graph } = t;
  const layout = imageLayout(window);
  const { filterHeight: kh, filterWidth: kw, batchSize: b, inChannels: c } = window;
  const isWholePlane = kh === window.inHeight && kw === window.inWidth && !isPadded(window);
  if (t.target.ownGradients && !isWholePlane) {
    const attributes = { ...windowAttributes(window), kernel_shape: [kh, kw] };
    const value = windowGradient(graph, 'averagePool', [t.full(dy, layout)], inputShape(window), attributes);
    return t.tensor(value, window.inShape, 'float32', layout);
  }
  const counts = graph.constant('float32', [1, 1, window.outHeight, window.outWidth], windowCounts(window));
  const divisor = isPadded(window) ? counts : graph.scalar(kh * kw);
  const share = binary(graph, 'Div', t.full(dy, layout), divisor);
  const exact =
    !overlaps(window) && window.inHeight === window.outHeight * kh && window.inWidth === window.outWidth * kw;
  if (exact && window.outHeight === 1 && window.outWidth === 1) {
    return t.tensor(share, window.inShape, 'float32', layout); // constant over the plane: not stored
  }
  if (exact) {
    const cells = reshape(graph, share, [b, c, window.outHeight, 1, window.outWidth, 1]);
    const spread = expand(graph, cells, [b, c, window.outHeight, kh, window.outWidth, kw]);
    return t.tensor(reshape(graph, spread, inputShape(window)), window.inShape, 'float32', layout);
  }
  const planes = reshape(graph, share, [b * c, 1, window.outHeight, window.outWidth]);
  const ones = expand(graph, graph.scalar(1, 'float32', 4), [1, 1, kh, kw]);
  const { padInfo } = window;
  const value = graph.op(
    'ConvTranspose',
    [planes, ones],
    'float32',
    [b * c, 1, window.inHeight, window.inWidth],
    {
      ...windowAttributes(window),
      kernel_shape: [kh, kw],
      output_padding: [
        window.inHeight - (window.strideHeight * (window.outHeight - 1) + kh - padInfo.top - padInfo.bottom),
        window.inWidth - (window.strideWidth * (window.outWidth - 1) + kw - padInfo.left - padInfo.right),
      ],
    },
  );
  return t.tensor(reshape(graph, value, inputShape(window)), window.inShape, 'float32', layout);
}

/** The smallest normal number, which stands for zero around an image. */
const NEARLY_ZERO = 2 ** -126;

/**
 * The same image with tiny numbers around it instead of zeros: ONNX Runtime (1.31 still) fuses a Pad of zeros into the
 * pooling, whose own padding never wins, and so gives other maxima where all pixels are below zero.
 */
function visiblyPadded(graph: Graph, x: Value): Value {
  const padded = madeBy(x, 'Pad');
  const [image, amounts, fill] = padded?.inputs ?? [];
  if (!padded || !image || !amounts || !fill || scalarOf(fill) !== 0) return x;
  return graph.op('Pad', [image, amounts, graph.scalar(NEARLY_ZERO)], x.type, x.shape, padded.attributes);
}

export const poolKernels: readonly Kernel[] = [
  kernel('MaxPool', 'MaxPool', ({ t, input, attrs }) => {
    const window = poolWindow(attrs, input('x').shape);
    const layout = imageLayout(window);
    const x = visiblyPadded(t.graph, t.full(input('x'), layout));
    const value = t.graph.replacement(poolOperation(x, window)) ?? maxPool(t, x, window)[0];
    return t.tensor(value, window.outShape, 'float32', layout);
  }),
  kernel('MaxPoolGrad', 'MaxPool (indices), MaxUnpool or ScatterElements', ({ t, input, attrs }) => {
    const x = input('input');
    return maxPoolGradient(t, input('dy'), x, poolWindow(attrs, x.shape));
  }),
  kernel('AvgPool', 'AveragePool', ({ t, input, attrs }) =>
    averagePool(t, input('x'), poolWindow(attrs, input('x').shape)),
  ),
  kernel('AvgPoolGrad', 'Div, Expand or ConvTranspose', ({ t, input, attrs }) =>
    averagePoolGradient(t, input('dy'), poolWindow(attrs, input('input').shape)),
  ),
];
