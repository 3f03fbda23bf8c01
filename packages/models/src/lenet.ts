import {
  conv2d,
  dense,
  flatten,
  LayeredClassifier,
  maxPool,
  relu,
  tap,
  type ModelContribution,
  type Initializer,
  type Layer,
  type ModelEnvironment,
  type Padding,
  type Student,
} from '@anc/core';
import { INITIALIZERS } from '@anc/core/internal';
import { z } from 'zod';
import { hiddenHead } from './head.js';
import { networkName } from './naming.js';
import { featuresFromOption, initializerOption } from './options.js';

export const lenetOptions = z.strictObject({
  featuresFrom: featuresFromOption,
  initializer: initializerOption,
});
/** Options of the LeNets. */
export type LenetOptions = z.input<typeof lenetOptions>;

const block = (index: number, filters: number, padding: Padding, initializer: Initializer): Layer[] => [
  conv2d(`conv${index}`, { kernelSize: 5, filters, padding, initializer }),
  relu(`relu${index}`),
  maxPool(`pool${index}`, { kernelSize: 2 }),
  tap(`block${index}`),
];

/**
 * The paper's LeNet-4: conv 5×5 valid 64, pool, conv 5×5 valid 128, pool, FC 1024 (the features), logits.
 * 2,315,018 parameters at 28×28×1 with 10 classes. The smallest image is 16×16. Taps `block1`, `block2`.
 */
export function lenet4(options: LenetOptions, { classes }: Pick<ModelEnvironment, 'classes'>): Student {
  const parsed = lenetOptions.parse(options);
  const initializer = INITIALIZERS[parsed.initializer];
  return new LayeredClassifier(networkName('lenet4', lenetOptions, parsed), classes, [
    ...block(1, 64, 'valid', initializer),
    ...block(2, 128, 'valid', initializer),
    flatten(),
    ...hiddenHead({ units: 1024, classes, featuresFrom: parsed.featuresFrom, initializer }),
  ]);
}

/**
 * LeNet-5 (LeCun et al. 1998) with ReLU and max-pooling: conv 5×5 6, pool, conv 5×5 valid 16, pool,
 * FC 120, FC 84 (the features), logits. The first convolution pads images smaller than 32×32, as the original network
 * padded its digits: 61,706 parameters at 28×28×1 with 10 classes. Taps `block1`, `block2`.
 */
export function lenet5(options: LenetOptions, { input, classes }: ModelEnvironment): Student {
  const parsed = lenetOptions.parse(options);
  const initializer = INITIALIZERS[parsed.initializer];
  const padding = Math.min(input[0], input[1]) < 32 ? 'same' : 'valid';
  const name = networkName(`lenet5, ${padding}`, lenetOptions, parsed);
  return new LayeredClassifier(name, classes, [
    ...block(1, 6, padding, initializer),
    ...block(2, 16, 'valid', initializer),
    flatten('flatten'),
    dense('fc1', { units: 120, initializer }),
    relu('relu3'),
    ...hiddenHead({ name: 'fc2', units: 84, classes, featuresFrom: parsed.featuresFrom, initializer }),
  ]);
}

export const lenetModels = {
  lenet4: {
    summary: "the paper's LeNet-4 (student of its Fashion-MNIST experiments)",
    options: lenetOptions,
    input: [28, 28, 1],
    create: lenet4,
  },
  lenet5: {
    summary: 'LeNet-5 with ReLU and max-pooling',
    options: lenetOptions,
    input: [28, 28, 1],
    create: lenet5,
  },
} satisfies Record<string, ModelContribution>;
