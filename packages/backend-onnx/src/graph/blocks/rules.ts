import { sameShape, type Graph } from '../graph.js';
import { allAre, listOf } from '../rewrite.js';
import { madeBy, type Attributes, type Node, type Value } from '../value.js';
import {
  isImage,
  isWayIn,
  lastFor,
  leadsToBlocks,
  onlyFor,
  operands,
  type BlockRule,
  type InBlocks,
} from './in-blocks.js';
import {
  BLOCKS,
  blockedFilter,
  channelsScaled,
  convOverBlocks,
  filterFromImage,
  fromBlocks,
} from './operations.js';
import { reduction } from './reductions.js';

const unary: BlockRule = (node, c) => {
  const blocks = c.of(c.now(node.inputs[0]!));
  if (blocks === null) return null;
  return fromBlocks(c.graph, c.graph.op(node.op, [blocks], 'float32', blocks.shape, node.attributes));
};

/** A convolution over blocks that does nothing after its sum. */
function openConvolution(blocks: Value | null): Node | null {
  const conv = blocks === null ? null : madeBy(blocks, 'Conv');
  return conv?.domain === BLOCKS && conv.attributes['activation'] === undefined ? conv : null;
}

/** A ReLU is part of the convolution before it. */
const rectified: BlockRule = (node, c) => {
  const x = node.inputs[0]!;
  const conv = openConvolution(c.of(c.now(x)));
  if (conv === null || !onlyFor(x, node, c)) return unary(node, c);
  const attributes = { ...conv.attributes, activation: 'Relu' };
  return fromBlocks(c.graph, convOverBlocks(c.graph, conv.inputs, x.shape, attributes));
};

/** A value [C, 1, 1] or [1, C, 1, 1], as it broadcasts against images of C channels. */
function isPerChannel({ shape }: Value, channels: number): boolean {
  const at = shape.length - 3;
  return at >= 0 && shape.every((size, axis) => size === (axis === at ? channels : 1));
}

/** An image times, plus or minus a number per channel. */
function perChannel(node: Node, c: InBlocks): Value | null {
  const [a, b] = node.inputs.map((input) => c.now(input!)) as [Value, Value];
  const [image, vector] = isPerChannel(b, a.shape[1]!) ? [a, b] : [b, a];
  const blocks = isImage(image, c) ? c.of(image) : null;
  if (blocks === null || !isPerChannel(vector, image.shape[1]!)) return null;
  if (node.op === 'Mul') return channelsScaled(c.graph, blocks, vector, null);
  if (node.op === 'Add') return channelsScaled(c.graph, blocks, null, vector);
  if (node.op !== 'Sub' || vector !== b) return null;
  return channelsScaled(c.graph, blocks, null, c.graph.op('Neg', [vector], 'float32', vector.shape));
}

const elementwise: BlockRule = (node, c) => {
  const scaled = perChannel(node, c);
  if (scaled !== null) return fromBlocks(c.graph, scaled);
  const blocks = operands(node, c);
  if (blocks === null) return null;
  return fromBlocks(c.graph, c.graph.op(node.op, blocks, 'float32', node.outputs[0]!.shape));
};

/** The convolution plus something more. What is added to it already takes it, where that is a convolution too. */
function withSum(graph: Graph, conv: Node, other: Value): Value {
  const [x, weights, bias = null, sum = null] = conv.inputs as [Value, Value, Value?, Value?];
  const within = openConvolution(sum);
  const both = (sum: Value): Value =>
    within === null ? graph.op('Add', [sum, other], 'float32', sum.shape) : withSum(graph, within, other);
  const inputs = [x, weights, bias, sum === null ? other : both(sum)];
  return convOverBlocks(graph, inputs, conv.outputs[0]!.shape, conv.attributes);
}

/**
 * A convolution adds to what is there, where nothing needs that afterwards: the runtime then writes in its place, and
 * copies it on one thread otherwise.
 */
const sum: BlockRule = (node, c) => {
  const [a, b] = node.inputs as [Value, Value];
  const pairs =
    a === b
      ? []
      : ([
          [a, b],
          [b, a],
        ] as const);
  for (const [product, other] of pairs) {
    const conv = openConvolution(c.of(c.now(product)));
    const fits = sameShape(product.shape, other.shape) && isImage(other, c);
    if (conv === null || !fits || !onlyFor(product, node, c) || !lastFor(other, node, c)) continue;
    return fromBlocks(c.graph, withSum(c.graph, conv, c.to(c.now(other))));
  }
  return elementwise(node, c);
};

const isPointwise = (attributes: Attributes): boolean =>
  allAre(attributes, 'kernel_shape', 1) && allAre(attributes, 'pads', 0);

/** What a convolution of the standard domain reads in blocks: its inputs as they then are; null where it can not. */
function inputsInBlocks(node: Node, c: InBlocks): (Value | null)[] | null {
  const [x, weights, bias = null] = node.inputs.map((input) => input && c.now(input)) as [
    Value,
    Value,
    Value?,
  ];
  const blocks = c.of(x);
  if (blocks !== null) {
    return isPointwise(node.attributes) ? [blocks, blockedFilter(c.graph, c.block, weights), bias] : null;
  }
  // The blocked convolution takes images of few channels as they are.
  const narrow = x.shape[1]! < c.block && listOf(node.attributes, 'pads').every((n) => n < 2);
  if (!narrow || !leadsToBlocks(node.outputs[0]!, c)) return null;
  return [x, filterFromImage(c.graph, c.block, weights), bias];
}

/** Convolutions that were not worth the ways into blocks and back, and are where there are none. */
const convolution: BlockRule = (node, c) => {
  const { attributes, outputs, inputs, domain } = node;
  const [x, y] = [inputs[0]!, outputs[0]!];
  if (domain !== '' || !isImage(y, c)) return null;
  if (attributes['group'] === 1) {
    const taken = inputsInBlocks(node, c);
    return taken && fromBlocks(c.graph, convOverBlocks(c.graph, taken, y.shape, attributes));
  }
  // A scale and an offset for every channel, as batch normalisation is written.
  const blocks = c.of(c.now(x));
  const scales = attributes['group'] === x.shape[1] && isPointwise(attributes) && sameShape(x.shape, y.shape);
  if (blocks === null || !scales) return null;
  const [factors, offsets = null] = inputs.slice(1).map((input) => c.now(input!)) as [Value, Value?];
  return fromBlocks(c.graph, channelsScaled(c.graph, blocks, factors, offsets));
};

const wayIn: BlockRule = (node, c) => {
  const x = c.now(node.inputs[0]!);
  return isWayIn(node) && isImage(x, c) ? c.to(x) : null;
};

export const BLOCK_RULES: Readonly<Record<string, BlockRule>> = {
  Relu: rectified,
  HardSigmoid: unary,
  Sigmoid: unary,
  Tanh: unary,
  Neg: unary,
  Add: sum,
  Sub: elementwise,
  Mul: elementwise,
  Div: elementwise,
  Conv: convolution,
  ReorderInput: wayIn,
  ReduceSum: reduction,
  ReduceMean: reduction,
};
