import type { Graph, NamedValue, Value } from '@anc/compiler';
import onnxProto from 'onnx-proto';
import { graphProto, modelOf, valueInfo, type GraphProto } from './serialize.js';

const { onnx } = onnxProto;
const { INT, GRAPH } = onnx.AttributeProto.AttributeType;

type ValueInfo = ReturnType<typeof valueInfo>;
type NodeProto = GraphProto['node'][number];

/** The input with the number of steps. */
export const STEPS = 'steps';

/** What a loop carries from one step to the next, and what stays the same. */
export interface LoopSpec {
  /** Outputs by the input that they become in the next step; the model returns those of the last step. */
  readonly carried: ReadonlyMap<string, string>;
  /** Inputs that are the same in every step. All others are stacked, one row per step. */
  readonly constant: ReadonlySet<string>;
}

/**
 * A model that runs a graph any number of times (`steps`, an int64 scalar) in one call, so that carried values do not
 * leave the runtime between two steps. Inputs and outputs keep their names. Inputs that are neither carried nor constant
 * get a leading axis of steps, and so do outputs that are not carried.
 *
 * No pass, because it changes the model's interface and nests the graph in an operator's attribute.
 */
export function serializeLoop(
  graph: Graph,
  outputs: readonly NamedValue[],
  { carried, constant }: LoopSpec,
): Uint8Array {
  // Names of an inner graph must differ from those of the graph around it.
  const within = (name: string): string => `step/${name}`;
  const body = graphProto(graph, outputs, {
    inputName: (name) => (constant.has(name) ? name : within(name)),
    outputName: within,
  });
  const read = new Set(body.input.map(({ name }) => name));
  const constants = [...constant].filter((name) => read.has(name));
  const stacked = [...graph.inputs.keys()].filter((name) => read.has(within(name)) && !carried.has(name));
  const next = new Set(carried.values());
  const each = outputs.map(({ name }) => name).filter((name) => !next.has(name));
  const joined = joinedEntries(body, graph.inputs, carried, within);
  const inJoin = new Set(joined.flatMap(({ entries }) => entries));
  const single = [...carried].filter(([name]) => !inJoin.has(name));
  const ends = new Set(joined.flatMap(({ nodes }) => nodes));
  const nodes = body.node.filter((node) => !ends.has(node));
  const inputsOfNodes = new Set(nodes.flatMap((node) => namesOf(node.input)));
  const readApart = joined.filter(({ entries }) => entries.some((name) => inputsOfNodes.has(within(name))));

  const byName = new Map(outputs.map(({ name, value }) => [name, value]));
  const input = (name: string, as = name): ValueInfo => declared(as, graph.inputs.get(name)!);
  const output = (name: string, as = name): ValueInfo => declared(as, byName.get(name)!);
  const rows = (name: string, { type, shape }: Value): ValueInfo => valueInfo(name, type, [STEPS, ...shape]);

  const step = onnx.GraphProto.create({
    name: 'step',
    node: [
      ...stacked.map((name) =>
        node('Gather', [name, within('index')], [within(name)], [attribute('axis', { type: INT, i: 0 })]),
      ),
      ...readApart.map(({ whole, sizes, entries }) =>
        node('Split', [whole, sizes], entries.map(within), [alongFirst]),
      ),
      ...nodes,
      node('Identity', [within('more')], [within('again')]),
    ],
    input: [
      valueInfo(within('index'), 'int64', []),
      valueInfo(within('more'), 'bool', []),
      ...single.map(([name]) => input(name, within(name))),
      ...joined.map(({ whole, type, shape }) => valueInfo(whole, type, shape)),
    ],
    output: [
      valueInfo(within('again'), 'bool', []),
      ...single.map(([, name]) => output(name, within(name))),
      ...joined.map(({ next, type, shape }) => valueInfo(next, type, shape)),
      ...each.map((name) => output(name, within(name))),
    ],
    initializer: body.initializer,
  });
  const before = joined.map((_, i) => `joined/${i}`);
  const after = joined.map((_, i) => `next joined/${i}`);
  const steps = onnx.GraphProto.create({
    name: 'steps',
    node: [
      ...joined.map(({ entries }, i) => node('Concat', entries, [before[i]!], [alongFirst])),
      node(
        'Loop',
        [STEPS, '', ...single.map(([name]) => name), ...before],
        [...single.map(([, name]) => name), ...after, ...each],
        [attribute('body', { type: GRAPH, g: step })],
      ),
      ...joined.map(({ entries }, i) =>
        node(
          'Split',
          [after[i]!, `sizes/${i}`],
          entries.map((name) => carried.get(name)!),
          [alongFirst],
        ),
      ),
    ],
    input: [
      valueInfo(STEPS, 'int64', []),
      ...[...carried.keys(), ...constants].map((name) => input(name)),
      ...stacked.map((name) => rows(name, graph.inputs.get(name)!)),
    ],
    output: [
      ...[...carried.values()].map((name) => output(name)),
      ...each.map((name) => rows(name, byName.get(name)!)),
    ],
    initializer: joined.map((each, i) =>
      onnx.TensorProto.create({
        ...body.initializer.find(({ name }) => name === each.sizes),
        name: `sizes/${i}`,
      }),
    ),
  });
  return modelOf(steps, {}, [step]);
}

const declared = (name: string, { type, shape }: Value): ValueInfo => valueInfo(name, type, shape);

/** Carried values that a step reads and returns joined along their first axis. Its names are those of the inner graph. */
interface Joined extends Pick<Value, 'type' | 'shape'> {
  /** The inputs that are joined. */
  readonly entries: readonly string[];
  /** All of them as one, and what becomes of them. */
  readonly whole: string;
  readonly next: string;
  /** The constant with their sizes along the axis. */
  readonly sizes: string;
  /** What joined and split them. */
  readonly nodes: readonly NodeProto[];
}

/**
 * Values that the pass horizontal-fusion joins: they are carried as one, because ONNX Runtime looks for every input of every node
 * among all inputs and outputs of a graph, one after the other, when it loads it.
 */
function joinedEntries(
  { node: nodes, output, initializer }: GraphProto,
  inputs: Graph['inputs'],
  carried: LoopSpec['carried'],
  within: (name: string) => string,
): Joined[] {
  const entryOf = new Map([...carried].map(([name, next]) => [within(next), name]));
  const outputs = new Set(output.map(({ name }) => name));
  const constants = new Set(initializer.map(({ name }) => name));
  const reads = new Map<string, number>();
  for (const name of nodes.flatMap((node) => namesOf(node.input)))
    reads.set(name, (reads.get(name) ?? 0) + 1);
  const joins = new Map<string, NodeProto>();
  const computed = new Set<string>();
  for (const node of nodes) {
    const isJoin = node.opType === 'Concat' && isAlongFirst(node);
    if (isJoin) joins.set(namesOf(node.input).join('\n'), node);
    else for (const name of namesOf(node.output)) computed.add(name);
  }
  return nodes.flatMap((split) => {
    if (split.opType !== 'Split' || !isAlongFirst(split)) return [];
    const parts = namesOf(split.output);
    const entries = parts.map((name) => entryOf.get(name));
    // What else needs a part, such as a second entry with the same value, would find none.
    if (!entries.every((name) => name !== undefined) || parts.some((name) => reads.has(name))) return [];
    const join = joins.get(entries.map(within).join('\n'));
    const [next, sizes] = namesOf(split.input) as [string, string?];
    if (join === undefined || sizes === undefined || !constants.has(sizes)) return [];
    const [whole] = namesOf(join.output) as [string];
    if (!computed.has(next) || outputs.has(next) || outputs.has(whole) || reads.get(next) !== 1) return [];
    const tensors = entries.map((name) => inputs.get(name)!);
    const { type, shape } = tensors[0]!;
    const length = tensors.reduce((sum, tensor) => sum + tensor.shape[0]!, 0);
    return [{ entries, whole, next, sizes, nodes: [join, split], type, shape: [length, ...shape.slice(1)] }];
  });
}

/** The fields of protobufjs's classes may be missing. */
const namesOf = (names: readonly string[] | null | undefined): readonly string[] => names ?? [];

const node = (
  opType: string,
  input: readonly string[],
  output: readonly string[],
  attribute: InstanceType<typeof onnx.AttributeProto>[] = [],
): InstanceType<typeof onnx.NodeProto> =>
  onnx.NodeProto.create({
    opType,
    name: `${opType}_${output[0]}`,
    input: [...input],
    output: [...output],
    attribute,
  });

const attribute = (
  name: string,
  rest: Parameters<typeof onnx.AttributeProto.create>[0],
): InstanceType<typeof onnx.AttributeProto> => onnx.AttributeProto.create({ name, ...rest });

const alongFirst = attribute('axis', { type: INT, i: 0 });

const isAlongFirst = (node: NodeProto): boolean =>
  (node.attribute ?? []).some(({ name, i }) => name === 'axis' && Number(i) === 0);
