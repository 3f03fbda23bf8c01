import {
  batchNorm,
  conv2d,
  dense,
  depthwiseConv2d,
  Discriminator,
  flatten,
  globalAveragePool,
  LayeredClassifier,
  maxPool,
  relu,
  relu6,
  residual,
  type Rng,
  sequential,
  normalizedNetwork,
  tap,
  type Applied,
  type Context,
  type DiscriminatorOutputs,
  type HostTensor,
  type Layer,
  type LayerSummary,
  type Variables,
} from '@anc/core';
import type { Tensor } from '@tensorflow/tfjs-core';

export const IMAGE = [6, 6, 2] as const;
export const CLASSES = 3;
export const FEATURES = 5;

/** A small fully connected D that takes features. [B, d] -> [B, 1]. */
export class SmallDiscriminator extends Discriminator {
  readonly name = 'small';
  readonly #layers = sequential('small', [
    dense('hidden1', { units: 7 }),
    relu('relu1'),
    dense('hidden2', { units: 6 }),
    relu('relu2'),
    dense('output', { units: 1 }),
  ]);

  init(rng: Rng, input: readonly number[]): Variables<HostTensor> {
    return this.#layers.init(rng, input);
  }

  apply(variables: Variables, x: Tensor, context: Context): Applied<DiscriminatorOutputs> {
    const { output, stats } = this.#layers.apply(variables, x, context);
    return { outputs: { logits: output }, stats };
  }

  summary(input: readonly number[]): readonly LayerSummary[] {
    return this.#layers.summary(input);
  }
}

const head: readonly Layer[] = [tap('features'), dense('logits', { units: CLASSES })];

export const classifier = (name: string, layers: readonly Layer[]) =>
  normalizedNetwork(new LayeredClassifier(name, CLASSES, [...layers, ...head]), {
    mean: [120, 130],
    std: [60, 70],
  });

export const plain = classifier('plain', [
  conv2d('conv1', { kernelSize: 3, filters: 4, padding: 'valid' }),
  relu('relu1'),
  maxPool('pool', { kernelSize: 2 }),
  flatten('flatten'),
  dense('hidden', { units: FEATURES }),
  relu('relu2'),
]);

/** Its first convolution has a bias that batch norm takes off again. */
export const normalised = classifier('normalised', [
  conv2d('conv', { kernelSize: 3, filters: 4 }),
  residual('block', {
    before: [batchNorm('norm1'), relu('relu1')],
    branch: [
      conv2d('conv1', { kernelSize: 3, filters: FEATURES, stride: 2, bias: false }),
      batchNorm('norm2'),
      relu('relu2'),
      conv2d('conv2', { kernelSize: 3, filters: FEATURES, bias: false }),
    ],
    shortcut: [conv2d('shortcut', { kernelSize: 1, filters: FEATURES, stride: 2, bias: false })],
  }),
  batchNorm('norm'),
  relu('relu'),
  globalAveragePool('pool'),
]);

export const separable = classifier('separable', [
  conv2d('conv', { kernelSize: 3, filters: 4, stride: 2, bias: false }),
  batchNorm('norm1'),
  relu6('relu1'),
  depthwiseConv2d('depthwise', { kernelSize: 3 }), // batch norm here would make the first one's scale without effect
  relu6('relu2'),
  depthwiseConv2d('strided', { kernelSize: 3, stride: 2 }),
  conv2d('pointwise', { kernelSize: 1, filters: FEATURES }),
  relu('relu3'),
  globalAveragePool('pool'),
]);
