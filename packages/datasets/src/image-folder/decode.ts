import { readFile } from 'node:fs/promises';
import { AncError, type Rng } from '@anc/core';
import type { default as sharpFactory, Sharp } from 'sharp';
import { corrupt } from '../files/data-error.js';
import type { ImageShape } from '../images/memory-images.js';
import { unreadable } from '../files/verified-file.js';

/** A picture of more pixels than this is taken for a decompression bomb. */
const MOST_PIXELS = 100_000_000;

/** How random-resized crops are drawn (Szegedy et al. 2015): area as a part of the picture, and width / height. */
export interface CropLaw {
  readonly scale: readonly [number, number];
  readonly ratio: readonly [number, number];
  readonly flip: boolean;
}

type SharpFactory = typeof sharpFactory;
let loaded: Promise<SharpFactory> | null = null;

/** The image library, an optional peer: throws `ANC_MISSING_PACKAGE` saying what to install. */
export function loadSharp(
  load: () => Promise<{ default: SharpFactory }> = () => import('sharp'),
): Promise<SharpFactory> {
  loaded ??= load().then(
    ({ default: factory }) => {
      factory.concurrency(1); // many pictures at once, each on one core: threads within one cost more than they give
      factory.cache(false); // no picture is decoded the same way twice in a row
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

/** `decodePicture` of a file. Throws `ANC_DATA_MISSING` where it cannot be read. */
export async function decodeImage(path: string, shape: ImageShape, crop: Crop | null): Promise<Uint8Array> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  return await decodePicture(bytes, path, shape, crop);
}

/** A law and the chance that draws from it. */
export interface Crop {
  readonly law: CropLaw;
  readonly rng: Rng;
}

/**
 * Decodes a picture to [H, W, C] bytes: turned upright by its EXIF mark, sRGB (or grey), transparency over white.
 * Without `crop` the shorter side becomes side / 0.875 and the centre is cut out, but for a picture that has the
 * size already; with it, a random resized crop. Scaling is bilinear with antialiasing, as most networks were
 * trained on.
 *
 * Throws `ANC_DATA_CORRUPT` naming `place` where it does not decode or has more than 100 million pixels.
 */
export async function decodePicture(
  bytes: Uint8Array,
  place: string,
  [height, width, channels]: ImageShape,
  crop: Crop | null,
): Promise<Uint8Array> {
  const sharp = await loadSharp();
  try {
    const picture = sharp(bytes, {
      failOn: 'error',
      limitInputPixels: MOST_PIXELS,
      sequentialRead: true,
    });
    const { autoOrient: whole, hasAlpha } = await picture.metadata();
    picture.autoOrient();
    const cut =
      crop === null ? centre(picture, whole, height, width) : randomCrop(picture, whole, height, width, crop);
    const flat = hasAlpha ? cut.flatten({ background: '#ffffff' }) : cut;
    const coloured = channels === 1 ? flat.toColourspace('b-w') : flat.toColourspace('srgb');
    const { data, info } = await coloured.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
    if (info.width !== width || info.height !== height || info.channels !== channels) {
      throw new Error(`decodes to [${info.height}, ${info.width}, ${info.channels}]`);
    }
    return data;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0]! : String(cause);
    throw corrupt(
      place,
      'does not decode',
      'a whole JPEG, PNG or WebP image',
      reason,
      'mend or remove the file, or set skipBroken.',
    );
  }
}

interface Size {
  readonly width: number;
  readonly height: number;
}

function centre(picture: Sharp, whole: Size, height: number, width: number): Sharp {
  if (whole.width === width && whole.height === height) return picture;
  const [tall, wide] = [Math.round(height / 0.875), Math.round(width / 0.875)];
  return picture
    .resize({ width: wide, height: tall, fit: 'cover', position: 'centre', kernel: 'linear' })
    .extract({ left: (wide - width) >> 1, top: (tall - height) >> 1, width, height });
}

/**
 * A random region at the wanted size. One that is more than twice as large comes from the whole picture at that
 * scale, which a JPEG is decoded at directly; a smaller one is cut out before it is scaled.
 */
function randomCrop(picture: Sharp, whole: Size, height: number, width: number, { law, rng }: Crop): Sharp {
  const region = drawRegion(rng, whole.width, whole.height, law);
  const mirrored = law.flip && rng.uniform() < 0.5;
  const cut =
    region.width >= 2 * width && region.height >= 2 * height
      ? scaledThenCut(picture, whole, height, width, region, mirrored)
      : picture.extract(region).resize({ width, height, fit: 'fill', kernel: 'linear' });
  return mirrored ? cut.flop() : cut;
}

function scaledThenCut(
  picture: Sharp,
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
  return picture
    .resize({ width: wide, height: tall, fit: 'fill', kernel: 'linear' })
    .extract({ left: mirrored ? wide - width - left : left, top, width, height }); // cut after mirroring
}

/** A region of the drawn area and ratio inside width × height; after ten misses the largest centred one. */
export function drawRegion(
  rng: Rng,
  width: number,
  height: number,
  { scale, ratio }: CropLaw,
): { left: number; top: number; width: number; height: number } {
  const [low, high] = [Math.log(ratio[0]), Math.log(ratio[1])];
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = width * height * (scale[0] + (scale[1] - scale[0]) * rng.uniform());
    const aspect = Math.exp(low + (high - low) * rng.uniform());
    const w = Math.round(Math.sqrt(area * aspect));
    const h = Math.round(Math.sqrt(area / aspect));
    if (w >= 1 && h >= 1 && w <= width && h <= height) {
      return { left: rng.int(width - w + 1), top: rng.int(height - h + 1), width: w, height: h };
    }
  }
  const aspect = Math.min(ratio[1], Math.max(ratio[0], width / height));
  const w = Math.max(1, Math.min(width, Math.round(height * aspect)));
  const h = Math.max(1, Math.min(height, Math.round(width / aspect)));
  return { left: (width - w) >> 1, top: (height - h) >> 1, width: w, height: h };
}
