import {
  dense,
  globalAveragePool,
  LayeredClassifier,
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
import { hardSwish } from './activations.js';
import { divisible } from './divisible.js';
import { convolution, depthwise, inverted, normed, numbered, type MobileStyle } from './layers.js';
import { sharedOptions, styleOf, widthOption, withStemStride } from './options.js';
import { squeezeExcite } from './squeeze-excite.js';

export const mobilenetV3Options = z.strictObject({
  width: widthOption.describe('factor of the width of every layer, rounded to multiples of 8'),
  ...sharedOptions,
});

/** Options of MobileNetV3. */
export type MobilenetV3Options = z.input<typeof mobilenetV3Options>;

/** A row of the paper's tables 1 and 2. */
type Row = readonly [
  kernelSize: number,
  expanded: number,
  output: number,
  squeezes: boolean,
  activation: 'RE' | 'HS',
  stride: number,
];

const SMALL: readonly Row[] = [
  [3, 16, 16, true, 'RE', 2],
  [3, 72, 24, false, 'RE', 2],
  [3, 88, 24, false, 'RE', 1],
  [5, 96, 40, true, 'HS', 2],
  [5, 240, 40, true, 'HS', 1],
  [5, 240, 40, true, 'HS', 1],
  [5, 120, 48, true, 'HS', 1],
  [5, 144, 48, true, 'HS', 1],
  [5, 288, 96, true, 'HS', 2],
  [5, 576, 96, true, 'HS', 1],
  [5, 576, 96, true, 'HS', 1],
];

const LARGE: readonly Row[] = [
  [3, 16, 16, false, 'RE', 1],
  [3, 64, 24, false, 'RE', 2],
  [3, 72, 24, false, 'RE', 1],
  [5, 72, 40, true, 'RE', 2],
  [5, 120, 40, true, 'RE', 1],
  [5, 120, 40, true, 'RE', 1],
  [3, 240, 80, false, 'HS', 2],
  [3, 200, 80, false, 'HS', 1],
  [3, 184, 80, false, 'HS', 1],
  [3, 184, 80, false, 'HS', 1],
  [3, 480, 112, true, 'HS', 1],
  [3, 672, 112, true, 'HS', 1],
  [5, 672, 160, true, 'HS', 2],
  [5, 960, 160, true, 'HS', 1],
  [5, 960, 160, true, 'HS', 1],
];

/** Rows and width of the hidden layer of both networks. */
const VARIANTS = {
  'mobilenet-v3-small': { rows: SMALL, hidden: 1024 },
  'mobilenet-v3-large': { rows: LARGE, hidden: 1280 },
} as const;

const build =
  (model: keyof typeof VARIANTS) =>
  (options: MobilenetV3Options, { input, classes }: ModelEnvironment): Student => {
    const parsed = withStemStride(mobilenetV3Options.parse(options), input);
    const name = networkName(model, mobilenetV3Options, parsed);
    const { rows, hidden } = VARIANTS[model];
    const style = styleOf(parsed, 0.001);
    const scaled = (channels: number): number => divisible(channels * parsed.width);
    let channels = scaled(16);
    const stem = convolution(style, channels, 3, parsed.stemStride);
    const layers: Layer[] = [normed(style, stem, hardSwish)('0')];
    for (const [i, [kernelSize, expanded, output, squeezes, activation, stride]] of rows.entries()) {
      const place = {
        input: channels,
        expanded: scaled(expanded),
        output: scaled(output),
        kernelSize,
        squeezes,
        activation: activation === 'RE' ? relu : hardSwish,
        stride,
      };
      layers.push(block(style, `${i + 1}`, place), tap(`block${i + 1}`));
      channels = place.output;
    }
    layers.push(normed(style, convolution(style, 6 * channels), hardSwish)(`${rows.length + 1}`));
    return new LayeredClassifier(name, classes, [
      sequential('features', layers),
      globalAveragePool(),
      sequential('classifier', [
        dense('0', { units: scaled(hidden), initializer: style.initializer }),
        hardSwish('1'),
        tap('features'),
        dense('3', { units: classes, initializer: INITIALIZERS['glorot-uniform'] }),
      ]),
    ]);
  };

interface Place {
  readonly input: number;
  readonly expanded: number;
  readonly output: number;
  readonly kernelSize: number;
  readonly squeezes: boolean;
  readonly activation: (name?: string) => Layer;
  readonly stride: number;
}

function block(style: MobileStyle, name: string, place: Place): Layer {
  const { input, expanded, output, kernelSize, squeezes, activation, stride } = place;
  const { initializer } = style;
  const squeezed = divisible(Math.floor(expanded / 4));
  const branch = numbered('block', [
    ...(expanded === input ? [] : [normed(style, convolution(style, expanded), activation)]),
    normed(style, depthwise(style, kernelSize, stride), activation),
    ...(squeezes ? [(layer: string) => squeezeExcite(layer, { squeezed, initializer })] : []),
    normed(style, convolution(style, output)),
  ]);
  return inverted(name, [branch], stride === 1 && input === output);
}

/**
 * MobileNetV3-Small (Howard et al. 2019, arXiv 1905.02244): inverted residual blocks with squeeze-excite and hard-swish.
 * Layers have torchvision's names. Features are the output of the hidden layer; taps `block1` to `block11`. 2,542,856
 * parameters at width 1 with 1,000 classes. It has no dropout.
 */
export const mobilenetV3Small = build('mobilenet-v3-small');

/** MobileNetV3-Large, like `mobilenetV3Small`; taps `block1` to `block15`; 5,483,032 parameters. */
export const mobilenetV3Large = build('mobilenet-v3-large');

export const mobilenetV3Models = {
  'mobilenet-v3-small': {
    summary: 'MobileNetV3-Small with a width factor, as in torchvision',
    options: mobilenetV3Options,
    input: [224, 224, 3],
    create: mobilenetV3Small,
  },
  'mobilenet-v3-large': {
    summary: 'MobileNetV3-Large with a width factor, as in torchvision',
    options: mobilenetV3Options,
    input: [224, 224, 3],
    create: mobilenetV3Large,
  },
} satisfies Record<string, ModelContribution>;
