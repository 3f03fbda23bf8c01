import { AncError } from '@anc/core';
import { z } from 'zod';
import {
  initializerOption,
  INITIALIZER_EXCEPT_LAST,
  momentumOption,
  optionalUnlessDefault,
} from '../options.js';

/** Defaults in which the named networks differ. */
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

/** Options of the family, with the defaults of a member. */
export function resnetSchema(defaults: ResnetDefaults = {}) {
  return z.strictObject({
    depth: z
      .int()
      .min(8)
      .max(10_000)
      .default(defaults.depth ?? 20)
      .describe(
        'number of layers with weights. CIFAR: 6n+2 (basic) or 9n+2 (bottleneck); ImageNet: 18, 34, 50, 101, 152, 200',
      ),
    width: z
      .number()
      .positive()
      .max(64)
      .default(defaults.width ?? 1)
      .describe('factor of the width of every block, but not of the first convolution'),
    block: z
      .enum(['basic', 'bottleneck'])
      .default(defaults.block ?? 'basic')
      .describe('convolutions of a block: basic (two of 3×3) or bottleneck (1×1, 3×3, 1×1)'),
    shortcut: z
      .enum(['pad', 'projection', 'projection-every-stage'])
      .default(defaults.shortcut ?? 'projection')
      .describe(
        'shortcut if the shape changes: pad (zero channels) or projection (1×1 convolution); ' +
          'projection-every-stage: at the start of every stage',
      ),
    variant: z
      .enum(['v1', 'v2'])
      .default(defaults.variant ?? 'v2')
      .describe(
        'activation after the sum (v1, He et al. 2015) or before the convolutions (v2, He et al. 2016)',
      ),
    family: z
      .enum(['cifar', 'imagenet'])
      .default(defaults.family ?? 'cifar')
      .describe(
        'cifar: three stages from 16 channels at full resolution; imagenet: four stages from 64 at a quarter',
      ),
    stem: optionalUnlessDefault(z.enum(['7x7', '3x3']), defaults.stem).describe(
      'first convolution: 7x7 (with stride 2 and pooling) or 3x3 (at full resolution); default: by family',
    ),
    stemWidth: optionalUnlessDefault(z.int().min(1).max(4096), defaults.stemWidth).describe(
      'channels of the first convolution; default: 16 (cifar) or 64 (imagenet)',
    ),
    downsample: z
      .enum(['first-block', 'last-block'])
      .default(defaults.downsample ?? 'first-block')
      .describe(
        'block that halves the resolution: the first of a stage, or the last of the previous one (as in TF-slim)',
      ),
    strideOn: z
      .enum(['3x3', '1x1'])
      .default(defaults.strideOn ?? '3x3')
      .describe(
        'convolution of a bottleneck that halves the resolution: the 3×3, or the first 1×1 (He et al. 2015, Keras)',
      ),
    bias: z
      .union([z.boolean(), z.literal('all')], 'expected true, false or "all"')
      .default(defaults.bias ?? false)
      .describe(
        'true: biases on convolutions that are not followed by batch norm directly; all: on all convolutions',
      ),
    poolBorder: z
      .enum(['left-out', 'zeros'])
      .default(defaults.poolBorder ?? 'left-out')
      .describe('border around the images of the first pooling: ignored (left-out) or zeros (as in Keras)'),
    classMaps: z
      .boolean()
      .default(false)
      .describe('whether class maps are an output, for the method cat; weights stay the same'),
    momentum: momentumOption,
    initializer: initializerOption.describe(INITIALIZER_EXCEPT_LAST),
  });
}

export const resnetOptions = resnetSchema();
/** Options of residual networks. */
export type ResnetOptions = z.input<typeof resnetOptions>;
/** Options of residual networks, with their defaults. */
export type ParsedResnetOptions = z.output<typeof resnetOptions>;

/**
 * Blocks per stage of the ImageNet networks. 18 and 34 exist with both kinds of block (the paper's 18 has bottlenecks).
 */
const IMAGENET_STAGES: Readonly<Record<number, readonly number[]>> = {
  18: [2, 2, 2, 2],
  34: [3, 4, 6, 3],
  50: [3, 4, 6, 3],
  101: [3, 4, 23, 3],
  152: [3, 8, 36, 3],
  200: [3, 24, 36, 3],
};

/** @throws `ANC_MODEL` if an option is about a part that the network does not have. */
export function assertOptionsFit({
  strideOn,
  block,
  poolBorder,
  family,
  stem,
  width,
}: ParsedResnetOptions): void {
  const without = (option: string, what: string, hint: string): AncError =>
    new AncError('ANC_MODEL', `resnet: ${option} is for networks ${what} only.`, { hint });
  if (strideOn === '1x1' && block === 'basic')
    throw without(
      'strideOn=1x1',
      'with 1×1 convolutions in their blocks',
      'set block=bottleneck, or omit the option.',
    );
  if (stem === '7x7' && family === 'cifar')
    throw without('stem=7x7', 'of four stages', 'set family=imagenet, or omit the option.');
  if (poolBorder === 'zeros' && (family === 'cifar' || stem === '3x3'))
    throw without(
      'poolBorder=zeros',
      'with a first pooling',
      'set family=imagenet and stem=7x7, or omit the option.',
    );
  const narrowest = (family === 'cifar' ? 16 : 64) * width;
  if (narrowest < 0.5)
    throw new AncError('ANC_MODEL', 'resnet: this width leaves no channel in the first stage.', {
      expected: `at least ${0.5 / (family === 'cifar' ? 16 : 64)}`,
      received: `width=${width}`,
    });
}

/**
 * Number of blocks of each stage.
 *
 * @throws `ANC_MODEL` for a depth that the family does not have.
 */
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
