import type { OnnxConstant, OnnxGraph, OnnxNode } from '@anc/formats';
import { expect, it } from 'vitest';
import { torchTensors } from './onnx-weights.js';

const constant = (...dims: number[]): OnnxConstant => ({
  type: 'float',
  dims,
  data: Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => i),
});
const node = (op: string, inputs: readonly string[], attributes: OnnxNode['attributes'] = {}): OnnxNode => ({
  ...{ name: '', op, domain: '', inputs, outputs: [`${op} of ${inputs[0]!}`], attributes },
});

it('takes weights under the names of PyTorch, and matrices only as PyTorch has them', () => {
  const graph: OnnxGraph = {
    shown: 'net.onnx',
    opset: 17,
    nodes: [
      node('Conv', ['x', 'conv1.weight']),
      node('Gemm', ['y', 'fc.weight', 'fc.bias'], { transB: 1 }),
      node('Gemm', ['z', 'head.weight'], { transB: 0 }),
      node('MatMul', ['z', 'mix.weight']),
      node('Conv', ['z', 'onnx::Conv_193']),
    ],
    constants: new Map([
      ['conv1.weight', constant(4, 3, 3, 3)],
      ['bn1.running_mean', constant(4)],
      ['fc.weight', constant(2, 2)],
      ['fc.bias', constant(2)],
      ['head.weight', constant(2, 2)], // [in, out]: as square as [out, in]
      ['mix.weight', constant(2, 2)],
      ['onnx::Conv_193', constant(4, 3, 3, 3)],
      ['scale.weight', { ...constant(3), type: 'integer' }],
    ]),
    literals: new Set(),
    input: { name: 'x', dims: [null, 3, 8, 8] },
    outputs: ['logits'],
  };
  expect(Object.keys(torchTensors(graph))).toEqual([
    'conv1.weight',
    'bn1.running_mean',
    'fc.weight',
    'fc.bias',
  ]);
});
