import { expect, it } from 'vitest';
import type { TrialResult, TunedMethod, TuneResult } from './documents.js';
import { ratesChart, tuningReport } from './report.js';

const trial = (learningRate: number, agreement: number | null, temperature?: number): TrialResult => ({
  setting: { learningRate, ...(temperature !== undefined && { temperature }) },
  seed: 1,
  agreement,
  error: null,
  seconds: 1,
});

const method = (name: string, tries: readonly TrialResult[]): TunedMethod => ({
  name,
  method: name,
  usesLabels: false,
  by: 'agreement',
  tries,
  best: tries[0]!,
  confirmed: null,
  differences: [],
});

const result = (methods: readonly TunedMethod[]): TuneResult => ({
  tune: 'runs/tune-1',
  dataset: 'glyphs',
  backend: 'onnx',
  seed: 1,
  confirmationSeeds: [],
  trainingImages: 10,
  heldOutImages: 10,
  teacherError: 0.1,
  found: 'runs/tune-1/tuned.yaml',
  methods,
  interpretation: [],
  reading: [],
});

it('draws what every method reached with each rate, with its best temperature', async () => {
  const tuned = result([
    method('kd', [trial(0.002, 0.8, 4), trial(0.001, 0.7, 4), trial(0.002, 0.85, 2)]),
    method('l2', [trial(0.001, null), trial(0.004, 0.5)]),
  ]);
  expect(ratesChart(tuned)).toMatchObject({
    axis: { name: 'learning rate', values: [0.001, 0.002, 0.004] },
    lines: [
      { name: 'kd', values: [0.7, 0.85, NaN] },
      { name: 'l2', values: [NaN, NaN, 0.5] },
    ],
  });
  const page = await tuningReport(tuned);
  expect(page).toContain('<svg');
  expect(page).toContain('learning rate');
});

it('draws nothing of a single rate', () => {
  expect(ratesChart(result([method('kd', [trial(0.001, 0.7)])]))).toBeNull();
});
