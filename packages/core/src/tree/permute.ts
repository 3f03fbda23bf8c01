import { sizeOf, type HostTensor } from './tree.js';

/**
 * Transposes an array: axis `i` of the result is axis `axes[i]` of the source.
 *
 * @param given memory for the result; new memory where left out.
 * @returns the result, or `data` itself where no axis moves.
 */
export function permuted<A extends HostTensor['data']>(
  data: A,
  shape: readonly number[],
  axes: readonly number[],
  given?: A,
): A {
  if (axes.every((axis, i) => axis === i)) return data;
  return moved(data, ...merged(shape, axes), given ?? empty(data, data.length));
}

/** The same with axes that stay beside each other as one: HWIO to OIHW moves three axes, [H·W, I, O] to [O, I, H·W]. */
function merged(
  shape: readonly number[],
  axes: readonly number[],
): [shape: readonly number[], axes: readonly number[]] {
  const firsts = axes.filter((axis, i) => i === 0 || axis !== axes[i - 1]! + 1);
  const starts = firsts.toSorted((a, b) => a - b);
  const sizes = starts.map((start, i) => sizeOf(shape.slice(start, starts[i + 1])));
  return [sizes, firsts.map((axis) => starts.indexOf(axis))];
}

function moved<A extends HostTensor['data']>(
  data: A,
  shape: readonly number[],
  axes: readonly number[],
  output: A,
): A {
  if (axes.at(-1) === 0) return transposed(data, shape, axes, output);
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const sizes = axes.map((axis) => shape[axis]!);
  const steps = axes.map((axis) => strides[axis]!);
  const last = sizes.length - 1;
  const index = sizes.map(() => 0);
  const [inner, innerStep] = [sizes[last]!, steps[last]!];
  for (let i = 0, at = 0; i < output.length; i += inner) {
    for (let j = 0; j < inner; j++) output[i + j] = data[at + j * innerStep]!;
    for (let axis = last - 1; axis >= 0; axis--) {
      at += steps[axis]!;
      if (++index[axis]! < sizes[axis]!) break;
      at -= steps[axis]! * sizes[axis]!;
      index[axis] = 0;
    }
  }
  return output;
}

/**
 * Columns that are read together: as many cache lines as the L1 cache holds where all of them map to one of its sets.
 */
const COLUMNS = 8;

/**
 * `permuted` where the first axis becomes the last: the matrix [shape[0], rest] is transposed, with its rows in
 * another order. Several columns are read at once, so that both reads and writes run along cache lines.
 */
function transposed<A extends HostTensor['data']>(
  data: A,
  shape: readonly number[],
  axes: readonly number[],
  output: A,
): A {
  const [columns = 1, ...rest] = shape;
  const rows = sizeOf(rest);
  const order = rowOrder(
    rest,
    axes.slice(0, -1).map((axis) => axis - 1),
  );
  const together = columns - (columns % COLUMNS);
  for (let left = 0; left < together; left += COLUMNS) {
    for (let row = 0, from = left * rows; row < rows; row++, from++) {
      const to = order[row]! * columns + left;
      output[to] = data[from]!;
      output[to + 1] = data[from + rows]!;
      output[to + 2] = data[from + 2 * rows]!;
      output[to + 3] = data[from + 3 * rows]!;
      output[to + 4] = data[from + 4 * rows]!;
      output[to + 5] = data[from + 5 * rows]!;
      output[to + 6] = data[from + 6 * rows]!;
      output[to + 7] = data[from + 7 * rows]!;
    }
  }
  for (let column = together; column < columns; column++) {
    for (let row = 0, from = column * rows; row < rows; row++, from++) {
      output[order[row]! * columns + column] = data[from]!;
    }
  }
  return output;
}

/** For each position in an array of `shape`, its position in the transposed array. */
function rowOrder(shape: readonly number[], axes: readonly number[]): Int32Array {
  const places = new Int32Array(sizeOf(shape));
  for (let i = 0; i < places.length; i++) places[i] = i;
  const froms = permuted(places, shape, axes);
  const order = new Int32Array(places.length);
  for (let to = 0; to < order.length; to++) order[froms[to]!] = to;
  return order;
}

const empty = <A extends HostTensor['data']>(like: A, length: number): A =>
  new (like.constructor as new (length: number) => A)(length);
