import { reachable, type Graph } from './graph.js';
import { reshape } from './shape-ops.js';
import type { NamedValue, Node, Value } from './value.js';

/** A graph as it stands, for finding patterns in it. */
export interface GraphView {
  /** The nodes that the outputs need, in topological order. */
  readonly nodes: readonly Node[];
  readonly users: ReadonlyMap<Value, readonly Node[]>;
  /** Values that must exist because they are outputs. */
  readonly kept: ReadonlySet<Value>;
}

/** Which new values replace which old ones while a graph is rewritten. */
export class Substitution {
  readonly #replacements = new Map<Value, Value>();

  constructor(readonly graph: Graph) {}

  /** The value that replaces `value`; itself where nothing does. */
  readonly current = (value: Value): Value => this.#replacements.get(value) ?? value;

  readonly replace = (value: Value, by: Value): void => {
    this.#replacements.set(value, by);
  };

  /** Adds a node again where its inputs were replaced. */
  readonly rebuild = ({ op, inputs, outputs, attributes, domain }: Node): void => {
    if (!inputs.some((input) => input !== null && this.#replacements.has(input))) return;
    const currentInputs = inputs.map((input) => input && this.current(input));
    if (op === 'Reshape') {
      this.replace(outputs[0]!, reshape(this.graph, currentInputs[0]!, outputs[0]!.shape));
      return;
    }
    const values = this.graph.node(op, currentInputs, outputs, attributes, domain);
    outputs.forEach((output, i) => this.replace(output, values[i]!));
  };
}

/** What to do in place of some nodes. All others are added again where their inputs were replaced. */
export type Plan = (view: GraphView, substitution: Substitution) => ReadonlyMap<Node, () => void>;

const views = new WeakMap<readonly NamedValue[], GraphView>();

/** The graph as its outputs need it. Nodes are only ever added, so that it is found once for a list of outputs. */
export function viewOf(graph: Graph, outputs: readonly NamedValue[]): GraphView {
  const known = views.get(outputs);
  if (known !== undefined) return known;
  const values = outputs.map(({ value }) => value);
  const nodes = reachable(graph, values);
  let users: GraphView['users'] | null = null;
  const view = {
    nodes,
    kept: new Set(values),
    get users() {
      return (users ??= usersOf(nodes));
    },
  };
  views.set(outputs, view);
  return view;
}

/** Rewrites a graph by a plan, node by node in topological order; returns what replaces the outputs. */
export function rewriteNodes(
  graph: Graph,
  outputs: readonly NamedValue[],
  plan: Plan,
): readonly NamedValue[] {
  const view = viewOf(graph, outputs);
  const substitution = new Substitution(graph);
  const planned = plan(view, substitution);
  if (planned.size === 0) return outputs;
  for (const node of view.nodes) {
    const rewrite = planned.get(node);
    if (rewrite === undefined) substitution.rebuild(node);
    else rewrite();
  }
  return outputs.map(({ name, value }) => ({ name, value: substitution.current(value) }));
}

function usersOf(nodes: readonly Node[]): Map<Value, readonly Node[]> {
  const users = new Map<Value, Node[]>();
  for (const node of nodes) {
    for (const input of node.inputs) {
      if (input === null) continue;
      const readers = users.get(input);
      if (readers === undefined) users.set(input, [node]);
      else if (readers.at(-1) !== node) readers.push(node);
    }
  }
  return users;
}
