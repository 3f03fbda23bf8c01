import '@tensorflow/tfjs-backend-cpu';
import { isAncError, Rng, type HostTensor } from '@anc/core';
import { encodeKerasFile, inMemory, isKeras, loadVariables } from '@anc/formats';
import * as tf from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { cnn, exportKerasModel, importInto, readKeras } from '../../src/index.js';
import { score } from '../as-function.js';

/** Files that Keras 3.15 wrote, and the logits that it computed: see fixtures/write-keras.py. */
const fixture = (name: string): Uint8Array =>
  new Uint8Array(gunzipSync(readFileSync(new URL(`fixtures/${name}.gz`, import.meta.url))));
const logits = [
  [75.86032, 110.7287, 37.4506, 14.47768, -300.7957, 36.91869],
  [80.19427, 116.4948, 46.21896, 26.91467, -330.3468, 34.83942],
];
const names = ['tiny.keras', 'tiny.h5', 'tiny.weights.h5'] as const;

describe('Keras files', () => {
  const input = [8, 8, 2];
  const network = cnn({ widths: [3, 4], batchNorm: true, features: 5 }, { classes: 6 });

  it.each(names)('%s gives the logits that Keras computed', async (name) => {
    const source = inMemory(fixture(name));
    expect(isKeras(source)).toBe(true);
    const found = importInto(network, input, await readKeras(source));
    expect(found.map).toBe('order');
    const variables = loadVariables(found.variables);
    const images: HostTensor = {
      shape: [2, ...input],
      data: Float32Array.from({ length: 256 }, (_, i) => Math.sin(i)),
    };
    const { logits: scored } = await score(network, variables, images);
    // A file of weights does not hold the epsilon of one layer, which is not Keras's default.
    const allowed = name === 'tiny.weights.h5' ? 0.05 : 1e-5;
    const scale = Math.max(...logits.flat().map(Math.abs));
    logits.flat().forEach((value, i) => {
      expect(Math.abs(scored!.data[i]! - value)).toBeLessThan(allowed * scale);
    });
  });

  it('have names that can be mapped', async () => {
    const of = async (name: string): Promise<string[]> =>
      Object.keys((await readKeras(inMemory(fixture(name)))).tensors);
    const plain = ['a/kernel', 'an/gamma', 'an/beta', 'an/moving_mean', 'an/moving_variance'];
    expect((await of('tiny.keras')).slice(0, 5)).toEqual(plain);
    expect((await of('tiny.h5')).slice(0, 5)).toEqual(plain.map((name) => `sequential/${name}`));
    expect(await of('tiny.weights.h5')).toEqual(expect.arrayContaining([...plain, 'out/bias']));
  });

  it('is recognized when it is cut short, and the error speaks of Keras', async () => {
    const source = inMemory(fixture('tiny.keras').slice(0, 3000));
    expect(isKeras(source)).toBe(true);
    await expect(readKeras(source)).rejects.toMatchObject({
      code: 'ANC_WEIGHTS',
      message: expect.stringMatching(/Keras file: its zip archive is damaged/) as string,
    });
  });

  it('name a variable of a layer that is missing', async () => {
    const file = await encodeKerasFile(
      exportKerasModel(
        'one',
        ({ images, ...tensors }) => ({
          logits: tf.matMul(tf.mean(images!, [1, 2]), tensors['params/a/weights']!),
        }),
        { id: 'one', inputs: { images: { shape: [1, 4, 4, 2], dtype: 'float32' } } },
        { 'params/a/weights': { shape: [2, 3], data: new Float32Array(6) } },
      ),
      {},
    );
    const dict = await readKeras(inMemory(file));
    expect(() => importInto(network, input, dict, 'keras')).toThrow(
      expect.objectContaining({
        code: 'ANC_WEIGHTS',
        message: 'the checkpoint has no tensor "conv1/kernel" for "conv1/weights".',
      }),
    );
  });

  it.each(names)('%s: damage gives tensors or one error', async (name) => {
    const file = fixture(name);
    const rng = Rng.fromSeed(1);
    for (let i = 0; i < 60; i++) {
      const copy = i % 2 === 0 ? file.slice(0, rng.int(file.length)) : file.slice();
      for (let edits = 0; edits < 8 && copy.length > 0; edits++) copy[rng.int(copy.length)] = rng.int(256);
      try {
        const { tensors } = await readKeras(inMemory(copy));
        Object.values(tensors).forEach((tensor) => tensor.load());
      } catch (error) {
        expect(isAncError(error) ? 'AncError' : error).toBe('AncError');
      }
    }
  });
});
