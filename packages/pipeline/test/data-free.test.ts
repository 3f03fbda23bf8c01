import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { definePlugin, Generator, type Variables } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { compare, distill, evaluate, resume, tune, type DistillOptions } from '../src/index.js';
import { glyphsTeacher } from './glyphs-teacher.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let cwd: string;
let trained: string;
let teacher: string;
beforeAll(async () => {
  trained = await mkdtemp(join(tmpdir(), 'anc-teacher-'));
  teacher = await glyphsTeacher(trained);
});
afterAll(() => rm(trained, { recursive: true, force: true }));
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-data-free-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

const SMALL = 'generator={name: conv, noise: 4, width: 2}, memory={name: replay, batches: 3}, studentSteps=2';

/** No image anywhere: seconds. */
const tiny = (): DistillOptions => ({
  cwd,
  teacher,
  images: 'none',
  student: 'cnn(widths=[2,2], features=8)',
  method: `data-free(${SMALL})`,
  training: { epochs: 3, stepsPerEpoch: 4, batchSize: 8 },
});

const weightsOf = (folder: string, student = 'data-free'): Promise<Buffer> =>
  readFile(join(folder, 'student', student, 'weights.safetensors'));

describe('a run without images', () => {
  it('takes shape and classes of the teacher, measures nothing, and shows what was generated', async () => {
    const run = await distill({ ...tiny(), folder: 'run' });
    expect(run.agreement).toBeUndefined();
    expect(run.testError).toBeNull();
    expect(run.result).toMatchObject({ classes: 10, teacher: { testError: null } });
    await run.dispose();
    const student = join(cwd, 'run', 'student', 'data-free');
    expect(await readdir(join(student, 'generated'))).toEqual(
      [1, 2, 3].map((epoch) => `epoch-000${epoch}.png`),
    );
    const card = await readFile(join(student, 'README.md'), 'utf8');
    expect(card).toMatch(/Nothing was measured on real images: there were none\./);
    expect(card).toMatch(/training images \| none: they were generated/);
    expect(card).toMatch(/entropy of the teacher's mean answer [\d.]+ %/);
    const report = await readFile(join(cwd, 'run', 'report.html'), 'utf8');
    expect(report.match(/<img/g)).toHaveLength(3);
    expect(report).toMatch(/Generated images: share/);
  });

  it('has the same bytes for the same seed, interrupted or not, and other ones for another seed', async () => {
    const runs = { whole: {}, again: {}, other: { seed: 5 } };
    for (const [folder, own] of Object.entries(runs)) {
      const run = await distill({ ...tiny(), ...own, folder });
      await run.dispose();
    }
    const controller = new AbortController();
    const cut = distill({ ...tiny(), folder: 'cut', signal: controller.signal });
    const watch = (async () => {
      for await (const event of cut) if (event.type === 'epoch') controller.abort();
    })();
    await expect(cut).rejects.toMatchObject({ code: 'ANC_INTERRUPTED' });
    await expect(watch).rejects.toMatchObject({ code: 'ANC_INTERRUPTED' });
    const resumed = await resume('cut', { cwd });
    await resumed.dispose();
    const whole = await weightsOf(join(cwd, 'whole'));
    expect(await weightsOf(join(cwd, 'again'))).toEqual(whole);
    expect(await weightsOf(join(cwd, 'cut'))).toEqual(whole);
    expect(await weightsOf(join(cwd, 'other'))).not.toEqual(whole);
    const sheet = (folder: string): Promise<Buffer> =>
      readFile(join(cwd, folder, 'student', 'data-free', 'generated', 'epoch-0003.png'));
    expect(await sheet('cut')).toEqual(await sheet('whole'));
  });

  it('is not resumed with a generator of another shape', async () => {
    const controller = new AbortController();
    const cut = distill({ ...tiny(), folder: 'cut', signal: controller.signal });
    const watch = (async () => {
      for await (const event of cut) if (event.type === 'epoch') controller.abort();
    })();
    await expect(cut).rejects.toMatchObject({ code: 'ANC_INTERRUPTED' });
    await expect(watch).rejects.toMatchObject({ code: 'ANC_INTERRUPTED' });
    const path = join(cwd, 'cut', 'config.resolved.yaml');
    const config = await readFile(path, 'utf8');
    expect(config).toMatch(/width: 2\n/);
    await writeFile(path, config.replace('width: 2\n', 'width: 3\n'));
    await expect(resume('cut', { cwd })).rejects.toMatchObject({ code: 'ANC_RUN_CHANGED' });
    await expect(resume('cut', { cwd, acceptChanges: true })).rejects.toMatchObject({
      code: 'ANC_CHECKPOINT',
    });
  });
});

describe('a run on few images', () => {
  const few = (): DistillOptions => ({
    ...tiny(),
    images: 'glyphs',
    data: { limitTrain: 12, limitTest: 40 },
    methods: [`few-images(${SMALL})`, 'few-images-alone'],
    method: undefined,
  });

  it('shows real and generated images, as many updates as its control, and measures on real ones', async () => {
    const run = await distill({ ...few(), folder: 'run' });
    expect(run.agreement).toBeGreaterThanOrEqual(0);
    await run.dispose();
    const records = (await readFile(join(cwd, 'run', 'metrics.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { model: string; event: string; step: number });
    const steps = (name: string): number[] =>
      records.filter(({ model, event }) => model === name && event === 'epoch').map(({ step }) => step);
    expect(steps('few-images')).toEqual([4, 8, 12]);
    expect(steps('few-images-alone')).toEqual([4, 8, 12]);
    const card = await readFile(join(cwd, 'run', 'student', 'few-images', 'README.md'), 'utf8');
    expect(card).toMatch(/training images \| 12, and generated ones/);
    expect(card).not.toMatch(/Nothing was measured/);
  });

  it('changes its images strongly where the caller does not say how', async () => {
    await (await distill({ ...few(), folder: 'run' })).dispose();
    const config = await readFile(join(cwd, 'run', 'config.resolved.yaml'), 'utf8');
    expect(config).toMatch(/mixup/);
    await (await distill({ ...few(), data: { limitTrain: 12, crop: 1 }, folder: 'own' })).dispose();
    expect(await readFile(join(cwd, 'own', 'config.resolved.yaml'), 'utf8')).not.toMatch(/mixup/);
  });
});

describe('refuses in one sentence', () => {
  /** A generator of images of one size, whatever the teacher takes. */
  class OneSize extends Generator {
    readonly name = 'one-size';
    readonly noise = 2;
    init = () => ({ params: { level: { shape: [], data: new Float32Array(1) } }, stats: {} });
    apply = ({ params }: Variables, z: tf.Tensor) => ({
      outputs: { images: tf.add(tf.zeros([z.shape[0], 5, 5, 1]), params.level!) },
      stats: {},
    });
    summary = () => [];
  }
  const plugin = definePlugin({
    name: 'sizes',
    apiVersion: 1,
    generators: {
      'one-size': { summary: 'five by five', options: z.strictObject({}), create: () => new OneSize() },
    },
  });

  it.each<[string, () => Partial<DistillOptions>, string, RegExp]>([
    ['methods that need images', () => ({ method: 'l2' }), 'ANC_DATA_NONE', /trained on images/],
    ['few-images without any', () => ({ method: 'few-images' }), 'ANC_DATA_NONE', /trained on images/],
    ['validation of no images', () => ({ data: { validation: 0.1 } }), 'ANC_DATA_NONE', /held out/],
    ['batches of one', () => ({ training: { batchSize: 1 } }), 'ANC_CONFIG', /several images/],
    ['micro-batches', () => ({ training: { batchSize: 8, accumulate: 2 } }), 'ANC_CONFIG', /divided/],
    [
      'a memory of nothing',
      () => ({ method: 'data-free(memory={name: replay, batches: 0})' }),
      'ANC_OPTIONS',
      /batches/,
    ],
    [
      'a generator of another size',
      () => ({ method: 'data-free(generator=one-size)', plugins: [plugin] }),
      'ANC_OBJECTIVE',
      /28, 28, 1.*5, 5, 1/,
    ],
    ['options of another method', () => ({ method: 'l2(generator=conv)' }), 'ANC_OPTIONS', /generator/],
    [
      'a teacher that is a function',
      () => ({
        images: 'none(height=24, width=24, channels=1)',
        teacher: ({ shape: [count] }) => new Float32Array(10 * count),
      }),
      'ANC_TEACHER_NETWORK',
      /closed function/,
    ],
  ])('%s', async (_, own, code, sentence) => {
    const given = { ...tiny(), ...own() };
    const { training } = tiny();
    const error: unknown = await distill({
      ...given,
      training: { ...training, ...given.training },
      folder: 'run',
    }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code });
    const { message, detail } = error as { message: string; detail: object };
    expect(`${message} ${JSON.stringify(detail)}`).toMatch(sentence);
    expect(await readdir(cwd)).toEqual([]);
  });

  it('measuring, comparing and tuning without images', async () => {
    const given = tiny();
    for (const work of [
      () => evaluate(teacher, { cwd, images: 'none' }),
      () => compare({ ...given, seeds: 2, folder: 'compared' }),
      () => tune({ ...given, folder: 'tuned' }),
    ]) {
      await expect(work()).rejects.toMatchObject({ code: 'ANC_DATA_NONE' });
    }
  });
});
