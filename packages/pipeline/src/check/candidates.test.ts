import { describe, expect, it } from 'vitest';
import {
  commonNormalizations,
  describePreprocessing,
  nearlySame,
  OWN,
  preprocessingCandidates,
  type Preprocessing,
} from './candidates.js';
import { flagsOf } from './flags.js';
import { parsePreprocessing } from '../classifier/preprocessing.js';

it.each([
  [1, ['MNIST mean/std', 'Fashion-MNIST mean/std']],
  [3, ['MNIST mean/std', 'CIFAR-10 mean/std', 'CIFAR-100 mean/std', 'SVHN mean/std', 'ImageNet mean off']],
])('tries the normalizations of well-known datasets, one number per channel: %i', (channels, names) => {
  const all = commonNormalizations(channels);
  expect(Object.keys(all)).toEqual(expect.arrayContaining([...names, '0 to 1', '0 to 255', '-1 to 1']));
  for (const { mean, std } of Object.values(all))
    expect([mean.length, std.length]).toEqual([channels, channels]);
});

it("gives statistics in the order of the classifier's channels", () => {
  const all = { caffe: commonNormalizations(3)['ImageNet mean off']! };
  const [rgb, bgr] = preprocessingCandidates(all, ['own'], ['rgb', 'bgr']);
  expect(rgb!.normalization).toEqual({ mean: [123.68, 116.779, 103.939], std: [1, 1, 1] });
  expect(bgr!.normalization).toEqual({ mean: [103.939, 116.779, 123.68], std: [1, 1, 1] });
  expect(describePreprocessing(bgr!)).toBe('BGR, caffe');
});

it('knows normalizations that give nearly the same numbers', () => {
  const unit = { mean: [0], std: [255] };
  expect(nearlySame(unit, { mean: [0.5], std: [256] })).toBe(true);
  expect(nearlySame(unit, { mean: [0], std: [1] })).toBe(false);
  expect(nearlySame(unit, { mean: [127.5], std: [127.5] })).toBe(false);
  expect(nearlySame('per-image', unit)).toBe(false);
});

describe('flagsOf', () => {
  const of = (name: string, channels: number, order: Preprocessing['order']): Preprocessing => ({
    ...preprocessingCandidates(commonNormalizations(channels), ['own'], [order]).find(
      (one) => one.name === name,
    )!,
  });

  it.each([1, 3])('gives values that mean the same preprocessing: %i channels', (channels) => {
    for (const [name, normalization] of Object.entries(commonNormalizations(channels))) {
      const flags = flagsOf(of(name, channels, channels === 1 ? 'grey' : 'rgb'), { file: 'model.onnx' })!;
      expect(flags.run).toMatch(/^--teacher-preprocessing \S+$/);
      const parsed = parsePreprocessing(flags.others.replace('--preprocessing ', ''), channels);
      expect(nearlySame(parsed, normalization)).toBe(true);
    }
  });

  it('puts the order of colors into the name of an ONNX model', () => {
    const caffe = of('ImageNet mean off', 3, 'bgr');
    expect(
      flagsOf(caffe, { file: 'a/model.onnx', onnx: { logits: 'x', layout: 'auto', resize: false } })!.run,
    ).toBe(
      `--teacher 'a/model.onnx(logits="x", channels="bgr", mean=[103.939,116.779,123.68], std=[1,1,1])'`,
    );
    expect(flagsOf(caffe, { file: 'model.th' })).toBeNull();
    const unit = of('0 to 1', 3, 'rgb');
    expect(flagsOf(unit, { file: 'model.onnx', onnx: { mean: [1], std: [2] } })!.others).toBe(
      `'model.onnx(mean=[0,0,0], std=[255,255,255])'`, // a flag would have no effect
    );
    expect(flagsOf({ ...caffe, name: OWN, order: 'rgb' }, { file: 'model.onnx' })).toBeNull();
  });
});
