import '@tensorflow/tfjs-backend-cpu';
import {
  EagerBackend,
  Rng,
  sizeOf,
  type Backend,
  type FunctionSpec,
  type HostTensor,
  type Tree,
} from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { OnednnBackend } from '../src/index.js';
import type { OnednnOptions } from '../src/options.js';
import { whyMissing } from './missing.js';

const rng = Rng.fromSeed(4);
const random = (shape: readonly number[], scale = 1, shift = 0): HostTensor => ({
  shape,
  data: Float32Array.from({ length: sizeOf(shape) }, () => shift + scale * rng.normal()),
});
const positive = (shape: readonly number[]): HostTensor => {
  const { data } = random(shape, 0.2, 1);
  return { shape, data: data.map(Math.abs) };
};

const vectors = (name: string, channels: number): Tree<HostTensor> => ({
  [`${name}/scale`]: positive([channels]),
  [`${name}/offset`]: random([channels], 0.1),
  [`${name}/mean`]: random([channels], 0.1),
  [`${name}/variance`]: positive([channels]),
});

const constants: Tree<HostTensor> = {
  first: random([3, 3, 3, 20], 0.3),
  second: random([3, 3, 20, 20], 0.1),
  third: random([3, 3, 20, 20], 0.1),
  shortcut: random([1, 1, 20, 24], 0.2),
  depthwise: random([3, 3, 24, 1], 0.3),
  dense: random([24 * 4 * 4, 32], 0.1),
  logits: random([32, 10], 0.3),
  ...vectors('norm1', 20),
  ...vectors('norm2', 20),
};

/** Convolutions with normalizations before and after them, a shortcut, pooling, a depthwise layer and two dense ones. */
function network(tensors: Tree): Tree {
  const t = (name: string): Tensor => tensors[name]!;
  const conv = (x: Tensor, kernel: string): Tensor4D =>
    tf.conv2d(x as Tensor4D, t(kernel) as Tensor4D, 1, 'same');
  const norm = (x: Tensor, name: string): Tensor => {
    const [mean, variance, offset, scale] = ['mean', 'variance', 'offset', 'scale'].map((part) =>
      t(`${name}/${part}`),
    );
    return tf.batchNorm(
      x as Tensor4D,
      mean as tf.Tensor1D,
      variance as tf.Tensor1D,
      offset as tf.Tensor1D,
      scale as tf.Tensor1D,
      1e-3,
    );
  };
  const x = tf.div(t('images'), 127.5);
  const stem = conv(x, 'first'); // [B, 8, 8, 20]
  const inner = tf.relu(norm(conv(tf.relu(norm(stem, 'norm1')), 'second'), 'norm2'));
  const sum = tf.add(conv(inner, 'third'), stem);
  const wide = tf.relu(conv(sum, 'shortcut'));
  const pooled = tf.maxPool(wide, 2, 2, 'valid'); // [B, 4, 4, 24]
  const filtered = tf.relu6(tf.depthwiseConv2d(pooled, t('depthwise') as Tensor4D, 1, 'same'));
  const features = tf.relu(tf.matMul(tf.reshape(filtered, [-1, 24 * 4 * 4]), t('dense') as tf.Tensor2D));
  return { features, logits: tf.matMul(features, t('logits')), sum };
}

const BATCH = 6;
const images: HostTensor = {
  shape: [BATCH, 8, 8, 3],
  data: Uint8Array.from({ length: BATCH * 8 * 8 * 3 }, () => rng.int(256)),
};
const spec: FunctionSpec = {
  id: 'a small network',
  inputs: { images: { shape: images.shape, dtype: 'uint8' } },
};

async function outputsOn(
  backend: Backend,
  examples: readonly Tree<HostTensor>[] = [],
): Promise<Tree<HostTensor>> {
  const compiled = await backend.compileFunction(network, spec, constants, { examples });
  const first = await compiled.run({ images });
  const second = await compiled.run({ images });
  expect(second).toEqual(first); // the same bytes, and no state between runs
  await compiled.dispose();
  await backend.dispose();
  return first;
}

/** √(Σ Δ² / Σ x²). */
function distance(found: HostTensor, expected: HostTensor): number {
  expect(found.shape).toEqual(expected.shape);
  let [difference, size] = [0, 0];
  expected.data.forEach((x, i) => {
    difference += (x - found.data[i]!) ** 2;
    size += x * x;
  });
  return Math.sqrt(difference / size);
}

const open = (options: Partial<OnednnOptions>): Promise<OnednnBackend> =>
  OnednnBackend.create({ threads: 1, ...options });

const exact = await outputsOn(new EagerBackend('cpu'));

/** Relative error that is allowed: a few times the rounding of 24, 8 and, with measured ranges, about 7 bits. */
const LIMITS = { float32: 1e-5, bfloat16: 2e-2, int8: 4e-2 } as const;

for (const precision of ['float32', 'bfloat16', 'int8'] as const) {
  const why = await whyMissing({ precision });
  describe.skipIf(why !== null)(`a network in ${precision}${why ?? ''}`, () => {
    it('computes what plain JavaScript computes, up to rounding', async () => {
      const found = await outputsOn(await open({ precision }), [{ images }]);
      for (const name of ['features', 'logits', 'sum']) {
        const error = distance(found[name]!, exact[name]!);
        expect([name, error < LIMITS[precision] ? 'close' : error]).toEqual([name, 'close']);
        if (precision !== 'float32') expect(error).toBeGreaterThan(LIMITS.float32);
      }
    });

    it('says with which precision it computes, and trains where that is float32 alone', async () => {
      const backend = await open({ precision, trainingPrecision: 'float32' });
      expect(backend.environment).toMatchObject({ runtime: 'oneDNN', precision, threads: 1 });
      expect(backend.calibrates).toBe(precision === 'int8');
      expect(backend.capabilities.training).toBe(precision === 'float32');
      const step = { id: 'a step', phases: [] };
      const nothing = { state: {}, batch: {}, hyper: [] };
      if (precision === 'float32')
        expect(backend.environment).toMatchObject({ trainingPrecision: 'float32' });
      else await expect(backend.compile(step, nothing)).rejects.toMatchObject({ code: 'ANC_BACKEND' });
      await backend.dispose();
      await expect(backend.compileFunction(network, spec, constants)).rejects.toMatchObject({
        code: 'ANC_ENGINE',
      });
    });
  });
}

const why = await whyMissing({ precision: 'int8' });
describe.skipIf(why !== null)(`int8${why ?? ''}`, () => {
  it('computes functions without examples in float32', async () => {
    const [plain, same] = [
      await outputsOn(await open({})),
      await outputsOn(await open({ precision: 'int8' })),
    ];
    expect(same).toEqual(plain);
  });

  it('refuses examples of another shape', async () => {
    const backend = await open({ precision: 'int8' });
    const one: HostTensor = { shape: [1, 8, 8, 3], data: new Uint8Array(192) };
    await expect(
      backend.compileFunction(network, spec, constants, { examples: [{ images: one }] }),
    ).rejects.toMatchObject({
      code: 'ANC_FEED',
    });
    await backend.dispose();
  });
});
