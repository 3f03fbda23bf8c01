import {
  AncError,
  batchNorm,
  conv2d,
  dense,
  depthwiseConv2d,
  globalAveragePool,
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
import { INITIALIZERS } from '@anc/core/internal';
import { z } from 'zod';
import { networkName } from './naming.js';
import {
  initializerOption,
  INITIALIZER_EXCEPT_LAST,
  momentumOption,
  optionalUnlessDefault,
} from './options.js';

const paddingOption = z.enum(['both', 'same', 'end']);

/** Defaults in which the named networks differ. */
interface MobilenetDefaults {
  readonly padding?: z.output<typeof paddingOption>;
  readonly stemPadding?: z.output<typeof paddingOption>;
  readonly activation?: 'relu' | 'relu6';
}

/** Options of the family, with the defaults of a member. */
function mobilenetSchema(defaults: MobilenetDefaults = {}) {
  return z.strictObject({
    width: z.number().positive().max(4).default(1).describe('factor of the width of every layer'),
    stemStride: z
      .int()
      .min(1)
      .max(2)
      .optional()
      .describe('stride of the first convolution; default: 2 for images of at least 64 pixels, else 1'),
    padding: paddingOption
      .default(defaults.padding ?? 'both')
      .describe(
        'padding of windows with stride 2: both (zeros on both sides), same (as in TensorFlow) or ' +
          'end (zeros at the bottom and the right only, as in Keras)',
      ),
    stemPadding: optionalUnlessDefault(paddingOption, defaults.stemPadding).describe(
      'padding of the first convolution; default: padding',
    ),
    activation: z
      .enum(['relu', 'relu6'])
      .default(defaults.activation ?? 'relu')
      .describe('activation after every batch norm'),
    momentum: momentumOption,
    initializer: initializerOption.describe(INITIALIZER_EXCEPT_LAST),
  });
}

export const mobilenetOptions = mobilenetSchema();
/** Options of MobileNet. */
export type MobilenetOptions = z.input<typeof mobilenetOptions>;

/** Width and stride of the 13 separable convolutions. */
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

/** Smallest width factor that leaves one of the first convolution's 32 channels. */
const NARROWEST = 0.5 / 32;

/** Padding of 3×3 windows with stride 2. */
const HALVING: Readonly<Record<z.output<typeof paddingOption>, Padding>> = {
  both: 1,
  same: 'same',
  end: [0, 1],
};

/**
 * MobileNet v1 (Howard et al. 2017, arXiv 1704.04861): a 3×3 convolution and 13 depthwise separable ones, with batch
 * norm after each. Features are the output of the average pooling; taps `block1` to `block13`. TensorFlow's networks
 * pad as `same`, those of `keras.applications` and TensorFlow.js at the end. These two are equal for images of even
 * size, and differ from padding on both sides. 4,231,976 parameters at width 1 with 1,000 classes.
 */
export const mobilenet = (options: MobilenetOptions, environment: ModelEnvironment): Student =>
  buildMobilenet('mobilenet', mobilenetOptions, options, environment);

/** A MobileNet under another name and with other defaults. */
function buildMobilenet(
  model: string,
  schema: typeof mobilenetOptions,
  options: MobilenetOptions,
  { input, classes }: ModelEnvironment,
): Student {
  const given = schema.parse(options);
  const parsed = { ...given, stemStride: given.stemStride ?? (Math.min(input[0], input[1]) >= 64 ? 2 : 1) };
  const name = networkName(model, schema, parsed);
  const { width: factor, stemStride: first, padding, stemPadding = padding, activation, momentum } = parsed;
  if (factor < NARROWEST) {
    throw new AncError('ANC_MODEL', `${model}: this width leaves no channel in the first convolution.`, {
      expected: `at least ${NARROWEST}`,
      received: `width=${factor}`,
    });
  }
  const initializer = INITIALIZERS[parsed.initializer];
  const scaled = (width: number): number => Math.round(width * factor);
  const paddingOf = (stride: number, how: typeof padding): Padding => (stride === 1 ? 'same' : HALVING[how]);
  const nonlinear = activation === 'relu' ? relu : relu6;
  const normed = (layer: Layer, index: string): Layer[] => [
    layer,
    batchNorm(`norm${index}`, { momentum }),
    nonlinear(`${activation}${index}`),
  ];
  const filters = scaled(32);
  const around = paddingOf(first, stemPadding);
  const stem = { kernelSize: 3, filters, stride: first, padding: around, bias: false, initializer };
  const separable = SEPARABLE.flatMap(([width, stride], i) => {
    const n = `${i + 1}`;
    const deep = { kernelSize: 3, stride, padding: paddingOf(stride, padding), bias: false, initializer };
    const point = { kernelSize: 1, filters: scaled(width), bias: false, initializer };
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

const kerasOptions = mobilenetSchema({ padding: 'end', stemPadding: 'same', activation: 'relu6' });

export const mobilenetModels = {
  mobilenet: {
    summary: 'MobileNet v1 with a width factor',
    options: mobilenetOptions,
    input: [224, 224, 3],
    create: mobilenet,
  },
  'keras-mobilenet': {
    summary: "keras.applications' MobileNet: its padding, ReLU6",
    options: kerasOptions,
    input: [224, 224, 3],
    create: (options: MobilenetOptions, environment: ModelEnvironment) =>
      buildMobilenet('keras-mobilenet', kerasOptions, options, environment),
  },
} satisfies Record<string, ModelContribution>;
