import type { Attributes, ElementArray, ElementType, Node, Value } from './value.js';

export interface ValueSpec {
  readonly type: ElementType;
  readonly shape: readonly number[];
}

const COMMUTATIVE = new Set(['Add', 'Mul', 'And', 'Or', 'Equal']);

/** An operation with one output that is about to be added to a graph. */
export interface Operation extends ValueSpec {
  /** Operator, as ONNX calls it. */
  readonly op: string;
  /** In the order of the operator's inputs. */
  readonly inputs: readonly Value[];
  /** By their ONNX names. */
  readonly attributes: Attributes;
}

/** Replaces an operation before it is added, given the nodes that compute its inputs. */
export interface Peephole {
  /** Name for reports. */
  readonly name: string;
  /** The operator that it looks at. */
  readonly op: string;
  /** What computes the same; null where the pattern does not match. */
  readonly rewrite: (graph: Graph, operation: Operation) => Value | null;
}

/** Constants up to this many elements are merged by content; larger ones by identity only. */
const MERGED_CONSTANT = 4096;

/** Makes a character of each byte, different ones of different bytes. */
const asText = new TextDecoder('latin1');

/**
 * Builds a graph of static shapes. The same operation on the same inputs gives the same value (hash-consing), which
 * eliminates common subexpressions as they are made. Nodes are never removed: those that no output needs are no part of
 * the graph ({@link reachable}).
 */
export class Graph {
  /** All nodes in the order in which they were added: each comes after those that it reads. */
  readonly nodes: Node[] = [];
  /** Inputs by name. */
  readonly inputs = new Map<string, Value>();
  readonly #byKey = new Map<string, readonly Value[]>();
  readonly #replaced = new Map<string, number>();
  #nextId = 0;

  /** peepholes: what {@link Graph.replacement} tries, in order. */
  constructor(
    /** What is tried before an operation is added, in order. */
    readonly peepholes: readonly Peephole[] = [],
  ) {}

  /** How many operations each peephole replaced, by its name. */
  get replaced(): ReadonlyMap<string, number> {
    return this.#replaced;
  }

  /** What to use instead of an operation: the result of the first peephole that matches; null if none does. */
  replacement(operation: Operation): Value | null {
    for (const { name, op, rewrite } of this.peepholes) {
      const value = op === operation.op ? rewrite(this, operation) : null;
      if (value === null || !sameShape(value.shape, operation.shape)) continue;
      this.#replaced.set(name, (this.#replaced.get(name) ?? 0) + 1);
      return value;
    }
    return null;
  }

  /** The input of this name; its type and shape are those of the first call. */
  input(name: string, type: ElementType, shape: readonly number[]): Value {
    const known = this.inputs.get(name);
    if (known !== undefined) return known;
    const value: Value = { id: this.#nextId++, type, shape: [...shape], source: { kind: 'input', name } };
    this.inputs.set(name, value);
    return value;
  }

  /** A constant of this shape in memory; small ones of the same content are one value. */
  constant(type: ElementType, shape: readonly number[], data: ElementArray): Value {
    const make = (): Value[] => [
      { id: this.#nextId++, type, shape: [...shape], source: { kind: 'constant', data } },
    ];
    if (data.length > MERGED_CONSTANT) return make()[0]!;
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return this.#merged(`constant|${type}|${shape.join(',')}|${asText.decode(bytes)}`, make)[0]!;
  }

  /** A large constant with a name that identifies its content: made once. */
  named(name: string, make: () => Value): Value {
    return this.#merged(`named|${name}`, () => [make()])[0]!;
  }

  /** A constant of one element and `rank` axes. */
  scalar(value: number, type: ElementType = 'float32', rank = 0): Value {
    const shape = new Array<number>(rank).fill(1);
    switch (type) {
      case 'float16':
        throw new Error('there are no constants of float16');
      case 'float32':
        return this.constant(type, shape, Float32Array.of(value));
      case 'int32':
        return this.constant(type, shape, Int32Array.of(value));
      case 'int64':
        return this.constant(type, shape, BigInt64Array.of(BigInt(value)));
      default:
        return this.constant(type, shape, Uint8Array.of(value));
    }
  }

  /** A vector of int64: shapes, axes, paddings. */
  integers(values: readonly number[]): Value {
    return this.constant('int64', [values.length], BigInt64Array.from(values, BigInt));
  }

  /** An operation with any number of outputs. */
  node(
    op: string,
    inputs: readonly (Value | null)[],
    outputs: readonly ValueSpec[],
    attributes: Attributes = {},
    domain = '',
  ): readonly Value[] {
    const ids = inputs.map((input) => input?.id ?? -1);
    if (COMMUTATIVE.has(op)) ids.sort((a, b) => a - b);
    const key = `${domain}.${op}|${ids.join(',')}|${JSON.stringify(attributes)}|${outputs.length}`;
    return this.#merged(key, () => {
      const values: Value[] = [];
      const node: Node = { op, domain, inputs, attributes, outputs: values };
      for (const [index, { type, shape }] of outputs.entries()) {
        values.push({ id: this.#nextId++, type, shape: [...shape], source: { kind: 'node', node, index } });
      }
      this.nodes.push(node);
      return values;
    });
  }

  /** An operation with one output. */
  op(
    op: string,
    inputs: readonly (Value | null)[],
    type: ElementType,
    shape: readonly number[],
    attributes: Attributes = {},
    domain = '',
  ): Value {
    return this.node(op, inputs, [{ type, shape }], attributes, domain)[0]!;
  }

  #merged(key: string, make: () => readonly Value[]): readonly Value[] {
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.#byKey.set(key, made);
    return made;
  }
}

/** Nodes that the outputs depend on, in topological order. */
export function reachable(graph: Graph, outputs: readonly Value[]): Node[] {
  const needed = new Set<Node>();
  const stack = [...outputs];
  for (let value = stack.pop(); value !== undefined; value = stack.pop()) {
    if (value.source.kind !== 'node' || needed.has(value.source.node)) continue;
    needed.add(value.source.node);
    for (const input of value.source.node.inputs) if (input !== null) stack.push(input);
  }
  return graph.nodes.filter((node) => needed.has(node));
}

/** NumPy's broadcasting of physical shapes. */
export function broadcastShapes(...shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    return sizes.find((size) => size !== 1) ?? 1;
  });
}

/** Whether two shapes have the same axes of the same sizes. */
export const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((size, i) => size === b[i]);
