import type { Builder } from '../build/builder.js';
import { unsupported } from '../build/unsupported.js';
import type { FlatNode } from '../graph/flat-graph.js';
import { binary, reduction, softmax } from './binary.js';
import { convolution, transposedConvolution } from './convolution.js';
import { elementwise } from './eltwise.js';
import {
  averagePoolInput,
  convolutionFilter,
  convolutionInput,
  maxPoolInput,
  maxPoolWithPlaces,
} from './gradients.js';
import { cast, concat, pad, reshape, slice, transpose } from './layout.js';
import { matmul } from './matmul.js';
import { batchNormalization } from './normalization.js';
import { onHost } from './on-host.js';
import type { Operator } from './operator.js';
import { averagePool, maxPool, planeMean } from './pooling.js';

/**
 * How each operation of the compiler's graphs is computed: by the first entry that can. Operations that are not listed, and
 * cases that none of their entries computes, are the host's.
 */
export const operators: Readonly<Record<string, readonly Operator[]>> = {
  Conv: [convolution],
  ConvTranspose: [transposedConvolution],
  BatchNormalization: [batchNormalization],
  MatMul: [matmul],
  Gemm: [matmul],
  FusedMatMul: [matmul],
  MaxPool: [maxPool, maxPoolWithPlaces],
  MaxPoolGradient: [maxPoolInput],
  AveragePoolGradient: [averagePoolInput],
  ConvInputGradient: [convolutionInput],
  ConvFilterGradient: [convolutionFilter],
  AveragePool: [averagePool],
  GlobalAveragePool: [planeMean],
  ReduceMean: [planeMean, reduction],
  ReduceSum: [reduction],
  ReduceMax: [reduction],
  ReduceMin: [reduction],
  Softmax: [softmax],
  LogSoftmax: [softmax],
  Transpose: [transpose],
  Reshape: [reshape],
  Slice: [slice],
  Concat: [concat],
  Pad: [pad],
  Cast: [cast],
  Add: [binary],
  Sub: [binary],
  Mul: [binary],
  Div: [binary],
  Max: [binary],
  Min: [binary],
  Relu: [elementwise],
  LeakyRelu: [elementwise],
  Elu: [elementwise],
  Tanh: [elementwise],
  Sigmoid: [elementwise],
  Abs: [elementwise],
  Sqrt: [elementwise],
  Exp: [elementwise],
  Log: [elementwise],
  Neg: [elementwise],
  Reciprocal: [elementwise],
  Softplus: [elementwise],
  HardSigmoid: [elementwise],
  Clip: [elementwise],
};

/** @throws `ANC_COMPILE_UNSUPPORTED` for an operation that neither the library nor the host computes */
export function buildNode(builder: Builder, node: FlatNode): void {
  const isEmpty = [...node.inputs, ...node.outputs].some(
    (value) => value !== null && builder.graph.values[value]!.shape.includes(0),
  );
  const entries = isEmpty ? [onHost] : [...(operators[node.op] ?? []), onHost];
  if (!entries.some((operator) => operator(builder, node)))
    throw unsupported(node.op, 'there is no code for this case');
}
