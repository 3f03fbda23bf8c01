import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { filterGradientForms, forcedForm, type FilterGradientForm } from '@anc/compiler';
import { gradientOf, random, type Case } from './kernel-cases.js';

type Pad = 'same' | 'valid' | number;

interface Convolution {
  readonly batch?: number;
  readonly side: number;
  readonly size: number;
  readonly stride: number;
  readonly pad: Pad;
  readonly input: number;
  readonly output: number;
}

/** Windows that divide the plane and that do not, every padding, strides 1 and 2, 1×1, few and many channels. */
const convolutions: readonly Convolution[] = [
  { side: 7, size: 3, stride: 1, pad: 'same', input: 2, output: 3 },
  { side: 7, size: 3, stride: 2, pad: 'same', input: 2, output: 3 },
  { side: 8, size: 3, stride: 2, pad: 1, input: 4, output: 5 },
  { side: 8, size: 5, stride: 1, pad: 'valid', input: 3, output: 4 },
  { side: 9, size: 5, stride: 2, pad: 'valid', input: 3, output: 4 },
  { side: 6, size: 1, stride: 1, pad: 'valid', input: 3, output: 2 },
  { side: 6, size: 1, stride: 2, pad: 'valid', input: 3, output: 2 },
  { side: 6, size: 2, stride: 1, pad: 'same', input: 3, output: 2 },
  { side: 6, size: 3, stride: 1, pad: 'same', input: 40, output: 8 },
  { side: 7, size: 3, stride: 1, pad: 'same', input: 16, output: 1 },
  { side: 7, size: 3, stride: 1, pad: 'valid', input: 1, output: 9 },
];

/** Batches and channels that fill whole blocks, so that NCHWc layout applies in steps. */
const wide: readonly Convolution[] = [
  { side: 6, size: 3, stride: 1, pad: 'same', input: 5, output: 16, batch: 16 },
  { side: 7, size: 3, stride: 2, pad: 'same', input: 32, output: 32, batch: 16 },
  { side: 8, size: 3, stride: 2, pad: 1, input: 16, output: 16, batch: 16 },
  { side: 9, size: 5, stride: 2, pad: 'same', input: 16, output: 16, batch: 16 },
  { side: 10, size: 4, stride: 3, pad: 'same', input: 16, output: 16, batch: 16 },
  { side: 8, size: 1, stride: 2, pad: 'valid', input: 16, output: 32, batch: 16 },
  { side: 6, size: 5, stride: 1, pad: 'valid', input: 16, output: 16, batch: 16 },
  { side: 6, size: 5, stride: 1, pad: 'same', input: 16, output: 16, batch: 16 },
  // Batches of two blocks: the filter gradient of a single block of channels is a convolution in two groups.
  { side: 6, size: 3, stride: 1, pad: 'same', input: 16, output: 16, batch: 32 },
  { side: 7, size: 3, stride: 2, pad: 'same', input: 16, output: 32, batch: 32 },
  // Windows that see little but padding, at one or two places.
  { side: 1, size: 3, stride: 2, pad: 'same', input: 16, output: 16, batch: 16 },
  { side: 1, size: 3, stride: 2, pad: 1, input: 16, output: 32, batch: 32 },
  { side: 1, size: 1, stride: 2, pad: 'valid', input: 16, output: 16, batch: 16 },
  { side: 1, size: 5, stride: 3, pad: 2, input: 16, output: 16, batch: 16 },
  { side: 2, size: 3, stride: 3, pad: 1, input: 16, output: 16, batch: 16 },
  { side: 2, size: 5, stride: 4, pad: 'same', input: 32, output: 16, batch: 16 },
  { side: 3, size: 5, stride: 4, pad: 2, input: 16, output: 16, batch: 16 },
  { side: 3, size: 3, stride: 4, pad: 1, input: 16, output: 16, batch: 16 },
  // Images of one channel, of which constant filters lay out columns.
  { side: 7, size: 5, stride: 1, pad: 'same', input: 1, output: 16, batch: 16 },
];

const rounding = (pad: Pad): 'floor' | undefined => (typeof pad === 'number' ? 'floor' : undefined);

const describeConv = ({ side, size, stride, pad, input, batch = 2 }: Convolution): string =>
  `${size}×${size}/${stride} ${pad} on ${batch}×${side}×${side}×${input}`;

const inputsOf = ({ batch = 2, side, size, input, output }: Convolution): Case['inputs'] => [
  random([batch, side, side, input]),
  random([size, size, input, output]),
];

const convOf =
  ({ stride, pad }: Convolution) =>
  (x: Tensor, w: Tensor): Tensor =>
    tf.conv2d(x as Tensor4D, w as Tensor4D, stride, pad, 'NHWC', 1, rounding(pad));

function casesOf(c: Convolution): Case[] {
  const [inputs, conv] = [inputsOf(c), convOf(c)];
  return [
    { name: `conv2d ${describeConv(c)}`, inputs, f: (x: Tensor, w: Tensor) => conv(x, w) },
    {
      name: `∂/∂x of conv2d ${describeConv(c)}`,
      inputs,
      f: (x: Tensor, w: Tensor) => gradientOf((y) => conv(y, w))(x),
    },
    {
      name: `∂/∂w of conv2d ${describeConv(c)}`,
      inputs,
      f: (x: Tensor, w: Tensor) => gradientOf((y) => conv(x, y))(w),
    },
  ] as Case[];
}

/** Every form of the filter gradient that applies to a window. `like`: the gradient in the form that the lowering chooses. */
function formsOf(c: Convolution, like: Case): Case[] {
  const conv = convOf(c);
  const forms = (Object.keys(filterGradientForms) as FilterGradientForm[]).filter(
    (form) => form !== 'nchwcConvolution' || (c.batch !== undefined && c.input % 16 === 0),
  );
  return forms.map((form) => ({
    name: `${form}: ∂/∂w of conv2d ${describeConv(c)}`,
    inputs: like.inputs,
    like,
    f: (x, w) => forcedForm(form, () => gradientOf((y) => conv(x, y))(w)),
  }));
}

const windows = convolutions.map((c) => [c, casesOf(c)] as const);

export const convolutionCases: readonly Case[] = windows.flatMap(([, cases]) => cases);

export const filterGradientCases: readonly Case[] = windows.flatMap(([c, cases]) =>
  formsOf(c, cases.at(-1)!),
);

export const nchwcCases: readonly Case[] = wide.flatMap((c) => {
  const cases = casesOf(c);
  return [...cases, ...formsOf(c, cases.at(-1)!)];
});

export const depthwiseCases: readonly Case[] = convolutions
  .filter(({ input }) => input < 40)
  .flatMap((c) => [1, 2].map((multiplier) => ({ ...c, output: multiplier })))
  .flatMap((c) => {
    const inputs = [random([2, c.side, c.side, c.input]), random([c.size, c.size, c.input, c.output])];
    const conv = (x: Tensor, w: Tensor): Tensor =>
      tf.depthwiseConv2d(x as Tensor4D, w as Tensor4D, c.stride, c.pad, 'NHWC', 1, rounding(c.pad));
    const name = `depthwise ×${c.output} ${describeConv(c)}`;
    return [
      { name, inputs, f: (x: Tensor, w: Tensor) => conv(x, w) },
      { name: `∂/∂x of ${name}`, inputs, f: (x: Tensor, w: Tensor) => gradientOf((y) => conv(y, w))(x) },
      { name: `∂/∂w of ${name}`, inputs, f: (x: Tensor, w: Tensor) => gradientOf((y) => conv(x, y))(w) },
    ] as Case[];
  });

const pools: readonly [side: number, size: number, stride: number, pad: Pad][] = [
  [6, 2, 2, 'valid'],
  [7, 2, 2, 'valid'],
  [7, 2, 2, 'same'],
  [7, 3, 2, 'same'],
  [8, 3, 2, 'valid'],
  [5, 3, 1, 'same'],
  [6, 6, 6, 'valid'],
  [8, 1, 2, 'valid'],
];

export const poolCases: readonly Case[] = pools.flatMap(([side, size, stride, pad]) => {
  const max = (x: Tensor): Tensor => tf.maxPool(x as Tensor4D, size, stride, pad);
  const average = (x: Tensor): Tensor => tf.avgPool(x as Tensor4D, size, stride, pad);
  const shape = [2, side, side, 3];
  const name = `${size}/${stride} ${pad} on ${side}`;
  const on = (kind: 'normal' | 'negative' | 'coarse', f: (x: Tensor) => Tensor, what: string): Case => ({
    name: `${what} ${name}, ${kind} values`,
    inputs: [random(shape, kind)],
    f: f,
  });
  return [
    on('normal', max, 'maxPool'),
    on('negative', max, 'maxPool'),
    on('normal', gradientOf(max), 'gradient of maxPool'),
    on('negative', gradientOf(max), 'gradient of maxPool'),
    on('coarse', gradientOf(max), 'gradient of maxPool'),
    on(
      'coarse',
      gradientOf((x) => max(tf.relu(x))),
      'gradient of maxPool after relu',
    ),
    on('coarse', (x) => max(tf.relu(x)), 'maxPool after relu'),
    on('normal', average, 'avgPool'),
    on('normal', gradientOf(average), 'gradient of avgPool'),
  ];
});

const biased = (x: Tensor, w: Tensor, b: Tensor): Tensor =>
  tf.add(tf.conv2d(x as Tensor4D, w as Tensor4D, 1, 'same'), b);

export const normCases: readonly Case[] = [
  {
    name: 'batchNorm of images in [B, C, H, W]',
    inputs: [random([2, 4, 4, 3]), random([3]), random([3], 'positive'), random([3]), random([3])],
    f: (x, mean, variance, offset, scale) =>
      tf.batchNorm(
        tf.maxPool(x as Tensor4D, 1, 1, 'valid'),
        mean as tf.Tensor1D,
        variance as tf.Tensor1D,
        offset as tf.Tensor1D,
        scale as tf.Tensor1D,
        1e-3,
      ),
  },
  {
    name: 'batchNorm of vectors',
    inputs: [random([5, 3]), random([3]), random([3], 'positive'), random([3]), random([3])],
    f: (x, mean, variance, offset, scale) =>
      tf.batchNorm(
        x as tf.Tensor2D,
        mean as tf.Tensor1D,
        variance as tf.Tensor1D,
        offset as tf.Tensor1D,
        scale as tf.Tensor1D,
        1e-3,
      ),
  },
  {
    name: "gradient of tfjs's own batchNorm",
    inputs: [random([2, 4, 4, 3]), random([3]), random([3], 'positive'), random([3]), random([3])],
    f: (x, mean, variance, offset, scale) =>
      gradientOf((y) =>
        tf.batchNorm(
          y as Tensor4D,
          mean as tf.Tensor1D,
          variance as tf.Tensor1D,
          offset as tf.Tensor1D,
          scale as tf.Tensor1D,
          1e-3,
        ),
      )(x),
  },
  {
    name: 'conv with bias',
    inputs: [random([2, 5, 5, 2]), random([3, 3, 2, 4]), random([4])],
    f: biased,
  },
  {
    name: 'gradient of a bias',
    inputs: [random([2, 5, 5, 2]), random([3, 3, 2, 4]), random([4])],
    f: (x, w, b) => gradientOf((y) => tf.relu(biased(x, w, y)))(b),
  },
  {
    name: 'fused conv2d',
    inputs: [random([2, 5, 5, 2]), random([3, 3, 2, 4]), random([4])],
    f: (x, filter, bias) =>
      tf.fused.conv2d({
        x: x as Tensor4D,
        filter: filter as Tensor4D,
        strides: 1,
        pad: 'same',
        bias: bias,
        activation: 'relu',
      }),
  },
  {
    name: 'fused matMul',
    inputs: [random([4, 3]), random([3, 5]), random([5])],
    f: (a, b, bias) => tf.fused.matMul({ a: a, b: b, bias: bias, activation: 'elu' }),
  },
];
