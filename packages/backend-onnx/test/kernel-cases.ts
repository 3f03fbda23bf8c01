import { Rng, sizeOf, type HostTensor } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** One operation (or gradient) on random inputs: compared with tfjs's cpu backend. */
export interface Case {
  readonly name: string;
  readonly inputs: readonly HostTensor[];
  readonly f: (...x: Tensor[]) => Tensor;
  /** Another case with the same result: the expected values are computed once for both. */
  readonly like?: Case;
}

const rng = Rng.fromSeed(17);
type Kind = 'normal' | 'positive' | 'small' | 'coarse' | 'integers' | 'negative';

const DRAW: Readonly<Record<Kind, () => number>> = {
  normal: () => rng.normal(),
  positive: () => 0.1 + rng.uniform(),
  negative: () => -rng.uniform(),
  small: () => 1.8 * rng.uniform() - 0.9,
  coarse: () => rng.int(3) - 1, // many ties
  integers: () => rng.int(5),
};

export function random(shape: readonly number[], kind: Kind = 'normal'): HostTensor {
  const values = Array.from({ length: sizeOf(shape) }, () => DRAW[kind]());
  return { shape, data: kind === 'integers' ? Int32Array.from(values) : Float32Array.from(values) };
}

const one = (
  name: string,
  f: (x: Tensor) => Tensor,
  shape: readonly number[] = [2, 3, 4, 2],
  kind?: Kind,
): Case => ({
  name,
  inputs: [random(shape, kind)],
  f: f,
});
const two = (
  name: string,
  f: (a: Tensor, b: Tensor) => Tensor,
  a = [2, 3, 4, 2],
  b: readonly number[] = a,
  kind?: Kind,
): Case => ({
  name,
  inputs: [random(a, kind), random(b, kind)],
  f: f,
});

/** The gradient of sum(f(x) · c) in x, c growing from element to element so that no error cancels. */
export const gradientOf =
  (f: (x: Tensor) => Tensor) =>
  (x: Tensor): Tensor =>
    tf.grad((y) => {
      const out = f(y);
      const weights = tf.reshape(tf.add(tf.mul(tf.range(0, out.size), 0.01), 0.5), out.shape);
      return tf.sum(tf.mul(out, weights));
    })(x);

const unary: Readonly<Record<string, [(x: Tensor) => Tensor, Kind?]>> = {
  abs: [tf.abs],
  acos: [tf.acos, 'small'],
  asin: [tf.asin, 'small'],
  asinh: [tf.asinh],
  atan: [tf.atan],
  atanh: [tf.atanh, 'small'],
  ceil: [tf.ceil],
  cos: [tf.cos],
  cosh: [tf.cosh],
  elu: [tf.elu],
  erf: [tf.erf],
  exp: [tf.exp],
  expm1: [tf.expm1],
  floor: [tf.floor],
  log: [tf.log, 'positive'],
  log1p: [tf.log1p, 'positive'],
  neg: [tf.neg],
  reciprocal: [tf.reciprocal, 'positive'],
  relu: [tf.relu],
  relu6: [(x) => tf.relu6(tf.mul(x, 6))],
  leakyRelu: [(x) => tf.leakyRelu(x, 0.1)],
  round: [(x) => tf.round(tf.mul(x, 2))],
  rsqrt: [tf.rsqrt, 'positive'],
  selu: [tf.selu],
  sigmoid: [tf.sigmoid],
  sign: [tf.sign],
  sin: [tf.sin],
  sinh: [tf.sinh],
  softplus: [tf.softplus],
  sqrt: [tf.sqrt, 'positive'],
  square: [tf.square],
  step: [tf.step],
  stepWithSlope: [(x) => tf.step(x, 0.3)],
  tan: [tf.tan, 'small'],
  tanh: [tf.tanh],
  clip: [(x) => tf.clipByValue(x, -0.5, 0.7)],
  softmax: [(x) => tf.softmax(x)],
  logSoftmax: [(x) => tf.logSoftmax(x)],
  isNaN: [(x) => tf.isNaN(tf.log(x))],
  isFinite: [(x) => tf.isFinite(tf.log(tf.relu(x)))],
  logicalNot: [(x) => tf.logicalNot(tf.greater(x, 0))],
};
const smooth = [
  'abs',
  'atan',
  'elu',
  'erf',
  'exp',
  'log',
  'relu',
  'relu6',
  'leakyRelu',
  'rsqrt',
  'selu',
  'sigmoid',
  'softplus',
  'sqrt',
  'square',
  'tanh',
  'clip',
  'softmax',
  'logSoftmax',
];

const binary: Readonly<Record<string, (a: Tensor, b: Tensor) => Tensor>> = {
  add: tf.add,
  sub: tf.sub,
  mul: tf.mul,
  div: tf.div,
  maximum: tf.maximum,
  minimum: tf.minimum,
  squaredDifference: tf.squaredDifference,
  floorDiv: tf.floorDiv,
  mod: tf.mod,
  equal: tf.equal,
  notEqual: tf.notEqual,
  greater: tf.greater,
  greaterEqual: tf.greaterEqual,
  less: tf.less,
  lessEqual: tf.lessEqual,
  logicalAnd: (a, b) => tf.logicalAnd(tf.greater(a, 0), tf.greater(b, 0)),
  logicalOr: (a, b) => tf.logicalOr(tf.greater(a, 0), tf.greater(b, 0)),
  logicalXor: (a, b) => tf.logicalXor(tf.greater(a, 0), tf.greater(b, 0)),
  prelu: (a, b) => tf.prelu(a, tf.abs(b)),
  where: (a, b) => tf.where(tf.greater(a, b), a, b),
};

const reductions: Readonly<Record<string, (x: Tensor, axis?: number | number[], keep?: boolean) => Tensor>> =
  {
    sum: tf.sum,
    mean: tf.mean,
    max: tf.max,
    min: tf.min,
    prod: tf.prod,
  };

/** Puts a tensor into [B, C, H, W] in memory, so that an operation gets another layout. */
const planar = (x: Tensor): Tensor => tf.maxPool(x as tf.Tensor4D, 1, 1, 'valid');

const channels = [2];
export const elementwiseCases: readonly Case[] = [
  ...Object.entries(unary).map(([name, [f, kind]]) => one(name, f, undefined, kind)),
  ...smooth.map((name) =>
    one(`gradient of ${name}`, gradientOf(unary[name]![0]), undefined, unary[name]![1]),
  ),
  ...Object.entries(binary).flatMap(([name, f]) => [
    two(name, f, undefined, undefined, 'coarse').name === 'div' || name === 'mod' || name === 'floorDiv'
      ? two(name, f, undefined, undefined, 'positive')
      : two(name, f, undefined, undefined, 'coarse'),
    two(`${name}, per channel in [B, C, H, W]`, (a, b) => f(planar(a), b), undefined, channels, 'positive'),
  ]),
  ...['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'squaredDifference'].flatMap((name) => [
    two(
      `gradient of ${name}, left`,
      (a, b) => gradientOf((x) => binary[name]!(x, b))(a),
      undefined,
      channels,
      'positive',
    ),
    two(
      `gradient of ${name}, right`,
      (a, b) => gradientOf((x) => binary[name]!(a, x))(b),
      undefined,
      channels,
      'positive',
    ),
  ]),
  two('pow', tf.pow, [3, 4], [3, 4], 'positive'),
  one('square by pow', (x) => tf.pow(x, 2)),
  two('multiplied by a factor per row, one channel', tf.mul, [2, 3, 4, 1], [2, 1, 1, 1]),
  two(
    'added to a row of one channel',
    (a, b) => tf.add(tf.transpose(a, [0, 2, 1, 3]), b),
    [2, 3, 4, 1],
    [3, 1],
  ),
  two(
    'chosen by a mask of one channel',
    (a, b) => tf.where(tf.greater(a, 0), a, tf.mul(b, 2)),
    [2, 3, 4, 1],
    [1],
  ),
  one('cast to int32', (x) => tf.cast(tf.mul(x, 3), 'int32')),
  one('cast to bool and back', (x) => tf.cast(tf.cast(tf.round(x), 'bool'), 'float32')),
  one('addN', (x) => tf.addN([x, tf.mul(x, 2), tf.relu(x)])),
  one('constants fold', (x) => tf.mul(tf.add(x, tf.zerosLike(x)), tf.add(tf.ones([2]), tf.fill([2], 3)))),
];

export const reductionCases: readonly Case[] = Object.entries(reductions).flatMap(([name, f]) => [
  one(`${name} of all`, (x) => f(x)),
  one(`${name} over [1, 2] in [B, C, H, W]`, (x) => f(planar(x), [1, 2])),
  one(`${name} over 3, kept`, (x) => f(x, 3, true)),
  one(`${name} over [0, 3] in [B, C, H, W]`, (x) => f(planar(x), [0, 3])),
  one(`${name} of what is constant along an axis`, (x) => f(tf.broadcastTo(x, [2, 3, 4]), [1, 2]), [2, 1, 4]),
  ...(['sum', 'mean', 'max', 'min'].includes(name)
    ? [
        one(
          `gradient of ${name}`,
          gradientOf((x) => f(planar(x), [1, 2])),
        ),
      ]
    : []),
]);

export const shapeCases: readonly Case[] = [
  one('reshape out of [B, C, H, W]', (x) => tf.reshape(planar(x), [2, 24])),
  one('reshape that only adds axes of size 1', (x) => tf.reshape(planar(x), [2, 1, 3, 4, 1, 2])),
  one('reshape of a plane of one', (x) => tf.reshape(planar(x), [2, 5]), [2, 1, 1, 5]),
  one('expandDims', (x) => tf.expandDims(planar(x), 2)),
  one('squeeze', (x) => tf.squeeze(planar(x)), [2, 1, 4, 2]),
  one('transpose', (x) => tf.transpose(planar(x), [3, 1, 0, 2])),
  one('transpose twice', (x) => tf.relu(tf.transpose(tf.transpose(x, [3, 1, 0, 2]), [2, 1, 3, 0]))),
  one('broadcastTo', (x) => tf.mul(tf.broadcastTo(x, [2, 3, 4]), tf.ones([2, 3, 4])), [2, 1, 4]),
  one('broadcastTo, returned', (x) => tf.broadcastTo(x, [2, 3, 4]), [2, 1, 4]),
  one('tile', (x) => tf.tile(planar(x), [1, 2, 3, 2])),
  two('concat', (a, b) => tf.concat([planar(a), b], 3), [2, 3, 4, 2], [2, 3, 4, 5]),
  two('stack', (a, b) => tf.stack([planar(a), b], 2)),
  one('unstack', (x) => tf.add(tf.unstack(planar(x), 1)[1]!, tf.unstack(x, 1)[2]!)),
  one('split', (x) => tf.split(planar(x), [1, 3], 2)[1]!),
  one('slice', (x) => tf.slice(planar(x), [0, 1, 1, 0], [2, 2, 2, 1])),
  one('slice of a slice', (x) =>
    tf.slice(tf.slice(x, [0, 1, 0, 0], [2, 2, 4, 2]), [1, 1, 1, 0], [1, 1, 2, 2]),
  ),
  one('stridedSlice', (x) => tf.stridedSlice(planar(x), [0, 0, 3, 0], [2, 3, 0, 2], [1, 2, -1, 1])),
  one('reverse', (x) => tf.reverse(planar(x), [1, 3])),
  one('pad', (x) =>
    tf.pad(
      planar(x),
      [
        [0, 0],
        [1, 2],
        [0, 1],
        [0, 0],
      ],
      7,
    ),
  ),
  one('mirrorPad reflect', (x) =>
    tf.mirrorPad(
      x,
      [
        [0, 0],
        [1, 2],
        [0, 1],
        [0, 0],
      ],
      'reflect',
    ),
  ),
  one('mirrorPad symmetric', (x) =>
    tf.mirrorPad(
      x,
      [
        [0, 0],
        [1, 2],
        [0, 1],
        [0, 0],
      ],
      'symmetric',
    ),
  ),
  ...['slice', 'pad', 'concat', 'tile'].map((name) =>
    one(
      `gradient of ${name}`,
      gradientOf((x) => {
        if (name === 'slice') return tf.slice(planar(x), [0, 1, 1, 0], [2, 2, 2, 1]);
        if (name === 'pad')
          return tf.pad(planar(x), [
            [0, 0],
            [1, 2],
            [0, 1],
            [0, 0],
          ]);
        if (name === 'concat') return tf.concat([planar(x), x], 1);
        return tf.tile(x, [1, 2, 1, 1]);
      }),
    ),
  ),
];

export const indexCases: readonly Case[] = [
  one('argMax takes the first of equals', (x) => tf.argMax(x, 3), [2, 3, 4, 5], 'coarse'),
  one('argMin in [B, C, H, W]', (x) => tf.argMin(planar(x), 1), [2, 5, 4, 2], 'coarse'),
  one('oneHot', (x) => tf.oneHot(x, 4), [7], 'integers'),
  {
    name: 'gather',
    inputs: [random([5, 3]), random([4], 'integers')],
    f: (x, i) => tf.gather(x, i),
  },
  {
    name: 'gather in [B, C, H, W], of each axis',
    inputs: [random([2, 3, 4, 5]), random([4], 'integers')],
    f: (x, i) =>
      tf.concat(
        [0, 1, 2, 3].map((axis) =>
          tf.reshape(tf.gather(planar(x), tf.cast(tf.mod(i, 2), 'int32'), axis), [-1]),
        ),
      ),
  },
  {
    name: 'gather of an axis that is stored once',
    inputs: [random([1, 3, 4, 1]), random([4], 'integers')],
    f: (x, i) => tf.gather(tf.tile(planar(x), [3, 1, 1, 2]), tf.cast(tf.mod(i, 3), 'int32')),
  },
  {
    name: 'gradient of gather',
    inputs: [random([5, 3]), random([4], 'integers')],
    f: (x, i) => gradientOf((y) => tf.gather(y, i))(x),
  },
  one('cumsum', (x) => tf.cumsum(x, 1, true, true), [3, 4]),
  one('topk', (x) => tf.topk(x, 2).values, [3, 6]),
  one('topk indices', (x) => tf.topk(x, 2).indices, [3, 6]),
  one('all', (x) => tf.all(tf.greater(x, -0.5), 1), [3, 4]),
  one('any', (x) => tf.any(tf.greater(x, 0.5), 1), [3, 4]),
  one('resizeBilinear', (x) => tf.image.resizeBilinear(x as tf.Tensor4D, [5, 7])),
  one('resizeBilinear, half-pixel centers', (x) =>
    tf.image.resizeBilinear(x as tf.Tensor4D, [5, 7], false, true),
  ),
  one('resizeNearestNeighbor', (x) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [6, 8])),
];

export const matmulCases: readonly Case[] = [false, true].flatMap((ta) =>
  [false, true].flatMap((tb) => {
    const [a, b] = [ta ? [4, 3] : [3, 4], tb ? [5, 4] : [4, 5]];
    const product = (x: Tensor, y: Tensor): Tensor => tf.matMul(x, y, ta, tb);
    const name = `matMul ${ta ? 'aᵀ' : 'a'}·${tb ? 'bᵀ' : 'b'}`;
    return [
      two(name, product, a, b),
      two(`${name} in stacks`, product, [2, ...a], [2, ...b]),
      two(
        `${name} of transposed operands`,
        (x, y) => tf.matMul(tf.transpose(x), tf.transpose(y), !ta, !tb),
        a,
        b,
      ),
      two(`gradient of ${name}, left`, (x, y) => gradientOf((z) => product(z, y))(x), a, b),
      two(`gradient of ${name}, right`, (x, y) => gradientOf((z) => product(x, z))(y), a, b),
    ];
  }),
);
