import { readFile, readdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { definePlugin, type HostTensor } from '@anc/core';
import { Glyphs } from '@anc/datasets';
import { kdTerm } from './plugin-term.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  compare,
  distill,
  evaluate,
  exportModel,
  importWeights,
  openClassifier,
  resume,
  tune,
  type DistillOptions,
  type RunEvent,
  type TeacherFunction,
} from '../src/index.js';

vi.setConfig({ testTimeout: 120_000 });

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-library-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

/** A teacher of ten classes that is a fixed function of the pixels. */
const teacher: TeacherFunction = async ({ shape: [count], data }) => {
  const size = data.length / count;
  const logits = new Float32Array(count * 10);
  for (let i = 0; i < count; i++) {
    for (let c = 0; c < 10; c++) {
      let sum = 0;
      for (let at = c; at < size; at += 10) sum += data[i * size + at]!;
      logits[i * 10 + c] = sum / 2000;
    }
  }
  return logits;
};

/** Small enough for a second. */
const tiny = {
  teacher,
  images: 'glyphs',
  student: 'cnn(widths=[2,2], features=8)',
  method: 'kd',
  data: { limitTrain: 96, limitTest: 40 },
  training: { epochs: 3, batchSize: 32 },
} satisfies DistillOptions;

const weightsOf = (folder: string, student = 'kd'): Promise<Buffer> =>
  readFile(join(folder, 'student', student, 'weights.safetensors'));

describe('distill', () => {
  it('trains a student of a teacher function, without a folder', async () => {
    const run = distill({ ...tiny, cwd, folder: null });
    const events: RunEvent['type'][] = [];
    for await (const event of run) if (event.type !== 'done') events.push(event.type);
    // Notices of planning come first: what the teacher's predictions look like.
    expect(events.slice(0, 3)).toEqual(expect.arrayContaining(['notice', 'plan']));
    expect(events.at(-1)).toBe('message');
    expect(events.filter((type) => type === 'epoch')).toHaveLength(3);
    const { student, agreement, testError, folder, result, dispose } = await run;
    expect([folder, result.students.length, student.name]).toEqual([null, 1, 'kd']);
    expect(agreement).toBe(result.students[0]!.agreement);
    expect(testError).toBe(result.students[0]!.testError);

    const images: HostTensor = { shape: [3, 28, 28, 1], data: new Uint8Array(3 * 784).fill(9) };
    const { classes, labels, logits } = await student.predict(images);
    expect([classes.length, labels!.length, logits.shape]).toEqual([3, 3, [3, 10]]);
    expect(classes[0]).toBe(logits.data.subarray(0, 10).indexOf(Math.max(...logits.data.subarray(0, 10))));

    const written = await exportModel(student, { cwd, format: 'onnx', to: 'small.onnx' });
    expect(written.verified.maxDifference).toBeLessThan(1e-5);
    const again = await evaluate('small.onnx', { cwd, images: 'glyphs', limitTest: 300 });
    expect(again.count).toBe(300);
    await dispose();
    expect((await readdir(cwd)).sort()).toEqual(['small.onnx', 'small.onnx-usage']);
  });

  it('takes networks, datasets, methods and backends as values', async () => {
    const seen: string[] = [];
    const { registries, parts } = await (await import('../src/plugins/index.js')).loadComposition([], cwd);
    const backend = await registries.backends.create({ name: 'onnx', options: {} }, undefined);
    const disposed = vi.spyOn(backend, 'dispose');
    const environment = { input: [28, 28, 1], classes: 10 } as const;
    const student = await registries.models.create({ name: 'lenet5', options: {} }, environment);
    const method = registries.methods.build(
      'l2',
      await registries.methods.check({ name: 'l2', options: {} }),
      parts,
    );
    const run = distill({
      ...tiny,
      cwd,
      images: new Glyphs({ train: 96, test: 40 }),
      student,
      method,
      backend,
      folder: 'mine',
    });
    for await (const event of run) if (event.type === 'model') seen.push(event.model);
    const { folder, dispose } = await run;
    expect(seen).toEqual(['teacher', 'value-l2']);
    expect(folder).toBe(join(cwd, 'mine'));
    expect(disposed).not.toHaveBeenCalled();
    await dispose();
    await backend.dispose();
  });

  it('can be aborted and resumed, and ends with the same bytes, with the recorded micro-batches', async () => {
    const options = { ...tiny, training: { ...tiny.training, accumulate: 4 } };
    const whole = await distill({ ...options, cwd, folder: 'whole' });
    await whole.dispose();
    expect(await readFile(join(cwd, 'whole', 'config.resolved.yaml'), 'utf8')).toContain('accumulate: 4\n');
    const controller = new AbortController();
    const cut = distill({ ...options, cwd, folder: 'cut', signal: controller.signal });
    const watch = (async () => {
      for await (const event of cut) if (event.type === 'epoch') controller.abort();
    })();
    await expect(cut).rejects.toMatchObject({ code: 'ANC_INTERRUPTED' });
    await expect(watch).rejects.toMatchObject({ code: 'ANC_INTERRUPTED' });
    const resumed = await resume('cut', { cwd, teacher });
    await resumed.dispose();
    expect(await weightsOf(join(cwd, 'cut'))).toEqual(await weightsOf(join(cwd, 'whole')));
    const read = await resume('cut', { cwd, teacher }); // a finished run is read
    expect(read.result.students).toEqual(resumed.result.students);
    await read.dispose();
  });

  it('does not disturb another run of the same process', async () => {
    const short = {
      ...tiny,
      data: { limitTrain: 64, limitTest: 20 },
      training: { epochs: 2, batchSize: 32 },
    };
    const alone = await distill({ ...short, cwd, folder: 'alone' });
    const [one, other] = await Promise.all([
      distill({ ...short, cwd, folder: 'one' }),
      distill({ ...short, cwd, folder: 'other', backend: 'tfjs:cpu', seed: 5 }),
    ]);
    expect(await weightsOf(join(cwd, 'one'))).toEqual(await weightsOf(join(cwd, 'alone')));
    expect(await weightsOf(join(cwd, 'other'))).not.toEqual(await weightsOf(join(cwd, 'alone')));
    for (const run of [alone, one, other]) await run.dispose();
  });

  it.each<[string, Partial<DistillOptions>, string, readonly PropertyKey[] | undefined]>([
    ['an unknown method', { method: 'kdd' }, 'ANC_UNKNOWN', ['methods', 0]],
    ['a wrong value', { training: { epochs: 0 } }, 'ANC_CONFIG', ['training', 'epochs']],
    ['an unknown option', { data: { limit: 3 } as never }, 'ANC_CONFIG', ['data', 'limit']],
    ['a wrong option of a name', { student: 'cnn(width=3)' }, 'ANC_OPTIONS', ['student', 'model', 'width']],
    ['too few images', { data: { limitTrain: 8 } }, 'ANC_DATA_TOO_FEW', undefined],
    [
      'a teacher without a row for each image',
      { teacher: () => new Float32Array(2) },
      'ANC_TEACHER_OUTPUT',
      undefined,
    ],
    ['what is no network', { student: 3 as never }, 'ANC_CONFIG', undefined],
  ])('refuses %s with one error, before anything is written', async (_, options, code, path) => {
    const error: unknown = await distill({ ...tiny, cwd, folder: 'none', ...options }).catch(
      (e: unknown) => e,
    );
    expect(error).toMatchObject({ code, ...(path && { detail: { path } }) });
    expect(await readdir(cwd)).toEqual([]);
  });

  it('loads plugin objects beside named plugins', async () => {
    const plugin = definePlugin({ name: 'mine', apiVersion: 1, dataTerms: { mine: kdTerm } });
    const run = await distill({
      ...tiny,
      cwd,
      folder: null,
      method: 'adversarial',
      plugins: [plugin],
      objective: { dataTerm: 'mine' },
    });
    expect(run.result.students[0]!.method).toBe('adversarial');
    await run.dispose();
  });

  it('learns from a folder of images without labels', async () => {
    const sharp = (await import('sharp')).default;
    for (let i = 0; i < 48; i++) {
      const pixels = Buffer.from(Uint8Array.from({ length: 256 }, (__, at) => (at * (i + 3)) % 251));
      const picture = sharp(pixels, { raw: { width: 16, height: 16, channels: 1 } }).png();
      await writeFile(join(cwd, `${i}.png`), await picture.toBuffer());
    }
    const run = await distill({
      ...tiny,
      cwd: join(cwd),
      images: { name: 'image-folder', options: { path: cwd, size: 16, channels: 1, testFraction: 0.25 } },
      data: {},
      training: { epochs: 1, batchSize: 8 },
      folder: null,
    });
    expect(run.testError).toBeNull();
    expect(run.student.input).toEqual([16, 16, 1]);
    expect((await run.student.predict([join(cwd, '1.png'), join(cwd, '2.png')])).classes).toHaveLength(2);
    await run.dispose();
  });
});

describe('other calls', () => {
  it('open, evaluate, export and import what a run trained', async () => {
    const run = await distill({ ...tiny, cwd, folder: 'run' });
    const opened = await openClassifier('run', { cwd });
    const images: HostTensor = { shape: [1, 28, 28, 1], data: new Uint8Array(784).fill(70) };
    expect((await opened.predict(images)).logits).toEqual((await run.student.predict(images)).logits);
    const some = { cwd, images: 'glyphs', limitTest: 200 };
    const own = await evaluate(opened, some);
    expect(own.testError).toEqual((await evaluate('run', some)).testError);
    await exportModel('run', { cwd, format: 'safetensors', to: 'copy.safetensors' });
    const imported = await importWeights('copy.safetensors', { cwd, to: 'imported.safetensors' });
    expect(imported.model.name).toBe('cnn');
    expect((await evaluate('imported.safetensors', some)).testError).toBe(own.testError);
    await opened.dispose();
    await run.dispose();
  });

  it('compare and tune methods', async () => {
    const { method: _, ...many } = {
      ...tiny,
      methods: ['l2', 'kd'],
      training: { epochs: 1, batchSize: 32 },
      cwd,
    };
    const compared = await compare({ ...many, seeds: 2, folder: 'compared' });
    expect(compared.methods.map(({ name, agreement }) => [name, agreement.values.length])).toEqual([
      ['l2', 2],
      ['kd', 2],
    ]);
    const tuned = await tune({ ...many, learningRates: [0.001, 0.01], folder: 'tuned' });
    expect(tuned.methods.map(({ tries }) => tries.length)).toEqual([2, 2]);
    expect(await readFile(join(cwd, 'tuned', 'tuned.yaml'), 'utf8')).toContain('methods:');
  });
});
