import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportOnnx } from '@anc/backend-onnx';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { check, distill, evaluate, exportModel } from '../src/index.js';

const CLASSES = 12;
const SIDE = 8;
const levelOf = (index: number): number => 10 + 20 * index;

let dir: string;
let teacher: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'anc-folders-'));
  for (let c = 0; c < CLASSES; c++) {
    for (const [split, count] of [
      ['Training', 5],
      ['testing', 4],
    ] as const) {
      const folder = join(dir, 'photos', 'unpacked', split, String(c + 1));
      await mkdir(folder, { recursive: true });
      for (let i = 0; i < count; i++) await writeFile(join(folder, `${i}.bmp`), bitmap(levelOf(c) + i));
    }
  }
  // A perfect classifier of gray levels, in the order 1, 2, …, 12, which it does not name.
  const levels = Array.from({ length: CLASSES }, (_, c) => (levelOf(c) + 2) / 255);
  const model = exportOnnx(
    ({ images }) => ({
      logits: tf.mul(-1000, tf.square(tf.sub(tf.mean(images!, [1, 2]), tf.tensor(levels, [1, CLASSES])))),
    }),
    { id: 'levels', inputs: { images: { shape: [1, SIDE, SIDE, 1], dtype: 'float32' } } },
  );
  teacher = join(dir, 'teacher.onnx');
  await writeFile(teacher, model);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** An image of one gray level, as an uncompressed bitmap. */
function bitmap(level: number): Buffer {
  const bytes = Buffer.alloc(54 + 3 * SIDE * SIDE, level);
  bytes.fill(0, 0, 54);
  bytes.write('BM', 0, 'latin1');
  bytes.writeUInt32LE(54, 10);
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(SIDE, 18);
  bytes.writeInt32LE(SIDE, 22);
  bytes.writeUInt16LE(24, 28);
  return bytes;
}
const images = (options: object = {}) => ({
  name: 'image-folder',
  options: { path: join(dir, 'photos'), size: SIDE, channels: 1, ...options },
});
const WARNING = /probably in another order.*8\.3 %.*100\.0 %.*classOrder=natural/;

it('evaluates a teacher without names on folders that are numbers', async () => {
  const { testError, count, notices } = await evaluate(teacher, { images: images() });
  expect([testError, count]).toEqual([0, 48]);
  expect(notices).toContainEqual(
    expect.stringContaining('training 60 images in unpacked/Training/, test 48 images in unpacked/testing/'),
  );
  expect(notices).toContainEqual(expect.stringContaining('by position: 0 = 1, 1 = 2, 2 = 3'));
  expect(notices.join()).not.toMatch(/another order/);
});

it('warns where another order of the classes explains the labels', async () => {
  const { testError, notices } = await evaluate(teacher, { images: images({ classOrder: 'text' }) });
  expect(testError).toBeCloseTo(11 / 12);
  expect(notices).toContainEqual(expect.stringMatching(WARNING));
});

it('checks without such a warning where the order is right', async () => {
  const { accuracy, warnings, notices } = await check(teacher, join(dir, 'photos'), { seconds: 1 });
  expect(accuracy).toBe(1);
  expect(warnings.map(({ code }) => code)).not.toContain('class-order');
  expect(notices.join('\n')).toContain('is read as: training 60 images');
});

it('warns before students are trained, and exports no names that were guessed', async () => {
  const folder = join(dir, 'run');
  const run = distill({
    teacher,
    images: images({ classOrder: 'text' }),
    student: 'cnn-student',
    method: 'kd',
    training: { epochs: 1, batchSize: 20 },
    folder,
  });
  const before: string[] = [];
  for await (const event of run) {
    if (event.type === 'step') break;
    if (event.type === 'notice') before.push(event.message);
  }
  expect(before).toContainEqual(expect.stringMatching(WARNING));
  const { result, dispose } = await run;
  await dispose();
  expect(result.interpretation[0]).toMatch(WARNING);
  const { classes } = await exportModel(folder, { to: join(dir, 'student.onnx') });
  expect(classes).toBe(CLASSES);
  const card = await readFile(join(folder, 'student/kd/README.md'), 'utf8');
  expect(card).not.toContain('Classes:');
});
