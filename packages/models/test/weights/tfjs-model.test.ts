import '@tensorflow/tfjs-backend-cpu';
import { Rng, type HostTensor } from '@anc/core';
import { loadTree, loadVariables } from '@anc/formats';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { cnn, importInto, readTfjsModel } from '../../src/index.js';
import { score } from '../as-function.js';
import { tfjsFiles } from './applications.js';

/** A Keras network with the layers of `cnn(widths=[3,4],batchNorm=true)` and random variables. */
async function saved(): Promise<{ model: layers.Sequential; json: Uint8Array; shard: Uint8Array }> {
  await tf.setBackend('cpu');
  const model = layers.sequential();
  const conv = { kernelSize: 3, padding: 'same', useBias: false, kernelInitializer: 'heNormal' } as const;
  model.add(layers.layers.conv2d({ ...conv, filters: 3, inputShape: [8, 8, 2], name: 'a' }));
  model.add(layers.layers.batchNormalization({ name: 'an', epsilon: 0.01 }));
  model.add(layers.layers.reLU());
  model.add(layers.layers.maxPooling2d({ poolSize: 2 }));
  model.add(layers.layers.conv2d({ ...conv, filters: 4, name: 'b' }));
  model.add(layers.layers.batchNormalization({ name: 'bn' }));
  model.add(layers.layers.reLU());
  model.add(layers.layers.maxPooling2d({ poolSize: 2 }));
  model.add(layers.layers.flatten());
  model.add(layers.layers.dense({ units: 5, activation: 'relu', name: 'fc' }));
  model.add(layers.layers.dense({ units: 6, name: 'out' }));
  const rng = Rng.fromSeed(2);
  model.setWeights(
    model.getWeights().map((w) =>
      tf.tensor(
        Float32Array.from({ length: w.size }, () =>
          w.shape.length === 1 ? 0.2 + rng.uniform() : rng.normal(),
        ),
        w.shape,
      ),
    ),
  );
  return { model, ...(await tfjsFiles(model)) };
}

describe('a TensorFlow.js model', () => {
  it('gives the same logits as a network of ours', async () => {
    const { model, json, shard } = await saved();
    const dict = await readTfjsModel(json, () => Promise.resolve(shard));
    const network = cnn({ widths: [3, 4], batchNorm: true, features: 5 }, { classes: 6 });
    const input = [8, 8, 2];
    const { variables: stored, map } = importInto(network, input, dict);
    const variables = loadVariables(stored);
    expect(map).toBe('order');
    const rng = Rng.fromSeed(5);
    const images: HostTensor = {
      shape: [2, ...input],
      data: Float32Array.from({ length: 256 }, () => rng.normal()),
    };
    const { logits } = await score(network, variables, images);
    const wanted = (model.predict(tf.tensor(images.data, [2, 8, 8, 2])) as tf.Tensor).dataSync();
    const scale = Math.max(...wanted.map(Math.abs));
    wanted.forEach((value, i) => expect(Math.abs(logits!.data[i]! - value)).toBeLessThan(1e-5 * scale));
  });

  it('reads quantized weights', async () => {
    const weights = [
      { name: 'a', shape: [2], dtype: 'float32', quantization: { dtype: 'uint8', min: -1, scale: 0.5 } },
      { name: 'b', shape: [1], dtype: 'float32', quantization: { dtype: 'float16' } },
      { name: 'c', shape: [1], dtype: 'int32' },
    ];
    const json = new TextEncoder().encode(
      JSON.stringify({ weightsManifest: [{ paths: ['x', 'y'], weights }] }),
    );
    const files: Record<string, Uint8Array> = {
      x: Uint8Array.of(0, 4, 0x00),
      y: Uint8Array.of(0x3c, 7, 0, 0, 0),
    };
    const { tensors } = await readTfjsModel(json, (file) => Promise.resolve(files[file]!));
    expect(Object.values(loadTree(tensors)).map(({ data }) => [...data])).toEqual([[-1, 1], [1], [7]]);
  });

  it.each([
    ['{', /not JSON/],
    ['{}', /weightsManifest/],
    ['{"weightsManifest":[{"paths":["../x"],"weights":[]}]}', /outside/],
    [
      '{"weightsManifest":[{"paths":["x"],"weights":[{"name":"a","shape":[9],"dtype":"float32"}]}]}',
      /end within "a"/,
    ],
    ['{"weightsManifest":[{"paths":["x"],"weights":[]}]}', /bytes more/],
  ])('refuses %s', async (text, message) => {
    const json = new TextEncoder().encode(text);
    await expect(readTfjsModel(json, () => Promise.resolve(new Uint8Array(3)))).rejects.toMatchObject({
      code: 'ANC_WEIGHTS',
      message: expect.stringMatching(message) as string,
    });
  });

  it('names a file that is missing', async () => {
    const json = new TextEncoder().encode('{"weightsManifest":[{"paths":["group1"],"weights":[]}]}');
    const missing = (): Promise<Uint8Array> => Promise.reject(new Error('ENOENT'));
    await expect(readTfjsModel(json, missing)).rejects.toMatchObject({
      code: 'ANC_WEIGHTS',
      message: expect.stringContaining('"group1", which it lists, cannot be read') as string,
    });
  });
});
