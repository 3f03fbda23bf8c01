import { z } from 'zod';

/** For datasets without options. */
export const noOptions = z.strictObject({});

export const noImagesOptions = z.strictObject({
  height: z
    .int()
    .min(1)
    .max(4096)
    .default(28)
    .describe("rows of the images that the networks take; default: a given teacher's"),
  width: z.int().min(1).max(4096).default(28).describe("their columns; default: a given teacher's"),
  channels: z
    .union([z.literal(1), z.literal(3)])
    .default(1)
    .describe("1: gray, 3: color; default: a given teacher's"),
});
export type NoImagesOptions = z.output<typeof noImagesOptions>;

export const glyphsOptions = z.strictObject({
  train: z.int().min(1).max(1_000_000).default(6000).describe('number of training images'),
  test: z.int().min(1).max(1_000_000).default(2000).describe('number of test images'),
  seed: z
    .int()
    .nullable()
    .default(null)
    .describe('random seed of the images; null: the same images for every seed of a run'),
});
/** Options of `glyphs`. */
export type GlyphsOptions = z.input<typeof glyphsOptions>;

export const cifar100Options = z.strictObject({
  labels: z
    .enum(['fine', 'coarse'])
    .default('fine')
    .describe('fine: the 100 classes; coarse: their 20 superclasses'),
});

export const svhnOptions = z.strictObject({
  extra: z.boolean().default(false).describe('train on the 531,131 extra images too'),
});

const fraction = z.number().gt(0).max(1);

/** Options of all datasets of image files. */
export const imageFileOptions = {
  size: z
    .int()
    .min(8)
    .max(1024)
    .default(224)
    .describe('height and width to which images are resized and cropped'),
  channels: z
    .union([z.literal(1), z.literal(3)])
    .default(3)
    .describe('3: color, 1: gray'),
  scale: z
    .tuple([fraction, fraction])
    .default([0.08, 1])
    .describe('area of a random crop, as a fraction of the image'),
  ratio: z
    .tuple([z.number().gt(0), z.number().gt(0)])
    .default([3 / 4, 4 / 3])
    .describe('aspect ratio (width / height) of a random crop'),
  flip: z.boolean().default(true).describe('mirror half of the random crops left to right'),
  views: z
    .int()
    .min(1)
    .max(65_536)
    .default(65_536)
    .describe('number of fixed random crops per image from which crops are drawn'),
  skipBroken: z
    .boolean()
    .default(false)
    .describe('skip images that do not decode (decodes every image once at the start)'),
};

export const imageFolderOptions = z.strictObject({
  path: z
    .string()
    .nullable()
    .default(null)
    .describe('folder of the images; null: the data folder (--data-dir)'),
  labelled: z
    .enum(['auto', 'yes', 'no'])
    .default('auto')
    .describe('whether folders are classes; auto: yes where most images are in a folder'),
  splits: z
    .enum(['auto', 'no'])
    .default('auto')
    .describe('whether folders such as train, valid and test are splits; no: every folder is a class'),
  classOrder: z
    .enum(['natural', 'text'])
    .default('natural')
    .describe(
      'order of the classes; natural: 2 before 10; text: 10 before 2, as many training programs have it',
    ),
  testFraction: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.2)
    .describe('fraction of the images held out for evaluation if the folder has no test images'),
  ...imageFileOptions,
});
/** Options of `image-folder`. */
export type ImageFolderOptions = z.input<typeof imageFolderOptions>;

const { skipBroken: _, ...officialFileOptions } = imageFileOptions;
export const imagenetOptions = z.strictObject(officialFileOptions);
