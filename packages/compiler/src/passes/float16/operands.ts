import type { Graph } from '../../graph/graph.js';
import { cast } from '../../graph/shape-ops.js';
import { scalarOf, type Node, type Value } from '../../graph/value.js';

/** float16 ends at 65504. Sums of absolute values stay below 2^15, whatever the order in which terms are added. */
const LARGEST = 15;

/** Scales and their reciprocals are normal numbers of float32. */
const MOST = 126;
/** Exponents of float32's normal numbers. */
const EXPONENTS = Array.from({ length: 254 }, (_, i) => i - 126);

/**
 * Exponents e of two operands whose elements are brought below 2^e: sums of `terms` products stay below 2^15. They share what the
 * terms leave; an odd bit goes to the first operand, an image or a gradient, whose elements differ more than those of filters.
 */
export function exponentsFor(terms: number): readonly [number, number] {
  const both = LARGEST - Math.ceil(Math.log2(Math.max(1, terms)));
  const second = Math.floor(both / 2);
  return [both - second, second];
}

/**
 * Operands of products in float16, and what undoes their scales. An operand is scaled and rounded before its elements are moved
 * to where a product reads them, so that a tensor that several products read in different orders, such as a filter and the same
 * filter turned by 180°, is searched once and rounded once per exponent.
 */
export class Operands {
  constructor(readonly graph: Graph) {}

  /** An operand times a power of two that brings its largest element to [2^(exponent - 1), 2^exponent), rounded to float16. */
  half(operand: Value, exponent: number): Value {
    const { graph } = this;
    const moved = movedBy(operand);
    if (moved === null) {
      const scale = this.#scale(operand, exponent);
      return cast(graph, graph.op('Mul', [operand, scale], 'float32', operand.shape), 'float16');
    }
    const [source, ...rest] = moved.inputs as Value[];
    // What a Pad adds is zero where nothing is said.
    const others = moved.op === 'Pad' ? rest.slice(0, 1) : rest;
    const inputs = [this.half(source!, exponent), ...others];
    return graph.op(moved.op, inputs, 'float16', operand.shape, moved.attributes, moved.domain);
  }

  /**
   * What the product of two operands is multiplied with. Where both are so large that it would be infinite, float32's largest
   * power of two: 0 · ∞ would be NaN.
   */
  reciprocal(...scaled: readonly (readonly [operand: Value, exponent: number])[]): Value {
    const { graph } = this;
    const [a, b] = scaled.map(([operand, exponent]) => this.#unscale(sourceOf(operand), exponent));
    const product = graph.op('Mul', [a!, b!], 'float32', []);
    return graph.op('Min', [product, graph.scalar(2 ** 127)], 'float32', []);
  }

  /** The largest absolute value. Maxima do not depend on the order of search. */
  #largest(source: Value): Value {
    const { graph } = this;
    const reduced = (op: string): Value => graph.op(op, [source], 'float32', [], { keepdims: 0 });
    const lowest = graph.op('Neg', [reduced('ReduceMin')], 'float32', []);
    return graph.op('Max', [reduced('ReduceMax'), lowest], 'float32', []);
  }

  #scale(source: Value, exponent: number): Value {
    return this.#lookUp(source, 'ReduceMin', (largest) => powerFor(largest, exponent), MOST);
  }

  #unscale(source: Value, exponent: number): Value {
    return this.#lookUp(source, 'ReduceMax', (largest) => -powerFor(largest, exponent), -MOST);
  }

  /**
   * A power of two that the largest element's exponent determines, from a table: comparisons are exact, and so are the entries,
   * where logarithms and exponentials of a GPU are not. `reduction` picks the entry of the last power of two that is not larger
   * than the element, among entries that fall or rise; `none` stands for those that are larger. NaN is taken for the largest.
   */
  #lookUp(
    source: Value,
    reduction: 'ReduceMin' | 'ReduceMax',
    powerOf: (exponent: number) => number,
    none: number,
  ): Value {
    const { graph } = this;
    const shape = [EXPONENTS.length];
    const powers = graph.constant(
      'float32',
      shape,
      Float32Array.from(EXPONENTS, (exponent) => 2 ** exponent),
    );
    const entries = Float32Array.from(EXPONENTS, (exponent) => 2 ** powerOf(exponent));
    const isBelow = graph.op('Less', [this.#largest(source), powers], 'bool', shape);
    const inputs = [isBelow, graph.scalar(2 ** none), graph.constant('float32', shape, entries)];
    const chosen = graph.op('Where', inputs, 'float32', shape);
    return graph.op(reduction, [chosen], 'float32', [], { keepdims: 0 });
  }
}

/** The power of two that brings elements below 2^(largest + 1) to below 2^exponent. */
const powerFor = (largest: number, exponent: number): number =>
  Math.max(-MOST, Math.min(MOST, exponent - 1 - largest));

const MOVES = new Set(['Reshape', 'Transpose', 'Slice', 'Pad', 'Expand']);

/** The node that made a value by moving, leaving out or repeating elements of another one, or putting zeros around them. */
function movedBy({ source }: Value): Node | null {
  if (source.kind !== 'node' || source.node.domain !== '' || !MOVES.has(source.node.op)) return null;
  const fill = source.node.op === 'Pad' ? source.node.inputs[2] : null;
  return !fill || scalarOf(fill) === 0 ? source.node : null;
}

/** The value whose elements an operand consists of. */
function sourceOf(operand: Value): Value {
  const moved = movedBy(operand);
  return moved === null ? operand : sourceOf(moved.inputs[0]!);
}
