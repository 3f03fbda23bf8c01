import {
  type Attribute,
  type Attributes,
  bytesOf,
  type ElementType,
  type Graph,
  type NamedValue,
  type Node,
  onnxTypeOf,
  reachable,
  type Value,
} from '@anc/compiler';
import onnxProto from 'onnx-proto';
import { inExecutionOrder } from './execution-order.js';

const { onnx } = onnxProto;

export type GraphProto = InstanceType<typeof onnx.GraphProto>;

const utf8 = new TextEncoder();

/** Version of the standard operators, which the lowering writes. */
export const OPSET = 18;

export interface ModelOptions {
  /** A size of axes that is written as a name instead (a dynamic batch). */
  readonly dynamic?: { readonly size: number; readonly name: string };
  /** Whether to declare inputs that nothing reads. */
  readonly allInputs?: boolean;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly description?: string;
}

function attributeProto(name: string, attribute: Attribute): InstanceType<typeof onnx.AttributeProto> {
  const { AttributeType } = onnx.AttributeProto;
  if (typeof attribute === 'number') {
    return onnx.AttributeProto.create({ name, type: AttributeType.INT, i: attribute });
  }
  if (typeof attribute === 'string') {
    return onnx.AttributeProto.create({ name, type: AttributeType.STRING, s: utf8.encode(attribute) });
  }
  if ('float' in attribute) {
    return onnx.AttributeProto.create({ name, type: AttributeType.FLOAT, f: attribute.float });
  }
  if ('floats' in attribute) {
    return onnx.AttributeProto.create({ name, type: AttributeType.FLOATS, floats: [...attribute.floats] });
  }
  return onnx.AttributeProto.create({ name, type: AttributeType.INTS, ints: [...attribute] });
}

const attributeProtos = (attributes: Attributes): InstanceType<typeof onnx.AttributeProto>[] =>
  Object.entries(attributes).map(([name, attribute]) => attributeProto(name, attribute));

/** A declared input or output. A named dimension is open. */
export function valueInfo(
  name: string,
  type: ElementType,
  dims: readonly (number | string)[],
): InstanceType<typeof onnx.ValueInfoProto> {
  const dim = dims.map((size) => (typeof size === 'string' ? { dimParam: size } : { dimValue: size }));
  return onnx.ValueInfoProto.create({
    name,
    type: { tensorType: { elemType: onnxTypeOf[type], shape: { dim } } },
  });
}

function initializer(name: string, value: Value): InstanceType<typeof onnx.TensorProto> {
  if (value.source.kind !== 'constant') throw new Error('only a constant can be an initializer');
  const { data } = value.source;
  return onnx.TensorProto.create({
    name,
    dataType: onnxTypeOf[value.type],
    dims: [...value.shape],
    rawData: new Uint8Array(data.buffer, data.byteOffset, data.length * bytesOf[value.type]),
  });
}

export interface GraphOptions extends Pick<ModelOptions, 'dynamic' | 'allInputs'> {
  /** Renames inputs, for a graph inside another one that uses their names. */
  readonly inputName?: (name: string) => string;
  readonly outputName?: (name: string) => string;
}

/** The part of a graph that the outputs need. */
export function graphProto(
  graph: Graph,
  outputs: readonly NamedValue[],
  { dynamic, allInputs = false, inputName = same, outputName = same }: GraphOptions = {},
): GraphProto {
  const nodes = inExecutionOrder(
    reachable(
      graph,
      outputs.map(({ value }) => value),
    ),
  );
  const used = new Set<Value>();
  for (const node of nodes) for (const input of node.inputs) if (input !== null) used.add(input);
  for (const { value } of outputs) used.add(value);

  const inputs = [...graph.inputs.values()].filter((value) => allInputs || used.has(value));
  // A computed value takes the name of its first output; every other output needs an Identity.
  const outputNames = new Map<Value, string>();
  for (const { name, value } of outputs) {
    if (value.source.kind === 'node' && !outputNames.has(value)) outputNames.set(value, name);
  }
  const copies = outputs.filter(({ name, value }) => outputNames.get(value) !== name);
  const nameOf = (value: Value): string => {
    if (value.source.kind === 'input') return inputName(value.source.name);
    const output = outputNames.get(value);
    return output === undefined ? `v${value.id}` : outputName(output);
  };
  const nodeProto = (node: Node): InstanceType<typeof onnx.NodeProto> =>
    onnx.NodeProto.create({
      opType: node.op,
      domain: node.domain,
      name: `${node.op}_${node.outputs[0]!.id}`,
      input: node.inputs.map((input) => (input === null ? '' : nameOf(input))),
      // Positions of a max-pool are the only optional output.
      output: node.outputs
        .filter((output, i) => i === 0 || node.op !== 'MaxPool' || used.has(output))
        .map(nameOf),
      attribute: attributeProtos(node.attributes),
    });
  const declared = (name: string, { type, shape }: Value): ReturnType<typeof valueInfo> =>
    valueInfo(
      name,
      type,
      shape.map((size) => (size === dynamic?.size ? dynamic.name : size)),
    );
  return onnx.GraphProto.create({
    name: 'graph',
    node: [
      ...nodes.map(nodeProto),
      ...copies.map(({ name, value }) =>
        onnx.NodeProto.create({
          opType: 'Identity',
          name: `output_${name}`,
          input: [nameOf(value)],
          output: [outputName(name)],
        }),
      ),
    ],
    input: inputs.map((value) => declared(nameOf(value), value)),
    output: outputs.map(({ name, value }) => declared(outputName(name), value)),
    initializer: [...used]
      .filter((value) => value.source.kind === 'constant')
      .map((value) => initializer(nameOf(value), value)),
  });
}

const same = (name: string): string => name;

/** Wraps a graph as a model. `inner`: graphs inside it, whose operator domains are declared as well. */
export function modelOf(
  graph: GraphProto,
  { description = '', metadata = {} }: Pick<ModelOptions, 'metadata' | 'description'> = {},
  inner: readonly GraphProto[] = [],
): Uint8Array {
  const domains = new Set([graph, ...inner].flatMap(({ node }) => node.map(({ domain }) => domain ?? '')));
  const model = onnx.ModelProto.create({
    irVersion: 8,
    producerName: '@anc/backend-onnx',
    docString: description,
    opsetImport: [
      { domain: '', version: OPSET },
      ...[...domains].filter((domain) => domain !== '').map((domain) => ({ domain, version: 1 })),
    ],
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph,
  });
  return onnx.ModelProto.encode(model).finish();
}

/** The part of a graph that the outputs need as an ONNX model. */
export function serialize(
  graph: Graph,
  outputs: readonly NamedValue[],
  options: ModelOptions = {},
): Uint8Array {
  return modelOf(graphProto(graph, outputs, options), options);
}
