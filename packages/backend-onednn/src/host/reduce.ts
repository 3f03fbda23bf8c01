import { integer } from '../graph/flat-graph.js';
import { countOf, ownStrides, places, type HostOperator } from './host-operator.js';

const positive = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

type Fold = readonly [start: number, step: (sum: number, x: number) => number];

const FOLDS: Readonly<Record<string, Fold>> = {
  ReduceSum: [0, (sum, x) => sum + x],
  ReduceMean: [0, (sum, x) => sum + x],
  ReduceProd: [1, (product, x) => product * x],
  ReduceMax: [-Infinity, Math.max],
  ReduceMin: [Infinity, Math.min],
};

const reduce =
  ([start, step]: Fold, isMean: boolean): HostOperator =>
  ({ inputs: [x, axesOf], outputs: [y] }) => {
    const { shape, data } = x!;
    const axes = Array.from(axesOf!.data, (axis) => positive(axis, shape.length));
    const kept = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
    const strides = ownStrides(kept).map((stride, axis) => (kept[axis] === 1 ? 0 : stride));
    const at = places(shape, strides);
    const sums = new Float64Array(countOf(kept)).fill(start);
    for (let i = 0; i < data.length; i++) sums[at[i]!] = step(sums[at[i]!]!, data[i]!);
    const divisor = isMean ? data.length / sums.length : 1;
    for (let i = 0; i < sums.length; i++) y!.data[i] = sums[i]! / divisor;
  };

/** The rows along an axis: their length, the distance of their elements, and where each begins. */
function rows(
  shape: readonly number[],
  axis: number,
): { length: number; stride: number; starts: Int32Array } {
  const strides = ownStrides(shape);
  const rest = shape.map((size, i) => (i === axis ? 1 : size));
  return { length: shape[axis]!, stride: strides[axis]!, starts: places(rest, strides) };
}

const argument =
  (better: (x: number, best: number) => boolean): HostOperator =>
  ({ node, inputs: [x], outputs: [y] }) => {
    const { length, stride, starts } = rows(x!.shape, positive(integer(node, 'axis', 0), x!.shape.length));
    starts.forEach((start, row) => {
      let best = 0;
      for (let i = 1; i < length; i++) {
        if (better(x!.data[start + i * stride]!, x!.data[start + best * stride]!)) best = i;
      }
      y!.data[row] = best;
    });
  };

const cumulativeSum: HostOperator = ({ node, inputs: [x, axis], outputs: [y] }) => {
  const { length, stride, starts } = rows(x!.shape, positive(axis!.data[0]!, x!.shape.length));
  const [isExclusive, isReverse] = [integer(node, 'exclusive', 0) === 1, integer(node, 'reverse', 0) === 1];
  for (const start of starts) {
    let sum = 0;
    for (let n = 0; n < length; n++) {
      const at = start + (isReverse ? length - 1 - n : n) * stride;
      const next = sum + x!.data[at]!;
      y!.data[at] = isExclusive ? sum : next;
      sum = next;
    }
  }
};

/** The largest elements along the last axis, the first of equal ones first. */
const topK: HostOperator = ({ inputs: [x], outputs: [values, indices] }) => {
  const [length, k] = [x!.shape.at(-1)!, values!.shape.at(-1)!];
  for (let row = 0; row < x!.data.length / length; row++) {
    const part = x!.data.subarray(row * length, (row + 1) * length);
    const order = Array.from(part, (_, i) => i).sort((a, b) => part[b]! - part[a]! || a - b);
    for (let i = 0; i < k; i++) {
      values!.data[row * k + i] = part[order[i]!]!;
      indices!.data[row * k + i] = order[i]!;
    }
  }
};

const softmax =
  (isLog: boolean): HostOperator =>
  ({ node, inputs: [x], outputs: [y] }) => {
    const { length, stride, starts } = rows(x!.shape, positive(integer(node, 'axis', -1), x!.shape.length));
    for (const start of starts) {
      let [most, sum] = [-Infinity, 0];
      for (let i = 0; i < length; i++) most = Math.max(most, x!.data[start + i * stride]!);
      for (let i = 0; i < length; i++) sum += Math.exp(x!.data[start + i * stride]! - most);
      for (let i = 0; i < length; i++) {
        const shifted = x!.data[start + i * stride]! - most;
        y!.data[start + i * stride] = isLog ? shifted - Math.log(sum) : Math.exp(shifted) / sum;
      }
    }
  };

export const reduceOperators: Readonly<Record<string, HostOperator>> = {
  ...Object.fromEntries(Object.entries(FOLDS).map(([op, fold]) => [op, reduce(fold, op === 'ReduceMean')])),
  ArgMax: argument((x, best) => x > best),
  ArgMin: argument((x, best) => x < best),
  CumSum: cumulativeSum,
  TopK: topK,
  Softmax: softmax(false),
  LogSoftmax: softmax(true),
};
