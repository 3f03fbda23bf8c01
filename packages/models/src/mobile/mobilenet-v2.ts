import {
  dense,
  globalAveragePool,
  LayeredClassifier,
  relu6,
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
import { divisible } from './divisible.js';
import { convolution, depthwise, inverted, norm, normed, numbered, type MobileStyle } from './layers.js';
import { sharedOptions, styleOf, widthOption, withStemStride } from './options.js';

export const mobilenetV2Options = z.strictObject({
  width: widthOption.describe(
    'factor of the width of every layer, rounded to multiples of 8; the last convolution never has fewer than 1,280',
  ),
  ...sharedOptions,
});

/** Options of MobileNetV2. */
export type MobilenetV2Options = z.input<typeof mobilenetV2Options>;

/** Table 2 of the paper: expansion, width, number of blocks, stride of the first. */
const STAGES: readonly (readonly [expansion: number, width: number, blocks: number, stride: number])[] = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
];

/**
 * MobileNetV2 (Sandler et al. 2018, arXiv 1801.04381): inverted residual blocks with linear bottlenecks. Layers have
 * torchvision's names. Features are the output of the average pooling; taps `block1` to `block17`. 3,504,872 parameters
 * at width 1 with 1,000 classes. It has no dropout.
 */
export function mobilenetV2(options: MobilenetV2Options, { input, classes }: ModelEnvironment): Student {
  const parsed = withStemStride(mobilenetV2Options.parse(options), input);
  const name = networkName('mobilenet-v2', mobilenetV2Options, parsed);
  const { width: factor, stemStride } = parsed;
  const style = styleOf(parsed, 1e-5);
  let channels = divisible(32 * factor);
  const layers: Layer[] = [normed(style, convolution(style, channels, 3, stemStride), relu6)('0')];
  let index = 0;
  for (const [expansion, width, blocks, first] of STAGES) {
    for (let i = 0; i < blocks; i++) {
      const output = divisible(width * factor);
      index++;
      layers.push(
        block(style, `${index}`, { input: channels, expansion, output, stride: i === 0 ? first : 1 }),
        tap(`block${index}`),
      );
      channels = output;
    }
  }
  const last = divisible(1280 * Math.max(1, factor));
  layers.push(normed(style, convolution(style, last), relu6)(`${index + 1}`));
  return new LayeredClassifier(name, classes, [
    sequential('features', layers),
    globalAveragePool(),
    tap('features'),
    sequential('classifier', [dense('1', { units: classes, initializer: INITIALIZERS['glorot-uniform'] })]),
  ]);
}

interface Place {
  readonly input: number;
  readonly expansion: number;
  readonly output: number;
  readonly stride: number;
}

function block(style: MobileStyle, name: string, { input, expansion, output, stride }: Place): Layer {
  const branch = numbered('conv', [
    ...(expansion === 1 ? [] : [normed(style, convolution(style, input * expansion), relu6)]),
    normed(style, depthwise(style, 3, stride), relu6),
    convolution(style, output),
    norm(style),
  ]);
  return inverted(name, [branch], stride === 1 && input === output);
}

export const mobilenetV2Models = {
  'mobilenet-v2': {
    summary: 'MobileNetV2 with a width factor, as in torchvision',
    options: mobilenetV2Options,
    input: [224, 224, 3],
    create: mobilenetV2,
  },
} satisfies Record<string, ModelContribution>;
