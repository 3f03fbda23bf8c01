import { describe, expect, it } from 'vitest';
import { resolveFlat } from '../../test/flat-options.js';
import { trainingOn } from './given-teacher-preset.js';
import { presets } from './presets.js';
import { flattenOptions } from './option-table.js';

const names = (count: number): string[] => trainingOn(count, 64).augment.map(({ name }) => name);
/** Updates of a student, and how often it sees an image. */
function amount(count: number, batchSize = 64) {
  const pass = Math.floor(count / batchSize);
  const { epochs, stepsPerEpoch = pass } = trainingOn(count, batchSize);
  return { updates: epochs * stepsPerEpoch, passes: (epochs * stepsPerEpoch * batchSize) / count };
}

describe('training on a number of images', () => {
  it('changes few images more strongly', () => {
    expect(names(240)).toEqual(['affine', 'random-erasing', 'mixup']);
    expect(names(999)).toEqual(names(240));
    expect(names(1000)).toEqual(['affine']);
    expect(names(20_000)).toEqual(['affine']);
  });

  it('has enough updates on few images, and enough passes over many', () => {
    for (const count of [1, 63, 240, 1600, 6399, 6400, 16_000, 60_000]) {
      for (const batchSize of [16, 64, 256]) {
        expect(amount(count, batchSize).updates).toBeGreaterThanOrEqual(1200);
        expect(amount(count, batchSize).passes).toBeGreaterThanOrEqual(5.9);
      }
    }
    expect(trainingOn(1600, 64)).toMatchObject({ epochs: 12, stepsPerEpoch: 100 });
    expect(trainingOn(60_000, 64)).toMatchObject({ epochs: 6 });
    expect(trainingOn(60_000, 64)).not.toHaveProperty('stepsPerEpoch');
  });
});

describe('the preset of a run that names none', () => {
  const presetOf = (flat: Record<string, unknown>): string => resolveFlat(flat).options.preset;

  it('is given-teacher where the teacher is a file, a folder, an address or a value', () => {
    for (const teacher of ['model.onnx', 'runs/mine', 'http://localhost:8000/predict', 'value:teacher'])
      expect(presetOf({ teacher, dataset: 'image-folder' })).toBe('given-teacher');
  });

  it('is quick where the teacher is trained, where there are no images, and where nothing is set', () => {
    expect(presetOf({})).toBe('quick');
    expect(presetOf({ teacher: 'nin', dataset: 'fashion-mnist' })).toBe('quick');
    expect(presetOf({ teacher: 'weights.safetensors', dataset: 'none' })).toBe('quick');
  });

  it('is the one that is named', () => {
    expect(presetOf({ teacher: 'model.onnx', preset: 'quick' })).toBe('quick');
  });

  it("compares with the paper's method, and lets every option be replaced", () => {
    const { options } = resolveFlat({ teacher: 'model.onnx', learningRate: 0.01 });
    expect(options.methods.map(({ name }) => name)).toContain('adversarial');
    expect(options.training.learningRate).toBe(0.01);
    const given = flattenOptions(presets['given-teacher']('image-folder'));
    expect(Object.keys(given).sort()).toEqual(Object.keys(flattenOptions(presets.quick('glyphs'))).sort());
  });
});
