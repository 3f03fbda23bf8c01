import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCpu } from '@anc/backend-tfjs';
import type { HostTensor } from '@anc/core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CornerTeacher } from '../../test/corner-teacher.js';
import { predict } from './predict.js';
import { TrainedModel } from './trained-model.js';

let cwd: string;
const CORNERS = ['nw', 'ne', 'sw', 'se'];

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-predict-'));
  for (const [corner, name] of CORNERS.entries()) {
    const pixels = Uint8Array.from({ length: 64 }, (_, i) => {
      const isBright = (i >> 5) * 2 + ((i & 7) >> 2) === corner;
      return isBright ? 40 : 0;
    });
    await sharp(pixels, { raw: { width: 8, height: 8, channels: 1 } })
      .png()
      .toFile(join(cwd, `${name}.png`));
  }
  await writeFile(join(cwd, 'broken.jpg'), 'no picture');
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

function corners(teacher = new CornerTeacher(), classNames: readonly string[] | null = CORNERS) {
  const classifier = {
    teacher,
    model: 'corner teacher',
    classes: 4,
    classNames,
    parameters: 12,
    flops: null,
    normalization: null,
    digest: 'abc',
    bytes: 0,
    notices: ['read with care.'],
    dispose: () => Promise.resolve(),
  };
  return new TrainedModel('kd', classifier, [8, 8, 1], cwd, null, () => Promise.resolve());
}

/** Whether an error came after work had begun, so that the exit code is 1. */
const hasBegun = (error: unknown): boolean => Symbol.for('@anc/work-began') in (error as object);

describe('predict', () => {
  it('gives the most likely classes of every image, in the order in which they were named', async () => {
    const backend = await openCpu();
    const result = await predict(corners(), ['se.png', '*w.png'], { cwd, backend, top: 2, batchSize: 2 });
    expect(result).toMatchObject({ model: 'corner teacher', classes: 4, input: [8, 8, 1], sheet: null });
    expect(result.images.map(({ image, classes }) => [image, classes[0]!.name])).toEqual([
      ['se.png', 'se'],
      ['nw.png', 'nw'],
      ['sw.png', 'sw'],
    ]);
    const [best, second] = result.images[0]!.classes;
    const rest = 1 / (Math.exp(4) + 3); // logits are the mean brightness of a corner divided by 10
    expect(best!.probability).toBeCloseTo(1 - 3 * rest, 6);
    expect(second).toMatchObject({ index: 0, name: 'nw' });
    expect(result.notices).toEqual(['read with care.']);
  });

  it('lists images that do not decode, and draws a sheet of the others', async () => {
    const result = await predict(corners(undefined, null), '.', {
      cwd,
      backend: await openCpu(),
      sheet: true,
    });
    expect(result.failed).toEqual([{ image: 'broken.jpg', reason: expect.any(String) as string }]);
    expect(result.images.map(({ image }) => image)).toEqual(['ne.png', 'nw.png', 'se.png', 'sw.png']);
    expect(result.images[0]!.classes.map(({ index, name }) => [index, name])).toEqual([
      [1, null],
      [0, null],
      [2, null],
    ]);
    const { width, height } = await sharp(result.sheet!).metadata();
    expect([width, height]).toEqual([4 + 4 * 100, expect.any(Number)]);
  });

  it('refuses images of which none decodes, and options that make no sense', async () => {
    const call = { cwd, backend: await openCpu() };
    await expect(predict(corners(), 'broken.jpg', call)).rejects.toMatchObject({
      code: 'ANC_DATA_CORRUPT',
      message: '"broken.jpg" does not decode.',
    });
    expect(hasBegun(await predict(corners(), 'broken.jpg', call).catch((error: unknown) => error))).toBe(
      false,
    );
    await expect(predict(corners(), 'none.jpg', call)).rejects.toMatchObject({ code: 'ANC_DATA_MISSING' });
    await expect(predict(corners(), [], call)).rejects.toMatchObject({ code: 'ANC_USAGE' });
    await expect(predict(corners(), 'se.png', { ...call, top: 0 })).rejects.toMatchObject({
      code: 'ANC_CONFIG',
      detail: { path: ['top'] },
    });
  });

  it('refuses logits that are not finite, and models of several predictions per image', async () => {
    class Strange extends CornerTeacher {
      override infer(images: HostTensor): Promise<{ logits: HostTensor }> {
        const count = images.shape[0]!;
        return Promise.resolve({
          logits: { shape: [count, 4], data: new Float32Array(4 * count).fill(NaN) },
        });
      }
    }
    const call = { cwd, backend: await openCpu() };
    await expect(predict(corners(new Strange()), 'se.png', call)).rejects.toMatchObject({
      code: 'ANC_TEACHER_OUTPUT',
      message: expect.stringContaining('"se.png"') as string,
    });
    const error: unknown = await predict(corners(new Strange()), 'se.png', call).catch(
      (thrown: unknown) => thrown,
    );
    expect(hasBegun(error)).toBe(true); // images were predicted: the request is valid
    const dense = Object.assign(new CornerTeacher(), { outputs: { logits: [8, 8, 4] } });
    await expect(predict(corners(dense), 'se.png', call)).rejects.toMatchObject({ code: 'ANC_TASK' });
  });

  it('stops between batches', async () => {
    const controller = new AbortController();
    const stopping = { signal: controller.signal, onProgress: () => controller.abort() };
    const work = predict(corners(), '*.png', { cwd, backend: await openCpu(), batchSize: 1, ...stopping });
    await expect(work).rejects.toMatchObject({ name: 'AbortError' });
  });
});
