import { sizeOf } from '@anc/core';
import { Constants, dropUnread, integersOf, numberOf } from './constants.js';
import {
  decodeModel,
  encodeModel,
  graphOf,
  makeTensor,
  onnx,
  type ModelProto,
  type NodeProto,
} from './proto.js';

/**
 * Folds constants: weights are transposed as their operator takes them, and batch normalization becomes part of the
 * convolution before it. What is left is the work of one inference.
 */
export function foldConstants(bytes: Uint8Array): Uint8Array {
  const model = decodeModel(bytes, 'the model');
  foldTransposes(model);
  foldExpands(model);
  foldBatchNorms(model);
  dropUnread(model);
  return encodeModel(model);
}

function foldTransposes(model: ModelProto): void {
  const graph = graphOf(model);
  const constants = new Constants(model);
  const folded = new Set<NodeProto>();
  for (const node of graph.node) {
    const found = node.opType === 'Transpose' ? constants.floats(node.input?.[0]) : null;
    if (found === null) continue;
    const order = integersOf(node, 'perm') ?? found.dims.map((_, i) => found.dims.length - 1 - i);
    const { data, dims } = transposed(found.data, found.dims, order);
    graph.initializer.push(makeTensor(node.output![0]!, data, dims));
    folded.add(node);
  }
  graph.node = graph.node.filter((node) => !folded.has(node));
}

/** Expands of one number: how constants of equal numbers are exported. */
function foldExpands(model: ModelProto): void {
  const graph = graphOf(model);
  const constants = new Constants(model);
  const folded = new Set<NodeProto>();
  for (const node of graph.node) {
    const found = node.opType === 'Expand' ? constants.floats(node.input?.[0]) : null;
    const dims = constants.sizes(node.input?.[1]);
    if (found?.data.length !== 1 || dims === null) continue;
    const data = new Float32Array(sizeOf(dims)).fill(found.data[0]!);
    graph.initializer.push(makeTensor(node.output![0]!, data, dims));
    folded.add(node);
  }
  graph.node = graph.node.filter((node) => !folded.has(node));
}

function transposed(data: Float32Array, shape: readonly number[], order: readonly number[]) {
  const steps = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const dims = order.map((axis) => shape[axis]!);
  const own = order.map((axis) => steps[axis]!);
  const output = new Float32Array(data.length);
  const index = dims.map(() => 0);
  for (let i = 0, at = 0; i < output.length; i++) {
    output[i] = data[at]!;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      at += own[axis]!;
      if (++index[axis]! < dims[axis]!) break;
      at -= own[axis]! * dims[axis]!;
      index[axis] = 0;
    }
  }
  return { data: output, dims };
}

/** y = γ (Wx + b - μ) / √(σ² + ε) + β is a convolution with another W and b. */
function foldBatchNorms(model: ModelProto): void {
  const graph = graphOf(model);
  const constants = new Constants(model);
  const makers = new Map(graph.node.map((node) => [node.output![0]!, node]));
  const folded = new Set<NodeProto>();
  for (const norm of graph.node) {
    const conv = norm.opType === 'BatchNormalization' ? makers.get(norm.input![0]!) : undefined;
    if (conv?.opType !== 'Conv' || constants.readersOf(conv.output![0]!) !== 1) continue;
    const [gamma, beta, mean, variance] = norm.input!.slice(1).map((name) => constants.floats(name)?.data);
    const filter = constants.floats(conv.input?.[1]);
    const bias = conv.input?.[2] ? constants.floats(conv.input[2])?.data : null;
    if (!filter || bias === undefined || !gamma || !beta || !mean || !variance) continue;
    const epsilon = numberOf(norm, 'epsilon', 1e-5);
    const scale = gamma.map((g, c) => g / Math.sqrt(variance[c]! + epsilon));
    const each = filter.data.length / scale.length;
    const scaled = filter.data.map((w, i) => w * scale[Math.floor(i / each)]!);
    const shift = beta.map((b, c) => b + ((bias?.[c] ?? 0) - mean[c]!) * scale[c]!);
    const [name] = norm.output as [string];
    const own = { weights: `${name}:weights`, bias: `${name}:bias` };
    graph.initializer.push(makeTensor(own.weights, scaled, filter.dims), makeTensor(own.bias, shift));
    // In the norm's place and under its name, so that its readers read the convolution.
    Object.assign(
      norm,
      onnx.NodeProto.create({ ...conv, input: [conv.input![0]!, own.weights, own.bias], output: [name] }),
    );
    folded.add(conv);
  }
  graph.node = graph.node.filter((node) => !folded.has(node));
}
