import { Rng, sizeOf } from '@anc/core';
import {
  ELEMENT,
  encodeModel,
  makeNode,
  makeTensor,
  makeValue,
  onnx,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from '../src/onnx-model/proto.js';

/** Size of the images, and width of the features. */
export const SIZE = 6;
export const WIDTH = 5;

export interface BuiltGraph {
  /** After `flat`: the features [N, 5] of the trunk. */
  readonly nodes: readonly NodeProto[];
  readonly outputs: readonly (string | ValueInfoProto)[];
  readonly constants?: readonly TensorProto[];
  readonly opset?: number;
  /** null: open. */
  readonly batch?: number | null;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Nodes between the convolution `conv` and the ReLU `relu`, which reads `norm`. */
  readonly norm?: readonly NodeProto[];
  readonly domains?: readonly string[];
}

/** Weights that do not change between runs. */
export function weights(name: string, dims: readonly number[], scale = 1): TensorProto {
  const rng = Rng.fromSeed(3).split(name);
  return makeTensor(
    name,
    Float32Array.from({ length: sizeOf(dims) }, () => scale * rng.normal()),
    dims,
  );
}

/** A layer `output` of `width` numbers on the features, without a bias, and its weights. */
export const layer = (output: string, width: number, from = 'flat', depth = WIDTH) => ({
  node: makeNode('MatMul', [from, `${output}.weight`], output),
  constant: weights(`${output}.weight`, [depth, width]),
});

/** A float output without declared sizes. */
export const floats = (name: string, dims?: readonly (number | string)[]): ValueInfoProto =>
  makeValue(name, ELEMENT.float32, dims);

/** A model with a small trunk (1×1 convolution, ReLU, global average pool) and whatever comes after. */
export function buildModel({
  nodes,
  outputs,
  constants = [],
  opset = 17,
  batch = null,
  metadata = {},
  norm = [makeNode('Identity', ['conv'], 'norm')],
  domains = [],
}: BuiltGraph): Uint8Array {
  return encodeModel(
    onnx.ModelProto.create({
      irVersion: 8,
      opsetImport: [{ domain: '', version: opset }, ...domains.map((domain) => ({ domain, version: 1 }))],
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      graph: {
        name: 'classifier',
        node: [
          makeNode('Conv', ['image', 'conv.weight'], 'conv'),
          ...norm,
          makeNode('Relu', ['norm'], 'relu'),
          makeNode('GlobalAveragePool', ['relu'], 'pool'),
          makeNode('Flatten', ['pool'], 'flat'),
          ...nodes,
        ],
        initializer: [weights('conv.weight', [WIDTH, 3, 1, 1]), ...constants],
        input: [makeValue('image', ELEMENT.float32, [batch ?? 'N', 3, SIZE, SIZE])],
        output: outputs.map((output) => (typeof output === 'string' ? floats(output) : output)),
      },
    }),
  );
}
