import methods from '@anc/methods';
import onnx from '@anc/backend-onnx';
import { definePlugin } from '@anc/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { compose } from '../composition/compose.js';
import { resolveFlat } from '../../test/flat-options.js';
import { optionAt } from '../options/option-table.js';
import { unusedOptions } from './unused-options.js';

const plain = definePlugin({
  name: 'plain',
  apiVersion: 1,
  backends: { plain: { options: z.strictObject({}), create: () => undefined as never } },
});
const composition = compose([methods(), onnx(), plain]);

/** Keys of the options without effect. */
function unused(flat: Record<string, unknown>): string[] {
  const { options, given } = resolveFlat(flat);
  return unusedOptions(options, given, composition).map(({ path }) => optionAt(path)!.entry.key);
}

describe('unusedOptions', () => {
  it.each<[string, Record<string, unknown>]>([
    ['mu', { mu: 0.5 }],
    [
      'mu',
      { mu: 0.5, regularizer: 'l2', methods: ['adversarial(regularizer=none)'], regularizerUpdate: 'joint' },
    ],
    ['views', { views: 4 }],
    ['milestones', { milestones: [1] }],
    ['milestoneUnit', { milestoneUnit: 'share' }],
    ['decayFactor', { decayFactor: 0.5 }],
    ['momentum', { momentum: 0.5 }],
    ['reduction', { reduction: 'mean', methods: ['kd'] }],
    ['temperature', { temperature: 3, methods: ['l2'] }],
    ['threads', { threads: 2, backend: 'plain' }],
    ['discriminator', { discriminator: '64-64', methods: ['l2'] }],
    ['discriminatorLearningRate', { discriminatorLearningRate: 0.1, methods: ['kd'] }],
    ['adapter', { adapter: 'linear', methods: ['adversarial(discriminators=[{adapter: none}])'] }],
    [
      'discriminatorInput',
      { discriminatorInput: 'logits', methods: ['adversarial(discriminators=[{input: features}])'] },
    ],
    ['limitTrain', { dataset: 'none', limitTrain: 10 }],
    ['augment', { dataset: 'none', augment: ['flip'] }],
    ['mixup', { dataset: 'none', mixup: 0.2 }],
  ])('names %s where nothing takes it: %j', (key, flat) => {
    expect(unused(flat)).toContain(key);
  });

  it.each<[Record<string, unknown>]>([
    [{}],
    [{ preset: 'modern' }],
    [{ dataset: 'none', augment: [], crop: 0, flip: false }],
    [{ mu: 0.5, regularizer: 'l1' }],
    [{ views: 4, crop: 2 }],
    [{ schedule: 'step', milestones: [1], milestoneUnit: 'iterations', decayFactor: 0.1 }],
    [{ momentum: 0.5, optimizer: 'nesterov' }],
    [{ momentum: 0.5, teacherOptimizer: 'momentum' }],
    [{ reduction: 'mean', methods: ['adversarial'] }],
    [{ temperature: 4, methods: ['adversarial'], dataTerm: 'kl' }],
    [{ threads: 2, teacherBackend: 'plain' }],
    [{ threads: null, backend: 'plain' }],
    [{ discriminator: '64-64', discriminatorLearningRate: 0.1, discriminatorSteps: 1, start: 0 }],
    [{ adapter: 'linear', methods: ['adversarial(discriminators=[{input: features}, {adapter: none}])'] }],
    [{ learningRate: 0.1, seed: 3, dataset: 'glyphs' }],
  ])('says nothing of %j', (flat) => {
    expect(unused(flat)).toEqual([]);
  });
});
