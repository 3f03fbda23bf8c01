import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  check,
  compare,
  distill,
  evaluate,
  exportModel,
  openClassifier,
  resume,
  tune,
  type Distilled,
  type DistillOptions,
} from '../src/index.js';
import { segmentationPlugin } from './segmentation-plugin.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const options = {
  plugins: [segmentationPlugin],
  images: 'scenes',
  teacher: 'seg-net(width=8)',
  student: 'seg-net(width=6)',
  methods: ['l2', 'kd', 'adversarial(adapter=linear, discriminator=conv(filters=[4]))'],
  data: { validation: 0.25 },
  training: { epochs: 12, batchSize: 8, learningRate: 0.03, seed: 5 },
} satisfies DistillOptions;

let cwd: string;
let run: Distilled;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-segmentation-'));
  run = await distill({ ...options, cwd, folder: 'whole' });
});
afterAll(async () => {
  await run.dispose();
  await rm(cwd, { recursive: true, force: true });
});

const weights = (folder: string, student: string): Promise<Buffer> =>
  readFile(join(cwd, folder, 'student', student, 'weights.safetensors'));

describe('a segmentation task of a plugin', () => {
  it('is trained by l2, kd and the adversarial method, and measured by mean IoU', () => {
    const { result } = run;
    expect(result.task).toEqual({
      name: 'segmentation',
      metrics: [
        { name: 'mean-iou', label: 'mean IoU', better: 'higher' },
        { name: 'pixel-error', better: 'lower' },
      ],
      perImage: false,
    });
    expect(result.students.map(({ method }) => method)).toEqual(['l2', 'kd', 'adversarial']);
    const models = [result.teacher, ...result.students];
    for (const student of models) {
      expect(student.testError).toBeNull();
      expect(student.metrics!['mean-iou']).toBeGreaterThan(0.8);
      expect(student.metrics!['mean-iou']).toBeLessThanOrEqual(1);
      expect(student.validation!['mean-iou']).toBeGreaterThan(0.8);
      expect(student.best!.metrics).toHaveProperty('mean-iou');
    }
    for (const { agreement } of result.students) expect(agreement).toBeGreaterThan(0.9);
    expect(result.students[2]!.diagnostics!.auc).toBeGreaterThan(0);
  });

  it('is reported with its own columns and lines', async () => {
    const report = await readFile(join(cwd, 'whole', 'report.html'), 'utf8');
    expect(report).toMatch(/<th[^>]*>\s*mean IoU\s*<\/th>/);
    expect(report).toMatch(/<th[^>]*>\s*pixel-error\s*<\/th>/);
    expect(report).not.toContain('test error');
    const card = await readFile(join(cwd, 'whole', 'student', 'kd', 'README.md'), 'utf8');
    expect(card).toMatch(/\| mean IoU \| \d+\.\d\d % of 16 images \|/);
  });

  it('resumes to the same bytes', async () => {
    const controller = new AbortController();
    let epochs = 0;
    const cut = distill({ ...options, cwd, folder: 'cut', signal: controller.signal });
    await expect(
      (async () => {
        for await (const event of cut) if (event.type === 'epoch' && ++epochs === 16) controller.abort();
      })(),
    ).rejects.toMatchObject({ code: 'ANC_INTERRUPTED' });
    const continued = await resume('cut', { cwd, plugins: options.plugins });
    expect(continued.result.students.map(({ metrics }) => metrics)).toEqual(
      run.result.students.map(({ metrics }) => metrics),
    );
    for (const { name } of run.result.students)
      expect(await weights('cut', name)).toEqual(await weights('whole', name));
    await continued.dispose();
  });

  it.each(['onnx', 'tfjs', 'safetensors'] as const)('is exported as %s and read back', async (format) => {
    const { verified, file } = await exportModel('whole', {
      cwd,
      plugins: options.plugins,
      select: 'adversarial',
      format,
      to: `net-${format}`.concat({ onnx: '.onnx', tfjs: '', safetensors: '.safetensors' }[format]),
    });
    expect(verified.maxDifference).toBeLessThanOrEqual(1e-4 * verified.scale);
    expect(existsSync(join(cwd, file))).toBe(true);
  });

  it('is evaluated by its metrics, from the run and from an exported file', async () => {
    const wanted = run.result.students[2]!.metrics!;
    const more = { cwd, plugins: options.plugins };
    const own = await evaluate('whole', { ...more, select: 'adversarial' });
    expect(own).toMatchObject({ testError: null, task: { name: 'segmentation' }, count: 16 });
    expect(own.metrics!['mean-iou']).toBeCloseTo(wanted['mean-iou']!, 3);
    const exported = await evaluate('net-onnx.onnx', { ...more, images: 'scenes' });
    expect(exported.metrics!['mean-iou']).toBeCloseTo(wanted['mean-iou']!, 2);
  });

  it('is checked by its metrics, before anything is trained', async () => {
    const found = await check('net-onnx.onnx', 'scenes', { cwd, plugins: options.plugins, limit: 20 });
    expect(found).toMatchObject({ task: { name: 'segmentation' }, accuracy: null, preprocessings: [] });
    expect(found.metrics!['mean-iou']).toBeGreaterThan(0.8);
    expect(found.answers.covered).toBe(3);
  });

  it('predicts a mask for each image', async () => {
    const model = await openClassifier('whole', { cwd, plugins: options.plugins, select: 'kd' });
    const { classes, labels, logits } = await model.predict({
      shape: [2, 8, 8, 1],
      data: new Uint8Array(128).fill(20),
    });
    expect(logits.shape).toEqual([2, 8, 8, 3]);
    expect(classes).toHaveLength(128);
    expect(labels).toHaveLength(128);
    await model.dispose();
  });

  it('has a given teacher, from an exported ONNX file', async () => {
    const students = await distill({
      ...options,
      cwd,
      teacher: 'net-onnx.onnx',
      methods: ['kd', 'adversarial(input=logits, discriminator=conv(filters=[4]))'],
      training: { ...options.training, epochs: 1 },
      data: {},
      folder: null,
    });
    expect(students.result.teacher.metrics).toHaveProperty('mean-iou');
    expect(students.metrics).toHaveProperty('mean-iou');
    await students.dispose();
  });

  it('refuses models and datasets of different tasks before any work', async () => {
    const refused = (more: Partial<DistillOptions>) =>
      distill({ ...options, ...more, cwd, folder: 'none' }).then(
        () => null,
        (error: unknown) => error,
      );
    expect(await refused({ images: 'glyphs' })).toMatchObject({
      code: 'ANC_TASK',
      message: 'the teacher "seg-net" is for segmentation, and dataset "glyphs" is for classification.',
    });
    expect(await refused({ student: 'cnn(widths=[2])' })).toMatchObject({ code: 'ANC_TASK' });
    expect(await refused({ images: 'glyphs', teacher: 'net-onnx.onnx' })).toMatchObject({
      code: 'ANC_TASK',
    });
    expect(await refused({ methods: ['conditional-adversarial'] })).toMatchObject({
      code: 'ANC_DISCRIMINATOR_CONDITION',
    });
    expect(existsSync(join(cwd, 'none'))).toBe(false);
  });
});

describe('choices by the primary metric', () => {
  it('hold more to be better where the task says so', async () => {
    const short = { ...options, training: { ...options.training, epochs: 1 }, methods: ['l2', 'kd'] };
    const found = await compare({ ...short, data: {}, cwd, folder: 'compared', seeds: 2 });
    expect(found.task).toMatchObject({ name: 'segmentation' });
    expect(found.methods[1]!.metrics!['mean-iou']!.values).toHaveLength(2);
    expect(found.methods[1]!.differences[0]).toMatchObject({ to: 'l2', what: 'mean-iou' });
    const tuned = await tune({
      ...short,
      methods: ['kd(hardWeight=0.5)'],
      cwd,
      folder: 'tuned',
      learningRates: [0.0001, 0.02],
      budget: 2,
    });
    const [method] = tuned.methods;
    expect(method).toMatchObject({ by: 'mean-iou', best: { error: null } });
    const best = Math.max(...method!.tries.map(({ metrics }) => metrics!['mean-iou']!));
    expect(method!.best!.metrics!['mean-iou']).toBe(best);
  });
});
