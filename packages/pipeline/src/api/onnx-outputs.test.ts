import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportOnnx, OnnxBackend } from '@anc/backend-onnx';
import type { TensorFunction } from '@anc/core';
import { avgPool, mul, reshape, slice, sub, type Tensor4D } from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Corners, tinyComposition } from '../../test/tiny-plugins.js';
import { taskOfDataset } from '../tasks/opened-task.js';
import { openGivenTeacher } from '../planning/given-teacher.js';
import { check } from './check.js';
import { evaluate } from './evaluate.js';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-outputs-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

/** Writes a model of `corners` images, whose outputs are made of the four corners' brightness [B, 4]. */
async function write(name: string, outputs: TensorFunction): Promise<void> {
  const bytes = exportOnnx(
    ({ images, ...rest }, context) => {
      const corners = reshape(avgPool(images as Tensor4D, 4, 4, 'valid'), [-1, 4]);
      return outputs({ ...rest, images: mul(corners, 20) }, context);
    },
    { id: name, inputs: { images: { shape: [1, 8, 8, 1], dtype: 'float32' } } },
  );
  await writeFile(join(cwd, name), bytes);
}

describe('an ONNX model of several outputs', () => {
  beforeEach(() =>
    write('two.onnx', ({ images }) => ({ first: slice(images!, [0, 1], [-1, 3]), second: mul(images!, 2) })),
  );

  it('is evaluated and checked by the one as wide as the images have classes', async () => {
    const result = await evaluate('two.onnx', { cwd, images: new Corners() });
    expect(result).toMatchObject({ classes: 4, testError: 0 });
    expect(result.notices.join()).toMatch(/"second" is used.*ignored: first/);
    const found = await check('two.onnx', new Corners(), { cwd, seconds: 0 });
    expect(found).toMatchObject({ classes: 4, accuracy: 1 });
  });

  it('is a teacher by that output, where the classes are those of folders as well', async () => {
    const images = new Corners();
    Object.defineProperty(images, 'classesAreFolders', { value: true });
    const backend = await OnnxBackend.create({ threads: 1 });
    try {
      const model = { name: join(cwd, 'two.onnx'), options: {} };
      const composition = tinyComposition();
      const task = await taskOfDataset(images, composition);
      const { given } = await openGivenTeacher({ model }, images, backend, composition, task);
      expect(given).toMatchObject({ classes: 4, classNames: null });
      await given.dispose();
    } finally {
      await backend.dispose();
    }
  });

  it('needs a choice where that says nothing', async () => {
    const images = new Corners({ classes: [], labels: false });
    await expect(evaluate('two.onnx', { cwd, images })).rejects.toMatchObject({
      code: 'ANC_ONNX',
      detail: { received: 'first [N, 3], second [N, 4]' },
    });
  });
});

describe('an ONNX model of one output', () => {
  it('tells two classes apart', async () => {
    // The second class is the brighter upper right corner.
    await write('one.onnx', ({ images }) => ({
      score: sub(slice(images!, [0, 1], [-1, 1]), slice(images!, [0, 0], [-1, 1])),
    }));
    const halves = new Corners({ classes: ['nw', 'ne'], test: 2 });
    const result = await evaluate('one.onnx', { cwd, images: halves });
    expect(result).toMatchObject({ classes: 2, testError: 0, parameters: expect.anything() as unknown });
    expect(result.notices.join()).toMatch(/one output per image/);
  });
});
