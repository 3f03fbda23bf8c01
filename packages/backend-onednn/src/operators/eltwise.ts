import { sizeOf } from '@anc/core/worker';
import type { Builder } from '../build/builder.js';
import { constantOf } from '../build/constants.js';
import type { Tensor } from '../build/storage.js';
import { fraction, type FlatNode } from '../graph/flat-graph.js';
import { ARGUMENT, ELTWISE, FORWARD_INFERENCE } from '../library/constants.js';
import type { PostOperation } from '../library/onednn.js';
import type { Operator } from './operator.js';

type Eltwise = Extract<PostOperation, { kind: 'eltwise' }>;

const eltwise = (algorithm: number, alpha = 0, beta = 0): Eltwise => ({
  kind: 'eltwise',
  algorithm,
  alpha,
  beta,
});

/** Functions of one number, by operation. Those of the library that are less exact than host code are left to that. */
const FUNCTIONS: Readonly<Record<string, (node: FlatNode) => Eltwise>> = {
  Relu: () => eltwise(ELTWISE.relu),
  LeakyRelu: (node) => eltwise(ELTWISE.relu, fraction(node, 'alpha', 0.01)),
  Elu: (node) => eltwise(ELTWISE.elu, fraction(node, 'alpha', 1)),
  Tanh: () => eltwise(ELTWISE.tanh),
  Sigmoid: () => eltwise(ELTWISE.logistic),
  Abs: () => eltwise(ELTWISE.abs),
  Sqrt: () => eltwise(ELTWISE.sqrt),
  Exp: () => eltwise(ELTWISE.exp),
  Log: () => eltwise(ELTWISE.log),
  Neg: () => eltwise(ELTWISE.linear, -1),
  Reciprocal: () => eltwise(ELTWISE.pow, 1, -1),
  Softplus: () => eltwise(ELTWISE.softRelu, 1),
  HardSigmoid: (node) =>
    eltwise(ELTWISE.hardSigmoid, fraction(node, 'alpha', 0.2), fraction(node, 'beta', 0.5)),
};

/** The function of a node on floats; null where the library has none. */
export function functionOf(builder: Builder, node: FlatNode): Eltwise | null {
  const { type } = builder.graph.values[node.outputs[0]!]!;
  if (type !== 'float32') return null;
  if (node.op !== 'Clip') return Object.hasOwn(FUNCTIONS, node.op) ? FUNCTIONS[node.op]!(node) : null;
  const [, low, high] = node.inputs.map((input) => (input === null ? null : constantOf(builder, input)));
  return low && high ? eltwise(ELTWISE.clip, low.data[0], high.data[0]) : null;
}

export const elementwise: Operator = (builder, node) => {
  const after = functionOf(builder, node);
  if (after === null) return false;
  const [input] = node.inputs as [number];
  const x = builder.get(input);
  const y = builder.mayOverwrite(input) ? { ...x } : likeOf(builder, x);
  builder.steps.emit(
    'dnnl_eltwise_forward_primitive_desc_create',
    // the descriptors of source and result stand before alpha and beta
    [FORWARD_INFERENCE, after.algorithm, x.descriptor, y.descriptor, after.alpha, after.beta],
    [],
    () => [
      [ARGUMENT.source, x],
      [ARGUMENT.destination, y],
    ],
    [],
    2 * sizeOf(x.shape),
  );
  builder.set(node.outputs[0]!, y);
  builder.uses.finish(node);
  return true;
};

/** A new tensor with the type, shape and layout of another; without gaps where that is a view. */
export const likeOf = (builder: Builder, x: Tensor, from: readonly Tensor[] = [x]): Tensor =>
  x.strides === null
    ? builder.memory.fresh(x.type, x.shape, x.descriptor, from)
    : builder.memory.fresh(x.type, x.shape, denseStrides(x), from);

/** Strides with the same order of axes and no gaps. */
function denseStrides({ shape, strides }: Tensor): number[] {
  const of = strides ?? [];
  const axes = shape.map((_, axis) => axis).sort((a, b) => of[b]! - of[a]! || a - b);
  const dense = new Array<number>(shape.length).fill(1);
  let next = 1;
  for (const axis of axes.reverse()) {
    dense[axis] = next;
    next *= shape[axis]!;
  }
  return dense;
}
