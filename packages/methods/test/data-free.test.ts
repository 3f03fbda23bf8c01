import '@tensorflow/tfjs-backend-cpu';
import {
  discrepancyContract,
  generatorContract,
  generatorTermContract,
  memoryContract,
  methodContract,
} from '@anc/testing';
import { toyEnvironment } from '@anc/testing/toy';
import { describe, expect, it } from 'vitest';
import { method, parts } from './parts.js';

const runner = { describe, it, expect };
const environment = { image: [6, 6, 1], normalization: { mean: [128], std: [74] } };
const color = { image: [7, 5, 3] };

describe.each([
  ['conv', { noise: 5, width: 4, upsamplings: 1 }, environment, {}],
  ['conv', { noise: 5, width: 4, upsamplings: 1, output: 'normalized' }, environment, { bounded: false }],
  ['conv', { noise: 3, width: 3, upsamplings: 2 }, color, { image: color.image }],
  ['noise', {}, environment, { trained: false }],
])('generator %s %j', (name, options, given, contract) => {
  generatorContract(runner, () => parts.generator(name, options, given), contract);
});

describe.each([
  ['l1', {}],
  ['l1', { centered: false }],
  ['log-l1', {}],
  ['kl', { temperature: 2 }],
  ['jensen-shannon', {}],
])('discrepancy %s %j', (name, options) => {
  discrepancyContract(runner, () => parts.discrepancy(name, options));
});

describe.each(['class-balance', 'confidence', 'activation', 'batch-norm', 'diversity'])(
  'generator term %s',
  (name) => {
    generatorTermContract(runner, () => parts.generatorTerm(name, { weight: 2 }));
  },
);

it('refuses a replay memory that would not fit, with how many batches would', () => {
  const samples = { images: { shape: [128, 28, 28, 1], data: new Float32Array(128 * 784) } };
  const init = (batches: number) => () => parts.memory('replay', { batches }).init(samples);
  expect(init(100_000)).toThrow(
    expect.objectContaining({
      code: 'ANC_OPTIONS',
      detail: expect.objectContaining({
        expected: expect.stringContaining('5349 batches') as string,
      }) as object,
    }),
  );
  expect(init(2)).not.toThrow();
});

describe.each([1, 2, 20])('replay memory of %s batches', (batches) => {
  memoryContract(runner, () => parts.memory('replay', { batches }));
});

const options = {
  optimizer: { optimizer: 'adam', learningRate: 0.02, schedule: { kind: 'constant' } },
  generator: { name: 'conv', noise: 3, width: 2, upsamplings: 1 },
  memory: { name: 'replay', batches: 2 },
};

describe.each([
  ['data-free', { studentSteps: 2 }],
  [
    'data-free',
    {
      memory: 'none',
      studentSteps: 1,
      discrepancy: { name: 'jensen-shannon' },
      studentTerm: { name: 'kl', temperature: 2 },
      generatorTerms: ['class-balance', { name: 'diversity', weight: 0.01 }],
      generatorOptimizer: { learningRate: 0.0005 },
    },
  ],
  ['data-free-noise', { studentSteps: 4 }],
  ['data-free', { studentSteps: 2, mixup: true }],
  ['few-images', { studentSteps: 2 }],
  ['few-images', { memory: 'none', imageShare: 0.7, studentTerm: { name: 'kl', temperature: 2 } }],
])('method %s %j', (name, own) => {
  methodContract(runner, () => method(name, { ...options, ...own }), { steps: 16 });
});

describe('method few-images-alone', () => {
  methodContract(runner, () => method('few-images-alone', { optimizer: options.optimizer }));
});

describe.each([
  ['few-images-hard', { radius: 20 }],
  [
    'few-images-hard',
    { steps: 1, stepSize: 5, discrepancy: 'kl', studentTerm: { name: 'kl', temperature: 2 } },
  ],
  ['few-images-random', {}],
])('method %s %j', (name, own) => {
  methodContract(runner, () => method(name, { optimizer: options.optimizer, ...own }), { steps: 16 });
});

describe('the controls of data-free', () => {
  const at = { epoch: 0, epochs: 2, step: 0, stepsPerEpoch: 4 };
  const stageOf = (name: string) => method(name, options).stages(toyEnvironment())[0]!;

  it('have the same phases; without an adversary the weight of the discrepancy is zero', () => {
    const stage = stageOf('data-free');
    expect(stage.next(at).phases).toEqual(['generator', 'student']);
    expect(stage.next({ ...at, step: 1 }).phases).toEqual(['student']);
    expect(stage.next({ ...at, step: 5 }).phases).toEqual(['generator', 'student']);
    for (const name of ['data-free-non-adversarial', 'data-free-untrained', 'data-free-noise']) {
      expect(stageOf(name).next(at).phases).toEqual(['generator', 'student']);
    }
    expect(stage.next(at).hyper.discrepancy).toBe(5);
    expect(stageOf('data-free-non-adversarial').next(at).hyper.discrepancy).toBe(0);
  });

  it.each([
    ['data-free', true, {}, ['class-balance(5)', 'confidence(1)', 'activation(0.1)', 'batch-norm(1)']],
    [
      'data-free-non-adversarial',
      true,
      {},
      ['class-balance(5)', 'confidence(1)', 'activation(0.1)', 'batch-norm(1)'],
    ],
    ['data-free', false, {}, ['class-balance(5)', 'confidence(1)', 'activation(0.1)']],
    ['data-free', true, { generatorTerms: ['diversity'] }, ['diversity(0.1)']],
  ])('%s by a teacher with batch norm: %s, and %j, has the terms %j', (name, hasBatchNorm, own, terms) => {
    const environment = toyEnvironment();
    const { outputs, network: plain } = environment.teacher!;
    const average = { shape: [2], data: new Float32Array(2) };
    const network: typeof plain = {
      ...plain!,
      init: (...args) => ({
        ...plain!.init(...args),
        stats: Object.fromEntries(hasBatchNorm ? [['norm/mean', average]] : []),
      }),
    };
    const teacher = { outputs, network };
    const [stage] = method(name, { ...options, ...own }).stages({ ...environment, teacher });
    const found = Object.keys(stage!.step.sources ?? {}).filter((metric) => metric.startsWith('loss/term/'));
    expect(found.map((metric) => metric.slice('loss/term/1 '.length))).toEqual(terms);
  });

  it('refuse a teacher that is a closed function', () => {
    const { teacher, ...environment } = toyEnvironment();
    const closed = { ...environment, teacher: { outputs: teacher!.outputs } };
    expect(() => method('data-free', options).stages(closed)).toThrow(/closed function/);
  });

  it('refuse batches of one image, and a memory of none', () => {
    const single = { ...toyEnvironment(), batchSize: 1 };
    for (const name of ['data-free', 'few-images']) {
      expect(() => method(name, options).stages(single)).toThrow(/batches of several images/);
    }
    const empty = { ...options, memory: { name: 'replay', batches: 0 } };
    expect(() => method('data-free', empty).stages(toyEnvironment())).toThrow();
  });
});
