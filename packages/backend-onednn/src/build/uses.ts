import type { FlatGraph, FlatNode } from '../graph/flat-graph.js';
import { isCondition } from '../kernels/expressions.js';

/** Prefix of outputs that replace entries of the state. */
export const NEXT = 'next/';

/** Which nodes compute and read the values of a graph, and which of them are still to be built. */
export class Uses {
  /** Uses of each value that are still to come; outputs of the graph count as one that never ends. */
  readonly #left = new Map<number, number>();
  readonly #consumers = new Map<number, FlatNode[]>();
  readonly #producers = new Map<number, FlatNode>();
  /** Values that depend on constants only. */
  readonly #constants = new Set<number>();
  readonly #replacing = new Set<number>();
  readonly #done = new Set<FlatNode>();

  /** @param hasKernels whether kernels may compute a condition again, wherever they read it */
  constructor(graph: FlatGraph, hasKernels: boolean) {
    graph.values.forEach(({ data }, value) => data !== null && this.#constants.add(value));
    for (const { name, value } of graph.outputs) if (name.startsWith(NEXT)) this.#replacing.add(value);
    for (const node of graph.nodes) {
      for (const output of node.outputs) this.#producers.set(output, node);
      if (node.inputs.every((input) => input === null || this.#constants.has(input))) {
        for (const output of node.outputs) this.#constants.add(output);
      }
      const uses = hasKernels && isCondition(graph, node) ? 2 : 1;
      for (const input of node.inputs) {
        if (input === null) continue;
        this.#left.set(input, this.left(input) + uses);
        this.#consumers.set(input, [...(this.#consumers.get(input) ?? []), node]);
      }
    }
    for (const { value } of graph.outputs) this.#left.set(value, Infinity);
  }

  /** Marks a node as computed: its inputs are used once less. */
  finish(node: FlatNode): void {
    this.#done.add(node);
    for (const input of node.inputs) if (input !== null) this.#left.set(input, this.left(input) - 1);
  }

  isDone(node: FlatNode): boolean {
    return this.#done.has(node);
  }

  /** How often a value is still to be used. */
  left(value: number): number {
    return this.#left.get(value) ?? 0;
  }

  /** Whether anything is left that reads a value. */
  isRead(value: number): boolean {
    return this.left(value) > 0;
  }

  /** The node that computes a value; undefined for inputs and constants. */
  producer(value: number): FlatNode | undefined {
    return this.#producers.get(value);
  }

  /** The nodes that read a value, which may be an output of the graph as well. */
  readers(value: number): readonly FlatNode[] {
    return this.#consumers.get(value) ?? [];
  }

  /** The nodes that read a value; null where it is an output of the graph, too. */
  consumers(value: number): readonly FlatNode[] | null {
    return this.#left.get(value) === Infinity ? null : this.readers(value);
  }

  /** The only user of a value; null where there are several, or the value is an output of the graph. */
  onlyConsumer(value: number): FlatNode | null {
    return this.#left.get(value) === 1 && this.#consumers.get(value)!.length === 1
      ? this.#consumers.get(value)![0]!
      : null;
  }

  /** Whether a value depends on constants only, even where it is still to be computed. */
  isConstant(value: number): boolean {
    return this.#constants.has(value);
  }

  /** Whether a value is an output that replaces an entry of the state. */
  replacesState(value: number): boolean {
    return this.#replacing.has(value);
  }
}
