/** Longer than other files: what may be one kernel, and the order that follows from it, are one search. */
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

  /**
   * Takes groups apart that need each other by way of others, which {@link Grouping.#needs} overlooks where such a way goes through a
   * group with members on both sides of the one that it looks for.
   */
  #breakCycles(): void {
    for (let cycle = this.#cycle(); cycle.length > 0; cycle = this.#cycle()) {
      const several = cycle.filter((group) => group.members.size > 1); // nodes alone need nothing that needs them
      const [smallest] = several.sort((a, b) => a.members.size - b.members.size);
      const { members, shape } = smallest!;
      for (const member of members) this.#groupOf[member] = { members: new Set([member]), shape };
    }
  }

  /** The groups of a cycle, if there is one. */
  #cycle(): readonly Growing[] {
    const unitOf = (index: number): Growing | number => this.#groupOf[index] ?? index;
    const neededBy = (unit: Growing | number): Set<Growing | number> => {
      const members = typeof unit === 'number' ? [unit] : [...unit.members];
      const made = members.flatMap((member) =>
        this.#inputs[member]!.map((input) => this.#producer.get(input)),
      );
      const needed = new Set(made.flatMap((index) => (index === undefined ? [] : [unitOf(index)])));
      needed.delete(unit);
      return needed;
    };
    const units = new Set(this.graph.nodes.map((_, index) => unitOf(index)));
    const readers = new Map<Growing | number, (Growing | number)[]>();
    const left = new Map<Growing | number, number>();
    for (const unit of units) {
      const needed = neededBy(unit);
      left.set(unit, needed.size);
      for (const each of needed) {
        const known = readers.get(each);
        if (known === undefined) readers.set(each, [unit]);
        else known.push(unit);
      }
    }
    const ready = [...units].filter((unit) => left.get(unit) === 0);
    for (let unit = ready.pop(); unit !== undefined; unit = ready.pop()) {
      left.delete(unit);
      for (const reader of readers.get(unit) ?? []) {
        left.set(reader, left.get(reader)! - 1);
        if (left.get(reader) === 0) ready.push(reader);
      }
    }
    // Each unit that is left needs another one that is: going back, one comes again.
    const way: (Growing | number)[] = [];
    for (let [unit] = left.keys(); unit !== undefined;) {
      const before = way.indexOf(unit);
      if (before >= 0) return way.slice(before).filter((each) => typeof each !== 'number');
      way.push(unit);
      unit = [...neededBy(unit)].find((each) => left.has(each));
    }
    return [];
  }

  units(): readonly Unit[] {
    this.#breakCycles();
    const { nodes } = this.graph;
    const unitOf = nodes.map((_, i): Growing | number => this.#groupOf[i] ?? i);
    const membersOf = (unit: Growing | number): number[] =>
      typeof unit === 'number' ? [unit] : [...unit.members].sort((a, b) => a - b);
    const ordered: (Growing | number)[] = [];
    const done = new Set<Growing | number>();
    const read = new Set(this.graph.outputs.map(({ value }) => value));
    for (const inputs of this.#inputs) for (const input of inputs) read.add(input);
    // depth first, by a stack of our own: graphs are deep
    const visit = (first: Growing | number): void => {
      const stack: { unit: Growing | number; isOpen: boolean }[] = [{ unit: first, isOpen: false }];
      for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
        const { unit, isOpen } = top;
        if (done.has(unit)) continue;
        if (isOpen) {
          done.add(unit);
          ordered.push(unit);
          continue;
        }
        stack.push({ unit, isOpen: true });
        const before = new Set<Growing | number>();
        for (const member of membersOf(unit))
          for (const input of this.#inputs[member]!) {
            const made = this.#producer.get(input);
            if (made !== undefined && unitOf[made] !== unit) before.add(unitOf[made]!);
          }
        for (const each of [...before].reverse())
          if (!done.has(each)) stack.push({ unit: each, isOpen: false });
      }
    };
    // a group comes where its last member stood, or before what reads it first
    const last = new Map<Growing | number, number>();
    unitOf.forEach((unit, i) => last.set(unit, i));
    nodes.forEach((node, i) => {
      if (node.outputs.every((output) => this.#constants.has(output))) visit(i);
    });
    for (const [unit] of [...last].sort(([, a], [, b]) => a - b)) visit(unit);
    return ordered.flatMap((unit): Unit[] => {
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
