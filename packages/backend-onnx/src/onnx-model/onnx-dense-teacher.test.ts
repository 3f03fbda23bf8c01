import type { HostTensor } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OnnxBackend } from '../backend.js';
import { exportOnnx } from '../export.js';
import { OnnxDenseTeacher } from './onnx-dense-teacher.js';

let backend: OnnxBackend;
beforeAll(async () => {
  backend = await OnnxBackend.create({ threads: 1 });
});
afterAll(() => backend.dispose());

const images = [2, 3, 1] as const;
const outputs = [2, 3, 2];
const normalization = { mean: [0], std: [1] };

/** A model whose logits of a pixel are x and 100 - x; its classes on the last or, as PyTorch has them, on the second axis. */
const model = (axis: 'last' | 'second', batch: string | null = 'batch'): Uint8Array =>
  exportOnnx(
    ({ images: x }) => {
      const pixels = tf.transpose(x!, [0, 2, 3, 1]);
      const logits = tf.concat([pixels, tf.sub(100, pixels)], 3);
      return {
        logits: axis === 'last' ? logits : tf.transpose(logits, [0, 3, 1, 2]),
        features: tf.mul(pixels, 2),
      };
    },
    { id: 'pixels', inputs: { images: { shape: [1, 1, 2, 3], dtype: 'float32' } } },
    { batch },
  );

const bytes: HostTensor = {
  shape: [2, ...images],
  data: Uint8Array.from({ length: 12 }, (_, i) => 5 * i),
};
const wanted = Array.from(bytes.data).flatMap((pixel) => [pixel, 100 - pixel]);

describe('OnnxDenseTeacher', () => {
  it.each([
    ['last', 'batch'],
    ['second', 'batch'],
    ['second', null],
  ] as const)('gives logits with classes last, of classes on the %s axis, batch %s', async (axis, batch) => {
    const teacher = await OnnxDenseTeacher.create(backend, model(axis, batch), {
      shown: 'pixels.onnx',
      images,
      outputs,
      normalization,
    });
    expect(teacher.outputs).toEqual({ logits: [2, 3, 2], features: [2, 3, 1] });
    expect(teacher.facts).toMatchObject({ classes: 2, batch: batch === null ? 1 : null });
    const { logits, features } = await teacher.infer(bytes, ['logits', 'features']);
    expect(logits!.shape).toEqual([2, 2, 3, 2]);
    expect([...logits!.data]).toEqual(wanted);
    expect([...features!.data]).toEqual(Array.from(bytes.data, (pixel) => 2 * pixel));
    await teacher.dispose();
  });

  it('refuses a model without such an output, and says which it has', async () => {
    const opened = OnnxDenseTeacher.create(backend, model('last'), {
      shown: 'pixels.onnx',
      images,
      outputs: [2, 3, 4],
      normalization,
    });
    await expect(opened).rejects.toMatchObject({
      code: 'ANC_ONNX',
      message: 'pixels.onnx: no output can be the logits.',
      detail: {
        expected: '[N, 2, 3, 4], or classes on the second axis',
        received: 'features [2, 2, 3, 1]; logits [2, 2, 3, 2]',
      },
    });
  });
});
