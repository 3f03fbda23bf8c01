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

  /** The value that stands for a value of the old graph. */
  readonly now = (value: Value): Value => this.#anew.get(value) ?? value;

  put(value: Value, by: Value): void {
    this.#anew.set(value, by);
  }

  touches({ inputs }: Node): boolean {
    return inputs.some((input) => input !== null && this.#anew.has(input));
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
  const substitution = new Substitution();
  const { now } = substitution;
  const written = plan({ nodes, users: usersOf(nodes), kept }, substitution);
  if (written.size === 0) return outputs;
  for (const node of nodes) {
    const write = written.get(node);
    if (write !== undefined) write();
    else if (substitution.touches(node)) {
      const inputs = node.inputs.map((input) => input && now(input));
      const made = graph.node(node.op, inputs, node.outputs, node.attributes, node.domain);
      node.outputs.forEach((output, i) => substitution.put(output, made[i]!));
    }
  }
  return outputs.map(({ name, value }) => ({ name, value: now(value) }));
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
