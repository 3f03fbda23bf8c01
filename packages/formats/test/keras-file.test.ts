import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import {
  encodeKerasFile,
  inMemory,
  isKeras,
  readKerasFile,
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
