import {
  batchNorm,
  conv2d,
  flatten,
  LayeredClassifier,
  maxPool,
  relu,
  tap,
  type ModelContribution,
  type Layer,
  type ModelEnvironment,
  type Student,
} from '@anc/core';
import { INITIALIZERS } from '@anc/core/internal';
import { z } from 'zod';
import { hiddenHead } from './head.js';
import { networkName } from './naming.js';
import { featuresFromOption, initializerOption } from './options.js';

/** Options of the family, with the defaults of a member. */
function cnnSchema(defaults: { widths: number[]; pools: number; batchNorm: boolean; features: number }) {
  return z.strictObject({
    widths: z
      .array(z.int().min(1).max(4096))
      .min(1)
      .max(1000)
      .default(defaults.widths)
      .describe('number of filters of each convolution, in order'),
    kernel: z.int().min(1).max(11).default(3).describe('height and width of the kernels'),
    pools: z
      .int()
      .min(0)
      .default(defaults.pools)
      .describe(
        'number of convolutions, from the first, that are followed by 2×2 max-pooling; more than there are: all',
      ),
    batchNorm: z
      .boolean()
      .default(defaults.batchNorm)
      .describe('whether batch norm follows every convolution'),
    features: z
      .int()
      .min(1)
      .max(65536)
      .default(defaults.features)
      .describe('width of the hidden layer, and so of the features'),
    featuresFrom: featuresFromOption,
    initializer: initializerOption,
  });
}

export const cnnOptions = cnnSchema({ widths: [32, 64], pools: 2, batchNorm: false, features: 128 });
/** Options of the models `cnn-…`. */
export type CnnOptions = z.input<typeof cnnOptions>;

/** 441,330 parameters and 8 MFLOPs at 28×28×1 with 10 classes; an epoch takes seconds on two cores. */
const teacherOptions = cnnSchema({ widths: [24, 48, 64], pools: 2, batchNorm: true, features: 128 });
/** 33,794 parameters and 1 MFLOP at 28×28×1 with 10 classes; its features have the teacher's width. */
const studentOptions = cnnSchema({ widths: [8, 16, 24], pools: 3, batchNorm: false, features: 128 });

function build(model: string, schema: typeof cnnOptions, given: CnnOptions, classes: number): Student {
  const options = schema.parse(given);
  const name = networkName(model, schema, options);
  const { widths, kernel, pools, featuresFrom, features: units } = options;
  const initializer = INITIALIZERS[options.initializer];
  const block = (filters: number, i: number): Layer[] => [
    conv2d(`conv${i + 1}`, { kernelSize: kernel, filters, bias: !options.batchNorm, initializer }),
    ...(options.batchNorm ? [batchNorm(`norm${i + 1}`)] : []),
    relu(`relu${i + 1}`),
    ...(i < pools ? [maxPool(`pool${i + 1}`, { kernelSize: 2 })] : []),
    tap(`block${i + 1}`),
  ];
  return new LayeredClassifier(name, classes, [
    ...widths.flatMap(block),
    flatten(),
    ...hiddenHead({ units, classes, featuresFrom, initializer }),
  ]);
}

/**
 * A plain network: convolutions with ReLU, max-pooling after the first ones, one hidden layer (the features), logits.
 * Taps `block1`, `block2`, …
 */
export const cnn = (options: CnnOptions, { classes }: Pick<ModelEnvironment, 'classes'>): Student =>
  build('cnn', cnnOptions, options, classes);

/** The default teacher: a `cnn` with batch norm. */
export const cnnTeacher = (options: CnnOptions, { classes }: Pick<ModelEnvironment, 'classes'>): Student =>
  build('cnn-teacher', teacherOptions, options, classes);

/** The default student: a small `cnn` without batch norm. */
export const cnnStudent = (options: CnnOptions, { classes }: Pick<ModelEnvironment, 'classes'>): Student =>
  build('cnn-student', studentOptions, options, classes);

export const cnnModels = {
  cnn: {
    summary: 'convolutions, ReLU, pooling and one hidden layer',
    options: cnnOptions,
    input: [28, 28, 1],
    create: cnn,
  },
  'cnn-teacher': {
    summary: 'a plain network with batch norm: the default teacher',
    options: teacherOptions,
    input: [28, 28, 1],
    create: cnnTeacher,
  },
  'cnn-student': {
    summary: 'a plain network without batch norm, a tenth as large as cnn-teacher: the default student',
    options: studentOptions,
    input: [28, 28, 1],
    create: cnnStudent,
  },
} satisfies Record<string, ModelContribution>;
