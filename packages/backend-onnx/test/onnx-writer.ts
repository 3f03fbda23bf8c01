import { Rng } from '@anc/core';
import {
  ELEMENT,
  encodeModel,
  makeNode,
  makeTensor,
  makeValue,
  onnx,
  type NodeProto,
  type TensorProto,
} from '../src/onnx-model/proto.js';

export interface WrittenClassifier {
  readonly layout?: 'nchw' | 'nhwc';
  /** null: open. */
  readonly batch?: number | null;
  /** Whether height and width are open, too. */
  readonly open?: boolean;
  readonly element?: number;
  readonly size?: number;
  readonly channels?: number;
  readonly classes?: number;
  readonly ending?: 'none' | 'softmax' | 'log-softmax' | 'split-softmax';
  /** The last layer: a matrix product with a bias, `Gemm`, a 1×1 convolution, or nothing with weights; `map`: not even a pool. */
  readonly head?: 'matmul' | 'gemm' | 'conv' | 'pool' | 'map';
  readonly metadata?: Readonly<Record<string, string>>;
  readonly opset?: number;
  readonly inputs?: number;
  readonly rank?: number;
}

const WIDTH = 5;

/** The classifier's weights, from which a test computes the expected outputs. */
export function weightsOf({ channels = 3, classes = 4 }: WrittenClassifier) {
  const rng = Rng.fromSeed(5);
  const draw = (n: number): Float32Array => Float32Array.from({ length: n }, () => rng.normal());
  return { conv: draw(WIDTH * channels), matrix: draw(WIDTH * classes), bias: draw(classes) };
}

/** A small classifier as other programs export it: 1×1 convolution, ReLU, global average pool, last layer. */
export function classifierFile(options: WrittenClassifier = {}): Uint8Array {
  const {
    layout = 'nchw',
    batch = null,
    element = ELEMENT.float32,
    size = 6,
    channels = 3,
    classes = 4,
  } = options;
  const {
    ending = 'none',
    head = 'gemm',
    metadata = {},
    opset = 13,
    inputs = 1,
    rank = 4,
    open = false,
  } = options;
  const { conv, matrix, bias } = weightsOf(options);
  const constants: TensorProto[] = [makeTensor('conv.weight', conv, [WIDTH, channels, 1, 1])];
  const nodes: NodeProto[] = [];
  const side = open ? 'side' : size;
  const dims = layout === 'nchw' ? [channels, side, side] : [side, side, channels];
  if (element !== ELEMENT.float32)
    nodes.push(makeNode('Cast', ['image'], 'as-float', { to: ELEMENT.float32 }));
  const first = element === ELEMENT.float32 ? 'image' : 'as-float';
  if (layout === 'nhwc') nodes.push(makeNode('Transpose', [first], 'turned', { perm: [0, 3, 1, 2] }));
  nodes.push(
    makeNode('Conv', [layout === 'nhwc' ? 'turned' : first, 'conv.weight'], 'conv'),
    makeNode('Relu', ['conv'], 'relu'),
    makeNode('GlobalAveragePool', ['relu'], 'pool'),
  );
  if (head === 'conv') {
    // [classes, WIDTH, 1, 1] from the matrix [WIDTH, classes]
    const turned = Float32Array.from(
      { length: matrix.length },
      (_, i) => matrix[(i % WIDTH) * classes + Math.floor(i / WIDTH)]!,
    );
    constants.push(makeTensor('fc.weight', turned, [classes, WIDTH, 1, 1]), makeTensor('fc.bias', bias));
    nodes.push(
      makeNode('Conv', ['pool', 'fc.weight', 'fc.bias'], 'scores4'),
      makeNode('Flatten', ['scores4'], 'scores'),
    );
  } else if (head === 'pool') nodes.push(makeNode('Flatten', ['pool'], 'scores'));
  else if (head === 'map') nodes.push(makeNode('Identity', ['relu'], 'scores'));
  else {
    constants.push(makeTensor('fc.weight', matrix, [WIDTH, classes]), makeTensor('fc.bias', bias));
    nodes.push(makeNode('Flatten', ['pool'], 'flat'));
    if (head === 'gemm') nodes.push(makeNode('Gemm', ['flat', 'fc.weight', 'fc.bias'], 'scores'));
    else
      nodes.push(
        makeNode('MatMul', ['flat', 'fc.weight'], 'product'),
        makeNode('Add', ['fc.bias', 'product'], 'scores'),
      );
  }
  let output = 'scores';
  if (ending === 'softmax' || ending === 'log-softmax') {
    nodes.push(makeNode(ending === 'softmax' ? 'Softmax' : 'LogSoftmax', ['scores'], 'output', { axis: 1 }));
    output = 'output';
  } else if (ending === 'split-softmax') {
    nodes.push(
      makeNode('Exp', ['scores'], 'exp'),
      makeNode('ReduceSum', ['exp', 'axes'], 'sum', { keepdims: 1 }),
      makeNode('Div', ['exp', 'sum'], 'output'),
    );
    constants.push(makeTensor('axes', BigInt64Array.of(1n)));
    output = 'output';
  }
  const others = Array.from({ length: inputs - 1 }, (_, i) => makeValue(`other${i}`, ELEMENT.float32, [1]));
  const model = onnx.ModelProto.create({
    irVersion: 8,
    opsetImport: [{ domain: '', version: opset }],
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name: 'classifier',
      node: nodes,
      initializer: constants,
      input: [makeValue('image', element, [batch ?? 'N', ...dims].slice(0, rank)), ...others],
      output: [makeValue(output, ELEMENT.float32, [batch ?? 'N', ...outputDims(options)])],
    },
  });
  return encodeModel(model);
}

function outputDims({ head, classes = 4, size = 6 }: WrittenClassifier): number[] {
  if (head === 'map') return [WIDTH, size, size];
  return [head === 'pool' ? WIDTH : classes];
}

/** The classifier's expected outputs for images of bytes. `prepare` is its preprocessing. */
export function expected(
  options: WrittenClassifier,
  images: ArrayLike<number>,
  prepare: (value: number, channel: number) => number,
): { logits: number[][]; features: number[][] } {
  const { size = 6, channels = 3, classes = 4 } = options;
  const { conv, matrix, bias } = weightsOf(options);
  const pixels = size * size;
  const rows = Array.from({ length: images.length / (pixels * channels) }, (_, n) => {
    const features = Array.from({ length: WIDTH }, (_, w) => {
      let sum = 0;
      for (let p = 0; p < pixels; p++) {
        let value = 0;
        for (let c = 0; c < channels; c++) {
          value += conv[w * channels + c]! * prepare(images[(n * pixels + p) * channels + c]!, c);
        }
        sum += Math.max(0, value);
      }
      return sum / pixels;
    });
    const logits = Array.from(
      { length: classes },
      (_, k) => features.reduce((sum, f, w) => sum + f * matrix[w * classes + k]!, 0) + bias[k]!,
    );
    return { features, logits };
  });
  return { logits: rows.map(({ logits }) => logits), features: rows.map(({ features }) => features) };
}
