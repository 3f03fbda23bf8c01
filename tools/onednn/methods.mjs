/** The contract of the main methods, trained on onednn, in a folder in which koffi is installed. */
import { OnednnBackend } from '@anc/backend-onednn';
import methods from '@anc/methods';
import { methodContract } from '@anc/testing';
import { runSuite } from '../contract/runner.mjs';

const plugin = methods();
const make = (registry, name, options, environment) => {
  const contribution = registry[name];
  return contribution.create(contribution.options.parse(options ?? {}), environment);
};
const parts = {
  discriminator: (name, options) => make(plugin.discriminators, name, options),
  regularizer: (name, options) => make(plugin.regularizers, name, options),
  dataTerm: (name, options) => make(plugin.dataTerms, name, options),
  adversarialLoss: (name, options) => make(plugin.adversarialLosses, name, options),
  balancer: (name, options) => make(plugin.balancers, name, options),
  generator: (name, options, environment) => make(plugin.generators, name, options, environment),
  discrepancy: (name, options) => make(plugin.discrepancies, name, options),
  generatorTerm: (name, options) => make(plugin.generatorTerms, name, options),
  memory: (name, options) => make(plugin.memories, name, options),
};

const optimizer = { learningRate: 0.02, schedule: { kind: 'constant' } };
const small = { name: 'mlp', units: [6] };
/** Of a gradient penalty, whose gradient is a second derivative. */
const penalized = (regularizer) => ({ discriminator: small, regularizer, adversarialLoss: 'wasserstein' });
const generating = {
  optimizer: { ...optimizer, optimizer: 'adam' },
  generator: { name: 'conv', noise: 3, width: 2, upsamplings: 1 },
  memory: { name: 'replay', batches: 2 },
  studentSteps: 2,
};
const CASES = [
  ['supervised', {}],
  ['l2', {}],
  ['kd', {}],
  ['adversarial', { discriminator: small }],
  ['adversarial', { ...penalized('wgan-gp'), optimizer: { ...optimizer, learningRate: 0.005 } }],
  [
    'adversarial',
    { ...penalized({ name: 'r1', gamma: 1 }), optimizer: { ...optimizer, learningRate: 0.003 } },
  ],
  [
    'adversarial',
    { discriminator: small, adversarialLoss: 'feature-matching', regularizer: 'dragan', dropout: 0 },
  ],
  ['data-free', generating],
];

let failed = 0;
let count = 0;
for (const [name, options] of CASES) {
  const create = () => make(plugin.methods, name, { optimizer, ...options }, parts);
  const backend = await OnednnBackend.create({ threads: 1, trainingPrecision: 'float32' });
  const suite = (runner) => methodContract(runner, create, { steps: 16, backend: () => backend });
  const { passed, failures } = await runSuite(suite);
  await backend.dispose().catch(() => undefined);
  count += passed;
  failed += failures.length;
  for (const failure of failures)
    console.log(`FAILED ${name} ${JSON.stringify(options)}: ${failure.name}: ${failure.why}`);
}
console.log(`onednn, contract of ${CASES.length} methods: ${count} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
