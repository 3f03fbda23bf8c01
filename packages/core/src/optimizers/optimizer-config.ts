import { z } from 'zod';
import { adam, sgd, type Optimizer, type WeightDecay } from './optimizer.js';

const share = z.number().min(0).max(1);
const warmup = share.optional().describe('share of the training in which the rate rises linearly from zero');

export const scheduleSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('constant'), warmup }),
  z.strictObject({
    kind: z.literal('step'),
    milestones: z.array(z.number().nonnegative()).describe('where the learning rate drops'),
    unit: z
      .enum(['iterations', 'share'])
      .default('iterations')
      .describe('unit of the milestones: training steps, or shares of the training'),
    factor: z.number().positive().default(0.1).describe('factor of the learning rate at each milestone'),
    warmup,
  }),
  z.strictObject({
    kind: z.literal('cosine'),
    floor: share.optional().describe('final learning rate, as a share of the initial one'),
    warmup,
  }),
]);

const fields = {
  optimizer: z.enum(['sgd', 'momentum', 'nesterov', 'adam']).describe('optimizer algorithm'),
  learningRate: z.number().positive().describe('initial learning rate'),
  momentum: z.number().min(0).lt(1).describe('momentum of momentum and nesterov'),
  beta1: z.number().min(0).lt(1).describe("decay rate of adam's first moment"),
  beta2: z.number().min(0).lt(1).describe("decay rate of adam's second moment"),
  epsilon: z.number().positive().describe("added to the denominator of adam's update"),
  weightDecay: z.number().nonnegative().describe('weight decay'),
  decayMode: z
    .enum(['auto', 'l2', 'decoupled'])
    .describe(
      'l2: added to the gradient; decoupled: subtracted from the weights; auto: decoupled for adam, else l2',
    ),
  decayScope: z
    .enum(['weights', 'all'])
    .describe('parameters with weight decay; weights: all but biases and batch norm'),
  schedule: scheduleSchema.describe('learning rate over time: constant, step or cosine'),
};

/**
 * How a network is optimized. The defaults are the paper's, except for momentum, which it does not give: 0.9 is ours.
 */
export const optimizerConfigSchema = z.strictObject({
  optimizer: fields.optimizer.default('momentum'),
  learningRate: fields.learningRate.default(0.001),
  momentum: fields.momentum.default(0.9),
  beta1: fields.beta1.default(0.9),
  beta2: fields.beta2.default(0.999),
  epsilon: fields.epsilon.default(1e-8),
  weightDecay: fields.weightDecay.default(0.0002),
  decayMode: fields.decayMode.default('auto'),
  decayScope: fields.decayScope.default('weights'),
  schedule: fields.schedule.default({
    kind: 'step',
    milestones: [80_000],
    unit: 'iterations',
    factor: 0.1,
  }),
});

/**
 * Fields in which one network's config differs from another's: without defaults, which would override the other's.
 */
export const optimizerOverridesSchema = z.strictObject(fields).partial();

export type OptimizerConfig = z.infer<typeof optimizerConfigSchema>;

/** Creates the optimizer that a config names. */
export function createOptimizer(config: OptimizerConfig): Optimizer {
  const { optimizer, momentum, beta1, beta2, epsilon } = config;
  const auto = optimizer === 'adam' ? 'decoupled' : 'l2';
  const decay: WeightDecay = {
    rate: config.weightDecay,
    mode: config.decayMode === 'auto' ? auto : config.decayMode,
    scope: config.decayScope,
  };
  switch (optimizer) {
    case 'sgd':
      return sgd({ decay });
    case 'momentum':
      return sgd({ momentum, decay });
    case 'nesterov':
      return sgd({ momentum, nesterov: true, decay });
    case 'adam':
      return adam({ beta1, beta2, epsilon, decay });
  }
}
