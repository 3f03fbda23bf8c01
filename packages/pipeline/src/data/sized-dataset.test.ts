import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compose } from '../composition/compose.js';
import { builtinPlugins } from '../plugins/builtin-plugins.js';
import type { OpenImageShape } from './image-size.js';
import { sizedDataset } from './sized-dataset.js';

const composition = compose(await builtinPlugins());
let place: string;

/** Plain pictures of these sizes (width × height) in a folder of that name. */
async function pictures(name: string, channels: 1 | 3, sizes: readonly (readonly [number, number])[]) {
  await mkdir(join(place, name, 'a'), { recursive: true });
  for (const [i, [width, height]] of sizes.entries()) {
    const picture = sharp({ create: { width, height, channels: 3, background: { r: 9 * i, g: 80, b: 10 } } });
    const colored = channels === 1 ? picture.toColourspace('b-w') : picture;
    await colored.png().toFile(join(place, name, 'a', `${i}.png`));
  }
}

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'anc-sized-'));
  await pictures('alike', 3, [[48, 48], [48, 48], [48, 48]]); // prettier-ignore
  await pictures('mixed', 3, [[48, 48], [64, 48]]); // prettier-ignore
  await pictures('wide', 3, [[64, 48], [64, 48]]); // prettier-ignore
  await pictures('gray', 1, [[20, 20], [20, 20]]); // prettier-ignore
  await pictures('large', 3, [[1100, 1100]]);
});
afterAll(() => rm(place, { recursive: true, force: true }));

async function sized(folder: string, shape: OpenImageShape | null, options: Record<string, unknown> = {}) {
  const notices: string[] = [];
  const { options: found } = await sizedDataset(
    { name: 'image-folder', options },
    {
      composition,
      directory: folder,
      cwd: place,
      file: shape === null ? null : () => Promise.resolve({ shape, source: "the model's input" }),
      notice: (text) => void notices.push(text),
    },
  );
  return { found, notices };
}

describe('the size of images that have sizes of their own', () => {
  it.each<[string, string, OpenImageShape | null, object, string]>([
    ['the file', 'mixed', [32, 32, 1], { size: 32, channels: 1 }, "size and channels from the model's input"],
    ['the file before the images', 'alike', [32, 32, 3], { size: 32, channels: 3 }, "size and channels from the model's input"], // prettier-ignore
    ['the images, for an open size', 'alike', [null, null, 3], { size: 48, channels: 3 }, "size from the images themselves (all 3 of them); channels from the model's input"], // prettier-ignore
    ['the images, without a file', 'gray', null, { size: 20, channels: 1 }, 'size and channels from the images themselves (all 2 of them)'], // prettier-ignore
    ['the images, half open', 'alike', [32, null, 3], { size: 48, channels: 3 }, "size from the images themselves (all 3 of them); channels from the model's input"], // prettier-ignore
  ])('is that of %s', async (_, folder, shape, options, why) => {
    const { found, notices } = await sized(folder, shape);
    expect(found).toEqual(options);
    const changes = Object.entries(options).map(([name, value]) => `${name} ${value}`);
    expect(notices).toEqual([`images are brought to ${changes.join(', ')}: ${why}.`]);
  });

  it('is that of the images that the options of the folder keep', async () => {
    for (const name of ['loose', 'loose/b']) await pictures(name, 3, [[16, 16]]);
    for (const i of [1, 2, 3, 4]) await cp(join(place, 'loose/a/0.png'), join(place, 'loose', `${i}.png`));
    await expect(sized('loose', null)).rejects.toMatchObject({ code: 'ANC_DATA_MIXED' });
    expect((await sized('loose', null, { labelled: 'no' })).found).toMatchObject({ size: 16 });
  });

  it('stays as it was set', async () => {
    const { found } = await sized('mixed', [32, 32, 3], { size: 40 });
    expect(found).toEqual({ size: 40, channels: 3 });
    const { notices } = await sized('mixed', [32, 32, 3], { size: 40, channels: 1 });
    expect(notices).toEqual([]);
  });

  it.each<[string, string, OpenImageShape | null, string]>([
    ['images of several sizes', 'mixed', [null, null, 3], 'images of 2 sizes'],
    ['images of several sizes, without a file', 'mixed', null, 'images of 2 sizes'],
    ['images that are not square', 'wide', null, 'images of 64×48'],
    ['images that are too large', 'large', null, 'images of 1100×1100'],
  ])('is asked for: %s', async (_, folder, shape, received) => {
    await expect(sized(folder, shape)).rejects.toMatchObject({
      code: 'ANC_USAGE',
      detail: {
        expected: expect.stringContaining('--dataset "image-folder(size=64)"') as string,
        received: expect.stringContaining(received) as string,
      },
    });
  });

  it('is refused where the model takes images that are not square', async () => {
    await expect(sized('alike', [32, 48, 3])).rejects.toMatchObject({ code: 'ANC_SHAPE' });
  });

  it('is not looked for where there are no images: opening them reports that', async () => {
    expect((await sized('nowhere', [null, null, 3])).found).toEqual({ channels: 3 });
  });
});
