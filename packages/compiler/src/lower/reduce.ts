import { sizeOf } from '@anc/core';
import { util } from '@tensorflow/tfjs-core';
import { cast, reshape } from '../graph/shape-ops.js';
import { kernel, type Kernel } from './kernel.js';
import { identityLayout, type TracedType, type TracedTensor } from './traced-tensor.js';
import type { Tracer } from './tracer.js';

type Reduction = 'ReduceSum' | 'ReduceMean' | 'ReduceMax' | 'ReduceMin' | 'ReduceProd';

/**
 * Reduces logical axes without moving them. Axes that are stored once (the tensor is constant along them) add no node,
 * but a sum over one multiplies by its length.
 */
export function reduce(
  t: Tracer,
  op: Reduction,
  x: TracedTensor,
  axes: readonly number[],
  keepDims: boolean,
): TracedTensor {
  const { graph } = t;
  const source = op === 'ReduceProd' ? { ...x, value: t.full(x) } : x;
  const physical = axes.map((axis) => t.axis(x, axis)).sort((a, b) => a - b);
  const stored = physical.filter((axis) => source.value.shape[axis] !== 1);
  const shape = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  let value = source.value;
  if (stored.length > 0) {
    const reduced = value.shape.map((size, axis) => (stored.includes(axis) ? 1 : size));
    value = graph.op(op, [value, graph.integers(stored)], value.type, reduced, { keepdims: 1 });
  }
  let result = t.tensor(value, shape, x.dtype, x.layout);
  const repeats = sizeOf(
    axes.filter((axis) => source.value.shape[t.axis(x, axis)] === 1).map((axis) => x.shape[axis]!),
  );
  if (op === 'ReduceSum' && repeats !== 1) result = t.binary('Mul', result, t.number(repeats, x.dtype));
  if (keepDims) return result;
  return dropAxes(t, result, axes);
}

/** Removes reduced axes (size 1) without touching memory. */
function dropAxes(t: Tracer, x: TracedTensor, axes: readonly number[]): TracedTensor {
  const left = identityLayout(x.shape.length).filter((axis) => !axes.includes(axis));
  const physical = x.layout.filter((axis) => !axes.includes(axis));
  const value = reshape(
    t.graph,
    x.value,
    physical.map((axis) => x.value.shape[t.axis(x, axis)]!),
  );
  return t.tensor(
    value,
    left.map((axis) => x.shape[axis]!),
    x.dtype,
    physical.map((axis) => left.indexOf(axis)),
  );
}

const axesOf = (attrs: Readonly<Record<string, unknown>>, x: TracedTensor): number[] =>
  util.parseAxisParam(
    ((attrs['axis'] ?? attrs['reductionIndices']) as number | number[] | null | undefined) ?? [
      ...identityLayout(x.shape.length),
    ],
    [...x.shape],
  );

const numeric = (name: string, op: Reduction, dtype?: TracedType): Kernel =>
  kernel(name, op, ({ t, input, attrs }) => {
    const x = input('x');
    const numbers = x.dtype === 'bool' ? t.cast(x, 'int32') : dtype === undefined ? x : t.cast(x, dtype);
    return reduce(t, op, numbers, axesOf(attrs, x), attrs['keepDims'] === true);
  });

const logical = (name: string, op: Reduction): Kernel =>
  kernel(name, `Cast, ${op}`, ({ t, input, attrs }) => {
    const x = input('x');
    return t.cast(reduce(t, op, t.cast(x, 'int32'), axesOf(attrs, x), attrs['keepDims'] === true), 'bool');
  });

/** ArgMax and ArgMin: the first of equal elements, as int32. */
const argument = (name: string): Kernel =>
  kernel(name, `${name}, Cast`, ({ t, input, attrs }) => {
    const x = input('x');
    const [axis] = util.parseAxisParam(attrs['axis'] as number, [...x.shape]) as [number];
    const value = t.full(x);
    const physical = t.axis(x, axis);
    const shape = value.shape.map((size, i) => (i === physical ? 1 : size));
    const found = t.graph.op(name, [value], 'int64', shape, { axis: physical, keepdims: 1 });
    const kept = x.shape.map((size, i) => (i === axis ? 1 : size));
    return dropAxes(t, t.tensor(cast(t.graph, found, 'int32'), kept, 'int32', x.layout), [axis]);
  });

export const reduceKernels: readonly Kernel[] = [
  numeric('Sum', 'ReduceSum'),
  numeric('Mean', 'ReduceMean', 'float32'),
  numeric('Max', 'ReduceMax'),
  numeric('Min', 'ReduceMin'),
  numeric('Prod', 'ReduceProd'),
  logical('All', 'ReduceMin'),
  logical('Any', 'ReduceMax'),
  argument('ArgMax'),
  argument('ArgMin'),
  kernel('Cumsum', 'CumSum', ({ t, input, attrs }) => {
    const x = input('x');
    const value = t.full(x);
    const axis = t.graph.scalar(
      t.axis(x, util.parseAxisParam(attrs['axis'] as number, [...x.shape])[0]!),
      'int64',
    );
    return {
      ...x,
      value: t.graph.op('CumSum', [value, axis], value.type, value.shape, {
        exclusive: Number(attrs['exclusive'] === true),
        reverse: Number(attrs['reverse'] === true),
      }),
    };
  }),
];
