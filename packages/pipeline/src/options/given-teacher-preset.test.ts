import { describe, expect, it } from 'vitest';
import { resolveFlat } from '../../test/flat-options.js';
import { amountFor, changesOf } from './given-teacher-preset.js';
import { presets } from './presets.js';
import { flattenOptions } from './option-table.js';

/** Updates of a student, and how often it sees an image. */
function amount(count: number, batchSize = 64) {
  const pass = Math.floor(count / batchSize);
  const { epochs, stepsPerEpoch = pass } = amountFor(count, batchSize);
  return { updates: epochs * stepsPerEpoch, passes: (epochs * stepsPerEpoch * batchSize) / count };
}

describe('training on a number of images', () => {
  it('changes few images strongly, and many not at all', () => {
    expect(changesOf(240)!.augment.map(({ name }) => name)).toEqual(['affine', 'random-erasing', 'mixup']);
    expect(changesOf(4999)).toEqual(changesOf(240));
    expect(changesOf(5000)).toBeNull();
  });

  it('has enough updates on few images, and enough passes over many', () => {
    for (const count of [1, 63, 240, 1600, 6399, 6400, 16_000, 60_000]) {
      for (const batchSize of [16, 64, 256]) {
        expect(amount(count, batchSize).updates).toBeGreaterThanOrEqual(1200);
        expect(amount(count, batchSize).passes).toBeGreaterThanOrEqual(5.9);
      }
    }
    expect(amountFor(1600, 64)).toMatchObject({ epochs: 12, stepsPerEpoch: 100 });
    expect(amountFor(60_000, 64)).toMatchObject({ epochs: 6 });
    expect(amountFor(60_000, 64)).not.toHaveProperty('stepsPerEpoch');
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
    for (const methods of [['few-images-alone'], ['kd', 'few-images'], ['data-free']])
      expect(presetOf({ teacher: 'model.onnx', dataset: 'image-folder', methods })).toBe('quick');
  });

  it('trains data-free alone, for as long as was measured, where a teacher is given and there are no images', () => {
    const { methods, training } = resolveFlat({ teacher: 'runs/mine', dataset: 'none' }).options;
    expect(methods).toEqual([{ name: 'data-free', options: { studentSteps: 20 } }]);
    expect(training).toMatchObject({ epochs: 24, stepsPerEpoch: 500, batchSize: 128, learningRate: 0.002 });
    const own = resolveFlat({
      ...{ teacher: 'value:teacher', dataset: 'none' },
      ...{ methods: ['data-free-noise'], epochs: 3, batchSize: 32 },
    }).options;
    expect(own.methods.map(({ name }) => name)).toEqual(['data-free-noise']);
    expect(own.training).toMatchObject({ epochs: 3, stepsPerEpoch: 500, batchSize: 32 });
    const trained = resolveFlat({ dataset: 'none' }).options;
    expect(trained.methods).toHaveLength(5);
    expect(trained.training.stepsPerEpoch).toBe(80);
  });

  it('trains on few images for as long as was measured', () => {
    const few = { methods: ['few-images'], dataset: 'image-folder' };
    const of = (teacher: string) => resolveFlat({ ...few, teacher }).options.training;
    const measured = { epochs: 6, stepsPerEpoch: 500, batchSize: 128, learningRate: 0.008 };
    expect(of('model.onnx')).toMatchObject(measured);
    const trained = resolveFlat({ ...few, teacher: 'model.onnx', studentWeights: 'weights.safetensors' });
    expect(trained.options.training.learningRate).toBe(0.002);
    // A preset that is named keeps its own training.
    const paper = resolveFlat({ ...few, teacher: 'model.onnx', preset: 'paper' }).options.training;
    const alone = resolveFlat({ dataset: 'image-folder', preset: 'paper' }).options.training;
    const { learningRate, epochs, batchSize } = alone;
    expect(paper).toMatchObject({ learningRate, epochs, batchSize, stepsPerEpoch: 100 });
    expect(of('nin')).toMatchObject({ epochs: 6, stepsPerEpoch: 100, batchSize: 64, learningRate: 0.002 });
  });

  it('is the one that is named', () => {
    expect(presetOf({ teacher: 'model.onnx', preset: 'quick' })).toBe('quick');
  });

  it("compares with the paper's method, and has a lower rate for trained weights", () => {
    const { options } = resolveFlat({ teacher: 'model.onnx', learningRate: 0.01 });
    expect(options.methods.map(({ name }) => name)).toContain('adversarial');
    expect(options.training.learningRate).toBe(0.01);
    const rate = (flat: Record<string, unknown>) =>
      resolveFlat({ teacher: 'model.onnx', ...flat }).options.training.learningRate;
    expect(rate({ student: 'lenet5' })).toBe(0.012);
    expect(rate({ student: 'small.onnx(init=fresh)' })).toBe(0.012);
    expect(rate({ student: 'small.onnx' })).toBe(0.002);
    expect(rate({ student: 'lenet5', studentWeights: 'small.safetensors' })).toBe(0.002);
    const given = flattenOptions(presets['given-teacher']('image-folder'));
    expect(Object.keys(given).sort()).toEqual(Object.keys(flattenOptions(presets.quick('glyphs'))).sort());
  });
});
