import { describe, expect, it } from 'vitest';
import { analysisSection } from './analysis-section.js';
import { dataSection } from './data-section.js';
import type { DataDocument, PredictionAnalysis } from './documents.js';
import { firstScreen } from './first-screen.js';
import { formatBytes, formatLarge, ratioInWords, wilson } from './format.js';
import { Markup } from './markup.js';
import { objectiveOf } from './objective-section.js';
import { paretoPlot, type ParetoPoint } from './pareto.js';
import { calibrationError } from './reliability.js';
import { tileOf } from './tiles.js';
import type { ReportedResult } from './report.js';

const plain = (markup: Markup | string | null): string =>
  (markup instanceof Markup ? markup.text : (markup ?? ''))
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();

const network = { model: 'cnn', parameters: 400_000, flops: 8_000_000, seconds: 1, bytes: 1_600_000 };
const result: ReportedResult = {
  dataset: 'glyphs',
  backend: 'onnx',
  seed: 1,
  teacher: { ...network, testError: 0.05 },
  students: [
    { ...network, name: 'l2', agreement: 0.5, testError: 0.5 },
    {
      ...network,
      name: 'kd',
      agreement: 0.9,
      agreementBaseline: 0.1,
      testError: 0.08,
      parameters: 40_000,
      bytes: 160_000,
    },
  ],
  best: { name: 'kd', reason: 'it agrees most' },
};
const latency = {
  backend: 'onnx',
  device: 'cpu',
  batch: 1,
  models: { teacher: { p50: 4, p95: 5, calls: 9 }, kd: { p50: 0.5, p95: 1, calls: 9 } },
};

describe('the first screen', () => {
  it('answers for the best student: how accurate, how small, how fast, what was lost', () => {
    const text = plain(firstScreen(result, latency, 1000));
    expect(text).toContain('kd (cnn): of 2 students it agrees most.');
    expect(text).toMatch(
      /accurate enough\? 90\.0 % agreement with the teacher on 1,000 test images; 95 % interval 88\.0–91\.7 %/,
    );
    expect(text).toMatch(/small\? 160 kB 10 × smaller than the teacher \(1\.6 MB\) 40 k parameters of 400 k/);
    expect(text).toMatch(/fast\? 0\.5 ms per image, 8 × faster than the teacher \(4 ms\)/);
    expect(text).toMatch(/lost\? 3\.0 points test error 8\.00 %, of the teacher 5\.00 %/);
  });

  it('speaks of agreement alone without labels, and of FLOPs without a measurement', () => {
    const unlabeled = result.students.map((student) => ({ ...student, testError: null }));
    const text = plain(firstScreen({ ...result, students: unlabeled }, null, null));
    expect(text).toMatch(/lost\? 10\.0 % of the images get another answer.*accuracy is not known/);
    expect(text).not.toContain('points');
    expect(text).toMatch(/fast\? 8 M FLOPs/);
  });

  it('names what is not known: labels only where they are missing', () => {
    const noTeacher = plain(firstScreen({ ...result, teacher: null }, null, null));
    expect(noTeacher).toMatch(/the teacher(&#39;|')s accuracy is not known$/);
    expect(noTeacher).not.toContain('no labels');
    const students = [{ ...result.students[1]!, testError: NaN }];
    expect(plain(firstScreen({ ...result, students }, null, null))).toContain('accuracy is no number: NaN');
  });

  it('speaks of predictions in other tasks', () => {
    const metrics = [{ name: 'angle', better: 'lower', unit: 'number', label: 'angle error' }] as const;
    const task = { name: 'pose', perImage: false, metrics } as unknown as NonNullable<ReportedResult['task']>;
    const text = plain(firstScreen({ ...result, task }, null, null));
    expect(text).toMatch(
      /10\.0 % of the predictions differ from the teacher(&#39;|')s angle error is not known/,
    );
    expect(text).not.toContain('of the images');
  });

  it('says by what a student is smaller, and where the teacher is measured elsewhere', () => {
    const { bytes: _bytes, ...student } = result.students[1]!;
    const text = plain(
      firstScreen({ ...result, students: [student] }, { ...latency, teacherBackend: 'js' }, 9),
    );
    expect(text).toContain('small? 40,000 parameters 10 × smaller than the teacher by parameters');
    expect(text).not.toContain('1.6 MB');
    expect(text).toContain('8 × faster than the teacher (4 ms on js); on onnx');
  });

  it('says where a student is no better than a constant', () => {
    const students = [{ ...result.students[1]!, agreementBaseline: 0.95 }];
    expect(plain(firstScreen({ ...result, students }, null, null))).toContain('no better than always giving');
  });

  it('is left out where no student has an agreement', () => {
    expect(firstScreen({ ...result, students: [] }, null, 10)).toBe('');
  });
});

describe('the plot of cost and agreement', () => {
  const point = (name: string, agreement: number, flops: number): ParetoPoint => ({
    name,
    agreement,
    flops,
    bytes: 1000,
    latency: null,
  });

  it('joins the models that no other one beats in both', () => {
    const plot = paretoPlot([point('teacher', 1, 100), point('a', 0.8, 10), point('b', 0.7, 20)], 'p')!.text;
    const corners = /points="([^"]*)"/.exec(plot)![1]!.split(' ');
    expect(corners).toHaveLength(2);
    expect(plot.match(/<circle/g)).toHaveLength(3);
    expect(plot).not.toContain('NaN');
  });

  it('takes the first cost that all models have, and is left out without any', () => {
    const points = [point('teacher', 1, 100), { ...point('a', 0.8, 10), latency: 2 }];
    expect(paretoPlot(points, 'p')!.text).toContain('FLOPs per image');
    expect(
      paretoPlot(
        points.map((one) => ({ ...one, latency: 3 })),
        'p',
      )!.text,
    ).toContain('latency of one image');
    expect(
      paretoPlot(
        points.map((one) => ({ ...one, flops: null, bytes: null })),
        'p',
      ),
    ).toBeNull();
    expect(paretoPlot(points.slice(1), 'p')).toBeNull();
  });
});

it('intervals of shares and ratios', () => {
  const [low, high] = wilson(0.9, 1000);
  expect(low).toBeCloseTo(0.8798, 4); // as scipy's binomtest(...).proportion_ci(method='wilson')
  expect(high).toBeCloseTo(0.9171, 4);
  expect(wilson(1, 10)[1]).toBeCloseTo(1);
  expect(ratioInWords(2, 9, ['smaller', 'larger'])).toBe('4.5 × smaller');
  expect(ratioInWords(9, 2, ['smaller', 'larger'])).toBe('4.5 × larger');
  expect(ratioInWords(null, 2, ['smaller', 'larger'])).toBeNull();
});

describe('the objective with the numbers of a run', () => {
  const common = { lambda: 1, hardWeight: 0, hardWeightMode: 'share' };

  it.each([
    ['l2', { ...common, reduction: 'sum' }, ['min over f_s: E ‖f_t − f_s‖²']],
    ['kd', { ...common, lambda: 0.5, temperature: 4 }, ['min over f_s: 0.5 · 4² E KL(σ_4(f_t) ‖ σ_4(f_s))']],
    [
      'kd',
      { ...common, hardWeight: 0.25, temperature: 2 },
      ['min over f_s: 0.75 · 2² E KL(σ_2(f_t) ‖ σ_2(f_s)) + 0.25 · CE(y, f_s)'],
    ],
    [
      'adversarial',
      {
        ...common,
        dataTerm: { name: 'l2', options: {} },
        adversarialLoss: { name: 'label-inversion', options: {} },
        adversarialWeight: 2,
        regularizer: { name: 'adversarial-samples', options: {} },
        dropout: 0.5,
      },
      [
        'min over f_s: E ‖f_t − f_s‖² − 2 · E log D(dropout_0.5(s))',
        'min over D: − E log D(t) − E log(1 − D(s)) + regularizer adversarial-samples',
      ],
    ],
    ['mine', { width: 3, name: 'x' }, ['loss of mine with width = 3']],
  ])('%s', (name, options, lines) => {
    expect(objectiveOf(name, options)).toEqual(lines);
  });
});

const analysis: PredictionAnalysis = {
  images: 10,
  classes: 2,
  labels: true,
  perClass: [
    { name: 'cat <1>', teacher: 4, agreed: 3, labeled: 5, right: 2, teacherRight: 4 },
    { name: 'dog', teacher: 6, agreed: 6, labeled: 5, right: 5, teacherRight: 5 },
  ],
  confusion: { classes: ['cat <1>', 'dog'], counts: [[3, 1], [0, 6]] }, // prettier-ignore
  reliability: {
    student: [
      { images: 0, confidence: 0, agreement: 0, accuracy: 0 },
      { images: 10, confidence: 0.8, agreement: 0.9, accuracy: 0.7 },
    ],
    teacher: [{ images: 10, confidence: 0.9, accuracy: 0.9 }],
  },
  disagreements: 1,
  worst: [
    {
      image: 7,
      teacher: { class: 'cat <1>', confidence: 0.9 },
      student: { class: 'dog', confidence: 0.6 },
      label: 'dog',
    },
  ],
  shown: { count: 1, columns: 5, tile: [28, 28], gap: 2 },
};

describe('where a student differs from the teacher', () => {
  const pictures = { ...analysis.shown!, png: new Uint8Array([137, 80]) };

  it('shows classes, confusions, reliability and pictures with both answers, all text escaped', () => {
    const { text } = analysisSection('kd', { analysis, pictures }, 'a', true);
    const words = plain(new Markup(text));
    expect(words).toContain('Where kd differs from the teacher: 1 of 10 test images');
    expect(words).toMatch(/cat &lt;1&gt; 4 75\.0 % 5 40\.0 % 80\.0 %/);
    expect(words).toMatch(/teacher: cat &lt;1&gt; 90 % student: dog 60 % label: dog test image 7/);
    expect(text).not.toContain('cat <1>');
    expect(text).toMatch(/viewBox="2 2 28 28"[^>]*>\s*<use href="#a-pictures"/);
    expect(text).toContain('href="data:image/png;base64,iVA="');
    expect(words).toContain('teacher: accuracy');
  });

  it('shows agreement alone without labels', () => {
    const perClass = analysis.perClass.map(({ name, teacher, agreed }) => ({ name, teacher, agreed }));
    const unlabeled = {
      ...analysis,
      labels: false,
      perClass,
      reliability: { ...analysis.reliability, teacher: [] },
    };
    const words = plain(analysisSection('kd', { analysis: unlabeled, pictures: null }, 'a', false));
    expect(words).toContain('kd: agreement with the teacher');
    expect(words).not.toMatch(/accuracy/);
  });

  it('finds a picture in its sheet', () => {
    expect(tileOf({ count: 7, columns: 5, tile: [10, 20], gap: 2 }, 'x', 6, 'l').text).toContain(
      'viewBox="24 14 20 10"',
    );
  });

  it('measures the distance of probability and share over the images', () => {
    const bins = [
      { images: 3, confidence: 0.5, share: 0.6 },
      { images: 1, confidence: 0.9, share: 0.5 },
    ];
    expect(calibrationError(bins)).toBeCloseTo((3 * 0.1 + 0.4) / 4);
    expect(calibrationError([])).toBe(0);
  });
});

it('says where the data is, how many images of what, and how they are read', () => {
  const data: DataDocument = {
    dataset: 'folder',
    location: '~/pictures & more',
    shape: [28, 30, 3],
    classes: 3,
    classNames: ['a', 'b'],
    splits: [
      { name: 'training', images: 1200, labels: false },
      { name: 'test', images: 300, labels: true },
    ],
    normalization: '(x − 1) / 2',
    augmentation: 'flip',
    notices: ['two pictures could not be read'],
  };
  const words = plain(dataSection({ data, pictures: null }));
  for (const text of [
    'folder, in ~/pictures &amp; more',
    '1,200 training (without labels); 300 test',
    '28 × 30 pixels, 3 channels',
    '3: a, b, …',
    '(x − 1) / 2',
    'two pictures could not be read',
  ]) {
    expect(words).toContain(text);
  }
  expect(words).not.toContain('Training images');
});

describe('large numbers', () => {
  it.each([
    [999_400, '999 k'],
    [999_950, '1 M'],
    [971_746, '972 k'],
    [12, '12'],
  ])('%d is %s', (value, text) => expect(formatLarge(value)).toBe(text));

  it('have one space before their unit', () => {
    expect([999, 999.9, 1600].map(formatBytes)).toEqual(['999 B', '1 kB', '1.6 kB']);
  });
});
