/** Readers of weights, and of what their files say about them. */
import { AncError } from '@anc/core';
import {
  decodeSafetensors,
  decodeForeignMetadata,
  encodeKerasFile,
  encodeSafetensors,
  inMemory,
  loadTree,
  readKerasFile,
  readStateDict,
  readTfjsFiles,
  openTorchCheckpoint,
  unpickleNumpy,
} from '@anc/formats';
import { unzipSync } from 'fflate';
import { floats, stored, text, textOf } from '../pieces.mjs';
import { numpy, stateDict, torchZip } from './pickles.mjs';

const damaged = (why) => new AncError('ANC_DATA_CORRUPT', why);

const kerasArchive = async () => {
  const input = {
    name: 'i',
    className: 'InputLayer',
    config: {},
    inputs: [],
    shape: [4, 4, 3],
    variables: [],
  };
  const layer = (name, className, before, ...variables) => ({
    ...input,
    name,
    className,
    inputs: [before],
    variables,
  });
  const conv = layer('c', 'Conv2D', input, floats(3, 3, 3, 2), floats(2));
  const dense = layer('d', 'Dense', conv, floats(2, 5), floats(5));
  return encodeKerasFile({ name: 'm', input, outputs: [dense] }, { model: 'cnn' });
};
const keras = unzipSync(await kerasArchive());
const WEIGHTS = 'model.weights.h5';
const manifest = (paths) => [
  { paths, weights: [{ name: 'a/kernel', shape: [2, 3], dtype: 'float32' }, { name: 'a/bias', shape: [3], dtype: 'float32', quantization: { dtype: 'uint8', min: 0, scale: 1 } }] }, // prettier-ignore
];
const topology = JSON.parse(Buffer.from(keras['config.json']).toString());
const modelJson = text(
  JSON.stringify({
    format: 'layers-model',
    modelTopology: topology,
    weightsManifest: manifest(['s1.bin', 's2.bin']),
  }),
);

const metadata = { model: 'cnn', modelOptions: '{"widths":[8,16]}', input: '[32,32,3]', classes: '["cat","dog"]', normalization: '{"mean":[1],"std":[2]}', seed: '3' }; // prettier-ignore
const shard = (path) => Promise.resolve(new Uint8Array(path === 's1.bin' ? 24 : 3));

/** @type {import('../targets.mjs').Target[]} */
export const weights = [
  {
    name: 'pickle of a checkpoint',
    file: stateDict,
    read: (b) => loadTree(openTorchCheckpoint(inMemory(torchZip(b))).tensors),
  },
  {
    name: 'checkpoint (zip)',
    file: torchZip(stateDict),
    read: (b) => loadTree(openTorchCheckpoint(inMemory(b)).tensors),
  },
  { name: 'pickle of NumPy arrays', file: numpy, read: (b) => unpickleNumpy(b, damaged) },
  { name: 'weights of any kind', file: torchZip(stateDict), read: (b) => readStateDict(inMemory(b)) },
  {
    name: 'safetensors',
    file: encodeSafetensors({ a: floats(2, 3), b: floats(4) }, metadata),
    read: decodeSafetensors,
  },
  {
    name: 'HDF5 (.weights.h5)',
    file: keras[WEIGHTS],
    apart: true,
    read: (b) => readKerasFile(inMemory(b)),
  },
  {
    name: '.keras: configuration',
    file: keras['config.json'],
    apart: true,
    read: (b) => readKerasFile(inMemory(stored({ ...keras, 'config.json': b }))),
  },
  {
    name: '.keras: archive',
    file: stored(keras),
    apart: true,
    read: (b) => readKerasFile(inMemory(b)),
  },
  { name: 'TensorFlow.js model.json', file: modelJson, read: (b) => readTfjsFiles(b, shard) },
  { name: 'metadata', file: text(JSON.stringify(metadata)), read: (b) => decodeForeignMetadata({ ...metadata, names: textOf(b), classes: textOf(b), modelOptions: textOf(b) }) }, // prettier-ignore
];
