import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportOnnx, OnnxBackend } from '@anc/backend-onnx';
import { openCpu } from '@anc/backend-tfjs';
import { mapTree, mergeTrees, prefixTree, Rng, subtree, type HostTensor, type Tree } from '@anc/core';
import { inference, NetworkTeacher } from '@anc/core/internal';
import { decodeSafetensors, encodeSafetensors } from '@anc/formats';
import { cnn } from '@anc/models';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { distill } from '../src/api/distill.js';
import { evaluate } from '../src/api/evaluate.js';
import { exportModel } from '../src/api/export-model.js';
import { openGivenTeacher } from '../src/planning/given-teacher.js';
import { taskOfDataset } from '../src/tasks/opened-task.js';
import { Corners, tinyComposition } from './tiny-plugins.js';

const INPUT = [8, 8, 1] as const;
const OPTIONS = { widths: [4, 6], pools: 2, batchNorm: true, features: 8 };

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-onnx-network-'));
  for (const classes of [4, 7]) await writeFile(join(cwd, `net${classes}.onnx`), exported(classes));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const network = (classes: number) => cnn(OPTIONS, { classes });
const variablesOf = (classes: number) => network(classes).init(Rng.fromSeed(classes), [...INPUT]);

/** A network of ours as an ONNX file, [N, H, W, C], without its softmax. */
function exported(classes: number): Uint8Array {
  const { params, stats } = variablesOf(classes);
  return exportOnnx(
    ({ images, ...rest }, context) => {
      const own = { params: subtree(rest, 'params'), stats: subtree(rest, 'stats') };
      return { logits: network(classes).apply(own, images!, context).outputs.logits };
    },
    { id: `net${classes}`, inputs: { images: { shape: [1, ...INPUT], dtype: 'float32' } } },
    {
      constants: mergeTrees(prefixTree('params', params), prefixTree('stats', stats)),
      metadata: { layout: 'nhwc', mean: '[100]', std: '[50]' },
    },
  );
}

/** A short training on the tiny images, on plain JavaScript. */
const train = async (options: Partial<Parameters<typeof distill>[0]>) => {
  const notices: string[] = [];
  const run = distill({
    cwd,
    folder: null,
    images: new Corners(),
    teacher: 'net4.onnx',
    method: 'kd',
    backend: 'tfjs:cpu',
    training: { epochs: 1, batchSize: 16, learningRate: 1e-9 },
    ...options,
  });
  for await (const event of run) if (event.type === 'notice') notices.push(event.message);
  const finished = await run;
  return { ...finished, notices: notices.join('\n') };
};

describe('a teacher in an ONNX file', () => {
  it('is computed as a network by a backend that multiplies float16, which ONNX Runtime would not', async () => {
    const images = new Corners();
    const composition = tinyComposition();
    const task = await taskOfDataset(images, composition);
    const model = { name: join(cwd, 'net4.onnx'), options: {} };
    for (const precision of ['float32', 'float16']) {
      const inner = await openCpu();
      const environment = { ...inner.environment, precision };
      const backend = Object.defineProperty(inner, 'environment', { value: environment });
      const { given } = await openGivenTeacher({ model }, images, backend, composition, task);
      expect(given.teacher instanceof NetworkTeacher).toBe(precision === 'float16');
      await given.dispose();
      await backend.dispose();
    }
  });

  it('is a network with gradients by the pixels, of the same logits and features', async () => {
    const images = new Corners();
    const backend = await OnnxBackend.create({ threads: 1 });
    try {
      const composition = tinyComposition();
      const task = await taskOfDataset(images, composition);
      const model = { name: join(cwd, 'net4.onnx'), options: {} };
      const { given } = await openGivenTeacher({ model }, images, backend, composition, task);
      const { frozen } = given.teacher;
      const { images: source } = await images.split('train');
      const pixels = new Uint8Array(64).map((_, i) => (i * 37) % 256);
      expect(source.count).toBeGreaterThan(0);
      const found = await given.teacher.infer({ shape: [1, ...INPUT], data: pixels }, ['logits', 'features']);
      await openCpu(); // registers tfjs's own
      await tf.setBackend('cpu');
      const tensors = (tree: Tree<HostTensor>) =>
        mapTree(tree, ({ shape, data }) => tf.tensor(data, [...shape], 'float32'));
      const own = { params: tensors(frozen!.variables.params), stats: tensors(frozen!.variables.stats) };
      const x = tf.tensor(Float32Array.from(pixels), [1, ...INPUT]);
      const { outputs } = frozen!.network.apply(own, x, inference);
      for (const name of ['logits', 'features'] as const) {
        const expected = found[name]!.data;
        Array.from(outputs[name].dataSync()).forEach((value, i) =>
          expect(value).toBeCloseTo(expected[i]!, 4),
        );
      }
      const gradient = tf.grad((image) =>
        tf.sum(tf.square(frozen!.network.apply(own, image, inference).outputs.logits)),
      )(x);
      expect(Math.max(...gradient.dataSync())).toBeGreaterThan(0);
      await given.dispose();
    } finally {
      await backend.dispose();
    }
  });
});

describe('a student in an ONNX file', () => {
  it('starts from its weights, with its own normalization', async () => {
    const { agreement, notices, dispose } = await train({ student: 'net4.onnx' });
    expect(agreement).toBe(1); // the teacher is the same file, and the learning rate is next to nothing
    expect(notices).not.toContain('last layer');
    await dispose();
  });

  it('has a new last layer where the classes are others', async () => {
    const { notices, student, dispose } = await train({ student: 'net7.onnx' });
    expect(notices).toMatch(/net7\.onnx: its last layer is replaced by a new one for 4 classes/);
    expect(student.name).toBe('kd');
    await dispose();
  });

  it('takes the architecture alone where that is wanted', async () => {
    const { agreement, dispose } = await train({ student: 'net4.onnx(init=fresh)' });
    expect(agreement).toBeLessThan(1);
    await dispose();
  });

  it.each([
    ['a file that is not there', 'none.onnx', 'ANC_FILE'],
    ['an option that it does not have', 'net4.onnx(width=2)', 'ANC_OPTIONS'],
  ])('refuses %s', async (_, student, code) => {
    await expect(train({ student })).rejects.toMatchObject({ code });
  });

  it('refuses a file that is no model', async () => {
    await writeFile(join(cwd, 'broken.onnx'), 'not a model');
    await expect(train({ student: 'broken.onnx' })).rejects.toMatchObject({ code: 'ANC_ONNX' });
  });
});

it('a student of an ONNX file is evaluated and exported without that file', async () => {
  const file = join(cwd, 'gone.onnx');
  await copyFile(join(cwd, 'net4.onnx'), file);
  const images = new Corners();
  const { agreement, dispose } = await train({ images, student: 'gone.onnx', folder: 'whole' });
  await dispose();
  await rm(file);
  const call = { cwd, images, backend: 'onnx' } as const;
  const evaluated = await evaluate('whole', { ...call, teacher: 'net4.onnx' });
  expect([evaluated.agreement, agreement]).toEqual([1, 1]);
  const { verified } = await exportModel('whole', { cwd, to: 'whole.onnx', usage: false });
  expect(verified.maxDifference).toBeLessThan(1e-4 * verified.scale);
  await writeFile(join(cwd, 'whole', 'student', 'kd', 'network.onnx'), 'damaged');
  await expect(evaluate('whole', call)).rejects.toMatchObject({ code: 'ANC_RUN_DAMAGED' });
});

it('a warm start from an exported network gains agreement on few pictures', async () => {
  const few = {
    images: new Corners({ train: 16, labels: false }),
    training: { epochs: 2, batchSize: 8, learningRate: 1e-3 },
  };
  const [warm, noise] = [
    await train({ ...few, student: 'net4.onnx' }),
    await train({ ...few, student: 'net4.onnx(init=fresh)' }),
  ];
  const gain = warm.agreement! - noise.agreement!;
  process.stdout.write(
    `a warm start: ${(100 * gain).toFixed(0)} points of agreement above a start from noise\n`,
  );
  expect(gain).toBeGreaterThan(0.1);
  await Promise.all([warm.dispose(), noise.dispose()]);
});

describe('--student-weights and --freeze', () => {
  const student = 'cnn(widths=[4,6],pools=2,batchNorm=true,features=8)';

  it('starts from what agrees by name and shape, and says what does not', async () => {
    const { params, stats } = variablesOf(7);
    await writeFile(
      join(cwd, 'seven.safetensors'),
      encodeSafetensors(mergeTrees(prefixTree('params', params), prefixTree('stats', stats))),
    );
    const { notices, dispose } = await train({ student, studentWeights: 'seven.safetensors' });
    expect(notices).toMatch(
      /starts from \d+ of its \d+ variables in seven\.safetensors; of another shape, and new: logits\/weights, logits\/bias/,
    );
    await dispose();
  });

  it('takes weights from an ONNX file, as far as its names agree, and says what else to do', async () => {
    const fresh = { student: 'net4.onnx(init=fresh)', studentWeights: 'net4.onnx' };
    const { agreement, notices, dispose } = await train(fresh);
    expect(agreement).toBe(1); // the teacher is the same file
    expect(notices).toMatch(/starts from (\d+) of its \1 variables in net4\.onnx/);
    await dispose();
    const other = train({ student: 'resnet(depth=8, width=0.25)', studentWeights: 'net4.onnx' });
    await expect(other).rejects.toMatchObject({
      code: 'ANC_CONFIG',
      detail: {
        path: ['student', 'weights'],
        hint: expect.stringContaining('--student net4.onnx starts from its weights') as string,
      },
    });
  });

  it.each([
    ['by name', 'conv1/*,norm1/*'],
    ['all but the named', '!conv2/*,!norm2/*,!fc/*,!logits/*'],
  ])('keeps frozen parameters as they are, also under weight decay: %s', async (which, freeze) => {
    const folder = `frozen ${which}`;
    const { params, stats } = variablesOf(4);
    const file = join(cwd, 'four.safetensors');
    await writeFile(
      file,
      encodeSafetensors(mergeTrees(prefixTree('params', params), prefixTree('stats', stats))),
    );
    const { notices, dispose } = await train({
      student,
      studentWeights: file,
      freeze,
      folder,
      training: { epochs: 1, batchSize: 16, learningRate: 0.1, weightDecay: 0.1 },
    });
    expect(notices).toContain("of the student's");
    const bytes = await readFile(join(cwd, folder, 'student', 'kd', 'weights.safetensors'));
    const weights = decodeSafetensors(new Uint8Array(bytes)).tensors;
    expect(weights['params/conv1/weights']!.data).toEqual(params['conv1/weights']!.data);
    expect(weights['params/conv2/weights']!.data).not.toEqual(params['conv2/weights']!.data);
    expect(weights['stats/norm1/mean']!.data).toEqual(stats['norm1/mean']!.data);
    await dispose();
  });

  it.each([
    ['nothing has', 'nothing/*'],
    ['everything has', '*'],
  ])('refuses a pattern that %s', async (_, freeze) => {
    await expect(train({ student, freeze })).rejects.toMatchObject({
      code: 'ANC_CONFIG',
      detail: { path: ['student', 'freeze'] },
    });
  });
});
