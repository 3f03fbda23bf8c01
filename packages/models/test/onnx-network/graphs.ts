import { Rng, sizeOf } from '@anc/core';
import type { OnnxAttribute, OnnxConstant, OnnxGraph, OnnxNode } from '@anc/formats';

/** Numbers that do not change between runs. */
export function drawn(name: string, dims: readonly number[], scale = 1): OnnxConstant {
  const rng = Rng.fromSeed(5).split(name);
  return {
    type: 'float',
    dims,
    data: Float32Array.from({ length: sizeOf(dims) }, () => scale * rng.normal()),
  };
}

export const floats = (data: readonly number[], dims: readonly number[] = [data.length]): OnnxConstant => ({
  type: 'float',
  dims,
  data: Float32Array.from(data),
});

export const integers = (data: readonly number[], dims: readonly number[] = [data.length]): OnnxConstant => ({
  type: 'integer',
  dims,
  data: Float64Array.from(data),
});

/** A node `output = op(inputs)`; its name is its output's. */
export const node = (
  op: string,
  inputs: readonly string[],
  output: string | readonly string[],
  attributes: Readonly<Record<string, OnnxAttribute>> = {},
): OnnxNode => {
  const outputs = typeof output === 'string' ? [output] : output;
  return { name: outputs[0]!, op, domain: '', inputs, outputs, attributes };
};

export interface Written {
  readonly nodes: readonly OnnxNode[];
  readonly constants?: Readonly<Record<string, OnnxConstant>>;
  readonly literals?: readonly string[];
  readonly opset?: number;
  /** Sizes of the input; null for an open one. */
  readonly dims?: readonly (number | null)[];
  readonly outputs?: readonly string[];
}

/** A graph whose input is `image`, [N, 3, 6, 6] by default. */
export const graphWith = ({
  nodes,
  constants = {},
  literals = [],
  opset = 18,
  dims = [null, 3, 6, 6],
  outputs = [nodes.at(-1)!.outputs[0]!],
}: Written): OnnxGraph => ({
  shown: 'model.onnx',
  opset,
  nodes,
  constants: new Map(Object.entries(constants)),
  literals: new Set(literals),
  input: { name: 'image', dims },
  outputs,
});

/** A small classifier: convolution, batch norm, ReLU, average pool, dense layer of 4 classes. */
export const classifier = (changed: Partial<Written> = {}): OnnxGraph =>
  graphWith({
    nodes: [
      node('Conv', ['image', 'conv.weight'], 'conv', { pads: [1, 1, 1, 1] }),
      node('BatchNormalization', ['conv', 'bn.weight', 'bn.bias', 'bn.running_mean', 'bn.running_var'], 'bn'),
      node('Relu', ['bn'], 'relu'),
      node('GlobalAveragePool', ['relu'], 'pool'),
      node('Flatten', ['pool'], 'flat'),
      node('Gemm', ['flat', 'fc.weight', 'fc.bias'], 'logits', { transB: 1 }),
    ],
    constants: {
      'conv.weight': drawn('conv', [5, 3, 3, 3], 0.3),
      'bn.weight': floats([1, 0.5, 2, 1, 1]),
      'bn.bias': floats([0, 0.1, 0.2, 0, -0.1]),
      'bn.running_mean': floats([0.1, 0, 0, 0.2, 0]),
      'bn.running_var': floats([1, 2, 0.5, 1, 1]),
      'fc.weight': drawn('fc', [4, 5]),
      'fc.bias': drawn('fc.bias', [4]),
    },
    ...changed,
  });
