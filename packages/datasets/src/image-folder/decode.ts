import { open as openFile, readFile } from 'node:fs/promises';
import { AncError, type CropDistribution, type Rng } from '@anc/core';
import { importFromUser } from '@anc/core/internal';
import type { default as sharpFactory, Sharp } from 'sharp';
import { drawRegion } from '../augmentations/region.js';
import { corrupt } from '../files/data-error.js';
import { unreadable } from '../files/verified-file.js';
import type { ImageShape } from '../images/memory-images.js';
import { bmpSize, decodeBmp, isBmp, type RawImage } from './bmp.js';
import { isEncodedImage } from './image-signature.js';
import { IMAGE_FORMATS } from './list-images.js';
import { grayOfRgb } from '../pixels/gray.js';
import { rgbOfCmyk } from './pillow-colors.js';

/** An image of more pixels than this counts as a decompression bomb. */
const MOST_PIXELS = 100_000_000;

/** Distribution of random-resized crops of which half may be mirrored. */
export interface FlippedCrops extends CropDistribution {
  readonly flip: boolean;
}

type SharpFactory = typeof sharpFactory;
let loaded: Promise<SharpFactory> | null = null;

/**
 * Loads the image library, an optional peer dependency.
 *
 * @throws `ANC_MISSING_PACKAGE` with the command that installs it.
 */
export function loadSharp(
  load: (specifier: string) => Promise<{ default: SharpFactory }> = (specifier) =>
    import(specifier) as Promise<{ default: SharpFactory }>,
): Promise<SharpFactory> {
  loaded ??= importFromUser('sharp', load).then(
    ({ default: factory }) => {
      factory.concurrency(1); // many images at once, each on one core: threads within an image cost more than they save
      factory.cache(false); // no image is decoded in the same way twice in a row
      return factory;
    },
    (cause: unknown) => {
      loaded = null;
      throw new AncError('ANC_MISSING_PACKAGE', 'image files are decoded by sharp, which is not installed.', {
        expected: 'the package sharp',
        received: cause instanceof Error ? cause.message.split('\n')[0]! : String(cause),
        hint: 'npm install sharp',
        cause,
      });
    },
  );
  return loaded;
}

/** What an image file's header says. */
export interface ImageHeader {
  /** Of the upright image. */
  readonly width: number;
  readonly height: number;
  readonly isGray: boolean;
}

/** Bytes of a file that tell whether it is a BMP file, and of which size. */
const HEADER_BYTES = 64;

/** Reads the header of an image file without decoding it. Throws where there is none that can be read. */
export async function readImageHeader(path: string): Promise<ImageHeader> {
  const file = await openFile(path);
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(HEADER_BYTES), 0, HEADER_BYTES, 0);
    const start = buffer.subarray(0, bytesRead);
    if (isBmp(start)) return { ...bmpSize(start), isGray: false };
    assertEncodedImage(start);
  } finally {
    await file.close();
  }
  const sharp = await loadSharp();
  const { autoOrient, channels } = await sharp(path, { failOn: 'none' }).metadata();
  return { ...autoOrient, isGray: channels <= 2 };
}

/**
 * Like `decodeImageBytes`, for a file.
 *
 * @throws `ANC_DATA_MISSING` if it cannot be read.
 */
export async function decodeImage(path: string, shape: ImageShape, crop: Crop | null): Promise<Uint8Array> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  return await decodeImageBytes(bytes, path, shape, crop);
}

/** A random crop: its distribution, and the generator from which it is drawn. */
export interface Crop {
  readonly distribution: FlippedCrops;
  readonly rng: Rng;
}

/**
 * Decodes an image to [H, W, C] bytes: upright according to its EXIF orientation, sRGB (or gray), transparency over
 * white; of several pages or frames the first. CMYK and colors become RGB and gray as in Pillow. Without `crop`, the shorter side is resized to side / 0.875 and the center is cropped, unless the image has
 * the right size already. With it, the result is a random-resized crop. Resizing is bilinear with antialiasing, as in
 * the training of most networks.
 *
 * @throws `ANC_DATA_CORRUPT`, naming `place`, if the image does not decode or has more than 100 million pixels.
 */
export async function decodeImageBytes(
  bytes: Uint8Array,
  place: string,
  [height, width, channels]: ImageShape,
  crop: Crop | null,
): Promise<Uint8Array> {
  const sharp = await loadSharp();
  try {
    const { image, whole, hasAlpha, isGray } = await open(sharp, bytes);
    const cut =
      crop === null ? center(image, whole, height, width) : randomCrop(image, whole, height, width, crop);
    const flat = hasAlpha ? cut.flatten({ background: '#ffffff' }) : cut;
    const stays = channels === 1 && isGray;
    const colored = flat.toColourspace(stays ? 'b-w' : 'srgb');
    const { data, info } = await colored.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
    if (info.width !== width || info.height !== height || info.channels !== (stays ? 1 : 3)) {
      throw new Error(`decodes to [${info.height}, ${info.width}, ${info.channels}]`);
    }
    return channels === 1 && !isGray ? grayOfRgb(data) : data;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0]! : String(cause);
    throw corrupt(
      place,
      'does not decode',
      `a complete ${IMAGE_FORMATS} image`,
      reason,
      'repair or remove the file, or set skipBroken.',
    );
  }
}

interface OpenImage {
  readonly image: Sharp;
  /** Of the upright image. */
  readonly whole: Size;
  readonly hasAlpha: boolean;
  readonly isGray: boolean;
}

/** Opens an image upright, in RGB or gray. */
async function open(sharp: SharpFactory, bytes: Uint8Array): Promise<OpenImage> {
  if (isBmp(bytes)) return ofRaw(sharp, decodeBmp(bytes, MOST_PIXELS));
  assertEncodedImage(bytes);
  const image = sharp(bytes, { failOn: 'error', limitInputPixels: MOST_PIXELS, sequentialRead: true });
  const { autoOrient: whole, hasAlpha, space, channels } = await image.metadata();
  image.autoOrient();
  if (space === 'cmyk') {
    const inks = image.pipelineColourspace('cmyk').toColourspace('cmyk').raw({ depth: 'uchar' });
    const { data, info } = await inks.toBuffer({ resolveWithObject: true });
    return ofRaw(sharp, { ...info, channels: 3, data: rgbOfCmyk(data, info.channels) });
  }
  return { image, whole, hasAlpha, isGray: channels <= 2 };
}

function assertEncodedImage(bytes: Uint8Array): void {
  if (!isEncodedImage(bytes)) throw new Error('it starts like none of them');
}

function ofRaw(sharp: SharpFactory, { width, height, channels, data }: RawImage): OpenImage {
  const image = sharp(data, { raw: { width, height, channels } });
  return { image, whole: { width, height }, hasAlpha: channels === 4, isGray: false };
}

interface Size {
  readonly width: number;
  readonly height: number;
}

function center(image: Sharp, whole: Size, height: number, width: number): Sharp {
  if (whole.width === width && whole.height === height) return image;
  const [tall, wide] = [Math.round(height / 0.875), Math.round(width / 0.875)];
  return image
    .resize({ width: wide, height: tall, fit: 'cover', position: 'center', kernel: 'linear' })
    .extract({ left: (wide - width) >> 1, top: (tall - height) >> 1, width, height });
}

/**
 * Resizes a random region to the target size. If it is more than twice as large, the whole image is resized first,
 * since a JPEG can be decoded at a lower scale directly; a smaller region is cropped before it is resized.
 */
function randomCrop(
  image: Sharp,
  whole: Size,
  height: number,
  width: number,
  { distribution, rng }: Crop,
): Sharp {
  const region = drawRegion(rng, whole.width, whole.height, distribution);
  const mirrored = distribution.flip && rng.uniform() < 0.5;
  const cut =
    region.width >= 2 * width && region.height >= 2 * height
      ? scaledThenCut(image, whole, height, width, region, mirrored)
      : image.extract(region).resize({ width, height, fit: 'fill', kernel: 'linear' });
  return mirrored ? cut.flop() : cut;
}

function scaledThenCut(
  image: Sharp,
  whole: Size,
  height: number,
  width: number,
  region: ReturnType<typeof drawRegion>,
  mirrored: boolean,
): Sharp {
  const tall = Math.max(height, Math.round((whole.height * height) / region.height));
  const wide = Math.max(width, Math.round((whole.width * width) / region.width));
  const left = Math.min(wide - width, Math.round((region.left * wide) / whole.width));
  const top = Math.min(tall - height, Math.round((region.top * tall) / whole.height));
  return image
    .resize({ width: wide, height: tall, fit: 'fill', kernel: 'linear' })
    .extract({ left: mirrored ? wide - width - left : left, top, width, height }); // cropped after mirroring
}
