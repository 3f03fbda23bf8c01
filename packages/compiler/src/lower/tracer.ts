import { AncError, sizeOf } from '@anc/core';
import { callSite } from '@anc/core/internal';
import { binary, unary } from '../graph/arithmetic.js';
import { broadcastShapes, type Graph } from '../graph/graph.js';
import { cast, expand, reshape, transpose } from '../graph/shape-ops.js';
import type { Target } from '../graph/target.js';
import { scalarOf, type Attributes, type ElementType, type Value } from '../graph/value.js';
import {
  identityLayout,
  isIdentity,
  physicalShape,
  sameLayout,
  type TracedType,
  type TracedTensor,
} from './traced-tensor.js';

/** Turns operations on traced tensors into graph nodes, minding how each tensor lies in memory. */
export class Tracer {
  constructor(
    readonly graph: Graph,
    readonly target: Target,
  ) {}

  tensor(
    value: Value,
    shape: readonly number[],
    dtype: TracedType,
    layout?: readonly number[],
  ): TracedTensor {
    return { value, shape, dtype, layout: layout ?? identityLayout(shape.length) };
  }

  /** A tensor of one repeated number, stored once. */
  uniform(value: number, shape: readonly number[], dtype: TracedType = 'float32'): TracedTensor {
    return this.tensor(this.graph.scalar(value, dtype, shape.length), shape, dtype);
  }

  /** The same tensor with its axes in another order in memory. Axes that are stored once stay so. */
  inLayout(x: TracedTensor, layout: readonly number[]): Value {
    if (sameLayout(x.layout, layout)) return x.value;
    return transpose(
      this.graph,
      x.value,
      layout.map((axis) => x.layout.indexOf(axis)),
    );
  }

  /** Every element in memory, in the given order of axes. */
  full(x: TracedTensor, layout: readonly number[] = x.layout): Value {
    return expand(this.graph, this.inLayout(x, layout), physicalShape(x.shape, layout));
  }

  /** Every element in memory in the logical order. */
  logical(x: TracedTensor): Value {
    return this.full(x, identityLayout(x.shape.length));
  }

  /** A value that broadcasts against tensors of `rank` axes in `layout`. */
  aligned(x: TracedTensor, rank: number, layout: readonly number[]): Value {
    if (sizeOf(x.value.shape) === 1) return x.value;
    const shift = rank - x.shape.length;
    const own = layout.filter((axis) => axis >= shift).map((axis) => axis - shift);
    const value = this.inLayout(x, own);
    let next = 0;
    const shape = layout.map((axis) => (axis < shift ? 1 : value.shape[next++]!));
    const leading = layout.findIndex((axis) => axis >= shift);
    const onlyLeading = layout.slice(leading).every((axis) => axis >= shift);
    return onlyLeading ? value : reshape(this.graph, value, shape);
  }

  /** Values of several tensors in one layout that broadcast against each other, for an elementwise operation. */
  broadcast(tensors: readonly TracedTensor[]): {
    values: Value[];
    shape: number[];
    layout: readonly number[];
  } {
    const shape = broadcastShapes(...tensors.map((x) => x.shape));
    assertBroadcast(tensors, shape);
    const rank = shape.length;
    const candidates = tensors.filter((x) => x.shape.length === rank && sizeOf(x.value.shape) > 1);
    const largest = Math.max(0, ...candidates.map((x) => sizeOf(x.value.shape)));
    const heavy = candidates.filter((x) => sizeOf(x.value.shape) === largest);
    const own = (heavy.find((x) => !isIdentity(x.layout)) ?? heavy[0])?.layout ?? identityLayout(rank);
    const alike = candidates.length === tensors.length && heavy.length === tensors.length;
    const layout = alike ? own : unitAxesFirst(own, shape);
    return { values: tensors.map((x) => this.aligned(x, rank, layout)), shape, layout };
  }

  binary(op: string, a: TracedTensor, b: TracedTensor, dtype: TracedType = a.dtype): TracedTensor {
    const { values, shape, layout } = this.broadcast([a, b]);
    return this.tensor(binary(this.graph, op, values[0]!, values[1]!, dtype), shape, dtype, layout);
  }

  /** An elementwise operation that keeps the type. */
  unary(
    op: string,
    x: TracedTensor,
    attributes: Readonly<Record<string, number | { float: number }>> = {},
  ): TracedTensor {
    return { ...x, value: unary(this.graph, op, x.value, attributes) };
  }

  /** An elementwise operation that changes the type. */
  mapped(op: string, x: TracedTensor, dtype: TracedType, attributes: Attributes = {}): TracedTensor {
    return { ...x, dtype, value: this.graph.op(op, [x.value], dtype, x.value.shape, attributes) };
  }

  cast(x: TracedTensor, dtype: TracedType): TracedTensor {
    return { ...x, dtype, value: cast(this.graph, x.value, dtype) };
  }

  number(value: number, dtype: TracedType = 'float32'): TracedTensor {
    return this.uniform(value, [], dtype);
  }

  select(condition: TracedTensor, whenTrue: TracedTensor, whenFalse: TracedTensor): TracedTensor {
    const { values, shape, layout } = this.broadcast([condition, whenTrue, whenFalse]);
    const type: ElementType = whenTrue.value.type;
    const value = this.graph.op('Where', values, type, broadcastShapes(...values.map((v) => v.shape)));
    return this.tensor(value, shape, whenTrue.dtype, layout);
  }

  /**
   * Another logical shape for the same elements. If only axes of size 1 come or go, memory and layout stay; anything else
   * needs the logical order.
   */
  reshape(x: TracedTensor, shape: readonly number[]): TracedTensor {
    const scalar = scalarOf(x.value);
    if (scalar !== null) return this.uniform(scalar, shape, x.dtype);
    const kept = identityLayout(x.shape.length).filter((axis) => x.shape[axis] !== 1);
    const target = identityLayout(shape.length).filter((axis) => shape[axis] !== 1);
    const same =
      kept.length === target.length && kept.every((axis, i) => x.shape[axis] === shape[target[i]!]);
    if (!same) return this.tensor(reshape(this.graph, this.logical(x), shape), shape, x.dtype);
    const order = x.layout.filter((axis) => x.shape[axis] !== 1).map((axis) => target[kept.indexOf(axis)]!);
    const layout = withUnitAxes(order, shape);
    const sizes = layout.map((axis) =>
      shape[axis] === 1 ? 1 : x.value.shape[x.layout.indexOf(kept[target.indexOf(axis)]!)]!,
    );
    return this.tensor(reshape(this.graph, x.value, sizes), shape, x.dtype, layout);
  }

  /** The physical axis of a logical one. */
  axis(x: TracedTensor, logical: number): number {
    return x.layout.indexOf(logical);
  }
}

/**
 * Moves the innermost axes of size 1 outwards, which leaves memory as it is. ONNX Runtime repeats an operand along runs of
 * the innermost axis: images of one channel, [B, H, W, 1], would be computed pixel by pixel.
 */
function unitAxesFirst(layout: readonly number[], shape: readonly number[]): readonly number[] {
  const last = layout.findLastIndex((axis) => shape[axis] !== 1);
  return last < 0 ? layout : [...layout.slice(last + 1), ...layout.slice(0, last + 1)];
}

/** Inserts the axes of size 1 into an order of the others, each in front of the next larger axis in logical order. */
function withUnitAxes(order: readonly number[], shape: readonly number[]): readonly number[] {
  const units = identityLayout(shape.length).filter((axis) => shape[axis] === 1);
  const layout: number[] = [];
  const ascending = order.every((axis, i) => i === 0 || axis > order[i - 1]!);
  if (ascending) return identityLayout(shape.length);
  layout.push(...order);
  for (const unit of units) {
    const at = layout.indexOf(unit + 1);
    layout.splice(at < 0 ? layout.length : at, 0, unit);
  }
  return layout;
}

/** @throws `ANC_SHAPE` if the shapes do not broadcast, which eager backends find when they compute */
function assertBroadcast(tensors: readonly TracedTensor[], shape: readonly number[]): void {
  const fits = ({ shape: own }: TracedTensor): boolean =>
    own.every((size, axis) => size === 1 || size === shape[shape.length - own.length + axis]);
  if (tensors.every(fits)) return;
  const shapes = tensors.map((x) => `[${x.shape.join(', ')}]`).join(' and ');
  throw new AncError('ANC_SHAPE', `the shapes ${shapes} do not broadcast, at ${callSite()}.`);
}
