import { sizeOf } from '@anc/core';
import { slice_util, util } from '@tensorflow/tfjs-core';
import { cast, concat, pad, slice, type SliceRange } from '../graph/shape-ops.js';
import { kernel, type Kernel } from './kernel.js';
import { identityLayout, type TracedType, type TracedTensor } from './traced-tensor.js';
import type { Tracer } from './tracer.js';

/** Slices logical axes; axes that are stored once need no node. */
function sliceAxes(
  t: Tracer,
  x: TracedTensor,
  ranges: readonly SliceRange[],
  shape: readonly number[],
): TracedTensor {
  const stored = ranges
    .map((range) => ({ ...range, axis: t.axis(x, range.axis) }))
    .filter(({ axis }) => x.value.shape[axis] !== 1);
  return t.tensor(slice(t.graph, x.value, stored), shape, x.dtype, x.layout);
}

function transposed(x: TracedTensor, perm: readonly number[]): TracedTensor {
  return {
    ...x,
    shape: perm.map((axis) => x.shape[axis]!),
    layout: x.layout.map((axis) => perm.indexOf(axis)),
  };
}

/** All elements of several tensors, in one layout. */
function inOneLayout(
  t: Tracer,
  tensors: readonly TracedTensor[],
): { values: ReturnType<Tracer['full']>[]; layout: readonly number[] } {
  const largest = tensors.reduce((a, b) => (sizeOf(b.value.shape) > sizeOf(a.value.shape) ? b : a));
  return { values: tensors.map((x) => t.full(x, largest.layout)), layout: largest.layout };
}

function joined(t: Tracer, tensors: readonly TracedTensor[], axis: number): TracedTensor {
  const { values, layout } = inOneLayout(t, tensors);
  const shape = [...tensors[0]!.shape];
  shape[axis] = tensors.reduce((sum, x) => sum + x.shape[axis]!, 0);
  return t.tensor(concat(t.graph, values, layout.indexOf(axis)), shape, tensors[0]!.dtype, layout);
}

const inserted = (shape: readonly number[], axis: number): number[] => [
  ...shape.slice(0, axis),
  1,
  ...shape.slice(axis),
];

/** Repeats a tensor along its axes; an axis of size 1 is only declared longer. */
function tile(t: Tracer, x: TracedTensor, reps: readonly number[]): TracedTensor {
  const shape = x.shape.map((size, axis) => size * reps[axis]!);
  if (x.shape.every((size, axis) => size === 1 || reps[axis] === 1)) return { ...x, shape };
  const value = t.full(x);
  const counts = x.layout.map((axis) => reps[axis]!);
  const physical = x.layout.map((axis) => shape[axis]!);
  return t.tensor(
    t.graph.op('Tile', [value, t.graph.integers(counts)], value.type, physical),
    shape,
    x.dtype,
    x.layout,
  );
}

/** A tensor with a larger shape that it broadcasts to. */
export function broadcastTo(t: Tracer, x: TracedTensor, shape: readonly number[]): TracedTensor {
  const padded = [...new Array<number>(shape.length - x.shape.length).fill(1), ...x.shape];
  return { ...t.reshape(x, padded), shape: [...shape] };
}

function split(t: Tracer, x: TracedTensor, sizes: readonly number[], axis: number): TracedTensor[] {
  let begin = 0;
  return sizes.map((size) => {
    const shape = x.shape.map((n, i) => (i === axis ? size : n));
    const part = sliceAxes(t, x, [{ axis, begin, end: begin + size, step: 1 }], shape);
    begin += size;
    return part;
  });
}

export const shapeKernels: readonly Kernel[] = [
  kernel('Reshape', 'Reshape', ({ t, input, attrs }) => {
    const x = input('x');
    return t.reshape(x, util.inferFromImplicitShape(attrs['shape'] as number[], sizeOf(x.shape)));
  }),
  kernel('ExpandDims', '(nothing)', ({ t, input, attrs }) => {
    const [x, dim] = [input('input'), attrs['dim'] as number];
    return t.reshape(x, inserted(x.shape, dim < 0 ? dim + x.shape.length + 1 : dim));
  }),
  kernel('Transpose', '(layout only)', ({ input, attrs }) =>
    transposed(input('x'), attrs['perm'] as number[]),
  ),
  kernel('BroadcastTo', '(shape only)', ({ t, input, attrs }) =>
    broadcastTo(t, input('x'), attrs['shape'] as number[]),
  ),
  kernel('Tile', 'Tile', ({ t, input, attrs }) => tile(t, input('x'), attrs['reps'] as number[])),
  kernel('Concat', 'Concat', ({ t, list, attrs }) => {
    const [axis] = util.parseAxisParam(attrs['axis'] as number, [...list[0]!.shape]) as [number];
    const filled = list.filter((x) => sizeOf(x.shape) > 0);
    return joined(t, filled.length === 0 ? list.slice(0, 1) : filled, axis);
  }),
  kernel('Pack', 'Concat', ({ t, list, attrs }) => {
    const axis = attrs['axis'] as number;
    const at = axis < 0 ? axis + list[0]!.shape.length + 1 : axis;
    return joined(
      t,
      list.map((x) => t.reshape(x, inserted(x.shape, at))),
      at,
    );
  }),
  kernel('Unpack', 'Slice', ({ t, input, attrs }) => {
    const x = input('value');
    const axis = attrs['axis'] as number;
    const at = axis < 0 ? axis + x.shape.length : axis;
    const parts = split(t, x, new Array<number>(x.shape[at]!).fill(1), at);
    return parts.map((part) =>
      t.reshape(
        part,
        x.shape.filter((_, i) => i !== at),
      ),
    );
  }),
  kernel('SplitV', 'Slice', ({ t, input, attrs }) => {
    const x = input('x');
    const [axis] = util.parseAxisParam(attrs['axis'] as number, [...x.shape]) as [number];
    const parts = attrs['numOrSizeSplits'] as number | number[];
    const size = x.shape[axis]!;
    const sizes = typeof parts === 'number' ? new Array<number>(parts).fill(size / parts) : [...parts];
    const open = sizes.indexOf(-1);
    if (open >= 0) sizes[open] = size - sizes.reduce((a, b) => a + b, 1);
    return split(t, x, sizes, axis);
  }),
  kernel('Slice', 'Slice', ({ t, input, attrs }) => {
    const x = input('x');
    const [begin, size] = slice_util.parseSliceParams(
      { shape: [...x.shape] } as never,
      attrs['begin'] as number | number[],
      attrs['size'] as number | number[],
    ) as [number[], number[]];
    const ranges = begin.map((from, axis) => ({ axis, begin: from, end: from + size[axis]!, step: 1 }));
    return sliceAxes(t, x, ranges, size);
  }),
  kernel('StridedSlice', 'Slice', ({ t, input, attrs }) => {
    const x = input('x');
    const a = attrs as { begin: number[]; end: number[]; strides: number[] } & Record<string, number>;
    const info = slice_util.sliceInfo(
      [...x.shape],
      a.begin,
      a.end,
      a.strides,
      a['beginMask']!,
      a['endMask']!,
      a['ellipsisMask']!,
      a['newAxisMask']!,
      a['shrinkAxisMask']!,
    );
    const ranges = info.begin.map((begin, axis) => ({
      axis,
      begin,
      end: info.end[axis]!,
      step: info.strides[axis]!,
    }));
    const shape = ranges.map(({ begin, end, step }) => Math.max(0, Math.ceil((end - begin) / step)));
    return t.reshape(sliceAxes(t, x, ranges, shape), info.finalShape);
  }),
  kernel('Reverse', 'Slice', ({ t, input, attrs }) => {
    const x = input('x');
    const axes = util.parseAxisParam(attrs['dims'] as number[], [...x.shape]);
    return sliceAxes(
      t,
      x,
      axes.map((axis) => ({ axis, begin: x.shape[axis]! - 1, end: -1, step: -1 })),
      x.shape,
    );
  }),
  kernel('PadV2', 'Pad', ({ t, input, attrs }) => {
    const x = input('x');
    const paddings = attrs['paddings'] as [number, number][];
    const fill = (attrs['constantValue'] as number | undefined) ?? 0;
    const around = x.layout.map((axis) => paddings[axis]!);
    const value = pad(
      t.graph,
      t.full(x),
      around.map(([n]) => n),
      around.map(([, n]) => n),
      fill,
    );
    return t.tensor(
      value,
      x.shape.map((n, i) => n + paddings[i]![0] + paddings[i]![1]),
      x.dtype,
      x.layout,
    );
  }),
  kernel('MirrorPad', 'Pad', ({ t, input, attrs }) => {
    const x = input('x');
    const paddings = attrs['paddings'] as [number, number][];
    const around = x.layout.map((axis) => paddings[axis]!);
    if (attrs['mode'] === 'symmetric') return padSymmetric(t, x, paddings);
    const value = pad(
      t.graph,
      t.full(x),
      around.map(([n]) => n),
      around.map(([, n]) => n),
      0,
      'reflect',
    );
    return t.tensor(
      value,
      x.shape.map((n, i) => n + paddings[i]![0] + paddings[i]![1]),
      x.dtype,
      x.layout,
    );
  }),
  kernel('Fill', '(constant)', ({ t, attrs }) => {
    const dtype = (attrs['dtype'] as TracedType | undefined) ?? 'float32';
    return t.uniform(Number(attrs['value']), attrs['shape'] as number[], dtype);
  }),
  kernel('ZerosLike', '(constant)', ({ t, input }) => t.uniform(0, input('x').shape, input('x').dtype)),
  kernel('OnesLike', '(constant)', ({ t, input }) => t.uniform(1, input('x').shape, input('x').dtype)),
  kernel('Range', '(constant)', ({ t, attrs }) => {
    const [start, stop, step] = [attrs['start'], attrs['stop'], attrs['step']] as [number, number, number];
    const dtype = (attrs['dtype'] as TracedType | undefined) ?? 'float32';
    const count = Math.max(0, Math.ceil((stop - start) / step));
    const numbers = Float32Array.from({ length: count }, (_, i) => start + i * step);
    const value = t.graph.constant('float32', [count], numbers);
    return t.tensor(cast(t.graph, value, dtype), [count], dtype);
  }),
];

/** Symmetric padding, which repeats the edge: reversed strips on both sides. */
function padSymmetric(
  t: Tracer,
  x: TracedTensor,
  paddings: readonly (readonly [number, number])[],
): TracedTensor {
  return identityLayout(x.shape.length).reduce((result, axis) => {
    const [before, after] = paddings[axis]!;
    const n = result.shape[axis]!;
    const strip = (begin: number, end: number): TracedTensor =>
      sliceAxes(
        t,
        result,
        [{ axis, begin, end, step: -1 }],
        result.shape.map((m, i) => (i === axis ? begin - end : m)),
      );
    const parts = [
      ...(before > 0 ? [strip(before - 1, -1)] : []),
      result,
      ...(after > 0 ? [strip(n - 1, n - 1 - after)] : []),
    ];
    return parts.length === 1 ? result : joined(t, parts, axis);
  }, x);
}
