import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  filled,
  mapTree,
  mergeTrees,
  namesOf,
  prefixTree,
  sizeOf,
  specOf,
  subtree,
  subtrees,
  zeros,
} from './tree.js';

const someTree = fc.dictionary(fc.stringMatching(/^[a-c]{1,2}(\/[a-c]{1,2})?$/), fc.integer());

describe('trees', () => {
  it('are walked in the order of code units', () => {
    expect(namesOf({ b: 0, 'a/b': 0, a: 0, B: 0, 'a-b': 0 })).toEqual(['B', 'a', 'a-b', 'a/b', 'b']);
  });

  it('are mapped leaf by leaf, with the names', () => {
    expect(mapTree({ a: 1, b: 2 }, (leaf, name) => `${name}${leaf}`)).toEqual({ a: 'a1', b: 'b2' });
  });

  it('come back from under a prefix', () => {
    fc.assert(
      fc.property(someTree, someTree, (tree, other) => {
        const both = mergeTrees(prefixTree('left', tree), prefixTree('right', other));
        expect(subtree(both, 'left')).toEqual(tree);
        expect(subtree(both, 'right')).toEqual(other);
      }),
    );
  });

  it('have subtrees by whole path elements only', () => {
    expect(subtree({ 'conv1/w': 1, 'conv10/w': 2, conv1: 3, 'conv1/a/b': 4 }, 'conv1')).toEqual({
      w: 1,
      'a/b': 4,
    });
  });

  it('are divided by prefixes in one pass as they are one by one', () => {
    const tree = { 'conv1/w': 1, 'conv10/w': 2, conv1: 3, 'conv1/a/b': 4, 'block/1/w': 5, 'block/2/w': 6 };
    const prefixes = ['conv1', 'block', 'block/1', 'none'];
    expect([...subtrees(tree, prefixes)]).toEqual(prefixes.map((prefix) => [prefix, subtree(tree, prefix)]));
  });

  it('do not merge over a name', () => {
    expect(mergeTrees({ a: 1 }, {}, { b: 2 })).toEqual({ a: 1, b: 2 });
    expect(() => mergeTrees({ a: 1 }, { b: 2 }, { a: 1 })).toThrow(
      expect.objectContaining({ code: 'ANC_TREE', message: expect.stringContaining('"a"') as string }),
    );
  });
});

describe('sizes', () => {
  it('are products of axes; a scalar has one element', () => {
    expect([sizeOf([2, 3, 4]), sizeOf([]), sizeOf([3, 0])]).toEqual([24, 1, 0]);
  });
});

describe('host tensors', () => {
  it.each(['float32', 'int32', 'uint8'] as const)(
    'of zeros have the spec they are made from: %s',
    (dtype) => {
      const host = zeros({ shape: [2, 2], dtype });
      expect(specOf(host)).toEqual({ shape: [2, 2], dtype });
      expect([...host.data]).toEqual([0, 0, 0, 0]);
    },
  );

  it('are filled with one value, and do not share the shape', () => {
    const shape = [3];
    const host = filled(shape, 1.5);
    shape[0] = 9;
    expect(host).toEqual({ shape: [3], data: Float32Array.of(1.5, 1.5, 1.5) });
    expect(filled([]).data).toEqual(Float32Array.of(0));
  });
});
