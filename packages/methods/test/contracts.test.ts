import '@tensorflow/tfjs-backend-cpu';
import { discriminatorContract, methodContract, regularizerContract } from '@anc/testing';
import { describe, expect, it } from 'vitest';
import { SpectrallyNormalised } from '../src/index.js';
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

describe.each(['mlp', 'projection'])('spectrally normalised %s', (name) => {
  discriminatorContract(runner, () => new SpectrallyNormalised(parts.discriminator(name, { units: [7, 5] })));
});

describe.each([
  ['none', {}],
  ['l1', { mu: 0.1 }],
  ['l2', { mu: 0.1, reduction: 'mean' }],
  ['adversarial-samples', {}],
  ['adversarial-samples', { dropped: true }],
  ['r1', { gamma: 1 }],
])('regularizer %s %j', (name, options) => {
  regularizerContract(runner, () => parts.regularizer(name, options), { active: name !== 'none' });
});

const recipe = { learningRate: 0.02, schedule: { kind: 'constant' } };
const small = { name: 'mlp', units: [6] };

describe.each([
  ['supervised', {}],
  ['l2', {}],
  ['kd', {}],
  ['kd', { hardWeight: 0.5 }],
  ['dkd', { beta: 2 }],
  ['dkd', { beta: 2, target: 'labels', hardWeight: 0.5 }],
  ['feature-mse', { decay: 'linear' }],
  ['attention', { attentionWeight: 10 }],
  ['fitnets', { hintShare: 0.5 }],
  ['fsp', { recipe: { ...recipe, learningRate: 0.002 } }],
  ['dropout-noise', { dropout: 0.25, recipe: { ...recipe, learningRate: 0.005 } }],
  ['adversarial', { discriminator: small, adapter: 'linear' }],
  ['adversarial-dead', { discriminator: small }],
  ['adversarial-frozen', { discriminator: small }],
  ['conditional-adversarial', { critic: { name: 'auxiliary-classifier', units: [6] } }],
  ['conditional-adversarial', { critic: { name: 'projection', units: [6] }, condition: 'labels' }],
])('method %s %j', (name, options) => {
  methodContract(runner, () => method(name, { recipe, ...options }), { steps: 16 });
});
