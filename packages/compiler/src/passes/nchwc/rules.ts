import { allEqual, numbersIn } from '../../graph/attributes.js';
import { sameShape, type Graph } from '../../graph/graph.js';
import {
  constantNchwcFilterForImage,
  fromNchwc,
  NCHWC_DOMAIN,
  nchwcConv,
  nchwcFilter,
  nchwcFilterForImage,
  scaleChannels,
} from '../../graph/nchwc.js';
import { madeBy, type Attributes, type Node, type Value } from '../../graph/value.js';
import {
  isImage,
  isLastReader,
  isOnlyReader,
  isReorderInput,
  leadsToNchwc,
  operands,
  type NchwcContext,
  type NchwcRule,
} from './context.js';
import { reduction } from './reductions.js';

const unary: NchwcRule = (node, c) => {
  const blocked = c.blocked(c.current(node.inputs[0]!));
  if (blocked === null) return null;
  return fromNchwc(c.graph, c.graph.op(node.op, [blocked], 'float32', blocked.shape, node.attributes));
};

/** An NCHWc convolution without an activation. */
function openConvolution(blocked: Value | null): Node | null {
  const conv = blocked === null ? null : madeBy(blocked, 'Conv');
  return conv?.domain === NCHWC_DOMAIN && conv.attributes['activation'] === undefined ? conv : null;
}

/** A ReLU becomes the activation of the convolution before it. */
const relu: NchwcRule = (node, c) => {
  const x = node.inputs[0]!;
  const conv = openConvolution(c.blocked(c.current(x)));
  if (conv === null || !isOnlyReader(x, node, c)) return unary(node, c);
  const attributes = { ...conv.attributes, activation: 'Relu' };
  return fromNchwc(c.graph, nchwcConv(c.graph, conv.inputs, x.shape, attributes));
};

/** A value [C, 1, 1] or [1, C, 1, 1], as it broadcasts against images of C channels. */
function isPerChannel({ shape }: Value, channels: number): boolean {
  const at = shape.length - 3;
  return at >= 0 && shape.every((size, axis) => size === (axis === at ? channels : 1));
}

/** An image times, plus or minus a number per channel. */
function perChannel(node: Node, c: NchwcContext): Value | null {
  const [a, b] = node.inputs.map((input) => c.current(input!)) as [Value, Value];
  const [image, vector] = isPerChannel(b, a.shape[1]!) ? [a, b] : [b, a];
  const blocked = isImage(image, c) ? c.blocked(image) : null;
  if (blocked === null || !isPerChannel(vector, image.shape[1]!)) return null;
  if (node.op === 'Mul') return scaleChannels(c.graph, blocked, vector, null);
  if (node.op === 'Add') return scaleChannels(c.graph, blocked, null, vector);
  if (node.op !== 'Sub' || vector !== b) return null;
  return scaleChannels(c.graph, blocked, null, c.graph.op('Neg', [vector], 'float32', vector.shape));
}

const elementwise: NchwcRule = (node, c) => {
  const scaled = perChannel(node, c);
  if (scaled !== null) return fromNchwc(c.graph, scaled);
  const blocked = operands(node, c);
  if (blocked === null) return null;
  return fromNchwc(c.graph, c.graph.op(node.op, blocked, 'float32', node.outputs[0]!.shape));
};

/** The convolution plus something more. What is added to it already takes it, where that is a convolution too. */
function withSum(graph: Graph, conv: Node, other: Value): Value {
  const [x, filter, bias = null, sum = null] = conv.inputs as [Value, Value, Value?, Value?];
  const within = openConvolution(sum);
  const both = (sum: Value): Value =>
    within === null ? graph.op('Add', [sum, other], 'float32', sum.shape) : withSum(graph, within, other);
  const inputs = [x, filter, bias, sum === null ? other : both(sum)];
  return nchwcConv(graph, inputs, conv.outputs[0]!.shape, conv.attributes);
}

/**
 * A convolution adds to what is there, where nothing needs that afterwards: the runtime then writes in its place, and
 * copies it on one thread otherwise.
 */
const sum: NchwcRule = (node, c) => {
  const [a, b] = node.inputs as [Value, Value];
  const pairs =
    a === b
      ? []
      : ([
          [a, b],
          [b, a],
        ] as const);
  for (const [product, other] of pairs) {
    const conv = openConvolution(c.blocked(c.current(product)));
    const fits = sameShape(product.shape, other.shape) && isImage(other, c);
    if (conv === null || !fits || !isOnlyReader(product, node, c) || !isLastReader(other, node, c)) continue;
    return fromNchwc(c.graph, withSum(c.graph, conv, c.reorder(c.current(other))));
  }
  return elementwise(node, c);
};

const isPointwise = (attributes: Attributes): boolean =>
  allEqual(attributes, 'kernel_shape', 1) && allEqual(attributes, 'pads', 0);

/** The inputs of a convolution of the standard domain for the NCHWc one; null where that cannot take them. */
function nchwcInputs(node: Node, c: NchwcContext): (Value | null)[] | null {
  const [x, filter, bias = null] = node.inputs.map((input) => input && c.current(input)) as [
    Value,
    Value,
    Value?,
  ];
  const blocked = c.blocked(x);
  if (blocked !== null) {
    return isPointwise(node.attributes) ? [blocked, nchwcFilter(c.graph, c.block, filter), bias] : null;
  }
  // The NCHWc convolution takes images of few channels as they are.
  const narrow = x.shape[1]! < c.block && numbersIn(node.attributes, 'pads').every((n) => n < 2);
  if (!narrow || !leadsToNchwc(node.outputs[0]!, c)) return null;
  return [x, nchwcFilterForImage(c.graph, c.block, filter), bias];
}

/**
 * A convolution of a narrow image with constant filters, such as the one that lays out columns (graph/im2col.ts), in whole blocks of
 * filters: the surplus channels are left out again.
 */
function constantFilters(
  { inputs, outputs, attributes }: Node,
  { graph, block, current }: NchwcContext,
): Value | null {
  const [x, filter, bias = null] = inputs as [Value, Value, Value?];
  if (filter.source.kind !== 'constant' || bias !== null || attributes['group'] !== 1 || x.shape[1]! >= block)
    return null;
  const { shape } = outputs[0]!;
  const whole = [shape[0]!, Math.ceil(shape[1]! / block) * block, ...shape.slice(2)];
  const filters = constantNchwcFilterForImage(graph, block, filter);
  const product = nchwcConv(graph, [current(x), filters], whole, attributes);
  return fromNchwc(graph, product, shape[1]);
}

/** Convolutions for which reordering alone did not pay, and that need none here. */
const convolution: NchwcRule = (node, c) => {
  const { attributes, outputs, inputs, domain } = node;
  const [x, y] = [inputs[0]!, outputs[0]!];
  if (domain !== '') return null;
  if (!isImage(y, c)) return constantFilters(node, c);
  if (attributes['group'] === 1) {
    const taken = nchwcInputs(node, c);
    return taken && fromNchwc(c.graph, nchwcConv(c.graph, taken, y.shape, attributes));
  }
  // A scale and an offset for every channel, as batch normalization is written, of all pixels or at a stride.
  const blocked = c.blocked(c.current(x));
  const channels = x.shape[1]!;
  const scales = attributes['group'] === channels && y.shape[1] === channels && isPointwise(attributes);
  if (blocked === null || !scales) return null;
  const factors = inputs.slice(1).map((input) => c.current(input!));
  return fromNchwc(c.graph, nchwcConv(c.graph, [blocked, ...factors], y.shape, attributes));
};

const reorderInput: NchwcRule = (node, c) => {
  const x = c.current(node.inputs[0]!);
  return isReorderInput(node) && isImage(x, c) ? c.reorder(x) : null;
};

/** Rules by operator. */
export const nchwcRules: Readonly<Record<string, NchwcRule>> = {
  Relu: relu,
  HardSigmoid: unary,
  Sigmoid: unary,
  Tanh: unary,
  Neg: unary,
  Add: sum,
  Sub: elementwise,
  Mul: elementwise,
  Div: elementwise,
  Conv: convolution,
  ReorderInput: reorderInput,
  ReduceSum: reduction,
  ReduceMean: reduction,
};
