import { AncError } from '@anc/core';
import {
  foreignFile,
  inMemory,
  isKeras,
  isSafetensors,
  isTorchCheckpoint,
  type ForeignFile,
} from '@anc/formats';
import onnxProto from 'onnx-proto';
import { excessOf } from './wire-limits.js';

export const { onnx } = onnxProto;

export type ModelProto = InstanceType<typeof onnx.ModelProto>;
type Graph = InstanceType<typeof onnx.GraphProto>;
export type NodeProto = Graph['node'][number];
export type TensorProto = Graph['initializer'][number];
export type ValueInfoProto = Graph['input'][number];

/** ONNX's numbers of the element types used here. */
export const ELEMENT = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  float16: 10,
  float64: 11,
} as const;

/** The error for a file that cannot be used as a classifier. */
export const onnxError = (what: string, detail: AncError['detail'] = {}): AncError =>
  new AncError('ANC_ONNX', what, detail);

/** Decodes a model. @throws `ANC_ONNX` if the bytes are none */
export function decodeModel(bytes: Uint8Array, shown: string): ModelProto {
  const foreign = foreignFile(inMemory(bytes)) ?? weightsIn(bytes);
  if (foreign !== null) {
    throw onnxError(`${shown}: not an ONNX model but ${foreign.what}.`, { hint: foreign.hint });
  }
  const excess = excessOf(bytes);
  if (excess !== null) {
    throw onnxError(`${shown}: the model ${excess}.`, {
      hint: 'the file is damaged, or made to fill the memory.',
    });
  }
  let model: ModelProto | null = null;
  try {
    model = onnx.ModelProto.decode(bytes);
  } catch (cause) {
    throw onnxError(`${shown}: not a readable ONNX model.`, {
      received: cause instanceof Error ? cause.message : String(cause),
      hint: 'the file is damaged, truncated or of another kind: export or download it again.',
      cause,
    });
  }
  if ((model.graph?.node?.length ?? 0) === 0) {
    throw onnxError(`${shown}: not a readable ONNX model.`, {
      expected: 'a graph with nodes',
      received: `${bytes.length} bytes without any`,
      hint: 'the file is empty or of another kind: export or download it again.',
    });
  }
  return model;
}

/** Weights without a graph, under the name of a model. */
function weightsIn(bytes: Uint8Array): ForeignFile | null {
  const source = inMemory(bytes);
  const what = isKeras(source)
    ? 'a file of Keras'
    : isTorchCheckpoint(source)
      ? 'a checkpoint of PyTorch'
      : isSafetensors(bytes)
        ? 'safetensors'
        : null;
  return what === null ? null : { what, hint: 'give it under its own name, or export the network as ONNX.' };
}

export const graphOf = ({ graph }: ModelProto): Graph => graph as Graph;

/** The version of the standard operators that a model uses. */
export const opsetOf = ({ opsetImport }: ModelProto): number =>
  Math.max(1, ...opsetImport.filter(({ domain }) => !domain).map(({ version }) => Number(version)));

/** Sizes of a value's axes, null for open ones; undefined if not even the rank is known. */
export function dimsOf({ type }: ValueInfoProto): (number | null)[] | undefined {
  return type?.tensorType?.shape?.dim?.map(({ dimValue, dimParam }) => {
    const size = Number(dimValue ?? 0);
    return dimParam || size <= 0 ? null : size;
  });
}

export const elementOf = ({ type }: ValueInfoProto): number => type?.tensorType?.elemType ?? 0;

/** The model's metadata properties. */
export const metadataOf = ({ metadataProps }: ModelProto): Record<string, string> =>
  Object.fromEntries(metadataProps.map(({ key, value }) => [key ?? '', value ?? '']));

/** The metadata properties of a file. @throws `ANC_ONNX` if it is damaged */
export const onnxMetadata = (bytes: Uint8Array, shown: string): Record<string, string> =>
  metadataOf(decodeModel(bytes, shown));

/** A node of a standard operator. Numbers and lists among the attributes are of integers. */
export function makeNode(
  op: string,
  input: readonly string[],
  output: string | readonly string[],
  attributes: Readonly<Record<string, number | readonly number[] | string>> = {},
): NodeProto {
  const { AttributeType } = onnx.AttributeProto;
  const outputs = typeof output === 'string' ? [output] : [...output];
  return onnx.NodeProto.create({
    opType: op,
    name: `${outputs[0]!}:${op}`,
    input: [...input],
    output: outputs,
    attribute: Object.entries(attributes).map(([name, value]) =>
      typeof value === 'number'
        ? { name, type: AttributeType.INT, i: value }
        : typeof value === 'string'
          ? { name, type: AttributeType.STRING, s: new TextEncoder().encode(value) }
          : { name, type: AttributeType.INTS, ints: [...value] },
    ),
  });
}

export function makeTensor(
  name: string,
  data: Float32Array | BigInt64Array | Int8Array | Int32Array | Uint8Array,
  dims: readonly number[] = [data.length],
): TensorProto {
  const dataType =
    data instanceof Float32Array
      ? ELEMENT.float32
      : data instanceof BigInt64Array
        ? ELEMENT.int64
        : data instanceof Int32Array
          ? ELEMENT.int32
          : data instanceof Int8Array
            ? ELEMENT.int8
            : ELEMENT.uint8;
  const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return onnx.TensorProto.create({ name, dataType, dims: [...dims], rawData });
}

export function makeValue(
  name: string,
  elemType: number,
  dims?: readonly (number | string)[],
): ValueInfoProto {
  const shape = dims && {
    dim: dims.map((size) => (typeof size === 'string' ? { dimParam: size } : { dimValue: size })),
  };
  return onnx.ValueInfoProto.create({ name, type: { tensorType: { elemType, ...(shape && { shape }) } } });
}

/** Encodes a model. Copies the result, which in Node is a Buffer, whose `slice` is a view. */
export const encodeModel = (model: ModelProto): Uint8Array =>
  new Uint8Array(onnx.ModelProto.encode(model).finish());
