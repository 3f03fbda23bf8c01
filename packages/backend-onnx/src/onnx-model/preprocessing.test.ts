import { describe, expect, it } from 'vitest';
import { declared } from './preprocessing.js';

const CIFAR = { mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] };
const bytes = ({ mean, std }: typeof CIFAR) => ({
  mean: mean.map((m) => 255 * m),
  std: std.map((s) => 255 * s),
});

describe('mean and deviation in the metadata', () => {
  it.each<[string, Record<string, string>]>([
    ['JSON', { mean: '[0.4914, 0.4822, 0.4465]', std: '[0.247, 0.2435, 0.2616]' }],
    ['tuples', { mean: '(0.4914, 0.4822, 0.4465)', std: '(0.247, 0.2435, 0.2616,)' }],
    ['text', { mean: '0.4914,0.4822,0.4465', std: '0.247, 0.2435, 0.2616' }],
    ['an array', { mean: '[0.4914 0.4822 0.4465]', std: 'array([0.247, 0.2435, 0.2616], dtype=float32)' }],
    ['the shape of an image', { mean: '[[[0.4914]], [[0.4822]], [[0.4465]]]', std: '(0.247,0.2435,0.2616)' }],
    [
      'numbers of NumPy 2',
      {
        mean: '[np.float64(0.4914), np.float64(0.4822), np.float64(0.4465)]',
        std: '(0.247, 0.2435, 0.2616)',
      },
    ],
    [
      'one dictionary',
      { normalization: "{'mean': [0.4914, 0.4822, 0.4465], 'std': (0.247, 0.2435, 0.2616)}" },
    ],
  ])('are read from %s', (_what, metadata) => {
    expect(declared(metadata, 3)).toMatchObject({ normalization: bytes(CIFAR), problems: [] });
  });

  it('of one number stand for every channel', () => {
    const each = (value: number): number[] => [value, value, value];
    expect(declared({ mean: '0.5', std: '(0.25,)' }, 3).normalization).toEqual({
      mean: each(127.5),
      std: each(63.75),
    });
    expect(declared({ mean: '[0.5, 0.25, 0]', std: '0.5' }, 3).normalization).toEqual({
      mean: [127.5, 63.75, 0],
      std: each(127.5),
    });
  });

  it.each<[string, Record<string, string>]>([
    ['one without the other', { mean: '[0.5]' }],
    ['words', { mean: 'imagenet', std: 'imagenet' }],
    ['the name of a dataset', { normalization: 'imagenet', mean: 'imagenet' }],
  ])('are reported where they cannot be used: %s', (_what, metadata) => {
    const { normalization, problems } = declared(metadata, 3);
    expect(normalization).toBeNull();
    expect(problems).toEqual([expect.stringContaining('mean')]);
  });

  it.each<[string, Record<string, string>]>([
    ['a deviation of zero', { mean: '[0.5]', std: '[0.0]' }],
    ['other numbers of channels', { mean: '[0.5, 0.5]', std: '[1, 1, 1]' }],
    ['a pair with a negative deviation', { normalization: "{'mean': [0.5], 'std': [-1]}" }],
  ])('are distinguished from foreign texts where they are impossible: %s', (_what, metadata) => {
    expect(declared(metadata, 3)).toMatchObject({
      normalization: null,
      impossible: expect.stringContaining(Object.values(metadata).at(-1)!) as string,
      problems: [],
    });
  });

  it('may be None', () => {
    expect(declared({ mean: 'None', std: 'None', classes: 'None' }, 3)).toMatchObject({
      normalization: null,
      classNames: null,
      problems: [],
    });
  });
});

describe('names of classes in the metadata', () => {
  it.each<[string, Record<string, string>]>([
    ['JSON', { classes: '["cat","a dog\'s"]' }],
    ['a list', { classes: "['cat', \"a dog's\"]" }],
    ['a tuple', { labels: "('cat', \"a dog's\",)" }],
    ['a dictionary', { names: "{0: 'cat', 1: 'a dog\\'s',}" }],
    ['a dictionary of texts', { id2label: "{'1': \"a dog's\", '0': 'cat'}" }],
    ['a dictionary from names', { class_to_idx: "{\"a dog's\": 1, 'cat': 0}" }],
    ['pairs', { names: "OrderedDict([(0, 'cat'), (1, \"a dog's\")])" }],
    ['identifiers with words', { classes: '{"0": ["n1", "cat"], "1": ["n2", "a dog\'s"]}' }],
    ['text', { classes: "cat, a dog's" }],
    ['lines', { classes: "cat\na dog's\n" }],
    ['a second key', { classes: '2', names: "['cat', \"a dog's\"]" }],
  ])('are read from %s', (_what, metadata) => {
    expect(declared(metadata, 3)).toMatchObject({ classNames: ['cat', "a dog's"], problems: [] });
  });

  it('may be missing in part', () => {
    expect(declared({ classes: "[None, 'cat', 7]" }, 3).classNames).toEqual(['0', 'cat', '7']);
  });

  it.each(["['cat', 'dog'", "{1: 'cat', 2: 'dog'}", '{"cat": "dog"}', '[]', '[[1, 2, 3]]'])(
    'are reported where they cannot be read: %s',
    (classes) => {
      const { classNames, problems } = declared({ classes }, 3);
      expect(classNames).toBeNull();
      expect(problems).toEqual([expect.stringContaining('"classes" cannot be read')]);
    },
  );
});
