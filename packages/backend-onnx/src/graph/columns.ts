import { sameShape, type Graph } from './graph.js';
import { reshape, transpose } from './shape-ops.js';
import type { Value } from './value.js';

/** Where a window looks: everything of a convolution but its filters. */
export interface Look {
  /** [height, width] of the window. */
  readonly size: readonly [number, number];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** top, left, bottom, right. */
  readonly pads: readonly number[];
  /** [height, width] of what comes out. */
  readonly out: readonly [number, number];
}

/** One filter per place of the window that takes the pixel there, for every channel: [C · kh · kw, 1, kh, kw]. */
export function takers(graph: Graph, channels: number, [height, width]: readonly [number, number]): Value {
  const area = height * width;
  return graph.named(`takers of ${channels} × ${height} × ${width}`, () => {
    const data = new Float32Array(channels * area * area);
    for (let row = 0; row < channels * area; row++) data[row * area + (row % area)] = 1;
    return graph.constant('float32', [channels * area, 1, height, width], data);
  });
}

/**
 * The pixels under every place of a window: [B, C · kh · kw, oh · ow] of an image [B, C, H, W]. One convolution, which
 * knows strides, dilations and padding already.
 */
export function columns(graph: Graph, image: Value, look: Look): Value {
  const [batch, channels] = image.shape as [number, number];
  const [height, width] = look.size;
  const whole = height * width === 1 && sameShape(look.out, image.shape.slice(2));
  if (whole) return reshape(graph, image, [batch, channels, look.out[0] * look.out[1]]);
  const filters = takers(graph, channels, look.size);
  const rows = channels * height * width;
  const taken = graph.op('Conv', [image, filters], 'float32', [batch, rows, ...look.out], {
    strides: look.strides,
    pads: look.pads,
    kernel_shape: look.size,
    dilations: look.dilations,
    group: channels,
  });
  return reshape(graph, taken, [batch, rows, look.out[0] * look.out[1]]);
}

/**
 * Every image's products of dy [B, O, oh, ow] with the columns of x: [B, O, C · kh · kw]. Their sum over the batch is
 * a convolution's filter gradient.
 */
export function productsWithColumns(graph: Graph, x: Value, dy: Value, look: Look): Value {
  const [batch, filters] = dy.shape as [number, number];
  const turned = transpose(graph, columns(graph, x, look), [0, 2, 1]);
  const slope = reshape(graph, dy, [batch, filters, look.out[0] * look.out[1]]);
  return graph.op('MatMul', [slope, turned], 'float32', [batch, filters, turned.shape[2]!]);
}
