import { sizeOf } from '@anc/core';
import {
  fromBfloat16,
  fromFloat16,
  type OnnxAttribute,
  type OnnxConstant,
  type OnnxGraph,
  type OnnxNode,
} from '@anc/formats';
import { checkStructure } from './check-structure.js';
import {
  decodeModel,
  dimsOf,
  ELEMENT,
  graphOf,
  onnx,
  onnxError,
  opsetOf,
  type ModelProto,
  type NodeProto,
  type TensorProto,
} from './proto.js';

type AttributeProto = NonNullable<NodeProto['attribute']>[number];

const BFLOAT16 = 16;
const BOOL = 9;
const UINT64 = 13;
const UINT32 = 12;
const UINT16 = 4;
const INT16 = 5;

/**
 * Reads a model as plain data: nodes in the order in which they are computed, constants as numbers. Weights in other
 * files have to be inside by now.
 *
 * @throws `ANC_ONNX` if the file is no valid model, or has several inputs or constants of types that are not numbers
 */
export const readOnnxGraph = (bytes: Uint8Array, shown: string): OnnxGraph =>
  plainGraph(decodeModel(bytes, shown), shown);

/** The same of a model that was decoded before. */
export function plainGraph(model: ModelProto, shown: string): OnnxGraph {
  checkStructure(model, shown);
  const graph = graphOf(model);
  const constants = new Map<string, OnnxConstant>();
  const literals = new Set<string>();
  for (const tensor of graph.initializer) constants.set(tensor.name ?? '', constantOf(tensor, shown));
  const nodes: OnnxNode[] = [];
  for (const node of graph.node) {
    const literal = node.opType === 'Constant' && !isForeign(node) ? literalOf(node, shown) : null;
    const [name = ''] = node.output ?? [];
    // Exporters write equal weights once and copy them: they become weights of their own again.
    const copied =
      node.opType === 'Identity' && !isForeign(node) ? constants.get(node.input?.[0] ?? '') : undefined;
    if (literal !== null) {
      constants.set(name, literal);
      literals.add(name);
    } else if (copied !== undefined) constants.set(name, copied);
    else nodes.push(plainNode(node, shown));
  }
  const inputs = graph.input.filter(({ name }) => !constants.has(name ?? ''));
  const [input] = inputs;
  if (input === undefined || inputs.length > 1) {
    throw onnxError(`${shown}: an image classifier has one input, this model has ${inputs.length}.`, {
      expected: 'one input, [N, C, H, W] or [N, H, W, C]',
      received: inputs.map(({ name }) => name ?? '').join(', ') || 'none',
    });
  }
  return {
    shown,
    opset: opsetOf(model),
    nodes: inOrder(nodes),
    constants,
    literals,
    input: { name: input.name ?? '', dims: dimsOf(input) ?? [] },
    outputs: graph.output.map(({ name }) => name ?? ''),
  };
}

const isForeign = ({ domain }: NodeProto): boolean => Boolean(domain) && domain !== 'ai.onnx';

const plainNode = (node: NodeProto, shown: string): OnnxNode => ({
  name: node.name ?? '',
  op: node.opType ?? '',
  domain: isForeign(node) ? node.domain! : '',
  inputs: node.input ?? [],
  outputs: node.output ?? [],
  attributes: Object.fromEntries(
    (node.attribute ?? []).flatMap((attribute) => {
      const value = attributeOf(attribute, shown);
      return value === null ? [] : [[attribute.name ?? '', value] as const];
    }),
  ),
});

const text = (bytes: Uint8Array | null | undefined): string =>
  new TextDecoder().decode(bytes ?? new Uint8Array());

/** An attribute's value; null for subgraphs and types. Files of before 2017 leave its type out. */
function attributeOf(attribute: AttributeProto, shown: string): OnnxAttribute | null {
  const { AttributeType } = onnx.AttributeProto;
  switch (attribute.type) {
    case AttributeType.FLOAT:
      return attribute.f ?? 0;
    case AttributeType.INT:
      return Number(attribute.i ?? 0);
    case AttributeType.STRING:
      return text(attribute.s);
    case AttributeType.FLOATS:
      return [...(attribute.floats ?? [])];
    case AttributeType.INTS:
      return (attribute.ints ?? []).map(Number);
    case AttributeType.STRINGS:
      return (attribute.strings ?? []).map(text);
    case AttributeType.TENSOR:
      return attribute.t ? constantOf(attribute.t, shown) : null;
    default:
      return null;
  }
}

/** The value of a `Constant` node; null for a sparse one or texts. */
function literalOf({ attribute }: NodeProto, shown: string): OnnxConstant | null {
  const [first] = attribute ?? [];
  const value = first === undefined ? null : attributeOf(first, shown);
  if (typeof value === 'object' && value !== null && 'dims' in value) return value;
  const type = first?.name?.startsWith('value_float') === true ? 'float' : 'integer';
  if (typeof value === 'number') return { type, dims: [], data: Float64Array.of(value) };
  if (!Array.isArray(value) || value.some((one) => typeof one !== 'number')) return null;
  return { type, dims: [value.length], data: Float64Array.from(value as number[]) };
}

/** Numbers of a tensor. Throws `ANC_ONNX` for texts and complex numbers, and where their count is not that of its sizes. */
function constantOf(tensor: TensorProto, shown: string): OnnxConstant {
  const dims = (tensor.dims ?? []).map(Number);
  const raw = tensor.rawData && tensor.rawData.length > 0 ? new Uint8Array(tensor.rawData) : null; // aligned
  const type = tensor.dataType ?? 0;
  const data = numbersOf(tensor, type, raw);
  if (data?.length === sizeOf(dims))
    return { type: data instanceof Float32Array ? 'float' : 'integer', dims, data };
  throw onnxError(`${shown}: the constant "${(tensor.name ?? '').slice(0, 80)}" cannot be read.`, {
    expected: `${sizeOf(dims)} numbers`,
    received: data === null ? `ONNX element type ${type}` : `${data.length}`,
    hint: 'check the file with onnx.checker, or export it again with its weights inside.',
  });
}

function numbersOf(
  { floatData, doubleData, int32Data, int64Data, uint64Data }: TensorProto,
  type: number,
  raw: Uint8Array<ArrayBuffer> | null,
): Float32Array | Float64Array | null {
  const whole = (numbers: ArrayLike<number | bigint>): Float64Array =>
    Float64Array.from(Array.from(numbers, Number));
  const integers = (): Float64Array => whole(int32Data ?? []);
  const buffer = raw?.buffer;
  if (buffer !== undefined && buffer.byteLength % (BYTES[type] ?? 1) !== 0) return null;
  switch (type) {
    case ELEMENT.float32:
      return buffer ? new Float32Array(buffer) : Float32Array.from(floatData ?? []);
    case ELEMENT.float64:
      return Float32Array.from(buffer ? new Float64Array(buffer) : (doubleData ?? []));
    case ELEMENT.float16:
      return Float32Array.from(buffer ? new Uint16Array(buffer) : (int32Data ?? []), fromFloat16);
    case BFLOAT16:
      return Float32Array.from(buffer ? new Uint16Array(buffer) : (int32Data ?? []), fromBfloat16);
    case ELEMENT.int64:
      return buffer ? whole(new BigInt64Array(buffer)) : whole((int64Data ?? []) as number[]);
    case UINT64:
      return buffer ? whole(new BigUint64Array(buffer)) : whole((uint64Data ?? []) as number[]);
    case ELEMENT.int32:
      return buffer ? whole(new Int32Array(buffer)) : integers();
    case UINT32:
      return buffer ? whole(new Uint32Array(buffer)) : whole((uint64Data ?? []) as number[]);
    case INT16:
      return buffer ? whole(new Int16Array(buffer)) : integers();
    case UINT16:
      return buffer ? whole(new Uint16Array(buffer)) : integers();
    case ELEMENT.int8:
      return buffer ? whole(new Int8Array(buffer)) : integers();
    case ELEMENT.uint8:
    case BOOL:
      return raw ? whole(raw) : integers();
    default:
      return null;
  }
}

const BYTES: Readonly<Record<number, number>> = {
  [ELEMENT.float32]: 4,
  [ELEMENT.float64]: 8,
  [ELEMENT.float16]: 2,
  [BFLOAT16]: 2,
  [ELEMENT.int64]: 8,
  [UINT64]: 8,
  [ELEMENT.int32]: 4,
  [UINT32]: 4,
  [INT16]: 2,
  [UINT16]: 2,
};

/** Nodes after those that compute their inputs; the file's order where it is one. */
function inOrder(nodes: readonly OnnxNode[]): OnnxNode[] {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const done = new Set<OnnxNode>();
  const sorted: OnnxNode[] = [];
  for (const start of nodes) {
    const open = [start];
    for (let node = open.at(-1); node !== undefined; node = open.at(-1)) {
      const next = node.inputs.map((name) => makers.get(name)).find((maker) => maker && !done.has(maker));
      if (next !== undefined && !done.has(node)) {
        open.push(next);
        continue;
      }
      if (!done.has(node)) sorted.push(node);
      done.add(node);
      open.pop();
    }
  }
  return sorted;
}
