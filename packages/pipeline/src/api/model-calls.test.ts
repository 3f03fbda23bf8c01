import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCpu } from '@anc/backend-tfjs';
import { definePlugin, PLUGIN_API_VERSION, type AncError, type Backend } from '@anc/core';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { CornerTeacher } from '../../test/corner-teacher.js';
import { Corners } from '../../test/tiny-plugins.js';
import type { Classifier } from '../classifier/classifier.js';
import { check } from './check.js';
import { doctor } from './doctor.js';
import { evaluate, openTrainedModel } from './evaluate.js';
import { asNamed } from './model-call.js';
import { exportModel } from './export-model.js';
import { importWeights, type ImportOptions } from './import-weights.js';
import { TrainedModel } from './trained-model.js';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-calls-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

const refusal = (work: Promise<unknown>): Promise<AncError> =>
  work.then(
    () => Promise.reject(new Error('nothing was refused')),
    (error: unknown) => error as AncError,
  );

/** A backend that only counts. */
function counting() {
  const counts = { opened: 0, closed: 0 };
  const plugin = definePlugin({
    name: 'counting',
    apiVersion: PLUGIN_API_VERSION,
    backends: {
      counting: {
        options: z.strictObject({}),
        create: () => {
          counts.opened++;
          return {
            name: 'counting',
            capabilities: { training: false, deterministic: true, compiled: false },
            environment: {},
            ...Object.fromEntries(
              ['upload', 'compile', 'compileFunction', 'rehearse'].map((name) => [name, vi.fn()]),
            ),
            dispose: async () => {
              counts.closed++;
            },
          } as unknown as Backend;
        },
      },
    },
  });
  return { counts, call: { cwd, plugins: [plugin], backend: 'counting' } };
}

/** A model in memory that classifies `corners` without an error. */
function inMemory(classNames: readonly string[] | null = ['nw', 'ne', 'sw', 'se'], classes = 4) {
  const classifier: Classifier = {
    teacher: new CornerTeacher(classes),
    model: 'corner teacher',
    classes,
    classNames,
    parameters: 12,
    flops: null,
    normalization: null,
    digest: 'abc',
    bytes: 0,
    notices: ['read with care.'],
    dispose: () => Promise.resolve(),
  };
  let disposed = 0;
  const model = new TrainedModel('kd', classifier, [8, 8, 1], cwd, null, async () => {
    disposed++;
  });
  return { model, disposals: () => disposed };
}

describe('evaluate', () => {
  it('evaluates a model in memory, which stays open', async () => {
    const { model, disposals } = inMemory();
    const { counts, call } = counting();
    const result = await evaluate(model, { ...call, images: new Corners({ test: 7 }) });
    expect(result).toMatchObject({
      model: 'corner teacher',
      dataset: 'value:corners',
      backend: 'counting',
      count: 7,
      testError: 0,
      classes: 4,
      parameters: 12,
      sha256: 'abc',
      notices: ['read with care.'],
    });
    expect(result).not.toHaveProperty('run');
    expect([counts.closed, disposals()]).toEqual([1, 0]);
  });

  it('opens the teacher of --fail-under before an image is predicted', async () => {
    const file = join(cwd, 'broken.onnx');
    await writeFile(file, 'not a model');
    const infer = vi.spyOn(CornerTeacher.prototype, 'infer');
    try {
      const { call } = counting();
      const failUnder = { agreement: 0.9 };
      const error = await refusal(
        evaluate(inMemory().model, { ...call, images: new Corners(), teacher: file, failUnder }),
      );
      expect(error.code).toBe('ANC_ONNX');
      expect(Symbol.for('@anc/work-began') in error).toBe(false);
      expect(infer).not.toHaveBeenCalled();
    } finally {
      infer.mockRestore();
    }
  });

  it('pairs classes by their names, and limits the test images from the first on', async () => {
    const images = new Corners({ classes: ['se', 'ne', 'sw', 'nw'] }); // two names changed places
    const { model } = inMemory();
    const { call } = counting();
    expect(await evaluate(model, { ...call, images, limitTest: 4 })).toMatchObject({
      count: 4,
      testError: 0.5,
    });
    expect(await evaluate(model, { ...call, images, limitTest: 3, batchSize: 2 })).toMatchObject({
      count: 3,
      testError: 1 / 3,
    });
  });

  it('has no error of images without labels, whatever their classes', async () => {
    const { call } = counting();
    const images = new Corners({ labels: false, classes: [] });
    expect(await evaluate(inMemory(null).model, { ...call, images })).toMatchObject({
      count: 20,
      testError: null,
      top5Error: null,
    });
  });

  it('brings pictures to the size and the channels of the model, and reports it', async () => {
    for (let i = 0; i < 10; i++) {
      const background = { r: 25 * i, g: 90, b: 10 };
      const picture = sharp({ create: { width: 30, height: 20, channels: 3, background } });
      await picture.png().toFile(join(cwd, `${i}.png`));
    }
    const { call } = counting();
    const images = { name: 'image-folder', options: { path: cwd } };
    expect(await evaluate(inMemory().model, { ...call, images })).toMatchObject({
      count: 2,
      dataset: expect.stringContaining('size=8, channels=1') as string,
      notices: [
        'images are brought to size 8, channels 1: size and channels from the model.',
        'read with care.',
        expect.stringContaining('images') as string, // how the folder was read
      ],
    });
  });

  it('refuses options that it does not have', async () => {
    const wrong = { image: 'glyphs' };
    expect(await refusal(evaluate(inMemory().model, { ...counting().call, ...wrong }))).toMatchObject({
      code: 'ANC_CONFIG',
      detail: { path: ['image'], hint: 'did you mean "images"?' },
    });
  });

  it('refuses images of other classes, and closes its backend', async () => {
    const { counts, call } = counting();
    const images = new Corners();
    const error = await refusal(evaluate(inMemory(null, 3).model, { ...call, images }));
    expect(error.code).toBe('ANC_CLASSES');
    expect(counts).toEqual({ opened: 1, closed: 1 });
  });

  it('needs images, of a run or named', async () => {
    const { counts, call } = counting();
    expect(await refusal(evaluate(inMemory().model, call))).toMatchObject({
      code: 'ANC_USAGE',
      detail: { expected: 'the name of a dataset' },
    });
    // A file that cannot be used, or does not exist, is said to be so, whatever else is missing.
    await writeFile(join(cwd, 'there.safetensors'), 'no weights');
    expect(await refusal(evaluate('there.safetensors', call))).toMatchObject({ code: 'ANC_WEIGHTS' });
    for (const missing of ['weights.safetensors', 'model.onnx(layout=nhwc)', 'runs/nosuch'])
      expect((await refusal(evaluate(missing, call))).message).toMatch(/" does not exist\.$/m);
    expect(counts.opened).toBe(0);
  });

  it('refuses a file that is not there and a folder that is no run', async () => {
    const { counts, call } = counting();
    const images = new Corners();
    expect((await refusal(evaluate('weights.safetensors', { ...call, images }))).code).toBe('ANC_FILE');
    expect((await refusal(evaluate('.', { ...call, images }))).code).toBe('ANC_RUN_MISSING');
    expect(counts.closed).toBe(counts.opened);
  });

  it('refuses unknown images and backends by name', async () => {
    const { call } = counting();
    expect(await refusal(evaluate(inMemory().model, { ...call, images: 'glyps' }))).toMatchObject({
      code: 'ANC_UNKNOWN',
      detail: { hint: 'did you mean "glyphs"?' },
    });
    const images = new Corners();
    expect(await refusal(evaluate(inMemory().model, { ...call, images, backend: 'countin' }))).toMatchObject({
      code: 'ANC_UNKNOWN',
      detail: { hint: 'did you mean "counting"?' },
    });
  });

  it('leaves a backend of the caller open', async () => {
    let closed = 0;
    const dispose = async (): Promise<void> => {
      closed++;
    };
    const backend = { name: 'mine', environment: {}, compile: () => 1, dispose } as unknown as Backend;
    const result = await evaluate(inMemory().model, { cwd, backend, images: new Corners() });
    expect([result.backend, closed]).toEqual(['mine', 0]);
  });
});

describe('openTrainedModel', () => {
  it('closes the backend where the file cannot be read', async () => {
    const { counts, call } = counting();
    await writeFile(join(cwd, 'weights.safetensors'), 'no weights');
    await expect(openTrainedModel('weights.safetensors', call)).rejects.toMatchObject({
      code: expect.stringMatching(/^ANC_/) as string,
    });
    await writeFile(join(cwd, 'model.onnx'), 'no model');
    await expect(openTrainedModel('model.onnx', call)).rejects.toMatchObject({
      code: expect.stringMatching(/^ANC_/) as string,
    });
    expect(counts).toEqual({ opened: 2, closed: 2 });
  });
});

describe('asNamed', () => {
  it('reads names in all forms, and takes what it cannot read for a name', () => {
    expect(asNamed('cnn(widths=[2])', ['model'])).toEqual({ name: 'cnn', options: { widths: [2] } });
    expect(asNamed({ name: 'cnn' }, ['model'])).toEqual({ name: 'cnn', options: {} });
    expect(asNamed({ name: 'cnn', options: { widths: [2] } }, ['model'])).toEqual({
      name: 'cnn',
      options: { widths: [2] },
    });
    expect(asNamed('cnn(widths', ['model'])).toEqual({ name: 'cnn(widths', options: {} });
  });
});

describe('exportModel', () => {
  it.each<[string, object, string, object]>([
    ['an unknown format', { format: 'onx' }, 'ANC_USAGE', { path: ['format'], hint: 'did you mean "onnx"?' }],
    ['an unknown layout', { layout: 'nhcw' }, 'ANC_USAGE', { path: ['layout'], received: 'nhcw' }],
    [
      'an option of another format',
      { format: 'keras', int8: true },
      'ANC_USAGE',
      { received: '--format keras' },
    ],
    ['a name of another format', { to: 'model.h5' }, 'ANC_USAGE', { received: 'model.h5' }],
    [
      'a file for a folder',
      { format: 'tfjs', to: 'model.json' },
      'ANC_USAGE',
      { expected: 'the name of a new folder' },
    ],
    ['no file', {}, 'ANC_USAGE', { expected: 'the option "to"' }],
    ['a file that is there', { to: 'there.onnx' }, 'ANC_FILE_EXISTS', {}],
    ['a model that is no network of ours', { to: 'new.onnx' }, 'ANC_EXPORT', {}],
  ])('refuses %s, and writes nothing', async (_what, options, code, detail) => {
    await writeFile(join(cwd, 'there.onnx'), 'x');
    const error = await refusal(exportModel(inMemory().model, { cwd, ...options }));
    expect(error).toMatchObject({ code, detail });
    expect(await readdir(cwd)).toEqual(['there.onnx']);
  });

  it('accepts false for what another format has', async () => {
    const off = { int8: false, foldNormalization: false, features: false };
    const options = { cwd, format: 'safetensors', to: 'new.safetensors', ...off } as const;
    expect(await refusal(exportModel(inMemory().model, options))).toMatchObject({ code: 'ANC_EXPORT' });
  });

  it('refuses an ONNX model, which is one already', async () => {
    expect(await refusal(exportModel('model.onnx', { cwd, to: 'new.onnx' }))).toMatchObject({
      code: 'ANC_EXPORT',
      message: 'model.onnx is an ONNX model already.',
    });
  });

  it('refuses weights that are not there', async () => {
    expect((await refusal(exportModel('weights.safetensors', { cwd }))).code).toBe('ANC_FILE');
    expect(await readdir(cwd)).toEqual([]);
  });
});

describe('importWeights', () => {
  const to = 'new.safetensors';
  beforeEach(async () => {
    await writeFile(join(cwd, 'there.safetensors'), 'x');
    await writeFile(join(cwd, 'map.json'), '{ "conv1/weights": 3 }');
    await writeFile(join(cwd, 'text.json'), 'conv1');
  });

  it.each<[string, Omit<ImportOptions, 'cwd'>, string, string | null]>([
    ['a name of another format', { to: 'new.onnx' }, 'ANC_USAGE', 'new.onnx'],
    ['a file that is there', { to: 'there.safetensors' }, 'ANC_FILE_EXISTS', null],
    ['an unknown map', { to, map: 'torchvison' }, 'ANC_WEIGHTS', 'torchvison'],
    ['a map that has no names', { to, map: 'map.json' }, 'ANC_WEIGHTS', null],
    ['a map that is no JSON', { to, map: 'text.json' }, 'ANC_WEIGHTS', null],
    ['a map that is not there', { to, map: 'nowhere.json' }, 'ANC_FILE', null],
  ])('refuses %s, and writes nothing', async (_what, options, code, received) => {
    await writeFile(join(cwd, 'weights.safetensors'), 'x');
    const error = await refusal(importWeights('weights.safetensors', { cwd, ...options }));
    expect(error.code).toBe(code);
    if (received !== null) expect(error.detail.received).toBe(received);
    expect(await readdir(cwd)).not.toContain(to);
  });

  it('refuses weights that are not there, and those that are none', async () => {
    expect((await refusal(importWeights('nowhere.pth', { cwd, to }))).code).toBe('ANC_FILE');
    expect((await refusal(importWeights('.', { cwd, to }))).detail.received).toBe('it is a folder');
    expect((await refusal(importWeights('there.safetensors', { cwd, to }))).code).toMatch(/^ANC_/);
    expect(await readdir(cwd)).not.toContain(to);
  });
});

describe('check', () => {
  it('refuses a teacher that is not there, and closes its backend', async () => {
    const { counts, call } = counting();
    expect((await refusal(check('teacher.onnx', new Corners(), call))).code).toBe('ANC_FILE');
    expect(counts).toEqual({ opened: 1, closed: 1 });
  });

  it('refuses an unknown backend', async () => {
    expect(await refusal(check('teacher.onnx', 'glyphs', { cwd, backend: 'onx' }))).toMatchObject({
      code: 'ANC_UNKNOWN',
      detail: { hint: 'did you mean "onnx"?' },
    });
  });
});

describe('doctor', () => {
  it('refuses an unknown backend before any is tried', async () => {
    const tried: string[] = [];
    const error = await refusal(
      doctor({ cwd, backends: ['onnx', 'tfjs:cpuu'], onBackend: (name) => tried.push(name) }),
    );
    expect(error).toMatchObject({ code: 'ANC_UNKNOWN', detail: { hint: 'did you mean "tfjs:cpu"?' } });
    expect(tried).toEqual([]);
  });

  it('tries the backends of plugin objects, too', async () => {
    const plugin = definePlugin({
      name: 'mine',
      apiVersion: PLUGIN_API_VERSION,
      backends: { mine: { options: z.strictObject({}), create: openCpu } },
    });
    const reports = await doctor({ cwd, plugins: [plugin], backends: ['mine'], seconds: 0.01 });
    const imagesPerSecond = expect.any(Number) as number;
    expect(reports).toMatchObject([{ name: 'mine', usable: true, imagesPerSecond }]);
  });

  it('tries nothing where it was aborted', async () => {
    const tried: string[] = [];
    const signal = AbortSignal.abort(new Error('stopped'));
    const work = doctor({ cwd, signal, onBackend: (name) => tried.push(name) });
    await expect(work).rejects.toThrow('stopped');
    expect(tried).toEqual([]);
  });
});
