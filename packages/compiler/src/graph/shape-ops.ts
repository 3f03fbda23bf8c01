import { sameShape, type Graph } from './graph.js';
import { integersOf, madeBy, onnxTypeOf, scalarOf, type ElementType, type Value } from './value.js';

/** Reshape; a reshape to the same shape adds no node, and reshapes in a row become one. */
export function reshape(graph: Graph, value: Value, shape: readonly number[]): Value {
  if (sameShape(value.shape, shape)) return value;
  const scalar = scalarOf(value);
  if (scalar !== null) return graph.scalar(scalar, value.type, shape.length);
  const before = madeBy(value, 'Reshape');
  if (before !== null) return reshape(graph, before.inputs[0]!, shape);
  return graph.op('Reshape', [value, graph.integers(shape)], value.type, shape);
}

/** Whether a transposition only moves axes of size 1, so that memory stays as it is. */
function movesNothing(shape: readonly number[], order: readonly number[]): boolean {
  const kept = order.filter((axis) => shape[axis] !== 1);
  return kept.every((axis, i) => i === 0 || axis > kept[i - 1]!);
}

/** Output axis i is input axis `order[i]`. Transpositions in a row become one or cancel. */
export function transpose(graph: Graph, value: Value, order: readonly number[]): Value {
  if (order.every((axis, i) => axis === i)) return value;
  const shape = order.map((axis) => value.shape[axis]!);
  const before = madeBy(value, 'Transpose');
  if (before !== null) {
    const first = before.attributes['perm'] as readonly number[];
    return transpose(
      graph,
      before.inputs[0]!,
      order.map((axis) => first[axis]!),
    );
  }
  if (movesNothing(value.shape, order)) return reshape(graph, value, shape);
  return graph.op('Transpose', [value], value.type, shape, { perm: [...order] });
}

/** Cast; scalars fold unless to float16, and a cast before it that lost nothing is skipped. */
export function cast(graph: Graph, value: Value, type: ElementType): Value {
  if (value.type === type) return value;
  const scalar = scalarOf(value);
  if (scalar !== null && type !== 'float16') {
    const converted =
      type === 'bool' ? Number(scalar !== 0) : type === 'float32' ? scalar : Math.trunc(scalar);
    return graph.scalar(converted, type, value.shape.length);
  }
  const before = madeBy(value, 'Cast')?.inputs[0];
  if (before && (before.type === 'bool' || before.type === 'uint8') && type !== 'uint8') {
    return cast(graph, before, type);
  }
  return graph.op('Cast', [value], type, value.shape, { to: onnxTypeOf[type] });
}

/** Repeats axes of size 1 up to `shape` (same rank). */
export function expand(graph: Graph, value: Value, shape: readonly number[]): Value {
  if (sameShape(value.shape, shape)) return value;
  return graph.op('Expand', [value, graph.integers(shape)], value.type, shape);
}

export interface SliceRange {
  readonly axis: number;
  readonly begin: number;
  readonly end: number;
  readonly step: number;
}

/** Takes ranges of some axes. Negative steps run down to `end`, exclusive; -1 means before the first. */
export function slice(graph: Graph, value: Value, ranges: readonly SliceRange[]): Value {
  const cut = ranges.filter(
    ({ axis, begin, end, step }) => !(begin === 0 && end === value.shape[axis] && step === 1),
  );
  if (cut.length === 0) return value;
  const shape = [...value.shape];
  for (const { axis, begin, end, step } of cut) {
    shape[axis] = Math.max(0, Math.ceil((end - begin) / step));
  }
  const before = madeBy(value, 'Slice');
  if (
    before !== null &&
    cut.every(({ step }) => step === 1) &&
    integersOf(before.inputs[4]!).every((s) => s === 1)
  ) {
    return sliceOfSlice(graph, before.inputs as Value[], cut);
  }
  const lowest = -(2 ** 31);
  return graph.op(
    'Slice',
    [
      value,
      graph.integers(cut.map(({ begin }) => begin)),
      graph.integers(cut.map(({ end, step }) => (step < 0 && end < 0 ? lowest : end))),
      graph.integers(cut.map(({ axis }) => axis)),
      graph.integers(cut.map(({ step }) => step)),
    ],
    value.type,
    shape,
  );
}

function sliceOfSlice(graph: Graph, before: readonly Value[], cut: readonly SliceRange[]): Value {
  const [source, begins, ends, axes] = before as [Value, Value, Value, Value];
  const ranges = new Map<number, SliceRange>();
  for (const [i, axis] of integersOf(axes).entries()) {
    ranges.set(axis, { axis, begin: integersOf(begins)[i]!, end: integersOf(ends)[i]!, step: 1 });
  }
  for (const { axis, begin, end } of cut) {
    const offset = ranges.get(axis)?.begin ?? 0;
    ranges.set(axis, { axis, begin: offset + begin, end: offset + end, step: 1 });
  }
  return slice(graph, source, [...ranges.values()]);
}

/** Turns the planes of [N, C, H, W] by 180°. */
export function rotatePlanes(graph: Graph, value: Value): Value {
  const [n, c, height, width] = value.shape as [number, number, number, number];
  if (height * width === 1) return value;
  const flat = reshape(graph, value, [n, c, height * width]);
  const reversed = slice(graph, flat, [{ axis: 2, begin: height * width - 1, end: -1, step: -1 }]);
  return reshape(graph, reversed, [n, c, height, width]);
}

export function concat(graph: Graph, values: readonly Value[], axis: number): Value {
  if (values.length === 1) return values[0]!;
  const shape = [...values[0]!.shape];
  shape[axis] = values.reduce((sum, value) => sum + value.shape[axis]!, 0);
  return graph.op('Concat', values, values[0]!.type, shape, { axis });
}

/** Pads the axes of `before`/`after` (one entry per axis) with a number. */
export function pad(
  graph: Graph,
  value: Value,
  before: readonly number[],
  after: readonly number[],
  fill = 0,
  mode = 'constant',
): Value {
  if ([...before, ...after].every((n) => n === 0)) return value;
  const shape = value.shape.map((size, i) => size + before[i]! + after[i]!);
  const inputs = [value, graph.integers([...before, ...after])];
  if (mode === 'constant') inputs.push(graph.scalar(fill, value.type));
  return graph.op('Pad', inputs, value.type, shape, { mode });
}
