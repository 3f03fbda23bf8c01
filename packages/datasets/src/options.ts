import { z } from 'zod';

/** Nothing to choose: the files are what they are. */
export const noOptions = z.strictObject({});

export const glyphsOptions = z.strictObject({
  train: z.int().min(1).max(1_000_000).default(6000).describe('number of training images'),
  test: z.int().min(1).max(1_000_000).default(2000).describe('number of test images'),
  seed: z
    .int()
    .nullable()
    .default(null)
    .describe("seed of the drawing; null: always the same pictures, whatever the run's seed"),
});
export type GlyphsOptions = z.input<typeof glyphsOptions>;

export const cifar100Options = z.strictObject({
  labels: z.enum(['fine', 'coarse']).default('fine').describe('the hundred classes, or their twenty groups'),
});

export const svhnOptions = z.strictObject({
  extra: z.boolean().default(false).describe('train on the 531,131 extra images too'),
});

const part = z.number().gt(0).max(1);

/** Options of every dataset of image files. */
export const imageFileOptions = {
  size: z.int().min(8).max(1024).default(224).describe('height and width that images are brought to'),
  channels: z
    .union([z.literal(1), z.literal(3)])
    .default(3)
    .describe('3: colour, 1: grey'),
  scale: z.tuple([part, part]).default([0.08, 1]).describe('area of a random crop, as a part of the picture'),
  ratio: z
    .tuple([z.number().gt(0), z.number().gt(0)])
    .default([3 / 4, 4 / 3])
    .describe('width / height of a random crop'),
  flip: z.boolean().default(true).describe('mirror half of the random crops'),
  views: z
    .int()
    .min(1)
    .max(65_536)
    .default(65_536)
    .describe('number of fixed random crops per image to draw from'),
  skipBroken: z
    .boolean()
    .default(false)
    .describe('leave out images that do not decode (decodes all of them once)'),
};

export const imageFolderOptions = z.strictObject({
  path: z.string().nullable().default(null).describe('the folder; null: the data folder itself'),
  labelled: z
    .enum(['auto', 'yes', 'no'])
    .default('auto')
    .describe('whether folders are classes; auto: yes where every image lies in one'),
  testFraction: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.2)
    .describe('part kept for evaluation where the folder has no test/ or val/'),
  ...imageFileOptions,
});
export type ImageFolderOptions = z.input<typeof imageFolderOptions>;

const { skipBroken: _, ...officialFileOptions } = imageFileOptions;
export const imagenetOptions = z.strictObject(officialFileOptions);
