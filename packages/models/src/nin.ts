import {
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

export const ninOptions = z.strictObject({
  featuresFrom: featuresFromOption,
  initializer: initializerOption,
});
/** Options of network in network. */
export type NinOptions = z.input<typeof ninOptions>;

/**
 * The paper's Network in Network (after Lin et al. 2013): 192(5×5)-160-96, pool, 192(5×5)-192-192, pool,
 * 192(3×3)-192, FC 1024 (the features), logits; kernels are 1×1 unless stated, and a ReLU follows every convolution.
 * 10,600,522 parameters at 28×28×1 with 10 classes. The smallest image is 4×4. Taps `block1` to `block3`.
 */
export function nin(options: NinOptions, { classes }: Pick<ModelEnvironment, 'classes'>): Student {
  const parsed = ninOptions.parse(options);
  const initializer = INITIALIZERS[parsed.initializer];
  /** A convolution of `kernelSize` and the 1×1 convolutions after it. */
  const block = (index: number, kernelSize: number, widths: readonly number[]): Layer[] =>
    widths.flatMap((filters, i) => [
      conv2d(`conv${index}-${i + 1}`, { kernelSize: i === 0 ? kernelSize : 1, filters, initializer }),
      relu(`relu${index}-${i + 1}`),
    ]);
  return new LayeredClassifier(networkName('nin', ninOptions, parsed), classes, [
    ...block(1, 5, [192, 160, 96]),
    maxPool('pool1', { kernelSize: 2 }),
    tap('block1'),
    ...block(2, 5, [192, 192, 192]),
    maxPool('pool2', { kernelSize: 2 }),
    tap('block2'),
    ...block(3, 3, [192, 192]),
    tap('block3'),
    flatten(),
    ...hiddenHead({ units: 1024, classes, featuresFrom: parsed.featuresFrom, initializer }),
  ]);
}

export const ninModels = {
  nin: {
    summary: "the paper's Network in Network (teacher of its Fashion-MNIST experiments)",
    options: ninOptions,
    input: [28, 28, 1],
    create: nin,
  },
} satisfies Record<string, ModelContribution>;
