import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostTensor } from '@anc/core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CornerTeacher } from '../../test/corner-teacher.js';
import { Corners } from '../../test/tiny-plugins.js';
import type { Classifier } from '../classifier/classifier.js';
import { TrainedModel } from './trained-model.js';

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-predict-'));
  for (const [i, name] of names.entries()) await writeFile(join(cwd, `${name}.png`), await picture(i, 8));
  await writeFile(join(cwd, 'large.png'), await picture(2, 64));
  await writeFile(join(cwd, 'broken.png'), 'no picture');
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const names = ['nw', 'ne', 'sw', 'se'];

/** Gray, with one bright corner. */
function picture(corner: number, side: number): Promise<Buffer> {
  const pixels = Uint8Array.from({ length: side * side }, (_, i) => {
    const [y, x] = [Math.floor(i / side), i % side];
    return 2 * Math.floor((2 * y) / side) + Math.floor((2 * x) / side) === corner ? 250 : 10;
  });
  return sharp(pixels, { raw: { width: side, height: side, channels: 1 } })
    .png()
    .toBuffer();
}

const counts = { closed: 0 };
function model(classNames: readonly string[] | null = names): TrainedModel {
  const classifier: Classifier = {
    teacher: new CornerTeacher(),
    model: 'corner teacher',
    classes: 4,
    classNames,
    parameters: 12,
    flops: 34,
    normalization: 'per-image',
    digest: 'abc',
    bytes: 0,
    notices: [],
    dispose: () => Promise.resolve(),
  };
  return new TrainedModel('kd', classifier, [8, 8, 1], cwd, null, async () => {
    counts.closed++;
  });
}

async function tensorOf(count: number): Promise<HostTensor & { data: Uint8Array }> {
  const { images } = await new Corners().split('test');
  const data = new Uint8Array(64 * count);
  await images.read(
    Int32Array.from({ length: count }, (_, i) => i),
    data,
  );
  return { shape: [count, 8, 8, 1], data };
}

describe('TrainedModel', () => {
  it('tells what it is', () => {
    expect(model()).toMatchObject({
      name: 'kd',
      classes: 4,
      classNames: names,
      input: [8, 8, 1],
      parameters: 12,
      flops: 34,
      normalization: 'per-image',
      digest: 'abc',
      source: null,
    });
  });

  it.each([1, 3, 20])('classifies a tensor of %i images', async (count) => {
    const { classes, labels, logits } = await model().predict(await tensorOf(count));
    const expected = Array.from({ length: count }, (_, i) => i % 4);
    expect([...classes]).toEqual(expected);
    expect(labels).toEqual(expected.map((index) => names[index]));
    expect(logits.shape).toEqual([count, 4]);
    const direct = await new CornerTeacher().infer(await tensorOf(count), ['logits']);
    expect(logits.data).toEqual(direct.logits!.data);
  });

  it('classifies no images to nothing', async () => {
    const { classes, labels, logits } = await model().predict({
      shape: [0, 8, 8, 1],
      data: new Uint8Array(0),
    });
    expect([[...classes], labels, logits.shape]).toEqual([[], [], [0, 4]]);
  });

  it('has no labels where the classes have no names', async () => {
    expect((await model(null).predict(await tensorOf(2))).labels).toBeNull();
  });

  it('classifies files, relative to the working directory of its call or by absolute path', async () => {
    expect((await model().predict('sw.png')).labels).toEqual(['sw']);
    const files = ['se.png', join(cwd, 'ne.png'), 'nw.png'];
    const { labels, logits } = await model().predict(files);
    expect(labels).toEqual(['se', 'ne', 'nw']);
    expect(logits.shape).toEqual([3, 4]);
    // 16 pixels of 250 in the bright corner, in units of 160.
    expect(logits.data[3]).toBeCloseTo((16 * 250) / 160, 4);
  });

  it('brings files to the size that it takes', async () => {
    expect((await model().predict('large.png')).labels).toEqual(['sw']);
  });

  it.each(['nowhere.png', 'broken.png'])('refuses a file that cannot be read: %s', async (file) => {
    await expect(model().predict(['nw.png', file])).rejects.toMatchObject({
      code: expect.stringMatching(/^ANC_DATA_/) as string,
    });
  });

  it.each<[string, HostTensor, string]>([
    [
      'images of another size',
      { shape: [1, 8, 9, 1], data: new Uint8Array(72) },
      'Uint8Array of shape [1, 8, 9, 1]',
    ],
    [
      'one image without the batch',
      { shape: [8, 8, 1], data: new Uint8Array(64) },
      'Uint8Array of shape [8, 8, 1]',
    ],
    ['fewer bytes than the shape has', { shape: [2, 8, 8, 1], data: new Uint8Array(64) }, '[2, 8, 8, 1]'],
    ['floats', { shape: [1, 8, 8, 1], data: new Float32Array(64) }, 'Float32Array of shape [1, 8, 8, 1]'],
    ['nothing', { shape: [], data: new Uint8Array(0) }, 'Uint8Array of shape []'],
  ])('refuses %s', async (_what, images, received) => {
    const error: unknown = await model()
      .predict(images)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'ANC_SHAPE',
      detail: {
        expected: 'bytes (Uint8Array) of shape [N, 8, 8, 1]',
        received: expect.stringContaining(received) as string,
      },
    });
  });

  it('is disposed by closing what it was opened with', async () => {
    const before = counts.closed;
    await model().dispose();
    expect(counts.closed).toBe(before + 1);
  });
});
