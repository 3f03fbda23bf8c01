import { at, build, combine, map, pixel, reduce, type Float64 } from './array.js';

type Padding = 'same' | 'valid' | number | readonly [before: number, after: number];

/** Offset of the first window and number of windows along one axis, by TensorFlow's rules. */
function windows(
  size: number,
  window: number,
  stride: number,
  padding: Padding,
): { readonly start: number; readonly count: number } {
  if (padding === 'same') {
    const count = Math.ceil(size / stride);
    const total = Math.max((count - 1) * stride + window - size, 0);
    return { start: -Math.floor(total / 2), count };
  }
  const [before, after] =
    typeof padding === 'object' ? padding : padding === 'valid' ? [0, 0] : [padding, padding];
  return { start: -before, count: Math.floor((size + before + after - window) / stride) + 1 };
}

function frame(x: Float64, kernelSize: number, stride: number, padding: Padding) {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const [rows, columns] = [
    windows(height, kernelSize, stride, padding),
    windows(width, kernelSize, stride, padding),
  ];
  return { batch, height, width, channels, rows, columns };
}

/** x: [B, H, W, C]; filter: [k, k, C, D]. */
export function conv2d(x: Float64, filter: Float64, stride: number, padding: Padding): Float64 {
  const [kernelSize, , inputs, outputs] = filter.shape as [number, number, number, number];
  const { batch, rows, columns } = frame(x, kernelSize, stride, padding);
  return build([batch, rows.count, columns.count, outputs], ([b, i, j, d]) => {
    let sum = 0;
    for (let h = 0; h < kernelSize; h++) {
      for (let w = 0; w < kernelSize; w++) {
        for (let c = 0; c < inputs; c++) {
          const value = pixel(x, [b!, rows.start + i! * stride + h, columns.start + j! * stride + w, c]);
          sum += value * filter.data[((h * kernelSize + w) * inputs + c) * outputs + d!]!;
        }
      }
    }
    return sum;
  });
}

/** x: [B, H, W, C]; filter: [k, k, C, 1]. */
export function depthwiseConv2d(x: Float64, filter: Float64, stride: number, padding: Padding): Float64 {
  const kernelSize = filter.shape[0]!;
  const { batch, channels, rows, columns } = frame(x, kernelSize, stride, padding);
  return build([batch, rows.count, columns.count, channels], ([b, i, j, c]) => {
    let sum = 0;
    for (let h = 0; h < kernelSize; h++) {
      for (let w = 0; w < kernelSize; w++) {
        const value = pixel(x, [b!, rows.start + i! * stride + h, columns.start + j! * stride + w, c!]);
        sum += value * filter.data[(h * kernelSize + w) * channels + c!]!;
      }
    }
    return sum;
  });
}

export function maxPool(x: Float64, kernelSize: number, stride: number, padding: Padding): Float64 {
  const { batch, channels, rows, columns } = frame(x, kernelSize, stride, padding);
  return build([batch, rows.count, columns.count, channels], ([b, i, j, c]) => {
    let largest = -Infinity;
    for (let h = 0; h < kernelSize; h++) {
      for (let w = 0; w < kernelSize; w++) {
        const place = [b!, rows.start + i! * stride + h, columns.start + j! * stride + w, c!] as const;
        largest = Math.max(largest, pixel(x, place, -Infinity));
      }
    }
    return largest;
  });
}

/** The mean does not count padding. */
export function avgPool(x: Float64, kernelSize: number, stride: number, padding: Padding): Float64 {
  const { batch, height, width, channels, rows, columns } = frame(x, kernelSize, stride, padding);
  return build([batch, rows.count, columns.count, channels], ([b, i, j, c]) => {
    let [sum, count] = [0, 0];
    for (let h = 0; h < kernelSize; h++) {
      for (let w = 0; w < kernelSize; w++) {
        const [row, column] = [rows.start + i! * stride + h, columns.start + j! * stride + w];
        if (row < 0 || column < 0 || row >= height || column >= width) continue;
        sum += pixel(x, [b!, row, column, c!]);
        count++;
      }
    }
    return sum / count;
  });
}

/** a: [..., M, K]; b: [..., K, N]. */
export function matMul(a: Float64, b: Float64): Float64 {
  const [m, k] = a.shape.slice(-2) as [number, number];
  const n = b.shape.at(-1)!;
  return build([...a.shape.slice(0, -2), m, n], (index) => {
    const [batch, [i, j]] = [index.slice(0, -2), index.slice(-2) as [number, number]];
    let sum = 0;
    for (let l = 0; l < k; l++) sum += at(a, [...batch, i, l]) * at(b, [...batch, l, j]);
    return sum;
  });
}

export const transpose = (x: Float64, order: readonly number[]): Float64 =>
  build(
    order.map((axis) => x.shape[axis]!),
    (index) => {
      const source = x.shape.map(() => 0);
      order.forEach((axis, i) => (source[axis] = index[i]!));
      return at(x, source);
    },
  );

export const sum = (x: Float64, axes = x.shape.map((_, axis) => axis)): Float64 =>
  reduce(x, axes, 0, (total, value) => total + value);

export const mean = (x: Float64, axes = x.shape.map((_, axis) => axis)): Float64 =>
  reduce(x, axes, 0, (total, value, count) => total + value / count);

export const max = (x: Float64, axes: readonly number[]): Float64 =>
  reduce(x, axes, -Infinity, (a, b) => Math.max(a, b));

/** x: [B, C]. */
export function logSoftmax(x: Float64): Float64 {
  const top = max(x, [1]);
  const column = (y: Float64): Float64 => ({ shape: [y.shape[0]!, 1], data: y.data });
  const shifted = combine(x, column(top), (a, b) => a - b);
  const total = map(sum(map(shifted, Math.exp), [1]), Math.log);
  return combine(shifted, column(total), (a, b) => a - b);
}

/** x: [B, H, W, C], normalized over all axes but the last. */
export function normalize(
  x: Float64,
  gamma: Float64,
  beta: Float64,
  moments: { readonly mean: Float64; readonly variance: Float64 },
  epsilon: number,
): Float64 {
  const scale = combine(gamma, moments.variance, (g, v) => g / Math.sqrt(v + epsilon));
  const centered = combine(x, moments.mean, (a, b) => a - b);
  return combine(
    combine(centered, scale, (a, b) => a * b),
    beta,
    (a, b) => a + b,
  );
}

/** Mean and (biased) variance over all axes but the last. */
export function momentsOf(x: Float64): { readonly mean: Float64; readonly variance: Float64 } {
  const axes = x.shape.map((_, axis) => axis).slice(0, -1);
  const center = mean(x, axes);
  return {
    mean: center,
    variance: mean(
      map(
        combine(x, center, (a, b) => a - b),
        (d) => d * d,
      ),
      axes,
    ),
  };
}

export const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
