import { integer, integers } from '../graph/flat-graph.js';
import { broadcastStrides, countOf, ownStrides, places, type HostOperator } from './host-operator.js';

const expand: HostOperator = ({ inputs: [x], outputs: [y] }) => {
  const at = places(y!.shape, broadcastStrides(x!.shape, y!.shape));
  for (let i = 0; i < at.length; i++) y!.data[i] = x!.data[at[i]!]!;
};

const slice: HostOperator = ({ inputs: [x, begins, , axes, steps], outputs: [y] }) => {
  const strides = ownStrides(x!.shape);
  let start = 0;
  Array.from(axes!.data).forEach((axis, i) => {
    start += begins!.data[i]! * strides[axis]!;
    strides[axis] = strides[axis]! * steps!.data[i]!;
  });
  const at = places(y!.shape, strides, start);
  for (let i = 0; i < at.length; i++) y!.data[i] = x!.data[at[i]!]!;
};

const concat: HostOperator = ({ node, inputs, outputs: [y] }) => {
  const axis = integer(node, 'axis', 0);
  const strides = ownStrides(y!.shape);
  let start = 0;
  for (const x of inputs) {
    const at = places(x!.shape, strides, start);
    for (let i = 0; i < at.length; i++) y!.data[at[i]!] = x!.data[i]!;
    start += x!.shape[axis]! * strides[axis]!;
  }
};

const transpose: HostOperator = ({ node, inputs: [x], outputs: [y] }) => {
  const strides = ownStrides(x!.shape);
  const at = places(
    y!.shape,
    integers(node, 'perm').map((axis) => strides[axis]!),
  );
  for (let i = 0; i < at.length; i++) y!.data[i] = x!.data[at[i]!]!;
};

const copy: HostOperator = ({ inputs: [x], outputs: [y] }) => y!.data.set(x!.data);

/** For each element of a shape its index along every axis, by a function of the axis and the index there. */
function mapped(
  shape: readonly number[],
  strides: readonly number[],
  source: (axis: number, index: number) => number,
): Int32Array {
  const found = new Int32Array(countOf(shape));
  shape.forEach((size, axis) => {
    const own = shape.map((_, i) => (i === axis ? 1 : 0));
    const index = places(shape, own);
    const table = Array.from({ length: size }, (_, i) => source(axis, i) * strides[axis]!);
    for (let i = 0; i < found.length; i++) found[i] = found[i]! + table[index[i]!]!;
  });
  return found;
}

const pad: HostOperator = ({ node, inputs: [x, pads, fill], outputs: [y] }) => {
  if (node.attributes['mode'] !== 'reflect') {
    y!.data.fill(fill?.data[0] ?? 0);
    const strides = ownStrides(y!.shape);
    const start = strides.reduce((sum, stride, axis) => sum + stride * pads!.data[axis]!, 0);
    const at = places(x!.shape, strides, start);
    for (let i = 0; i < at.length; i++) y!.data[at[i]!] = x!.data[i]!;
    return;
  }
  const at = mapped(y!.shape, ownStrides(x!.shape), (axis, index) => {
    const last = x!.shape[axis]! - 1;
    const inside = Math.abs(index - pads!.data[axis]!);
    return inside > last ? 2 * last - inside : inside;
  });
  for (let i = 0; i < at.length; i++) y!.data[i] = x!.data[at[i]!]!;
};

const tile: HostOperator = ({ inputs: [x], outputs: [y] }) => {
  const at = mapped(y!.shape, ownStrides(x!.shape), (axis, index) => index % x!.shape[axis]!);
  for (let i = 0; i < at.length; i++) y!.data[i] = x!.data[at[i]!]!;
};

const gather: HostOperator = ({ node, inputs: [x, indices], outputs: [y] }) => {
  const axis = integer(node, 'axis', 0);
  const inner = countOf(x!.shape.slice(axis + 1));
  const outer = countOf(x!.shape.slice(0, axis));
  const size = x!.shape[axis]!;
  let to = 0;
  for (let o = 0; o < outer; o++) {
    for (const index of indices!.data) {
      const from = (o * size + (index < 0 ? index + size : index)) * inner;
      y!.data.set(x!.data.subarray(from, from + inner), to);
      to += inner;
    }
  }
};

/** Where the rows begin that indices [..., depth] point to. */
function rowStarts(shape: readonly number[], indices: ArrayLike<number>, depth: number): number[] {
  const strides = ownStrides(shape);
  return Array.from({ length: indices.length / depth }, (_, row) => {
    let start = 0;
    for (let d = 0; d < depth; d++) start += indices[row * depth + d]! * strides[d]!;
    return start;
  });
}

const gatherNd: HostOperator = ({ inputs: [x, indices], outputs: [y] }) => {
  const depth = indices!.shape.at(-1)!;
  const inner = countOf(x!.shape.slice(depth));
  rowStarts(x!.shape, indices!.data, depth).forEach((start, row) =>
    y!.data.set(x!.data.subarray(start, start + inner), row * inner),
  );
};

/** Adds rows of updates with `reduction: add`; else they replace what is there, the last of several. */
const scatterNd: HostOperator = ({ node, inputs: [x, indices, updates], outputs: [y] }) => {
  const isSum = node.attributes['reduction'] === 'add';
  const depth = indices!.shape.at(-1)!;
  const inner = countOf(x!.shape.slice(depth));
  y!.data.set(x!.data);
  rowStarts(x!.shape, indices!.data, depth).forEach((start, row) => {
    for (let i = 0; i < inner; i++) {
      const update = updates!.data[row * inner + i]!;
      y!.data[start + i] = isSum ? y!.data[start + i]! + update : update;
    }
  });
};

const scatterElements: HostOperator = ({ inputs: [x, indices, updates], outputs: [y] }) => {
  y!.data.set(x!.data);
  for (let i = 0; i < updates!.data.length; i++) y!.data[indices!.data[i]!]! += updates!.data[i]!;
};

/** A product of tensors, summed over the letters that the result lacks. */
const einsum: HostOperator = ({ node, inputs, outputs: [y] }) => {
  const [left, right] = (node.attributes['equation'] as string).replaceAll(' ', '').split('->') as [
    string,
    string,
  ];
  const terms = left.split(',');
  const sizes = new Map<string, number>();
  terms.forEach((term, n) =>
    Array.from(term).forEach((letter, axis) => sizes.set(letter, inputs[n]!.shape[axis]!)),
  );
  const summed = [...sizes.keys()].filter((letter) => !right.includes(letter));
  const letters = [...Array.from(right), ...summed];
  const shape = letters.map((letter) => sizes.get(letter)!);
  const at = (term: string, of: readonly number[]): Int32Array => {
    const strides = ownStrides(of);
    return places(
      shape,
      letters.map((letter) =>
        Array.from(term).reduce((sum, l, axis) => sum + (l === letter ? strides[axis]! : 0), 0),
      ),
    );
  };
  const from = terms.map((term, n) => at(term, inputs[n]!.shape));
  const to = at(right, y!.shape);
  const sums = new Float64Array(y!.data.length);
  for (let i = 0; i < to.length; i++) {
    let product = 1;
    for (let n = 0; n < from.length; n++) product *= inputs[n]!.data[from[n]![i]!]!;
    sums[to[i]!] = sums[to[i]!]! + product;
  }
  y!.data.set(sums);
};

export const indexingOperators: Readonly<Record<string, HostOperator>> = {
  Expand: expand,
  Slice: slice,
  Concat: concat,
  Transpose: transpose,
  Reshape: copy,
  Pad: pad,
  Tile: tile,
  Gather: gather,
  GatherND: gatherNd,
  ScatterND: scatterNd,
  ScatterElements: scatterElements,
  Einsum: einsum,
};
