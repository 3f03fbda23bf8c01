import { classification, type Normalization } from '@anc/core';
import { taskOfDocument } from '@anc/core/internal';
import { encodeWeightsMetadata } from '@anc/formats';
import { cnn } from '@anc/models';
import { describe, expect, it } from 'vitest';
import type { ModelResult } from '../events/documents.js';
import type { Plan, PlannedModel } from '../planning/plan.js';
import { modelCard, weightsMetadata } from './model-card.js';

const named = (name: string, options: Record<string, unknown> = {}) => ({ name, options });
const network = cnn({ widths: [2], features: 3 }, { classes: 2 });

const planOf = (normalization: Normalization = { mean: [127.5], std: [64] }): Plan =>
  ({
    options: {
      data: { dataset: named('corners', { seed: 1 }) },
      teacher: { model: named('nin', { dropout: 0.5 }) },
      training: { batchSize: 16 },
    },
    data: {
      dataset: { shape: [8, 8, 1], classes: ['cat', 'dog'] },
      train: { images: { count: 48_000 } },
      test: { images: { count: 2000 } },
      normalization,
    },
    plugins: [],
    task: { task: classification, description: taskOfDocument({}) },
    classNames: ['cat', 'dog'],
  }) as unknown as Plan;

const modelOf = (
  method = named('kd', { temperature: 2 }),
  more: { usesLabels?: boolean; needsTeacher?: boolean; options?: object } = {},
): PlannedModel => {
  const { usesLabels = false, needsTeacher = true, options = {} } = more;
  return {
    name: 'kd-2',
    method,
    options,
    needsTeacher,
    network: { model: named('cnn', { widths: [2] }), network },
    stages: [{ usesLabels }],
    epochs: 30,
    seed: 7,
  } as unknown as PlannedModel;
};

/** As the header of the weights file holds it. */
const recorded = (...args: Parameters<typeof weightsMetadata>) =>
  encodeWeightsMetadata(weightsMetadata(...args));

const result: ModelResult & { agreement: number } = {
  model: 'cnn',
  testError: 0.125,
  agreement: 0.9,
  parameters: 1234,
  flops: 56_789,
  seconds: 3,
  weights: 'abc123',
  bytes: 5000,
};

describe('weightsMetadata', () => {
  it('says enough to use the weights without the run', () => {
    expect(recorded(planOf(), modelOf())).toEqual({
      model: 'cnn',
      modelOptions: '{"widths":[2]}',
      input: '[8,8,1]',
      classes: '["cat","dog"]',
      normalization: '{"mean":[127.5],"std":[64]}',
      method: 'kd',
      methodOptions: '{"temperature":2}',
      dataset: 'corners(seed=1)',
      seed: '7',
    });
    expect(recorded(planOf('per-image'), modelOf()).normalization).toBe('"per-image"');
  });

  it('names the quantization of the weights, wherever it was set', () => {
    const options = { quantize: 'ttq', temperature: 2 };
    expect(recorded(planOf(), modelOf(named('kd', { temperature: 2 }), { options })).methodOptions).toBe(
      '{"temperature":2,"quantize":"ttq"}',
    );
    const none = modelOf(named('kd'), { options: { quantize: 'none' } });
    expect(recorded(planOf(), none).methodOptions).toBe('{}');
  });
});

describe('weightsMetadata of a teacher that does not name its classes', () => {
  it('has their number, and no names that were guessed', () => {
    const plan = { ...planOf(), classNames: null };
    expect(recorded(plan, modelOf()).classes).toBe('2');
    expect(modelCard(plan, modelOf(), result)).not.toContain('cat');
  });
});

describe('modelCard', () => {
  it('shows beside agreement what a constant prediction reaches, and kappa where that is much', () => {
    const card = (agreementBaseline: number): string =>
      modelCard(planOf(), modelOf(), { ...result, agreementBaseline, kappa: 0.25 });
    expect(card(0.8)).toContain(
      "| agreement with the teacher | 90.00 % (always predicting its most frequent class: 80.00 %; Cohen's kappa 0.250) |",
    );
    expect(card(0.55)).toContain('| 90.00 % (always predicting its most frequent class: 55.00 %) |');
  });

  const card = (model = modelOf(), of: ModelResult & { agreement?: number } = result, plan = planOf()) =>
    modelCard(plan, model, of);

  it('names the plugins of the user that had a share in it', () => {
    const record = { version: '1.2.3', digest: 'sha256:ab', source: 'package', discovered: true } as const;
    const plugins = [
      { ...record, name: 'anc-plugin-used', used: true },
      { ...record, name: 'anc-plugin-idle', used: false },
      { ...record, name: '@anc/methods', source: 'built-in' as const, used: true },
      { ...record, name: 'named', version: null, digest: null, discovered: false, used: false },
    ];
    expect(card(modelOf(), result, { ...planOf(), plugins })).toContain(
      'Plugins: `anc-plugin-used` 1.2.3 (`sha256:ab`), `named`.\n',
    );
    expect(card()).not.toContain('Plugins:');
  });

  it('names network, method, data and teacher', () => {
    const text = card();
    expect(text.split('\n')[0]).toBe('# cnn(widths=[2]), kd-2');
    expect(text).toContain(
      '`cnn(widths=[2])` for 8×8×1 images of 2 classes, trained by the method `kd(temperature=2)` on corners(seed=1). ' +
        'It learned from `nin(dropout=0.5)`, without labels.',
    );
    expect(text).toContain('Classes: cat, dog.');
    expect(text).toContain('SHA-256 `abc123`');
  });

  it('says what it learned from', () => {
    expect(card(modelOf(named('kd'), { usesLabels: true }))).toContain(
      'It learned from `nin(dropout=0.5)`.\n',
    );
    const alone = modelOf(named('supervised'), { usesLabels: true, needsTeacher: false });
    expect(card(alone)).toContain('It learned from labels.');
    expect(card(alone)).not.toContain('`nin(');
  });

  it('shows the address of a teacher without its query', () => {
    const plan = planOf();
    const model = named('https://localhost/predict?key=s3cret', { version: '2' });
    const text = card(modelOf(), result, { ...plan, options: { ...plan.options, teacher: { model } } });
    expect(text).toContain('It learned from `https://localhost/predict(version="2")`, without labels.');
    expect(text).not.toContain('s3cret');
  });

  it('has a table of what was measured', () => {
    const rows = card()
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .slice(1);
    expect(rows.map(([, name, value]) => [name, value])).toEqual([
      ['test error', '12.50 % of 2,000 images'],
      ['agreement with the teacher', '90.00 %'],
      ['parameters', '1,234'],
      ['FLOPs per image', '56,789'],
      ['training images', '48,000'],
      ['epochs, batch, seed', '30, 16, 7'],
    ]);
  });

  it('leaves out what was not measured, and names the best epoch where there is one', () => {
    const { agreement: _, ...teacher } = result;
    expect(card(modelOf(), teacher)).not.toContain('agreement');
    expect(card()).not.toContain('best epoch');
    const best = { epoch: 4, validationError: 0.1, testError: 0.11 };
    expect(card(modelOf(), { ...result, best })).toContain(
      '| best epoch on held-out images | 4: test error 11.00 %, weights in `best/` |',
    );
  });

  it('describes the normalization in words', () => {
    expect(card()).toContain('the network sees (x - mean) / std per channel, mean 127.500, std 64.000.');
    expect(card(modelOf(), result, planOf('per-image'))).toContain(
      'each image is normalized by its own mean and deviation.',
    );
    const pixel = { mean: new Array<number>(64).fill(3), std: [64] };
    expect(card(modelOf(), result, planOf(pixel))).toContain(
      'the network sees (x - mean image) / std, std 64.000; the mean image is in the metadata of the weights.',
    );
  });
});
