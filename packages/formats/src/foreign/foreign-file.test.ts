import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { inMemory } from '../bytes/byte-source.js';
import { encodeSafetensors } from '../safetensors/safetensors.js';
import { readStateDict } from '../state-dict/state-dict.js';
import { foreignFile } from './foreign-file.js';

const latin1 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
const archive = (...names: string[]): Uint8Array =>
  zipSync(Object.fromEntries(names.map((name) => [name, new Uint8Array(100)])));
const LFS = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 46827520\n';

describe('a file that is not what was meant', () => {
  it.each<[Uint8Array, RegExp, RegExp]>([
    [new Uint8Array(0), /an empty file/, /repeat/],
    [new Uint8Array(4096), /zeros/, /repeat/],
    [latin1(LFS), /a Git LFS pointer, not the file itself \(46827520 bytes\)/, /git lfs pull/],
    [latin1('<!DOCTYPE html>\n<html><head>'), /an HTML page/, /log in/],
    [latin1('\n  <html lang="en">'), /an HTML page/, /log in/],
    [latin1('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'), /an XML document/, /link/],
    [latin1('Entry not found'), /a text: "Entry not found"/, /link/],
    [latin1('\x1f\x8b\x08\0\0\0\0\0\0\x03abc'), /a gzip archive/, /unpack/],
    [latin1('BZh91AY&SY'), /a bzip2 archive/, /unpack/],
    [latin1('\xfd7zXZ\0\0\x04'), /an xz archive/, /unpack/],
    [latin1('\x28\xb5\x2f\xfd\0\0'), /a Zstandard archive/, /unpack/],
    [latin1('7z\xbc\xaf\x27\x1c\0\x04'), /a 7z archive/, /unpack/],
    [latin1('Rar!\x1a\x07\x01\0'), /a RAR archive/, /unpack/],
    [latin1(`${'a'.repeat(257)}ustar\x0000`), /a tar archive/, /unpack/],
    [latin1('\x1c\0\0\0TFL3\0\0'), /a TensorFlow Lite model/, /tf2onnx/],
    [latin1('\x93NUMPY\x01\0'), /a NumPy array/, /state_dict/],
    [
      archive('m/data.pkl', 'm/constants.pkl', 'm/code/__torch__.py'),
      /a TorchScript archive/,
      /torch\.jit\.load/,
    ],
    [archive('m/archive_format', 'm/models/model.json'), /torch\.export/, /onnx/],
    [archive('m/.data/extern_modules', 'm/data.pkl'), /a torch\.package archive/, /state_dict/],
    [archive('a.npy', 'b.npy'), /an archive of NumPy arrays/, /state_dict/],
    [archive('model/saved_model.pb'), /a TensorFlow SavedModel/, /tf2onnx/],
    [archive('resnet.pth', 'readme.txt'), /a zip archive of resnet\.pth, readme\.txt/, /unpack/],
    [archive(), /an empty zip archive/, /again/],
  ])('is named (%#)', (bytes, what, hint) => {
    const source = inMemory(bytes);
    expect(foreignFile(source)?.what).toMatch(what);
    expect(foreignFile(source)?.hint).toMatch(hint);
    expect(() => readStateDict(source)).toThrow(what);
  });

  it.each([
    ['safetensors', encodeSafetensors({ a: { shape: [1], data: Float32Array.of(1) } })],
    ['a checkpoint', archive('archive/data.pkl', 'archive/data/0', 'archive/.data/serialization_id')],
    ['a Keras archive', archive('config.json', 'model.weights.h5')],
    ['JSON', latin1('{"weightsManifest": []}')],
    ['an ONNX model', Uint8Array.of(8, 8, 18, 7, 112, 121, 116, 111, 114, 99, 104)],
    ['a damaged archive', archive('a').subarray(0, 40)],
  ])('is not one of the formats that are read: %s', (_name, bytes) => {
    expect(foreignFile(inMemory(bytes))).toBeNull();
  });
});
