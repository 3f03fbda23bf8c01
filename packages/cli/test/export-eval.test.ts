import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { permuted } from '@anc/core/internal';
import { decodeSafetensors, encodeSafetensors } from '@anc/formats';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { inProcess, workplace, type Workplace } from './anc-cli.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 });

/** Seconds: two epochs of tiny networks on generated images. */
const tiny = [
  ['--limit-train', '128'],
  ['--limit-test', '60'],
  ['--batch-size', '32'],
  ['--epochs', '1'],
  ['--seed', '3'],
  ['--student', 'cnn(widths=[2],features=4)'],
  ['--json'],
].flat();

interface Document {
  readonly testError: number;
  readonly top5Error: number;
  readonly count: number;
  readonly model: string;
  readonly notices?: string[];
}
interface RunDocument {
  readonly teacher: { readonly testError: number; readonly model: string; readonly parameters: number };
  readonly students: readonly {
    readonly name: string;
    readonly testError: number;
    readonly agreement: number;
  }[];
}

let place: Workplace;
let run: RunDocument;

const program = (...args: string[]) => inProcess(args, place.path);

async function json<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await program(...args, '--json');
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as T;
}

async function refusal(...args: string[]): Promise<{ code: string; message: string }> {
  const { code, stdout } = await program(...args, '--json');
  expect(code).toBe(2);
  return (JSON.parse(stdout) as { error: { code: string; message: string } }).error;
}

const test = ['--dataset', 'glyphs', '--limit-test', '60'];

beforeAll(async () => {
  place = await workplace();
  const teacher = [
    '--teacher',
    'cnn(widths=[4,4],features=6,batchNorm=true)',
    '--name',
    'first',
    '--methods',
    'l2,kd',
  ];
  run = await json<RunDocument>('run', ...tiny, ...teacher);
});
afterAll(() => place.remove());

describe('eval', () => {
  it('gives what the run measured, of its student, another one and the teacher', async () => {
    const of = (player: string) => json<Document>('eval', 'runs/first', '--player', player);
    const best = run.students.reduce((a, b) => (b.agreement > a.agreement ? b : a));
    const { stdout, stderr } = await program('eval', 'runs/first', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ testError: best.testError, count: 60 });
    expect(stderr).toContain(`the student "${best.name}" of l2, kd: it has the largest agreement`);
    expect(await of('kd')).toMatchObject({ testError: run.students[1]!.testError, player: 'kd' });
    expect(await of('l2')).toMatchObject({ testError: run.students[0]!.testError });
    expect(await of('teacher')).toMatchObject({ testError: run.teacher.testError });
  });

  it('scores a file of weights on any backend', async () => {
    const file = 'runs/first/student/kd/weights.safetensors';
    const one = await json<Document>('eval', file, ...test);
    expect(one.top5Error).toBeLessThanOrEqual(one.testError);
    const other = await json<Document>('eval', file, ...test, '--backend', 'tfjs:cpu', '--batch-size', '7');
    expect(other).toMatchObject({ testError: one.testError, top5Error: one.top5Error, backend: 'tfjs:cpu' });
  });

  it('ends with exit code 1 where a metric is below what is required', async () => {
    const student = ['eval', 'runs/first', '--select', 'kd'];
    const [, { agreement, testError }] = run.students as [unknown, RunDocument['students'][number]];
    const enough = `agreement=${agreement},accuracy=${(1 - testError).toFixed(6)}`;
    const good = await json<{ agreement: number; missed: unknown[] }>(...student, '--fail-under', enough);
    expect(good).toMatchObject({ agreement, missed: [] });
    const bad = await program(...student, '--fail-under', 'agreement=1');
    expect(bad).toMatchObject({ code: agreement === 1 ? 0 : 1 });
    expect(bad.stderr).toContain('agreement is');
    for (const wrong of ['agrement=0.9', 'accuracy', 'accuracy=90', 'accuracy=0.5,accuracy=0.6']) {
      expect((await refusal(...student, '--fail-under', wrong)).code).toBe('ANC_USAGE');
    }
    const file = 'runs/first/student/kd/weights.safetensors'; // has no teacher
    const unknown = await refusal('eval', file, ...test, '--fail-under', 'agreement=0.5');
    expect(unknown.message).toContain('agreement cannot be measured');
    const named = ['eval', file, ...test, '--teacher', 'runs/first', '--json'];
    expect(JSON.parse((await program(...named)).stdout)).toMatchObject({
      agreement: expect.any(Number) as number, // of other images than those of the run
    });
  });

  it('refuses what it cannot do, with one error', async () => {
    expect((await refusal('eval', 'nowhere.onnx', ...test)).code).toBe('ANC_FILE');
    expect((await refusal('eval', 'runs/first/student/kd/weights.safetensors')).code).toBe('ANC_USAGE');
    expect(await refusal('eval', 'runs/first', '--player', 'k')).toMatchObject({
      code: 'ANC_PLAYER',
      message: expect.stringContaining('did you mean "kd"') as string,
    });
    expect((await refusal('eval', 'runs/first', '--normalize', 'imagnet')).code).toBe('ANC_NORMALIZE');
    await writeFile(join(place.path, 'text.onnx'), 'this is no model');
    expect((await refusal('eval', 'text.onnx', ...test)).code).toBe('ANC_ONNX');
    expect((await refusal('eval', 'text.onnx(layot=nhwc)', ...test)).code).toBe('ANC_OPTIONS');
    await writeFile(join(place.path, 'text.th'), 'these are no weights');
    expect((await refusal('eval', 'text.th', ...test)).code).toBe('ANC_WEIGHTS');
    await mkdir(join(place.path, 'empty'));
    expect((await refusal('eval', 'empty', ...test)).code).toBe('ANC_RUN_MISSING');
  });

  it('reads the files before the images, which it may have to download', async () => {
    const [file, missing] = [
      'runs/first/student/kd/weights.safetensors',
      ['--dataset', 'imagenet', '--offline'],
    ];
    const whole = await readFile(join(place.path, file));
    await writeFile(join(place.path, 'short.safetensors'), whole.subarray(0, whole.length - 8));
    expect((await refusal('eval', 'short.safetensors', ...missing)).code).toBe('ANC_SAFETENSORS');
    const teacher = ['--teacher', 'short.safetensors'];
    expect((await refusal('eval', file, ...missing, ...teacher)).code).toBe('ANC_SAFETENSORS');
    const { stdout } = await program('eval', file, '--dataset', 'mnist', '--offline', '--json');
    expect(stdout).toContain('ANC_DATA_MISSING');
  });

  it('shows how far it is', async () => {
    const { stderr } = await program('eval', 'runs/first', '--batch-size', '10');
    expect(stderr).toMatch(/images {2}\d+\/60/);
    expect((await program('eval', 'runs/first', '--quiet')).stderr).not.toMatch(/\d\/60/);
  });
});

describe('import', () => {
  it('takes weights under other names, and says which model they are of', async () => {
    const file = join(place.path, 'runs/first/student/kd/weights.safetensors');
    const { tensors } = decodeSafetensors(await readFile(file));
    const theirs = Object.fromEntries(
      Object.entries(tensors).map(([name, { shape, data }]) => {
        const axes = shape.length === 4 ? [3, 2, 0, 1] : shape.length === 2 ? [1, 0] : [0];
        const flattens = shape[0] === 14 * 14 * 2; // channels first, as PyTorch has them
        const turned = flattens
          ? permuted(data, [14, 14, 2, shape[1]!], [3, 2, 0, 1])
          : permuted(data, shape, axes);
        const sizes = axes.map((axis) => shape[axis]!);
        const leaf = name.replace('params/', '').replace('/', '.').replace('weights', 'weight');
        return [leaf, { shape: sizes, data: turned }];
      }),
    );
    await writeFile(join(place.path, 'theirs.safetensors'), encodeSafetensors(theirs));
    const model = ['--model', 'cnn(widths=[2],features=4)'];
    const document = await json<object>(
      'import',
      'theirs.safetensors',
      ...model,
      '--out',
      'ours.safetensors',
    );
    expect(document).toMatchObject({ model: { name: 'cnn' }, map: 'torch', input: [28, 28, 1], classes: 10 });
    const metadata = decodeSafetensors(await readFile(file)).metadata;
    const { mean, std } = JSON.parse(metadata.normalization!) as { mean: number[]; std: number[] };
    const normalize = ['--normalize', `${mean[0]}/${std[0]}`];
    expect(await json('eval', 'ours.safetensors', ...test, ...normalize)).toMatchObject({
      testError: (await json<Document>('eval', file, ...test)).testError,
    });
    expect((await refusal('import', 'theirs.safetensors', ...model, '--out', 'ours.safetensors')).code).toBe(
      'ANC_FILE_EXISTS',
    );
    expect((await refusal('import', 'theirs.safetensors', '--out', 'other.safetensors')).code).toBe(
      'ANC_WEIGHTS',
    );
    const misnamed = ['import', 'theirs.safetensors', ...model, '--out', 'ours.onnx'];
    expect(await refusal(...misnamed)).toMatchObject({
      code: 'ANC_USAGE',
      message: expect.stringContaining('.safetensors') as string,
    });
    const elsewhere = ['import', 'theirs.safetensors', '--out', 'x.safetensors'];
    expect((await refusal(...elsewhere, '--model', 'lenet5')).code).toBe('ANC_WEIGHTS');
    expect((await refusal(...elsewhere, ...model, '--map', 'tochvision')).message).toMatch(
      /there is no map named "tochvision"/,
    );
    await expect(access(join(place.path, 'x.safetensors'))).rejects.toThrow('ENOENT');
  });
});

describe('export', () => {
  it.each([
    ['normalised floats, NCHW', []],
    ['bytes, NHWC, with features', ['--fold-normalization', '--layout', 'nhwc', '--features']],
  ])('ONNX of %s scores as the network does', async (name, flags) => {
    const out = `${name.replaceAll(/\W+/g, '-')}.onnx`;
    const document = await json<{ verified: { maxDifference: number }; classes: string[] }>(
      'export',
      'runs/first',
      '--player',
      'kd',
      '--out',
      out,
      ...flags,
    );
    expect(document.verified.maxDifference).toBeLessThan(1e-4);
    expect(document.classes).toHaveLength(10);
    const weights = 'runs/first/student/kd/weights.safetensors';
    const { testError, top5Error } = await json<Document>('eval', weights, ...test);
    expect(await json('eval', out, ...test)).toMatchObject({ testError, top5Error });
    const colder = await json('eval', `${out}(mean=[0], std=[1])`, ...test);
    expect(colder).toMatchObject({ count: 60, normalization: { mean: [0], std: [1] } });
    expect((await refusal('export', 'runs/first', '--player', 'kd', '--out', out)).code).toBe(
      'ANC_FILE_EXISTS',
    );
  });

  it.each([[[]], [['--fold-normalization', '--layout', 'nhwc']]])('of 8 bits: %j', async (flags) => {
    const out = `small-${flags.length}.onnx`;
    const { int8, bytes } = await json<{
      bytes: number;
      int8: { floatBytes: number; before: Document; after: Document; agreement: number };
    }>('export', 'runs/first', '--player', 'kd', '--int8', '--calibration', '40', '--out', out, ...flags);
    expect(bytes).not.toBe(int8.floatBytes);
    expect(int8.before).toMatchObject({ testError: run.students[1]!.testError, count: 60 });
    expect(int8.agreement).toBeGreaterThan(0.8);
    expect(await json('eval', out, '--dataset', 'glyphs')).toMatchObject({ count: 2000 });
  });

  it('of half precision, whose file is half as large', async () => {
    const { float16, bytes, verified } = await json<{
      bytes: number;
      float16: { floatBytes: number; before: Document; after: Document; agreement: number };
      verified: { ofData: number };
    }>('export', 'runs/first', '--select', 'kd', '--float16', '--out', 'half.onnx');
    expect(bytes).toBeLessThan(float16.floatBytes);
    expect(float16.after).toMatchObject({ testError: float16.before.testError, count: 60 });
    expect([float16.agreement, verified.ofData]).toEqual([1, 60]);
    expect((await refusal('export', 'runs/first', '--float16', '--int8')).code).toBe('ANC_USAGE');
  });

  it('of a run is measured beside its teacher', async () => {
    const flags = ['--select', 'kd', '--seconds', '0.01', '--batch-size', '1', '--no-memory'];
    const { rows, images } = await json<{
      rows: { model: string; precision: string; agreement: number | null }[];
      images: number;
    }>('benchmark', 'runs/first', ...flags, '--precision', 'float32,int8');
    expect(rows.map(({ model, precision }) => `${model} ${precision}`)).toEqual([
      'teacher float32',
      'teacher int8',
      'kd float32',
      'kd int8',
    ]);
    expect(images).toBe(60);
    expect(rows[2]!.agreement).toBeCloseTo(run.students[1]!.agreement, 6);
  });

  it('of 8 bits is calibrated and compared on pictures without labels, brought to its size', async () => {
    await mkdir(join(place.path, 'pictures'));
    for (let i = 0; i < 20; i++) {
      const background = { r: 12 * i, g: 90, b: 10 };
      const picture = sharp({ create: { width: 40, height: 30, channels: 3, background } });
      await picture.png().toFile(join(place.path, 'pictures', `${i}.png`));
    }
    const images = ['--dataset', 'image-folder', '--data-dir', join(place.path, 'pictures')];
    const { int8 } = await json<{
      int8: { before: { testError: null; count: number }; agreement: number };
    }>(
      'export',
      'runs/first',
      '--select',
      'kd',
      '--int8',
      '--calibration',
      '10',
      '--out',
      'pictures.onnx',
      ...images,
    );
    expect(int8.before).toMatchObject({ testError: null, count: 4 });
    expect(int8.agreement).toBeGreaterThan(0.4);
  });

  it.each([
    ['floats', []],
    ['bytes', ['--fold-normalization', '--features']],
  ])('writes a GraphModel of %s, which TensorFlow.js reads as the same network', async (name, flags) => {
    const out = `graph-${name}`;
    const written = await json<{ verified: { maxDifference: number; scale: number }; bytes: number }>(
      ...['export', 'runs/first', '--player', 'kd', '--format', 'tfjs', '--out', out, ...flags],
    );
    expect(written.verified.maxDifference).toBeLessThan(1e-5 * written.verified.scale);
    const model = JSON.parse(await readFile(join(place.path, out, 'model.json'), 'utf8')) as {
      format: string;
      signature: { inputs: Record<string, { dtype: string }>; outputs: object };
      userDefinedMetadata: Record<string, string>;
    };
    expect(model.format).toBe('graph-model');
    expect(model.signature.inputs.images!.dtype).toBe(name === 'bytes' ? 'DT_INT32' : 'DT_FLOAT');
    expect(Object.keys(model.signature.outputs)).toEqual(
      name === 'bytes' ? ['logits', 'features'] : ['logits'],
    );
    expect(model.userDefinedMetadata).toMatchObject({ model: 'cnn', player: 'kd' });
    const again = ['export', 'runs/first', '--player', 'kd', '--format', 'tfjs', '--out', out];
    expect((await refusal(...again)).code).toBe('ANC_FILE_EXISTS');
  });

  it.each(['floats', 'bytes'])(
    'reads a GraphModel of %s again, with model and normalisation',
    async (name) => {
      const out = `graph-${name}.safetensors`;
      const imported = await json<object>('import', `graph-${name}/model.json`, '--out', out);
      expect(imported).toMatchObject({
        model: { name: 'cnn' },
        format: 'tfjs',
        map: null,
        recognised: false,
      });
      expect(await json('eval', out, ...test)).toMatchObject({
        testError: run.students.find(({ name }) => name === 'kd')!.testError,
      });
    },
  );

  it.each([
    ['floats', []],
    ['bytes', ['--fold-normalization', '--features']],
  ])('writes a Keras model of %s, and reads it again with model and normalisation', async (name, flags) => {
    const out = `${name}.keras`;
    const written = await json<{ verified: { maxDifference: number; scale: number } }>(
      ...['export', 'runs/first', '--player', 'kd', '--format', 'keras', '--out', out, ...flags],
    );
    expect(written.verified.maxDifference).toBeLessThan(1e-5 * written.verified.scale);
    expect(await json('import', out, '--out', `${out}.safetensors`)).toMatchObject({
      model: { name: 'cnn' },
      format: 'keras',
      map: 'keras',
    });
    expect(await json('eval', `${out}.safetensors`, ...test)).toMatchObject({
      testError: run.students.find(({ name }) => name === 'kd')!.testError,
    });
  });

  it('says what Keras cannot express, and writes nothing', async () => {
    const way = ['export', 'runs/first', '--format', 'keras'];
    expect((await refusal(...way, '--out', 'a.h5')).message).toMatch(/another format/);
    expect((await refusal(...way, '--layout', 'nhwc')).message).toMatch(/--layout/);
  });

  it('writes safetensors that say what they are', async () => {
    const document = await json('export', 'runs/first', '--player', 'kd', '--format', 'safetensors');
    expect(document).toMatchObject({ file: 'runs/first/student/kd/student.safetensors' });
    const { testError, top5Error } = await json<Document>('eval', 'runs/first', '--player', 'kd');
    expect(
      await json('eval', 'runs/first/student/kd/student.safetensors', '--dataset', 'glyphs'),
    ).toMatchObject({
      count: 2000,
      model: 'cnn(widths=[2], features=4)',
    });
    expect(testError).toBeGreaterThanOrEqual(top5Error);
    const wrong = ['export', 'runs/first', '--format', 'safetensors'];
    expect((await refusal(...wrong, '--int8')).message).toMatch(/--int8: only some/);
    expect((await refusal(...wrong, '--out', 'a.onnx')).message).toMatch(/another format/);
  });

  it('writes beside the weights, and refuses other formats', async () => {
    expect(await json('export', 'runs/first', '--select', 'kd')).toMatchObject({
      file: 'runs/first/student/kd/student.onnx',
    });
    expect(await json('export', 'runs/first', '--player', 'teacher')).toMatchObject({
      file: 'runs/first/teacher/teacher.onnx',
    });
    expect((await refusal('export', 'runs/first', '--format', 'onx')).message).toMatch(/did you mean "onnx"/);
    const folder = ['export', 'runs/first', '--format', 'tfjs', '--out'];
    expect((await refusal(...folder, 'model.json')).code).toBe('ANC_USAGE');
    expect(await json(...folder, 'made/web.v2')).toMatchObject({ file: 'made/web.v2' });
  });
});

describe('a given teacher', () => {
  beforeAll(() => json('export', 'runs/first', '--player', 'teacher', '--out', 'given.onnx'));

  it.each([
    ['an ONNX model', 'given.onnx'],
    ['a file of weights', 'runs/first/teacher/weights.safetensors'],
    ['another run', './runs/first'],
  ])('%s teaches, and is measured as it was', async (_name, teacher) => {
    const flags = ['--teacher', teacher, '--methods', 'kd,adversarial', '--adapter', 'linear'];
    const second = await json<RunDocument>('run', ...tiny, ...flags);
    expect(second.teacher.testError).toBe(run.teacher.testError);
    expect(second.students.map(({ name }) => name)).toEqual(['kd', 'adversarial']);
    expect(second.students[0]!.agreement).toBeGreaterThan(0);
  });

  it('whose classes are some of the data: labels are left alone, and its names reach the export', async () => {
    const flags = ['--teacher', 'given.onnx', '--classes', '0=ring,3=bar', '--name', 'sliced'];
    const { stdout, code } = await program('run', ...tiny, ...flags, '--methods', 'kd');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      teacher: { testError: null },
      students: [{ testError: null }],
    });
    expect(await json('export', 'runs/sliced')).toMatchObject({ classes: ['ring', 'bar'] });
    const record = await readFile(join(place.path, 'runs', 'sliced', 'config.resolved.yaml'), 'utf8');
    expect(record).toMatch(/^preset: given-teacher$/m); // a trained teacher has a preset of its own
    expect(record).toMatch(/name: random-erasing|- random-erasing/);
  });

  it('without features is imitated by its logits, and says so', async () => {
    const flags = ['--teacher', 'given.onnx(features=none)', '--methods', 'adversarial'];
    const { stderr, code } = await program('run', ...tiny, ...flags);
    expect(code).toBe(0);
    expect(stderr).toMatch(/discriminators see logits/);
  });

  it.each<[string, string[], string, RegExp]>([
    [
      'features of another width',
      ['--teacher', 'given.onnx', '--adapter', 'none', '--methods', 'adversarial'],
      'ANC_DISCRIMINATOR_INPUT',
      /adapter: linear/,
    ],
    ['a file that is not there', ['--teacher', 'nowhere.onnx'], 'ANC_FILE', /nowhere\.onnx/],
    [
      'an option that is not',
      ['--teacher', 'given.onnx(layot=nhwc)'],
      'ANC_OPTIONS',
      /did you mean "layout"/,
    ],
    ['a class that is not', ['--teacher', 'given.onnx', '--classes', '3,77'], 'ANC_CLASSES', /no class "77"/],
    ['classes of a trained teacher', ['--teacher', 'cnn', '--classes', '3,7'], 'ANC_CONFIG', /--classes/],
  ])('refuses %s', async (_name, flags, code, message) => {
    const error = await refusal('run', ...tiny, ...flags);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });
});
