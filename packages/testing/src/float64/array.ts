/** A row-major float64 array with a shape; the reference implementation computes with these. */
export interface Float64 {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export const countOf = (shape: readonly number[]): number =>
  shape.reduce((product, size) => product * size, 1);

/** Elements in row-major order, computed from their index. */
export function build(
  shape: readonly number[],
  f: (index: readonly number[], flat: number) => number,
): Float64 {
  const data = new Float64Array(countOf(shape));
  const index = shape.map(() => 0);
  for (let flat = 0; flat < data.length; flat++) {
    data[flat] = f(index, flat);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
  return { shape, data };
}

/** The element at `index`; missing leading axes and axes of size 1 broadcast. */
export function at({ shape, data }: Float64, index: readonly number[]): number {
  const skipped = index.length - shape.length;
  let flat = 0;
  for (let axis = 0; axis < shape.length; axis++) {
    flat = flat * shape[axis]! + (shape[axis] === 1 ? 0 : index[axis + skipped]!);
  }
  return data[flat]!;
}

/** An element of a batch of images; `outside` beyond the border. */
export function pixel(
  x: Float64,
  [b, h, w, c]: readonly [number, number, number, number],
  outside = 0,
): number {
  const [, height, width, channels] = x.shape as [number, number, number, number];
  if (h < 0 || w < 0 || h >= height || w >= width) return outside;
  return x.data[((b * height + h) * width + w) * channels + c]!;
}

export const map = ({ shape, data }: Float64, f: (x: number) => number): Float64 => ({
  shape,
  data: data.map(f),
});

export const combine = (a: Float64, b: Float64, f: (x: number, y: number) => number): Float64 => {
  const rank = Math.max(a.shape.length, b.shape.length);
  const size = (x: Float64, axis: number): number => x.shape[axis - rank + x.shape.length] ?? 1;
  const shape = Array.from({ length: rank }, (_, axis) => Math.max(size(a, axis), size(b, axis)));
  return build(shape, (index) => f(at(a, index), at(b, index)));
};

/** Folds the elements along `axes` into one. */
export function reduce(
  x: Float64,
  axes: readonly number[],
  start: number,
  f: (sum: number, value: number, count: number) => number,
): Float64 {
  const kept = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const shape = kept.map((axis) => x.shape[axis]!);
  const count = countOf(x.shape) / countOf(shape);
  const result = build(shape, () => start);
  build(x.shape, (index, flat) => {
    const to = kept.reduce((sum, axis) => sum * x.shape[axis]! + index[axis]!, 0);
    result.data[to] = f(result.data[to]!, x.data[flat]!, count);
    return 0;
  });
  return result;
}
