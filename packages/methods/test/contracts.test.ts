import '@tensorflow/tfjs-backend-cpu';
import {
  adversarialLossContract,
  balancerContract,
  dataTermContract,
  discriminatorContract,
  methodContract,
  regularizerContract,
} from '@anc/testing';
import { toyEnvironment } from '@anc/testing/toy';
import { describe, expect, it } from 'vitest';
import { SpectrallyNormalized } from '../src/index.js';
import { method, parts } from './parts.js';

const runner = { describe, it, expect };

describe.each([
  ['mlp', { units: [7, 5] }, [6]],
  ['mlp', { units: [5] }, [2, 2, 3]],
  ['conv', { filters: [3, 4] }, [6]],
  ['conv', { filters: [3] }, [4, 4, 2]],
  ['projection', { units: [7, 5] }, [6]],
  ['auxiliary-classifier', { units: [7, 5] }, [6]],
])('discriminator %s %j on %j', (name, options, input) => {
  discriminatorContract(runner, () => parts.discriminator(name, options), { input });
});

describe.each(['mlp', 'projection'])('spectrally normalized %s', (name) => {
  discriminatorContract(runner, () => new SpectrallyNormalized(parts.discriminator(name, { units: [7, 5] })));
});

describe.each([
  ['none', {}],
  ['l1', { mu: 0.1 }],
  ['l2', { mu: 0.1, reduction: 'mean' }],
  ['adversarial-samples', {}],
  ['adversarial-samples', { dropped: true }],
  ['r1', { gamma: 1 }],
  ['r2', { gamma: 1 }],
  ['wgan-gp', {}],
  ['dragan', {}],
  ['lecam', {}],
  ['lecam', { oneSided: false, decay: 0.5 }],
])('regularizer %s %j', (name, options) => {
  regularizerContract(runner, () => parts.regularizer(name, options), { active: name !== 'none' });
});

describe.each([
  ['l2', {}],
  ['kl', { temperature: 3 }],
  ['dkd', { beta: 2 }],
  ['standardized', {}],
  ['l1', {}],
  ['similarity', {}],
  ['similarity', { output: 'block1' }],
  ['rkd', {}],
  ['rkd', { output: 'block1', angle: 0 }],
  ['pkt', {}],
  ['dist', { temperature: 2, gamma: 0 }],
  ['dist', {}],
])('data term %s %j', (name, options) => {
  dataTermContract(runner, () => parts.dataTerm(name, options), {
    outputs: { block1: [2, 2, 3] },
    comparesSamples: ['similarity', 'rkd', 'pkt', 'dist'].includes(name), // relations between the samples of a batch
  });
});

describe.each([
  ['label-inversion', {}],
  ['saturating', {}],
  ['hinge', {}],
  ['least-squares', {}],
  ['wasserstein', {}],
  ...['cross-entropy', 'least-squares', 'hinge'].flatMap((form) => [
    ['relativistic', { form }] as const,
    ['relativistic-average', { form }] as const,
  ]),
  ['feature-matching', {}],
  ['feature-matching', { layers: ['hidden2'] }],
] as const)('adversarial loss %s %j', (name, options) => {
  adversarialLossContract(runner, () => parts.adversarialLoss(name, options));
});

describe.each([
  ['fixed', { weight: 0.5 }],
  ['gradient-norm', {}],
])('balancer %s %j', (name, options) => {
  balancerContract(runner, () => parts.balancer(name, options));
});

const optimizer = { learningRate: 0.02, schedule: { kind: 'constant' } };
const small = { name: 'mlp', units: [6] };

describe.each([
  ['supervised', {}],
  ['l2', {}],
  ['kd', {}],
  ['kd', { hardWeight: 0.5 }],
  ['l2', { hardWeight: 0.3, dataWarmup: 2 }],
  ['dkd', { beta: 2 }],
  ['dkd', { beta: 2, target: 'labels', hardWeight: 0.5 }],
  ['feature-mse', { decay: 'linear' }],
  ['feature-mse', { hardWeight: 1, hardWeightMode: 'added' }],
  ['attention', { attentionWeight: 5 }],
  ['dist', {}],
  ['dist', { hardWeight: 1, hardWeightMode: 'added' }],
  ['sp', { featureWeight: 10 }],
  ['rkd', { featureWeight: 0.1, hardWeight: 0.5, featureWarmup: 2 }],
  ['pkt', { featureWeight: 100 }],
  ['crd', { embedding: 6 }],
  ['hint', { featureWeight: 1 }],
  ['cat', { tap: 'block1', featureWeight: 2 }], // three channels for three classes
  ['reviewkd', {}],
  ['feature-mse', { adapter: 'regressor', tap: 'block1' }],
  ['fitnets', { hintShare: 0.5 }],
  ['fitnets', { hintShare: 0.5, hardWeight: 0 }],
  ['fsp', { optimizer: { ...optimizer, learningRate: 0.002 } }],
  ['dropout-noise', { dropout: 0.25, optimizer: { ...optimizer, learningRate: 0.005 } }],
  ['adversarial', { discriminator: small, adapter: 'linear' }],
  [
    'adversarial',
    {
      discriminators: [
        { discriminator: { name: 'conv', filters: [3] }, input: 'block1', weight: 0.5 },
        { discriminator: small, input: 'features', adapter: 'linear' },
      ],
      balancer: 'gradient-norm',
      regularizerUpdate: 'separate',
    },
  ],
  [
    'adversarial',
    {
      discriminator: { name: 'projection', units: [6] },
      adversarialLoss: 'least-squares',
      regularizer: { name: 'r1', gamma: 1 },
      dropoutPosition: 'inside-student',
      optimizer: { ...optimizer, learningRate: 0.003 },
    },
  ],
  [
    'adversarial',
    {
      discriminator: small,
      adversarialLoss: 'wasserstein',
      regularizer: 'wgan-gp',
      dataTerm: 'similarity',
      lambda: 20,
      hardWeight: 0.5,
      dataWarmup: 2,
      adversarialWarmup: 3,
      optimizer: { ...optimizer, learningRate: 0.005 },
    },
  ],
  [
    'adversarial',
    {
      discriminator: small,
      adversarialLoss: 'relativistic-average',
      regularizer: 'lecam',
      discriminatorSteps: 2,
    },
  ],
  [
    'adversarial',
    { discriminator: small, adversarialLoss: 'feature-matching', regularizer: 'dragan', dropout: 0 },
  ],
  ['adversarial-cooperative', { discriminator: small, dropout: 0 }],
  ['adversarial-dead', { discriminator: small }],
  ['adversarial-frozen', { discriminator: small }],
  ['conditional-adversarial', { conditionalDiscriminator: { name: 'auxiliary-classifier', units: [6] } }],
  [
    'conditional-adversarial',
    { conditionalDiscriminator: { name: 'projection', units: [6] }, condition: 'labels' },
  ],
  [
    'conditional-adversarial',
    { conditionalDiscriminator: { name: 'projection', units: [6] }, hardWeight: 0.5 },
  ],
])('method %s %j', (name, options) => {
  methodContract(runner, () => method(name, { optimizer, ...options }), { steps: 16 });
});

const notSlopes = { steps: 16, straightThrough: true };

it('cat refuses outputs that are no class maps', () => {
  const stagesOf = (options: object) => () =>
    method('cat', { optimizer, ...options }).stages(toyEnvironment());
  expect(stagesOf({})).toThrow(/student has no class maps/);
  expect(stagesOf({ tap: 'features' })).toThrow(/student/);
  expect(stagesOf({ tap: 'block2' })).toThrow(/student/); // four channels
  expect(stagesOf({ tap: { student: 'block1', teacher: 'maps' } })).toThrow(/teacher has no class maps/);
});

describe.each(['ttq', 'binaryconnect', 'bwn', 'xnor'])('method %s', (name) => {
  const faster = { ...optimizer, optimizer: 'adam', learningRate: 0.03 };
  methodContract(runner, () => method(name, { optimizer: faster }), { ...notSlopes, lowers: 0.03 });
});

describe('adversarial with ternary weights', () => {
  const options = { optimizer, discriminator: small, quantize: 'ttq' };
  methodContract(runner, () => method('adversarial', options), notSlopes);
});

describe.each(['hinge', 'wasserstein'])(
  'adversarial with a spectrally normalized discriminator and %s loss',
  (adversarialLoss) => {
    const options = {
      optimizer,
      discriminator: small,
      adversarialLoss,
      spectralNorm: true,
      regularizer: 'none',
    };
    methodContract(runner, () => method('adversarial', options), notSlopes);
  },
);
