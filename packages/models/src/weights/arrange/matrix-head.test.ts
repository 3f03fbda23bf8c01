import { mapTree, type HostTensor } from '@anc/core';
import { loadTree, toLazyTensor, type StateDict } from '@anc/formats';
import { describe, expect, it } from 'vitest';
import { withMatrixHead } from './matrix-head.js';

const dictOf = (layout: StateDict['layout'], tensors: Record<string, HostTensor>): StateDict => ({
  format: 'test',
  layout,
  tensors: mapTree(tensors, toLazyTensor),
  metadata: {},
});
const host = (shape: number[], ...data: number[]): HostTensor => ({ shape, data: Float32Array.from(data) });
const template = (classes: number) => ({
  params: {
    'conv/weights': { shape: [1, 1, 2, 2] },
    'logits/weights': { shape: [2, classes] },
    'logits/bias': { shape: [classes] },
  },
  stats: {},
});
const conv = host([1, 1, 2, 2], 1, 2, 3, 4);
const read = (classes: number, dict: StateDict) => loadTree(withMatrixHead(template(classes), dict).tensors);

describe('a head', () => {
  it('may be a 1×1 convolution, the last one', () => {
    const head = host([1, 1, 2, 3], 1, 2, 3, 4, 5, 6);
    const found = read(3, dictOf('tensorflow', { 'a/kernel': conv, 'b/kernel': head }));
    expect(found).toEqual({ 'a/kernel': conv, 'b/kernel': { ...head, shape: [2, 3] } });
    const torch = host([3, 2, 1, 1], 1, 2, 3, 4, 5, 6);
    expect(read(3, dictOf('torch', { 'a.weight': torch }))).toEqual({
      'a.weight': { ...torch, shape: [3, 2] },
    });
  });

  it('may give one logit, of a sigmoid', () => {
    const tensors = { 'a/kernel': conv, 'b/kernel': host([2, 1], 5, 6), 'b/bias': host([1], 7) };
    expect(read(2, dictOf('tensorflow', tensors))).toEqual({
      'a/kernel': conv,
      'b/kernel': host([2, 2], 0, 5, 0, 6),
      'b/bias': host([2], 0, 7),
    });
    const torch = { 'b.weight': host([1, 2], 5, 6), 'b.bias': host([1], 7) };
    expect(read(2, dictOf('torch', torch))).toEqual({
      'b.weight': host([2, 2], 0, 0, 5, 6),
      'b.bias': host([2], 0, 7),
    });
  });

  it('is left alone otherwise', () => {
    const plain = dictOf('tensorflow', { 'a/kernel': conv, 'b/kernel': host([2, 3], 1, 2, 3, 4, 5, 6) });
    expect(withMatrixHead(template(3), plain)).toBe(plain);
    const other = dictOf('tensorflow', { 'a/kernel': host([3, 3, 2, 2], ...new Array<number>(36).fill(1)) });
    expect(withMatrixHead(template(3), other)).toBe(other);
  });
});
