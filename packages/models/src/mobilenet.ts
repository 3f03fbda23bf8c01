import {
  batchNorm,
  conv2d,
  dense,
  depthwiseConv2d,
  globalAveragePool,
  INITIALIZERS,
  LayeredClassifier,
  relu,
  relu6,
  tap,
  type ModelContribution,
  type Layer,
  type ModelEnvironment,
  type Padding,
  type Student,
} from '@anc/core';
import { z } from 'zod';
import { networkName } from './naming.js';
import { initializerOption } from './options.js';

const paddingOption = z.enum(['both', 'same', 'end']);

export const mobilenetOptions = z.strictObject({
  width: z.number().positive().max(4).default(1).describe('factor of every width'),
  stemStride: z
    .int()
    .min(1)
    .max(2)
    .optional()
    .describe('stride of the first convolution; by default 2 for images of 64 pixels and more, else 1'),
  padding: paddingOption
    .default('both')
    .describe(
      "where zeros are put around an image that a window halves: on both sides, as TensorFlow's `same`, or at the end alone: below, to the right (Keras)",
    ),
  stemPadding: paddingOption
    .optional()
    .describe('the same for the first convolution; by default as `padding` says'),
  activation: z.enum(['relu', 'relu6']).default('relu').describe('after every batch norm'),
  momentum: z
    .number()
    .min(0)
    .max(1)
    .default(0.9)
    .describe('of batch norm: share of the old average that stays'),
  initializer: initializerOption,
});
export type MobilenetOptions = z.input<typeof mobilenetOptions>;

/** Width and stride of the thirteen separable convolutions. */
const SEPARABLE: readonly (readonly [width: number, stride: 1 | 2])[] = [
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [512, 2],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [1024, 2],
  [1024, 1],
];

/** Of 3×3 windows that move by two. */
const HALVING: Readonly<Record<z.output<typeof paddingOption>, Padding>> = {
  both: 1,
  same: 'same',
  end: [0, 1],
};

/**
 * MobileNet v1 (Howard et al. 2017, arXiv 1704.04861): a 3×3 convolution and thirteen depthwise separable
 * ones, batch norm after each. Features are the average-pool's output; taps `block1` to `block13`. TensorFlow's
 * networks pad as `same`, those of `keras.applications` and TensorFlow.js at the end; images of even sides are padded alike
 * by both, which is otherwise than on both sides.
 * 4,231,976 parameters at width 1 with 1,000 classes.
 */
export function mobilenet(options: MobilenetOptions, { input, classes }: ModelEnvironment): Student {
  const given = mobilenetOptions.parse(options);
  const parsed = { ...given, stemStride: given.stemStride ?? (Math.min(input[0], input[1]) >= 64 ? 2 : 1) };
  const name = networkName('mobilenet', mobilenetOptions, parsed);
  const { width: factor, stemStride: first, padding, stemPadding = padding, activation, momentum } = parsed;
  const initializer = INITIALIZERS[parsed.initializer];
  const scaled = (width: number): number => Math.max(1, Math.round(width * factor));
  const paddingOf = (stride: number, how: typeof padding): Padding => (stride === 1 ? 'same' : HALVING[how]);
  const nonlinear = activation === 'relu' ? relu : relu6;
  const normed = (layer: Layer, index: string): Layer[] => [
    layer,
    batchNorm(`norm${index}`, { momentum }),
    nonlinear(`${activation}${index}`),
  ];
  const filters = scaled(32);
  const around = paddingOf(first, stemPadding);
  const stem = { size: 3, filters, stride: first, padding: around, bias: false, initializer };
  const separable = SEPARABLE.flatMap(([width, stride], i) => {
    const n = `${i + 1}`;
    const deep = { size: 3, stride, padding: paddingOf(stride, padding), bias: false, initializer };
    const point = { size: 1, filters: scaled(width), bias: false, initializer };
    return [
      ...normed(depthwiseConv2d(`depthwise${n}`, deep), `${n}-deep`),
      ...normed(conv2d(`pointwise${n}`, point), `${n}-point`),
      tap(`block${n}`),
    ];
  });
  return new LayeredClassifier(name, classes, [
    ...normed(conv2d('conv', stem), '0'),
    ...separable,
    globalAveragePool(),
    tap('features'),
    dense('logits', { units: classes, initializer: INITIALIZERS['glorot-uniform'] }),
  ]);
}

export const mobilenetModels = {
  mobilenet: {
    summary: 'MobileNet v1 with a width factor',
    options: mobilenetOptions,
    input: [224, 224, 3],
    create: mobilenet,
  },
} satisfies Record<string, ModelContribution>;
