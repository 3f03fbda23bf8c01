import type { FlatGraph, FlatNode } from '../graph/flat-graph.js';
import { isCondition, isExpression, isSum, operandsOf } from './expressions.js';

/** Nodes that one kernel computes, over the elements of one shape; sums are over all or some of its axes. */
export interface Group {
  readonly nodes: readonly FlatNode[];
  readonly shape: readonly number[];
}

/** What is built at once. */
export type Unit = FlatNode | Group;

export const isGroup = (unit: Unit): unit is Group => 'nodes' in unit;

/** Most tensors that a kernel reads and writes, roughly: more need more registers than there are. */
const MOST_NODES = 48;

interface Growing {
  readonly members: Set<number>;
  readonly shape: string;
}

/**
 * Puts elementwise operations of one shape, and sums of what they compute, together into groups: what reads a value beside what
 * computes it, or beside what else reads it. A group may not depend on itself by way of nodes outside. Returns groups and all
 * other nodes in an order in which each comes after those that it reads.
 *
 * @param isLeft nodes that no kernel shall compute
 */
export function grouped(graph: FlatGraph, isLeft: (node: FlatNode) => boolean): readonly Unit[] {
  return new Grouping(graph, isLeft).units();
}

class Grouping {
  readonly #producer = new Map<number, number>();
  readonly #groupOf: (Growing | null)[];
  /** Groups that read a value, by value. */
  readonly #readers = new Map<number, Set<Growing>>();
  readonly #constants = new Set<number>();
  readonly #inputs: (readonly number[])[];

  constructor(
    readonly graph: FlatGraph,
    isLeft: (node: FlatNode) => boolean,
  ) {
    const { nodes, values } = graph;
    values.forEach(({ data }, value) => data !== null && this.#constants.add(value));
    this.#groupOf = nodes.map(() => null);
    nodes.forEach((node, i) => {
      for (const output of node.outputs) this.#producer.set(output, i);
      if (node.inputs.every((input) => input === null || this.#constants.has(input)))
        for (const output of node.outputs) this.#constants.add(output);
    });
    const members = new Set(nodes.filter((node) => this.#isMember(node) && !isLeft(node)));
    this.#inputs = nodes.map((node) => [
      ...new Set(node.inputs.flatMap((input) => this.#reads(input, members.has(node)))),
    ]);
    nodes.forEach((node, i) => {
      if (members.has(node)) this.#place(node, i);
    });
  }

  /** What is read for an input, if anything; by a kernel, what a condition is made of in its place. */
  #reads(input: number | null, byKernel: boolean): number[] {
    if (input === null || this.#constants.has(input)) return [];
    const isInlined = byKernel && isInlinable(this.graph, this.#producer, input);
    if (!isInlined) return [input];
    const { inputs } = this.graph.nodes[this.#producer.get(input)!]!;
    return inputs.flatMap((each) => this.#reads(each, true));
  }

  /** Whether a kernel can compute a node, given all booleans that it reads. */
  #isComputable(node: FlatNode): boolean {
    const { graph } = this;
    if (isSum(node)) return graph.values[node.inputs[0]!]!.type === 'float32';
    return (
      isExpression(graph, node) &&
      operandsOf(node).every(
        (input) =>
          input !== null &&
          (graph.values[input]!.type !== 'bool' || isInlinable(graph, this.#producer, input)),
      )
    );
  }

  #isMember(node: FlatNode): boolean {
    const { graph } = this;
    const [output] = node.outputs as [number];
    if (this.#constants.has(output) || graph.values[output]!.type !== 'float32') return false;
    if (isCondition(graph, node)) return false;
    const touched = [...operandsOf(node), output].some(
      (value) => value !== null && graph.values[value]!.shape.includes(0),
    );
    return !touched && this.#isComputable(node);
  }

  #shapeOf(node: FlatNode): string {
    const value = isSum(node) ? node.inputs[0]! : node.outputs[0]!;
    return this.graph.values[value]!.shape.join();
  }

  #place(node: FlatNode, index: number): void {
    const shape = this.#shapeOf(node);
    const inputs = this.#inputs[index]!;
    const candidates = new Set<Growing>();
    for (const input of inputs) {
      const made = this.#producer.get(input);
      const group = made === undefined ? null : this.#groupOf[made]!;
      if (group?.shape === shape) candidates.add(group);
    }
    for (const input of inputs) {
      if (this.graph.values[input]!.shape.join() !== shape) continue;
      for (const group of this.#readers.get(input) ?? []) if (group.shape === shape) candidates.add(group);
    }
    let own: Growing = { members: new Set([index]), shape };
    this.#groupOf[index] = own;
    for (const group of candidates) {
      if (group.members.size + own.members.size > MOST_NODES || !this.#mayMerge(own, group)) continue;
      for (const member of own.members) {
        group.members.add(member);
        this.#groupOf[member] = group;
        for (const input of this.#inputs[member]!) {
          const readers = this.#readers.get(input);
          if (readers?.delete(own) === true) readers.add(group);
        }
      }
      own = group;
    }
    for (const input of inputs) {
      const readers = this.#readers.get(input) ?? new Set();
      readers.add(own);
      this.#readers.set(input, readers);
    }
  }

  /** Whether two groups can be one: neither needs the other by way of nodes outside, nor a sum of it. */
  #mayMerge(a: Growing, b: Growing): boolean {
    return !this.#needs(a, b) && !this.#needs(b, a);
  }

  /** Whether group a needs group b other than by an element of it at the same place. */
  #needs(a: Growing, b: Growing): boolean {
    const least = Math.min(...b.members);
    const seen = new Set<Growing | number>([a]);
    const stack: number[] = [];
    for (const member of a.members) {
      for (const input of this.#inputs[member]!) {
        const made = this.#producer.get(input);
        if (made === undefined || a.members.has(made)) continue;
        if (!b.members.has(made)) stack.push(made);
        else if (isSum(this.graph.nodes[made]!)) return true;
      }
    }
    for (let index = stack.pop(); index !== undefined; index = stack.pop()) {
      const group = this.#groupOf[index] ?? null;
      if (group === b) return true;
      const unit = group ?? index;
      if (seen.has(unit)) continue;
      seen.add(unit);
      const members = group === null ? [index] : [...group.members];
      if (Math.max(...members) < least) continue;
      for (const member of members) {
        for (const input of this.#inputs[member]!) {
          const made = this.#producer.get(input);
          if (made !== undefined && !members.includes(made)) stack.push(made);
        }
      }
    }
    return false;
  }

  /** All units, each after those that it needs; or the groups of a cycle. */
  #ordered(): { readonly order: readonly (Growing | number)[] } | { readonly cycle: readonly Growing[] } {
    const { nodes } = this.graph;
    const unitOf = nodes.map((_, i): Growing | number => this.#groupOf[i] ?? i);
    const order: (Growing | number)[] = [];
    const done = new Set<Growing | number>();
    /** The way from the first unit to the one that is looked at. */
    const open = new Set<Growing | number>();
    // depth first, by a stack of our own: graphs are deep
    const visit = (first: Growing | number): (Growing | number)[] | null => {
      const stack: { unit: Growing | number; isLeft: boolean }[] = [{ unit: first, isLeft: false }];
      for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
        const { unit, isLeft } = top;
        if (done.has(unit)) continue;
        if (isLeft) {
          open.delete(unit);
          done.add(unit);
          order.push(unit);
          continue;
        }
        open.add(unit);
        stack.push({ unit, isLeft: true });
        const before = new Set<Growing | number>();
        for (const member of membersOf(unit))
          for (const input of this.#inputs[member]!) {
            const made = this.#producer.get(input);
            if (made !== undefined && unitOf[made] !== unit) before.add(unitOf[made]!);
          }
        for (const each of [...before].reverse()) {
          if (open.has(each)) return [...open].slice([...open].indexOf(each));
          if (!done.has(each)) stack.push({ unit: each, isLeft: false });
        }
      }
      return null;
    };
    // a group comes where its last member stood, or before what reads it first
    const last = new Map<Growing | number, number>();
    unitOf.forEach((unit, i) => last.set(unit, i));
    const constants = nodes.flatMap(({ outputs }, i) =>
      outputs.every((output) => this.#constants.has(output)) ? [i] : [],
    );
    for (const unit of [...constants, ...[...last].sort(([, a], [, b]) => a - b).map(([unit]) => unit)]) {
      const cycle = visit(unit);
      if (cycle !== null) return { cycle: cycle.filter((each) => typeof each !== 'number') };
    }
    return { order };
  }

  /** One of the groups with several members as groups of one. */
  #takeApart(groups: readonly Growing[]): void {
    const several = groups.filter(({ members }) => members.size > 1);
    const smallest = several.reduce((a, b) => (a.members.size <= b.members.size ? a : b));
    const { members, shape } = smallest;
    for (const member of members) this.#groupOf[member] = { members: new Set([member]), shape };
  }

  units(): readonly Unit[] {
    const { nodes } = this.graph;
    let found = this.#ordered();
    // {@link Grouping.#needs} overlooks ways through groups with members on both sides of the group that it looks for.
    while ('cycle' in found) {
      this.#takeApart(found.cycle);
      found = this.#ordered();
    }
    const read = new Set(this.graph.outputs.map(({ value }) => value));
    for (const inputs of this.#inputs) for (const input of inputs) read.add(input);
    return found.order.flatMap((unit): Unit[] => {
      if (typeof unit !== 'number') {
        const members = membersOf(unit).map((i) => nodes[i]!);
        const [first] = members as [FlatNode];
        const value = isSum(first) ? first.inputs[0]! : first.outputs[0]!;
        return [{ nodes: members, shape: this.graph.values[value]!.shape }];
      }
      const node = nodes[unit]!;
      // conditions that only kernels read are part of these
      const isInlined = node.outputs.every(
        (output) =>
          isInlinable(this.graph, this.#producer, output) &&
          !read.has(output) &&
          !this.#constants.has(output),
      );
      return isInlined ? [] : [node];
    });
  }
}

/** Places of a unit's nodes, in order. */
const membersOf = (unit: Growing | number): number[] =>
  typeof unit === 'number' ? [unit] : [...unit.members].sort((a, b) => a - b);

/** Whether a value is a condition that is made of floats by operations which a kernel can repeat wherever it reads it. */
export function isInlinable(graph: FlatGraph, producer: ReadonlyMap<number, number>, value: number): boolean {
  const made = producer.get(value);
  if (made === undefined) return false;
  const node = graph.nodes[made]!;
  return (
    isCondition(graph, node) &&
    isExpression(graph, node) &&
    operandsOf(node).every(
      (input) =>
        input !== null && (graph.values[input]!.type === 'float32' || isInlinable(graph, producer, input)),
    )
  );
}
