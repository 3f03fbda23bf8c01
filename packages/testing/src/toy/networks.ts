import {
  batchNorm,
  conv2d,
  dense,
  depthwiseConv2d,
  flatten,
  globalAveragePool,
  LayeredClassifier,
  maxPool,
  normalizedNetwork,
  relu,
  relu6,
  residual,
  tap,
  type ClassifierOutputs,
  type Layer,
  type Network,
} from '@anc/core';
import { toyTask, type ToyTask } from './task.js';

/** A classifier that takes bytes: normalization, the layers, `features`, and a fully connected layer to the logits. */
const classifier = (
  name: string,
  { classes, normalization }: ToyTask,
  layers: readonly Layer[],
): Network<ClassifierOutputs> =>
  normalizedNetwork(
    new LayeredClassifier(name, classes, [...layers, tap('features'), dense('logits', { units: classes })]),
    normalization,
  );

/** One hidden layer: few operations, so that many steps are cheap even where each operation is not. */
export const denseNetwork = (task = toyTask): Network<ClassifierOutputs> =>
  classifier('toy-dense', task, [
    flatten('flatten'),
    dense('hidden', { units: task.features }),
    relu('relu'),
  ]);

/** One convolution without padding, max pooling and a hidden layer. */
export const convNetwork = (task = toyTask): Network<ClassifierOutputs> =>
  classifier('toy-conv', task, [
    conv2d('conv1', { kernelSize: 3, filters: 4, padding: 'valid' }),
    relu('relu1'),
    maxPool('pool', { kernelSize: 2 }),
    flatten('flatten'),
    dense('hidden', { units: task.features }),
    relu('relu2'),
  ]);

/** Strided convolutions down to one pixel, and one more: windows that see little but padding. */
export const shrinkingNetwork = (task = toyTask): Network<ClassifierOutputs> =>
  classifier('toy-shrinking', task, [
    ...[1, 2, 3, 4].flatMap((i) => [
      conv2d(`conv${i}`, { kernelSize: 3, filters: 16, stride: 2 }),
      relu(`relu${i}`),
    ]),
    flatten('flatten'),
    dense('hidden', { units: task.features }),
    relu('relu'),
  ]);

/** Options of `tappedNetwork`. */
export interface TappedNetworkOptions {
  /** Name of the network. */
  readonly name?: string;
  /** Filters of the two convolutions. */
  readonly filters?: readonly [number, number];
  /** Batch norm after the first convolution, which then has no bias. */
  readonly batchNorm?: boolean;
}

/** Two convolutions with the image taps `block1` [H, W, filters] and `block2` [H/2, W/2, filters]. */
export const tappedNetwork = (
  task = toyTask,
  { name = 'toy-tapped', filters = [3, 4], batchNorm: normalized = false }: TappedNetworkOptions = {},
): Network<ClassifierOutputs> =>
  classifier(name, task, [
    conv2d('conv1', { kernelSize: 3, filters: filters[0], bias: !normalized }),
    ...(normalized ? [batchNorm('norm1')] : []),
    relu('relu1'),
    tap('block1'),
    maxPool('pool1', { kernelSize: 2 }),
    conv2d('conv2', { kernelSize: 3, filters: filters[1] }),
    relu('relu2'),
    tap('block2'),
    flatten('flatten'),
    dense('hidden', { units: task.features }),
    relu('relu3'),
  ]);

/** Options of `residualNetwork`. */
export interface ResidualNetworkOptions {
  /** Filters of all convolutions but those of the last block, which has one per feature. */
  readonly filters?: number;
  /** Stride of each residual block. */
  readonly strides?: readonly number[];
  /**
   * Whether the first convolution has a bias, which batch norm subtracts again (see `RESIDUAL_ZERO_GRADIENT`); true by
   * default.
   */
  readonly bias?: boolean;
}

/** Pre-activation residual blocks with batch norm and projections. */
export function residualNetwork(
  task = toyTask,
  { filters = 4, strides = [2], bias = true }: ResidualNetworkOptions = {},
): Network<ClassifierOutputs> {
  const blocks = strides.map((stride, i) => {
    const width = i === strides.length - 1 ? task.features : filters;
    return residual(i === 0 ? 'block' : `block${i + 1}`, {
      before: [batchNorm('norm1'), relu('relu1')],
      branch: [
        conv2d('conv1', { kernelSize: 3, filters: width, stride, bias: false }),
        batchNorm('norm2'),
        relu('relu2'),
        conv2d('conv2', { kernelSize: 3, filters: width, bias: false }),
      ],
      shortcut: [conv2d('shortcut', { kernelSize: 1, filters: width, stride, bias: false })],
    });
  });
  return classifier('toy-residual', task, [
    conv2d('conv', { kernelSize: 3, filters, bias }),
    ...blocks,
    batchNorm('norm'),
    relu('relu'),
    globalAveragePool('pool'),
  ]);
}

/** State entries of a residual student with momentum whose gradient is zero by algebra. */
export const RESIDUAL_ZERO_GRADIENT = [
  'student/params/conv/bias',
  'student/slots/velocity/conv/bias',
] as const;

/** Depthwise convolutions, ReLU6 and batch norm. */
export const separableNetwork = (task = toyTask): Network<ClassifierOutputs> =>
  classifier('toy-separable', task, [
    conv2d('conv', { kernelSize: 3, filters: 4, stride: 2, bias: false }),
    batchNorm('norm1'),
    relu6('relu1'),
    depthwiseConv2d('depthwise', { kernelSize: 3 }), // batch norm here would leave the first one's scale without effect
    relu6('relu2'),
    depthwiseConv2d('strided', { kernelSize: 3, stride: 2 }),
    conv2d('pointwise', { kernelSize: 1, filters: task.features }),
    relu('relu3'),
    globalAveragePool('pool'),
  ]);
