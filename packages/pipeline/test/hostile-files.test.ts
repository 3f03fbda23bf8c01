import { AncError, isAncError } from '@anc/core';
import {
  decodeForeignMetadata,
  decodeSafetensors,
  decodeWeightsMetadata,
  encodeKerasFile,
  encodeSafetensors,
  inMemory,
  loadTree,
  readKerasFile,
  readStateDict,
  readTfjsFiles,
  unpickleNumpy,
} from '@anc/formats';
import { mutated } from '@anc/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readNamed } from '../src/text/named.js';
import { readYaml } from '../src/text/read-yaml.js';

/* The long form, with more readers and a watch on time and memory, is tools/fuzz/run.mjs. */

const floats = (...shape: number[]) => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) });
const encoded = (text: string): Uint8Array => new TextEncoder().encode(text);
const decoded = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const numpyPickle = Buffer.from(
  'gASVrAAAAAAAAAB9lCiMBmxhYmVsc5RdlChLA0vIZYwEZGF0YZSMFW51bXB5LmNvcmUubXVsdGlhcnJheZSMDF9yZWNvbnN0cnVjdJSTlIwFbnVtcHmUjAduZGFycmF5lJOUSwCFlEMBYpSHlFKUKEsBSwJLA4aUaAeMBWR0eXBllJOUjAJ1MZSJiIeUUpQoSwOMAXyUTk5OSv////9K/////0sAdJRiiUMGAAECyPr/lHSUYnUu',
  'base64',
);
const strings = { model: 'cnn', modelOptions: '{"widths":[8]}', classes: '["a","b"]', input: '[8,8,3]' };
const weights = [
  { name: 'a', shape: [2, 3], dtype: 'float32' },
  { name: 'b', shape: [3], dtype: 'float32', quantization: { dtype: 'uint8', min: 0, scale: 1 } },
];
const modelJson = JSON.stringify({
  modelTopology: { class_name: 'Sequential', config: { layers: [] } },
  weightsManifest: [{ paths: ['s1', 's2'], weights }],
});

async function kerasFile(): Promise<Uint8Array> {
  const input = { name: 'i', className: 'InputLayer', config: {}, inputs: [], shape: [3], variables: [] };
  const variables = [floats(3, 2), floats(2)];
  const dense = { ...input, name: 'd', className: 'Dense', inputs: [input], variables };
  return await encodeKerasFile({ name: 'm', input, outputs: [dense] }, {});
}

const readers: readonly (readonly [string, Uint8Array, (bytes: Uint8Array) => unknown])[] = [
  ['safetensors', encodeSafetensors({ a: floats(2, 3), b: floats(4) }, strings), decodeSafetensors],
  [
    'weights',
    encodeSafetensors({ 'params/a': floats(2) }, strings),
    (bytes) => {
      const { tensors, metadata } = readStateDict(inMemory(bytes));
      decodeWeightsMetadata(metadata);
      return loadTree(tensors);
    },
  ],
  ['a pickle', numpyPickle, (bytes) => unpickleNumpy(bytes, (why) => new AncError('ANC_DATA_CORRUPT', why))],
  // What the archive holds is protected by checksums: HDF5 itself is read in a process that can be ended.
  ['a Keras archive', await kerasFile(), (bytes) => readKerasFile(inMemory(bytes))],
  [
    'a model.json',
    encoded(modelJson),
    (bytes) => readTfjsFiles(bytes, (path) => Promise.resolve(new Uint8Array(path === 's1' ? 24 : 3))),
  ],
  [
    'metadata',
    encoded(strings.modelOptions),
    (bytes) => decodeForeignMetadata({ ...strings, modelOptions: decoded(bytes), classes: decoded(bytes) }),
  ],
  ['YAML', encoded('a: &b {epochs: 3}\nc: [*b, "mlp(units=[8])"]\n'), (bytes) => readYaml(decoded(bytes))],
  [
    'a name with options',
    encoded('a(units=[64, 32], d=b(c=2), l=[{in: x, d: mlp(u=[8])}])'),
    (bytes) => readNamed(decoded(bytes)),
  ],
];

describe.each(readers)('%s', (_, file, read) => {
  it('is read or refused with an AncError, whatever its lengths, counts and references are', async () => {
    await read(file);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 32 - 1 }), async (seed) => {
        try {
          await read(mutated(file, seed));
        } catch (error) {
          expect(isAncError(error) ? 'AncError' : error).toBe('AncError');
        }
      }),
      { numRuns: 250 },
    );
  });
});
