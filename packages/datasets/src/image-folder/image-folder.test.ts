import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Rng, isAncError, type AncError } from '@anc/core';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { drawRegion } from '../augmentations/region.js';
import { ImageNet } from '../imagenet/imagenet.js';
import { splitByHash, subset } from '../images/subset.js';
import { decodeImage, readImageHeader } from './decode.js';
import { ImageFolder } from './image-folder.js';
import { rgbOfCmyk } from './pillow-colors.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'anc-folder-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function put(name: string, bytes: Uint8Array): Promise<string> {
  await mkdir(dirname(join(dir, name)), { recursive: true });
  await writeFile(join(dir, name), bytes);
  return join(dir, name);
}
/** A picture whose left half is red and right half blue. */
const picture = (width = 40, height = 20): sharp.Sharp => {
  const data = Buffer.alloc(width * height * 3);
  for (let p = 0; p < width * height; p++) data[p * 3 + (p % width < width / 2 ? 0 : 2)] = 255;
  return sharp(data, { raw: { width, height, channels: 3 } });
};
/** An uncompressed bitmap of 24 bits per pixel. */
function bmp(width: number, height: number, color: (x: number, y: number) => readonly number[]): Buffer {
  const stride = Math.ceil((3 * width) / 4) * 4;
  const bytes = Buffer.alloc(54 + stride * height);
  bytes.write('BM', 0, 'latin1');
  bytes.writeUInt32LE(54, 10);
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(width, 18);
  bytes.writeInt32LE(height, 22);
  bytes.writeUInt16LE(24, 28);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      bytes.set([...color(x, y)].reverse(), 54 + (height - 1 - y) * stride + 3 * x);
  return bytes;
}
const png = await picture().png().toBuffer();
async function errorOf(work: Promise<unknown>): Promise<AncError> {
  const error: unknown = await work.catch((e: unknown) => e);
  if (!isAncError(error)) throw new Error('no AncError', { cause: error });
  return error;
}
const read = async (
  source: { read(i: Int32Array, out: Uint8Array): unknown },
  i: number,
  size: number,
): Promise<Uint8Array> => {
  const out = new Uint8Array(size);
  await source.read(Int32Array.of(i), out);
  return out;
};

describe('decodeImage', () => {
  it('decodes every format to the same shape and colors', async () => {
    const files = {
      'rgb.png': await picture().png().toBuffer(),
      'alpha.png': await picture().ensureAlpha(1).png().toBuffer(),
      'photo.jpg': await picture().jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer(),
      'cmyk.jpg': await picture().toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer(),
      'web.webp': await picture().webp({ lossless: true }).toBuffer(),
      'anim.gif': await picture().gif().toBuffer(),
      'scan.TIF': await picture().tiff().toBuffer(),
      'new.avif': await picture().avif({ quality: 90, chromaSubsampling: '4:4:4' }).toBuffer(),
      'old.bmp': bmp(40, 20, (x) => (x < 20 ? [255, 0, 0] : [0, 0, 255])),
    };
    for (const [name, bytes] of Object.entries(files)) {
      const out = await decodeImage(await put(name, bytes), [16, 16, 3], null);
      expect(out.length, name).toBe(768);
      const [left, right] = [
        [...out.subarray(8 * 48, 8 * 48 + 3)],
        [...out.subarray(8 * 48 + 45, 8 * 48 + 48)],
      ];
      expect(left[0]! - left[2]!, name).toBeGreaterThan(120);
      expect(right[2]! - right[0]!, name).toBeGreaterThan(60);
    }
  });

  it('reads sizes from headers', async () => {
    const files = {
      'a.bmp': bmp(40, 20, () => [1, 2, 3]),
      'b.png': await picture(40, 20).png().toBuffer(),
      'turned.jpg': await picture(20, 40).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
      'gray.png': await picture(40, 20).toColourspace('b-w').png().toBuffer(),
    };
    for (const [name, bytes] of Object.entries(files)) {
      const header = await readImageHeader(await put(name, bytes));
      expect(header, name).toEqual({ width: 40, height: 20, isGray: name === 'gray.png' });
    }
    await expect(readImageHeader(await put('no.png', Buffer.from('hello')))).rejects.toThrow();
  });

  it('decodes gray images to three channels, or to one', async () => {
    const path = await put('g.png', await picture().greyscale().png().toBuffer());
    const [three, one] = [await decodeImage(path, [8, 8, 3], null), await decodeImage(path, [8, 8, 1], null)];
    expect([three.length, one.length]).toEqual([192, 64]);
    expect([three[0], three[1], three[2]]).toEqual([one[0], one[0], one[0]]);
  });

  it('never gives the library what is none of the formats, whatever its name', async () => {
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>');
    const pixmap = Buffer.from('P6 1 1 255\nabc');
    for (const content of [svg, pixmap]) {
      const path = await put('other.png', content);
      const refused = { code: 'ANC_DATA_CORRUPT', detail: expect.objectContaining({ received: 'it starts like none of them' }) as object }; // prettier-ignore
      await expect(decodeImage(path, [8, 8, 3], null)).rejects.toMatchObject(refused);
      await expect(readImageHeader(path)).rejects.toThrow('none of them');
    }
  });

  it('turns images upright', async () => {
    const turned = await picture(40, 40).jpeg({ quality: 100 }).withMetadata({ orientation: 3 }).toBuffer();
    const out = await decodeImage(await put('turned.jpg', turned), [8, 8, 3], null);
    expect(out[2]! - out[0]!).toBeGreaterThan(120); // upside down: blue is left
  });

  it('converts CMYK and colors as Pillow does', async () => {
    const photo = await picture(8, 8).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer();
    const inks = await sharp(photo).pipelineColourspace('cmyk').toColourspace('cmyk').raw().toBuffer();
    expect(await decodeImage(await put('cmyk.jpg', photo), [8, 8, 3], null)).toEqual(
      Buffer.from(rgbOfCmyk(inks, 4)),
    );
    const colors = Buffer.from([255, 0, 0, 0, 255, 0, 0, 0, 255, 200, 100, 50]);
    const rgb = await sharp(colors, { raw: { width: 2, height: 2, channels: 3 } })
      .png()
      .toBuffer();
    expect([...(await decodeImage(await put('rgb.png', rgb), [2, 2, 1], null))]).toEqual([76, 150, 29, 124]);
    const grays = Buffer.from([0, 77, 200, 255]);
    const gray = await sharp(grays, { raw: { width: 2, height: 2, channels: 1 } })
      .png()
      .toBuffer();
    expect([...(await decodeImage(await put('gray.png', gray), [2, 2, 1], null))]).toEqual([...grays]);
  });

  it('renders transparency over white', async () => {
    const clear = await sharp({
      create: { width: 9, height: 9, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } },
    })
      .png()
      .toBuffer();
    expect(
      [...(await decodeImage(await put('c.png', clear), [8, 8, 3], null))].every((byte) => byte === 255),
    ).toBe(true);
  });

  it.each([
    ['cut short', async () => (await picture(400, 300).jpeg().toBuffer()).subarray(0, 900)],
    ['no image', () => Promise.resolve(Buffer.from('hello'))],
    ['empty', () => Promise.resolve(Buffer.alloc(0))],
  ])('names a file that is %s', async (_, make) => {
    const error = await errorOf(decodeImage(await put('bad.jpg', await make()), [8, 8, 3], null));
    expect(error.code).toBe('ANC_DATA_CORRUPT');
    expect(error.message).toContain('bad.jpg');
  });
});

describe('drawRegion', () => {
  it('stays inside images of any size', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3000 }),
        fc.integer({ min: 1, max: 3000 }),
        fc.nat(),
        (width, height, seed) => {
          const law = { scale: [0.08, 1], ratio: [3 / 4, 4 / 3], flip: true } as const;
          const region = drawRegion(Rng.fromSeed(seed), width, height, law);
          expect(region.left).toBeGreaterThanOrEqual(0);
          expect(region.top).toBeGreaterThanOrEqual(0);
          expect(region.width).toBeGreaterThanOrEqual(1);
          expect(region.height).toBeGreaterThanOrEqual(1);
          expect(region.left + region.width).toBeLessThanOrEqual(width);
          expect(region.top + region.height).toBeLessThanOrEqual(height);
        },
      ),
    );
  });
});

describe('ImageFolder', () => {
  it('uses folders as classes, in a fixed order', async () => {
    for (const name of [
      'train/b/1.png',
      'train/a/2.png',
      'train/a/.hidden.png',
      'train/a/notes.txt',
      'test/a/3.png',
    ])
      await put(name, png);
    const folder = await ImageFolder.open({ size: 8 }, dir, 0);
    expect(folder.classes).toEqual(['a', 'b']);
    const { images, labels } = await folder.split('train');
    expect([images.count, ...(await labels!())]).toEqual([2, 0, 1]);
  });

  it('has no labels without class folders, and holds out a part for evaluation', async () => {
    for (let i = 0; i < 10; i++) await put(`${i}.png`, png);
    const folder = await ImageFolder.open({ size: 8 }, dir, 1);
    const [train, test] = [await folder.split('train'), await folder.split('test')];
    expect([train.images.count, test.images.count, train.labels, folder.classes]).toEqual([8, 2, null, []]);
    const keys = [train, test].flatMap(({ images }) =>
      Array.from({ length: images.count }, (_, i) => images.sampleKey!(i)),
    );
    expect(new Set(keys).size).toBe(10);
  });

  it('draws the same crops for the same seed, also through a subset; view 0 is the center', async () => {
    for (let i = 0; i < 4; i++)
      await put(
        `${i}.png`,
        await picture(40 + i, 60)
          .png()
          .toBuffer(),
      );
    const images = async (seed: number) =>
      (await (await ImageFolder.open({ size: 8 }, dir, seed)).split('train')).images;
    const source = await images(5);
    const crop = async (from: typeof source, index: number, view: number): Promise<Uint8Array> => {
      const out = new Uint8Array(192);
      await from.crops!.read(Int32Array.of(index), Int32Array.of(view), out);
      return out;
    };
    expect(await crop(source, 1, 7)).toEqual(await crop(await images(5), 1, 7));
    expect(await crop(source, 1, 0)).toEqual(await read(source, 1, 192));
    expect(await crop(subset(source, Int32Array.of(2, 1)), 1, 7)).toEqual(await crop(source, 1, 7));
    const views = await Promise.all(Array.from({ length: 8 }, (_, view) => crop(source, 0, view)));
    expect(new Set(views.map((bytes) => bytes.join())).size).toBeGreaterThan(4);
    expect((await splitByHash(source, 0.5, 0)).held.length).toBe(Math.round(source.count / 2));
  });

  it('crops the same from a large image that is decoded at a lower scale', async () => {
    const large = await picture(1200, 800).jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer();
    const path = await put('large.jpg', large);
    const law = { scale: [0.1, 1], ratio: [3 / 4, 4 / 3], flip: true } as const;
    for (let seed = 0; seed < 8; seed++) {
      const out = await decodeImage(path, [32, 32, 3], { distribution: law, rng: Rng.fromSeed(seed) });
      const rng = Rng.fromSeed(seed);
      const region = drawRegion(rng, 1200, 800, law);
      const cut = sharp(large).extract(region).resize({ width: 32, height: 32, fit: 'fill' });
      const expected = await (rng.uniform() < 0.5 ? cut.flop() : cut).raw().toBuffer();
      const off = out.filter((byte, i) => Math.abs(byte - expected[i]!) > 64).length;
      expect(off / out.length).toBeLessThan(0.05); // at most the column on the border of the colors
    }
  });

  it('names an image that does not decode, and skips it on request only', async () => {
    for (const name of ['train/a/1.png', 'train/a/2.png', 'test/a/3.png']) await put(name, png);
    await put('train/a/broken.png', png.subarray(0, 60));
    const { images } = await (await ImageFolder.open({ size: 8 }, dir, 0)).split('train');
    expect((await errorOf(read(images, 2, 192))).message).toContain('broken.png');
    const mended = await ImageFolder.open({ size: 8, skipBroken: true }, dir, 0);
    expect((await mended.split('train')).images.count).toBe(2);
    expect(mended.skipped).toEqual([join(dir, 'train/a/broken.png')]);
  });

  it('refuses an empty folder, an absent one, and classes that only the test set has', async () => {
    expect((await errorOf(ImageFolder.open({}, dir, 0))).code).toBe('ANC_DATA_MISSING');
    expect((await errorOf(ImageFolder.open({}, join(dir, 'no'), 0))).code).toBe('ANC_DATA_MISSING');
    for (const name of ['train/a/1.png', 'test/z/3.png']) await put(name, png);
    expect((await errorOf(ImageFolder.open({}, dir, 0))).message).toMatch(/z: a class folder/);
  });
});

const dataDir = process.env['ANC_DATA_DIR'] ?? resolve(import.meta.dirname, '../../../../../shared/data');
describe.runIf(existsSync(join(dataDir, 'imagenet-sample')))('real ImageNet files', () => {
  it('reads validation images with their class numbers', async () => {
    const imagenet = await ImageNet.open({ size: 64 }, dataDir, 0);
    expect(imagenet.classes.length).toBe(1000);
    const { images, labels } = await imagenet.split('test');
    expect(images.count).toBe(100);
    const first = (await labels!())[0]!;
    expect(imagenet.classes[first]).toBe('tiger_shark');
    const bytes = await read(images, 0, 64 * 64 * 3);
    const [red, blue] = [0, 2].map((c) =>
      bytes.reduce((sum, byte, i) => (i % 3 === c ? sum + byte : sum), 0),
    );
    expect(blue!).toBeGreaterThan(red!); // water
  });

  it('names the missing files without a training set', async () => {
    const error = await errorOf((await ImageNet.open({}, dataDir, 0)).split('train'));
    expect(error.code).toBe('ANC_DATA_MISSING');
  });
});
