import type { Graph, NamedValue, Value } from '@anc/compiler';
import onnxProto from 'onnx-proto';
import { graphProto, modelOf, valueInfo } from './serialize.js';

const { onnx } = onnxProto;
const { INT, GRAPH } = onnx.AttributeProto.AttributeType;

type ValueInfo = ReturnType<typeof valueInfo>;

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
  const results = [...carried.values(), ...each];

  const input = (name: string): Value => graph.inputs.get(name)!;
  const byName = new Map(outputs.map(({ name, value }) => [name, value]));
  const output = (name: string): Value => byName.get(name)!;
  const single = (name: string, { type, shape }: Value): ValueInfo => valueInfo(name, type, shape);
  const perStep = (name: string, { type, shape }: Value): ValueInfo =>
    valueInfo(name, type, [STEPS, ...shape]);

  const step = onnx.GraphProto.create({
    name: 'step',
    node: [
      ...stacked.map((name) =>
        node('Gather', [name, within('index')], [within(name)], [attribute('axis', { type: INT, i: 0 })]),
      ),
      ...body.node,
      node('Identity', [within('more')], [within('again')]),
    ],
    input: [
      valueInfo(within('index'), 'int64', []),
      valueInfo(within('more'), 'bool', []),
      ...[...carried.keys()].map((name) => single(within(name), input(name))),
    ],
    output: [
      valueInfo(within('again'), 'bool', []),
      ...results.map((name) => single(within(name), output(name))),
    ],
    initializer: body.initializer,
  });
  const steps = onnx.GraphProto.create({
    name: 'steps',
    node: [
      node('Loop', [STEPS, '', ...carried.keys()], results, [attribute('body', { type: GRAPH, g: step })]),
    ],
    input: [
      valueInfo(STEPS, 'int64', []),
      ...[...carried.keys(), ...constants].map((name) => single(name, input(name))),
      ...stacked.map((name) => perStep(name, input(name))),
    ],
    output: [
      ...[...carried.values()].map((name) => single(name, output(name))),
      ...each.map((name) => perStep(name, output(name))),
    ],
  });
  return modelOf(steps, {}, [step]);
}

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
