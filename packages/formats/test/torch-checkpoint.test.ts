import { isAncError, type HostTensor } from '@anc/core';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { inMemory, isTorchCheckpoint, loadTree, openTorchCheckpoint } from '../src/index.js';
import { failure } from './failure.js';
import {
  call,
  dictionary,
  global,
  int,
  legacyFile,
  ordered,
  pickle,
  tensor,
  text,
  tuple,
  zipFile,
} from './torch-writer.js';

const tensors = {
  'module.conv.weight': { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
  'module.norm.num_batches_tracked': { shape: [], type: 'LongStorage', data: BigInt64Array.of(7n) },
};

/** All tensors of a file in memory. */
const read = (file: Uint8Array): Record<string, HostTensor> =>
  loadTree(openTorchCheckpoint(inMemory(file)).tensors);

describe('PyTorch checkpoints', () => {
  it.each([
    ['zip', zipFile(tensors)],
    ['legacy', legacyFile(tensors)],
  ])('%s: gives the state dict without `module.`', (_name, file) => {
    expect(isTorchCheckpoint(inMemory(file))).toBe(true);
    expect(read(file)).toEqual({
      'conv.weight': { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
      'norm.num_batches_tracked': { shape: [], data: Int32Array.of(7) },
    });
  });

  it('reads a Buffer, which reading a file returns', () => {
    for (const file of [zipFile(tensors), legacyFile(tensors)]) {
      expect(read(Buffer.from(file))).toEqual(read(file));
    }
  });

  it.each([
    ['HalfStorage', Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7c00), [1, -2, 2 ** -24, Infinity]],
    ['BFloat16Storage', Uint16Array.of(0x3f80, 0xc000), [1, -2]],
    ['DoubleStorage', Float64Array.of(1.5, -3), [1.5, -3]],
    ['ShortStorage', Int16Array.of(-4, 5), [-4, 5]],
    ['ByteStorage', Uint8Array.of(250, 5), [250, 5]],
  ])('%s', (type, data, expected) => {
    const found = read(zipFile({ w: { shape: [data.length], type, data } }));
    expect([...found['w']!.data]).toEqual(expected);
  });

  it('follows strides and offsets', () => {
    const data = Float32Array.of(9, 1, 2, 3, 4, 5, 6);
    const found = read(zipFile({ w: { shape: [3, 2], strides: [1, 3], offset: 1, data } }));
    expect([...found['w']!.data]).toEqual([1, 4, 2, 5, 3, 6]);
  });
});

describe('what is refused', () => {
  const evil = (callee: Uint8Array, args: Uint8Array): Uint8Array =>
    zipFile(tensors, pickle(ordered([text('w'), call(callee, args)])));

  it.each([
    ['os', 'system'],
    ['posix', 'system'],
    ['builtins', 'eval'],
    ['subprocess', 'Popen'],
    ['__builtin__', 'getattr'],
  ])('%s.%s, and names it', (module, name) => {
    const error = failure(() => read(evil(global(module, name), tuple(text('ls')))));
    expect(error.code).toBe('ANC_CHECKPOINT');
    expect(error.detail.received).toBe(`${module}.${name}`);
  });

  const data = Float32Array.of(1, 2);
  it.each<[string, Uint8Array, RegExp]>([
    ['a tensor beyond its storage', zipFile({ w: { shape: [3], data } }), /reaches out/],
    ['an expanded tensor', zipFile({ w: { shape: [2 ** 30], strides: [0], data } }), /larger than the file/],
    [
      'a missing storage',
      zipFile({}, pickle(ordered([text('w'), tensor('5', { shape: [2], data })]))),
      /missing/,
    ],
    ['no tensors', zipFile({}, pickle(dictionary([text('epoch'), int(1)]))), /no state dict/],
    ['a compressed archive', zipSync({ 'a/data.pkl': new Uint8Array(100) }), /compressed/],
    ['a zip of something else', zipSync({ 'a.txt': new Uint8Array(3) }, { level: 0 }), /no data.pkl/],
    ['another file', Uint8Array.of(1, 2, 3), /neither of the two formats/],
    ['an unknown instruction', zipFile({}, pickle(Uint8Array.of(0x82))), /instruction 0x82/],
  ])('%s', (_name, file, message) => {
    const error = failure(() => read(file));
    expect(error.code).toBe('ANC_CHECKPOINT');
    expect(error.message).toMatch(message);
  });

  it.each([
    ['zip', zipFile(tensors)],
    ['legacy', legacyFile(tensors)],
  ])('%s: any damage gives tensors or an AncError', (_name, file) => {
    const attempt = (bytes: Uint8Array): void => {
      try {
        read(bytes);
      } catch (error) {
        expect(isAncError(error) ? 'AncError' : error).toBe('AncError');
      }
    };
    for (let length = 0; length < file.length; length++) attempt(file.slice(0, length));
    const edit = fc.record({ at: fc.nat(file.length - 1), value: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), (edits) => {
        const copy = file.slice();
        for (const { at, value } of edits) copy[at] = value;
        attempt(copy);
      }),
      { numRuns: 2000, seed: 1 },
    );
  });
});
