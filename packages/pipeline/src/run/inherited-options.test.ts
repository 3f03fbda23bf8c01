import { expect, it } from 'vitest';
import { inheritedOptions } from './inherited-options.js';

const dataset = { name: 'glyphs', options: {} };
const parent = { dataset, seed: 3, epochs: 5, limitTrain: null };
const flatOf = (recorded: Record<string, unknown>, own: Record<string, unknown>) =>
  inheritedOptions({ ...parent, ...recorded }, own, '/here').flat;

it('holds out the images of the parent, whatever the seed', () => {
  expect(flatOf({}, { seed: 9 })).toMatchObject({ dataSeed: 3 });
  expect(flatOf({ dataSeed: 4 }, { seed: 9 })).toMatchObject({ dataSeed: 4 });
});

it.each([
  [{}, { validation: 0.1 }, ['data', 'validation'], '0, as', '0.1'],
  [{ validation: 0.1 }, { validation: 0.2 }, ['data', 'validation'], '0.1, as', '0.2'],
  [{ validation: 0.1 }, { dataSeed: 9 }, ['data', 'seed'], '3, as', '9'],
  [{ validation: 0.1 }, { stratify: true }, ['data', 'stratify'], 'false, as', 'true'],
  [{ validation: 0.1, limitTrain: 50 }, { limitTrain: null }, ['data', 'limitTrain'], '50, as', 'all'],
])(
  'of %j refuses %j, which holds out images that were trained on',
  (recorded, own, path, expected, received) => {
    expect(() => flatOf(recorded, own)).toThrow(
      expect.objectContaining({
        code: 'ANC_CONFIG',
        detail: expect.objectContaining({
          path,
          received,
          expected: expect.stringContaining(expected) as string,
        }) as object,
      }) as Error,
    );
  },
);

it.each([
  [{ validation: 0.1 }, { validation: 0.1, dataSeed: 3, limitTrain: null, stratify: false }],
  [{ validation: 0.1 }, { validation: 0, limitTrain: 20, dataSeed: 8 }],
  [{}, { limitTrain: 20 }],
])('of %j takes %j', (recorded, own) => {
  expect(() => flatOf(recorded, own)).not.toThrow();
});

it('leaves behind what belongs to a teacher or to a time that is replaced', () => {
  const recorded = { teacherPreprocessing: 'unit', classes: ['a', 'b'], time: 60, name: 'first', maxMs: 2 };
  expect(flatOf(recorded, {})).toEqual({
    ...parent,
    dataSeed: 3,
    teacherPreprocessing: 'unit',
    classes: ['a', 'b'],
    time: 60,
  });
  expect(flatOf(recorded, { teacher: { name: 'other.onnx', options: {} }, epochs: 10 })).toEqual({
    ...parent,
    dataSeed: 3,
  });
});

it('says where the data or its normalization is given anew', () => {
  const notices = (own: Record<string, unknown>) =>
    inheritedOptions({ ...parent, dataDir: '/here/data' }, own, '/here').notices;
  expect(notices({ dataset, dataDir: 'data', normalization: 'channel' })).toEqual([]);
  const anew = expect.stringMatching(
    /^the data is given anew, .* trained on glyphs: .* is not checked\.$/,
  ) as unknown;
  expect(notices({ dataset: { name: 'cifar10', options: {} } })).toEqual([anew]);
  expect(notices({ dataDir: 'other' })).toEqual([anew]);
  expect(notices({ normalization: 'image' })).toEqual([expect.stringContaining('normalization channel')]);
});
