import { integers } from '../graph/flat-graph.js';
import { countOf, type HostOperator } from './host-operator.js';

type Image = [number, number, number, number];

/** Maxima of windows and the places of the first ones in the whole tensor. x: [B, C, H, W]. */
const maxPool: HostOperator = ({ node, inputs: [x], outputs: [y, positions] }) => {
  const [batch, channels, height, width] = x!.shape as Image;
  const [, , outHeight, outWidth] = y!.shape as Image;
  const [kh, kw] = integers(node, 'kernel_shape') as [number, number];
  const [sh, sw] = integers(node, 'strides') as [number, number];
  const [top, left] = integers(node, 'pads') as [number, number];
  let to = 0;
  for (let plane = 0; plane < batch * channels; plane++) {
    for (let row = 0; row < outHeight; row++) {
      for (let column = 0; column < outWidth; column++) {
        let [most, at] = [-Infinity, -1];
        for (let h = Math.max(0, row * sh - top); h < Math.min(height, row * sh - top + kh); h++) {
          for (let w = Math.max(0, column * sw - left); w < Math.min(width, column * sw - left + kw); w++) {
            const from = (plane * height + h) * width + w;
            if (at < 0 || x!.data[from]! > most) [most, at] = [x!.data[from]!, from];
          }
        }
        y!.data[to] = most;
        if (positions !== undefined) positions.data[to] = at;
        to++;
      }
    }
  }
};

const maxUnpool: HostOperator = ({ inputs: [dy, positions], outputs: [dx] }) => {
  dx!.data.fill(0);
  for (let i = 0; i < dy!.data.length; i++) dx!.data[positions!.data[i]!] = dy!.data[i]!;
};

/** The gradient of a max-pool whose forward pass is in another program: dy at the places of the maxima, where windows overlap their sum. */
const maxPoolGradient: HostOperator = ({ inputs: [dy, positions], outputs: [dx] }) => {
  dx!.data.fill(0);
  for (let i = 0; i < dy!.data.length; i++) dx!.data[positions!.data[i]!]! += dy!.data[i]!;
};

/** Where a pixel of the result is in the source, along one axis. */
function coordinate(mode: unknown, index: number, from: number, to: number): number {
  if (mode === 'align_corners') return to === 1 ? 0 : (index * (from - 1)) / (to - 1);
  if (mode === 'half_pixel') return ((index + 0.5) * from) / to - 0.5;
  return (index * from) / to;
}

const resize: HostOperator = ({ node, inputs: [x], outputs: [y] }) => {
  const { attributes } = node;
  const [, , height, width] = x!.shape as Image;
  const [, , outHeight, outWidth] = y!.shape as Image;
  const mode = attributes['coordinate_transformation_mode'];
  const isLinear = attributes['mode'] === 'linear';
  const nearest = attributes['nearest_mode'] === 'floor' ? Math.floor : (at: number) => Math.floor(at + 0.5);
  /** Two neighbors of each place, and how much the second one counts. */
  const neighbors = (from: number, to: number): readonly (readonly [number, number, number])[] =>
    Array.from({ length: to }, (_, i) => {
      const at = Math.max(0, Math.min(from - 1, coordinate(mode, i, from, to)));
      if (!isLinear) {
        const one = Math.max(0, Math.min(from - 1, nearest(at)));
        return [one, one, 0] as const;
      }
      const first = Math.floor(at);
      return [first, Math.min(from - 1, first + 1), at - first] as const;
    });
  const [rows, columns] = [neighbors(height, outHeight), neighbors(width, outWidth)];
  const planes = countOf(x!.shape.slice(0, 2));
  let to = 0;
  for (let plane = 0; plane < planes; plane++) {
    const from = plane * height * width;
    for (const [above, below, down] of rows) {
      for (const [before, after, right] of columns) {
        const mix = (row: number): number => {
          const [a, b] = [x!.data[from + row * width + before]!, x!.data[from + row * width + after]!];
          return a + (b - a) * right;
        };
        const [upper, lower] = [mix(above), mix(below)];
        y!.data[to++] = upper + (lower - upper) * down;
      }
    }
  }
};

export const imageOperators: Readonly<Record<string, HostOperator>> = {
  MaxPool: maxPool,
  MaxPoolGradient: maxPoolGradient,
  MaxUnpool: maxUnpool,
  Resize: resize,
};
