import { toFloat16 } from '@anc/formats';
import { Constants, dropUnread } from './constants.js';
import {
  decodeModel,
  ELEMENT,
  elementOf,
  encodeModel,
  graphOf,
  makeNode,
  onnx,
  onnxError,
  type NodeProto,
  type TensorProto,
} from './proto.js';

/** Inputs that are float32 whatever the others are, by operator. */
const SINGLE: Readonly<Record<string, readonly number[]>> = { Resize: [1, 2], Upsample: [1] };

/** Operators of models that are quantized already. */
const QUANTIZED = /^(Quantize|Dequantize|DynamicQuantize|QLinear)|Integer$/;

/**
 * A model that computes in half precision: weights and values between operators are float16, inputs and outputs stay
 * float32. Numbers beyond 65504 become the largest finite one.
 *
 * @throws `ANC_ONNX` if the model is quantized, or has operators with graphs of their own
 */
export function halfPrecision(bytes: Uint8Array): Uint8Array {
  const model = decodeModel(bytes, 'the model');
  const graph = graphOf(model);
  const strange = graph.node.find(
    ({ opType, attribute }) => QUANTIZED.test(opType ?? '') || attribute?.some(({ g }) => g),
  );
  if (strange !== undefined) {
    throw onnxError('this model cannot be converted to half precision.', {
      expected: 'a float32 model without conditions and loops',
      received: `an operator ${strange.opType ?? ''}`,
    });
  }
  const constants = new Constants(model);
  const half = new Map<string, string>();
  const nodes: NodeProto[] = [];
  for (const tensor of [...graph.initializer]) {
    const name = tensor.name ?? '';
    const found = constants.floats(name);
    if (found === null) continue;
    graph.initializer.push(halfTensor(halfName(name), found));
    half.set(name, halfName(name));
  }
  graph.input = graph.input.filter(({ name }) => constants.tensor(name ?? '') === undefined); // old files list weights, too
  for (const input of graph.input) {
    const name = input.name ?? '';
    if (elementOf(input) !== ELEMENT.float32) continue;
    nodes.push(makeNode('Cast', [name], halfName(name), { to: ELEMENT.float16 }));
    half.set(name, halfName(name));
  }
  for (const output of graph.output) {
    if (elementOf(output) === ELEMENT.float32) half.set(output.name ?? '', halfName(output.name ?? ''));
  }
  const outputs = new Set(graph.output.map(({ name }) => name ?? ''));
  for (const node of graph.node) {
    const single = SINGLE[node.opType ?? ''] ?? [];
    node.input = (node.input ?? []).map((name, at) => {
      if (!single.includes(at)) return half.get(name) ?? name;
      if (name === '' || constants.tensor(name) !== undefined) return name;
      const back = `${name}:single`;
      nodes.push(makeNode('Cast', [half.get(name) ?? name], back, { to: ELEMENT.float32 }));
      return back;
    });
    node.output = (node.output ?? []).map((name) => (outputs.has(name) ? (half.get(name) ?? name) : name));
    halveAttributes(node);
    nodes.push(node);
  }
  for (const output of graph.output) {
    const name = output.name ?? '';
    if (half.has(name)) nodes.push(makeNode('Cast', [half.get(name)!], name, { to: ELEMENT.float32 }));
  }
  graph.node = nodes;
  graph.valueInfo = []; // their types are others now
  dropUnread(model);
  return encodeModel(model);
}

/** What a model computes with: half precision where it has weights of it, 8 bits where it is quantized. */
export function onnxPrecision(bytes: Uint8Array): 'float32' | 'float16' | 'int8' {
  const { node, initializer } = graphOf(decodeModel(bytes, 'the model'));
  if (node.some(({ opType }) => QUANTIZED.test(opType ?? ''))) return 'int8';
  return initializer.some(({ dataType }) => dataType === ELEMENT.float16) ? 'float16' : 'float32';
}

const halfName = (name: string): string => `${name}:half`;

function halfTensor(
  name: string,
  { data, dims }: { readonly data: ArrayLike<number>; readonly dims: readonly number[] },
): TensorProto {
  const codes = Uint16Array.from(data, toFloat16);
  return onnx.TensorProto.create({
    name,
    dataType: ELEMENT.float16,
    dims: [...dims],
    rawData: new Uint8Array(codes.buffer),
  });
}

/** Types and constants among a node's attributes: what it casts to, and the numbers that it makes. */
function halveAttributes(node: NodeProto): void {
  for (const attribute of node.attribute ?? []) {
    if (attribute.name === 'to' && node.opType === 'Cast' && Number(attribute.i) === ELEMENT.float32) {
      attribute.i = ELEMENT.float16;
    }
    const { t } = attribute;
    if (t?.dataType !== ELEMENT.float32) continue;
    const raw = t.rawData;
    const data = raw && raw.length > 0 ? new Float32Array(new Uint8Array(raw).buffer) : (t.floatData ?? []);
    attribute.t = halfTensor(t.name ?? '', { data, dims: (t.dims ?? []).map(Number) });
  }
}
