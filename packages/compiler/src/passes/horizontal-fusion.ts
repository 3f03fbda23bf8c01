import { sizeOf } from '@anc/core';
import { sameShape, type Graph } from '../graph/graph.js';
import { rewriteNodes, type GraphView } from '../graph/rewrite.js';
import { concat } from '../graph/shape-ops.js';
import type { NamedValue, Node, Value } from '../graph/value.js';
import type { GraphPass } from './pass.js';

/** Operations that compute each element from the elements at the same place, or from a number. */
const ELEMENTWISE = new Set(['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min', 'Sqrt', 'Neg', 'Reciprocal', 'Abs']);

/** Above so many elements, joining tensors and splitting them again takes longer than starting an operation for each. */
const SMALL = 4096;

/** The update of one tensor: elementwise operations that nothing but outputs needs. */
interface Update {
  /** In an order that depends on the expression alone: each after those that it reads. */
  readonly nodes: readonly Node[];
  /** The tensors that these read and do not compute, each once. */
  readonly reads: readonly Value[];
  /** Its outputs. */
  readonly results: readonly Value[];
  /** Equal for updates that do the same to tensors that can be joined along their first axis. */
  readonly expression: string;
}

/**
 * Horizontal fusion: updates that are the same for many small tensors, such as the parameters and moving averages of batch norm,
 * become one update of all of them, joined along their first axis. An operation on few numbers takes as long as its start.
 */
export const horizontalFusion: GraphPass = {
  name: 'horizontal-fusion',
  stage: 'graph',
  // Engines with operations of their own update in place; accelerators limit how many tensors an operation reads.
  when: ({ kind, portable, accelerated, ownGradients }) =>
    kind === 'step' && !portable && !accelerated && !ownGradients,
  rewrite: (graph, { outputs }) =>
    rewriteNodes(graph, outputs, (view, { current, replace }) => {
      const position = new Map(view.nodes.map((node, i) => [node, i]));
      const planned = new Map<Node, () => void>();
      const fuse = (updates: readonly Update[]): void => {
        const nodes = updates.flatMap((update) => update.nodes);
        for (const node of nodes) planned.set(node, () => undefined);
        const last = nodes.reduce((a, b) => (position.get(a)! > position.get(b)! ? a : b));
        planned.set(last, () => {
          for (const [value, part] of joined(graph, updates, current)) replace(value, part);
        });
      };
      alike(updatesIn(view, outputs)).filter(pays).forEach(fuse);
      return planned;
    }),
};

/** Whether fewer operations are left, of which joining the tensors takes one for each that an update reads or returns. */
function pays(updates: readonly Update[]): boolean {
  const [{ nodes, reads, results }] = updates as [Update];
  return (updates.length - 1) * nodes.length > reads.length + results.length;
}

const isNumber = (value: Value): boolean => sizeOf(value.shape) === 1;

function isSmallElementwise({ op, domain, inputs, outputs }: Node): boolean {
  const { shape, type } = outputs[0]!;
  const size = sizeOf(shape);
  if (!ELEMENTWISE.has(op) || domain !== '' || type !== 'float32' || size === 1 || size > SMALL) return false;
  return inputs.every(
    (x) => x !== null && (isNumber(x) ? x.shape.length <= shape.length : sameShape(x.shape, shape)),
  );
}

const nodeOf = ({ source }: Value): Node | null => (source.kind === 'node' ? source.node : null);

/** The nodes that satisfy a condition and whose readers all do, and theirs: what they compute is used by one another and outputs alone. */
function closing({ nodes, users }: GraphView, condition: (node: Node) => boolean): ReadonlySet<Node> {
  const found = new Set<Node>();
  for (const node of nodes.toReversed()) {
    const readers = node.outputs.flatMap((value) => users.get(value) ?? []);
    if (condition(node) && readers.every((reader) => found.has(reader))) found.add(node);
  }
  return found;
}

/** The updates of a graph that can wait for one another. */
function updatesIn(view: GraphView, outputs: readonly NamedValue[]): Update[] {
  const ends = closing(view, isSmallElementwise);
  const isPart = (value: Value): boolean => ends.has(nodeOf(value)!);
  // Outputs that share an operation belong to one update.
  const groups = new Map<Node, Set<Value>>();
  for (const result of new Set(outputs.map(({ value }) => value).filter(isPart))) {
    const parts = nodesBehind(result, isPart);
    const shared = new Set(parts.flatMap((node) => groups.get(node) ?? []));
    const group = new Set([...[...shared].flatMap((members) => [...members]), result]);
    const joined = shared.size === 0 ? parts : [...group].flatMap((member) => nodesBehind(member, isPart));
    for (const node of joined) groups.set(node, group);
  }
  const keepers = largeKeepers(view);
  return [...new Set(groups.values())]
    .map((results) => update([...results], isPart))
    .filter(({ reads }) => !reads.some((value) => keepers.has(nodeOf(value)!)));
}

/**
 * Nodes that should not wait, because a large tensor is kept until they run: the gradient of a filter or of an offset reads a
 * whole layer's gradient, and only updates and metrics need it. The sums of batch norm are needed before.
 */
function largeKeepers(view: GraphView): ReadonlySet<Node> {
  // Nothing large waits for these.
  const late = closing(view, ({ outputs }) => outputs.every(({ shape }) => sizeOf(shape) <= SMALL));
  const keepers = new Set<Node>();
  for (const node of view.nodes) {
    const reads = node.inputs.filter((x) => x !== null && nodeOf(x) !== null) as Value[];
    const keeps = reads.some((x) => sizeOf(x.shape) > SMALL || keepers.has(nodeOf(x)!));
    if (late.has(node) && keeps) keepers.add(node);
  }
  return keepers;
}

function nodesBehind(result: Value, isPart: (value: Value) => boolean): Node[] {
  const found = new Set<Node>();
  const visit = (value: Value): void => {
    const node = nodeOf(value)!;
    if (!isPart(value) || found.has(node)) return;
    for (const input of node.inputs) visit(input!);
    found.add(node);
  };
  visit(result);
  return [...found];
}

function update(results: readonly Value[], isPart: (value: Value) => boolean): Update {
  const nodes = [...new Set(results.flatMap((result) => nodesBehind(result, isPart)))];
  const reads: Value[] = [];
  const nameOf = (value: Value): string => {
    if (isPart(value)) return `operation ${nodes.indexOf(nodeOf(value)!)}`;
    if (isNumber(value)) return `number ${value.id}`;
    if (!reads.includes(value)) reads.push(value);
    return `tensor ${reads.indexOf(value)}`;
  };
  const operations = nodes.map(({ op, inputs, attributes }) => [
    op,
    attributes,
    inputs.map((x) => nameOf(x!)),
  ]);
  const { shape } = results[0]!;
  const expression = JSON.stringify([shape.length, shape.slice(1), operations, results.map(nameOf)]);
  return { nodes, reads, results, expression };
}

function alike(updates: readonly Update[]): Update[][] {
  const groups = new Map<string, Update[]>();
  for (const each of updates) {
    const group = groups.get(each.expression);
    if (group === undefined) groups.set(each.expression, [each]);
    else group.push(each);
  }
  return [...groups.values()];
}

/** Computes the updates as one; returns what replaces their results. */
function joined(
  graph: Graph,
  updates: readonly Update[],
  current: (value: Value) => Value,
): (readonly [Value, Value])[] {
  const [{ nodes, reads, results }] = updates as [Update];
  const shapes = updates.map((each) => each.results[0]!.shape);
  const shape = [shapes.reduce((sum, [size]) => sum + size!, 0), ...shapes[0]!.slice(1)];
  const wholes = new Map(
    reads.map((value, i) => [
      value,
      concat(
        graph,
        updates.map((each) => current(each.reads[i]!)),
        0,
      ),
    ]),
  );
  const whole = (value: Value): Value => wholes.get(value) ?? current(value);
  for (const { op, inputs, attributes, outputs } of nodes) {
    const operands = inputs.map((x) => whole(x!));
    wholes.set(outputs[0]!, graph.op(op, operands, 'float32', shape, attributes));
  }
  const sizes = graph.integers(shapes.map(([size]) => size!));
  const specs = shapes.map((part) => ({ type: 'float32', shape: part }) as const);
  return results.flatMap((result, i) => {
    const parts = graph.node('Split', [whole(result), sizes], specs, { axis: 0 });
    return updates.map((each, k) => [each.results[i]!, parts[k]!] as const);
  });
}
