import {
  dense,
  globalAveragePool,
  LayeredClassifier,
  maxPool,
  relu,
  sequential,
  tap,
  type Layer,
  type ModelContribution,
  type ModelEnvironment,
  type Student,
} from '@anc/core';
import { INITIALIZERS } from '@anc/core/internal';
import { z } from 'zod';
import { networkName } from '../naming.js';
import { convolution, depthwise, isLarge, norm, normed, numbered, type MobileStyle } from './layers.js';
import { sharedOptions, styleOf, widthOption, withStemStride } from './options.js';
import { shuffled } from './shuffled.js';

export const shufflenetV2Options = z.strictObject({
  width: widthOption.describe(
    'factor of the width: the published networks at 0.5, 1, 1.5 and 2, linear between them; below 0.5 the first and ' +
      'the last convolution are scaled too',
  ),
  stemPool: z
    .boolean()
    .optional()
    .describe('max-pooling after the first convolution; default: for images of at least 64 pixels'),
  ...sharedOptions,
});

/** Options of ShuffleNetV2. */
export type ShufflenetV2Options = z.input<typeof shufflenetV2Options>;

/** Channels of the first stage of the published networks; each following stage has twice as many. */
const FIRST_STAGE: readonly (readonly [width: number, channels: number])[] = [
  [0, 0],
  [0.5, 48],
  [1, 116],
  [1.5, 176],
  [2, 244],
];

const REPEATS = [4, 8, 4];

const even = (channels: number): number => Math.max(2, 2 * Math.round(channels / 2));

/** Channels of the first stage at any width: linear between the published ones, proportional above them. */
function firstStage(width: number): number {
  const at = FIRST_STAGE.findIndex(([one]) => one >= width);
  if (at < 0) return even(122 * width);
  const [[low, from], [high, to]] = [FIRST_STAGE[at - 1]!, FIRST_STAGE[at]!];
  return even(from + ((to - from) * (width - low)) / (high - low));
}

/**
 * ShuffleNetV2 (Ma et al. 2018, arXiv 1807.11164): half of the channels pass a block unchanged, then all are shuffled.
 * Layers have torchvision's names. Features are the output of the average pooling; taps `stage2` to `stage4`. Parameters
 * with 1,000 classes: 1,366,792, 2,278,604, 3,503,624 and 7,393,996 at widths 0.5, 1, 1.5 and 2.
 */
export function shufflenetV2(options: ShufflenetV2Options, { input, classes }: ModelEnvironment): Student {
  const given = withStemStride(shufflenetV2Options.parse(options), input);
  const parsed = { ...given, stemPool: given.stemPool ?? isLarge(input) };
  const name = networkName('shufflenet-v2', shufflenetV2Options, parsed);
  const style = styleOf(parsed, 1e-5);
  const { width, stemStride } = parsed;
  const first = firstStage(width);
  const stem = width < 0.5 ? even(48 * width) : 24;
  const last = width < 0.5 ? even(2048 * width) : width < 2 ? 1024 : 2048;
  let channels = stem;
  const stages = REPEATS.map((blocks, i) => {
    const output = first * 2 ** i;
    const units = Array.from({ length: blocks }, (_, j) =>
      unit(style, `${j}`, j === 0 ? channels : null, output),
    );
    channels = output;
    return [sequential(`stage${i + 2}`, units), tap(`stage${i + 2}`)];
  });
  return new LayeredClassifier(name, classes, [
    normed(style, convolution(style, stem, 3, stemStride), relu)('conv1'),
    ...(parsed.stemPool ? [maxPool('maxpool', { kernelSize: 3, stride: 2, padding: 1 })] : []),
    ...stages.flat(),
    normed(style, convolution(style, last), relu)('conv5'),
    globalAveragePool(),
    tap('features'),
    dense('fc', { units: classes, initializer: INITIALIZERS['glorot-uniform'] }),
  ]);
}

/** One unit: halving where `input`, the number of its channels, is given. */
function unit(style: MobileStyle, name: string, input: number | null, output: number): Layer {
  const half = output / 2;
  const stride = input === null ? 1 : 2;
  const right = numbered('branch2', [
    convolution(style, half),
    norm(style),
    relu,
    depthwise(style, 3, stride),
    norm(style),
    convolution(style, half),
    norm(style),
    relu,
  ]);
  if (input === null) return shuffled(name, { right });
  const left = numbered('branch1', [
    depthwise(style, 3, 2),
    norm(style),
    convolution(style, half),
    norm(style),
    relu,
  ]);
  return shuffled(name, { left, right });
}

export const shufflenetV2Models = {
  'shufflenet-v2': {
    summary: 'ShuffleNetV2 with a width factor, as in torchvision',
    options: shufflenetV2Options,
    input: [224, 224, 3],
    create: shufflenetV2,
  },
} satisfies Record<string, ModelContribution>;
