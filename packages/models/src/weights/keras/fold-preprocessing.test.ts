import type { HostTensor } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { foldPreprocessing } from './fold-preprocessing.js';
import { preprocessingOf } from './preprocessing.js';

const tensor = (name: string) => ({
  class_name: '__keras_tensor__',
  config: { keras_history: [name, 0, 0] },
});
const layer = (class_name: string, name: string, config: object = {}, args?: readonly unknown[]) => ({
  class_name,
  config: { name, ...config },
  inbound_nodes: args === undefined ? [] : [{ args, kwargs: {} }],
});
const image = layer('InputLayer', 'images', { batch_shape: [null, 8, 9, 3] });
const network = layer('Functional', 'network', {
  layers: [
    layer('InputLayer', 'inner', { batch_shape: [null, null, null, 3] }),
    layer('Conv2D', 'conv', { padding: 'same' }, [tensor('inner')]),
    layer('Rescaling', 'within', { scale: 7, offset: 7 }, [tensor('conv')]),
  ],
});
/** What Keras 3 writes of a network with these layers before another's. */
const around = (...before: object[]) => ({
  class_name: 'Functional',
  config: { name: 'whole', layers: [image, ...before, network] },
});
const takesChannel = (name: string, channel: number) =>
  layer('GetItem', name, {}, [tensor('images'), [{ class_name: '__ellipsis__', config: {} }, channel]]);
const kernel = (): Record<string, HostTensor> => ({
  'conv/kernel': { shape: [1, 1, 3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
});
const fold = (topology: unknown) => {
  const tensors = kernel();
  const { normalization, ...rest } = foldPreprocessing(tensors, topology);
  return {
    rest,
    kernel: [...tensors['conv/kernel']!.data],
    normalization: JSON.parse(normalization ?? 'null') as unknown,
  };
};

describe('what a network does to pixels before its first kernel', () => {
  it('is empty without preprocessing, and the input is that of the innermost network with one', () => {
    expect(fold(around())).toEqual({
      rest: { input: '[8,9,3]' },
      kernel: [1, 2, 3, 4, 5, 6],
      normalization: null,
    });
    expect(fold({ model_config: around() }).rest).toEqual({ input: '[8,9,3]' });
    expect(fold(null)).toMatchObject({ rest: {}, normalization: null });
  });

  it.each([
    ['a Rescaling', [layer('Rescaling', 'r', { scale: 1 / 127.5, offset: -1 }, [tensor('images')])]],
    [
      'a Rescaling of each channel',
      [
        layer('RandomFlip', 'flip', {}, [tensor('images')]),
        layer('Rescaling', 'r', { scale: [1 / 127.5, 1 / 127.5, 1 / 127.5], offset: [-1, -1, -1] }),
      ],
    ],
    [
      'operations',
      [layer('TrueDivide', 'd', {}, [tensor('images'), 127.5]), layer('Subtract', 's', {}, [tensor('d'), 1])],
    ],
    [
      'operations of Keras 2',
      [
        {
          ...layer('TFOpLambda', 'd', { function: 'math.truediv' }),
          inbound_nodes: [['images', 0, 0, { y: 127.5, name: null }]],
        },
        {
          ...layer('TFOpLambda', 's', { function: 'math.subtract' }),
          inbound_nodes: [['d', 0, 0, { y: 1, name: null }]],
        },
      ],
    ],
    [
      'a Rescaling of pixels in 0..1',
      [layer('Rescaling', 'r', { scale: 2, offset: -1 }, [tensor('images')])],
    ],
  ])('is a normalization: %s', (_what, before) => {
    const { kernel, normalization } = fold(around(...before));
    expect(kernel).toEqual([1, 2, 3, 4, 5, 6]);
    const each = [127.5, 127.5, 127.5].map((value) => expect.closeTo(value, 6) as number);
    expect(normalization).toEqual({ mean: each, std: each });
  });

  it('is another order of the channels, in which the kernel takes them then', () => {
    const values = [[[[-103, -116, -123]]]];
    const constant = { class_name: '__tensor__', config: { value: values } };
    const { kernel, normalization } = fold(
      around(
        takesChannel('a', 2),
        takesChannel('b', 1),
        takesChannel('c', 0),
        layer('Stack', 'stack', { axis: -1 }, [[tensor('a'), tensor('b'), tensor('c')]]),
        layer('Add', 'add', {}, [tensor('stack'), constant]),
      ),
    );
    expect(kernel).toEqual([5, 6, 3, 4, 1, 2]);
    expect(normalization).toEqual({ mean: [123, 116, 103], std: [1, 1, 1] });
  });

  it('is named where it is something else, and left alone', () => {
    const strange = around(
      layer('Rescaling', 'r', { scale: 2, offset: 0 }),
      layer('Power', 'gamma', {}, [tensor('r'), 0.5]),
      layer('Subtract', 'difference', {}, [tensor('gamma'), tensor('images')]),
    );
    expect(preprocessingOf(strange, 3)?.unknown).toEqual(['gamma (Power)', 'difference (Subtract)']);
    expect(fold(strange)).toMatchObject({ kernel: [1, 2, 3, 4, 5, 6], normalization: null });
    expect(preprocessingOf(around(takesChannel('red', 0)), 3)?.unknown).toEqual(['red (GetItem)']);
  });
});
