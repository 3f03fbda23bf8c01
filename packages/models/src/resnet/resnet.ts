import {
  batchNorm,
  dense,
  globalAveragePool,
  LayeredClassifier,
  maxPool,
  padImage,
  relu,
  sequential,
  tap,
  type Layer,
  type ModelEnvironment,
  type Student,
} from '@anc/core';
import { INITIALIZERS } from '@anc/core/internal';
import { networkName } from '../naming.js';
import { classMapHead } from './class-map-head.js';
import { convolution, isBiased, outputWidth, residualBlock, type BlockStyle } from './blocks.js';
import {
  assertOptionsFit,
  resnetOptions,
  stagesOf,
  type ParsedResnetOptions,
  type ResnetOptions,
} from './options.js';

type Classes = Pick<ModelEnvironment, 'classes'>;

/**
 * Residual networks, post-activation (He et al. 2015, arXiv 1512.03385) or pre-activation (1603.05027).
 * Features are the output of the average pooling; taps `stage1`, `stage2`, … are the outputs of the stages.
 *
 * @throws `ANC_MODEL` for a depth that does not exist, and for options of other kinds of network.
 */
export const resnet = (options: ResnetOptions, { classes }: Classes): Student =>
  buildResnet('resnet', resnetOptions, options, classes);

/** A residual network under another name and with other defaults. */
export function buildResnet(
  model: string,
  schema: typeof resnetOptions,
  given: ResnetOptions,
  classes: number,
): Student {
  const options = schema.parse(given);
  const style: BlockStyle = { ...options, initializer: INITIALIZERS[options.initializer] };
  const stages = stagesOf(options);
  assertOptionsFit(options);
  const first = options.family === 'cifar' ? 16 : 64;
  const stageWidths = stages.map((_, i) => Math.round(first * 2 ** i * options.width));
  const stem = options.stemWidth ?? first;

  const layers: Layer[] = [...stemLayers(style, options, stem)];
  let channels = stem;
  for (const [i, count] of stages.entries()) {
    const width = stageWidths[i]!;
    const blocks = Array.from({ length: count }, (_, j) => {
      const stride = strideOf(options, stages, i, j);
      const output = outputWidth(options.block, width);
      const changes = channels !== output || (stride > 1 && options.downsample === 'first-block');
      const projects = changes || (j === 0 && options.shortcut === 'projection-every-stage');
      const shortcut = projects && options.shortcut !== 'pad' ? 'projection' : 'pad';
      const place = { name: `block${j + 1}`, input: channels, width, stride, shortcut } as const;
      channels = output;
      return residualBlock(style, place);
    });
    layers.push(sequential(`stage${i + 1}`, blocks), tap(`stage${i + 1}`));
  }
  const last = options.variant === 'v2' ? [batchNorm('norm', { momentum: options.momentum }), relu()] : [];
  const logits = ['logits', { units: classes, initializer: INITIALIZERS['glorot-uniform'] }] as const;
  const head = options.classMaps
    ? [classMapHead(...logits)]
    : [globalAveragePool(), tap('features'), dense(...logits)];
  return new LayeredClassifier(networkName(model, schema, options), classes, [...layers, ...last, ...head]);
}

function stemLayers(
  style: BlockStyle,
  { family, poolBorder, stem }: ParsedResnetOptions,
  width: number,
): Layer[] {
  const { variant, momentum, initializer } = style;
  const normed = variant === 'v1';
  const bias = isBiased(style, normed);
  const small = family === 'cifar' || stem === '3x3';
  const first = small
    ? convolution('conv', 3, width, 1, bias, initializer)
    : convolution('conv', 7, width, 2, bias, initializer);
  return [
    first,
    ...(normed ? [batchNorm('norm', { momentum }), relu()] : []),
    ...(small ? [] : firstPooling(poolBorder)),
  ];
}

/** A border of zeros needs its own layer: the padding of max-pooling is never the maximum. */
const firstPooling = (border: ParsedResnetOptions['poolBorder']): Layer[] =>
  border === 'zeros'
    ? [padImage('pad1', 1), maxPool('pool1', { kernelSize: 3, stride: 2 })]
    : [maxPool('pool1', { kernelSize: 3, stride: 2, padding: 1 })];

/** Stride of block `j` of stage `i`: 2 if it halves the resolution, else 1. */
function strideOf(
  { downsample }: ParsedResnetOptions,
  stages: readonly number[],
  i: number,
  j: number,
): number {
  if (downsample === 'first-block') return i > 0 && j === 0 ? 2 : 1;
  return i < stages.length - 1 && j === stages[i]! - 1 ? 2 : 1;
}
