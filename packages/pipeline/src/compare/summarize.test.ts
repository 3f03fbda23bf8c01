import { describe, expect, it } from 'vitest';
import type { RunResult, StudentResult } from '../events/documents.js';
import { intervalOf } from './interval.js';
import { reportOf } from './report.js';
import { formatInterval, formatPoints, summarize } from './summarize.js';
import { rowsOf } from './table.js';

const model = { model: 'm', parameters: 10, flops: 20, seconds: 2, weights: 'w', bytes: 40 };
const student = (name: string, testError: number | null, agreement: number): StudentResult => ({
  ...model,
  method: name.replace(/-\d$/, ''),
  name,
  testError,
  agreement,
});
const run = (seed: number, students: readonly StudentResult[]): RunResult => ({
  run: `runs/c/seed-${seed}`,
  dataset: 'glyphs',
  backend: 'onnx',
  seed,
  teacher: { ...model, testError: 0.05 },
  students,
  interpretation: [],
  reading: [],
});
const free = (method: string) => ({ name: method, method, usesLabels: false });

describe('summarize', () => {
  const methods = [free('l2'), free('kd'), free('adversarial')];
  // adversarial is a constant 0.02 better than l2, although the seeds differ by ten times that; kd is noise.
  const result = summarize(
    [0.1, 0.3, 0.5].map((error, i) =>
      run(i, [
        student('l2', error, 0.9),
        student('kd', error + [0.01, -0.02, 0.015][i]!, 0.9),
        student('adversarial', error - 0.02 - 0.001 * i, 0.9),
      ]),
    ),
    methods,
    'runs/c',
    1000,
  );
  const toL2 = (i: number) => result.methods[i]!.differences.find(({ to }) => to === 'l2');

  it('pairs seeds before it takes differences', () => {
    expect(result.methods[2]!.testError!.margin!).toBeGreaterThan(0.4);
    expect(toL2(2)).toMatchObject({ what: 'error', verdict: 'better' });
    expect(toL2(2)!.text).toMatch(/^better than l2 \(-2\.10 ± 0\.25\)$/);
  });

  it('says when nothing is distinguishable', () => {
    expect(toL2(1)!.text).toMatch(/^not distinguishable from l2 \(\+0\.17 ± /);
  });

  it('holds nothing against itself, and everything else against l2 and kd', () => {
    expect(result.methods.map(({ differences }) => differences.map(({ to }) => to))).toEqual([
      ['kd'],
      ['l2'],
      ['l2', 'kd'],
    ]);
  });

  it('refuses distillation with labels as the reference', () => {
    const runs = [run(1, [student('kd', 0.1, 0.9), student('supervised', 0.1, 0.9)])];
    const { methods: found, interpretation } = summarize(
      runs,
      [
        { name: 'kd', method: 'kd(hardWeight=0.5)', usesLabels: true },
        { name: 'supervised', method: 'supervised', usesLabels: true },
      ],
      'c',
      10,
    );
    expect(found.flatMap(({ differences }) => differences)).toEqual([]);
    expect(interpretation.join(' ')).toMatch(
      /add it to --methods \(without labels\).*One seed has no interval/,
    );
  });

  it('compares agreement, where more is better, without labels on the test images', () => {
    const runs = [1, 2].map((seed) =>
      run(seed, [student('l2', null, 0.8), student('kd', null, 0.9 + seed / 1000)]),
    );
    const { methods: found } = summarize(runs, [free('l2'), free('kd')], 'c', 10);
    expect(found[1]!.testError).toBeNull();
    expect(found[1]!.differences[0]).toMatchObject({ what: 'agreement', verdict: 'better' });
  });

  it('gives no verdict where the differences of all seeds are equal', () => {
    const runs = [1, 2].map((seed) => run(seed, [student('l2', 0.2, 0.8), student('kd', 0.1, 0.9)]));
    const { methods: found } = summarize(runs, [free('l2'), free('kd')], 'c', 10);
    expect(found[1]!.differences[0]).toMatchObject({ verdict: 'not-distinguishable' });
  });

  it('gives no interval of a method that diverged with a seed, and says so', () => {
    const diverged = {
      ...{ name: 'l2', method: 'l2', model: 'm', stage: 'train', epoch: 1, step: 2 },
      message: 'training diverged in step 2: loss/student is NaN.',
    };
    const runs = [
      run(1, [student('l2', 0.2, 0.8), student('kd', 0.1, 0.9)]),
      { ...run(2, [student('kd', 0.12, 0.9)]), diverged: [diverged] },
    ];
    const found = summarize(runs, [free('l2'), free('kd')], 'c', 10);
    expect(found.methods.map(({ name, testError }) => [name, testError!.values])).toEqual([
      ['kd', [0.1, 0.12]],
    ]);
    expect(found.methods[0]!.differences).toEqual([]);
    expect(found.diverged).toEqual([
      { ...free('l2'), seeds: [2], message: 'training diverged in step 2: loss/student is NaN.' },
    ]);
    expect(found.interpretation[0]).toBe(
      'l2: diverged with seed 2, so no interval of it or against it is given (training diverged in step 2: loss/student is NaN).',
    );
    expect(found.interpretation.join(' ')).not.toContain('Nothing is held against l2');
    const { head, rows } = rowsOf(found);
    expect(rows.map(([name, , error]) => [name, error])).toContainEqual(['l2', 'diverged']);
    expect(rows.every((row) => row.length === head.length)).toBe(true);
  });

  it.each([
    [['kd'], ['l2']],
    [['l2', 'kd'], []],
    [['data-free'], ['data-free-non-adversarial']],
    [['few-images', 'few-images-alone'], []],
  ])('names the references that %j lack', (names, missing) => {
    const runs = [1, 2].map((seed) => run(seed, names.map((name) => student(name, 0.2, 0.8)))); // prettier-ignore
    const { interpretation } = summarize(runs, names.map(free), 'c', 10);
    const named = interpretation.flatMap(
      (line) => /^Nothing is held against ([\w-]+):/.exec(line)?.[1] ?? [],
    );
    expect(named).toEqual(missing);
  });

  it('decides nothing with one seed', () => {
    const { methods: found } = summarize(
      [run(1, [student('l2', 0.2, 0.8), student('kd', 0.1, 0.9)])],
      [free('l2'), free('kd')],
      'c',
      10,
    );
    expect(found[1]!.differences[0]).toMatchObject({ verdict: 'one-seed' });
  });

  it('becomes a table and a page that escape what they show', () => {
    const { head, rows } = rowsOf(result);
    expect(rows).toHaveLength(4);
    expect(rows.every((row) => row.length === head.length)).toBe(true);
    const page = reportOf({ ...result, interpretation: ['a < b'] });
    expect(page).toContain('a &lt; b');
    expect(page).not.toContain('<script');
  });
});

it('formatPoints writes percentage points with their sign', () => {
  expect(formatPoints({ mean: 0.0123, margin: 0.004, values: [] })).toBe('+1.23 ± 0.40');
  expect(formatPoints({ mean: -0.01, margin: null, values: [] })).toBe('-1.00');
});

it('leaves out intervals of two seeds that no share can have', () => {
  const interval = (...values: number[]) => formatInterval(intervalOf(values));
  expect(interval(0.15, 0.56)).toBe('35.50 %');
  expect(interval(0.35, 0.352)).toMatch(/^35\.10 ± /);
  expect(interval(0.15, 0.56, 0.3)).toMatch(/^33\.67 ± /);
  expect(formatPoints(intervalOf([0.1, 0.5]))).toBe('+30.00');
});
