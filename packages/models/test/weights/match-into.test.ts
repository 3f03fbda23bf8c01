import { mapTree, type HostTensor, type Tree } from '@anc/core';
import { toLazyTensor, type StateDict } from '@anc/formats';
import { describe, expect, it } from 'vitest';
import { networkFromOnnx } from '../../src/onnx-network/network.js';
import { matchInto } from '../../src/weights/match-into.js';
import { classifier, drawn } from '../onnx-network/graphs.js';

const network = networkFromOnnx(classifier(), { name: 'onnx', logits: 'logits' });
const INPUT = [6, 6, 3];

const torch = (tensors: Readonly<Record<string, readonly number[]>>): StateDict => ({
  format: 'torch',
  layout: 'torch',
  metadata: {},
  tensors: mapTree(
    mapTree(tensors, (dims, name): HostTensor => ({
      shape: dims,
      data: drawn(name, dims).data as Float32Array,
    })) as Tree<HostTensor>,
    toLazyTensor,
  ),
});

const WHOLE = {
  'conv.weight': [5, 3, 3, 3],
  'bn.weight': [5],
  'bn.bias': [5],
  'bn.running_mean': [5],
  'bn.running_var': [5],
  'fc.weight': [4, 5],
  'fc.bias': [4],
};

describe('matchInto', () => {
  it('pairs layers by PyTorch’s names of them, with kernels transposed', () => {
    const { variables, otherShape, missing, unused } = matchInto(
      network,
      INPUT,
      torch({ ...WHOLE, 'aux.weight': [3] }),
    );
    expect([otherShape, missing, unused]).toEqual([[], [], ['aux.weight']]);
    const kernel = variables.params['conv/weights']!.load();
    expect(kernel.shape).toEqual([3, 3, 3, 5]);
    expect(kernel.data[5 * 3 + 2]).toBe(drawn('conv.weight', [5, 3, 3, 3]).data[2 * 27 + 1]);
    expect(variables.stats['bn/variance']!.load().data).toEqual(drawn('bn.running_var', [5]).data);
  });

  it('leaves out what has another shape or is not there, and says so', () => {
    const { 'bn.bias': _, ...rest } = WHOLE;
    const found = matchInto(network, INPUT, torch({ ...rest, 'fc.weight': [9, 5], 'fc.bias': [9] }));
    expect(Object.keys(found.variables.params)).toEqual(['conv/weights', 'bn/gamma']);
    expect([found.otherShape, found.missing]).toEqual([['fc/weights', 'fc/bias'], ['bn/beta']]);
  });

  it('finds nothing in a file of something else', () => {
    const found = matchInto(network, INPUT, torch({ 'embedding.weight': [100, 8] }));
    expect([found.variables, found.unused]).toEqual([{ params: {}, stats: {} }, ['embedding.weight']]);
  });
});
