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

/** The family's options; members of it differ in their defaults. */
function cnnSchema(defaults: { widths: number[]; pools: number; batchNorm: boolean; features: number }) {
  return z.strictObject({
    widths: z
      .array(z.int().min(1).max(4096))
      .min(1)
      .default(defaults.widths)
      .describe('filters of each convolution, in order'),
    kernel: z.int().min(1).max(11).default(3).describe('side of the kernels'),
    pools: z
      .int()
      .min(0)
      .default(defaults.pools)
      .describe(
        'how many of the convolutions, from the first on, a 2×2 max-pool follows; all where there are fewer',
      ),
    batchNorm: z.boolean().default(defaults.batchNorm).describe('batch norm after every convolution'),
    features: z.int().min(1).max(65536).default(defaults.features).describe('width of the features'),
    featuresFrom: featuresFromOption,
    initializer: initializerOption,
  });
}

export const cnnOptions = cnnSchema({ widths: [32, 64], pools: 2, batchNorm: false, features: 128 });
export type CnnOptions = z.input<typeof cnnOptions>;

/** 441,330 parameters and 8 MFLOPs at 28×28×1 with 10 classes; trains in seconds per epoch on two cores. */
const teacherOptions = cnnSchema({ widths: [24, 48, 64], pools: 2, batchNorm: true, features: 128 });
/** 33,794 parameters and 1 MFLOP at 28×28×1 with 10 classes; its features are as wide as the teacher's. */
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
 * A plain network: convolutions with ReLU, the first of them pooled, one hidden layer (the features), logits.
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
    summary: 'a plain network with batch norm, for the built-in data',
    options: teacherOptions,
    input: [28, 28, 1],
    create: cnnTeacher,
  },
  'cnn-student': {
    summary: 'a network a tenth as large, without batch norm',
    options: studentOptions,
    input: [28, 28, 1],
    create: cnnStudent,
  },
} satisfies Record<string, ModelContribution>;
