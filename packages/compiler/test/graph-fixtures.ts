import { Graph, reachable, type Peephole } from '../src/graph/graph.js';
import { POSITIVE_MASK } from '../src/graph/positive-mask.js';
import type { Attributes, NamedValue, Node, Value } from '../src/graph/value.js';

/** A graph under construction, and shorthands for the operations that passes look for. Images are [B, C, H, W]. */
export class GraphFixture {
  readonly graph: Graph;

  constructor(peepholes: readonly Peephole[] = []) {
    this.graph = new Graph(peepholes);
  }

  input(name: string, ...shape: readonly number[]): Value {
    return this.graph.input(name, 'float32', shape);
  }

  /** An elementwise operation that keeps the shape of its first operand. */
  elementwise(op: string, ...inputs: readonly Value[]): Value {
    return this.graph.op(op, inputs, 'float32', inputs[0]!.shape);
  }

  /** A 3×3 convolution that keeps the size of the plane. */
  conv(x: Value, name: string, filters: number, domain = ''): Value {
    const [batch, channels, height, width] = x.shape as [number, number, number, number];
    const attributes: Attributes = {
      strides: [1, 1],
      pads: [1, 1, 1, 1],
      kernel_shape: [3, 3],
      dilations: [1, 1],
      group: 1,
    };
    const filter = this.input(name, filters, channels, 3, 3);
    return this.graph.op('Conv', [x, filter], 'float32', [batch, filters, height, width], attributes, domain);
  }

  /** Maxima and positions of a max-pool whose 2×2 windows lie side by side. */
  maxPool(x: Value): readonly [Value, Value] {
    const shape = x.shape.map((size, axis) => (axis < 2 ? size : size / 2));
    const outputs = [
      { type: 'float32', shape },
      { type: 'int64', shape },
    ] as const;
    return this.graph.node('MaxPool', [x], outputs, poolAttributes) as readonly [Value, Value];
  }

  /** dy put at positions of an image of this shape. */
  unpool(dy: Value, positions: Value, shape: readonly number[]): Value {
    const inputs = [dy, positions, this.graph.integers(shape)];
    return this.graph.op('MaxUnpool', inputs, 'float32', shape, poolAttributes);
  }

  /** The mask x > 0. */
  mask(x: Value, attributes: Attributes = POSITIVE_MASK): Value {
    return this.graph.op('HardSigmoid', [x], 'float32', x.shape, attributes);
  }

  /** Sums over the axes, which stay with size 1. */
  sum(x: Value, axes: readonly number[]): Value {
    const shape = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
    const inputs = [x, this.graph.integers(axes)];
    return this.graph.op('ReduceSum', inputs, 'float32', shape, { keepdims: 1 });
  }
}

export const poolAttributes: Attributes = { strides: [2, 2], pads: [0, 0, 0, 0], kernel_shape: [2, 2] };

export const named = (...values: readonly Value[]): NamedValue[] =>
  values.map((value, i) => ({ name: `y${i}`, value }));

/** The nodes that outputs need. */
export const nodesOf = (graph: Graph, outputs: readonly NamedValue[]): Node[] =>
  reachable(
    graph,
    outputs.map(({ value }) => value),
  );

/** Operators of these nodes, in order. */
export const operators = (graph: Graph, outputs: readonly NamedValue[]): string[] =>
  nodesOf(graph, outputs).map(({ op }) => op);
