import { mapTree, type HostTensor } from '@anc/core';
import { loadVariables, toLazyTensor } from '@anc/formats';
import { describe, expect, it } from 'vitest';
import { withChannelsReversed } from './input-channels.js';

const variables = (params: Record<string, HostTensor>) => ({
  params: mapTree(params, toLazyTensor),
  stats: {},
});

describe('channels the other way round', () => {
  it('turn the first kernel, and nothing else', () => {
    const first = { shape: [1, 2, 3, 1], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
    const second = { shape: [1, 1, 3, 1], data: Float32Array.of(1, 2, 3) };
    const turned = loadVariables(withChannelsReversed(variables({ first, second })));
    expect(turned.params).toEqual({ first: { ...first, data: Float32Array.of(3, 2, 1, 6, 5, 4) }, second });
  });

  it('cannot be reversed for a network of gray images', () => {
    const gray = { shape: [1, 1, 1, 2], data: Float32Array.of(1, 2) };
    expect(() => withChannelsReversed(variables({ gray }))).toThrow(/does not take color images/);
  });
});
