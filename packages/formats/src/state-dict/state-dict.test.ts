import type { HostTensor, Tree } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { inMemory } from '../bytes/byte-source.js';
import { encodeSafetensors } from '../safetensors/safetensors.js';
import { readStateDict } from './state-dict.js';

const read = (tensors: Tree<HostTensor>) => readStateDict(inMemory(encodeSafetensors(tensors)));
const scalar: HostTensor = { shape: [1], data: Float32Array.of(1) };

describe('readStateDict', () => {
  it('refuses a file that does not hold weights', () => {
    expect(() => readStateDict(inMemory(Uint8Array.from([8, 8, 18, 0, 1, 2, 3, 4, 5, 6])))).toThrow(
      /not of a kind of weights/,
    );
  });

  it('says what else the bytes look like', () => {
    const hint = (...bytes: number[]): string => {
      try {
        readStateDict(inMemory(Uint8Array.from(bytes)));
      } catch (error) {
        return (error as { detail: { hint: string } }).detail.hint;
      }
      return '';
    };
    expect(hint(8, 10, 58, 250, 19, 10, 44, 0)).toMatch(/looks like an ONNX model/);
    expect(hint(0x80, 4, 0x95, 0, 0, 0, 0, 0)).toMatch(/a pickle that torch.save did not write/);
    expect(hint(1, 2, 3, 4, 5, 6, 7, 8)).toMatch(/an ONNX model needs no import/);
  });

  it('recognizes our own safetensors by the names of all tensors', () => {
    expect(read({ 'params/a': scalar, 'stats/a': scalar }).layout).toBe('tensorflow');
    expect(read({ 'params/a': scalar, 'b.weight': scalar }).layout).toBe('torch');
  });

  it('sorts the names of other programs by their numbers', () => {
    const { tensors } = read({ 'f.10': scalar, 'f.2': scalar, 'f.1': scalar });
    expect(Object.keys(tensors)).toEqual(['f.1', 'f.2', 'f.10']);
  });
});
