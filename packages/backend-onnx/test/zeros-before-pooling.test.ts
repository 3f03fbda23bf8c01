import { EagerBackend, type HostTensor, type TensorFunction } from '@anc/core';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as ort from 'onnxruntime-web';
import { describe, expect, it } from 'vitest';
import { exportOnnx, OnnxBackend } from '../src/index.js';

/** A convolution whose values are below zero, zeros around them, and a pooling. */
const pooled: TensorFunction = ({ images, kernel, bias }) => {
  const below = tf.add(tf.conv2d(images as tf.Tensor4D, kernel as tf.Tensor4D, 1, 'same'), bias!);
  const padded = tf.pad(below as tf.Tensor4D, [
    [0, 0],
    [1, 1],
    [1, 1],
    [0, 0],
  ]);
  return { y: tf.maxPool(padded, 3, 2, 'valid') };
};
const filled = (shape: number[], value: number): HostTensor => ({
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b)).fill(value),
});
const constants = { kernel: filled([3, 3, 2, 4], 0.1), bias: filled([4], -9) };
const images = filled([1, 6, 6, 2], 1);
const spec = { id: 'pooled', inputs: { images: { shape: images.shape, dtype: 'float32' as const } } };

/** Windows of the first row and column contain zeros, all others only the convolution's values. */
const wanted = [0, 0, 0, 0, -7.2, -7.2, 0, -7.2, -7.2].flatMap((value) =>
  Array.from({ length: 4 }, () => expect.closeTo(value, 5) as number),
);

describe('zeros around an image that is pooled', () => {
  it('count in a compiled function, and in its export run by another program', async () => {
    const eager = await new EagerBackend('cpu').compileFunction(pooled, spec, constants);
    expect([...(await eager.run({ images })).y!.data]).toEqual(wanted);

    const backend = await OnnxBackend.create({ runtime: 'web', threads: 1 });
    const compiled = await backend.compileFunction(pooled, spec, constants);
    expect([...(await compiled.run({ images })).y!.data]).toEqual(wanted);
    await backend.dispose();

    const session = await ort.InferenceSession.create(exportOnnx(pooled, spec, { constants }), {
      executionProviders: ['wasm'],
      logSeverityLevel: 3,
    });
    const { y } = await session.run({ images: new ort.Tensor('float32', images.data, images.shape) });
    expect([...(y!.data as Float32Array)]).toEqual(wanted);
    await session.release();
  });
});
