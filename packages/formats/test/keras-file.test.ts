import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import {
  encodeKerasFile,
  inMemory,
  isKeras,
  readKerasFile,
  type ByteSource,
  type KerasModel,
  type KerasModelLayer,
} from '../src/index.js';

const layer = (
  name: string,
  className: string,
  inputs: readonly KerasModelLayer[],
  variables: KerasModelLayer['variables'] = [],
): KerasModelLayer => ({ name, className, config: {}, inputs, shape: [3], variables });

const floats = (...values: number[]) => ({ shape: [values.length], data: Float32Array.from(values) });

/** Two dense layers one after the other: the second one's name comes first in the alphabet. */
function twoLayers(): KerasModel {
  const input = layer('images', 'InputLayer', []);
  const first = layer('b', 'Dense', [input], [floats(1, 2, 3), floats(4)]);
  const second = layer('a', 'Dense', [first], [floats(5, 6), floats(7)]);
  return { name: 'two', input, outputs: [second] };
}

describe('a .keras file', () => {
  it('is read as it was written', async () => {
    const file = inMemory(await encodeKerasFile(twoLayers(), { model: 'two', classes: '3' }));
    expect(isKeras(file)).toBe(true);
    const { tensors, topology, metadata } = await readKerasFile(file);
    expect(Object.entries(tensors)).toEqual([
      ['b/kernel', floats(1, 2, 3)],
      ['b/bias', floats(4)],
      ['a/kernel', floats(5, 6)],
      ['a/bias', floats(7)],
    ]);
    expect(topology).toMatchObject({ class_name: 'Functional', config: { name: 'two' } });
    expect(metadata).toEqual({ model: 'two', classes: '3' });
  });

  it('has the same bytes for the same model, whenever it is written', async () => {
    const one = await encodeKerasFile(twoLayers(), {});
    await new Promise((resolve) => setTimeout(resolve, 1100)); // HDF5 stores times in seconds
    expect(await encodeKerasFile(twoLayers(), {})).toEqual(one);
  });

  it('is not an archive of another kind', () => {
    expect(isKeras(inMemory(zipSync({ 'a/data.pkl': new Uint8Array(9) }, { level: 0 })))).toBe(false);
    expect(isKeras(inMemory(Uint8Array.of(1, 2, 3)))).toBe(false);
  });
});

type Attributes = Readonly<Record<string, readonly string[]>>;

/** An HDF5 file with lists of names of a fixed length, as Keras 2 writes it, and scalars as datasets. */
async function hdf5(
  write: (tools: {
    attributes: (path: string, values: Attributes) => void;
    scalar: (path: string, value: number) => void;
    vector: (path: string, length: number) => void;
  }) => void,
): Promise<ByteSource> {
  const { File, ready } = await import('h5wasm');
  const { FS } = await ready;
  const file = new File('/test.h5', 'w');
  const at = (path: string) =>
    path.split('/').reduce<Pick<typeof file, 'get' | 'create_group'>>((group, name) => {
      if (name === '') return group;
      return (group.get(name) ?? group.create_group(name)) as typeof group;
    }, file) as typeof file;
  const dataset = (path: string, data: Float32Array): void => {
    const parts = path.split('/');
    const name = parts.pop()!;
    at(parts.join('/')).create_dataset({ name, data, shape: [data.length], dtype: '<f4' });
  };
  write({
    attributes(path, values) {
      const group = at(path);
      for (const [name, list] of Object.entries(values)) {
        group.create_attribute(name, [...list], [list.length], 'S24');
      }
    },
    scalar: (path, value) => dataset(path, Float32Array.of(value)),
    vector: (path, length) => dataset(path, new Float32Array(length)),
  });
  file.close();
  const bytes = FS.readFile('/test.h5');
  FS.unlink('/test.h5');
  return inMemory(bytes);
}

describe('an .h5 file of Keras 2', () => {
  const values = async (source: ByteSource): Promise<Record<string, number>> => {
    const { tensors } = await readKerasFile(source);
    return Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, data[0]!]));
  };

  it('is read where names are padded to a fixed length', async () => {
    const source = await hdf5(({ attributes, scalar }) => {
      attributes('model_weights', { layer_names: ['image', 'dense', 'a'] });
      attributes('model_weights/image', {});
      attributes('model_weights/dense', { weight_names: ['dense/kernel:0', 'dense/bias:0'] });
      attributes('model_weights/a', { weight_names: ['a/kernel:0'] });
      scalar('model_weights/dense/dense/kernel:0', 1);
      scalar('model_weights/dense/dense/bias:0', 2);
      scalar('model_weights/a/a/kernel:0', 3);
      scalar('optimizer_weights/m:0', 4);
    });
    expect(await values(source)).toEqual({ 'dense/kernel': 1, 'dense/bias': 2, 'a/kernel': 3 });
  });

  it('is read where a list of names is distributed over several attributes', async () => {
    const source = await hdf5(({ attributes, scalar }) => {
      attributes('', { layer_names0: ['a'], layer_names1: ['b'] });
      attributes('a', { weight_names0: ['a/kernel:0'], weight_names1: ['a/bias:0'] });
      attributes('b', { weight_names: ['b/kernel:0'] });
      scalar('a/a/kernel:0', 1);
      scalar('a/a/bias:0', 2);
      scalar('b/b/kernel:0', 3);
    });
    expect(await values(source)).toEqual({ 'a/kernel': 1, 'a/bias': 2, 'b/kernel': 3 });
  });

  it('gives tensors under their paths, in the order of numbers, where it lists no layers', async () => {
    const source = await hdf5(({ scalar }) => {
      for (const [i, name] of ['conv2', 'conv10', 'conv1'].entries()) scalar(`net/${name}/kernel:0`, i);
      scalar('optimizer/vars/0', 9);
    });
    expect(Object.entries(await values(source))).toEqual([
      ['net/conv1/kernel', 2],
      ['net/conv2/kernel', 0],
      ['net/conv10/kernel', 1],
    ]);
  });

  it('tells what the numbered variables of layers in attributes are', async () => {
    const source = await hdf5(({ vector }) => {
      for (const i of [0, 1, 2, 3]) vector(`block/norm/vars/${i}`, i + 1);
      vector('head/vars/0', 3);
    });
    const { tensors } = await readKerasFile(source);
    expect(Object.entries(tensors).map(([name, { shape }]) => [name, ...shape])).toEqual([
      ['block/norm/gamma', 1],
      ['block/norm/beta', 2],
      ['block/norm/moving_mean', 3],
      ['block/norm/moving_variance', 4],
      ['head/vars/0', 3],
    ]);
  });

  it('is refused at once where a shape claims more than the file can hold', async () => {
    const source = await hdf5(({ vector }) => vector('net/kernel:0', 12345));
    const bytes = source.read(0, source.length);
    const view = new DataView(bytes.buffer);
    for (let at = 0; at + 8 <= bytes.length; at++) {
      if (view.getBigUint64(at, true) === 12345n) view.setBigUint64(at, 2n ** 30n, true);
    }
    await expect(readKerasFile(inMemory(bytes))).rejects.toThrow(/larger than the file/);
  });
});
