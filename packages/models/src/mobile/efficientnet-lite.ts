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
import { convolution, depthwise, inverted, norm, type MobileStyle } from './layers.js';
import { sharedOptions, styleOf, widthOption, withStemStride } from './options.js';

export const efficientnetLiteOptions = z.strictObject({
  width: widthOption.describe(
    'factor of the width of every layer but the first and the last, rounded to multiples of 8',
  ),
  depth: z
    .number()
    .positive()
    .max(4)
    .default(1)
    .describe('factor of the number of blocks in every stage but the first and the last, rounded up'),
  padding: z
    .enum(['same', 'both'])
    .default('same')
    .describe(
      "padding of windows with stride 2: same, with batch norm's epsilon 0.001 (TensorFlow's weights, timm's " +
        "tf_efficientnet_lite0), or both sides, with 1e-5 (timm's efficientnet_lite0)",
    ),
  ...sharedOptions,
});

/** Options of EfficientNet-Lite. */
export type EfficientnetLiteOptions = z.input<typeof efficientnetLiteOptions>;

/** Blocks, kernel size, stride of the first block, expansion and width of the stages. */
const STAGES: readonly (readonly [
  blocks: number,
  kernelSize: number,
  stride: number,
  expansion: number,
  width: number,
])[] = [
  [1, 3, 1, 1, 16],
  [2, 3, 2, 6, 24],
  [2, 5, 2, 6, 40],
  [3, 3, 2, 6, 80],
  [3, 5, 1, 6, 112],
  [4, 5, 2, 6, 192],
  [1, 3, 1, 6, 320],
];

const EPSILON = { same: 0.001, both: 1e-5 } as const;

/**
 * EfficientNet-Lite0 (Tan & Le 2019, arXiv 1905.11946, without squeeze-excite and with ReLU6), with factors of width and
 * depth: 1 and 1.1, 1.1 and 1.2, 1.2 and 1.4, 1.4 and 1.8 make Lite1 to Lite4. The first convolution has 32 channels and
 * the last 1,280 at every width. Layers have timm's names. Features are the output of the average pooling; taps `block1`,
 * `block2`, …. 4,652,008 parameters at width 1 with 1,000 classes. It has no dropout.
 */
export function efficientnetLite(
  options: EfficientnetLiteOptions,
  { input, classes }: ModelEnvironment,
): Student {
  const parsed = withStemStride(efficientnetLiteOptions.parse(options), input);
  const name = networkName('efficientnet-lite0', efficientnetLiteOptions, parsed);
  const style = styleOf(parsed, EPSILON[parsed.padding], parsed.padding);
  let channels = 32;
  let index = 0;
  const stages = STAGES.map(([count, kernelSize, first, expansion, width], stage) => {
    const isOuter = stage === 0 || stage === STAGES.length - 1;
    const blocks = isOuter ? count : Math.ceil(count * parsed.depth);
    const output = divisible(width * parsed.width);
    const layers = Array.from({ length: blocks }, (_, i) => {
      const place = { input: channels, expansion, output, kernelSize, stride: i === 0 ? first : 1 };
      channels = output;
      return [block(style, `${i}`, place), tap(`block${++index}`)];
    });
    return sequential(`${stage}`, layers.flat());
  });
  return new LayeredClassifier(name, classes, [
    convolution(style, 32, 3, parsed.stemStride)('conv_stem'),
    norm(style)('bn1'),
    relu6('act1'),
    sequential('blocks', stages),
    convolution(style, 1280)('conv_head'),
    norm(style)('bn2'),
    relu6('act2'),
    globalAveragePool(),
    tap('features'),
    dense('classifier', { units: classes, initializer: INITIALIZERS['glorot-uniform'] }),
  ]);
}

interface Place {
  readonly input: number;
  readonly expansion: number;
  readonly output: number;
  readonly kernelSize: number;
  readonly stride: number;
}

/** timm's `InvertedResidual`, or its `DepthwiseSeparableConv` where nothing is expanded. */
function block(
  style: MobileStyle,
  name: string,
  { input, expansion, output, kernelSize, stride }: Place,
): Layer {
  const normalize = norm(style);
  const deep = depthwise(style, kernelSize, stride)('conv_dw');
  const branch =
    expansion === 1
      ? [deep, normalize('bn1'), relu6('act1'), convolution(style, output)('conv_pw'), normalize('bn2')]
      : [
          convolution(style, input * expansion)('conv_pw'),
          normalize('bn1'),
          relu6('act1'),
          deep,
          normalize('bn2'),
          relu6('act2'),
          convolution(style, output)('conv_pwl'),
          normalize('bn3'),
        ];
  return inverted(name, branch, stride === 1 && input === output);
}

export const efficientnetLiteModels = {
  'efficientnet-lite0': {
    summary: 'EfficientNet-Lite0 with factors of width and depth, as in timm',
    options: efficientnetLiteOptions,
    input: [224, 224, 3],
    create: efficientnetLite,
  },
} satisfies Record<string, ModelContribution>;
