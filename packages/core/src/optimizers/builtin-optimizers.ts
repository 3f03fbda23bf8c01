import { z } from 'zod';
import type { GradientTransform } from '../contracts/optimizer.js';
import type { Contribution } from '../contracts/plugin.js';
import { chain, masked } from './chain.js';
import { withDecay, type WeightDecay } from './optimizer.js';
import {
  addDecayedWeights,
  scaleByAdam,
  scaleByLearningRate,
  scaleByLocalRate,
  scaleByRms,
  scaleBySumOfSquares,
  scaleByTrustRatio,
  trace,
} from './transforms.js';

const rate = z.number().min(0).lt(1);
const positive = z.number().positive();

const momentum = rate.default(0.9).describe('share of the last step that the next one keeps');
const weightDecay = z.number().nonnegative().default(0).describe('weight decay');
const decayScope = z
  .string()
  .min(1)
  .default('weights')
  .describe(
    'parameters with weight decay: weights (all but biases and batch norm), all, or patterns of names such as conv*,!*/bias',
  );
const decay = {
  weightDecay,
  decayMode: z
    .enum(['auto', 'l2', 'decoupled'])
    .default('auto')
    .describe('l2: added to the gradient; decoupled: subtracted from the weights'),
  decayScope,
};
const moments = {
  beta1: rate.default(0.9).describe('decay rate of the first moment'),
  beta2: rate.default(0.999).describe('decay rate of the second moment'),
};
const epsilon = (value: number) => positive.default(value).describe('added to the denominator');

interface DecayOptions {
  readonly weightDecay: number;
  readonly decayMode: 'auto' | 'l2' | 'decoupled';
  readonly decayScope: string;
}

/** `auto`: what the optimizer's paper or its name says. */
const decayOf = (
  { weightDecay: amount, decayMode, decayScope: scope }: DecayOptions,
  auto: WeightDecay['mode'],
): WeightDecay => ({ rate: amount, mode: decayMode === 'auto' ? auto : decayMode, scope });

function optimizer<S extends z.ZodType>(
  summary: string,
  options: S,
  create: (options: z.output<S>) => GradientTransform,
): Contribution<GradientTransform> {
  return { summary, options, create };
}

const decayOptions = z.strictObject(decay);
const momentumOptions = z.strictObject({ momentum, ...decay });

/** Direction of LAMB and LARS is scaled for these parameters only, as their authors' code has it. */
const trustScope = z
  .string()
  .min(1)
  .default('weights')
  .describe('parameters with a learning rate of their own: weights, all, or patterns of names');

/** The optimizers that come with the program. */
export const builtinOptimizers: Readonly<Record<string, Contribution<GradientTransform>>> = {
  sgd: optimizer('stochastic gradient descent', decayOptions, (options) => withDecay(decayOf(options, 'l2'))),
  momentum: optimizer('SGD with momentum', momentumOptions, (options) =>
    withDecay(decayOf(options, 'l2'), ...(options.momentum === 0 ? [] : [trace(options.momentum)])),
  ),
  nesterov: optimizer("SGD with Nesterov's momentum (Sutskever 2013)", momentumOptions, (options) =>
    withDecay(
      decayOf(options, 'l2'),
      ...(options.momentum === 0 ? [] : [trace(options.momentum, { nesterov: true })]),
    ),
  ),
  adam: optimizer(
    'Adam; its weight decay is decoupled unless decayMode says otherwise (Kingma 2015)',
    z.strictObject({ ...moments, epsilon: epsilon(1e-8), ...decay }),
    (options) => withDecay(decayOf(options, 'decoupled'), scaleByAdam(options)),
  ),
  adamw: optimizer(
    'Adam with decoupled weight decay (Loshchilov 2019)',
    z.strictObject({ ...moments, epsilon: epsilon(1e-8), weightDecay, decayScope }),
    (options) =>
      withDecay(decayOf({ ...options, decayMode: 'decoupled' }, 'decoupled'), scaleByAdam(options)),
  ),
  rmsprop: optimizer(
    "gradients divided by their running root mean square, as PyTorch's RMSprop (Tieleman 2012)",
    z.strictObject({
      alpha: rate.default(0.99).describe('decay rate of the mean square'),
      epsilon: epsilon(1e-8),
      centered: z.boolean().default(false).describe('divide by the standard deviation'),
      rmsMomentum: rate.default(0).describe('momentum of the result'),
      ...decay,
    }),
    ({ alpha, epsilon: eps, centered, rmsMomentum, ...options }) =>
      withDecay(
        decayOf(options, 'l2'),
        scaleByRms({ decay: alpha, epsilon: eps, centered }),
        ...(rmsMomentum === 0 ? [] : [trace(rmsMomentum)]),
      ),
  ),
  adagrad: optimizer(
    'gradients divided by the root of the sum of their squares (Duchi 2011)',
    z.strictObject({ epsilon: epsilon(1e-10), ...decay }),
    (options) => withDecay(decayOf(options, 'l2'), scaleBySumOfSquares(options)),
  ),
  lamb: optimizer(
    'layer-wise adaptive moments, for large batches (You 2020)',
    z.strictObject({ ...moments, epsilon: epsilon(1e-6), weightDecay, decayScope, trustScope }),
    ({ weightDecay: amount, decayScope: scope, trustScope: trusted, ...scaling }) =>
      chain(
        scaleByAdam(scaling),
        ...(amount > 0 ? [masked(scope, addDecayedWeights(amount))] : []),
        masked(trusted, scaleByTrustRatio()),
        scaleByLearningRate(),
      ),
  ),
  lars: optimizer(
    'layer-wise learning rates for SGD with momentum, for large batches (You 2017)',
    z.strictObject({
      momentum,
      trust: positive.default(0.001).describe('trust coefficient'),
      weightDecay,
      trustScope,
    }),
    ({ momentum: m, trust, weightDecay: amount, trustScope: scope }) =>
      chain(
        masked(scope, scaleByLocalRate({ trust, decay: amount })),
        scaleByLearningRate(),
        ...(m === 0 ? [] : [trace(m)]),
      ),
  ),
};
