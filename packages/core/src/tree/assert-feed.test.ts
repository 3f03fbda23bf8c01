import { describe, expect, it } from 'vitest';
import { assertFeed } from './assert-feed.js';
import { filled, type HostTensor, type LeafSpec, type Tree } from './tree.js';

const spec: Tree<LeafSpec> = {
  images: { shape: [2, 3], dtype: 'uint8' },
  scale: { shape: [], dtype: 'float32' },
};
const given = { images: { shape: [2, 3], data: new Uint8Array(6) }, scale: filled([]) };

const refusal = (tree: Tree<HostTensor>): unknown => {
  try {
    assertFeed('the batch entry', tree, spec);
  } catch (error) {
    return error;
  }
  return null;
};

describe('assertFeed', () => {
  it('accepts what a step was compiled for, and more', () => {
    expect(refusal(given)).toBeNull();
    expect(refusal({ ...given, other: filled([1]) })).toBeNull();
  });

  it('refuses a missing entry, and says what it must be', () => {
    expect(refusal({ scale: given.scale })).toMatchObject({
      code: 'ANC_FEED',
      message: 'the batch entry "images" is missing.',
      detail: { expected: 'uint8 [2, 3]' },
    });
  });

  it.each<[string, HostTensor, string]>([
    ['shape', { shape: [3, 2], data: new Uint8Array(6) }, 'uint8 [3, 2] with 6 elements'],
    ['rank', { shape: [6], data: new Uint8Array(6) }, 'uint8 [6] with 6 elements'],
    ['type', { shape: [2, 3], data: new Float32Array(6) }, 'float32 [2, 3] with 6 elements'],
    ['number of elements', { shape: [2, 3], data: new Uint8Array(5) }, 'uint8 [2, 3] with 5 elements'],
  ])('refuses another %s', (_what, images, received) => {
    expect(refusal({ ...given, images })).toMatchObject({
      code: 'ANC_FEED',
      message: 'the batch entry "images" has another shape or type than was compiled.',
      detail: { expected: 'uint8 [2, 3]', received },
    });
  });
});
