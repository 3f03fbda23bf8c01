import { rateAt, type Schedule } from '@anc/core';
import { presetFor } from '@anc/methods';
import { describe, expect, it } from 'vitest';
import { resolveFlat } from '../../test/flat-options.js';
import { flattenOptions } from './option-table.js';
import { presets } from './presets.js';

type Flat = Record<string, unknown>;
/** A preset's options by key. */
const flatPreset = (name: keyof typeof presets, dataset: string): Flat =>
  flattenOptions(presets[name](dataset));
/** A run's options by key. */
const resolved = (flat: Flat): Flat => flattenOptions(resolveFlat(flat).options);
const paper = (dataset: string, given: Flat = {}): Flat => resolved({ preset: 'paper', dataset, ...given });

describe('presets', () => {
  it.each([
    ['paper', 'cifar-10'],
    ['paper', 'svhn'],
    ['paper', 'fashion-mnist'],
    ['modern', 'cifar-10'],
    ['modern', 'svhn'],
  ] as const)('train as their data says: %s, %s', (name, dataset) => {
    const { epochs, batchSize, augmentation, optimizer: own } = presetFor(name, dataset);
    const { optimizer, learningRate, weightDecay } = own;
    expect(flatPreset(name, dataset)).toMatchObject({
      epochs,
      batchSize,
      ...augmentation,
      ...{ optimizer, learningRate, weightDecay },
      schedule: (own.schedule as { kind: string }).kind,
    });
    expect(flatPreset(name, dataset)).not.toHaveProperty('teacherEpochs');
  });

  it('flip neither digits nor glyphs', () => {
    for (const dataset of ['mnist', 'glyphs']) {
      expect(flatPreset('paper', dataset)).toMatchObject({ flip: false, epochs: 120, optimizer: 'adam' });
      expect(flatPreset('modern', dataset).flip).toBe(false);
    }
  });

  it("leave the paper's objective to the methods, and let single options of the modern one be replaced", () => {
    for (const key of ['dataTerm', 'discriminator', 'dropout']) {
      expect(flatPreset('paper', 'cifar-10')).not.toHaveProperty(key);
    }
    expect(resolved({ preset: 'modern', temperature: 2 })).toMatchObject({
      dataTerm: { name: 'kl', options: {} },
      temperature: 2,
      discriminatorInput: 'logits',
      balancer: { name: 'gradient-norm' },
      discriminatorLearningRate: 0.0005,
    });
  });

  it("scale the paper's milestone to a shorter training", () => {
    const dropsAt = (dataset: string, epochs: number, stepsPerEpoch: number) => {
      const { milestones, milestoneUnit: unit, decayFactor: factor } = paper(dataset, { epochs });
      const schedule = { kind: 'step', milestones, unit, factor } as Schedule;
      for (let step = 0; step < epochs * stepsPerEpoch; step++) {
        if (rateAt(schedule, { step, epochs, stepsPerEpoch }) < 1) return step;
      }
      return null;
    };
    expect(dropsAt('cifar-10', 260, 391)).toBe(80_000);
    expect(dropsAt('cifar-10', 26, 391)).toBe(8000);
    expect(dropsAt('cifar-10', 26, 10)).toBe(Math.round((260 * 80_000) / (260 * 391)));
    expect(dropsAt('svhn', 130, 573)).toBe(40_000);
    expect(dropsAt('fashion-mnist', 120, 469)).toBeNull();
    expect(dropsAt('fashion-mnist', 12, 469)).toBeNull();
  });

  it('leave milestones alone where somebody gives them', () => {
    expect(paper('cifar-10', { epochs: 2, milestones: [100] })).toMatchObject({
      milestones: [100],
      milestoneUnit: 'iterations',
    });
  });
});
