import { sameShape, type Graph } from './graph.js';
import { reshape, transpose } from './shape-ops.js';
import type { Value } from './value.js';

/** The geometry of a convolution: everything but its filters. */
export interface ConvGeometry {
  /** [height, width] of the filter. */
  readonly kernelSize: readonly [number, number];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** top, left, bottom, right. */
  readonly pads: readonly number[];
  /** [height, width] of the output. */
  readonly outputSize: readonly [number, number];
}

/** One filter per place of the window that takes the pixel there, for every channel: [C · kh · kw, 1, kh, kw]. */
function oneHotFilters(graph: Graph, channels: number, [height, width]: readonly [number, number]): Value {
  const area = height * width;
  return graph.named(`one-hot filters ${channels} × ${height} × ${width}`, () => {
    const data = new Float32Array(channels * area * area);
    for (let row = 0; row < channels * area; row++) data[row * area + (row % area)] = 1;
    return graph.constant('float32', [channels * area, 1, height, width], data);
  });
}

/**
 * The pixels under every place of a window: [B, C · kh · kw, oh · ow] of an image [B, C, H, W]. One convolution with
 * one-hot filters, because that knows strides, dilations and padding already.
 */
function im2col(graph: Graph, image: Value, geometry: ConvGeometry): Value {
  const [batch, channels] = image.shape as [number, number];
  const { kernelSize, strides, dilations, pads, outputSize } = geometry;
  const [height, width] = kernelSize;
  const pixels = outputSize[0] * outputSize[1];
  const whole = height * width === 1 && sameShape(outputSize, image.shape.slice(2));
  if (whole) return reshape(graph, image, [batch, channels, pixels]);
  const filters = oneHotFilters(graph, channels, kernelSize);
  const rows = channels * height * width;
  const patches = graph.op('Conv', [image, filters], 'float32', [batch, rows, ...outputSize], {
    strides,
    pads,
    kernel_shape: kernelSize,
    dilations,
    group: channels,
  });
  return reshape(graph, patches, [batch, rows, pixels]);
}

/**
 * Products of dy [B, O, oh, ow] with the columns of x, image by image: [B, O, C · kh · kw]. Their sum over the batch is
 * a convolution's filter gradient.
 */
export function im2colProducts(graph: Graph, x: Value, dy: Value, geometry: ConvGeometry): Value {
  const [batch, filters] = dy.shape as [number, number];
  const columns = transpose(graph, im2col(graph, x, geometry), [0, 2, 1]);
  const flat = reshape(graph, dy, [batch, filters, geometry.outputSize[0] * geometry.outputSize[1]]);
  return graph.op('MatMul', [flat, columns], 'float32', [batch, filters, columns.shape[2]!]);
}
