import { encodeSafetensors } from '@anc/formats';
import { describe, expect, it } from 'vitest';
import { decodeModel } from './proto.js';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe('a file that is not an ONNX model', () => {
  it.each<[Uint8Array, RegExp]>([
    [text('version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n'), /but a Git LFS pointer/],
    [text('<!DOCTYPE html><html></html>'), /but an HTML page/],
    [new Uint8Array(0), /but an empty file/],
    [encodeSafetensors({ a: { shape: [1], data: Float32Array.of(1) } }), /but safetensors/],
    [Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 0), /but a file of Keras/],
    [text('an unreadable model \u0001'), /not a readable ONNX model/],
  ])('is named (%#)', (bytes, message) => {
    expect(() => decodeModel(bytes, 'm.onnx')).toThrow(message);
  });
});
