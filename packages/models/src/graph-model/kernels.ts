import * as tf from '@tensorflow/tfjs-core';
import { unsupported, type Kernel, type MultipleKernel } from './kernel.js';
import {
  bool,
  float,
  int,
  integer,
  integers,
  node,
  openSizes,
  scalar,
  text,
  type,
  type Recorded,
} from './node.js';
import { convolution, pad, pooling } from './window-kernels.js';

/** Kernels with the same name in tfjs and TensorFlow. */
const UNARY: readonly string[] = [
  ...[
    'Relu',
    'Relu6',
    'Elu',
    'Selu',
    'Sigmoid',
    'Tanh',
    'Softplus',
    'Exp',
    'Expm1',
    'Log',
    'Log1p',
    'Sqrt',
    'Rsqrt',
  ],
  ...[
    'Square',
    'Abs',
    'Neg',
    'Erf',
    'Sign',
    'Floor',
    'Ceil',
    'Round',
    'Reciprocal',
    'Sin',
    'Cos',
    'Identity',
  ],
];
/** TensorFlow's names of kernels that tfjs calls differently. */
const BINARY: Readonly<Record<string, string>> = {
  Add: 'AddV2',
  Sub: 'Sub',
  Multiply: 'Mul',
  RealDiv: 'RealDiv',
  Maximum: 'Maximum',
  Minimum: 'Minimum',
  Pow: 'Pow',
  SquaredDifference: 'SquaredDifference',
};
const COMPARISONS = [
  'Equal',
  'NotEqual',
  'Greater',
  'GreaterEqual',
  'Less',
  'LessEqual',
  'LogicalAnd',
  'LogicalOr',
];
const REDUCTIONS = ['Mean', 'Sum', 'Max', 'Min', 'Prod'];

const broadcast = (...shapes: (readonly number[])[]): number[] =>
  shapes.reduce<number[]>((a, b) => tf.broadcast_util.assertAndGetBroadcastShape(a, [...b]), []);

const unary =
  (op: string): Kernel =>
  ({ x }) =>
    node(op, [x!], x!.shape);

const binary =
  (op: string, dtype?: tf.DataType): Kernel =>
  ({ a, b }) =>
    node(op, [a!, b!], broadcast(a!.shape, b!.shape), {}, dtype === undefined ? {} : { dtype });

const reduction =
  (op: string): Kernel =>
  ({ x }, { axis, reductionIndices, keepDims = false }) => {
    const axes = tf.util.parseAxisParam((axis ?? reductionIndices ?? null) as number | number[], [
      ...x!.shape,
    ]);
    const kept = x!.shape.map((size, at) => (axes.includes(at) ? 1 : size));
    const shape = keepDims === true ? kept : kept.filter((_, at) => !axes.includes(at));
    return node(op, [x!, integers(axes)], shape, { keep_dims: bool(keepDims === true), Tidx: type('int32') });
  };

const reshape = (x: Recorded, shape: readonly number[]): Recorded =>
  node('Reshape', [x, integers(openSizes(shape))], shape, { Tshape: type('int32') });

/** -1 stands for a whole axis, so that the batch stays open. */
function slice(x: Recorded, from: readonly number[], size: readonly number[]): Recorded {
  const shape = size.map((length, axis) => (length < 0 ? x.shape[axis]! - from[axis]! : length));
  const sizes = shape.map((length, axis) => (from[axis] === 0 && length === x.shape[axis] ? -1 : length));
  return node('Slice', [x, integers(from), integers(sizes)], shape, { Index: type('int32') });
}

/** The TensorFlow operation of each kernel, by tfjs's name. */
export const kernels: Readonly<Record<string, Kernel>> = {
  ...Object.fromEntries(UNARY.map((op) => [op, unary(op)])),
  ...Object.fromEntries(Object.entries(BINARY).map(([name, op]) => [name, binary(op)])),
  ...Object.fromEntries(COMPARISONS.map((op) => [op, binary(op, 'bool')])),
  ...Object.fromEntries(REDUCTIONS.map((op) => [op, reduction(op)])),
  LogicalNot: ({ x }) => node('LogicalNot', [x!], x!.shape),
  LeakyRelu: ({ x }, { alpha }) => node('LeakyRelu', [x!], x!.shape, { alpha: float(alpha as number) }),
  Prelu: ({ x, alpha }) => node('Prelu', [x!, alpha!], x!.shape),
  ClipByValue: ({ x }, { clipValueMin, clipValueMax }) =>
    node('ClipByValue', [x!, scalar(clipValueMin as number), scalar(clipValueMax as number)], x!.shape),
  Softmax: ({ logits }, { dim = -1 }) => {
    const last = logits!.shape.length - 1;
    if (dim !== -1 && dim !== last) throw unsupported('Softmax', 'over an axis that is not the last');
    return node('Softmax', [logits!], logits!.shape);
  },
  Select: ({ condition, t, e }) =>
    node(
      'SelectV2',
      [condition!, t!, e!],
      broadcast(condition!.shape, t!.shape, e!.shape),
      {},
      { dtype: t!.dtype },
    ),
  Cast: ({ x }, { dtype }) => {
    const to = dtype as tf.DataType;
    return node('Cast', [x!], x!.shape, { SrcT: type(x!.dtype), DstT: type(to) }, { dtype: to });
  },
  Conv2D: convolution('Conv2D', false),
  DepthwiseConv2dNative: convolution('DepthwiseConv2dNative', true),
  MaxPool: pooling('MaxPool'),
  AvgPool: pooling('AvgPool'),
  FusedBatchNorm: ({ x, scale, offset, mean, variance }, { varianceEpsilon }) => {
    const filled = (given: Recorded | undefined, value: number): Recorded =>
      given ?? node('Fill', [integers(mean!.shape), scalar(value)], mean!.shape, {}, { dtype: 'float32' });
    return node('FusedBatchNormV3', [x!, filled(scale, 1), filled(offset, 0), mean!, variance!], x!.shape, {
      U: type('float32'),
      epsilon: float(varianceEpsilon as number),
      data_format: text('NHWC'),
      is_training: bool(false),
    });
  },
  BatchMatMul: ({ a, b }, { transposeA, transposeB }) => {
    const [left, right] = [transposeA === true, transposeB === true];
    const rows = a!.shape.at(left ? -1 : -2)!;
    const columns = b!.shape.at(right ? -2 : -1)!;
    const shape = [...broadcast(a!.shape.slice(0, -2), b!.shape.slice(0, -2)), rows, columns];
    return shape.length === 2
      ? node('MatMul', [a!, b!], shape, { transpose_a: bool(left), transpose_b: bool(right) })
      : node('BatchMatMulV2', [a!, b!], shape, { adj_x: bool(left), adj_y: bool(right) });
  },
  Reshape: ({ x }, { shape }) =>
    reshape(
      x!,
      tf.util.inferFromImplicitShape([...(shape as number[])], tf.util.sizeFromShape([...x!.shape])),
    ),
  ExpandDims: ({ input }, { dim }) => {
    const at = (dim as number) < 0 ? input!.shape.length + 1 + (dim as number) : (dim as number);
    return reshape(input!, input!.shape.toSpliced(at, 0, 1));
  },
  Transpose: ({ x }, { perm }) => {
    const order = perm as number[];
    return node(
      'Transpose',
      [x!, integers(order)],
      order.map((axis) => x!.shape[axis]!),
      { Tperm: type('int32') },
    );
  },
  PadV2: pad,
  Concat: (inputs, { axis }) => {
    const all = Object.values(inputs);
    const [at] = tf.util.parseAxisParam(axis as number, [...all[0]!.shape]) as [number];
    const total = all.reduce((sum, { shape }) => sum + shape[at]!, 0);
    return node('ConcatV2', [...all, integer(at)], all[0]!.shape.with(at, total), {
      N: int(all.length),
      Tidx: type('int32'),
    });
  },
  Slice: ({ x }, { begin, size }) => slice(x!, begin as number[], size as number[]),
  GatherV2: ({ x, indices }, { axis, batchDims }) => {
    if ((batchDims ?? 0) !== 0) throw unsupported('GatherV2', 'with batchDims');
    const [at] = tf.util.parseAxisParam((axis ?? 0) as number, [...x!.shape]) as [number];
    const shape = [...x!.shape.slice(0, at), ...indices!.shape, ...x!.shape.slice(at + 1)];
    const types = { Tparams: type(x!.dtype), Tindices: type('int32'), Taxis: type('int32') };
    return node('GatherV2', [x!, indices!, integer(at)], shape, types);
  },
  MirrorPad: ({ x }, { paddings, mode }) => {
    const around = paddings as [number, number][];
    const shape = x!.shape.map((size, axis) => size + around[axis]![0] + around[axis]![1]);
    const amounts = { ...integers(around.flat()), shape: [around.length, 2] };
    return node('MirrorPad', [x!, amounts], shape, {
      Tpaddings: type('int32'),
      mode: text((mode as string).toUpperCase()),
    });
  },
  LogSoftmax: ({ logits }) => node('LogSoftmax', [logits!], logits!.shape),
  ResizeNearestNeighbor: ({ images }, { size, alignCorners, halfPixelCenters }) => {
    const [height, width] = size as [number, number];
    const [count, , , channels] = images!.shape as [number, number, number, number];
    return node(
      'ResizeNearestNeighbor',
      [images!, integers([height, width])],
      [count, height, width, channels],
      {
        align_corners: bool(alignCorners === true),
        half_pixel_centers: bool(halfPixelCenters === true),
      },
    );
  },
  Tile: ({ x }, { reps }) => {
    const times = reps as number[];
    const shape = x!.shape.map((size, axis) => size * times[axis]!);
    return node('Tile', [x!, integers(times)], shape, { Tmultiples: type('int32') });
  },
  ResizeBilinear: ({ images }, { size, alignCorners, halfPixelCenters }) => {
    const [height, width] = size as [number, number];
    const [count, , , channels] = images!.shape as [number, number, number, number];
    return node('ResizeBilinear', [images!, integers([height, width])], [count, height, width, channels], {
      align_corners: bool(alignCorners === true),
      half_pixel_centers: bool(halfPixelCenters === true),
    });
  },
};

/** Kernels with several outputs: a split is a slice per part. */
export const multipleKernels: Readonly<Record<string, MultipleKernel>> = {
  SplitV: ({ x }, { numOrSizeSplits, axis }) => {
    const [at] = tf.util.parseAxisParam((axis ?? 0) as number, [...x!.shape]) as [number];
    const given = numOrSizeSplits as number | number[];
    const length = x!.shape[at]!;
    const sizes = typeof given === 'number' ? Array.from({ length: given }, () => length / given) : given;
    return sizes.map((size, i) =>
      slice(
        x!,
        x!.shape.map((_, one) => (one === at ? sizes.slice(0, i).reduce((sum, each) => sum + each, 0) : 0)),
        x!.shape.with(at, size),
      ),
    );
  },
};
