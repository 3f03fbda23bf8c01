import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { definePlugin, PLUGIN_API_VERSION, type ImageAugmentation, type MixingAugmentation } from '@anc/core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { distill, resume, type DistillOptions, type TeacherFunction } from '../src/index.js';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 60_000 });

/** What a third party brings: one file. */
const plugin = definePlugin({
  name: 'anc-plugin-weather',
  apiVersion: PLUGIN_API_VERSION,
  augmentations: {
    fog: {
      summary: 'moves all pixels towards white',
      options: z.strictObject({ most: z.number().min(0).max(1).default(0.5) }),
      create: ({ most }: { most: number }): ImageAugmentation<{ density: number }> => ({
        id: `fog(most=${most})`,
        draw: (rng) => ({ density: most * rng.uniform() }),
        apply: (image, { density }, out) =>
          image.forEach((value, i) => (out[i] = value + density * (255 - value))),
      }),
    },
    window: {
      summary: 'shows another image in the right half',
      options: z.strictObject({}),
      create: (_: object, { shape: [, width, channels] }): MixingAugmentation<{ from: number }> => ({
        id: 'window',
        draw: (rng) => ({ from: (width >> 1) + rng.int(width >> 1) }),
        mix: (image, partner, { from }, out) =>
          image.forEach((value, i) => {
            out[i] = Math.floor(i / channels) % width < from ? value : partner[i]!;
          }),
      }),
    },
  },
});

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-augmentation-'));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

let inferred = 0;
/** A teacher of ten classes that is a fixed function of the pixels, and counts them. */
const teacher: TeacherFunction = async ({ shape: [count], data }) => {
  inferred += count;
  const size = data.length / count;
  const logits = new Float32Array(count * 10);
  for (let i = 0; i < count; i++)
    for (let at = 0; at < size; at++) logits[i * 10 + (at % 10)]! += data[i * size + at]! / 2000;
  return logits;
};

const options = (
  folder: string,
  augment: readonly string[],
  more: DistillOptions['data'] = {},
  cache: DistillOptions['cache'] = {},
) =>
  ({
    cwd,
    folder,
    teacher,
    plugins: [plugin],
    images: 'glyphs',
    student: 'cnn(widths=[2,2], features=8)',
    method: 'kd',
    data: { limitTrain: 64, limitTest: 20, augment: [...augment], ...more },
    training: { epochs: 4, batchSize: 16 },
    cache,
  }) satisfies DistillOptions;

/** The student's weights, and how many images the teacher saw. */
async function trained(...args: Parameters<typeof options>): Promise<{ weights: Buffer; seen: number }> {
  const before = inferred;
  const { dispose } = await distill(options(...args));
  await dispose();
  return { weights: await weightsOf(args[0]), seen: inferred - before };
}
const weightsOf = (folder: string): Promise<Buffer> =>
  readFile(join(cwd, folder, 'student', 'kd', 'weights.safetensors'));

/** Interrupts a run within its second epoch, and continues it in another call. */
async function interrupted(...[folder, ...rest]: Parameters<typeof options>): Promise<Buffer> {
  const controller = new AbortController();
  const cut = distill({ ...options(folder, ...rest), signal: controller.signal });
  const watch = (async () => {
    for await (const event of cut) if (event.type === 'step' && event.progress.step === 5) controller.abort();
  })();
  await expect(cut).rejects.toMatchObject({ code: 'ANC_INTERRUPTED' });
  await expect(watch).rejects.toMatchObject({ code: 'ANC_INTERRUPTED' });
  await (await resume(folder, { cwd, teacher, plugins: [plugin] })).dispose();
  return await weightsOf(folder);
}

describe("a third party's augmentations in a run", () => {
  it('with 4 views have teacher outputs that are cached exactly, and end the same after an interruption', async () => {
    const list = ['crop(2)', 'fog(0.8)', 'window'];
    const cached = await trained('cached', list, { views: 4 });
    const live = await trained('live', list, { views: 4 }, { memoryMb: 0 });
    expect(live.weights).toEqual(cached.weights);
    expect(cached.seen).toBeLessThan(live.seen);
    expect(await interrupted('cut', list, { views: 4 })).toEqual(cached.weights);
  });

  it('end the same after an interruption where every epoch has views of its own', async () => {
    const list = ['fog', 'random-erasing', 'window'];
    const whole = await trained('endless', list);
    expect(await interrupted('endless cut', list)).toEqual(whole.weights);
  });
});
