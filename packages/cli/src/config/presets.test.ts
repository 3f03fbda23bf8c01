import { rateAt } from '@anc/core';
import { presetFor } from '@anc/methods';
import { describe, expect, it } from 'vitest';
import { presets } from './presets.js';
import { resolveConfig } from './resolve.js';

const paper = (dataset: string, said: object = {}) =>
  resolveConfig({ preset: 'paper', dataset, ...said }, '/');

describe('presets', () => {
  it.each([
    ['paper', 'cifar-10'],
    ['paper', 'svhn'],
    ['paper', 'fashion-mnist'],
    ['modern', 'cifar-10'],
    ['modern', 'svhn'],
  ] as const)('train as the recipe says: %s, %s', (name, dataset) => {
    const { epochs, batchSize, augmentation, optimizer: own } = presetFor(name, dataset);
    const { optimizer, learningRate, weightDecay } = own;
    expect(presets[name](dataset)).toMatchObject({
      epochs,
      batchSize,
      ...augmentation,
      ...{ optimizer, learningRate, weightDecay },
      schedule: own.schedule?.kind,
    });
    expect(presets[name](dataset)).not.toHaveProperty('teacherEpochs');
  });

  it('flip neither digits nor glyphs', () => {
    for (const dataset of ['mnist', 'glyphs']) {
      expect(presets.paper(dataset)).toMatchObject({ flip: false, epochs: 120, optimizer: 'adam' });
      expect(presets.modern(dataset).flip).toBe(false);
    }
  });

  it("leave the paper's objective to the methods, and let single options of the modern one be replaced", async () => {
    for (const key of ['dataTerm', 'discriminator', 'dropout']) {
      expect(presets.paper('cifar-10')).not.toHaveProperty(key);
    }
    expect(await resolveConfig({ preset: 'modern', temperature: 2 }, '/')).toMatchObject({
      dataTerm: { name: 'kl', options: {} },
      temperature: 2,
      discriminatorInput: 'logits',
      balancer: { name: 'gradient-norm' },
      discriminatorLearningRate: 0.0005,
    });
  });

  it("scale the paper's milestone to a shorter training", async () => {
    const dropsAt = async (dataset: string, epochs: number, stepsPerEpoch: number) => {
      const { milestones, milestoneUnit: unit, decayFactor: factor } = await paper(dataset, { epochs });
      const schedule = { kind: 'step', milestones, unit, factor } as const;
      for (let step = 0; step < epochs * stepsPerEpoch; step++) {
        if (rateAt(schedule, { step, epochs, stepsPerEpoch }) < 1) return step;
      }
      return null;
    };
    expect(await dropsAt('cifar-10', 260, 391)).toBe(80_000);
    expect(await dropsAt('cifar-10', 26, 391)).toBe(8000);
    expect(await dropsAt('cifar-10', 26, 10)).toBe(Math.round((260 * 80_000) / (260 * 391)));
    expect(await dropsAt('svhn', 130, 573)).toBe(40_000);
    expect(await dropsAt('fashion-mnist', 120, 469)).toBeNull();
    expect(await dropsAt('fashion-mnist', 12, 469)).toBeNull();
  });

  it('leave milestones alone where somebody gives them', async () => {
    expect(await paper('cifar-10', { epochs: 2, milestones: [100] })).toMatchObject({
      milestones: [100],
      milestoneUnit: 'iterations',
    });
  });
});
