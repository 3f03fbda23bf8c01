import { sizeOf } from '@anc/core';
import { util } from '@tensorflow/tfjs-core';
import { cast, expand, reshape } from '../graph/shape-ops.js';
import { kernel, type Kernel } from './kernel.js';
import { physicalShape } from './traced-tensor.js';

export const indexingKernels: readonly Kernel[] = [
  kernel('GatherV2', 'Gather', ({ t, input, attrs }) => {
    const [x, indices] = [input('x'), input('indices')];
    if (((attrs['batchDims'] as number | undefined) ?? 0) !== 0)
      throw new RangeError('batchDims other than 0');
    const [axis] = util.parseAxisParam((attrs['axis'] as number | undefined) ?? 0, [...x.shape]) as [number];
    const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
    // A row of indices leaves the order of axes in memory: a large table, such as a replay memory, is not transposed to be read.
    const layout = indices.shape.length === 1 ? x.layout : null;
    const table = layout === null ? t.logical(x) : t.full(x);
    const physical = layout === null ? shape : physicalShape(shape, layout);
    const attributes = { axis: layout === null ? axis : layout.indexOf(axis) };
    const value = t.graph.op('Gather', [table, t.logical(indices)], x.value.type, physical, attributes);
    return t.tensor(value, shape, x.dtype, layout ?? undefined);
  }),
  kernel('GatherNd', 'GatherND', ({ t, input }) => {
    const [x, indices] = [input('params'), input('indices')];
    const depth = indices.shape.at(-1)!;
    const shape = [...indices.shape.slice(0, -1), ...x.shape.slice(depth)];
    const at = cast(t.graph, t.logical(indices), 'int64');
    return t.tensor(t.graph.op('GatherND', [t.logical(x), at], x.value.type, shape), shape, x.dtype);
  }),
  kernel('ScatterNd', 'ScatterND', ({ t, input, attrs }) => {
    const [indices, updates] = [input('indices'), input('updates')];
    const shape = attrs['shape'] as number[];
    const zeros = expand(t.graph, t.graph.scalar(0, updates.value.type, shape.length), shape);
    const at = cast(t.graph, t.logical(indices), 'int64');
    const attributes = { reduction: 'add' };
    const value = t.graph.op('ScatterND', [zeros, at, t.logical(updates)], zeros.type, shape, attributes);
    return t.tensor(value, shape, updates.dtype);
  }),
  kernel('TensorScatterUpdate', 'ScatterND', ({ t, input }) => {
    const [x, indices, updates] = [input('tensor'), input('indices'), input('updates')];
    const at = cast(t.graph, t.logical(indices), 'int64');
    const value = t.graph.op('ScatterND', [t.logical(x), at, t.logical(updates)], x.value.type, x.shape);
    return t.tensor(value, x.shape, x.dtype);
  }),
  kernel('UnsortedSegmentSum', 'ScatterND', ({ t, input, attrs }) => {
    const [x, segments] = [input('x'), input('segmentIds')];
    const shape = [attrs['numSegments'] as number, ...x.shape.slice(1)];
    const zeros = expand(t.graph, t.graph.scalar(0, x.value.type, shape.length), shape);
    const ids = cast(t.graph, t.logical(segments), 'int64');
    const at = reshape(t.graph, ids, [...segments.shape, 1]);
    const attributes = { reduction: 'add' };
    const value = t.graph.op('ScatterND', [zeros, at, t.logical(x)], x.value.type, shape, attributes);
    return t.tensor(value, shape, x.dtype);
  }),
  kernel('OneHot', 'OneHot', ({ t, input, attrs }) => {
    const indices = input('indices');
    const { depth, onValue, offValue } = attrs as { depth: number; onValue: number; offValue: number };
    const dtype = (attrs['dtype'] as 'float32' | 'int32' | 'bool' | undefined) ?? 'float32';
    const shape = [...indices.shape, depth];
    // ONNX's OneHot counts negative indices from the end, tfjs gives a row of `offValue` for them: compare instead.
    const classes = t.tensor(
      t.graph.constant(
        'int32',
        [depth],
        Int32Array.from({ length: depth }, (_, i) => i),
      ),
      [depth],
      'int32',
    );
    const hit = t.binary('Equal', t.reshape(indices, [...indices.shape, 1]), classes, 'bool');
    const plain = onValue === 1 && offValue === 0;
    const result = plain
      ? t.cast(hit, dtype)
      : t.cast(t.select(hit, t.number(onValue), t.number(offValue)), dtype);
    return { ...result, shape };
  }),
  kernel('TopK', 'TopK', ({ t, input, attrs }) => {
    const x = input('x');
    const k = attrs['k'] as number;
    const shape = [...x.shape.slice(0, -1), k];
    const outputs = [
      { type: x.value.type, shape },
      { type: 'int64', shape },
    ] as const;
    const attributes = { axis: x.shape.length - 1, largest: 1, sorted: 1 };
    const [values, indices] = t.graph.node(
      'TopK',
      [t.logical(x), t.graph.integers([k])],
      outputs,
      attributes,
    );
    return [t.tensor(values!, shape, x.dtype), t.tensor(cast(t.graph, indices!, 'int32'), shape, 'int32')];
  }),
  kernel('DenseBincount', 'OneHot, ReduceSum', ({ t, input, attrs }) => {
    const [x, weights] = [input('x'), input('weights')];
    if (x.shape.length !== 1 || sizeOf(weights.shape) !== 0) throw new RangeError('with weights, or of rows');
    const size = attrs['size'] as number;
    const classes = t.graph.constant(
      'int32',
      [size],
      Int32Array.from({ length: size }, (_, i) => i),
    );
    const column = reshape(t.graph, t.logical(x), [x.shape[0]!, 1]);
    const hit = t.graph.op('Equal', [column, classes], 'bool', [x.shape[0]!, size]);
    const counted = cast(t.graph, hit, 'int32');
    const sum = t.graph.op('ReduceSum', [counted, t.graph.integers([0])], 'int32', [size], { keepdims: 0 });
    return t.tensor(cast(t.graph, sum, 'float32'), [size], 'float32');
  }),
];
