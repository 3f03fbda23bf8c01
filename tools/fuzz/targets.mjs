/**
 * The readers of files from elsewhere, each with a good file to start from. `apart`: the program does this in a process
 * that it ends when it takes too long, so a case that is ended here counts as refused.
 *
 * @typedef {{ name: string, file: Uint8Array, read: (bytes: Uint8Array) => unknown, apart?: true }} Target
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
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
import { readNamed, readYaml } from '@anc/pipeline/options';
import { unzipSync, zipSync } from 'fflate';
import { parquetWriteBuffer } from 'hyparquet-writer';
import onnxProto from 'onnx-proto';
import sharp from 'sharp';
import { pack } from 'tar-stream';

/** Modules that their packages keep to themselves. */
const inside = (path) => import(new URL(`../../packages/${path}.js`, import.meta.url));

const bytes = (...values) => Uint8Array.from(values);
const text = (value) => new TextEncoder().encode(value);
const join_ = (...parts) => new Uint8Array(Buffer.concat(parts));
const uint32 = (n) => new Uint8Array(Uint32Array.of(n).buffer);
const floats = (...shape) => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5) });

// Pickles
const string = (value) => join_(bytes(0x58), uint32(value.length), text(value));
const tuple = (...items) => join_(bytes(0x28), ...items, bytes(0x74));
const int = (n) => join_(bytes(0x4a), uint32(n));
const storage = (key, length) =>
  join_(
    tuple(string('storage'), text('ctorch\nFloatStorage\n'), string(key), string('cpu'), int(length)),
    bytes(0x51),
  );
const tensor = (key, length, shape, strides) =>
  join_(
    text('ctorch._utils\n_rebuild_tensor_v2\n'),
    tuple(
      storage(key, length),
      int(0),
      tuple(...shape.map(int)),
      tuple(...strides.map(int)),
      bytes(0x89),
      bytes(0x7d),
    ),
    bytes(0x52),
  );
const stateDict = join_(
  bytes(0x80, 2, 0x7d, 0x71, 0, 0x28),
  string('conv.weight'),
  tensor('0', 6, [2, 3], [3, 1]),
  string('conv.bias'),
  tensor('0', 6, [2], [1]),
  string('epoch'),
  join_(int(3), bytes(0x85, 0x71, 1, 0x68, 1, 0x86)),
  bytes(0x75, 0x2e),
);
const torchZip = (pickle) => zipSync({ 'a/data.pkl': pickle, 'a/data/0': new Uint8Array(24) }, { level: 0 });
const numpy = Buffer.from(
  'gAJ9cQAoWAYAAABsYWJlbHNxAV1xAihLA0vIZVgEAAAAZGF0YXEDY251bXB5LmNvcmUubXVsdGlhcnJheQpfcmVjb25zdHJ1Y3QKcQRjbnVtcHkKbmRhcnJheQpxBUsAhXEGY19jb2RlY3MKZW5jb2RlCnEHWAEAAABicQhYBgAAAGxhdGluMXEJhnEKUnELh3EMUnENKEsBSwJLA4ZxDmNudW1weQpkdHlwZQpxD1gCAAAAdTFxEImIh3ERUnESKEsDWAEAAAB8cRNOTk5K/////0r/////SwB0cRRiiWgHWAkAAAAAAQLDiMO6w79xFWgJhnEWUnEXdHEYYnUu',
  'base64',
);
const damaged = (why) => new AncError('ANC_DATA_CORRUPT', why);

// Keras and TensorFlow.js
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

// ONNX
const { onnx } = onnxProto;
const value = (name, sizes) => ({
  name,
  type: {
    tensorType: {
      elemType: 1,
      shape: {
        dim: sizes.map((size) => (typeof size === 'string' ? { dimParam: size } : { dimValue: size })),
      },
    },
  },
});
const onnxFile = onnx.ModelProto.encode(
  onnx.ModelProto.create({
    irVersion: 8,
    opsetImport: [{ version: 13 }],
    metadataProps: [
      { key: 'names', value: "{0: 'cat', 1: 'dog'}" },
      { key: 'mean', value: '[0.5]' },
      { key: 'std', value: '[0.5]' },
    ],
    graph: {
      name: 'g',
      node: [
        ['Conv', ['x', 'K'], 'a'],
        ['Identity', ['a'], 'b'],
        ['GlobalAveragePool', ['b'], 'c'],
        ['Flatten', ['c'], 'd'],
        ['Transpose', ['W'], 'w'],
        ['Identity', ['w'], 'v'],
        ['MatMul', ['d', 'v'], 'e'],
        ['Add', ['e', 'B'], 'f'],
        ['Softmax', ['f'], 'y'],
      ].map(([opType, input, output]) => ({ opType, input, output: [output] })),
      initializer: [['K', [2, 3, 1, 1]], ['W', [4, 2]], ['B', [4]]].map(([name, dims]) => ({ name, dims, dataType: 1, rawData: new Uint8Array(4 * dims.reduce((a, b) => a * b, 1)) })), // prettier-ignore
      input: [value('x', ['n', 3, 8, 8])],
      output: [value('y', ['n', 4])],
    },
  }),
).finish();

// Datasets
const mat = (() => {
  const element = (type, body) => {
    const tag = Buffer.alloc(8);
    tag.writeUInt32LE(type);
    tag.writeUInt32LE(body.length, 4);
    return Buffer.concat([tag, body, Buffer.alloc((8 - (body.length % 8)) % 8)]);
  };
  const ints = (...values) => Buffer.from(Int32Array.from(values).buffer);
  const parts = [
    element(6, ints(9, 0)),
    element(5, ints(2, 3)),
    element(1, Buffer.from('X')),
    element(2, Buffer.of(1, 2, 3, 4, 5, 6)),
  ];
  const header = Buffer.alloc(128, ' ');
  header.write('\x00\x01IM', 124, 'latin1');
  return Buffer.concat([header, element(14, Buffer.concat(parts))]);
})();
const tarFile = async () => {
  const inner = pack();
  inner.entry({ name: 'n01440764_1.JPEG' }, 'picture');
  inner.finalize();
  const outer = pack();
  outer.entry({ name: 'n01440764.tar' }, await buffer(inner));
  outer.entry({ name: `${'long/'.repeat(40)}x.png` }, 'picture');
  outer.finalize();
  return buffer(outer);
};
const parquet = Buffer.from(
  parquetWriteBuffer({
    columnData: [
      { name: 'image', data: [bytes(1, 2, 3), bytes(4), bytes(5, 6)], type: 'BYTE_ARRAY' },
      { name: 'label', data: [0n, 1n, 2n], type: 'INT64' },
    ],
  }),
);
const idx = bytes(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8);
const LIMIT = 1 << 16;

/** Writes a case to a file, for readers that take one. */
const folder = mkdtempSync(join(tmpdir(), 'anc-fuzz-'));
const filed = (read) => (content) => {
  const path = join(folder, 'case');
  writeFileSync(path, content);
  return read(path);
};

/** All targets. */
export async function targets() {
  const [{ parseMat }, { parseMatStructs }, { parseIdx }, { TarImages }, { readTarGz }, { gunzipped }] =
    await Promise.all(
      [
        'matlab/mat-file',
        'matlab/mat-structs',
        'mnist/idx',
        'tar/tar-images',
        'files/tar-gz',
        'files/verified-file',
      ].map((path) => inside(`datasets/dist/${path}`)),
    );
  const { ParquetImages } = await inside('datasets/dist/parquet/parquet-images');
  const { parseCifarBinary } = await inside('datasets/dist/cifar/binary');
  const { parseCifarPython } = await inside('datasets/dist/cifar/python');
  const { decodeImageBytes } = await inside('datasets/dist/image-folder/decode');
  const [{ decodeModel, metadataOf }, { checkStructure }, { findHead }, { imageInput }, { declared }] =
    await Promise.all(
      ['proto', 'check-structure', 'head', 'image-input', 'preprocessing'].map((name) =>
        inside(`backend-onnx/dist/onnx-model/${name}`),
      ),
    );
  const metadata = { model: 'cnn', modelOptions: '{"widths":[8,16]}', input: '[32,32,3]', classes: '["cat","dog"]', normalization: '{"mean":[1],"std":[2]}', seed: '3' }; // prettier-ignore
  const image = (format) =>
    sharp({ create: { width: 24, height: 20, channels: 3, background: '#458' } })
      .toFormat(format)
      .toBuffer();
  const readImage = (content) => decodeImageBytes(content, 'case', [16, 16, 3], null);
  const shard = (path) => Promise.resolve(new Uint8Array(path === 's1.bin' ? 24 : 3));
  const calls = text('mlp(units=[64, 32], d=resnet20(width=2), l=[{in: x, d: mlp(units=[8])}])');
  const yaml = text(
    'dataset: glyphs\nbase: &b {epochs: 3}\nteacher: *b\nstudent: [cnn, "mlp(units=[8])"]\nseed: 1\n',
  );
  const str = (content) => Buffer.from(content).toString();
  /** @type {Target[]} */
  return [
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
      read: (b) => readKerasFile(inMemory(zipSync({ ...keras, 'config.json': b }, { level: 0 }))),
    },
    {
      name: '.keras: archive',
      file: zipSync(keras, { level: 0 }),
      apart: true,
      read: (b) => readKerasFile(inMemory(b)),
    },
    { name: 'TensorFlow.js model.json', file: modelJson, read: (b) => readTfjsFiles(b, shard) },
    {
      name: 'ONNX graph and metadata',
      file: onnxFile,
      read(b) {
        const model = decodeModel(b, 'case');
        checkStructure(model, 'case');
        imageInput(model, 'case', [8, 8, 3]);
        declared(metadataOf(model), 3);
        return findHead(model, 'case');
      },
    },
    { name: 'metadata', file: text(JSON.stringify(metadata)), read: (b) => decodeForeignMetadata({ ...metadata, names: str(b), classes: str(b), modelOptions: str(b) }) }, // prettier-ignore
    { name: 'IDX', file: idx, read: (b) => parseIdx('f', b) },
    { name: 'gzip', file: gzipSync(idx), read: (b) => gunzipped('f', b, LIMIT) },
    {
      name: 'CIFAR binary',
      file: Buffer.alloc(3073, 7),
      read: (b) => parseCifarBinary('f', b, 1, 0, 1, (n) => new Uint8Array(n)),
    },
    {
      name: 'CIFAR Python',
      file: numpy,
      read: (b) => parseCifarPython('f', b, 'labels', 1, (n) => new Uint8Array(n)),
    },
    { name: 'MAT', file: mat, read: (b) => parseMat('f', b, LIMIT) },
    { name: 'MAT structures', file: mat, read: (b) => parseMatStructs('f', b, LIMIT) },
    { name: 'tar', file: await tarFile(), read: filed((path) => TarImages.open(path)) },
    {
      name: 'tar.gz',
      file: gzipSync(await tarFile()),
      read: filed((path) => readTarGz(path, new Map([['x.png', 100]]))),
    },
    {
      name: 'Parquet',
      file: parquet,
      read: filed(async (path) => {
        const pictures = await ParquetImages.open([path]);
        await pictures.labels();
        return pictures.count > 0 ? pictures.read(0) : null;
      }),
    },
    { name: 'JPEG', file: await image('jpeg'), read: readImage },
    { name: 'PNG', file: await image('png'), read: readImage },
    { name: 'WebP', file: await image('webp'), read: readImage },
    { name: 'YAML', file: yaml, read: (b) => refusedBy(readYaml(str(b))) },
    { name: 'name with options', file: calls, read: (b) => refusedBy(readNamed(str(b))) },
  ];
}

/** Some readers return what is wrong with a text. */
function refusedBy(read) {
  if ('problem' in read) throw new AncError('ANC_CONFIG', read.problem);
  return read;
}
