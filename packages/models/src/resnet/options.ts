import { AncError } from '@anc/core';
import { z } from 'zod';
import { initializerOption, LAST_LAYER, momentumOption, orUnsaid } from '../options.js';

/** Defaults by which the named networks differ. */
export interface ResnetDefaults {
  readonly depth?: number;
  readonly width?: number;
  readonly block?: 'basic' | 'bottleneck';
  readonly shortcut?: 'pad' | 'projection' | 'projection-every-stage';
  readonly variant?: 'v1' | 'v2';
  readonly family?: 'cifar' | 'imagenet';
  readonly downsample?: 'first-block' | 'last-block';
  readonly bias?: boolean | 'all';
  readonly strideOn?: '3x3' | '1x1';
  readonly poolBorder?: 'left-out' | 'zeros';
  readonly stem?: '7x7' | '3x3';
  readonly stemWidth?: number;
}

/** The options of the family, with the defaults of one of its members. */
export function resnetSchema(defaults: ResnetDefaults = {}) {
  return z.strictObject({
    depth: z
      .int()
      .min(8)
      .max(10_000)
      .default(defaults.depth ?? 20)
      .describe(
        'layers with weights: 6n+2 (basic) or 9n+2 (bottleneck) for CIFAR; 18, 34, 50, 101, 152, 200',
      ),
    width: z
      .number()
      .positive()
      .max(64)
      .default(defaults.width ?? 1)
      .describe('factor of the width of every block; the stem keeps its own'),
    block: z
      .enum(['basic', 'bottleneck'])
      .default(defaults.block ?? 'basic')
      .describe('two 3×3 convolutions, or 1×1, 3×3, 1×1'),
    shortcut: z
      .enum(['pad', 'projection', 'projection-every-stage'])
      .default(defaults.shortcut ?? 'projection')
      .describe(
        'zero channels, a 1×1 convolution where the shape changes, or one at the start of every stage',
      ),
    variant: z
      .enum(['v1', 'v2'])
      .default(defaults.variant ?? 'v2')
      .describe('activation after the sum (v1), or before the convolutions (v2)'),
    family: z
      .enum(['cifar', 'imagenet'])
      .default(defaults.family ?? 'cifar')
      .describe('three stages from 16 channels at full size, or four from 64 at a quarter'),
    stem: orUnsaid(z.enum(['7x7', '3x3']), defaults.stem).describe(
      "the first convolution: 7×7, halving, with a pooling, or 3×3 at full size; by default the family's",
    ),
    stemWidth: orUnsaid(z.int().min(1).max(4096), defaults.stemWidth).describe(
      'channels of the first convolution; by default 16 (CIFAR) or 64',
    ),
    downsample: z
      .enum(['first-block', 'last-block'])
      .default(defaults.downsample ?? 'first-block')
      .describe(
        'the block of a stage that halves the image: the first, or the last of the stage before (TF-slim)',
      ),
    strideOn: z
      .enum(['3x3', '1x1'])
      .default(defaults.strideOn ?? '3x3')
      .describe(
        'the convolution of a bottleneck that halves the image: the 3×3, or the first 1×1 (2015, Keras)',
      ),
    bias: z
      .union([z.boolean(), z.literal('all')], 'expected true, false or "all"')
      .default(defaults.bias ?? false)
      .describe('biases on convolutions that no batch norm follows directly, or on all'),
    poolBorder: z
      .enum(['left-out', 'zeros'])
      .default(defaults.poolBorder ?? 'left-out')
      .describe('what the first pooling makes of the border around its images: nothing, or zeros (Keras)'),
    momentum: momentumOption,
    initializer: initializerOption.describe(LAST_LAYER),
  });
}

export const resnetOptions = resnetSchema();
export type ResnetOptions = z.input<typeof resnetOptions>;
export type ParsedResnetOptions = z.output<typeof resnetOptions>;

/** Blocks per stage of the ImageNet networks; 18 and 34 exist with both blocks (the paper's 18 has bottlenecks). */
const IMAGENET_STAGES: Readonly<Record<number, readonly number[]>> = {
  18: [2, 2, 2, 2],
  34: [3, 4, 6, 3],
  50: [3, 4, 6, 3],
  101: [3, 4, 23, 3],
  152: [3, 8, 36, 3],
  200: [3, 24, 36, 3],
};

/** Throws `ANC_MODEL` where an option speaks of what the network does not have. */
export function assertOptionsFit({
  strideOn,
  block,
  poolBorder,
  family,
  stem,
  width,
}: ParsedResnetOptions): void {
  const without = (option: string, what: string, hint: string): AncError =>
    new AncError('ANC_MODEL', `resnet: ${option} is of networks ${what}, and this one has none.`, { hint });
  if (strideOn === '1x1' && block === 'basic')
    throw without(
      'strideOn=1x1',
      'with 1×1 convolutions in their blocks',
      'say block=bottleneck, or leave it out.',
    );
  if (stem === '7x7' && family === 'cifar')
    throw without('stem=7x7', 'of four stages', 'say family=imagenet, or leave it out.');
  if (poolBorder === 'zeros' && (family === 'cifar' || stem === '3x3'))
    throw without('poolBorder=zeros', 'with a pooling', 'say family=imagenet and stem=7x7, or leave it out.');
  const narrowest = (family === 'cifar' ? 16 : 64) * width;
  if (narrowest < 0.5)
    throw new AncError('ANC_MODEL', 'resnet: width leaves the first stage no channel.', {
      expected: `at least ${0.5 / (family === 'cifar' ? 16 : 64)}`,
      received: `width=${width}`,
    });
}

/** Blocks of each stage. Throws `ANC_MODEL` on a depth that the family does not have. */
export function stagesOf({ family, depth, block }: ParsedResnetOptions): readonly number[] {
  const wrong = (expected: string): AncError =>
    new AncError('ANC_MODEL', `resnet: no ${family} network of ${block} blocks is ${depth} layers deep.`, {
      expected,
      received: `${depth}`,
    });
  if (family === 'imagenet') {
    const stages = IMAGENET_STAGES[depth];
    if (stages === undefined) throw wrong(`one of ${Object.keys(IMAGENET_STAGES).join(', ')}`);
    if (block === 'basic' && depth > 34) throw wrong('block=bottleneck, or a depth of 18 or 34');
    return stages;
  }
  const perBlock = block === 'basic' ? 6 : 9;
  const blocks = (depth - 2) / perBlock;
  if (!Number.isInteger(blocks))
    throw wrong(`${perBlock}n + 2, e.g. ${[1, 2, 3].map((n) => perBlock * n + 2).join(', ')}`);
  return [blocks, blocks, blocks];
}
