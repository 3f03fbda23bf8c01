import { reachable, type Graph } from './graph.js';
import type { NamedValue } from './serialize.js';
import type { Attributes, Node, Value } from './value.js';

/** A graph as it stands, for finding patterns in it. */
export interface View {
  /** What the outputs need, in an order that can be run. */
  readonly nodes: readonly Node[];
  readonly users: ReadonlyMap<Value, readonly Node[]>;
  /** Values that must exist because they are outputs. */
  readonly kept: ReadonlySet<Value>;
}

/** What stands in place of what, while a graph is written anew. */
export class Substitution {
  readonly #anew = new Map<Value, Value>();

  constructor(readonly graph: Graph) {}

  /** The value that stands for a value of the old graph. */
  readonly now = (value: Value): Value => this.#anew.get(value) ?? value;

  put(value: Value, by: Value): void {
    this.#anew.set(value, by);
  }

  /** Writes a node again where its inputs changed. */
  copy({ op, inputs, outputs, attributes, domain }: Node): void {
    if (!inputs.some((input) => input !== null && this.#anew.has(input))) return;
    const anew = inputs.map((input) => input && this.now(input));
    const made = this.graph.node(op, anew, outputs, attributes, domain);
    outputs.forEach((output, i) => this.put(output, made[i]!));
  }
}

/** Says what to do in place of some nodes; the others are written again where their inputs changed. */
export type Plan = (view: View, substitution: Substitution) => ReadonlyMap<Node, () => void>;

/** Writes the graph anew by a plan, and returns the outputs anew. */
export function rewrite(graph: Graph, outputs: readonly NamedValue[], plan: Plan): readonly NamedValue[] {
  const nodes = reachable(
    graph,
    outputs.map(({ value }) => value),
  );
  const kept = new Set(outputs.map(({ value }) => value));
  const substitution = new Substitution(graph);
  const written = plan({ nodes, users: usersOf(nodes), kept }, substitution);
  if (written.size === 0) return outputs;
  for (const node of nodes) {
    const write = written.get(node);
    if (write === undefined) substitution.copy(node);
    else write();
  }
  return outputs.map(({ name, value }) => ({ name, value: substitution.now(value) }));
}

function usersOf(nodes: readonly Node[]): Map<Value, readonly Node[]> {
  const users = new Map<Value, Node[]>();
  for (const node of nodes) {
    for (const input of new Set(node.inputs)) {
      if (input !== null) users.set(input, [...(users.get(input) ?? []), node]);
    }
  }
  return users;
}

/** A list of numbers among the attributes; empty where it is not said. */
export const listOf = (attributes: Attributes, name: string): readonly number[] => {
  const found = attributes[name];
  return Array.isArray(found) ? (found as readonly number[]) : [];
};

/** Whether every number of such a list is the one that is wanted. */
export const allAre = (attributes: Attributes, name: string, wanted: number): boolean =>
  listOf(attributes, name).every((n) => n === wanted);
